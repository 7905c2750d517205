"""Taking back a document that was signed elsewhere: in a viewer, by a signing service.

Such a signature has to fill the field that was prepared for it, in one revision that leaves every
byte before it as it was. It states no event of the audit trail; the trail states it.
"""

from pathlib import Path

from validation import workspace
from validation.attest.revision_check import addition_problem
from validation.attest.signature_check import given_by
from validation.attest.signed_pdf import FoundSignature, SignedDocument, read_signed
from validation.attest.signing_policy import refusals
from validation.errors import Problem, SignatureError
from validation.record import digest, printable
from validation.study.auditing import StudyTrail
from validation.study.presenting import (
    Presented,
    about_document,
    require_still_new,
    require_whole,
)
from validation.study.signing import clear_leftovers, require_free, signed_path, told_of
from validation.study.signing_lock import signing_alone


def import_document(presented: Presented, signed: Path, *, out: Path | None = None) -> Path:
    """Record a document with one more signature that was given elsewhere; return its place.

    Args:
        presented: The document as it was handed out, from `present`.
        signed: The file that came back.
        out: Where it is kept; None: beside the others.

    Raises:
        SignatureError: It is another document, its signature does not hold, or its signer may
            not give this signature; all reasons at once.
        ToolError: A file or the audit trail cannot be read or written.
    """
    content = workspace.read(signed, "the signed document")
    with signing_alone(presented.study):
        require_still_new(presented)
        return _import(presented, content, signed, out or signed_path(presented))


def _import(presented: Presented, content: bytes, signed: Path, place: Path) -> Path:
    trail = StudyTrail(presented.study)
    about = about_document(presented.subject, presented.digest)
    try:
        found = _signature(presented, content, signed)
        require_whole(content, presented.subject, presented.trust, signed)
    except SignatureError as error:
        trail.tell("sign.refused", about, reason=f"{printable(signed.name)}: {error}")
        raise
    # Where an interruption left the very file, only the trail has to be told.
    if not place.is_file() or place.read_bytes() != content:
        require_free(place)
        clear_leftovers(place.parent)
        workspace.write_new(place, content)
    with told_of(place):
        trail.tell(
            "sign.imported",
            about,
            details={
                "signed": digest(content),
                "role": presented.signatory.role,
                "meaning": presented.signatory.meaning,
                "certificate": found.fingerprint,
                "name": found.name,
                "from": printable(signed.name),
            },
            user=found.user or None,
        )
    return place


def _signature(presented: Presented, content: bytes, signed: Path) -> FoundSignature:
    """Return the one new signature of a document."""
    fix = "sign the file that was handed out, in the field that is prepared, and save no changes"
    if not content.startswith(presented.content):
        raise SignatureError(
            "it is not the document that was presented, with a signature added",
            where=str(signed),
            fix=fix,
        )
    document = read_signed(content)
    new = document.signatures[len(presented.document.signatures) :]
    field = presented.document.fields[presented.position].field
    if len(new) != 1 or new[0].field != field:
        raise SignatureError(
            f"it has {len(new)} new signatures, and not one in the field {field}",
            where=str(signed),
            fix=fix,
        )
    _require_nothing_else(presented, content, document, signed, fix)
    given = given_by(document, presented.subject.signatories)
    found = refusals(presented.subject.signatories, given[:-1], given[-1])
    if new[0].manifestation is not None:
        found = (*found, "it was given by segval: sign here, so that this study's trail knows it")
    elif new[0].meaning != presented.signatory.meaning:
        said = new[0].meaning or "nothing"
        found = (*found, f"its reason says {said!r}, not {presented.signatory.meaning!r}")
    if found:
        raise SignatureError(
            "this signature cannot be taken",
            where=str(signed),
            problems=[Problem("", one) for one in found],
        )
    return new[0]


def _require_nothing_else(
    presented: Presented, content: bytes, document: SignedDocument, signed: Path, fix: str
) -> None:
    """Refuse what was changed before the new signature, or together with it."""
    new = document.signatures[-1]
    between = content[len(presented.content) : new.start]
    changed = "" if not between.strip() else f"{len(between)} bytes stand before the signature"
    if not presented.document.signatures:
        changed = changed or addition_problem(new, document, content)
    if changed:
        raise SignatureError(
            f"more than a signature was added: {changed}", where=str(signed), fix=fix
        )
