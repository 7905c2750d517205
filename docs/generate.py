"""Writes the pages of `docs/reference/` that follow from the code, and the help in README.md.

    python docs/generate.py            write what has changed
    python docs/generate.py --check    exit with 1 where a page is not current

`tests/test_docs.py` holds every page against what this makes of the code.
"""
# ruff: noqa: INP001 - a script beside the pages it writes

import re
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from validation.cli import main
from validation.evidence.catalogue import CATALOGUE, MetricDefinition
from validation.plan.check import rules
from validation.plan.choice.rules import Answer, Rules
from validation.plan.choice.rules import rules as rules_of_choice
from validation.plan.protocol import json_schema
from validation.record import readable_json
from validation.report.coverage import coverage
from validation.study.starting.texts import pipeline

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "docs/reference"
MADE = "<!-- Made by docs/generate.py; do not edit. -->"
HELP_WIDTH = 80

_HELP_BLOCK = re.compile(r"(<!-- help: (?P<command>[a-z ]+) -->\n)```text\n.*?```\n", re.DOTALL)


def pages() -> dict[str, str]:
    """Return every page that follows from the code, by its path under the root."""
    made = {
        f"{REFERENCE}/checks.md": checks_page(),
        f"{REFERENCE}/choice.md": choice_page(),
        f"{REFERENCE}/cli.md": cli_page(),
        f"{REFERENCE}/coverage.md": coverage_page(),
        f"{REFERENCE}/metrics.md": metrics_page(),
        f"{REFERENCE}/protocol.md": protocol_page(),
        f"{REFERENCE}/protocol.schema.json": readable_json(json_schema()).decode(),
    }
    made |= pipeline_pages()
    readme = ROOT / "README.md"
    if readme.is_file():
        made["README.md"] = with_help(readme.read_text(encoding="utf-8"))
    return made


def pipeline_pages() -> dict[str, str]:
    """Return the files of a pipeline, which `segval init` writes into a study, too."""
    files = pipeline("protocols/study/protocol.yaml", "validate.sh")
    folder = "docs/how-to/pipelines"
    names = {".github/workflows/validate.yml": "github.yml", ".gitlab-ci.yml": "gitlab.yml"}
    return {f"{folder}/{names.get(name, name)}": one.decode() for name, one in files.items()}


def help_of(*command: str) -> str:
    """Return what a command prints with ``--help``, 80 columns wide."""
    result = CliRunner().invoke(
        main, [*command, "--help"], prog_name="segval", terminal_width=HELP_WIDTH
    )
    if result.exit_code != 0:
        raise ValueError(f"segval {' '.join(command)} --help failed: {result.output}")
    return result.stdout.rstrip() + "\n"


def with_help(text: str) -> str:
    """Return a page with the block after each ``<!-- help: segval VERB -->`` made anew."""

    def block(match: re.Match[str]) -> str:
        command = match["command"].split()[1:]
        return f"{match[1]}```text\n{help_of(*command)}```\n"

    return _HELP_BLOCK.sub(block, text)


# --- command line -------------------------------------------------------------------------


def cli_page() -> str:
    """Return the page of the command line: the help of every command."""
    lines = [
        "# Command line",
        "",
        MADE,
        "",
        "`segval VERB`, or `python -m validation VERB`. Results go to standard output (`--json`",
        "for machines), progress and warnings to standard error. Nothing is ever overwritten.",
        "",
        "| exit status | means |",
        "|---|---|",
        "| 0 | done, and everything is met or held |",
        "| 1 | done, and something is not met, not evaluable or did not hold |",
        "| 2 | wrong usage |",
        "| 3 | could not be done, or could not be checked |",
        "",
        "## segval",
        "",
        f"```text\n{help_of()}```",
    ]
    for name, command in main.commands.items():
        lines += ["", f"## segval {name}", "", f"```text\n{help_of(name)}```"]
        for below in command.commands if isinstance(command, click.Group) else ():
            lines += ["", f"### segval {name} {below}", "", f"```text\n{help_of(name, below)}```"]
    return "\n".join(lines) + "\n"


# --- choice of method ---------------------------------------------------------------------


def choice_page() -> str:
    """Return the page of the questions and rules of the choice of method."""
    known = rules_of_choice()
    lines = [
        "# Choice of method",
        "",
        MADE,
        "",
        "The questions of `segval choose` and the rules that answers are held against, version",
        f"{known.version}, from [rules.yaml](../../validation/plan/choice/rules.yaml). How points",
        "decide stands at the head of that file; how they are used, in",
        "[Choose the method](../how-to/choose-the-method.md).",
    ]
    for topic, questions in groupby(known.questions, key=lambda one: one.topic):
        lines += ["", f"## {topic}"]
        for question in questions:
            lines += ["", f"### {question.id}", "", f"{question.question} {_text(question.why)}"]
            lines += ["", "| answer | what it does | rule | from |", "|---|---|---|---|"]
            for answer in question.answers:
                lines += _answer_rows(answer, known)
    lines += ["", "## Sources", "", "| named | title |", "|---|---|"]
    lines += [f"| {one.name} | {one.title} |" for one in known.sources.values()]
    return "\n".join(lines) + "\n"


