"""Signing a document of a study: what is told when, what is refused, what verification finds."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.study.signing_study import copy_of, signed_elsewhere, trail_lines
from validation.attest.audit_file import trail_path
from validation.attest.signed_pdf import read_signed
from validation.errors import AuditError, RecordError, SignatureError, ToolError
from validation.record import digest
from validation.study.audit_review import review
from validation.study.signing import sign_presented
from validation.study.verifying import verify


@pytest.fixture(scope="module")
def signed_base(signing_base: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The study with its protocol signed by author and approver; not to be changed."""
    study = copy_of(signing_base, tmp_path_factory.mktemp("signed") / "signing")
    study.author()
    study.approver()
    return study


@pytest.fixture
def signed(signed_base: Any, tmp_path: Path) -> Any:
    """A copy of the signed study, to tamper with."""
    return copy_of(signed_base, tmp_path / "signed")


def _refused(act: Callable[[], object], said: str, kind: type[ToolError] = SignatureError) -> str:
    with pytest.raises(kind) as caught:
        act()
    assert said in str(caught.value)
    return str(caught.value)


def _failures(study: Any, path: Path | None = None) -> dict[str, str | None]:
    return {one.what.rpartition("pdf: ")[2]: one.failure for one in study.failed(path)}


# The whole way


def test_author_and_approver_sign_and_everything_holds(signed: Any) -> None:
    assert signed.actions[-4:] == ["sign.intent", "sign.completed"] * 2
    first, done, second, last = signed.events[-4:]
    assert [one.actor.user for one in (first, done, second, last)] == ["ada", "ada", "bo", "bo"]
    assert first.about.digest == digest(signed.document.read_bytes())
    assert first.details["role"] == "author"
    assert first.details["meaning"] == "I wrote this"
    assert done.details == {
        "signed": digest(signed.signed(1).read_bytes()), "intent": str(first.sequence),
    }  # fmt: skip
    assert second.about.digest == done.details["signed"]
    assert last.details["signed"] == digest(signed.signed(2).read_bytes())
    assert signed.failed() == []
    assert signed.failed(signed.signed(2)) == []
    assert signed.verified().kind == "study"


def test_number_and_digest_of_the_event_before_stand_in_the_signature(signing: Any) -> None:
    said = signing.author().manifestation
    intent = signing.events[-2]
    assert (said.sequence, said.event, said.trail_id) == (
        intent.sequence, intent.digest, intent.trail_id,
    )  # fmt: skip
    assert said.at == f"{intent.at[:19]}Z"
    (found,) = read_signed(signing.signed(1).read_bytes()).signatures
    assert found.manifestation == said


def test_a_study_that_half_have_signed_is_incomplete(signing: Any) -> None:
    signing.author()
    (found,) = signing.failed()
    assert found.failure == "incomplete"
    assert found.detail == "1 of 2 signatures"


def test_signing_leaves_every_file_before_as_it_was(signed: Any, signing_base: Any) -> None:
    unsigned = signing_base.document.read_bytes()
    assert signed.document.read_bytes() == unsigned
    once, twice = signed.signed(1).read_bytes(), signed.signed(2).read_bytes()
    assert once.startswith(unsigned)
    assert twice.startswith(once)


def test_each_level_holds_with_the_trail(signing: Any) -> None:
    """At B-LTA a time stamp follows the signature; both are the file that the trail knows."""
    stamper = signing.with_clock()
    signing.author(level="B-LTA", time_stamper=stamper)
    signing.approver(level="B-LTA", time_stamper=stamper)
    assert signing.failed(signing.signed(2)) == []


# Who may not sign


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("approver", "it is not the turn of role approver: author (Tester) signs next"),
        ("nobody", "has no signatory nobody"),
        ("", "has no signatory"),
    ],
)
def test_another_role_than_the_next_is_refused(signing: Any, role: str, said: str) -> None:
    before = signing.actions
    text = _refused(lambda: signing.present(role=role), said)
    assert "the order is author, approver" in text
    assert signing.actions == before


def test_after_the_last_nobody_signs(signed: Any) -> None:
    for role in ("author", "approver"):
        _refused(lambda role=role: signed.present(signed.signed(2), role), "nothing is left")


def test_one_person_in_two_roles_is_refused_and_told(signing: Any) -> None:
    signing.author()
    before = signing.actions
    _refused(lambda: signing.sign("ada", "approver", signing.signed(1)), "may not sign as approver")
    assert signing.actions == [*before, "sign.refused"]
    assert signing.events[-1].actor.user == "ada"
    assert not signing.signed(2).exists()


