"""Reading the pages of the documentation: links, anchors and blocks that are run.

A fenced block is run when the line before it is ``<!-- run -->``, or ``<!-- run: exit 1 -->``
where the last command has to end with that status. In a ``console`` block lines that begin
with ``$ `` are commands, all others what they print, ``...`` standing for anything; a
``bash`` block is run as it is. Blocks of one page share a folder and run in their order. After
``<!-- terminal -->`` a block is for a terminal, as its commands ask for passwords there.
"""

import doctest
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?:<!-- (?P<where>run|terminal)(?:: exit (?P<status>\d))? -->\n)"
    r"(?P<ticks>```+)(?P<language>console|bash)\n"
    r"(?P<body>.*?)^(?P=ticks)$",
    re.DOTALL | re.MULTILINE,
)
_ANY_FENCE = re.compile(r"^(```+)[^\n]*\n.*?^\1$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_SECONDS = 300


@dataclass(frozen=True)
class Step:
    """Commands of a page, what they print, and the status that they end with."""

    script: str
    printed: str | None
    """None where the page does not say."""
    status: int
    line: int
    where: str
    """``run`` in a shell, or at a ``terminal``, as its command asks for passwords."""


def pages() -> list[Path]:
    """Return every page of the documentation, README and the like among them."""
    folders = ("docs", "protocols")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), *found])


def steps(text: str) -> Iterator[Step]:
    """Yield what a page wants run, in order; a command of a console block is a step."""
    for match in _FENCE.finditer(text):
        where = match["where"]
        line = text[: match.start()].count("\n") + 1
        status = int(match["status"] or 0)
        if match["language"] == "bash":
            yield Step(match["body"], None, status, line, where)
            continue
        commands = re.split(r"^\$ ", match["body"], flags=re.MULTILINE)[1:]
        for number, command in enumerate(commands, start=1):
            script, _, printed = command.partition("\n")
            while script.endswith("\\"):
                more, _, printed = printed.partition("\n")
                script = f"{script[:-1]}{more.removeprefix('>').strip()}"
            yield Step(script, printed, status if number == len(commands) else 0, line, where)


def run(step: Step, folder: Path, variables: Mapping[str, str]) -> None:
    """Run a step and hold it against the page.

    Raises:
        AssertionError: Another status, or another output; both are shown.
    """
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", step.script],
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    shown = f"line {step.line}: {step.script}\n{done.stdout}"
    assert done.returncode == step.status, f"exit status {done.returncode} at {shown}"
    if step.printed is not None and not same(step.printed, done.stdout):
        raise AssertionError(f"{shown}\nthe page says:\n{step.printed}")


def same(expected: str, printed: str) -> bool:
    """Tell whether an output is what a page says, ``...`` standing for anything."""
    return doctest.OutputChecker().check_output(
        expected.strip() + "\n", printed.strip() + "\n", _FLAGS
    )


def links(text: str) -> Iterator[str]:
    """Yield the targets of a page's links, those in fenced blocks left out."""
    yield from _LINK.findall(_ANY_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings make, as GitHub names them."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", _ANY_FENCE.sub("", text), re.MULTILINE)
    found: set[str] = set()
    for heading in headings:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while (numbered := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(numbered)
    return found
