"""What is signed is what runs: from a signed protocol document to the protocol that it approves.

The document is read once. Its signatures are checked, and the protocol and the lock that run
are the ones inside those same bytes; the files of the study are only held against them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from validation import workspace
from validation.attest.approval_check import approval_of
from validation.attest.attachments import attachments_of
from validation.attest.audit_file import load
from validation.attest.audit_trail import Event
from validation.attest.signature_check import check_signatures
from validation.attest.signed_pdf import unsigned_part
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.errors import ApprovalError, Problem, ToolError
from validation.plan.approval import Approval
from validation.record import digest
from validation.report.company import FOLDER
from validation.study.auditing import StudyTrail
from validation.study.inputs import Inputs
from validation.study.leakage import leakage_of_run
from validation.study.opening import (
    LockedTestSet,
    OpenProtocol,
    differences_from_lock,
    lock_from,
    opened_protocol,
    read_case_table,
    read_model,
    require_locked_cases,
    require_no_errors,
    require_unchanged,
    test_set_root,
)
from validation.study.templates import read_templates
from validation.testset.cases import CaseTable
from validation.testset.lock import LOCK_NAME, MANIFEST_NAME

_T = TypeVar("_T")

_HOW = "render the protocol document and have it signed again, or bring back what was approved"


@dataclass(frozen=True)
class SignedProtocol:
    """A protocol document, and what it embeds; its signatures are not checked yet."""

    path: Path
    content: bytes
    """The document, read once."""
    unsigned: str
    """SHA-256 of the document before its first signature: as it was rendered."""
    embedded: Mapping[str, bytes]
    opened: OpenProtocol
    """The embedded protocol; its paths are relative to the study."""
    locked: LockedTestSet
    """The embedded lock."""


@dataclass(frozen=True)
class ApprovedInputs:
    """Everything an approved run needs, checked."""

    inputs: Inputs
    approval: Approval


def is_document(content: bytes) -> bool:
    """Tell whether a file is a document, and not the text of a protocol."""
    return content.startswith(b"%PDF-")


def read_signed_protocol(path: Path, content: bytes, study: Path) -> SignedProtocol:
    """Return a protocol document with the protocol and the lock that it embeds.

    They are taken from the part before the first signature, which is what was signed.

    Args:
        path: The document.
        content: Its bytes.
        study: Folder that the paths of the protocol are relative to.

    Raises:
        ApprovalError: It is no protocol document.
        SignatureError: Its signatures cannot be read.
        ProtocolError: The embedded protocol cannot be read.
        LockError: The embedded lock cannot be.
    """
    unsigned = unsigned_part(content)
    embedded = attachments_of(unsigned) or {}
    if not {"protocol.yaml", f"lock/{LOCK_NAME}", f"lock/{MANIFEST_NAME}"} <= embedded.keys():
        raise _no_protocol_document(path)
    try:
        locked = lock_from(lambda name: embedded[f"lock/{name}"], f"{path}: lock")
    except KeyError as error:
        raise _no_protocol_document(path) from error
    opened = opened_protocol(study / "protocol.yaml", embedded["protocol.yaml"])
    templates = {name for name in embedded if name.startswith(FOLDER)}
    if embedded.keys() != {
        "protocol.yaml",
        *(f"lock/{name}" for name in locked.files()),
        *(templates if opened.protocol.document.templates else ()),
    }:
        raise _no_protocol_document(path)
    return SignedProtocol(path, content, digest(unsigned), embedded, opened, locked)


def _no_protocol_document(path: Path) -> ApprovalError:
    return ApprovalError(
        "this is no protocol document: it does not embed a protocol with its lock, and nothing "
        "else",
        where=str(path),
        fix="give what `segval protocol` rendered, signed",
    )


def approved_inputs(
    document: SignedProtocol,
    *,
    trust: Trust,
    at: datetime,
    data: Path | None,
    progress: workspace.Progress,
) -> ApprovedInputs:
    """Return what an approved run needs: signatures, study, test set and model all checked.

    Args:
        document: The signed protocol document.
        trust: Against which the signers are held.
        at: When they are.
        data: Folder of the test set, if it does not lie where the protocol says.
        progress: Told how many files of the test set are hashed.

    Raises:
        ApprovalError: A required signature is missing, does not hold or is not trusted, or the
            study differs from what was approved; every reason at once.
    """
    checks = Checks()
    signatories = document.opened.protocol.signatories
    signed = check_signatures(document.content, signatories, trust, at=at, checks=checks)
    study = document.opened.folder
    problems = list(_not_held(checks))
    problems += _unknown_document(document, load(StudyTrail(study).path).events)
    problems += _differences(document)
    inputs, found = _inputs(document, data, progress)
    problems += found
    if problems or signed is None or inputs is None:
        raise ApprovalError(
            "the protocol cannot be run as an approved one",
            where=str(document.path),
            fix="mend what is listed; an exploratory run takes the text of the protocol",
            problems=problems,
        )
    approval = approval_of(document.content, document.embedded, signed, trust, at)
    return ApprovedInputs(inputs, approval)


def _inputs(
    document: SignedProtocol, data: Path | None, progress: workspace.Progress
) -> tuple[Inputs | None, list[Problem]]:
    """Return what the run needs, and every reason why it cannot have it."""
    opened, locked = document.opened, document.locked
    problems: list[Problem] = []

    def attempt(step: Callable[[], _T]) -> _T | None:
        try:
            return step()
        except ToolError as error:
            problems.extend(error.problems or [Problem(error.where, error.what, error.fix)])
            return None

    attempt(lambda: require_no_errors(opened))
    table = attempt(lambda: _table(document))
    model = attempt(lambda: read_model(opened))
    root = attempt(lambda: _root(document, data, progress))
    leakage = attempt(lambda: leakage_of_run(opened, locked))
    templates = attempt(lambda: read_templates(opened))
    if table is None or model is None or root is None or leakage is None or templates is None:
        return None, problems
    if problems:
        return None, problems
    return Inputs(opened, table, locked, root, model, leakage, templates), []


def _table(document: SignedProtocol) -> CaseTable:
    table, content = read_case_table(document.opened)
    require_locked_cases(document.opened, document.locked, table, content)
    return table


def _root(document: SignedProtocol, data: Path | None, progress: workspace.Progress) -> Path:
    root = test_set_root(document.opened, data)
    require_unchanged(differences_from_lock(root, document.locked, progress), root)
    return root


def _not_held(checks: Checks) -> Iterator[Problem]:
    """Yield what does not hold of the signatures; what could not be checked does not, either."""
    for one in checks.all():
        if one.outcome != "held":
            said = "" if one.outcome == "did_not_hold" else "could not be checked: "
            yield Problem("signatures", f"{one.what}: {said}{one.detail}")


def _unknown_document(document: SignedProtocol, events: Iterable[Event]) -> list[Problem]:
    """Refuse pages that segval did not render from what they embed.

    People sign pages; what runs is embedded. That the two say the same is known of a document
    whose digest the audit trail was told when it was rendered.
    """
    asked = (document.unsigned, digest(document.opened.content))
    rendered = (one for one in events if one.action == "protocol.rendered")
    if any((one.details.get("document"), one.about.digest) == asked for one in rendered):
        return []
    return [
        Problem(
            str(document.path),
            "the audit trail of the study does not know that this document was rendered from "
            "the protocol that it embeds",
            "render it by `segval protocol` in this study, and have that one signed",
        )
    ]


def _differences(document: SignedProtocol) -> list[Problem]:
    """Return the files of the study that are not the approved ones.

    A `protocol.yaml` need not lie there: the embedded one runs.
    """
    study = document.opened.folder
    problems = []
    for name, approved in document.embedded.items():
        path = study / name
        if name == "protocol.yaml" and not path.exists():
            continue
        if name.startswith(FOLDER):  # held against the digest in the protocol
            continue
        try:
            found = workspace.read(path, f"{name} of the study")
        except ToolError as error:
            problems.append(Problem(error.where, error.what, _HOW))
            continue
        if found != approved:
            what = f"{name} of the study is {digest(found)}; approved is {digest(approved)}"
            if name == f"lock/{LOCK_NAME}":
                what += f", revision {document.locked.lock.revision}"
            problems.append(Problem(str(path), what, _HOW))
    return problems
