"""The pytest plugin: each acceptance criterion of a protocol is a test.

``pytest --segval protocols/`` collects the protocols under the given paths, runs each study once
and holds each criterion against the record. A test of one's own asks the same record by the
fixture `evidence`. Without ``--segval`` nothing is collected and nothing is run.

pytest loads this file in every session of whoever has segval installed, so it imports next to
nothing: the rest is imported when a protocol is collected.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from validation.pytest_plugin.protocol_file import ProtocolFile
    from validation.pytest_plugin.studies import Studies
    from validation.study.evidence_view import RecordEvidence

_STUDIES: "pytest.StashKey[Studies]" = pytest.StashKey()
_FOLDERS = "segval_folders"
"""What the controller of pytest-xdist tells its workers."""
_WITHOUT_A_FAILURE = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the same as entries of the configuration file."""
    group = parser.getgroup("segval", "validation of segmentation models (segval)")
    group.addoption(
        "--segval", action="store_true",
        help="Collect the protocols under the given paths: a test for each acceptance criterion.",
    )  # fmt: skip
    group.addoption(
        "--segval-record", action="append", default=[], metavar="RECORD", type=Path,
        help="Judge this record again instead of running its protocol; may be repeated.",
    )  # fmt: skip
    for name, metavar, said in (
        ("out", "DIR", "Folder of the records; default: a new one in .segval-records."),
        ("data", "DIR", "Folder of the test set, if it does not lie where the protocol says."),
        ("workers", "N", "Processes that share the cases of a study; default: 1."),
    ):
        group.addoption(f"--segval-{name}", metavar=metavar, help=said)
        parser.addini(f"segval_{name}", said)
    allowed = "Skip, and do not fail, where the data that a protocol's root_variable names are not."
    group.addoption("--segval-allow-missing", action="store_true", default=None, help=allowed)
    parser.addini("segval_allow_missing", allowed, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and prepare the studies where ``--segval`` is given."""
    config.addinivalue_line(
        "markers", "segval(protocol): the protocol whose evidence the test asks for"
    )
    if not (config.getoption("segval") or config.getoption("segval_record")):
        return
    from validation.pytest_plugin.settings import folders, settings
    from validation.pytest_plugin.studies import Studies

    told = getattr(config, "workerinput", {}).get(_FOLDERS)
    config.stash[_STUDIES] = Studies(settings(config), folders(config, told))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the processes of the session shared."""
    if (studies := config.stash.get(_STUDIES, None)) is not None:
        studies.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ProtocolFile | None":
    """Collect a protocol."""
    studies = parent.config.stash.get(_STUDIES, None)
    if studies is None or file_path.suffix not in {".yaml", ".yml"}:
        return None
    from validation.pytest_plugin.protocol_file import ProtocolFile, is_protocol

    if not is_protocol(file_path):
        return None
    studies.used += 1
    return ProtocolFile.from_parent(parent, path=file_path, studies=studies)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - a class of pytest-xdist
    """Tell a worker of pytest-xdist which folders the session shares."""
    if (studies := node.config.stash.get(_STUDIES, None)) is not None:
        node.workerinput[_FOLDERS] = studies.folders.told()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a class of pytest-xdist
    """Hear of a worker how many studies it had to do with."""
    if (studies := node.config.stash.get(_STUDIES, None)) is not None:
        studies.used += getattr(node, "workeroutput", {}).get(_FOLDERS, 0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let no session pass that was asked for criteria and found none."""
    config = session.config
    studies = config.stash.get(_STUDIES, None)
    if studies is None:
        return
    if hasattr(config, "workeroutput"):
        config.workeroutput[_FOLDERS] = studies.used
    elif studies.is_unused(config) and session.exitstatus in _WITHOUT_A_FAILURE:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which records were judged, and where the reports lie."""
    studies = terminalreporter.config.stash.get(_STUDIES, None)
    if studies is not None:
        from validation.pytest_plugin.summary import summarise

        summarise(terminalreporter, studies)


@pytest.fixture(scope="session")
def segval_record(pytestconfig: pytest.Config) -> "Callable[[str | Path], RecordEvidence]":
    """A function that returns the evidence of a protocol, whose study runs once a session.

    The path is relative to pytest's root directory. Without ``--segval`` the test is skipped.
    """
    studies = pytestconfig.stash.get(_STUDIES, None)
    if studies is None:
        pytest.skip("evidence is asked for by --segval, which runs the study")
    return lambda protocol: studies.evidence_or_fail(pytestconfig.rootpath / protocol)


@pytest.fixture
def evidence(
    request: pytest.FixtureRequest, segval_record: "Callable[[str | Path], RecordEvidence]"
) -> "RecordEvidence":
    """The evidence of the protocol that the marker ``segval`` of the test or its module names."""
    marker = request.node.get_closest_marker("segval")
    if marker is None or len(marker.args) != 1 or marker.kwargs:
        pytest.fail(
            "the fixture `evidence` asks for a protocol: "
            '@pytest.mark.segval("protocols/nuclei-count/protocol.yaml")',
            pytrace=False,
        )
    found = segval_record(marker.args[0])
    from validation.pytest_plugin.studies import properties

    request.node.user_properties.extend(properties(found, str(marker.args[0])))
    return found
