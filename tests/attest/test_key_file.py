"""Key files: written to resist guessing, read with the right reason for every refusal."""

import io
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization import pkcs12 as pkcs12_files

from validation.attest import certificates, key_file
from validation.attest.certificates import Validity
from validation.attest.key_file import OpenKey, open_key
from validation.attest.persons import Person
from validation.errors import KeyFileError, WrongPassword

PASSWORD = "correct horse battery"  # noqa: S105 - of keys that are made here
NOW = datetime.now(UTC).replace(microsecond=0)
VALID = Validity(NOW - timedelta(days=1), NOW + timedelta(days=900))


@pytest.fixture(scope="module")
def opened() -> OpenKey:
    """A person's key with the certificate of a test authority."""
    root_key, key = certificates.new_key(), certificates.new_key()
    root = certificates.authority_certificate(root_key, name="Test authority", validity=VALID)
    request = certificates.certificate_request(key, Person("jdoe", "Jane Doe"))
    person = certificates.person_certificate(
        request, authority_key=root_key, authority=root, validity=VALID
    )
    return OpenKey(key, person, (root,))


@pytest.fixture(scope="module")
def content(opened: OpenKey) -> bytes:
    return key_file.sealed(opened, PASSWORD, label="jdoe")


def test_what_is_sealed_is_opened(opened: OpenKey, content: bytes) -> None:
    found = open_key(content, PASSWORD)
    assert found.key.private_numbers() == opened.key.private_numbers()
    assert (found.certificate, found.others) == (opened.certificate, opened.others)


@pytest.mark.parametrize("password", ["pässwörd für Änna", "пароль-из-кириллицы", "🐎🔋📎 horse"])
def test_a_password_of_any_script_opens_here_and_in_openssl(
    password: str, opened: OpenKey, tmp_path: Path
) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(key_file.sealed(opened, password, label="jdoe"))
    assert open_key(path.read_bytes(), password).certificate == opened.certificate
    assert openssl_reads(path, password).returncode == 0


