"""What a pipeline shows of a comparison: its margins as JUnit, and a summary in Markdown."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from validation.judge.comparison.records import ComparedRecord, Comparison, MarginFinding
from validation.report.gating.job_summary import inert, table
from validation.report.gating.junit import add_outcome, xml_text

_AIMS = {"non_inferiority": "not inferior", "superiority": "superior"}
_HEADLINES = {
    "met": "✓ Met",
    "not_met": "\u00d7 Not met",
    "incomplete": "\u2013 Incomplete",
    "exploratory": "\u2013 Exploratory: no margin was fixed",
}


def comparison_junit(comparison: Comparison) -> bytes:
    """Return the margins of a comparison as JUnit; the same comparison gives the same bytes.

    A test case each, and one for what keeps the verdict from being met beside them: that no
    margin was fixed, a failed case, or an open deviation.
    """
    margins, besides = comparison.margins, _besides(comparison)
    suite = ET.Element(
        "testsuite",
        name=xml_text(f"{comparison.second.protocol}: comparison"),
        tests=str(len(margins) + 1),
        failures=str(sum(one.verdict == "not_met" for one in margins)),
        errors=str(sum(one.verdict == "not_evaluable" for one in margins) + bool(besides)),
        skipped="0",
        timestamp=comparison.second.finished_at.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("comparison", comparison.comparison_id),
        ("verdict", comparison.verdict),
        ("approval", comparison.approval),
        ("first", comparison.first.record_id),
        ("second", comparison.second.record_id),
        ("lock", comparison.manifest_digest),
    ):
        ET.SubElement(properties, "property", name=name, value=xml_text(value))
    for one in margins:
        _add_margin(_case(suite, comparison, f"{one.id} {one.metric_id}"), one)
    case = _case(suite, comparison, "margins were fixed, and nothing is unresolved")
    if besides:
        add_outcome(case, "error", "unresolved", besides, besides)
    whole = ET.Element("testsuites")
    whole.append(suite)
    ET.indent(whole)
    content: bytes = ET.tostring(whole, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _case(suite: ET.Element, comparison: Comparison, name: str) -> ET.Element:
    where = comparison.second.protocol.split(" ", maxsplit=1)[0]
    return ET.SubElement(
        suite, "testcase", classname=xml_text(where), name=xml_text(name), time="0"
    )


def _add_margin(case: ET.Element, one: MarginFinding) -> None:
    outcome = {"not_met": "failure", "not_evaluable": "error"}.get(one.verdict)
    said = f"{_difference(one)}; asked: {_asked(one)}; {one.reason}"
    if outcome is None:
        ET.SubElement(case, "system-out").text = xml_text(said)
    else:
        add_outcome(case, outcome, one.verdict, said, said)


def _besides(comparison: Comparison) -> str:
    sides = (("A", comparison.first), ("B", comparison.second))
    parts = [part for name, one in sides for part in _unresolved(name, one)]
    if comparison.verdict == "exploratory":
        parts.insert(0, "no margin was fixed")
    return "; ".join(parts)


def _unresolved(name: str, one: ComparedRecord) -> Iterator[str]:
    if one.cases_failed:
        yield f"{one.cases_failed} failed in {name}"
    if one.open_deviations:
        yield f"open deviations in {name}: {', '.join(one.open_deviations)}"


def _asked(one: MarginFinding) -> str:
    limit = one.judged_on.replace("_", " ")
    return f"{_AIMS[one.aim]}: {limit} {one.sign} {one.bound:g}"


def _difference(one: MarginFinding) -> str:
    if one.difference is None:
        return "no difference"
    if one.interval is None:
        return f"{one.difference:+.4g}"
    return f"{one.difference:+.4g} [{one.interval.lower:+.4g}, {one.interval.upper:+.4g}]"


def comparison_summary(comparison: Comparison) -> str:
    """Return verdict, margins and changes of a comparison in Markdown; no text comes alive."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    first, second = comparison.first, comparison.second
    yield (
        f"## {_HEADLINES[comparison.verdict]}: "
        f"{inert(f'{second.model_name} {second.model_version}')} against "
        f"{inert(f'{first.model_name} {first.model_version}')}"
    )
    yield ""
    identity = (
        f"A {first.record_id}",
        f"B {second.record_id}",
        f"{comparison.cases} cases of {comparison.test_set_id}",
        f"comparison {comparison.comparison_id}",
    )
    yield " · ".join(map(inert, identity))
    yield ""
    if comparison.margins:
        head = ("Margin", "Figure", "A", "B", "B - A", "Asked", "Verdict")
        yield from table(head, map(_row, comparison.margins))
    changed = ", ".join(
        f"{count} {name.replace('_', ' ')}"
        for name, count in comparison.changes.items()
        if "/" not in name
    )
    yield f"Changed: {changed or comparison.no_change}."
    yield ""
    yield from (f"- {inert(one)}" for one in comparison.remarks)


def _row(one: MarginFinding) -> tuple[str, ...]:
    sides = ("-" if value is None else f"{value:.4g}" for value in (one.first, one.second))
    return (
        one.id, one.metric_id, *sides, _difference(one), _asked(one),
        one.verdict.replace("_", " "),
    )  # fmt: skip
