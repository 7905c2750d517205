"""Runs a command at a pseudo-terminal of its own and answers what it asks there."""

import os
import pty
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

Answers = Callable[[str], str | None]
"""What is typed at a prompt; None: nothing."""

_SECONDS = 60
_CHECKOUT = Path(__file__).resolve().parents[2]
# The child takes the terminal as its own, as a shell's child has it.
_TAKE = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Ended(NamedTuple):
    """What a command said."""

    status: int
    stdout: str
    stderr: str
    shown: str
    """What the terminal showed: prompts, and whatever else was written to it."""

    @property
    def everything(self) -> str:
        return self.stdout + self.stderr + self.shown


def at_terminal(*arguments: object, answers: Sequence[str] = (), cwd: Path | None = None) -> Ended:
    """Run ``segval`` with arguments; each prompt, ending with a colon, gets the next answer.

    Args:
        arguments: Of the command line.
        answers: What is typed, in order, each followed by Return; or a function of the prompt.
        cwd: Where it runs.
    """
    master, slave = pty.openpty()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            [sys.executable, "-c", _TAKE, "-m", "validation", *map(str, arguments)],
            stdin=slave,
            stdout=out,
            stderr=err,
            start_new_session=True,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(_CHECKOUT)},
        )
        os.close(slave)
        try:
            given = answers if callable(answers) else _in_order(answers)
            shown = _converse(master, child, given)
        finally:
            os.close(master)
            if child.poll() is None:
                child.kill()
            child.wait(_SECONDS)
        out.seek(0)
        err.seek(0)
        return Ended(child.returncode, out.read().decode(), err.read().decode(), shown)


def _in_order(answers: Sequence[str]) -> Answers:
    left = list(answers)
    return lambda _: left.pop(0) if left else None


def _converse(master: int, child: "subprocess.Popen[bytes]", answers: Answers) -> str:
    shown, answered = b"", 0
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                part = os.read(master, 4096)
            except OSError:  # EIO: nobody has the terminal any more
                part = b""
            if not part:
                child.wait(_SECONDS)
                return shown.decode()
            shown += part
            if shown[answered:].endswith(b": "):
                answer = answers(shown[answered:].decode().strip())
                answered = len(shown)
                if answer is not None:
                    os.write(master, answer.encode() + b"\n")
        elif child.poll() is not None:
            return shown.decode()
    raise AssertionError(f"it did not end; the terminal showed {shown!r}")
