"""Opening the key of a signature: the password asked once for every one, failures noted."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pyhanko.sign.signers import Signer

from validation import clock, workspace
from validation.attest.audit_file import load
from validation.attest.audit_trail import Subject
from validation.attest.key_file import open_key, signer_of
from validation.attest.key_token import open_token
from validation.errors import WrongPassword
from validation.record import digest
from validation.study.auditing import StudyTrail
from validation.study.sign_attempts import FAILED, require_patience
from validation.study.signing_lock import signing_alone

Ask = Callable[[str], str]
"""Asks for the password of what is named, and returns it."""


class SigningKey(NamedTuple):
    """A key that was opened for one signature."""

    signer: Signer
    name: str
    """What names it in the audit trail: the digest of its file, or its token."""


def open_key_file(path: Path, about: Subject, *, study: Path, ask: Ask) -> SigningKey:
    """Return the key in a key file, opened with a password that is asked for.

    Args:
        path: The key file.
        about: The document that is to be signed, for the audit trail.
        study: Folder of the study.
        ask: Asks for the password.

    Raises:
        SignatureError: Wrong passwords were given before, and it is too early for another.
        WrongPassword: It does not open the file; the audit trail was told.
        KeyFileError: The file cannot be read, whatever the password; this counts as no attempt.
    """
    content = workspace.read(path, "the key file")
    name = digest(content)
    trail = StudyTrail(study)
    require_patience(load(trail.path).events, name, clock.now(), str(path))
    password = ask(f"key file {path.name}")
    with signing_alone(study):
        # Again: many that were asked at once would each have had a try.
        require_patience(load(trail.path).events, name, clock.now(), str(path))
        try:
            opened = open_key(content, password, where=str(path))
        except WrongPassword:
            trail.tell(FAILED, about, details={"key": name}, reason="wrong password")
            raise
    return SigningKey(signer_of(opened, where=str(path)), name)


@contextmanager
def opened_token(
    library: Path, token: str, label: str | None, about: Subject, *, study: Path, ask: Ask
) -> Iterator[SigningKey]:
    """Give the key on a token for as long as the block lasts, opened with a PIN that is asked for.

    Args:
        library: PKCS#11 library of the token's maker.
        token: Label of the token.
        label: Label of the certificate, where it holds several.
        about: The document that is to be signed, for the audit trail.
        study: Folder of the study.
        ask: Asks for the PIN.

    Raises:
        SignatureError: Wrong PINs were given before, and it is too early for another.
        WrongPassword: The PIN is wrong; the audit trail was told.
        KeyFileError: The token cannot be used, whatever the PIN.
    """
    name = f"token {token}"
    trail = StudyTrail(study)
    require_patience(load(trail.path).events, name, clock.now(), name)
    pin = ask(f"{name} (its PIN)")
    with contextlib.ExitStack() as stack:
        with signing_alone(study):
            require_patience(load(trail.path).events, name, clock.now(), name)
            try:
                opened = stack.enter_context(open_token(library, token=token, pin=pin, label=label))
            except WrongPassword:
                trail.tell(FAILED, about, details={"key": name}, reason="wrong PIN")
                raise
        yield SigningKey(opened.signer, name)
