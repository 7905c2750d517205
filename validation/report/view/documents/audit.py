"""The audit-trail report: is the trail whole, who did what, and every event in its order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from validation.record import digest
from validation.report.formatting import clipped, number, plural, share
from validation.report.view.document import DocumentView, Outcome, TitlePage, bare_frame
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    item,
    listed,
    row,
    strong,
    text,
)
from validation.report.view.sections import Notes, Particulars, Prose, Section, Tabular, section

FILE_NAME = "audit.jsonl"

_STATEMENT = (
    "Every event of a study in the order of its audit trail. An event that is changed, removed or "
    "inserted breaks the chain of digests, and a chain made anew does not reach the events that "
    "records and documents name. Whether what was done is right is for a reviewer to say. Nobody "
    "signs this document: it follows from the trail, which it embeds."
)
_LONGEST_NAMES = 120
_UNUSUAL = ("failed", "refused", "aborted")
_NOT_HELD = ("no record, document or checkpoint: that the end was cut off could not be seen",)

_Event = Mapping[str, Any]


@dataclass(frozen=True)
class AuditContents:
    """What an audit-trail report is made from."""

    content: bytes
    """The trail, byte for byte; it is embedded."""
    events: tuple[_Event, ...]
    """Every event, as JSON values, in order."""
    shown: tuple[_Event, ...]
    """Those that are printed one by one."""
    selection: str
    """Which these are, in words; empty: all."""
    problems: tuple[str, ...]
    """What is broken, and anchors that are not reached."""
    remarks: tuple[str, ...]
    """Acts that have no end, and the like."""
    against: tuple[str, ...]
    """Names of what the trail was held against."""
    tool_version: str


@dataclass(frozen=True)
class AuditView:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    review: Section
    overview: Section
    events: Section
    by_hand: Section
    sources: Section
    headings: tuple[Heading, ...]


def audit_view(contents: AuditContents, files: Mapping[str, bytes]) -> AuditView:
    """Return everything that the audit-trail report prints.

    Args:
        contents: The trail, reviewed.
        files: What the document embeds, by name.
    """
    numbering = Numbering()
    head = contents.events[-1] if contents.events else None
    return AuditView(
        document=bare_frame(
            number=f"Audit trail to event {head['sequence']}" if head else "Audit trail, empty",
            title="Audit-trail report",
            date=head["at"][:10] if head else "no event",
            identity=f"trail {head['trail_id'] if head else 'empty'}",
        ),
        cover=_cover(contents, head),
        review=_review(contents, head, numbering),
        overview=_overview(contents.events, numbering),
        events=_events(contents, numbering),
        by_hand=_by_hand(numbering),
        sources=shell.sources(
            files,
            {name: digest(one) for name, one in files.items()},
            contents.tool_version,
            numbering,
        ),
        headings=tuple(numbering.headings),
    )


def texts_of(value: object) -> frozenset[str]:
    """Return every text of events as JSON values: a company's wording leaves them alone."""
    if isinstance(value, str):
        return frozenset({value})
    if isinstance(value, Mapping):
        return frozenset().union(*map(texts_of, value.values()))
    if isinstance(value, tuple | list):
        return frozenset().union(*map(texts_of, value))
    return frozenset()


def _cover(contents: AuditContents, head: _Event | None) -> TitlePage:
    events = contents.events
    return TitlePage(
        kind="Audit-trail report",
        title="Audit trail",
        subtitle=_study(events),
        organisation="",
        outcome=_outcome(contents),
        statement=_STATEMENT,
        notices=(),
        identification=(
            (
                code_item("Trail", head["trail_id"] if head else "empty"),
                item("Events", plural(len(events), "event")),
                item("Accounts", number(len({one["actor"]["user"] for one in events}))),
            ),
            (
                item("First event", _moment(events[0]) if events else "none"),
                item("Last event", _moment(events[-1]) if events else "none"),
                item("Printed", contents.selection or "every event"),
            ),
        ),
    )


def _study(events: Sequence[_Event]) -> str:
    """Return whose trail it is: by its protocols, else by its test sets, as far as events say."""
    protocols = {one["about"]["id"] for one in events if one["about"]["kind"] == "protocol"}
    if protocols:
        return f"of the study of {', '.join(sorted(protocols))}"
    sets = {one["about"]["id"] for one in events if one["about"]["kind"] == "test_set"}
    sets |= {one["details"]["test_set"] for one in events if "test_set" in one.get("details", {})}
    if not sets:
        return "of a study"
    return f"of the study on test set {clipped(', '.join(sorted(sets)), _LONGEST_NAMES)}"


_UNBROKEN = "nothing: the chain of digests holds"
_EMPTY = (
    "The trail has no event. Nothing was recorded under it, or it was removed whole, which only a "
    "record, document or checkpoint that it is held against can tell."
)


def _outcome(contents: AuditContents) -> Outcome:
    count = plural(len(contents.events), "event")
    if contents.problems:
        found = plural(len(contents.problems), "problem")
        return Outcome(
            "not_met", "Check of the chain", "\u00d7\u00a0Did not hold", f"{found} in {count}."
        )
    if not contents.events:
        return Outcome("not_evaluable", "Check of the chain", "\u2013\u00a0Nothing to hold", _EMPTY)
    reach = " and reaches every anchor that was given" if contents.against else ""
    open_ = len(contents.remarks)
    still = f"{plural(open_, 'remark')} of what is open" if open_ else "nothing is open"
    said = f"The chain of {count} holds{reach}; {still}."
    return Outcome("met", "Check of the chain", "✓\u00a0Held", said)


