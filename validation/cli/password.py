"""Passwords and consent: asked at the terminal, and nowhere else.

They are never arguments, variables of the environment, logged or part of an error.
"""

import getpass
import sys
import warnings

from validation.errors import IdentityError

SHORTEST = 12
"""Characters that a new password has at least: a stolen key file can be guessed at for years."""


def ask_password(what: str) -> str:
    """Ask for a password at the terminal, unseen, and return it.

    Args:
        what: What it opens, e.g. ``key file jdoe.p12``.

    Raises:
        IdentityError: There is no terminal, or nothing was given.
    """
    return _asked(f"Password of {what}: ")


def ask_new_password(what: str) -> str:
    """Ask twice for a password that is to open something new, and return it.

    Args:
        what: What it is to open.

    Raises:
        IdentityError: There is no terminal, it is too short, or the two differ.
    """
    password = _asked(f"New password of {what} (at least {SHORTEST} characters): ")
    if len(password) < SHORTEST:
        raise IdentityError(f"the password is shorter than {SHORTEST} characters")
    if _asked("The same again: ") != password:
        raise IdentityError("the two passwords differ; nothing was made")
    return password


def ask_yes(question: str) -> bool:
    """Ask a question at the terminal and return whether the answer is yes; the default is no.

    Raises:
        IdentityError: There is no terminal.
    """
    _require_terminal()
    prompt = f"{question} [y/N]: "
    if sys.platform == "win32":
        answer = input(prompt)
    else:
        # Not stdin: what is piped into the program gives no signature.
        with open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 - a device
            terminal.write(prompt.encode())
            answer = terminal.readline().decode(errors="replace")
    return answer.strip().casefold() in {"y", "yes"}


def _asked(prompt: str) -> str:
    _require_terminal()
    try:
        with warnings.catch_warnings():
            # Where the terminal would show what is typed, Python only warns.
            warnings.simplefilter("error", getpass.GetPassWarning)
            password = getpass.getpass(prompt)
    except getpass.GetPassWarning:
        raise _no_terminal() from None
    except EOFError:
        raise IdentityError("no password was given") from None
    except UnicodeError:
        # The message of the cause would show what was typed.
        raise IdentityError("what was typed is not text in the terminal's encoding") from None
    if not password:
        raise IdentityError("no password was given")
    return password


def _require_terminal() -> None:
    if sys.platform == "win32":
        if not sys.stdin.isatty():
            raise _no_terminal()
        return
    try:
        with open("/dev/tty", "rb", buffering=0):  # noqa: PTH123 - a device, not a path of ours
            return
    except OSError:
        raise _no_terminal() from None


def _no_terminal() -> IdentityError:
    return IdentityError(
        "there is no terminal to ask for the password",
        fix="run this in a terminal; a password is never taken from a file, an argument or a "
        "variable",
    )
