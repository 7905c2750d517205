"""Keys on a token, tried with SoftHSM: OpenSSL and pyHanko agree on what it signs."""

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from validation.attest import certificates, key_token
from validation.attest.certificates import PrivateKey, Validity
from validation.attest.key_token import open_token
from validation.attest.persons import Person, person_of
from validation.errors import KeyFileError, WrongPassword

pkcs11 = pytest.importorskip("pkcs11", reason="the extra `token` is not installed")

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
LIBRARY = next((Path(one) for one in LIBRARIES if Path(one).is_file()), None)
TOOLS = all(map(shutil.which, ("softhsm2-util", "pkcs11-tool")))
pytestmark = pytest.mark.skipif(
    LIBRARY is None or not TOOLS,
    reason="tokens are tried with SoftHSM: install softhsm2 and opensc",
)

PIN, SO_PIN = "1234567890", "0987654321"
NOW = datetime.now(UTC).replace(microsecond=0)
VALID = Validity(NOW - timedelta(days=1), NOW + timedelta(days=900))
ROOT_KEY = certificates.new_key()
ROOT = certificates.authority_certificate(ROOT_KEY, name="Test authority", validity=VALID)


class Tokens(NamedTuple):
    library: Path


def _certified(key: PrivateKey, name: str) -> x509.Certificate:
    request = certificates.certificate_request(key, Person("jdoe", name))
    return certificates.person_certificate(
        request, authority_key=ROOT_KEY, authority=ROOT, validity=VALID
    )


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokens]:
    """Tokens in a folder: one key, two keys, a key without certificate, and none."""
    assert LIBRARY is not None
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        jane = certificates.new_key()
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        _fill(folder, "one", ("jane", "01", jane, _certified(jane, "Jane Doe")))
        _fill(
            folder,
            "two",
            ("jane", "01", jane, _certified(jane, "Jane Doe")),
            ("rsa", "02", rsa_key, _certified(rsa_key, "Jane Roe")),
        )
        _fill(folder, "bare", ("jane", "01", jane, None))
        _fill(folder, "none")
        yield Tokens(LIBRARY)
        pkcs11.unload(str(LIBRARY))


def _fill(
    folder: Path, token: str, *keys: tuple[str, str, PrivateKey, x509.Certificate | None]
) -> None:
    _run("softhsm2-util", "--init-token", "--free", "--label", token, "--pin", PIN,
         "--so-pin", SO_PIN)  # fmt: skip
    for label, number, key, certificate in keys:
        parts = [("privkey", key.private_bytes(
            Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()))]  # fmt: skip
        if certificate is not None:
            parts.append(("cert", certificate.public_bytes(Encoding.DER)))
        for kind, content in parts:
            path = folder / f"{token}-{label}-{kind}.der"
            path.write_bytes(content)
            _run("pkcs11-tool", "--module", LIBRARY, "--token-label", token, "--login", "--pin",
                 PIN, "--write-object", path, "--type", kind, "--id", number, "--label", label,
                 *(["--usage-sign"] if kind == "privkey" else []))  # fmt: skip


def _run(*command: object) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, env=dict(os.environ))


def _signed_pdf(signer: object) -> bytes:
    import pikepdf
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, signers
    from pyhanko.sign.fields import SigSeedSubFilter

    empty = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(empty)
    signed = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(empty.getvalue())),
        PdfSignatureMetadata(field_name="signature-1", subfilter=SigSeedSubFilter.PADES),
        signer=signer,
    )
    return bytes(signed.getvalue())


@pytest.mark.parametrize(
    ("token", "label", "name"),
    [("one", None, "Jane Doe"), ("two", "jane", "Jane Doe"), ("two", "rsa", "Jane Roe")],
)
def test_a_key_on_a_token_signs(
    tokens: Tokens, token: str, label: str | None, name: str, tmp_path: Path
) -> None:
    with open_token(tokens.library, token=token, pin=PIN, label=label) as opened:
        assert person_of(opened.certificate).name == name
        content = _signed_pdf(opened.signer)
    _openssl_verifies(content, tmp_path)


def _openssl_verifies(content: bytes, folder: Path) -> None:
    """Cut the signed bytes and the signature out, and let OpenSSL judge."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    start, first, second, rest = embedded.byte_range
    data = content[start : start + first] + content[second : second + rest]
    (folder / "data").write_bytes(data)
    (folder / "signature").write_bytes(embedded.pkcs7_content)
    (folder / "root.pem").write_bytes(ROOT.public_bytes(Encoding.PEM))
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-cades", "-inform", "DER", "-in", "signature", "-content",
         "data", "-binary", "-CAfile", "root.pem", "-purpose", "any", "-out", "checked"],
        capture_output=True, encoding="utf-8", check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "erification successful" in done.stderr


def _refused(tokens: Tokens, kind: type[Exception], token: str, **named: str) -> str:
    with (
        pytest.raises(kind) as caught,
        open_token(tokens.library, token=token, **{"pin": PIN, **named}),
    ):
        pass
    said = str(caught.value)
    assert named.get("pin", PIN) not in said
    return said


@pytest.mark.parametrize("pin", ["000000000", "1", "x" * 300])
def test_a_wrong_pin_is_a_wrong_password(tokens: Tokens, pin: str) -> None:
    assert "the PIN does not open" in _refused(tokens, WrongPassword, "one", pin=pin)


def test_a_token_is_opened_again_after_a_wrong_pin(tokens: Tokens) -> None:
    _refused(tokens, WrongPassword, "one", pin="000000000")
    for name in ("one", "one"):
        with open_token(tokens.library, token=name, pin=PIN) as opened:
            assert person_of(opened.certificate).user == "jdoe"


def test_a_token_that_is_not_there_is_named_with_those_that_are(tokens: Tokens) -> None:
    said = _refused(tokens, KeyFileError, "three")
    assert "there is no token 'three'" in said
    assert "'bare', 'none', 'one', 'two'" in said


@pytest.mark.parametrize(
    ("token", "label", "said"),
    [
        ("none", None, "holds no key with its certificate"),
        ("bare", None, "holds no key with its certificate"),
        ("one", "john", "holds no key labelled 'john'"),
        ("two", None, "holds 2 keys with certificates"),
    ],
)
def test_which_key_is_meant_is_never_guessed(
    tokens: Tokens, token: str, label: str | None, said: str
) -> None:
    named = {"label": label} if label else {}
    assert said in _refused(tokens, KeyFileError, token, **named)


def test_a_library_that_is_not_there_or_is_none_is_said(tokens: Tokens, tmp_path: Path) -> None:
    text = tmp_path / "library.so"
    text.write_text("no library")
    for library, said in ((tmp_path / "nowhere.so", "is not there"), (text, "cannot be used")):
        assert said in _refused(Tokens(library), KeyFileError, "one")


def test_a_locked_pin_is_no_wrong_password() -> None:
    # SoftHSM never locks, so the token's objection is made here.
    error = key_token._refusal(pkcs11.exceptions.PinLocked(), "token one")
    assert isinstance(error, KeyFileError)
    assert "locked" in str(error)
