"""The audit trail as a PDF for review: readable by a person, the trail itself embedded."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from validation.report.formatting import plural
from validation.report.render import Attachment, render_html, render_pdf, spell_out_uncovered
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    code,
    code_item,
    item,
    row,
    strong,
    text,
)

TEMPLATE = "audit/audit.html.jinja"


@dataclass(frozen=True)
class _Document:
    """What stands on every page."""

    title: str
    number: str
    revision: str
    notices: tuple[str, ...]
    imprint: str
    date: str
    identity: str


@dataclass(frozen=True)
class AuditView:
    """The audit trail, ready to print."""

    document: _Document
    heading: Heading
    intro: tuple[str, ...]
    facts: tuple[Item, ...]
    events: Table


def render_audit(
    content: bytes, events: Sequence[Mapping[str, Any]], problems: Sequence[str]
) -> bytes:
    """Return events of a trail as PDF/A-3; the same trail gives the same bytes.

    Args:
        content: The trail, byte for byte; it is embedded.
        events: The events to print, as JSON values, in order.
        problems: What is wrong with the trail, or open; printed first.

    Raises:
        RenderError: It cannot be rendered.
    """
    view = _view(content, events, problems)
    html = spell_out_uncovered(render_html(TEMPLATE, view))
    last = events[-1]["at"] if events else "1980-01-01T00:00:00.000000Z"
    attachment = Attachment(
        name="audit.jsonl",
        content=content,
        description="audit.jsonl: The audit trail, byte for byte",
        mime_type="application/jsonl",
        relationship="Source",
    )
    return render_pdf(
        html,
        images={},
        attachments=(attachment,),
        created=datetime.fromisoformat(last).astimezone(UTC),
        identifier=hashlib.sha256(content).digest()[:16],
        universal_access=True,
    )


def _view(
    content: bytes, events: Sequence[Mapping[str, Any]], problems: Sequence[str]
) -> AuditView:
    numbering = Numbering()
    head = events[-1] if events else None
    trail = head["trail_id"] if head else "empty"
    return AuditView(
        document=_Document(
            title="Audit trail",
            number="Audit trail",
            revision=f"event {head['sequence']}" if head else "empty",
            notices=(),
            imprint="segval",
            date=head["at"][:10] if head else "",
            identity=f"trail {trail}",
        ),
        heading=numbering.section("Audit trail", "audit-trail"),
        intro=(
            (
                "Every event in the order of the trail; none can be changed or removed without "
                "breaking the chain of digests. The trail is embedded in this document."
            ),
        ),
        facts=(
            code_item("Trail", trail),
            code_item("SHA-256 of the trail", hashlib.sha256(content).hexdigest()),
            item("Events printed", plural(len(events), "event")),
            item("Found on review", *(problems or ("the chain holds; nothing is open",))),
        ),
        events=_table(numbering, events),
    )


def _table(numbering: Numbering, events: Sequence[Mapping[str, Any]]) -> Table:
    return numbering.table(
        "Events",
        (
            Column("No.", "6%", "number"),
            Column("When and who", "25%"),
            Column("What", "29%"),
            Column("Details and reason", "40%"),
        ),
        [
            row(
                strong(str(one["sequence"])),
                text(
                    f"{one['at'][:10]} {one['at'][11:19]} UTC ({one['zone']})",
                    f"{one['actor']['user']} at {one['actor']['host']}",
                    "the clock went backwards" if one["clock"] == "backwards" else "",
                ),
                text(one["action"], f"{one['about']['kind']} {one['about']['id']}"),
                code(*_particulars(one)),
            )
            for one in events
        ],
    )


def _particulars(event: Mapping[str, Any]) -> list[str]:
    """Return what belongs to an event, a line each; of a digest its first 16 digits."""
    said = [event["reason"]] if event["reason"] else []
    if event["old"]:
        said.append(f"from {_short(event['old'])} to {_short(event['new'] or '')}")
    said += [f"{name}: {_short(value)}" for name, value in sorted(event["details"].items())]
    return said


def _short(value: str) -> str:
    return value[:23] + "…" if value.startswith("sha256:") else value
