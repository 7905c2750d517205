"""The run: who, when, where, with what; failed cases, notes and deviations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from validation.judge.deviations import Deviation, Entry
from validation.plan.protocol import ExecutionPlan
from validation.report.contents import RecordContents
from validation.report.formatting import duration, number, plural, size_of, timestamp
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    item,
    prose_item,
    row,
    strong,
    text,
)
from validation.report.view.wording import STAGES, sentence


@dataclass(frozen=True)
class ExecutionView:
    """The run, and what was found beside the figures."""

    heading: Heading
    planned: tuple[Item, ...]
    """What the protocol says of it."""
    run_heading: Heading
    run: tuple[Item, ...]
    environment_heading: Heading
    environment: tuple[Item, ...]
    packages: tuple[Item, ...]
    failed_heading: Heading
    failed: Table | None
    no_failed: str
    notes_heading: Heading
    notes: tuple[str, ...]
    deviations_heading: Heading
    deviations: tuple[str, ...]
    recorded: tuple[tuple[Item, ...], ...]
    """Those that somebody recorded, each with its particulars."""


def execution(contents: RecordContents, numbering: Numbering) -> ExecutionView:
    """Return how the protocol was run, and what was found beside the figures."""
    environment = dict(contents.environment)
    packages = environment.pop("packages", {})
    attempted = number(contents.run.cases_attempted)
    return ExecutionView(
        heading=numbering.section("Execution", "execution"),
        planned=planned(contents.protocol.execution),
        run_heading=numbering.subsection("Run", "run"),
        run=_run(contents),
        environment_heading=numbering.subsection("Environment", "environment"),
        environment=tuple(_flat(environment)),
        packages=tuple(item(name, str(one)) for name, one in _by_name(packages).items()),
        failed_heading=numbering.subsection("Failed cases", "failed-cases"),
        failed=_failed(contents, numbering),
        no_failed=f"None: the model gave a prediction for each of {attempted} cases.",
        notes_heading=numbering.subsection("Notes on the run", "notes"),
        notes=contents.run.notes or ("None recorded.",),
        deviations_heading=numbering.subsection("Deviations from the protocol", "deviations"),
        deviations=deviations(contents),
        recorded=tuple(map(_recorded, contents.deviations.all if contents.deviations else ())),
    )


_NOT_KNOWN = (
    "This record knows of {none} deviation. What was done otherwise than the protocol says, and "
    "left no trace in the files, is for the signatories to state."
)
_OPEN = (
    "A deviation that is open has not been assessed: while there is one, the verdict cannot be "
    "\u201cmet\u201d."
)


def deviations(contents: RecordContents) -> tuple[str, ...]:
    """Return how the run departed from the protocol, as far as a record can know that."""
    unsigned = ("The protocol had to be signed before the run, and was not.",)
    before = () if contents.findings.approval == "approved" else unsigned
    if contents.deviations is None:
        return (*before, _NOT_KNOWN.format(none="no other" if before else "no"))
    still_open = len(contents.deviations.open_ids)
    said = f"{plural(len(contents.deviations.all), 'deviation')} recorded after the run, "
    said += f"{number(still_open)} of them open. {_OPEN}" if still_open else "none of them open."
    return (*before, said, _NOT_KNOWN.format(none="no other"))


def _recorded(one: Deviation) -> tuple[Item, ...]:
    said, closed = one.recorded, one.closed
    concerns = [f"criterion {said.criterion}"] if said.criterion else []
    concerns += [f"case {said.case}"] if said.case else []
    return (
        prose_item(f"{said.id}, {'closed' if closed else 'open'}", said.what),
        prose_item("Reason", said.reason),
        prose_item("Impact", said.impact),
        *((item("Concerns", ", ".join(concerns)),) if concerns else ()),
        item("Recorded", _told(said)),
        *(
            (prose_item("Disposition", closed.disposition), item("Closed", _told(closed)))
            if closed
            else (item("Disposition", "none yet: the deviation is open"),)
        ),
    )


def _told(one: Entry) -> str:
    """Return who stated an entry, and when."""
    by = one.by if one.by == one.user else f"{one.by} (account {one.user})"
    moment = f"{one.at[:10]} {one.at[11:19]} UTC, local time UTC{one.zone}"
    return f"by {by}, {moment}; event {one.event.sequence} of the audit trail"


def planned(plan: ExecutionPlan) -> tuple[Item, ...]:
    """Return how the protocol asks the test to be carried out."""
    return (
        prose_item("Procedure", plan.procedure),
        prose_item("Conditions", plan.conditions),
        prose_item("Tools", plan.tools),
        prose_item("Testers", plan.testers),
        prose_item("Deviations", plan.deviations),
    )


def _run(contents: RecordContents) -> tuple[Item, ...]:
    run = contents.run
    return (
        item("Run by the account", run.operator),
        item(
            "Time",
            f"{timestamp(run.started_at)} to {timestamp(run.finished_at)} "
            f"({duration((run.finished_at - run.started_at).total_seconds())})",
        ),
        item("Computed by", run.execution_provider),
        item(
            "Processes",
            f"{number(run.workers)}; taken up again after an interruption: "
            f"{plural(run.resumed, 'time') if run.resumed else 'never'}",
        ),
        item("Tool", f"segval {contents.tool_version}"),
    )


def _failed(contents: RecordContents, numbering: Numbering) -> Table | None:
    if not contents.findings.failed_cases:
        return None
    return numbering.table(
        "Cases for which the model gave no prediction",
        (
            Column("Case", "16%"),
            Column("Stage", "18%"),
            Column("What happened", "38%"),
            Column("Treatment, by the protocol", "28%"),
        ),
        [
            row(strong(one.case_id), text(STAGES[one.stage]), text(one.what), text(one.treatment))
            for one in contents.findings.failed_cases
        ],
    )


def _by_name(packages: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as environment.json has it
    if isinstance(packages, Mapping):
        return packages
    return {
        str(one.get("name", "")): one.get("version", "")
        for one in packages
        if isinstance(one, Mapping)
    }


def _flat(values: Mapping[str, Any]) -> list[Item]:
    """Return an item for every entry of a JSON object; an object in it becomes one text."""
    return [
        item(sentence(key.replace("_", " ")), _leaf(key, value))
        for key, value in values.items()
        if key != "format" and value is not None
    ]


def _leaf(key: str, value: Any) -> str:  # noqa: ANN401 - a value of environment.json
    if isinstance(value, Mapping):
        known = [(name, one) for name, one in value.items() if one is not None]
        return "; ".join(f"{_spaced(name)} {_leaf(name, one)}" for name, one in known) or "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_leaf(key, one) for one in value) or "none"
    if isinstance(value, int) and key.endswith("_bytes"):
        return size_of(value)
    return str(value)


def _spaced(name: str) -> str:
    return name.removesuffix("_bytes").replace("_", " ") if name.islower() else name