def _review(contents: AuditContents, head: _Event | None, numbering: Numbering) -> Section:
    return section(
        numbering.section("Check of the chain", "review"),
        Particulars(
            (
                item("Broken", *(contents.problems or (_UNBROKEN if contents.events else _EMPTY,))),
                item("Open", *(contents.remarks or ("nothing: every act that began has an end",))),
                item("Held against", *(contents.against or _NOT_HELD)),
                code_item("Digest of the last event", head["digest"] if head else ""),
            )
        ),
    )  # fmt: skip


# --- overview ----------------------------------------------------------------------------


def _overview(events: Sequence[_Event], numbering: Numbering) -> Section:
    heading = numbering.section("Who did what", "overview")
    unusual = [one for one in events if one["action"].endswith(_UNUSUAL)]
    nothing = Notes(("No act was refused, failed or was aborted.",))
    return section(
        heading,
        Tabular(_by_action(events, numbering)),
        Tabular(_by_person(events, numbering)),
        Tabular(_rows("Acts that were refused, failed or were aborted", unusual, numbering))
        if unusual
        else nothing,
    )


def _by_action(events: Sequence[_Event], numbering: Numbering) -> Table:
    counts = Counter(one["action"] for one in events)
    return numbering.table(
        "Events by what was done",
        (
            Column("Action", "34%"),
            Column("Events", "14%", "number"),
            Column("First", "26%"),
            Column("Last", "26%"),
        ),
        [_action_row(action, count, events) for action, count in sorted(counts.items())],
    )


def _action_row(action: str, count: int, events: Sequence[_Event]) -> TableRow:
    mine = [one for one in events if one["action"] == action]
    return row(strong(action), text(str(count)), text(_moment(mine[0])), text(_moment(mine[-1])))


def _by_person(events: Sequence[_Event], numbering: Numbering) -> Table:
    users = sorted({one["actor"]["user"] for one in events})
    return numbering.table(
        "Events by who acted",
        (
            Column("User", "24%"),
            Column("Events", "12%", "number"),
            Column("Machines", "26%"),
            Column("Actions", "38%"),
        ),
        [_person_row(one, events) for one in users],
    )


def _person_row(user: str, events: Sequence[_Event]) -> TableRow:
    mine = [one for one in events if one["actor"]["user"] == user]
    return row(
        strong(user),
        text(str(len(mine))),
        listed(*sorted({one["actor"]["host"] for one in mine})),
        text(", ".join(sorted({one["action"] for one in mine}))),
    )


# --- events ------------------------------------------------------------------------------


def _events(contents: AuditContents, numbering: Numbering) -> Section:
    heading = numbering.section("Events", "events")
    said = f"{share(len(contents.shown), len(contents.events))} events are printed"
    said += f": {contents.selection}. The embedded trail holds all." if contents.selection else "."
    return section(
        heading,
        Prose((said,)),
        Tabular(_rows("Events in the order of the trail", contents.shown, numbering), "dense"),
    )


def _rows(caption: str, events: Sequence[_Event], numbering: Numbering) -> Table:
    return numbering.table(
        caption,
        (
            Column("No.", "6%", "number"),
            Column("When and who", "25%"),
            Column("What", "29%"),
            Column("Details and reason", "40%"),
        ),
        [_event_row(one) for one in events],
    )


def _event_row(one: _Event) -> TableRow:
    about = one["about"]
    revision = f", revision {about['revision']}" if about["revision"] else ""
    return row(
        strong(str(one["sequence"])),
        text(
            f"{_moment(one)} ({one['zone']})",
            f"{one['actor']['user']} at {one['actor']['host']}",
            "the clock went backwards" if one["clock"] == "backwards" else "",
        ),
        text(one["action"], f"{about['kind']} {about['id']}{revision}"),
        code(*_particulars(one)),
    )


def _particulars(event: _Event) -> list[str]:
    """Return what belongs to an event, a line each; of a digest its first 16 digits."""
    said = [event["reason"]] if event["reason"] else []
    if event["old"]:
        said.append(f"from {_short(event['old'])} to {_short(event['new'] or '')}")
    said += [f"{name}: {_short(value)}" for name, value in sorted(event["details"].items())]
    return said


def _short(value: str) -> str:
    return value[:23] + "…" if value.startswith("sha256:") else value


def _moment(event: _Event) -> str:
    return f"{event['at'][:10]} {event['at'][11:19]} UTC"


_CHAIN: tuple[Item, ...] = (
    code_item("Check the chain and its anchors", "segval audit STUDY --against RECORD"),
    code_item(
        "Digest of the third event",
        "(echo segval/audit/1; sed -n 3p audit.jsonl | jq -cjS 'del(.digest)') | sha256sum",
    ),
    code_item("What it states", "sed -n 3p audit.jsonl | jq .digest"),
)


def _by_hand(numbering: Numbering) -> Section:
    said = (
        "An event is one line of canonical JSON (RFC 8785). Its digest is the SHA-256 of "
        "segval/audit/1, a line break, and that line without its own member digest; the next event "
        "repeats it as previous. Records, documents and "
        "checkpoints name number and digest of an event: a trail that was cut off, or written "
        "anew, does not reach them."
    )
    return section(
        numbering.appendix("How to check the trail", "by-hand"), Prose((said,)), Particulars(_CHAIN)
    )