def _answer_rows(answer: Answer, known: Rules) -> Iterator[str]:
    """Yield the rows of an answer, one for each of its points."""
    name = f"`{answer.id}`: {answer.text}"
    if not answer.points:
        yield f"| {name} | says nothing to any method | | |"
    for point in answer.points:
        does = {"for": "speaks for", "against": "speaks against"}.get(point.does, point.does)
        rule = f"{point.id}: {_text(point.rule)}"
        yield f"| {name} | {does} {point.method} | {rule} | {known.cited(point)} |"


# --- metrics ------------------------------------------------------------------------------

_KINDS = {
    "instance": "Instance: figures per object",
    "semantic": "Semantic: figures per class and pixel",
    "panoptic": "Panoptic: figures per segment, and of things per object",
    "timing": "Timing: for every method",
}


def metrics_page() -> str:
    """Return the page of the catalogue."""
    lines = [
        "# Metrics",
        "",
        MADE,
        "",
        "Every metric that a criterion can name, as `segval metrics` lists them. TP, FP, FN and TN",
        "are counted over objects for instance metrics, over pixels for semantic ones and over",
        "segments for panoptic quality; R is a reference object, P a predicted one, |·| an area in",
        "pixels, Σ a sum over cases. A figure of several methods is described once. See also",
        "[How numbers are made](../explanation/how-numbers-are-made.md).",
    ]
    described: set[str] = set()
    for kind, title in _KINDS.items():
        chosen = [one for one in CATALOGUE if kind in one.methods]
        lines += ["", f"## {title}", "", "| id | name | unit | better |", "|---|---|---|---|"]
        lines += [
            f"| [`{one.id}`](#{one.id}) | {_cell(one.name)} | {one.unit} | {one.better} |"
            for one in chosen
        ]
        for one in chosen:
            if one.id not in described:
                lines += ["", f"### {one.id}", "", *_metric_lines(one)]
        described |= {one.id for one in chosen}
    return "\n".join(lines) + "\n"


def _metric_lines(one: MetricDefinition) -> list[str]:
    asked = [f"`{name}:`" for name, needed in (("class", one.needs_class), ("iou", one.needs_iou))
             if needed]  # fmt: skip
    if one.has_class_mean:
        asked[0] = "`class:` (none: the mean over classes, where there are several)"
    if one.has_sizes:
        asked.append("`size:` for one size (none: every size)")
    return [
        f"**{one.name}.** {_text(one.definition)}",
        "",
        f"- unit: {one.unit}; range: {one.range}; better: {one.better}",
        f"- over cases: {one.aggregation}; `n` counts {one.n_of}",
        f"- a criterion gives: {', '.join(asked) or 'nothing more'}",
        f"- edge cases: {_text(one.edge_case)}",
        f"- source: {_text(one.source)}",
    ]


# --- checks -------------------------------------------------------------------------------


def checks_page() -> str:
    """Return the page of the rules that a protocol is held to."""
    lines = [
        "# Checks of a protocol",
        "",
        MADE,
        "",
        "Every rule that `segval check` holds a protocol to. An error forbids a run; a warning is",
        "for the author, who mends what it finds or answers it:",
        "",
        "```yaml",
        "accepted_warnings:",
        "  - rule: subgroup.few-units",
        "    about: site",
        "    reason: Three sites are all that there are.",
        "```",
        "",
        "`about` is what the check prints beside the rule; without it the reason is given for",
        "every warning of the rule. Documents print the answers. Ids are stable: a rule may be",
        "added or retired, and none changes its meaning. The formulas behind the rules on what a",
        "test set can show are in [ADR 0026](../adr/0026-a-plan-that-can-be-met.md); how a plan is",
        "mended is in [A plan that can be met](../how-to/a-plan-that-can-be-met.md).",
        "",
        "| rule | level | why | source |",
        "|---|---|---|---|",
    ]
    for one in sorted(rules()):
        level = one.level if one.can_be_accepted or one.level == "error" else "warning, stays open"
        cells = (f"`{one.id}`", level, one.why, one.source)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines) + "\n"


# --- coverage -----------------------------------------------------------------------------