def test_a_revoked_certificate_is_refused_before_the_act(signing: Any) -> None:
    signing.revoke("ada")
    _refused(signing.author, "the certificate cannot sign: revoked")
    assert signing.actions[-1] == "sign.refused"
    assert "sign.intent" not in signing.actions


def test_a_person_of_another_authority_is_refused_before_the_act(signing: Any) -> None:
    from tests.attest.signing_world import World
    from validation.clock import now

    stranger = World(now()).person("ada", "Ada Author")
    presented = signing.present()
    _refused(
        lambda: sign_presented(presented, stranger.signer, key="k"), "the certificate cannot sign"
    )
    assert signing.actions[-1] == "sign.refused"
    assert not signing.signed(1).exists()


def test_without_a_pinned_root_nobody_signs(signing: Any) -> None:
    shutil.rmtree(signing.folder / "identities" / "trust")
    _refused(signing.author, "no root certificate is pinned")
    assert "sign.intent" not in signing.actions


# What may not be signed


def _edited_page(path: Path) -> None:
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        page = pdf.pages[0]
        page.contents_add(pdf.make_stream(b"q 1 1 1 rg 0 0 500 500 re f Q"))
        pdf.save(path)


def test_a_document_that_was_altered_before_its_first_signature_is_refused(signing: Any) -> None:
    """No signature pins it yet: the trail does. The embedded files are all as they were."""
    _edited_page(signing.document)
    _refused(signing.present, "are not the bytes of protocol VP-T1 that the audit trail knows")


def test_a_document_that_was_altered_after_a_signature_is_refused(signing: Any) -> None:
    signing.author()
    path = signing.signed(1)
    content = path.read_bytes()
    for altered in (content + b"\n", content[:-40], content.replace(b"Ada Author", b"Eda Author")):
        assert altered != content
        path.write_bytes(altered)
        with pytest.raises(SignatureError):
            signing.present(path, "approver")
    assert signing.actions[-1] == "sign.completed"


def _flip_in_the_hole(path: Path) -> None:
    """Change the padding after a signature's value: no signature covers it."""
    content = bytearray(path.read_bytes())
    at = content.rindex(b"00000000>")
    content[at : at + 2] = b"01"
    path.write_bytes(content)


def _other_case_in_the_hole(path: Path) -> None:
    """Write a signature's value in digits of the other case: the same value to every reader."""
    content = path.read_bytes()
    start = content.rindex(b"/Contents <") + 10
    end = content.index(b">", start)
    path.write_bytes(content[:start] + content[start:end].swapcase() + content[end:])


@pytest.mark.parametrize("alter", [_flip_in_the_hole, _other_case_in_the_hole])
def test_a_change_in_the_room_of_a_signature_is_found_and_not_taken_for_an_interruption(
    signing: Any, alter: Callable[[Path], None]
) -> None:
    signing.author()
    alter(signing.signed(1))
    before = signing.actions
    with pytest.raises(SignatureError):
        signing.present(signing.signed(1), "approver")
    assert signing.actions == before
    assert "altered" in {one.failure for one in signing.failed(signing.signed(1))}


def test_a_document_that_was_rolled_back_is_refused_and_found(signed: Any) -> None:
    said = _refused(lambda: signed.present(signed.signed(1), "approver"), "was signed already")
    assert "by bo" in said
    assert digest(signed.signed(2).read_bytes()) in said
    _refused(signed.present, "was signed already, by ada")
    found = _failures(signed, signed.signed(1))
    assert found["this is the newest signed revision that the trail knows"] == "incomplete"


def test_a_document_of_another_study_is_refused(signing: Any) -> None:
    """Even one of the same number, by the same authority, that the other study rendered."""
    from tests.study.tiny_study import Study
    from validation.study.protocol_document import write_protocol_document

    folder = signing.folder.parent / "other"
    folder.mkdir()
    study = Study(folder, "instance").change("limits", "Shows something else.").lock()
    write_protocol_document(study.path, out=folder / "VP.pdf")
    _refused(
        lambda: signing.present(folder / "VP.pdf"),
        "are not the bytes of protocol VP-T1 that the audit trail knows",
    )


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"not a PDF", b"%PDF-1.7\n%%EOF\n" * 9])
def test_what_is_no_document_is_refused(signing: Any, content: bytes) -> None:
    signing.document.write_bytes(content)
    with pytest.raises(SignatureError):
        signing.present()


