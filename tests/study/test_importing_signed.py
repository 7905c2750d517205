"""Documents that were signed elsewhere: taken back and recorded, or refused with every reason."""

import io
import os
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.study.signing_study import signed_elsewhere
from validation.errors import RecordError, SignatureError
from validation.record import digest
from validation.study.importing_signed import import_document


def _back(study: Any, content: bytes, name: str = "back.pdf") -> Path:
    path = Path(study.folder.parent) / name
    path.write_bytes(content)
    return path


def _content(study: Any) -> bytes:
    return bytes(study.document.read_bytes())


def _refused(study: Any, content: bytes, said: str) -> None:
    before = study.actions
    back = _back(study, content)
    presented = study.present()
    with pytest.raises(SignatureError) as caught:
        import_document(presented, back)
    assert said in str(caught.value)
    assert study.actions == [*before, "sign.refused"]
    told = study.events[-1]
    assert said in told.reason
    assert told.reason.startswith("back.pdf: ")
    assert told.about.digest == digest(_content(study))
    assert not study.signed(1).exists()


def test_a_document_that_was_signed_elsewhere_is_kept_and_recorded(signing: Any) -> None:
    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    place = import_document(signing.present(), _back(signing, content))
    assert place == signing.signed(1)
    assert place.read_bytes() == content
    told = signing.events[-1]
    assert (told.action, told.actor.user) == ("sign.imported", "ada")
    assert told.details["signed"] == digest(content)
    assert told.details["name"] == "Ada Author"
    assert told.details["role"] == "author"
    assert told.details["from"] == "back.pdf"
    signing.approver()
    assert signing.failed() == []


def test_the_last_signature_may_come_from_elsewhere(signing: Any) -> None:
    signing.author()
    once = signing.signed(1).read_bytes()
    content = signed_elsewhere(
        once, signing.signer("bo"), field_name="signature-2", reason="I approve this"
    )
    presented = signing.present(signing.signed(1), "approver")
    assert import_document(presented, _back(signing, content)) == signing.signed(2)
    assert signing.failed() == []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"field_name": "signature-2"}, "and not one in the field signature-1"),
        ({"reason": "I like this"}, "'I like this'"),
        ({"reason": None}, "its reason says 'nothing', not 'I wrote this'"),
    ],
)
def test_another_field_or_reason_is_refused(
    signing: Any, entries: dict[str, Any], said: str
) -> None:
    _refused(signing, signed_elsewhere(_content(signing), signing.signer("ada"), **entries), said)


def test_a_field_that_was_added_is_refused(signing: Any) -> None:
    content = signed_elsewhere(_content(signing), signing.signer("ada"), field_name="Signature7")
    _refused(signing, content, "and not one in the field signature-1")


def test_two_new_signatures_are_refused(signing: Any) -> None:
    once = signed_elsewhere(_content(signing), signing.signer("ada"))
    twice = signed_elsewhere(
        once, signing.signer("bo"), field_name="signature-2", reason="I approve this"
    )
    _refused(signing, twice, "it has 2 new signatures")


def test_what_was_not_signed_is_refused(signing: Any) -> None:
    _refused(signing, _content(signing), "it has 0 new signatures")


def test_what_a_viewer_saved_anew_is_refused(signing: Any) -> None:
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(_content(signing))) as pdf:
        pdf.save(stream)
    content = signed_elsewhere(stream.getvalue(), signing.signer("ada"))
    _refused(signing, content, "it is not the document that was presented")


def _changed(content: bytes) -> bytes:
    """Return a document with its first page turned, in an update of its own."""
    writer = _turned(content)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _turned(content: bytes) -> Any:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = generic.NumberObject(180)
    writer.mark_update(page.container_ref)
    return writer


def test_a_change_that_was_saved_before_the_signature_is_refused(signing: Any) -> None:
    """The signature covers it, so that no check of the signature could find it."""
    content = signed_elsewhere(_changed(_content(signing)), signing.signer("ada"))
    _refused(signing, content, "more than a signature was added")


def test_a_change_that_was_saved_with_the_signature_is_refused(signing: Any) -> None:
    content = signed_elsewhere(_turned(_content(signing)), signing.signer("ada"))
    _refused(signing, content, "more than a signature was added")
    what = "signature-1: nothing was added with it to what was presented"
    found = signing.verified(_back(signing, content))
    assert [one.failure for one in found.checks if one.what == what] == ["altered"]