def coverage_page() -> str:
    """Return the page of the items that standards and guidance ask for."""
    known = coverage()
    lines = [
        "# Coverage of standards and guidance",
        "",
        MADE,
        "",
        "Which section of report and protocol document answers which item, and by which fields of",
        "the protocol. `segval check` warns where a field of the third column says nothing, and",
        'documents then print "not provided". With `report.coverage: true` both documents print',
        "the table as an appendix. Items are paraphrased; the sources have the wording, and the",
        "table is no statement of conformity.",
        "",
        "| item | asked by | fields of the protocol | sections |",
        "|---|---|---|---|",
    ]
    for one in known.items:
        fields = [f"`{field}`" for field in one.fields] + [f"(`{field}`)" for field in one.also]
        cells = (
            one.item,
            "; ".join(known.asked_by(one)),
            ", ".join(fields) or "\u2013",
            ", ".join(f"`#{anchor}`" for anchor in one.sections),
        )
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    lines += ["", "Fields in brackets may be empty. Sections are anchors of `report.html`.", ""]
    lines += ["## Sources", "", "| name | title |", "|---|---|"]
    lines += [f"| {one.name} | {_cell(one.title)} |" for one in known.sources.values()]
    return "\n".join(lines) + "\n"


# --- protocol -----------------------------------------------------------------------------


def protocol_page() -> str:
    """Return the page of the protocol's fields, from the JSON Schema."""
    schema = json_schema()
    definitions: Mapping[str, Any] = schema["$defs"]
    lines = [
        "# Protocol",
        "",
        MADE,
        "",
        "Every field of `protocol.yaml`, format `segval/protocol/1`. The same as a JSON Schema is",
        "[protocol.schema.json](protocol.schema.json), which `segval schema` prints. An editor",
        "with the YAML language server completes and checks a protocol that begins with",
        "`# yaml-language-server: $schema=protocol.schema.json`.",
        "",
        "Unknown fields are errors. A field that must be given has no default: where the choice is",
        "a regulatory or clinical one, the author makes it. What the schema cannot say (ids that",
        "have to exist, bounds that a metric cannot reach) `segval check` does.",
        "",
        "## The file",
        "",
        *_field_table(schema),
    ]
    for name in _in_order(schema, definitions):
        one = definitions[name]
        lines += ["", f"## {name}", ""]
        if one.get("description"):
            lines += [_text(one["description"]), ""]
        lines += _field_table(one)
    return "\n".join(lines) + "\n"


def _in_order(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[str]:
    """Return the names of the definitions as they are met, reading from the top."""
    found: list[str] = []

    def visit(node: object) -> None:
        for name in _references(node):
            if name not in found:
                found.append(name)
                visit(definitions[name])

    visit(schema["properties"])
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        for key, value in node.items():
            if key != "discriminator":
                yield from _references(value)
    elif isinstance(node, list):
        for one in node:
            yield from _references(one)


def _field_table(one: Mapping[str, Any]) -> list[str]:
    required = set(one.get("required", ()))
    lines = ["| field | must be given | value | meaning |", "|---|---|---|---|"]
    for name, field in one["properties"].items():
        must = "yes" if name in required else f"no{_default(field)}"
        lines.append(
            f"| `{name}` | {must} | {_cell(_type(field))} | {_cell(field.get('description', ''))} |"
        )
    return lines


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return f"; `{default}`" if isinstance(default, bool | int | float | str) else ""


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf"):
        if key in field:
            kinds = [_type(one) for one in field[key] if one.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    choices = field.get("enum", [field["const"]] if "const" in field else [])
    return " or ".join(f"`{one}`" for one in choices) or _plain_type(field)


def _plain_type(field: Mapping[str, Any]) -> str:
    kind = field.get("type")
    if kind == "array":
        return f"list of {_type(field['items'])}{_count(field)}"
    if kind == "object":
        return f"mapping to {_type(field.get('additionalProperties', {}))}{_count(field)}"
    return _WORDS.get(str(kind), "any value") + _bounds(field)


_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
}


def _count(field: Mapping[str, Any]) -> str:
    least, most = field.get("minItems"), field.get("maxProperties")
    return (f", {least} or more" if least else "") + (f", {most} at most" if most else "")


def _bounds(field: Mapping[str, Any]) -> str:
    said = []
    for key, words in (
        ("minimum", "from {}"),
        ("exclusiveMinimum", "above {}"),
        ("maximum", "to {}"),
        ("exclusiveMaximum", "below {}"),
        ("maxLength", "at most {} characters"),
        ("pattern", "matching `{}`"),
    ):
        if key in field:
            said.append(words.format(field[key]))
    return f", {' '.join(said)}" if said else ""


def _text(text: str) -> str:
    """Return a docstring's text as Markdown on one line."""
    return " ".join(text.replace("``", "`").split())


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a page is old.")
def generate(check: bool) -> None:
    """Write the pages that follow from the code."""
    old = [name for name, text in pages().items() if _read(ROOT / name) != text]
    for name in old:
        click.echo(f"{name} {'is not current' if check else 'written'}")
        if not check:
            (ROOT / name).write_text(pages()[name], encoding="utf-8")
    sys.exit(1 if check and old else 0)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    generate()