def test_a_pdf_of_somebody_else_is_refused(signing: Any) -> None:
    from tests.attest.signing_world import document

    signing.document.write_bytes(document())
    _refused(signing.present, "neither a protocol document nor a report")


# Signing again


def test_a_lost_revision_is_signed_again_with_a_reason(signing: Any) -> None:
    signing.author()
    signing.signed(1).unlink()
    _refused(signing.present, "--again")
    what = "VP-T1: every signed revision that the trail knows is here"
    assert _failures(signing)[what] == "incomplete"
    signing.author(again="the disk failed")
    assert [one.reason for one in signing.events[-2:]] == ["the disk failed", ""]
    signing.approver()
    assert signing.failed() == []


def test_a_revision_that_was_replaced_is_not_signed_when_it_turns_up(signing: Any) -> None:
    signing.author()
    old = signing.signed(1).rename(signing.folder / "old.pdf")
    signing.author(again="the disk failed")
    said = _refused(lambda: signing.present(old, "approver"), "it was given again")
    assert digest(signing.signed(1).read_bytes()) in said


def test_a_file_that_is_there_is_never_replaced(signing: Any) -> None:
    signing.signed(1).parent.mkdir()
    signing.signed(1).write_bytes(b"somebody's")
    _refused(signing.author, "never replaced")
    assert "sign.intent" not in signing.actions
    assert signing.signed(1).read_bytes() == b"somebody's"


# The trail against the document


def _cut(study: Any, count: int) -> None:
    trail_path(study.folder).write_bytes(b"".join(trail_lines(study)[:-count]))


def test_a_trail_that_was_cut_off_after_a_signature_is_found(signed: Any) -> None:
    lines = trail_lines(signed)
    for count, said in ((1, "incomplete"), (2, "altered"), (4, "altered")):
        trail_path(signed.folder).write_bytes(b"".join(lines[:-count]))
        failures = {one.failure for one in signed.failed(signed.signed(2))}
        assert said in failures, count
        assert not review(signed.folder, [signed.signed(2)]).holds or count == 1


def test_a_trail_that_was_written_anew_is_found(signed: Any, signing_base: Any) -> None:
    """The forger has the tool: chain and all are right, only it is not what was signed."""
    _cut(signed, 4)
    other = copy_of(signing_base, signed.folder.parent.parent / "forger")
    trail_path(other.folder).write_bytes(trail_path(signed.folder).read_bytes())
    other.author()
    other.approver()
    trail_path(signed.folder).write_bytes(trail_path(other.folder).read_bytes())
    assert review(signed.folder).holds
    assert "altered" in {one.failure for one in signed.failed(signed.signed(2))}
    found = review(signed.folder, [signed.signed(2)])
    assert [one.what[-26:] for one in found.problems] == ["the trail was written anew"] * 2


def test_nothing_is_signed_over_a_trail_that_was_cut_off_or_edited(signing: Any) -> None:
    signing.author()
    whole = trail_lines(signing)
    _cut(signing, 2)
    _refused(lambda: signing.present(signing.signed(1), "approver"), "its end was cut off")
    edited = [*whole[:3], whole[3].replace(b"authority", b"Authority", 1), *whole[4:]]
    trail_path(signing.folder).write_bytes(b"".join(edited))
    _refused(
        lambda: signing.present(signing.signed(1), "approver"),
        "the audit trail was altered",
        AuditError,
    )


def test_a_lost_trail_is_no_whole_trail(signed: Any) -> None:
    trail_path(signed.folder).unlink()
    found = verify(signed.signed(2), study=signed.folder)
    assert found.outcome == "did_not_hold"
    found = verify(signed.folder, study=signed.folder)
    assert "incomplete" in {
        one.failure for one in found.checks if one.what == "the chain of the audit trail holds"
    }


# Files in signed/


def test_a_signed_revision_that_is_lost_is_missed(signed: Any) -> None:
    what = "VP-T1: every signed revision that the trail knows is here"
    signed.signed(1).unlink()
    assert _failures(signed) == {what: "incomplete"}
    signed.signed(2).unlink()
    assert _failures(signed)[what] == "incomplete"


def test_a_copy_of_an_altered_file_does_not_hide_it(signed: Any) -> None:
    """Each of two equal files is the beginning of the other, and both are looked at as one."""
    _flip_in_the_hole(signed.signed(2))
    shutil.copy(signed.signed(2), signed.folder / "signed" / "copy.pdf")
    assert "altered" in {one.failure for one in signed.failed()}


