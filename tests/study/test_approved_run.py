"""What is signed is what runs: approved runs, and everything for which one is refused."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.attest.signing_world import World
from tests.study.approved_study import ApprovedStudy
from tests.study.tiny_study import Study, draw, png, sha256
from validation import clock, run, verify
from validation.attest.approval_check import check_approval
from validation.attest.attachments import attachments_of
from validation.attest.audit_file import load
from validation.attest.trust import Trust
from validation.attest.verification import Checks
from validation.cli import main
from validation.errors import ApprovalError, RunError, ToolError
from validation.plan.approval import Approval
from validation.record_folder import read_index
from validation.study.reporting import rendered
from validation.workspace import files_below


class Made:
    """A study with a signed protocol and the record of its approved run; not to be changed."""

    def __init__(self, folder: Path) -> None:
        self.study = ApprovedStudy(folder)
        self.signed = self.study.signed()
        self.out = folder / "record"
        self.outcome = run(self.signed, out=self.out)

    def files(self) -> dict[str, bytes]:
        return {name: (self.out / name).read_bytes() for name in files_below(self.out)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("approved"))


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Iterator[ApprovedStudy]:
    """A copy of the study with its signed document, to be changed."""
    shutil.copytree(made.study.folder, tmp_path / "study", ignore=shutil.ignore_patterns("record"))
    study = ApprovedStudy.__new__(ApprovedStudy)
    study.folder, study.world = tmp_path / "study", made.study.world
    study.study = Study.__new__(Study)
    study.study.__dict__.update(made.study.study.__dict__)
    study.study.folder = study.folder
    return study


def refused(study: ApprovedStudy, name: str = "VP-1-2.pdf", **options: Any) -> str:
    """Return why a run is refused; nothing may be left of it, and the trail has to know."""
    with pytest.raises(ApprovalError) as caught:
        run(study.folder / name, out=study.folder / "refused", **options)
    assert not (study.folder / "refused").exists()
    assert not (study.folder / "refused.incomplete").exists()
    assert load(study.folder / "audit" / "audit.jsonl").events[-1].action == "run.refused"
    return str(caught.value)


def text_of(pdf: Path) -> list[str]:
    """Return the text of each page."""
    done = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
    return [" ".join(one.split()) for one in done.stdout.decode().split("\f")[:-1]]


# --- an approved run ---------------------------------------------------------------------


def test_the_record_holds_the_signed_document_and_the_approval(made: Made) -> None:
    assert (made.out / "protocol.pdf").read_bytes() == made.signed.read_bytes()
    assert (made.out / "protocol.yaml").read_bytes() == made.study.study.path.read_bytes()
    index = read_index(made.out)
    assert index.approval == made.outcome.findings.approval == "approved"
    assert {"protocol.pdf", "approval.json"} <= index.files.keys()
    approval = Approval.from_json((made.out / "approval.json").read_bytes())
    assert approval.document_digest == sha256(made.signed.read_bytes())
    assert [(one.role, one.user, one.name) for one in approval.signatures] == [
        ("author", "a.author", "Ada Author"),
        ("approver", "b.boss", "Bo Boss"),
    ]
    assert {one.level for one in approval.signatures} == {"B-B"}
    assert approval.roots == tuple(map(sha256, made.study.world.trust.roots))


def test_report_and_output_name_the_approval_and_never_say_exploratory(made: Made) -> None:
    pages = text_of(made.out / "report.pdf")
    assert not any("exploratory" in one for one in pages)
    said = " ".join(pages)
    assert "approved by 2 signatures" in said
    assert "Approval of the protocol" in said
    assert "Ada Author" in said
    assert "exploratory" not in (made.out / "report.html").read_text("utf-8").lower()
    from validation.cli.run import summary

    assert "(approved protocol VP-T1 revision A)" in summary(made.outcome)


def test_the_report_embeds_document_and_approval(made: Made) -> None:
    embedded = attachments_of((made.out / "report.pdf").read_bytes())
    assert embedded is not None
    assert embedded["protocol.pdf"] == made.signed.read_bytes()
    assert "approval.json" in embedded


def test_the_report_renders_again_to_the_same_bytes(made: Made) -> None:
    again = rendered(made.out, read_index(made.out).record_id)
    assert again.pdf == (made.out / "report.pdf").read_bytes()


def test_the_audit_trail_says_that_the_run_was_approved(made: Made) -> None:
    events = load(made.study.folder / "audit" / "audit.jsonl").events
    begun = next(one for one in events if one.action == "run.started")
    assert begun.details["approval"] == "approved"
    assert begun.details["document"] == sha256(made.signed.read_bytes())


def test_the_record_checks_its_approval_from_its_own_files(made: Made) -> None:
    checks = Checks()
    check_approval(made.files(), made.study.world.trust, checks, at=clock.now())
    assert {one.outcome for one in checks.all()} == {"held"}, checks.all()


def test_verify_checks_the_approval_of_a_record_and_of_its_report(made: Made) -> None:
    for path in (made.out, made.out / "report.pdf"):
        found = verify(path, study=made.study.folder)
        said = [one.what for one in found.checks if "protocol.pdf" in one.what]
        assert len(said) > 5, path
        failing = [one for one in found.checks if one.failure not in {None, "incomplete"}]
        assert not failing, failing


def test_without_pinned_roots_the_approval_cannot_be_checked(made: Made) -> None:
    checks = Checks()
    check_approval(made.files(), Trust(), checks, at=clock.now())
    outcomes = {one.outcome for one in checks.all()}
    assert "could_not_be_checked" in outcomes
    assert "did_not_hold" not in outcomes


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("protocol.yaml", lambda one: one.replace(b"seed: 7", b"seed: 8")),
        ("lock/lock.json", lambda one: one.replace(b'"revision": 1', b'"revision": 2')),
        ("approval.json", lambda one: one.replace(b"Ada Author", b"Eve Author")),
        ("approval.json", lambda one: one.replace(b'"revision": "A"', b'"revision": "B"')),
        ("protocol.pdf", lambda one: one + b"\n"),
    ],
)
def test_a_record_whose_approval_was_altered_does_not_hold(
    made: Made, name: str, change: Any
) -> None:
    files = made.files()
    changed = change(files[name])
    assert changed != files[name]
    checks = Checks()
    check_approval({**files, name: changed}, made.study.world.trust, checks, at=clock.now())
    assert any(one.failure == "altered" for one in checks.all())


@pytest.mark.parametrize("name", ["protocol.pdf", "approval.json"])
def test_a_record_that_lost_a_part_of_its_approval_is_incomplete(made: Made, name: str) -> None:
    files = made.files()
    del files[name]
    checks = Checks()
    check_approval(files, made.study.world.trust, checks, at=clock.now())
    assert [one.failure for one in checks.all()] == ["incomplete"]


def test_the_text_of_the_protocol_still_runs_as_exploratory(copy: ApprovedStudy) -> None:
    outcome = run(copy.folder / "protocol.yaml", out=copy.folder / "text")
    assert outcome.findings.approval == "not_approved_exploratory"
    pages = text_of(copy.folder / "text" / "report.pdf")
    assert all("Not approved: exploratory" in one for one in pages)
    assert not (copy.folder / "text" / "protocol.pdf").exists()
    begun = load(copy.folder / "audit" / "audit.jsonl").events[-2]
    assert begun.details["approval"] == "not approved: exploratory"


def test_document_and_trust_may_lie_elsewhere_and_no_second_copy_is_needed(
    copy: ApprovedStudy, tmp_path: Path
) -> None:
    elsewhere, pinned = tmp_path / "elsewhere.pdf", tmp_path / "pinned"
    shutil.copy(copy.folder / "VP-1-2.pdf", elsewhere)
    shutil.move(copy.folder / "identities" / "trust", pinned)
    (copy.folder / "protocol.yaml").unlink()
    out = copy.folder / "again"
    asked = ["run", str(elsewhere), "--out", str(out), "--study", str(copy.folder)]
    result = CliRunner().invoke(main, [*asked, "--trust", str(pinned)])
    assert result.exit_code == 0, result.output
    assert "(approved protocol VP-T1 revision A)" in result.output


# --- refusals ----------------------------------------------------------------------------


def test_an_unsigned_document_is_refused(copy: ApprovedStudy) -> None:
    assert "0 of 2 signatures" in refused(copy, "VP.pdf")


def test_a_document_that_only_one_person_signed_is_refused(copy: ApprovedStudy) -> None:
    assert "1 of 2 signatures" in refused(copy, "VP-1.pdf")


def test_one_person_cannot_be_author_and_approver(copy: ApprovedStudy) -> None:
    copy.sign(copy.folder / "VP-1.pdf", copy.world.author, 2).rename(copy.folder / "alone.pdf")
    assert "roles, order and persons" in refused(copy, "alone.pdf")


def test_a_signer_of_another_authority_is_refused(copy: ApprovedStudy) -> None:
    other = World(clock.now())
    signed = copy.sign(copy.folder / "VP-1.pdf", other.approver, 2, world=other)
    signed.rename(copy.folder / "stranger.pdf")
    assert "signature-2: the signer's certificate" in refused(copy, "stranger.pdf")


def test_a_revoked_signer_is_refused(copy: ApprovedStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy.world, "revoked", [])
    copy.world.revoke(copy.world.author)
    copy.pin()
    assert "revoked" in refused(copy)


def test_without_pinned_roots_nobody_is_trusted(copy: ApprovedStudy) -> None:
    shutil.rmtree(copy.folder / "identities")
    assert "could not be checked" in refused(copy)


def test_a_byte_that_changed_after_signing_is_refused(copy: ApprovedStudy) -> None:
    content = bytearray((copy.folder / "VP-1-2.pdf").read_bytes())
    content[len(content) // 20] ^= 1
    (copy.folder / "flipped.pdf").write_bytes(content)
    with pytest.raises(ToolError):
        run(copy.folder / "flipped.pdf", out=copy.folder / "refused")
    assert not (copy.folder / "refused").exists()


def test_bytes_after_the_last_signature_are_refused(copy: ApprovedStudy) -> None:
    content = (copy.folder / "VP-1-2.pdf").read_bytes()
    (copy.folder / "longer.pdf").write_bytes(content + b"\n% more\n")
    assert "the last signature covers the whole file" in refused(copy, "longer.pdf")


def test_pages_that_segval_did_not_render_are_refused(copy: ApprovedStudy) -> None:
    """Signed by the right persons, embedding the right protocol, and never rendered here."""
    trail = copy.folder / "audit" / "audit.jsonl"
    lines = trail.read_bytes().splitlines(keepends=True)
    first = next(n for n, one in enumerate(lines) if b"protocol.rendered" in one)
    trail.write_bytes(b"".join(lines[:first]))
    assert "does not know that this document was rendered" in refused(copy)


def test_another_protocol_in_the_study_is_refused(copy: ApprovedStudy) -> None:
    path = copy.folder / "protocol.yaml"
    path.write_bytes(path.read_bytes().replace(b"bound: 0.5", b"bound: 0.1"))
    said = refused(copy)
    assert "protocol.yaml of the study is sha256:" in said
    assert "render the protocol document and have it signed again" in said


def test_a_superseded_lock_is_refused(copy: ApprovedStudy) -> None:
    from validation.study.locking import lock_test_set
    from validation.study.opening import read_protocol

    image, _, _ = draw(1)
    image[5, 5] += 1
    (copy.folder / "data" / "images" / "C1.png").write_bytes(png(image))
    lock_test_set(
        read_protocol(copy.folder / "protocol.yaml"),
        data=None,
        at=clock.now(),
        revise_because="an image was replaced",
    )
    said = refused(copy)
    assert "lock/lock.json of the study is sha256:" in said
    assert "revision 1" in said
    assert "images/C1.png" in said


def test_every_difference_is_told_at_once(copy: ApprovedStudy) -> None:
    (copy.folder / "model.py").write_text("# another")
    (copy.folder / "cases.csv").write_bytes((copy.folder / "cases.csv").read_bytes() + b"\n")
    (copy.folder / "data" / "images" / "C2.png").unlink()
    said = refused(copy, "VP-1.pdf")
    for reason in (
        "1 of 2 signatures",
        "the model under test is not the one that the protocol names",
        "the case table changed since the set was locked",
        "is missing",
    ):
        assert reason in said, reason


def test_a_report_is_no_protocol_document(made: Made) -> None:
    with pytest.raises(ApprovalError, match="no protocol document"):
        run(made.out / "report.pdf", out=made.out.with_name("x"))


def test_a_study_cannot_be_named_for_the_text_of_a_protocol(made: Made) -> None:
    with pytest.raises(RunError, match="lies in its study"):
        run(made.study.study.path, out=made.out.with_name("x"), study=made.study.folder)


# --- interruption ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stopped(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work of an approved run that was interrupted before its report."""
    from validation.study import running

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    out = tmp_path_factory.mktemp("stopped") / "again"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "write_report", stop)
        with pytest.raises(KeyboardInterrupt):
            run(made.signed, out=out)
    return out.with_name("again.incomplete")


@pytest.fixture
def interrupted(stopped: Path, copy: ApprovedStudy) -> ApprovedStudy:
    """A copy of the study with that work in it."""
    shutil.copytree(stopped, copy.folder / stopped.name)
    return copy


def test_an_approved_run_is_taken_up_again(interrupted: ApprovedStudy) -> None:
    out = interrupted.folder / "again"
    outcome = run(interrupted.folder / "VP-1-2.pdf", out=out, resume=True)
    assert outcome.findings.approval == "approved"
    assert json.loads((out / "run.json").read_bytes())["resumed"] == 1


def test_cases_of_an_approved_run_are_none_of_an_exploratory_one(
    interrupted: ApprovedStudy,
) -> None:
    with pytest.raises(RunError, match="another protocol, lock or model"):
        run(interrupted.folder / "protocol.yaml", out=interrupted.folder / "again", resume=True)


def test_resuming_checks_the_signatures_again(interrupted: ApprovedStudy) -> None:
    shutil.rmtree(interrupted.folder / "identities")
    with pytest.raises(ApprovalError):
        run(interrupted.folder / "VP-1-2.pdf", out=interrupted.folder / "again", resume=True)
