"""Every document of a study has the same bytes wherever it is made, and breaks no rule of PDF/A."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("test-set", "method", "traceability", "objects")
PLACES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "4321", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "tr_TR.UTF-8"},
)
_SCRIPT = """
import sys
from validation.cli import main
for line in sys.stdin.read().splitlines():
    try:
        main(line.split("\\t"))
    except SystemExit as ended:
        assert not ended.code or "report" in line, line
"""


def _asked(record: Path, out: Path) -> list[list[str]]:
    study = record.parent
    return [
        ["report", str(record), "--out", str(out)],
        ["protocol", str(study / "protocol.yaml"), "--out", str(out / "protocol.pdf")],
        *(["document", kind, str(record), "--out", str(out / f"{kind}.pdf")] for kind in KINDS),
    ]


def _made(record: Path, out: Path, place: dict[str, str]) -> dict[str, bytes]:
    """Return every document by name, made in a process and a folder of its own."""
    elsewhere = out.parent / f"{out.name}-elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input="\n".join("\t".join(one) for one in _asked(record, out)),
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(ROOT), **place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not list(elsewhere.iterdir())
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.fixture(scope="module")
def made(
    scripts_record: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, bytes], ...]:
    folder = tmp_path_factory.mktemp("documents")
    return tuple(
        _made(scripts_record, folder / f"place-{number}", place)
        for number, place in enumerate(PLACES)
    )


def test_every_document_has_the_same_bytes_in_any_process(
    made: tuple[dict[str, bytes], ...],
) -> None:
    first, second = made
    assert {*first} >= {"report.pdf", "report.html", "protocol.pdf"} | {f"{k}.pdf" for k in KINDS}
    assert [name for name in {*first} | {*second} if first.get(name) != second.get(name)] == []


def test_a_report_of_another_process_is_the_one_of_the_record(
    made: tuple[dict[str, bytes], ...], scripts_record: Path
) -> None:
    for name in ("report.pdf", "report.html"):
        assert made[0][name] == (scripts_record / name).read_bytes()


def test_no_document_breaks_a_rule(
    made: tuple[dict[str, bytes], ...], broken_rules: Callable[[bytes], list[str]]
) -> None:
    documents = {name: one for name, one in made[0].items() if name.endswith(".pdf")}
    assert {name: said for name, one in documents.items() if (said := broken_rules(one))} == {}
