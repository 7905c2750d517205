"""Presenting a document for a signature: what it is, who signed so far, who signs next.

Everything before is checked first: nobody is asked to sign over what was altered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from validation import clock, workspace
from validation.attest.audit_file import load
from validation.attest.audit_trail import Event, Subject
from validation.attest.signature_check import check_signatures, given_by
from validation.attest.signed_pdf import SignedDocument, read_signed
from validation.attest.signing_policy import next_signatory
from validation.attest.signing_subject import SigningSubject, subject_of
from validation.attest.trail_check import ENDS
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import Problem, SignatureError
from validation.plan.protocol import Signatory
from validation.record import digest
from validation.study.auditing import StudyTrail


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
            does not hold, all have signed, or it is not this role's turn.
    """
    content = workspace.read(path, "the document")
    document = read_signed(content)
    subject = subject_of(content[: document.unsigned_size])
    require_whole(content, subject, trust, path)
    trail = StudyTrail(study)
    note_what_was_interrupted(document, subject, trail)
    events = load(trail.path).events
    _require_known(subject, events, path)
    if not again:
        _require_new(digest(content), events, path)
    given = given_by(document, subject.signatories)
    turn = next_signatory(subject.signatories, given)
    if turn is None:
        raise SignatureError("every signature is there: nothing is left to sign", where=str(path))
    if len(document.fields) < len(subject.signatories):
        raise SignatureError("the document has no field for every signatory", where=str(path))
    if turn.role != role:
        raise SignatureError(
            f"it is not the turn of role {role}: {turn.role} ({turn.title}) signs next",
            where=str(path),
            fix=f"the order is {', '.join(one.role for one in subject.signatories)}",
        )
    return Presented(path, content, subject, document, len(given), study, trust, again)


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


def note_what_was_interrupted(
    document: SignedDocument, subject: SigningSubject, trail: StudyTrail
) -> None:
    """Tell the trail of signatures that lie there and whose writing it saw begin, not end."""
    events = load(trail.path).events
    known = {one.details.get("signed") for one in events if one.action in ENDS}
    begun = {(one.sequence, one.digest): one for one in events if one.action == "sign.intent"}
    for one in document.signatures:
        stated = one.manifestation
        if stated is None or one.revision in known:
            continue
        intent = begun.get((stated.sequence, stated.event))
        if intent is not None:
            trail.tell(
                "sign.completed",
                about_document(subject, one.presented),
                details={"signed": one.revision, "intent": str(intent.sequence)},
                reason="the file was found after an interruption",
                user=one.user,
            )


def _require_known(
    subject: SigningSubject,
    events: Iterable[Event],
    path: Path,
) -> None:
    """Refuse the report of another study."""
    if subject.kind == "report" and not any(
        one.action == "run.started" and one.about.id == subject.id for one in events
    ):
        raise SignatureError(
            f"the audit trail does not know record {subject.id}",
            where=str(path),
            fix="give the study that it belongs to by --study",
        )


def _require_new(presented: str, events: Iterable[Event], path: Path) -> None:
    """Refuse a document of which a later revision is known."""
    for one in events:
        if one.action in ENDS and one.about.digest == presented:
            raise SignatureError(
                f"this revision was signed already (event {one.sequence} of the audit trail)",
                where=str(path),
                fix=f"go on with the file whose digest is {one.details.get('signed', '')}; where "
                'it is lost, sign again with --again "why"',
            )


def about_document(subject: SigningSubject, presented: str) -> Subject:
    """Return a document as the audit trail names it: by what was presented for signing."""
    return Subject(kind="document", id=subject.id, revision=subject.revision, digest=presented)
