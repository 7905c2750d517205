"""Certificates and the revocation list, as OpenSSL sees them too."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from validation.attest import certificates
from validation.attest.certificates import Revocation, Validity
from validation.attest.persons import Person, person_of, person_problems
from validation.errors import IdentityError

Pem = Callable[..., Path]
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
VALID = Validity(NOW, NOW + timedelta(days=900))
DOE = Person("jdoe", "Jane Doe", "Acme Medical")
AUTHORITY_KEY = certificates.new_key()
AUTHORITY = certificates.authority_certificate(
    AUTHORITY_KEY, name="Test authority", validity=VALID, organisation="Acme Medical"
)


def issued(person: Person = DOE, validity: Validity = VALID) -> x509.Certificate:
    request = certificates.certificate_request(certificates.new_key(), person)
    return certificates.person_certificate(
        request, authority_key=AUTHORITY_KEY, authority=AUTHORITY, validity=validity
    )


def revocation_list(*revocations: Revocation, number: int = 1) -> x509.CertificateRevocationList:
    return certificates.revocation_list(
        revocations,
        number=number,
        authority_key=AUTHORITY_KEY,
        authority=AUTHORITY,
        this_update=NOW,
        next_update=NOW + timedelta(days=365),
    )


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


@pytest.fixture
def pem(tmp_path: Path) -> Pem:
    def write(name: str, *parts: object) -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in parts))
        return path

    return write


def verified(pem: Pem, certificate: x509.Certificate, crl: object, at: datetime = NOW) -> str:
    done = openssl(
        "verify", "-crl_check", "-x509_strict", "-attime", int(at.timestamp()),
        "-CAfile", pem("root.pem", AUTHORITY, crl), pem("person.pem", certificate),
    )  # fmt: skip
    return done.stdout + done.stderr


def test_openssl_trusts_a_person_of_the_authority(pem: Pem) -> None:
    assert verified(pem, issued(), revocation_list()).endswith("OK\n")


def test_openssl_sees_a_revocation_with_its_reason(pem: Pem) -> None:
    person = issued()
    crl = revocation_list(Revocation(person.serial_number, NOW, "key_compromise"), number=2)
    assert "certificate revoked" in verified(pem, person, crl)
    text = openssl("crl", "-noout", "-text", "-in", pem("crl.pem", crl)).stdout
    assert "Key Compromise" in text
    assert "X509v3 CRL Number: \n                2\n" in text
    assert "Next Update: Nov 25 09:30:00 2027 GMT" in text


@pytest.mark.parametrize(
    ("days", "said"), [(-1, "not yet valid"), (1000, "certificate has expired")]
)
def test_openssl_sees_the_validity(pem: Pem, days: int, said: str) -> None:
    assert said in verified(pem, issued(), revocation_list(), NOW + timedelta(days=days))


def test_openssl_verifies_a_request_and_shows_whom_it_names(pem: Pem) -> None:
    request = certificates.certificate_request(certificates.new_key(), DOE)
    done = openssl("req", "-verify", "-noout", "-subject", "-in", pem("jdoe.csr", request))
    assert "verify OK" in done.stdout + done.stderr
    assert "O = Acme Medical, CN = Jane Doe, UID = jdoe" in done.stdout


def test_a_person_signs_documents_and_cannot_be_repudiated(pem: Pem) -> None:
    text = openssl("x509", "-noout", "-text", "-in", pem("person.pem", issued())).stdout
    assert "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation" in text
    usage = "X509v3 Extended Key Usage: \n                1.3.6.1.5.5.7.3.36, E-mail Protection"
    assert usage in text  # "critical" would stand before the line break
    assert "CA:FALSE" in text
    assert "X509v3 Authority Key Identifier" in text
    assert "X509v3 Subject Key Identifier" in text


def test_a_time_stamp_authority_may_only_stamp_times(pem: Pem) -> None:
    stamps = certificates.time_stamp_certificate(
        certificates.new_time_stamp_key().public_key(),
        name="Test time stamps",
        authority_key=AUTHORITY_KEY,
        authority=AUTHORITY,
        validity=VALID,
    )
    text = openssl("x509", "-noout", "-text", "-in", pem("tsa.pem", stamps)).stdout
    assert "X509v3 Extended Key Usage: critical\n                Time Stamping" in text
    done = openssl(
        "verify", "-purpose", "timestampsign", "-attime", int(NOW.timestamp()),
        "-CAfile", pem("root.pem", AUTHORITY), pem("tsa.pem", stamps),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_serial_numbers_are_random_and_positive() -> None:
    first, second = issued(), issued()
    assert first.serial_number != second.serial_number
    assert min(first.serial_number, second.serial_number) > 2**100


def test_what_is_revoked_is_read_back() -> None:
    entries = (
        Revocation(5, NOW - timedelta(days=1), "superseded"),
        Revocation(3, NOW, "unspecified"),
    )
    assert certificates.revocations_of(revocation_list(*reversed(entries))) == entries


# --- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Ж" * 64,
        "鈴木 一郎",
        "عبد الرحمن بن محمد بن عبد الله",
        "Ng\u0169 H\u1ed3ng, MD (Ph.D.) / QA+RA=1",
    ],
)
def test_names_of_any_script_are_read_back(name: str) -> None:
    person = Person("u-1", name)
    assert person_of(issued(person)) == person


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (Person("", "Jane Doe"), "user id"),
        (Person("../jdoe", "Jane Doe"), "user id"),
        (Person("jdoe\n", "Jane Doe"), "user id"),
        (Person("jdoe", ""), "is empty"),
        (Person("jdoe", " Jane Doe"), "begins or ends with a blank"),
        (Person("jdoe", "Jane\u00a0 Doe"), "several in a row"),
        (Person("jdoe", "x" * 65), "65 characters"),
        (Person("jdoe", "Jose\u0301"), "composed form"),
        (Person("jdoe", "Jane \u202eeoD"), "direction"),
        (Person("jdoe", "Jane\x1b[2JDoe"), "control"),
        (Person("jdoe", "Jane Doe", "Acme\nEvil"), "organisation"),
    ],
)
def test_names_that_deceive_are_refused(person: Person, said: str) -> None:
    assert said in "; ".join(person_problems(person))
    with pytest.raises(IdentityError):
        certificates.certificate_request(certificates.new_key(), person)


# --- requests -----------------------------------------------------------------------------


def refusal(request: x509.CertificateSigningRequest) -> str:
    with pytest.raises(IdentityError) as caught:
        certificates.person_certificate(
            request, authority_key=AUTHORITY_KEY, authority=AUTHORITY, validity=VALID
        )
    return str(caught.value)


def test_a_request_of_a_key_that_is_not_the_requesters_is_refused(pem: Pem) -> None:
    content = certificates.certificate_request(certificates.new_key(), DOE).public_bytes(
        Encoding.DER
    )
    altered = content.replace(b"Jane Doe", b"Jana Doe")
    assert altered != content
    assert "its signature is not" in refusal(x509.load_der_x509_csr(altered))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), "2048 bits"),
        (ec.generate_private_key(ec.SECP192R1()), "curve secp192r1"),
        (ed25519.Ed25519PrivateKey.generate(), "neither ECDSA nor RSA"),
    ],
)
def test_a_request_of_an_unfit_key_is_refused(key: Any, said: str) -> None:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Jane Doe"),
            x509.NameAttribute(NameOID.USER_ID, "jdoe"),
        ]
    )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, algorithm)
    assert said in refusal(request)


def test_a_request_that_names_two_users_or_none_is_refused() -> None:
    key = certificates.new_key()
    common = x509.NameAttribute(NameOID.COMMON_NAME, "Jane Doe")
    users = [x509.NameAttribute(NameOID.USER_ID, one) for one in ("jdoe", "admin")]
    for named, said in (([common, *users], "2 user ids"), ([common], "user id ''")):
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(named))
        assert said in refusal(builder.sign(key, hashes.SHA256()))


def test_what_else_a_request_asks_for_is_left_out() -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(certificates.subject_name(DOE))
    asked = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    given = certificates.person_certificate(
        asked.sign(certificates.new_key(), hashes.SHA256()),
        authority_key=AUTHORITY_KEY,
        authority=AUTHORITY,
        validity=VALID,
    )
    assert not given.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
