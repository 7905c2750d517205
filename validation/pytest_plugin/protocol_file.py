"""Protocols as pytest collects them: a test for each criterion, and one for the failed cases."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from validation.errors import ToolError
from validation.plan.protocol import AcceptanceCriterion
from validation.plan.source import MAXIMUM_BYTES
from validation.pytest_plugin.studies import Studies, properties
from validation.record import printable
from validation.study.evidence_view import RecordEvidence

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr  # pytest has no public name for it

NAME = "protocol.yaml"
CASES = "every case was measured"
"""No id of a criterion: ids hold no spaces."""
_FORMAT = re.compile(rb"""^["']?format["']?[ \t]*:[ \t]*["']?segval/protocol/""", re.MULTILINE)


def is_protocol(path: Path) -> bool:
    """Tell whether a file is to be collected.

    One of the name ``protocol.yaml`` always is: a damaged protocol is an error, and not one test
    less. The copy in a record is no protocol of its own.
    """
    folder = path.parent
    if (folder / "record.json").is_file() or folder.name.endswith(".incomplete"):
        return False
    if path.name == NAME:
        return True
    try:
        with path.open("rb") as file:
            return _FORMAT.search(file.read(MAXIMUM_BYTES)) is not None
    except OSError:
        return False


class NotMet(Exception):  # noqa: N818 - a result, told by pytest's way of telling it
    """A criterion is not met or not evaluable, or a case failed.

    Args:
        message: What, on one line.
        details: All of it.
    """

    def __init__(self, message: str, details: str) -> None:
        super().__init__(details)
        self.message = message


class ProtocolFile(pytest.File):
    """A protocol."""

    def __init__(self, *, studies: Studies, **others: Any) -> None:  # noqa: ANN401 - pytest's own
        super().__init__(**others)
        self.studies = studies

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the tests of a protocol without errors; nothing is run.

        Raises:
            CollectError: The protocol has errors: all of them, with their lines.
        """
        from validation.study.opening import read_case_table, read_protocol, require_no_errors

        try:
            opened = read_protocol(self.path)
            require_no_errors(opened)
            read_case_table(opened)
        except ToolError as error:
            raise self.CollectError(str(error)) from error
        for number, criterion in enumerate(opened.protocol.criteria):
            line = opened.source.line(("criteria", number))
            yield CriterionItem.of(self, criterion, line)
        line = opened.source.line(("test_set",))
        yield CasesItem.from_parent(self, name=CASES, studies=self.studies, line=line)


class _Judged(pytest.Item):
    """What is held against the record of a protocol."""

    def __init__(self, *, studies: Studies, line: int, **others: Any) -> None:  # noqa: ANN401 - pytest's own
        super().__init__(**others)
        self.studies = studies
        self.line = line

    def runtest(self) -> None:
        """Judge the record, which is made now where it is not there.

        Raises:
            NotMet: It is not met, or cannot be evaluated.
            ToolError: There is no record.
        """
        evidence = self.studies.evidence(self.path)
        self._name_record(evidence)
        self.judge(evidence)

    def judge(self, evidence: RecordEvidence) -> None:
        """Hold a part of the findings against what was asked."""
        raise NotImplementedError

    def _name_record(self, evidence: RecordEvidence) -> None:
        name = self.parent.nodeid if self.parent else str(self.path)
        self.user_properties += properties(evidence, name)
        said = f"record  {evidence.record}\nreport  {evidence.report}\n"
        self.add_report_section("call", "segval", said)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        *others: Any,  # noqa: ANN401 - pytest's own
    ) -> "str | TerminalRepr":
        """Return what is not met in words; a traceback through this tool would tell nothing."""
        error = excinfo.value
        if not isinstance(error, NotMet | ToolError):
            return super().repr_failure(excinfo, *others)
        said = excinfo.getrepr(style="value", chain=False)
        if said.reprcrash is not None:
            said.reprcrash.path, said.reprcrash.lineno = str(self.path), self.line
            said.reprcrash.message = error.message if isinstance(error, NotMet) else str(error)
        return said

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the protocol, the line and the headline of a failure."""
        return self.path, self.line - 1, self.headline()

    def headline(self) -> str:
        """Return what is judged, for people."""
        return self.name


class CriterionItem(_Judged):
    """An acceptance criterion."""

    def __init__(self, *, criterion: AcceptanceCriterion, **others: Any) -> None:  # noqa: ANN401 - pytest's own
        super().__init__(**others)
        self.criterion = criterion

    @classmethod
    def of(cls, parent: ProtocolFile, criterion: AcceptanceCriterion, line: int) -> "CriterionItem":
        """Return the test of a criterion: ``AC-01[recall/class=nucleus/iou=0.5]``.

        ``protocol.yaml::AC-01`` names it, too: what is in brackets, pytest takes for parameters.
        """
        figure = printable(figure_of(criterion))
        name = f"{criterion.id}[{figure}]"
        made: CriterionItem = cls.from_parent(
            parent, name=name, studies=parent.studies, line=line, criterion=criterion,
            # Said, so that pytest knows the brackets again when it reads the id: --lf does.
            nodeid=f"{parent.nodeid}::{name}",
        )  # fmt: skip
        return made

    def judge(self, evidence: RecordEvidence) -> None:
        """Pass where the criterion is met."""
        from validation.report.gating import checks

        (found,) = (one for one in checks(evidence.contents) if one.id == self.criterion.id)
        self.user_properties += [
            ("segval_observed", found.observed),
            ("segval_asked", found.asked),
            ("segval_rests_on", found.sample),
        ]
        if found.verdict != "met":
            details = (
                f"{found.details}\nrecord:      {evidence.record}\nreport:      {evidence.report}"
            )
            raise NotMet(found.message, details)

    def headline(self) -> str:
        """Return id and figure."""
        return self.name.replace("[", ": ", 1).removesuffix("]")


class CasesItem(_Judged):
    """That every case was measured, and nothing else keeps the verdict from "met"."""

    def judge(self, evidence: RecordEvidence) -> None:
        """Pass where no case failed, none was left out and no deviation is open."""
        findings = evidence.findings
        failed = findings.failed_cases
        if failed:
            lines = [f"{one.case_id} ({one.stage}): {one.what}; {one.treatment}" for one in failed]
            said = f"{len(failed)} of {evidence.contents.run.cases_attempted} cases failed"
            raise NotMet(
                f"{said}: {', '.join(one.case_id for one in failed)}",
                "\n".join((said, *lines, f"report:      {evidence.report}")),
            )
        if findings.verdict != "met" and all(one.verdict == "met" for one in findings.criteria):
            why = [f"deviation {one} is open" for one in findings.open_deviations]
            why += [findings.subset.words] if findings.subset else []
            said = f"every criterion is met, and yet the verdict is {findings.verdict}"
            said += f": {'; '.join(why)}" if why else ""
            raise NotMet(said, f"{said}\nreport:      {evidence.report}")


def figure_of(criterion: AcceptanceCriterion) -> str:
    """Return the address of the figure that a criterion is about."""
    from validation.evidence.metric_values import metric_id

    return metric_id(
        criterion.metric,
        class_name=criterion.class_name,
        iou=criterion.iou,
        size=criterion.size,
        subgroup=criterion.subgroup,
    )
