"""A JUnit file: a test case for each acceptance criterion, one for failed cases and deviations.

The form is that of Ant's JUnit task as Jenkins and GitLab read it: what is not met is a failure,
what could not be judged an error. Nothing is skipped, since nothing but *met* may pass.
"""

import re
from xml.etree import ElementTree as ET

from validation.judge.findings import Findings
from validation.report.contents import RecordContents
from validation.report.formatting import plural
from validation.report.gating.checks import Check, checks

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0, 2.2 has no place for."""


def junit(contents: RecordContents) -> bytes:
    """Return the criteria of a record as JUnit; the same record gives the same bytes.

    The suite has as properties what the figures follow from: record, protocol, lock and model.
    """
    found = checks(contents)
    failed, subset = contents.findings.failed_cases, contents.findings.subset
    suite = ET.Element(
        "testsuite",
        name=xml_text(_protocol(contents)),
        tests=str(len(found) + 1 + bool(contents.deviations) + bool(subset)),
        failures=str(sum(one.verdict == "not_met" for one in found)),
        errors=str(
            sum(one.verdict == "not_evaluable" for one in found)
            + bool(failed)
            + bool(contents.findings.open_deviations)
            + bool(subset)
        ),
        skipped="0",
        timestamp=contents.run.finished_at.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    _add_properties(suite, contents)
    for one in found:
        _add_criterion(suite, contents, one)
    _add_cases(suite, contents)
    _add_deviations(suite, contents)
    if subset is not None:
        case = _case(suite, contents, "every case of the test set ran")
        add_outcome(case, "error", "subset", subset.words, ", ".join(subset.cases))
    whole = ET.Element("testsuites")
    whole.append(suite)
    ET.indent(whole)
    content: bytes = ET.tostring(whole, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _protocol(contents: RecordContents) -> str:
    document = contents.protocol.document
    return f"{document.number} revision {document.revision}"


def _add_properties(suite: ET.Element, contents: RecordContents) -> None:
    findings = contents.findings
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("record", contents.record_id),
        ("verdict", findings.verdict),
        ("approval", findings.approval),
        *_deviation_properties(findings),
        *((("subset", findings.subset.words),) if findings.subset else ()),
        ("protocol", contents.digests["protocol.yaml"]),
        ("lock", contents.lock.manifest_digest),
        ("model", contents.protocol.model.digest),
    ):
        ET.SubElement(properties, "property", name=name, value=xml_text(value))


def _deviation_properties(findings: Findings) -> list[tuple[str, str]]:
    counts = {
        "deviations": len(findings.open_deviations) + len(findings.closed_deviations),
        "open_deviations": len(findings.open_deviations),
    }
    return [(name, str(count)) for name, count in counts.items() if counts["deviations"]]


def _add_criterion(suite: ET.Element, contents: RecordContents, one: Check) -> None:
    case = _case(suite, contents, f"{one.id} {one.what}")
    outcome = {"not_met": "failure", "not_evaluable": "error"}.get(one.verdict)
    if outcome is None:
        ET.SubElement(case, "system-out").text = xml_text(one.details)
    else:
        add_outcome(case, outcome, one.verdict, one.message, one.details)


def _add_cases(suite: ET.Element, contents: RecordContents) -> None:
    failed = contents.findings.failed_cases
    case = _case(suite, contents, "every case was measured")
    if failed:
        said = f"{plural(len(failed), 'case')} failed: {', '.join(one.case_id for one in failed)}"
        lines = [f"{one.case_id} ({one.stage}): {one.what}; {one.treatment}" for one in failed]
        add_outcome(case, "error", "failed_case", said, "\n".join(lines))


def _add_deviations(suite: ET.Element, contents: RecordContents) -> None:
    """Add a test case that no deviation is open, where the record has any."""
    if contents.deviations is None:
        return
    case = _case(suite, contents, "every deviation is closed")
    lines = [
        f"{one.recorded.id}: {one.recorded.what}; reason: {one.recorded.reason}; impact: "
        f"{one.recorded.impact}; {one.closed.disposition if one.closed else 'open'}"
        for one in contents.deviations.all
    ]
    if still_open := contents.findings.open_deviations:
        said = f"{plural(len(still_open), 'deviation')} open: {', '.join(still_open)}"
        add_outcome(case, "error", "open_deviation", said, "\n".join(lines))
    else:
        ET.SubElement(case, "system-out").text = xml_text("\n".join(lines))


def _case(suite: ET.Element, contents: RecordContents, name: str) -> ET.Element:
    return ET.SubElement(
        suite,
        "testcase",
        classname=xml_text(contents.protocol.document.number),
        name=xml_text(name),
        time="0",
    )


def add_outcome(case: ET.Element, outcome: str, kind: str, message: str, details: str) -> None:
    """Add what became of a test case: `outcome` is ``failure`` or ``error``."""
    element = ET.SubElement(case, outcome, type=kind, message=xml_text(message))
    element.text = xml_text(details)


def xml_text(text: str) -> str:
    """Return a text without what XML cannot hold, which becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
