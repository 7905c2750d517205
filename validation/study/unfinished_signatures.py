"""Signatures whose end the audit trail did not see: found, and told to it.

An interruption between the writing of a signed file and the event after it leaves a file that the
trail saw begin. The next command finds it, beside the document or as the document itself. One
whose end the trail knows is never told again: its room in the file is covered by no signature,
and an altered one must not pass for an interruption.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from validation.attest.audit_file import load
from validation.attest.audit_trail import Event, Subject
from validation.attest.signed_pdf import SignedDocument, read_signed
from validation.attest.study_check import open_acts
from validation.attest.trail_check import ENDS, signed_files
from validation.errors import SignatureError, ToolError
from validation.record_folder import SIGNED
from validation.study.auditing import StudyTrail


def signed_folder(document: Path) -> Path:
    """Return the folder of a document's signed revisions."""
    return document.parent if document.parent.name == SIGNED else document.parent / SIGNED


def note_found(
    path: Path,
    content: bytes,
    about: Subject,
    trail: StudyTrail,
    require_whole: Callable[[bytes, Path], None],
) -> None:
    """Tell the trail of signatures that lie there and whose writing it saw begin, not end.

    Args:
        path: A document.
        content: Its bytes.
        about: What it is; the digest is that of each signature.
        trail: Audit trail of the study.
        require_whole: Refuses bytes whose signatures do not hold.
    """
    begun = _without_end(load(trail.path).events)
    if not begun:
        return
    for found in _readable(path, content, require_whole):
        for one, file in zip(found.signatures, signed_files(found), strict=True):
            stated = one.manifestation
            intent = begun.get(stated.event) if stated is not None else None
            if intent is None or intent.details.get("certificate") != one.fingerprint:
                continue
            del begun[intent.digest]
            trail.tell(
                "sign.completed",
                about.model_copy(update={"digest": one.presented}),
                details={"signed": file, "intent": str(intent.sequence)},
                reason="the file was found after an interruption",
                user=one.user,
            )


def note_lost(about: Subject, trail: StudyTrail) -> None:
    """Tell the trail of signatures of a document that were begun and of which there is no file."""
    for one in open_acts(load(trail.path).events):
        if one.action == "sign.intent" and one.about == about:
            trail.tell(
                "sign.aborted",
                about,
                details={"intent": str(one.sequence)},
                reason="it was interrupted, and no signed file of it was found",
            )


def _without_end(events: Iterable[Event]) -> dict[str, Event]:
    """Return the events before signatures of which no file is known, by digest."""
    known = list(events)
    ended = {one.details.get("intent") for one in known if one.action in ENDS}
    return {
        one.digest: one
        for one in known
        if one.action == "sign.intent" and str(one.sequence) not in ended
    }


def _readable(
    path: Path, content: bytes, require_whole: Callable[[bytes, Path], None]
) -> Iterator[SignedDocument]:
    """Yield a document and the revisions beside it that go on from it, if they hold."""
    yield read_signed(content)
    for other in sorted(signed_folder(path).glob("*.pdf")):
        if other.is_symlink() or not other.is_file() or other.stat().st_size <= len(content):
            continue
        try:
            later = other.read_bytes()
            if later.startswith(content):
                require_whole(later, other)
                yield read_signed(later)
        except (OSError, SignatureError, ToolError):
            continue  # what does not hold is nothing that was found
