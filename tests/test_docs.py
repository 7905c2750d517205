"""Every page is current, every link leads somewhere, and every command shown does what it says."""

import importlib.util
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import jsonschema
import pytest
import yaml

from validation.cli import main
from validation.evidence.catalogue import CATALOGUE
from validation.plan.protocol import Protocol, json_schema

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_docs_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


generate = _module(ROOT / "docs" / "generate.py")
pages = _module(ROOT / "tests" / "docs" / "pages.py")

PAGES: list[Path] = pages.pages()
RUN = [path for path in PAGES if any(pages.steps(path.read_text(encoding="utf-8")))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# --- reference ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_what_follows_from_the_code_is_current(name: str) -> None:
    assert text_of(ROOT / name) == generate.pages()[name], "run: python docs/generate.py"


@pytest.mark.parametrize("name", list(main.commands))
def test_every_command_has_help_with_an_example_and_is_in_the_reference(name: str) -> None:
    said = generate.help_of(name)
    assert f"Example:\n      segval {name} " in said
    assert said in text_of(REFERENCE / "cli.md")


GROUPS = {name: one for name, one in main.commands.items() if isinstance(one, click.Group)}
BELOW = [(name, below) for name, group in GROUPS.items() for below in group.commands]


@pytest.mark.parametrize(("name", "below"), BELOW)
def test_every_command_below_another_has_help_with_an_example(name: str, below: str) -> None:
    said = generate.help_of(name, below)
    assert f"Example:\n      segval {name} {below} " in said
    assert said in text_of(REFERENCE / "cli.md")


def test_every_option_says_what_it_is_for() -> None:
    commands = dict(main.commands.items())
    commands |= {f"{name} {below}": GROUPS[name].commands[below] for name, below in BELOW}
    silent = [
        f"{name} {option.opts[-1]}"
        for name, command in commands.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    # The choices of --method speak for themselves.
    assert silent in ([], ["metrics --method"])


@pytest.mark.parametrize("name", [one.id for one in CATALOGUE])
def test_every_metric_is_in_the_reference(name: str) -> None:
    page = text_of(REFERENCE / "metrics.md")
    assert f"\n### {name}\n" in page
    assert f"[`{name}`](#{name})" in page


@pytest.mark.parametrize("name", list(Protocol.model_fields))
def test_every_part_of_a_protocol_is_in_the_reference(name: str) -> None:
    assert f"| `{name}` |" in text_of(REFERENCE / "protocol.md")


def test_readme_shows_the_help_of_the_program() -> None:
    assert "<!-- help: segval -->" in text_of(ROOT / "README.md")
    assert generate.help_of() in text_of(ROOT / "README.md")


@pytest.mark.parametrize("name", list(main.commands))
def test_readme_names_every_command(name: str) -> None:
    assert f"`{name}" in text_of(ROOT / "README.md")


def test_every_file_of_a_record_is_described() -> None:
    page = text_of(REFERENCE / "record-format.md")
    record = (
        "record.json", "SHA256SUMS", "protocol.yaml", "lock/lock.json", "lock/manifest-sha256.txt",
        "lock/fingerprints.csv", "lock/training.csv", "leakage.json",
        "environment.json", "run.json", "findings.json", "evidence/cases.csv",
        "evidence/classes.csv", "evidence/instances.csv", "evidence/metrics.json",
        "evidence/curves.csv", "evidence/class_confusion.csv",
        "evidence/tables/cases.csv", "evidence/tables/confusion.csv",
        "evidence/tables/reference_objects.csv", "evidence/tables/predicted_objects.csv",
        "evidence/tables/overlaps.csv", "predictions/", "overlays/overlays.json", "report.html",
        "report.pdf", "deviations.json",
    )  # fmt: skip
    assert [name for name in record if f"`{name}" not in page] == []


def test_every_field_of_a_record_is_described() -> None:
    from validation.evidence.catalogue import definition
    from validation.evidence.instance_rows import INSTANCE_COLUMNS
    from validation.evidence.metric_values import Interval, MetricValue
    from validation.evidence.run_record import CaseTiming, RunRecord
    from validation.inference.environment import Environment
    from validation.judge.deviations import (
        DeviationClosed,
        DeviationRecorded,
        Deviations,
        EventName,
    )
    from validation.judge.findings import CaseFinding, CriterionFinding, Findings, Subset
    from validation.record_folder import RecordIndex
    from validation.testset import leakage_record as leakage
    from validation.testset.lock import Lock

    assert definition("recall").id == "recall"
    page = text_of(REFERENCE / "record-format.md")
    records = (
        RecordIndex, Lock, RunRecord, CaseTiming, MetricValue, Interval, Findings,
        CriterionFinding, CaseFinding, Environment, leakage.Leakage, leakage.LeakageSummary,
        leakage.Comparison, leakage.Coverage, leakage.Counts, leakage.LikeCase, leakage.Match,
        leakage.SharedSubject, leakage.Uncompared, Subset, Deviations, DeviationRecorded,
        DeviationClosed, EventName,
    )  # fmt: skip
    names = {name for one in records for name in one.model_fields} | set(INSTANCE_COLUMNS)
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def test_every_field_of_a_comparison_is_described() -> None:
    from validation.evidence.paired.changes import CHANGES, COLUMNS
    from validation.evidence.paired.records import FigureDifference, FoundByBoth, SideValue
    from validation.judge.comparison.records import (
        ComparedRecord,
        Comparison,
        Differing,
        MarginFinding,
    )

    page = text_of(REFERENCE / "record-format.md")
    records = (Comparison, ComparedRecord, Differing, MarginFinding, FigureDifference, SideValue,
               FoundByBoth)  # fmt: skip
    names = {name for one in records for name in one.model_fields} | {*CHANGES, *COLUMNS}
    assert sorted(name for name in names if f"`{name}`" not in page) == []


# --- protocols and their schema -----------------------------------------------------------


@pytest.mark.parametrize("path", sorted(ROOT.glob("protocols/*/protocol.yaml")), ids=named)
def test_the_schema_accepts_the_worked_protocols(path: Path) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(text_of(path)), schema)


def test_the_schema_refuses_what_a_protocol_cannot_say() -> None:
    protocol = yaml.safe_load(text_of(ROOT / "protocols/nuclei-count/protocol.yaml"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**protocol, "unknown": 1}, json_schema())
    del protocol["limits"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(protocol, json_schema())


# --- pages --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in pages.links(text_of(path)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (
            anchor and there.suffix == ".md" and anchor not in pages.anchors(text_of(there))
        ):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_test_that_a_page_names_is_there(path: Path) -> None:
    for file, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text_of(path)):
        assert (ROOT / file).is_file(), file
        assert not name or f"def {name}(" in text_of(ROOT / file), name


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_no_page_names_a_folder_of_one_machine(path: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|root|home|Users)/\S*", text_of(path)) == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    listed = set(pages.links(text_of(folder / "README.md")))
    found = {path.name for path in folder.glob("[0-9]*.md")}
    assert found
    assert found - listed == set()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the guides are for a POSIX shell")