def openssl_reads(path: Path, password: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", "pkcs12", "-info", "-noout", "-in", path, "-passin", "stdin"],
        input=password + "\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_openssl_reads_it_and_each_guess_costs_600000_rounds(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(content)
    done = openssl_reads(path, PASSWORD)
    assert done.returncode == 0
    said = done.stderr
    assert "MAC: sha256, Iteration 600000\n" in said
    parts = [line for line in said.splitlines() if "Iteration" in line and "MAC" not in line]
    assert len(parts) == 2
    assert all("PBES2, PBKDF2, AES-256-CBC, Iteration 600000" in line for line in parts)
    assert openssl_reads(path, "correct horse batterz").returncode != 0


@pytest.mark.parametrize("password", ["", "correct horse batterY", PASSWORD + " ", "x" * 10_000])
def test_a_wrong_password_is_that_and_is_not_repeated(content: bytes, password: str) -> None:
    with pytest.raises(WrongPassword) as caught:
        open_key(content, password, where="jdoe.p12")
    assert caught.value.where == "jdoe.p12"
    assert caught.value.__cause__ is None
    if password:
        assert password not in str(caught.value)


def test_an_unreadable_key_file_is_never_a_wrong_password(content: bytes, tmp_path: Path) -> None:
    unreadable = {
        "is empty": b"",
        "is PEM": b"-----BEGIN PRIVATE KEY-----\n",
        "larger than": b"\0" * (2 << 20),
        "is no PKCS#12": b"%PDF-1.7\n",
        "damaged": content[:-7],
    }
    for said, damaged in unreadable.items():
        for password in (PASSWORD, "another password"):
            with pytest.raises(KeyFileError, match=said):
                open_key(damaged, password)
    for length in range(0, len(content), 37):
        with pytest.raises(KeyFileError):
            open_key(content[:length], PASSWORD)
    with pytest.raises(KeyFileError):
        open_key(content + b"\n", PASSWORD)


def test_an_altered_certificate_is_not_a_wrong_password(content: bytes, opened: OpenKey) -> None:
    # The certificates are encrypted first, the key after them.
    altered = bytearray(content)
    altered[len(content) // 4] ^= 1
    with pytest.raises(KeyFileError, match="was altered"):
        open_key(bytes(altered), PASSWORD)
    with pytest.raises(WrongPassword):
        open_key(bytes(altered), "another password")


def test_no_altered_bit_gives_another_key(content: bytes, opened: OpenKey) -> None:
    for position in range(0, len(content), 41):
        altered = bytearray(content)
        altered[position] ^= 4
        try:
            found = open_key(bytes(altered), PASSWORD)
        except (KeyFileError, WrongPassword):
            continue
        assert found == OpenKey(found.key, opened.certificate, opened.others)
        assert found.key.private_numbers() == opened.key.private_numbers()


def test_rounds_that_would_take_for_ever_are_refused_at_once(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "_MOST_ROUNDS", 599_999)
    with pytest.raises(KeyFileError, match="asks for 600000 rounds"):
        open_key(content, PASSWORD)


def test_a_key_that_is_not_protected_is_refused(opened: OpenKey) -> None:
    plain = pkcs12_files.serialize_key_and_certificates(
        b"jdoe", opened.key, opened.certificate, None, NoEncryption()
    )
    for password in ("", PASSWORD):
        with pytest.raises(KeyFileError, match="unencrypted"):
            open_key(plain, password)


def test_a_file_of_certificates_only_holds_no_key(opened: OpenKey) -> None:
    only = pkcs12_files.serialize_key_and_certificates(
        b"jdoe", None, opened.certificate, None, BestAvailableEncryption(PASSWORD.encode())
    )
    with pytest.raises(KeyFileError, match="holds no private key"):
        open_key(only, PASSWORD)


def test_a_key_that_readers_cannot_verify_is_refused() -> None:
    content = pkcs12_files.serialize_key_and_certificates(
        b"x",
        ed25519.Ed25519PrivateKey.generate(),
        None,
        None,
        BestAvailableEncryption(PASSWORD.encode()),
    )
    with pytest.raises(KeyFileError, match="neither ECDSA nor RSA"):
        open_key(content, PASSWORD)


def test_a_key_file_that_openssl_wrote_is_read(opened: OpenKey, tmp_path: Path) -> None:
    assert opened.certificate is not None
    plain = opened.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    source = tmp_path / "source.pem"
    source.write_bytes(plain + opened.certificate.public_bytes(Encoding.PEM))
    for options in ([], ["-nomac"], ["-legacy"]):
        made = tmp_path / "made.p12"
        subprocess.run(
            [
                "openssl",
                "pkcs12",
                "-export",
                "-in",
                source,
                "-out",
                made,
                "-passout",
                "stdin",
                *options,
            ],
            input=PASSWORD + "\n",
            encoding="utf-8",
            check=True,
            timeout=60,
            capture_output=True,
        )
        assert open_key(made.read_bytes(), PASSWORD).certificate == opened.certificate
        with pytest.raises(WrongPassword):
            open_key(made.read_bytes(), "another password")


# --- signing ------------------------------------------------------------------------------


def test_a_key_file_without_a_certificate_does_not_sign(opened: OpenKey) -> None:
    found = open_key(key_file.sealed(OpenKey(opened.key, None), PASSWORD, label="x"), PASSWORD)
    assert found.certificate is None
    with pytest.raises(KeyFileError, match="holds no certificate yet"):
        key_file.signer_of(found)


def test_pyhanko_signs_with_ecdsa(content: bytes) -> None:
    _require_a_valid_signature(open_key(content, PASSWORD))


def test_pyhanko_signs_with_rsa() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    request = certificates.certificate_request(key, Person("jdoe", "Jane Doe"))
    root_key = certificates.new_key()
    root = certificates.authority_certificate(root_key, name="Test authority", validity=VALID)
    person = certificates.person_certificate(
        request, authority_key=root_key, authority=root, validity=VALID
    )
    _require_a_valid_signature(OpenKey(key, person, (root,)))


def _require_a_valid_signature(opened: OpenKey) -> None:
    import pikepdf
    from asn1crypto import x509 as asn1_x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign import PdfSignatureMetadata, signers
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    empty = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(empty)
    signed = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(empty.getvalue())),
        PdfSignatureMetadata(field_name="signature-1"),
        signer=key_file.signer_of(opened),
    )
    trusted = asn1_x509.Certificate.load(opened.others[0].public_bytes(Encoding.DER))
    status = validate_pdf_signature(
        PdfFileReader(signed).embedded_signatures[0],
        ValidationContext(trust_roots=[trusted], allow_fetching=False),
    )
    assert status.bottom_line, status.pretty_print_details()
