"""What the reports of an audit trail and of a verification are made from, made up and always alike.

Events are chained and read as `validation.attest.audit_trail` does it, with fixed moments, persons
and machines. Checks are numbered as `validation.attest.verification` does it; what they found is
made up, as pages and bytes of a real record differ between machines.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from validation.attest.audit_trail import (
    Actor,
    Anchor,
    Draft,
    Event,
    Head,
    Moment,
    Subject,
    anchor_problems,
    chained,
    line_of,
    read_trail,
)
from validation.attest.verification import Check, Checks, Verification
from validation.record import digest, readable_json
from validation.report.view.documents.audit import AuditContents
from validation.report.view.documents.verification import CheckLine, VerificationContents

TRAIL = "5f2c" * 8
BEGAN = datetime(2026, 3, 1, 8, 30, 0, 250, tzinfo=UTC)
CHECKED = datetime(2026, 3, 9, 16, 45, 30, tzinfo=UTC)
VERSION = "0.1.0"
SIGNED = digest(b"signed")
_FIRST, _SECOND = digest(b"first manifest"), digest(b"second manifest")


# --- audit trail ---------------------------------------------------------------------------


def drafts() -> list[tuple[str, Draft]]:
    """Return who did what in a study: locks, a signature, runs, and acts that failed."""
    test_set = {"kind": "test_set", "id": "TS-NUC-01"}
    lock = {**test_set, "revision": "1", "digest": digest(b"lock")}
    document = {"kind": "document", "id": "VP-001", "revision": "A"}
    run = {"kind": "run", "id": "2026-03-02-vr001"}
    signing = {"role": "author", "level": "B-T", "presented": digest(b"presented")}
    given: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        ("r.keller", "trail.begun", {"kind": "trail", "id": TRAIL}, {}),
        ("r.keller", "lock.started", test_set, {}),
        (
            "r.keller",
            "lock.created",
            lock,
            {"new": _FIRST, "reason": "first lock", "details": {"cases": "12", "manifest": _FIRST}},
        ),
        ("r.keller", "lock.started", test_set, {}),
        (
            "r.keller",
            "lock.revised",
            {**lock, "revision": "2"},
            {
                "old": _FIRST,
                "new": _SECOND,
                "reason": "D02-07 is out of focus; see TR-120",
                "details": {"cases": "11", "manifest": _SECOND},
            },
        ),
        ("r.keller", "protocol.rendered", {**document, "kind": "protocol"}, {}),
        ("m.sato", "sign.intent", document, {"details": signing}),
        ("m.sato", "sign.completed", document, {"details": {"intent": "7", "signed": SIGNED}}),
        ("m.sato", "sign.failed", document, {"reason": "the password does not open the key"}),
        ("r.keller", "run.started", run, {}),
        ("r.keller", "run.aborted", run, {"reason": "Ctrl-C", "details": {"cases": "3 of 11"}}),
        ("r.keller", "run.refused", run, {"reason": "images/D01-02.png: another digest"}),
    ]
    return [
        (user, Draft(action=action, about=Subject(**about), **more))
        for user, action, about, more in given
    ]


def trail_of(acts: list[tuple[str, Draft]]) -> bytes:
    """Return a trail as a file: an event in seven minutes, the fifth by a clock set back."""
    events: list[Event] = []
    for number, (user, draft) in enumerate(acts):
        at = BEGAN + timedelta(minutes=7 * number - (30 if number == 4 else 0))
        events.append(
            chained(
                draft,
                events[-1] if events else None,
                trail_id=TRAIL,
                moment=Moment(at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "+01:00"),
                actor=Actor(user=user, host="bench-3" if user == "r.keller" else "office-11"),
                version=VERSION,
            )
        )
    return b"".join(map(line_of, events))


def audit_contents(
    which: Literal["held", "broken", "empty"], acts: list[tuple[str, Draft]] | None = None
) -> AuditContents:
    """Return what an audit-trail report is made from.

    Args:
        which: A trail that holds and is printed whole; one that was edited, is torn, misses an
            anchor and is printed in part; or one without an event.
        acts: What was done; by default `drafts`.
    """
    content = b"" if which == "empty" else trail_of(drafts() if acts is None else acts)
    if which == "broken":
        content = content.replace(b"out of focus", b"in good focus") + b'{"about":'
    trail = read_trail(content)
    anchors = [Anchor(Head(40, SIGNED), "VR-001", TRAIL)] if which == "broken" else []
    problems = (*trail.problems, *anchor_problems(trail.events, anchors))
    shown = [one for one in trail.events if which != "broken" or one.action.startswith("run.")]
    remarks = [f"{len(trail.torn)} bytes after the last event: its writing was cut off"]
    return AuditContents(
        content=content,
        events=tuple(one.model_dump(mode="json") for one in trail.events),
        shown=tuple(one.model_dump(mode="json") for one in shown),
        selection="only those with action run.*" if which == "broken" else "",
        problems=tuple(f"{one.where}: {one.what}" for one in problems),
        remarks=tuple(remarks) if trail.torn else (),
        against={"held": ("VR-001", "checkpoint.json"), "broken": ("VR-001",), "empty": ()}[which],
        tool_version=VERSION,
    )


# --- verification --------------------------------------------------------------------------


def _held() -> tuple[Check, ...]:
    checks = Checks()
    checks("the index of the record can be read", True, "VR-001, 36 files")
    checks("no file has changed", True, "36 files", clause="21 CFR 11.10(a), (c)")
    checks("every figure and row follows from the per-case tables", True, "333 figures, 12 tables")
    said = "the pages print what the evidence says, and nothing else"
    checks(said, True, "35 pages", clause="21 CFR 11.10(a)")
    checks("the chain of the audit trail holds", True, "18 events", clause="21 CFR 11.10(e)")
    return checks.all()


def _not_held() -> tuple[Check, ...]:
    checks = Checks()
    checks("the document can be read and embeds what it was made from", True, f"4 files, {SIGNED}")
    checks(
        "signature-1: the bytes that it covers are those that were signed",
        False,
        "the digest is another one",
        clause="21 CFR 11.70",
    )
    checks(
        "signature-1: the signer's certificate is one of ours and valid",
        False,
        "M. Sato (m.sato): no path to a pinned root",
        failure="untrusted",
        clause="21 CFR 11.10(d), 11.100",
    )
    checks(
        "the document is signed by everyone who has to",
        False,
        "1 of 2 signatures",
        failure="incomplete",
        clause="21 CFR 11.10(f)",
    )
    checks("the time stamp is of a pinned authority", None, "no authority for time is pinned")
    return checks.all()


def _not_checked() -> tuple[Check, ...]:
    checks = Checks()
    checks("the lock can be read", True, "TS-NUC-01, revision 2")
    checks("the manifest is the one that the lock names", True, _SECOND, clause="21 CFR 11.10(c)")
    checks("the test set is there", None, "no folder given; give it by --data")
    return checks.all()


_Which = Literal["held", "not-held", "not-checked"]


def verification_contents(which: _Which, **changes: Any) -> VerificationContents:
    """Return what a verification report is made from.

    Args:
        which: A record that held, a signed protocol that did not, in every way in which it can,
            or a lock of which not all could be checked.
        changes: Other values of it.
    """
    found, named = {
        "held": (
            Verification(path="VR-001", kind="record", checks=_held(), notes=("nobody signed it",)),
            {"study": "nuclei", "digests": {"record.json": digest(b"index")}},
        ),
        "not-held": (
            Verification(path="VP-001-2.pdf", kind="protocol", checks=_not_held()),
            {"trust": "trust", "digests": {"VP-001-2.pdf": SIGNED}},
        ),
        "not-checked": (
            Verification(path="lock", kind="lock", checks=_not_checked()),
            {"digests": {"lock.json": digest(b"lock")}},
        ),
    }[which]
    values: dict[str, Any] = {
        "kind": found.kind,
        "name": found.path,
        "outcome": found.outcome,
        "checks": tuple(
            CheckLine(one.number, one.what, one.outcome, one.failure or "", one.clause, one.detail)
            for one in found.checks
        ),
        "notes": found.notes,
        "at": CHECKED,
        "user": "r.keller",
        "host": "lab-7",
        "tool_version": VERSION,
        **dict.fromkeys(("data", "study", "trust"), ""),
        "content": readable_json(found.model_dump(mode="json")),
    }
    return VerificationContents(**{**values, **named, **changes})