@pytest.mark.parametrize("path", RUN, ids=named)
def test_the_commands_of_a_page_do_what_it_says(
    path: Path, tmp_path: Path, terminal: Callable[..., Any], plugin_site: Path
) -> None:
    for folder in ("nuclei-count", "nuclei-coverage", "simulated-nuclei", "models"):
        shutil.copytree(ROOT / "protocols" / folder, tmp_path / "protocols" / folder)
    beside = str(Path(sys.executable).parent)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SEGVAL_")},
        "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{plugin_site}",
        "COLUMNS": "100",
    }
    steps = list(pages.steps(text_of(path)))
    assert steps
    asked: list[str] = []
    for step in steps:
        if step.where == "run":
            pages.run(step, tmp_path, variables)
        else:
            _at_terminal(step, tmp_path, terminal, asked)


def _at_terminal(step: Any, folder: Path, terminal: Callable[..., Any], asked: list[str]) -> None:
    """Run a command that asks for passwords, and hold what it says against the page.

    Args:
        step: The command.
        folder: Where it runs.
        terminal: Runs it.
        asked: Prompts so far; those of this command are added.
    """

    def answer(prompt: str) -> str:
        asked.append(prompt if "again" not in prompt else asked[-1])
        if "[y/N]" in prompt:
            return "y"
        return "the authority's one" if "authority" in asked[-1] else "a person's password"

    program, *words = shlex.split(step.script)
    assert program == "segval"
    arguments = [found for one in words for found in _expanded(one, folder)]
    ended = terminal(*arguments, answers=answer, cwd=folder)
    shown = f"line {step.line}: {step.script}\n{ended.everything}"
    assert ended.status == step.status, shown
    said = ended.stdout if ended.status == 0 else ended.stderr
    assert pages.same(step.printed or "", said), shown


def _expanded(word: str, folder: Path) -> list[str]:
    """Return what a shell makes of a word with an asterisk."""
    if "*" not in word:
        return [word]
    return [path.relative_to(folder).as_posix() for path in sorted(folder.glob(word))]


# --- the runner itself --------------------------------------------------------------------

_PAGE = """
<!-- run: exit 1 -->
```console
$ echo one \\
>   two
one two
$ printf '%s\\n' a b c; false
a
...
```

```console
$ not run, as it is not marked
```
"""


def test_a_console_block_becomes_steps() -> None:
    first, second = pages.steps(_PAGE)
    assert (first.script, first.printed, first.status) == ("echo one two", "one two\n", 0)
    assert (second.printed, second.status) == ("a\n...\n", 1)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the guides are for a POSIX shell")
@pytest.mark.parametrize(
    ("number", "right", "wrong"), [(0, "two\n$", "three\n$"), (1, "exit 1", "exit 3")]
)
def test_what_a_page_says_wrongly_is_noticed(
    number: int, right: str, wrong: str, tmp_path: Path
) -> None:
    variables = {"PATH": os.environ["PATH"]}
    pages.run(list(pages.steps(_PAGE))[number], tmp_path, variables)
    step = list(pages.steps(_PAGE.replace(right, wrong)))[number]
    with pytest.raises(AssertionError, match="line 2: "):
        pages.run(step, tmp_path, variables)


def test_a_broken_link_is_noticed() -> None:
    text = "# A *b* `c`: d\n[x](y.md#z)\n```text\n# no heading [n](o)\n```\n"
    assert list(pages.links(text)) == ["y.md#z"]
    assert pages.anchors(text) == {"a-b-c-d"}
