"""What tests of several rooms share: the tiny study, its records, and the public image sets."""

import importlib.util
import os
import shutil
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The script that draws the tiny study."""
    return _load(CHECKOUT / "tests" / "study" / "tiny_study.py")


@pytest.fixture(scope="session")
def extremes() -> ModuleType:
    """The script that draws studies at the edges of what documents hold."""
    return _load(CHECKOUT / "tests" / "report" / "extreme_studies.py")


@pytest.fixture(scope="session")
def scripts_record(extremes: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record whose names are Japanese and Arabic; not to be changed."""
    study: Any = extremes.drawn(tmp_path_factory.mktemp("scripts"), "scripts").lock()
    study.run()
    return Path(study.folder / "record")


@pytest.fixture(scope="session")
def browser() -> ModuleType:
    """How to speak to a Chromium, if there is one."""
    return _load(CHECKOUT / "tests" / "report" / "browser.py")


@pytest.fixture(scope="session")
def broken_rules() -> Callable[[bytes], list[str]]:
    """What a PDF breaks of PDF/A-3a and PDF/UA-1, in words; see ``tests/report/pdf_rules.py``."""
    return _load(CHECKOUT / "tests" / "report" / "pdf_rules.py").broken_rules  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def terminal() -> Callable[..., Any]:
    """Run a command at a terminal of its own; see ``tests/cli/terminal.py``."""
    if sys.platform == "win32":
        pytest.skip("pseudo-terminals are POSIX's")
    return _load(CHECKOUT / "tests" / "cli" / "terminal.py").at_terminal  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH that declares the entry points of pytest in pyproject.toml.

    The plugin is found as after an installation, whenever the checkout was installed.
    """
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    site = tmp_path_factory.mktemp("site")
    folder = site / "segval_plugin_of_tests-0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: segval-plugin-of-tests\nVersion: 0\n", "utf-8"
    )
    lines = (f"{name} = {target}\n" for name, target in project["entry-points"]["pytest11"].items())
    (folder / "entry_points.txt").write_text(f"[pytest11]\n{''.join(lines)}", "utf-8")
    return site


@pytest.fixture
def make_study(tiny: ModuleType, tmp_path: Path) -> Callable[..., Any]:
    """Return a new tiny study in a folder of its own: instance, semantic or panoptic."""

    def make(kind: str = "instance", name: str = "study") -> Any:
        folder = tmp_path / name
        folder.mkdir()
        return tiny.Study(folder, kind)

    return make


@pytest.fixture
def study(make_study: Callable[..., Any]) -> Any:
    """The tiny instance study, not locked yet."""
    return make_study()


@pytest.fixture
def locked(study: Any) -> Any:
    """The tiny instance study, locked."""
    return study.lock()


@pytest.fixture(autouse=True, scope="session")
def _interrupts_are_heard() -> None:
    """Let Ctrl-C reach the processes of tests where the tests run in the background.

    A shell makes jobs in the background ignore it, and their children inherit that.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the rendering out, where a test is not about the report."""
    from validation.study import running

    def write_report(folder: Path, record_id: str) -> None:
        (folder / "report.html").write_bytes(b"<!-- left out by a test -->")

    monkeypatch.setattr(running, "write_report", write_report)


@pytest.fixture(scope="session")
def finished(tiny: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Return the tiny study of a kind, run once for all tests, which must not change it."""
    from validation.study import reporting, running

    made: dict[str, Any] = {}

    def of_kind(kind: str = "instance") -> Any:
        if kind not in made:
            made[kind] = tiny.Study(tmp_path_factory.mktemp(kind), kind).lock()
            # It serves all tests, so it has its report even where the first one has `no_report`.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(running, "write_report", reporting.write_report)
                made[kind].run()
        return made[kind]

    return of_kind


@pytest.fixture
def record(finished: Callable[[str], Any], tmp_path: Path) -> Path:
    """A copy of a complete instance record, for a test to tamper with."""
    return Path(shutil.copytree(finished("instance").folder / "record", tmp_path / "copy"))


@pytest.fixture(scope="session")
def signing_base(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny study with an authority, persons and a protocol document; not to be changed."""
    from tests.study.signing_study import made

    return made(tmp_path_factory.mktemp("signing") / "study")


@pytest.fixture
def signing(signing_base: Any, tmp_path: Path) -> Any:
    """A copy of the study to sign in; see ``tests/study/signing_study.py``."""
    from tests.study.signing_study import copy_of

    return copy_of(signing_base, tmp_path / "signing")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the public image sets; tests that need it are skipped where it is not."""
    named = os.environ.get("SEGVAL_SHARED_DATA")
    folder = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if not (folder / "nuclei").is_dir():
        pytest.skip(
            f"the public image sets are not in {folder}: set SEGVAL_SHARED_DATA to their folder"
        )
    return folder
