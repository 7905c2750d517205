"""Giving a signature at each level; what is refused; what OpenSSL and pdfsig say of it."""

import io
import re
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader

from validation.attest.certificates import Validity
from validation.attest.signed_pdf import read_signed
from validation.attest.time_stamps import HttpTimeStamper
from validation.attest.trust import Trust
from validation.errors import SignatureError
from validation.record import digest

LEVELS = ("B-B", "B-T", "B-LTA")
at_each_level = pytest.mark.parametrize("level", LEVELS)


@at_each_level
def test_each_signature_is_one_update_and_all_of_it_holds(
    level: str, at_level: Any, told: Any
) -> None:
    once, twice = at_level(level, 1), at_level(level)
    assert once.startswith(at_level(level, 0))
    assert twice.startswith(once)
    found = told(twice)
    assert found.broken == ""
    assert found.outcome == "held"


@at_each_level
def test_the_last_signature_or_time_stamp_covers_the_whole_file(level: str, at_level: Any) -> None:
    document = read_signed(at_level(level))
    assert document.last_end == document.size
    assert len(document.time_stamps) == (2 if level == "B-LTA" else 0)


def test_one_moment_stands_in_dictionary_and_statement(at_level: Any) -> None:
    for number, one in enumerate(read_signed(at_level("B-B")).signatures, start=1):
        entries = one.embedded.sig_object
        moment = re.sub(r"[^0-9]", "", one.manifestation.at)
        assert str(entries["/M"]).startswith(f"D:{moment}")
        assert str(entries["/Name"]) == one.name
        assert str(entries["/Reason"]) == one.manifestation.meaning
        assert str(entries["/Location"]) == "bench"
        assert str(entries["/SubFilter"]) == "/ETSI.CAdES.detached"
        assert one.embedded.md_algorithm == "sha256"
        assert one.manifestation.presented == digest(at_level("B-B", number - 1))


def test_the_first_certifies_and_the_last_locks_without_a_permission(at_level: Any) -> None:
    first, last = PdfFileReader(io.BytesIO(at_level("B-B"))).embedded_regular_signatures
    (certified,) = first.sig_object["/Reference"]
    assert certified["/TransformMethod"] == "/DocMDP"
    assert certified["/TransformParams"]["/P"] == 2
    (locked,) = last.sig_object["/Reference"]
    assert locked["/TransformMethod"] == "/FieldMDP"
    assert locked["/TransformParams"]["/Action"] == "/All"
    assert "/P" not in locked["/TransformParams"]


