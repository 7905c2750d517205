"""A summary of a record in Markdown, as pipelines show one beside a job."""

import re
from collections.abc import Iterable, Iterator

from validation.report.contents import RecordContents
from validation.report.formatting import number, plural
from validation.report.gating.checks import checks
from validation.report.overlays.choice import choose_worst
from validation.report.view.wording import VERDICTS

_MOST = 20
"""Failed cases listed; the findings hold all."""
_ACTIVE = re.compile(r"(^[-+]|[\\`*_{}\[\]()<>#!|~&@:$%]|(?<=www)\.)", re.IGNORECASE)
"""What GitHub or GitLab could take for markup, an address, a mention, a formula or an emoji."""


def job_summary(contents: RecordContents) -> str:
    """Return verdict, criteria, failed and worst cases of a record in Markdown.

    Texts of a protocol or case table are inert: no markup, link or mention in them comes alive.
    """
    return "\n".join(_lines(contents)) + "\n"


def _lines(contents: RecordContents) -> Iterator[str]:
    findings, document = contents.findings, contents.protocol.document
    verdict = VERDICTS[findings.verdict]
    yield f"## {verdict.symbol} {verdict.headline}: {_inert(document.title)}"
    yield ""
    yield " · ".join(_inert(one) for one in _identity(contents))
    yield ""
    if findings.approval != "approved":
        yield "**Not approved: exploratory.** The protocol that ran was not signed as it asks."
        yield ""
    if contents.protocol.test_set.simulated:
        yield "**Simulated specimens.** The figures say nothing about real ones."
        yield ""
    yield from _criteria(contents)
    yield from _failed(contents)
    yield from _worst(contents)


def _identity(contents: RecordContents) -> tuple[str, ...]:
    plan, run = contents.protocol, contents.run
    return (
        f"{plan.document.number} revision {plan.document.revision}",
        f"{plan.model.name} {plan.model.version}",
        f"{plan.test_set.id} lock revision {contents.lock.revision}",
        f"{plural(run.cases_attempted, 'case')}",
        f"record {contents.record_id}",
    )


def _criteria(contents: RecordContents) -> Iterator[str]:
    rows = (
        (one.id, one.what, one.observed, one.asked, one.comparison, one.verdict_words)
        for one in checks(contents)
    )
    yield from _table(("Criterion", "Figure", "Observed", "Asked", "Comparison", "Verdict"), rows)


def _failed(contents: RecordContents) -> Iterator[str]:
    failed = contents.findings.failed_cases
    if not failed:
        return
    yield f"### {plural(len(failed), 'case')} could not be measured"
    yield ""
    yield from _table(
        ("Case", "Stage", "What happened"),
        ((one.case_id, one.stage, one.what) for one in failed[:_MOST]),
    )
    if len(failed) > _MOST:
        yield f"{number(len(failed) - _MOST)} more are in `findings.json`."
        yield ""


def _worst(contents: RecordContents) -> Iterator[str]:
    worst = choose_worst(contents.case_rows, contents.protocol)
    if not worst:
        return
    yield "### Worst cases"
    yield ""
    yield from _table(("Case", "Why"), ((one.case_id, one.reason) for one in worst))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_inert, row))} |"
    yield ""


def _inert(text: str) -> str:
    r"""Return a text on one line in which nothing is markup.

    >>> print(_inert("<b>a|b</b>\n@team D01-03, www.example.com"))
    \<b\>a\|b\</b\> \@team D01-03, www\.example.com
    """
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))
