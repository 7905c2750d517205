"""A JUnit file: a test case for each acceptance criterion, and one for the cases that failed.

The form is that of Ant's JUnit task as Jenkins and GitLab read it: what is not met is a failure,
what could not be judged an error. Nothing is skipped, since nothing but *met* may pass.
"""

import re
from xml.etree import ElementTree as ET

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
    failed = contents.findings.failed_cases
    suite = ET.Element(
        "testsuite",
        name=_xml(_protocol(contents)),
        tests=str(len(found) + 1),
        failures=str(sum(one.verdict == "not_met" for one in found)),
        errors=str(sum(one.verdict == "not_evaluable" for one in found) + bool(failed)),
        skipped="0",
        timestamp=contents.run.finished_at.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    _add_properties(suite, contents)
    for one in found:
        _add_criterion(suite, contents, one)
    _add_cases(suite, contents)
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
        ("protocol", contents.digests["protocol.yaml"]),
        ("lock", contents.lock.manifest_digest),
        ("model", contents.protocol.model.digest),
    ):
        ET.SubElement(properties, "property", name=name, value=_xml(value))


def _add_criterion(suite: ET.Element, contents: RecordContents, one: Check) -> None:
    case = _case(suite, contents, f"{one.id} {one.what}")
    outcome = {"not_met": "failure", "not_evaluable": "error"}.get(one.verdict)
    if outcome is None:
        ET.SubElement(case, "system-out").text = _xml(one.details)
    else:
        _add_outcome(case, outcome, one.verdict, one.message, one.details)


def _add_cases(suite: ET.Element, contents: RecordContents) -> None:
    failed = contents.findings.failed_cases
    case = _case(suite, contents, "every case was measured")
    if failed:
        said = f"{plural(len(failed), 'case')} failed: {', '.join(one.case_id for one in failed)}"
        lines = [f"{one.case_id} ({one.stage}): {one.what}; {one.treatment}" for one in failed]
        _add_outcome(case, "error", "failed_case", said, "\n".join(lines))


def _case(suite: ET.Element, contents: RecordContents, name: str) -> ET.Element:
    return ET.SubElement(
        suite, "testcase", classname=_xml(contents.protocol.document.number), name=_xml(name),
        time="0",
    )  # fmt: skip


def _add_outcome(case: ET.Element, outcome: str, kind: str, message: str, details: str) -> None:
    element = ET.SubElement(case, outcome, type=kind, message=_xml(message))
    element.text = _xml(details)


def _xml(text: str) -> str:
    """Return a text without what XML cannot hold, which becomes U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
