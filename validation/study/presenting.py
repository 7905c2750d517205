"""Presenting a document for a signature: what it is, who signed so far, who signs next.

Everything before is checked first: nobody is asked to sign over what was altered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from validation import clock, workspace
from validation.attest.audit_trail import Event, Subject, Trail
from validation.attest.deviation_events import newest_state, open_recording
from validation.attest.signature_check import check_signatures, given_by
from validation.attest.signed_pdf import SignedDocument, read_signed
from validation.attest.signing_policy import Given, next_signatory
from validation.attest.signing_subject import SigningSubject, subject_of
from validation.attest.trail_check import ENDS, check_signatures_known, signed_files
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import Problem, SignatureError
from validation.plan.protocol import Signatory
from validation.record import digest
from validation.study.auditing import StudyTrail
from validation.study.signing_lock import signing_alone
from validation.study.unfinished_signatures import note_found


@dataclass(frozen=True)
class Presented:
    """A document as it is presented for a signature."""

    path: Path
    content: bytes
    """The bytes that are presented, read once."""
    subject: SigningSubject
    document: SignedDocument
    """Its signatures so far."""
    position: int
    """Number of the signatory, from 0."""
    study: Path
    trust: Trust
    known: int
    """Number of the last event of the audit trail at that moment."""
    again: str = ""
    """Why it is signed again; empty where it is not."""

    @property
    def signatory(self) -> Signatory:
        """Who is asked to sign."""
        return self.subject.signatories[self.position]

    @property
    def digest(self) -> str:
        """SHA-256 of what is presented."""
        return digest(self.content)

    @property
    def is_last(self) -> bool:
        """Tell whether nobody signs after this."""
        return self.position + 1 == len(self.subject.signatories)


def present(path: Path, role: str, *, study: Path, trust: Trust, again: str = "") -> Presented:
    """Return a document with what its next signature is, everything before it checked.

    A signature that lies there and whose end the audit trail does not know, because of an
    interruption, is noted there.

    Args:
        path: The document: unsigned, or its newest signed revision.
        role: Role of the person who wants to sign.
        study: Folder of the study.
        trust: Against which the signatures so far are held.
        again: Why a signature that the trail knows is given again, e.g. because its file was
            lost; empty where it is not.

    Raises:
        SignatureError: It is no document of this study that can be signed, a signature so far
            does not hold or is not known as it is, all have signed, or it is not this role's turn.
        AuditError: The audit trail was altered, or cannot be written.
    """
    content = workspace.read(path, "the document")
    document = read_signed(content)
    subject = subject_of(content[: document.unsigned_size])
    require_whole(content, subject, trust, path)
    trail = StudyTrail(study)
    with signing_alone(study):
        note_found(path, content, about_document(subject, digest(content)), trail,
                   lambda found, place: require_whole(found, subject, trust, place))  # fmt: skip
        known = trail.sound("bring back the true file: nothing is signed over an altered trail")
    _require_settled(subject, known, path)
    _require_rendered_here(subject, digest(content[: document.unsigned_size]), known, path)
    _require_signatures_known(document, known, path)
    if not again:
        require_new(digest(content), known.events, path)
    given = given_by(document, subject.signatories)
    _require_turn(subject, given, role, path)
    if len(document.fields) < len(subject.signatories):
        raise SignatureError("the document has no field for every signatory", where=str(path))
    return Presented(
        path, content, subject, document, len(given), study, trust, known.events[-1].sequence, again
    )


def _require_turn(subject: SigningSubject, given: Sequence[Given], role: str, path: Path) -> None:
    """Refuse a role that does not sign next."""
    roles = [one.role for one in subject.signatories]
    order = f"the order is {', '.join(roles)}"
    if role not in roles:
        what = f"the protocol of this document has no signatory {role}"
        raise SignatureError(what, where=str(path), fix=order)
    turn = next_signatory(subject.signatories, given)
    if turn is None:
        raise SignatureError("every signature is there: nothing is left to sign", where=str(path))
    if turn.role != role:
        raise SignatureError(
            f"it is not the turn of role {role}: {turn.role} ({turn.title}) signs next",
            where=str(path),
            fix=order,
        )


def require_whole(
    content: bytes, subject: SigningSubject, trust: Trust, path: Path, *, compare: bool = True
) -> None:
    """Refuse what was altered or whose signers so far are not ours.

    Args:
        content: Bytes of the document.
        subject: What it is.
        trust: What is pinned.
        path: Its path, for the message.
        compare: Whether its revisions are compared, too.

    Raises:
        SignatureError: With everything that does not hold.
    """
    checks = Checks()
    check_signatures(
        content, subject.signatories, trust, at=clock.now(), checks=checks, compare=compare
    )
    problems = [
        Problem(one.what, one.detail)
        for one in checks.all()
        if one.outcome != "held" and one.failure != "incomplete"
    ]
    if problems:
        raise SignatureError("a signature so far does not hold", where=str(path), problems=problems)


def _require_settled(subject: SigningSubject, trail: Trail, path: Path) -> None:
    """Refuse a report of a subset, and one whose record is being added to."""
    subset = subject.findings.subset if subject.findings else None
    if subset is not None:
        raise SignatureError(
            f"this report is for development and is not signed: {subset.words}",
            where=str(path),
            fix="run the whole test set, and sign that report",
        )
    if open_recording(trail.events, subject.id) is not None:
        raise SignatureError(
            f"the recording of a deviation in record {subject.id} was interrupted",
            where=str(path),
            fix="finish it by `segval deviation resume RECORD`, and sign the report as it then is",
        )


def _require_rendered_here(
    subject: SigningSubject, unsigned: str, trail: Trail, path: Path
) -> None:
    """Refuse a document that is not, byte for byte, one that this study rendered.

    Before its first signature nothing else pins the pages: what a reader sees could differ from
    the evidence that is embedded. Of a report the newest counts: an earlier one is without the
    deviations that were recorded since.
    """
    action, name = {
        "report": ("run.completed", "report"),
        "protocol": ("protocol.rendered", "document"),
    }[subject.kind]
    ours = [one for one in trail.events if one.action == action and one.about.id == subject.id]
    if not ours:
        raise SignatureError(
            f"the audit trail does not know {subject.kind} {subject.id}",
            where=str(path),
            fix="give the study that it belongs to by --study",
        )
    rendered = {one.details.get(name) for one in ours}
    if subject.kind == "report":
        rendered = {newest_state(trail.events, subject.id, name)}
    if unsigned not in rendered:
        raise SignatureError(
            f"these are not the bytes of {subject.kind} {subject.id} that the audit trail knows",
            where=str(path),
            fix="sign the file that `segval protocol` or `segval run` wrote; a protocol can be "
            "rendered again",
        )


def _require_signatures_known(document: SignedDocument, trail: Trail, path: Path) -> None:
    """Refuse signatures that the trail does not know as they are, and those that were replaced."""
    checks = Checks()
    check_signatures_known(document, trail, checks)
    problems = [Problem(one.what, one.detail) for one in checks.all() if one.outcome != "held"]
    newest = {
        one.about.digest: one.details.get("signed") for one in trail.events if one.action in ENDS
    }
    problems += [
        Problem(one.field, f"it was given again: the newest file is {newest[one.presented]}")
        for one, file in zip(document.signatures, signed_files(document), strict=True)
        if not problems and newest.get(one.presented) != file
    ]
    if problems:
        raise SignatureError(
            "the audit trail does not know these signatures as they are",
            where=str(path),
            fix="take the newest signed file as it was written; where the trail was changed, "
            "bring back the true one",
            problems=problems,
        )


def require_new(presented: str, events: Iterable[Event], path: Path, *, after: int = 0) -> None:
    """Refuse a document of which a later revision is known.

    Args:
        presented: Digest of the document.
        events: The audit trail.
        path: Path of the document.
        after: Number of an event; what the trail knew until then does not count.

    Raises:
        SignatureError: It was signed; by whom, and what to do, is said.
    """
    for one in events:
        if one.action in ENDS and one.about.digest == presented and one.sequence > after:
            raise SignatureError(
                f"this revision was signed already, by {one.actor.user} (event {one.sequence} of "
                "the audit trail)",
                where=str(path),
                fix=f"go on with the file whose digest is {one.details.get('signed', '')}; where "
                'it is lost, sign again with --again "why"',
            )


def require_still_new(presented: Presented) -> None:
    """Refuse a document that somebody signed since it was presented; hold the signing meanwhile.

    Raises:
        SignatureError: Somebody did.
    """
    trail = StudyTrail(presented.study)
    note_found(
        presented.path,
        presented.content,
        about_document(presented.subject, presented.digest),
        trail,
        lambda found, place: require_whole(found, presented.subject, presented.trust, place),
    )
    known = trail.sound("bring back the true file")
    require_new(presented.digest, known.events, presented.path, after=presented.known)
    _require_settled(presented.subject, known, presented.path)
    unsigned = digest(presented.content[: presented.document.unsigned_size])
    _require_rendered_here(presented.subject, unsigned, known, presented.path)


def about_document(subject: SigningSubject, presented: str) -> Subject:
    """Return a document as the audit trail names it: by what was presented for signing."""
    return Subject(kind="document", id=subject.id, revision=subject.revision, digest=presented)