def test_what_an_interrupted_writing_left_is_removed_by_the_next(signing: Any) -> None:
    signing.signed(1).parent.mkdir()
    (signing.folder / "signed" / ".new-abc").write_bytes(b"half")
    signing.author()
    assert [one.name for one in (signing.folder / "signed").iterdir()] == ["VP-1-author.pdf"]


# At once


def _forked(*jobs: Callable[[], object]) -> list[int]:
    """Run each job in a process of its own, all at once; return how each ended.

    0: done; 1: refused, as a person is told; 2: anything else; -9: killed.
    """
    children = []
    ready, go = os.pipe()
    for job in jobs:
        child = os.fork()
        if child == 0:
            status = 2
            try:
                os.close(go)
                os.read(ready, 1)  # until all are there
                job()
                status = 0
            except ToolError as error:
                sys.stderr.write(f"{error}\n")
                status = 1
            finally:
                sys.stderr.flush()
                os._exit(status)
        children.append(child)
    os.close(ready)
    os.close(go)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


posix = pytest.mark.skipif(os.name != "posix", reason="it forks")


@posix
def test_of_two_who_sign_one_revision_at_once_one_is_told(
    signing: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Both had it presented before either signed; their files would not even meet."""
    presented = signing.present()
    ended = _forked(
        *(
            lambda user=user: sign_presented(
                presented, signing.signer(user), key="k", out=signing.folder / f"{user}.pdf"
            )
            for user in ("ada", "cy")
        )
    )
    assert sorted(ended) == [0, 1]
    assert "was signed already, by" in capfd.readouterr().err
    written = [one.name for one in signing.folder.glob("*.pdf") if one.name != "VP.pdf"]
    assert len(written) == 1
    assert signing.actions.count("sign.completed") == 1
    assert review(signing.folder).holds
    assert review(signing.folder).remarks == ()


@posix
def test_eight_sign_eight_documents_of_one_study_at_once(signing: Any) -> None:
    content = signing.document.read_bytes()
    paths = [signing.folder / f"VP{number}.pdf" for number in range(8)]
    users = ["ada", "bo", "cy"]
    for number, path in enumerate(paths):
        path.write_bytes(content)
        _tell_rendered(signing, path, number)
    ended = _forked(
        *(
            lambda path=path, number=number: signing.sign(users[number % 3], "author", path)
            for number, path in enumerate(paths)
        )
    )
    assert ended == [0] * 8
    assert signing.actions.count("sign.completed") == 8
    assert review(signing.folder).holds
    for number in range(8):
        assert signing.verified(signing.signed(1, f"VP{number}")).failures == ("incomplete",)


def _tell_rendered(study: Any, path: Path, number: int) -> None:
    """Make a document another one than its neighbours, and let the trail know of it."""
    from validation.study.auditing import StudyTrail

    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root.Number = number
        pdf.save(path)
    about = next(one.about for one in study.events if one.action == "protocol.rendered")
    StudyTrail(study.folder).tell(
        "protocol.rendered", about, details={"document": digest(path.read_bytes())}
    )


# Interruptions


def _is_below(folder: Path, what: int | str | Path) -> bool:
    """Tell whether a path, or the file of a descriptor, lies in a folder."""
    place = Path("/proc/self/fd") / str(what) if isinstance(what, int) else Path(what)
    if isinstance(what, int) and not place.exists():
        return not Path("/proc").exists()  # not Linux: everything counts
    return place.resolve().is_relative_to(folder.resolve())


def _killed_at(number: int, study: Any) -> None:
    """Sign, and be killed at the n-th call by which something gets onto the disk of the study.

    Calls elsewhere (fonts, temporary files, pipes) are not counted: they differ between processes.
    """
    calls = 0
    real = {name: getattr(os, name) for name in ("write", "fsync", "link", "unlink")}

    def counted(name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            nonlocal calls
            calls += _is_below(study.folder, given[-1 if name == "link" else 0])
            if calls == number:
                if name == "write":  # a part of the line is written
                    real["write"](given[0], bytes(given[1])[:40])
                os.kill(os.getpid(), signal.SIGKILL)
            return real[name](*given, **named)

        return call

    presented, signer = study.present(), study.signer("ada")
    for name in real:
        setattr(os, name, counted(name))
    sign_presented(presented, signer, key="k")


@pytest.mark.slow
@posix
def test_a_signature_that_is_killed_at_any_step_is_whole_or_not_there(
    signing_base: Any, tmp_path: Path
) -> None:
    kinds = set()
    for number in range(1, 99):
        study = copy_of(signing_base, tmp_path / f"at-{number}")
        (status,) = _forked(lambda study=study, number=number: _killed_at(number, study))
        if status == 0:
            break
        assert status == -9
        found = review(study.folder)
        assert found.holds
        is_there = study.signed(1).exists()
        is_open = any("sign.intent" in one for one in found.remarks)
        assert is_open == (study.actions[-1] == "sign.intent")
        kinds.add((is_there, is_open))
        if is_there:
            presented = study.present(study.signed(1), "approver")
            assert study.actions[-1] == "sign.completed"
            assert study.events[-1].details["signed"] == presented.digest
        else:
            study.author()
            assert ("sign.aborted" in study.actions) == is_open
        assert study.actions.count("sign.completed") == 1
        assert study.failed(study.signed(1))[0].detail == "1 of 2 signatures"
        assert review(study.folder).remarks == ()
        assert [one.name for one in study.signed(1).parent.iterdir() if one.name[0] != "."] == [
            "VP-1-author.pdf"
        ]
    assert number > 7
    assert kinds >= {(False, False), (False, True), (True, True)}


@posix
def test_a_file_without_its_event_is_told_by_verify_and_found_beside_the_document(
    signing: Any,
) -> None:
    """Whoever signs the unsigned document once more is told that it is signed."""
    signing.author()
    _cut(signing, 1)
    whats = [one.what for one in signing.failed() if one.failure == "incomplete"]
    assert "every act that was begun has an end" in whats
    _refused(signing.present, "was signed already, by ada")
    assert signing.events[-1].reason == "the file was found after an interruption"
    assert signing.failed()[0].detail == "1 of 2 signatures"
    assert len(signing.failed()) == 1


def _full_at(number: int, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    calls = 0
    real = os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise OSError(code, os.strerror(code))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize(
    ("number", "ended"),
    [
        (1, (AuditError, "protocol.rendered", False)),  # sign.intent
        (2, (RecordError, "sign.failed", False)),  # the file
        (3, (RecordError, "sign.failed", True)),  # its name in the folder
        (4, (AuditError, "sign.intent", True)),  # sign.completed
    ],
)
def test_a_disk_that_fails_at_any_write_leaves_nothing_half_written(
    signing: Any,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    ended: tuple[type[ToolError], str, bool],
) -> None:
    kind, last, is_there = ended
    presented = signing.present()
    with monkeypatch.context() as full:
        _full_at(number, full, 28)
        with pytest.raises(kind, match=r"No space left|not be told") as caught:
            sign_presented(presented, signing.signer("ada"), key="k")
    assert signing.actions[-1] == last
    assert signing.signed(1).exists() == is_there
    assert not list(signing.folder.rglob(".new-*"))
    assert review(signing.folder).holds
    if number == 4:
        assert str(signing.signed(1)) in str(caught.value)
        assert "nothing was done" not in caught.value.what
    if is_there:
        signing.approver()
    else:
        signing.author()
        signing.approver()
    assert signing.failed(signing.signed(2)) == []


def test_a_folder_of_documents_that_is_read_only_is_told(
    signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(30, os.strerror(30))

    with monkeypatch.context() as only:
        only.setattr(tempfile, "mkstemp", refuse)
        _refused(signing.author, "choose a folder that can be written to", RecordError)
    assert signing.actions[-1] == "sign.failed"
    assert not signing.signed(1).exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="mounts are made on Linux only")
@pytest.mark.parametrize("options", ["size=300k", "ro"])
def test_a_real_disk_that_is_full_or_read_only(signing: Any, options: str) -> None:
    import subprocess

    disk = signing.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (it takes root and the right to mount)")
    try:
        if options != "ro":
            (disk / "filler").write_bytes(b"x" * 250_000)
        with pytest.raises(ToolError, match=r"No space left|Read-only"):
            signing.author(out=disk / "signed.pdf")
        assert [one.name for one in disk.iterdir()] in ([], ["filler"])
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert signing.actions[-1] == "sign.failed"


def test_a_study_that_is_read_only_is_not_signed_in(
    signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from validation import workspace

    def refuse(_: Path) -> int:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(workspace, "open_to_append", refuse)
    _refused(signing.present, "nothing was done", AuditError)


def test_signatures_of_a_viewer_and_of_segval_hold_beside_each_other(signing: Any) -> None:
    from validation.study.importing_signed import import_document

    back = signing.folder / "back.pdf"
    back.write_bytes(signed_elsewhere(signing.document.read_bytes(), signing.signer("ada")))
    import_document(signing.present(), back)
    signing.approver()
    assert signing.failed() == []
