"""A summary of a record in Markdown, as pipelines show one beside a job."""

import re
from collections.abc import Iterable, Iterator

from validation.report.contents import RecordContents
from validation.report.formatting import clipped, number, plural
from validation.report.gating.checks import checks
from validation.report.overlays.choice import choose_worst
from validation.report.view.wording import verdict_of

_MOST = 20
"""Failed cases and deviations listed; findings and deviations of the record hold all."""
_LONGEST = 300
"""Characters of a text of a deviation."""
_ACTIVE = re.compile(r"(^[-+]|[\\`*_{}\[\]()<>#!|~&@:$%]|(?<=www)\.)", re.IGNORECASE)
"""What GitHub or GitLab could take for markup, an address, a mention, a formula or an emoji."""


def job_summary(contents: RecordContents) -> str:
    """Return verdict, criteria, failed and worst cases of a record in Markdown.

    Texts of a protocol or case table are inert: no markup, link or mention in them comes alive.
    """
    return "\n".join(_lines(contents)) + "\n"


def _lines(contents: RecordContents) -> Iterator[str]:
    findings, document = contents.findings, contents.protocol.document
    verdict = verdict_of(findings)
    yield f"## {verdict.symbol} {verdict.headline}: {inert(document.title)}"
    yield ""
    yield " · ".join(inert(one) for one in _identity(contents))
    yield ""
    if (subset := findings.subset) is not None:
        yield f"**Not for the record.** {len(subset.cases)} of {subset.of} cases ran."
        yield ""
    if findings.approval != "approved":
        yield "**Not approved: exploratory.** The protocol that ran was not signed as it asks."
        yield ""
    if contents.protocol.test_set.simulated:
        yield "**Simulated specimens.** The figures say nothing about real ones."
        yield ""
    yield from _criteria(contents)
    yield from _failed(contents)
    yield from _deviations(contents)
    yield from _worst(contents)


def _identity(contents: RecordContents) -> tuple[str, ...]:
    plan, run = contents.protocol, contents.run
    subset = contents.findings.subset
    cases = f"{number(run.cases_attempted)} of {plural(subset.of, 'case')}" if subset else ""
    return (
        f"{plan.document.number} revision {plan.document.revision}",
        f"{plan.model.name} {plan.model.version}",
        f"{plan.test_set.id} lock revision {contents.lock.revision}",
        cases or plural(run.cases_attempted, "case"),
        f"record {contents.record_id}",
    )


def _criteria(contents: RecordContents) -> Iterator[str]:
    rows = (
        (one.id, one.what, one.observed, one.asked, one.comparison, one.verdict_words)
        for one in checks(contents)
    )
    yield from table(("Criterion", "Figure", "Observed", "Asked", "Comparison", "Verdict"), rows)


def _failed(contents: RecordContents) -> Iterator[str]:
    failed = contents.findings.failed_cases
    if not failed:
        return
    yield f"### {plural(len(failed), 'case')} could not be measured"
    yield ""
    yield from table(
        ("Case", "Stage", "What happened"),
        ((one.case_id, one.stage, one.what) for one in failed[:_MOST]),
    )
    if len(failed) > _MOST:
        yield f"{number(len(failed) - _MOST)} more are in `findings.json`."
        yield ""


def _deviations(contents: RecordContents) -> Iterator[str]:
    if contents.deviations is None:
        return
    yield "### Deviations from the protocol"
    yield ""
    yield from table(
        ("Deviation", "What", "Reason", "Impact", "Disposition"),
        (
            (
                one.recorded.id,
                clipped(one.recorded.what, _LONGEST),
                clipped(one.recorded.reason, _LONGEST),
                clipped(one.recorded.impact, _LONGEST),
                clipped(one.closed.disposition, _LONGEST) if one.closed else "open",
            )
            for one in contents.deviations.all[:_MOST]
        ),
    )
    if (more := len(contents.deviations.all) - _MOST) > 0:
        yield f"{number(more)} more are in `deviations.json`."
        yield ""


def _worst(contents: RecordContents) -> Iterator[str]:
    worst = choose_worst(contents.case_rows, contents.protocol)
    if not worst:
        return
    yield "### Worst cases"
    yield ""
    yield from table(("Case", "Why"), ((one.case_id, one.reason) for one in worst))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield the lines of a table; no text in it comes alive."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(inert, row))} |"
    yield ""


def inert(text: str) -> str:
    r"""Return a text on one line in which nothing is markup.

    >>> print(inert("<b>a|b</b>\n@team D01-03, www.example.com"))
    \<b\>a\|b\</b\> \@team D01-03, www\.example.com
    """
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))