@at_each_level
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_every_signature(
    level: str, at_level: Any, world: Any, tmp_path: Path
) -> None:
    content = at_level(level)
    (tmp_path / "root.pem").write_bytes(world.root.public_bytes(Encoding.PEM))
    for one in read_signed(content).signatures:
        _, end, start, length = map(int, one.embedded.byte_range)
        (tmp_path / "signed").write_bytes(content[:end] + content[start : start + length])
        container = cms.ContentInfo.load(one.embedded.pkcs7_content)
        (tmp_path / "cms").write_bytes(container.dump())
        done = subprocess.run(
            [
                "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "cms",
                "-content", "signed", "-CAfile", "root.pem", "-purpose", "any", "-out", "verified",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "CAdES Verification successful" in done.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_time_stamp_of_the_whole_file(
    at_level: Any, world: Any, tmp_path: Path
) -> None:
    content = at_level("B-LTA")
    one = read_signed(content).time_stamps[-1]
    _, end, start, length = map(int, one.byte_range)
    (tmp_path / "root.pem").write_bytes(world.root.public_bytes(Encoding.PEM))
    (tmp_path / "stamped").write_bytes(content[:end] + content[start : start + length])
    (tmp_path / "token").write_bytes(cms.ContentInfo.load(one.pkcs7_content).dump())
    done = subprocess.run(
        [
            "openssl", "ts", "-verify", "-data", "stamped", "-in", "token", "-token_in",
            "-CAfile", "root.pem",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr


@at_each_level
@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is not installed")
def test_pdfsig_finds_both_signatures_valid(level: str, at_level: Any, tmp_path: Path) -> None:
    (tmp_path / "signed.pdf").write_bytes(at_level(level))
    done = subprocess.run(
        ["pdfsig", "-nocert", "signed.pdf"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.count("Signature is Valid.") == 2
    for name in ("Ada Author", "Bo Boss"):
        assert f"Signer Certificate Common Name: {name}" in done.stdout
    if level == "B-B":
        assert done.stdout.count("Total document signed") == 1


def _said(error: pytest.ExceptionInfo[SignatureError]) -> str:
    return str(error.value)


def _validity(world: Any, *days: int) -> Validity:
    first, last = (world.now + timedelta(days=one) for one in days)
    return Validity(first, last)


@pytest.mark.parametrize(("days", "said"), [((-20, -1), "expired"), ((1, 20), "not yet valid")])
def test_a_certificate_out_of_its_time_signs_nothing(
    days: tuple[int, int], said: str, world: Any, signing: Any
) -> None:
    someone = world.person("c.late", "Cy Late", _validity(world, *days))
    with pytest.raises(SignatureError) as error:
        world.signed(signing.document(), someone, 1)
    assert said in _said(error)
    assert "CN=Cy Late" in _said(error)
    assert "identity list" in _said(error)


def test_a_revoked_certificate_signs_nothing(signing: Any) -> None:
    world = signing.World()
    world.revoke(world.author, world.now - timedelta(days=1))
    with pytest.raises(SignatureError, match="revoked"):
        world.signed(signing.document(), world.author, 1)


def test_without_a_list_or_with_a_stale_one_nothing_is_signed(world: Any, signing: Any) -> None:
    for crls in ((), (world.crl(days=-0.5),)):
        trust = Trust(world.trust.roots, world.trust.time_authorities, crls)
        with pytest.raises(SignatureError, match="could not be checked"):
            world.signed(signing.document(), world.author, 1, trust=trust)


def test_a_certificate_of_another_authority_signs_nothing(world: Any, signing: Any) -> None:
    impostor = signing.World(world.now).author
    with pytest.raises(SignatureError, match="untrusted"):
        world.signed(signing.document(), impostor, 1)


def test_a_certificate_for_something_else_signs_nothing(world: Any, signing: Any) -> None:
    stamping = signing.Someone(world.tsa_key, world.tsa)
    with pytest.raises(SignatureError, match="unfit"):
        world.signed(signing.document(), stamping, 1, user="clock", name="Test clock")


def test_nothing_is_signed_in_a_field_that_is_not_there(world: Any, signing: Any) -> None:
    with pytest.raises(SignatureError, match="could not be made"):
        world.signed(signing.document(count=1), world.approver, 2)


def test_nothing_is_signed_in_a_field_that_is_taken(world: Any, at_level: Any) -> None:
    with pytest.raises(SignatureError, match="could not be made"):
        world.signed(at_level("B-B", 1), world.author, 1)


@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_level_with_a_time_stamp_needs_an_authority_that_is_pinned(
    level: str, world: Any, signing: Any, clock: Any
) -> None:
    document, stamper = signing.document(), HttpTimeStamper(clock.url, datetime.now(UTC))
    with pytest.raises(SignatureError, match="needs a time-stamp authority"):
        world.signed(document, world.author, 1, level=level)
    others = signing.World(world.now).trust.time_authorities
    for pinned, said in (((), "that is pinned"), (others, "not one that is pinned")):
        trust = Trust(world.trust.roots, pinned, world.trust.crls)
        with pytest.raises(SignatureError, match=said):
            world.signed(document, world.author, 1, level=level, time_stamper=stamper, trust=trust)


MOODS = {
    "error": "status 503",
    "page": "something else than a time stamp",
    "torn": "something else than a time stamp",
    "other nonce": "nonce",
    "other digest": "something else than what was asked for",
    "rejected": "refused",
    "wrong clock": "its clock says",
}


@pytest.mark.parametrize("mood", MOODS)
def test_a_time_stamp_that_is_not_right_is_refused(
    mood: str, world: Any, signing: Any, clock: Any
) -> None:
    if mood == "wrong clock" and shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    clock.mood = mood
    stamper = HttpTimeStamper(clock.url, datetime.now(UTC))
    try:
        with pytest.raises(SignatureError, match=MOODS[mood]) as error:
            world.signed(signing.document(), world.author, 1, level="B-T", time_stamper=stamper)
    finally:
        clock.mood = "right"
    assert clock.url in _said(error)
    assert "--level B-B" in _said(error)


def test_a_time_stamp_authority_that_is_down_is_named(world: Any, signing: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    stamper = HttpTimeStamper(url, world.now)
    with pytest.raises(SignatureError, match="cannot be reached") as error:
        world.signed(signing.document(), world.author, 1, level="B-T", time_stamper=stamper)
    assert url in _said(error)


@pytest.mark.parametrize("url", ["ftp://clock.example/", "file:///etc/passwd", "clock.example"])
def test_only_https_and_http_are_addresses_of_an_authority(url: str) -> None:
    with pytest.raises(SignatureError, match="no https or http address"):
        HttpTimeStamper(url, datetime.now(UTC))