@pytest.mark.parametrize("entry", ["/MarkInfo", "/DSS"])
def test_no_entry_of_the_catalog_comes_with_the_first_signature(signing: Any, entry: str) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(_content(signing)))
    value = generic.DictionaryObject({generic.NameObject("/Marked"): generic.BooleanObject(False)})
    if entry == "/DSS":
        value = generic.DictionaryObject({generic.NameObject("/Certs"): generic.ArrayObject()})
    writer.root[generic.NameObject(entry)] = writer.add_object(value)
    writer.update_root()
    content = signed_elsewhere(writer, signing.signer("ada"))
    _refused(signing, content, "more than a signature was added")


def test_a_change_that_was_saved_after_the_signature_is_refused(signing: Any) -> None:
    content = _changed(signed_elsewhere(_content(signing), signing.signer("ada")))
    _refused(signing, content, "does not hold")


def test_bytes_after_the_signature_are_refused(signing: Any) -> None:
    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    _refused(signing, content + b"\n% more", "a signature so far does not hold")


def test_a_signer_whom_nobody_pinned_is_refused(signing: Any) -> None:
    from tests.attest.signing_world import World
    from validation.clock import now

    stranger = World(now()).person("ada", "Ada Author")
    content = signed_elsewhere(_content(signing), stranger.signer)
    _refused(signing, content, "untrusted")


def test_a_signer_who_was_revoked_is_refused(signing: Any) -> None:
    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    signing.revoke("ada")
    _refused(signing, content, "revoked")


def test_the_author_does_not_approve_elsewhere_either(signing: Any) -> None:
    signing.author()
    content = signed_elsewhere(
        signing.signed(1).read_bytes(),
        signing.signer("ada"),
        field_name="signature-2",
        reason="I approve this",
    )
    presented = signing.present(signing.signed(1), "approver")
    with pytest.raises(SignatureError, match="may not sign as approver"):
        import_document(presented, _back(signing, content))
    assert signing.actions[-1] == "sign.refused"


def test_a_signature_of_segval_in_another_study_is_refused(
    signing: Any, signing_base: Any, tmp_path: Path
) -> None:
    """It names an event that this trail does not have."""
    from tests.study.signing_study import copy_of

    other = copy_of(signing_base, tmp_path / "other")
    other.author()
    _refused(signing, other.signed(1).read_bytes(), "it was given by segval: sign here")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"hello"])
def test_what_is_no_pdf_is_refused(signing: Any, content: bytes) -> None:
    _refused(signing, content, "it is not the document that was presented")


def test_the_same_file_twice_is_refused_the_second_time(signing: Any) -> None:
    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    presented, back = signing.present(), _back(signing, content)
    import_document(presented, back)
    with pytest.raises(SignatureError, match="was signed already, by ada"):
        import_document(presented, back)
    with pytest.raises(SignatureError, match="was signed already, by ada"):
        signing.present()


def test_an_interrupted_import_is_done_again(signing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file lies there, and the trail was not told: the same file is no obstacle."""
    from validation.errors import AuditError
    from validation.study.auditing import StudyTrail

    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    back = _back(signing, content)

    def full(*_: Any, **__: Any) -> None:
        raise AuditError("the audit trail cannot be written: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(StudyTrail, "tell", full)
        with pytest.raises(AuditError, match="could not be told"):
            import_document(signing.present(), back)
    assert signing.signed(1).exists()
    import_document(signing.present(), back)
    assert signing.actions[-1] == "sign.imported"
    signing.signed(1).write_bytes(b"another")


def test_a_file_that_is_there_is_not_replaced(signing: Any) -> None:
    signing.signed(1).parent.mkdir()
    signing.signed(1).write_bytes(b"another")
    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    with pytest.raises((SignatureError, RecordError), match="never replaced"):
        import_document(signing.present(), _back(signing, content))
    assert signing.signed(1).read_bytes() == b"another"


@pytest.mark.skipif(os.name != "posix", reason="such names are POSIX's")
@pytest.mark.parametrize("name", ["a\nb.pdf", "\x1b[31mred.pdf", "caf\udce9.pdf"])
def test_a_hostile_name_of_a_file_is_written_harmlessly(signing: Any, name: str) -> None:
    content = signed_elsewhere(_content(signing), signing.signer("ada"))
    import_document(signing.present(), _back(signing, content, name))
    assert signing.events[-1].details["from"].isprintable()
    with pytest.raises(SignatureError):
        import_document(
            signing.present(signing.signed(1), "approver"), _back(signing, content, name)
        )
    assert signing.events[-1].reason.isascii()
