"""Verifying: what an artefact is held against is found, and then every check is made."""

from pathlib import Path

from validation import clock, workspace
from validation.attest.audit_file import load, trail_path
from validation.attest.audit_trail import Trail
from validation.attest.document_check import Known, check_document
from validation.attest.lock_check import check_lock
from validation.attest.measured_check import check_measured_lock
from validation.attest.study_check import check_acts, check_lock_in_trail
from validation.attest.trail_check import ENDS, check_chain, check_nothing_lost
from validation.attest.trust import Trust
from validation.attest.trust_files import load_trust
from validation.attest.verification import Checks, Verification
from validation.attest.verify import verify_artefact
from validation.errors import ToolError
from validation.plan.protocol import Protocol
from validation.record import digest
from validation.record_folder import SIGNED
from validation.study.identity_store import pinned_trust
from validation.study.opening import read_protocol, test_set_root
from validation.testset.lock import LOCK_NAME


def verify(
    path: Path,
    *,
    data: Path | None = None,
    study: Path | None = None,
    trust: Path | None = None,
    progress: workspace.Progress | None = None,
) -> Verification:
    """Return every check of a lock, a record, a document or a study; nothing is written.

    Args:
        path: What is checked.
        data: Root of the test set, where it does not lie where the protocol says.
        study: Folder of the study, whose audit trail and pinned trust count. None: a document
            in a study's folder belongs to that study; else what the trail says is not checked.
        trust: Folder of pinned certificates and revocation lists, in place of the study's own.
        progress: Told how many files of the test set are hashed.

    Raises:
        ToolError: The path is none of these, or the trail or the trust cannot be read.
    """
    folder = study or study_above(path)
    known = Known(_trust(folder, trust), _trail(folder), clock.now())
    if folder is not None and path.is_dir() and path.samefile(folder):
        return _verify_study(folder, known, data, progress)
    return verify_artefact(path, known, data=data, progress=progress)


def study_above(path: Path) -> Path | None:
    """Return the study that something lies in; None where it lies in none."""
    places = [path, *path.resolve().parents] if path.is_dir() else path.resolve().parents
    return next((one for one in places if trail_path(one).is_file()), None)


def _trust(study: Path | None, named: Path | None) -> Trust | None:
    if study is None:
        return load_trust(named) if named else None
    return pinned_trust(study, named)


def _trail(study: Path | None) -> Trail | None:
    return load(trail_path(study)) if study is not None else None


def _verify_study(
    folder: Path, known: Known, data: Path | None, progress: workspace.Progress | None
) -> Verification:
    checks = Checks()
    if known.trail is not None and check_chain(known.trail, checks):
        check_acts(known.trail, checks)
    _check_lock(folder, known, data, checks, progress)
    if known.trail is not None:
        _check_protocols_kept(folder, known.trail, checks)
    for path in _documents(folder):
        before = len(checks.all())
        check_document(workspace.read(path, "the document"), known, checks)
        checks.name_since(before, path.relative_to(folder).as_posix())
    return Verification(path=str(folder), kind="study", checks=checks.all())


def _check_lock(
    folder: Path,
    known: Known,
    data: Path | None,
    checks: Checks,
    progress: workspace.Progress | None,
) -> None:
    place = folder / "lock"
    if not (place / LOCK_NAME).is_file():
        checks("the test set is locked", held=False, detail=str(place), failure="incomplete")
        return
    lock = check_lock(place, data or _data_of(folder), checks, progress)
    protocol = _protocol_of(folder)
    if lock is not None and protocol is not None:
        check_measured_lock(protocol, lock, checks)
    if lock is not None and known.trail is not None:
        content = workspace.read(place / LOCK_NAME, "the lock")
        check_lock_in_trail(lock, digest(content), known.trail, checks)


def _check_protocols_kept(folder: Path, trail: Trail, checks: Checks) -> None:
    """Add the check that every signed protocol document that the trail knows lies in the study."""
    rendered = {one.about.id for one in trail.events if one.action == "protocol.rendered"}
    there = {digest(workspace.read(one, "the document")) for one in _signed(folder)}
    for number in sorted(rendered & {one.about.id for one in trail.events if one.action in ENDS}):
        before = len(checks.all())
        check_nothing_lost(number, there, trail, checks)
        checks.name_since(before, number)


def _signed(folder: Path) -> list[Path]:
    return sorted(one for one in (folder / SIGNED).glob("*.pdf") if one.is_file())


def _protocol_of(folder: Path) -> Protocol | None:
    """Return the protocol of a study; None where none can be read."""
    path = folder / "protocol.yaml"
    try:
        return read_protocol(path).protocol if path.is_file() else None
    except ToolError:
        return None


def _data_of(folder: Path) -> Path | None:
    """Return the root of the test set, where the protocol says it lies; None if it is not there."""
    protocol = folder / "protocol.yaml"
    try:
        return test_set_root(read_protocol(protocol), None) if protocol.is_file() else None
    except ToolError:
        return None


def _documents(folder: Path) -> list[Path]:
    """Return the newest signed revision of each document in a study."""
    contents = {path: workspace.read(path, "the document") for path in _signed(folder)}
    # Of several copies of one file the first is taken; each is the beginning of the others.
    first = {content: path for path, content in reversed(contents.items())}
    return [
        path
        for content, path in sorted(first.items(), key=lambda one: one[1])
        if not any(other != content and other.startswith(content) for other in first)
    ]
