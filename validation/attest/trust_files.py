"""The pinned trust of a study, from the files in its folder ``identities/trust``.

``root.pem`` holds the certificates of the authorities that issue to persons, ``tsa.pem`` those
of time-stamp authorities, and every ``*.crl`` a revocation list; each file is PEM, with one part
or several, or DER.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from asn1crypto import pem
from cryptography import x509

from validation import workspace
from validation.attest.trust import Trust
from validation.errors import IdentityError, Problem, ToolError

ROOT_NAME = "root.pem"
TIME_NAME = "tsa.pem"


def load_trust(folder: Path) -> Trust:
    """Return what a folder pins; what is not there is empty.

    Raises:
        IdentityError: Files cannot be read, or a root is no certificate of an authority;
            all at once.
    """
    problems: list[Problem] = []
    trust = Trust(
        roots=_read([folder / ROOT_NAME], _root_problem, problems),
        time_authorities=_read([folder / TIME_NAME], _certificate_problem, problems),
        crls=_read(sorted(folder.glob("*.crl")), _crl_problem, problems),
    )
    if problems:
        raise IdentityError("the pinned trust cannot be read", where=str(folder), problems=problems)
    return trust


def _read(
    paths: Iterable[Path], objection: Callable[[bytes], str], problems: list[Problem]
) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for path in paths:
        if not path.is_symlink() and not path.exists():
            continue
        try:
            parts = der_parts(workspace.read(path, "a file of the trust"))
        except (ToolError, ValueError) as error:
            problems.append(Problem(str(path), getattr(error, "what", str(error))))
            continue
        objections = [what for one in parts if (what := objection(one))]
        problems += [Problem(str(path), what) for what in objections]
        found += parts if not objections else []
    return tuple(found)


def der_parts(content: bytes) -> list[bytes]:
    """Return every part of a PEM, or the one that DER is.

    Raises:
        ValueError: It is neither.
    """
    if not pem.detect(content):
        if not content.startswith(b"\x30"):
            raise ValueError("it is neither PEM nor DER")
        return [content]
    return [part for _, _, part in pem.unarmor(content, multiple=True)]


def _certificate_problem(der: bytes) -> str:
    return _problem(x509.load_der_x509_certificate, der, "a certificate")


def _crl_problem(der: bytes) -> str:
    return _problem(x509.load_der_x509_crl, der, "a revocation list")


def _problem(load: Callable[[bytes], Any], der: bytes, what: str) -> str:
    try:
        load(der)
    except ValueError as error:
        return f"a part of it is not {what}: {error}"
    return ""


def _root_problem(der: bytes) -> str:
    problem = _certificate_problem(der)
    if problem:
        return problem
    try:
        found = x509.load_der_x509_certificate(der).extensions
        is_authority = found.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        is_authority = False
    # A person's own certificate among the roots would vouch for itself.
    return "" if is_authority else "a certificate of it is not that of an authority"
