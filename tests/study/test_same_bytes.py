"""Every document of a study has the same bytes wherever it is made, and breaks no rule of PDF/A."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OF_PLAN = ("test-set", "method", "traceability")
OF_RECORD = (*OF_PLAN, "objects")
PLACES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "4321", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "tr_TR.UTF-8"},
)
_SCRIPT = """
import sys
from datetime import UTC, datetime
from validation import clock
from validation.cli import main
clock.now = lambda: datetime(2026, 3, 9, 16, 45, 30, tzinfo=UTC)  # a verification says when it was
for line in sys.stdin.read().splitlines():
    try:
        main(line.split("\\t"))
    except SystemExit as ended:
        assert not ended.code or "report" in line, line
"""


def _asked(record: Path, out: Path) -> list[list[str]]:
    protocol = record.parent / "protocol.yaml"
    sources = [("planned", OF_PLAN, protocol), ("run", OF_RECORD, record)]
    asked: list[list[Path | str]] = [
        # First, as what is rendered later is an event of the trail.
        ["audit", record.parent, "--against", record, "--pdf", out / "audit.pdf"],
        ["report", record, "--out", out],
        ["protocol", protocol, "--out", out / "protocol.pdf"],
        *(
            ["document", kind, source, "--out", out / f"{kind}-{when}.pdf"]
            for when, kinds, source in sources
            for kind in kinds
        ),
        ["verify", record, "--study", record.parent, "--pdf", out / "verification.pdf"],
    ]
    return [[str(word) for word in one] for one in asked]


def _made(record: Path, folder: Path, place: dict[str, str]) -> dict[str, bytes]:
    """Return every document by name, made in a process and from a copy of the study of its own."""
    study, out, elsewhere = folder / "study", folder / "out", folder / "elsewhere"
    shutil.copytree(record.parent, study)
    out.mkdir()
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        input="\n".join("\t".join(one) for one in _asked(study / record.name, out)),
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
    further = {f"{kind}-planned.pdf" for kind in OF_PLAN} | {
        f"{kind}-run.pdf" for kind in OF_RECORD
    }
    alone = ("report.pdf", "report.html", "protocol.pdf", "audit.pdf", "verification.pdf")
    assert {*first} >= {*alone, *further}
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
