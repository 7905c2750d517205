"""The document on a sample size: its whole text, its bytes, and what verify finds."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.report.test_golden import compare
from validation.attest.derived_check import check_derived
from validation.attest.verification import Checks
from validation.cli import main
from validation.errors import SampleSizeError
from validation.plan.sample_size.statement import STATEMENT_FILE, SizeStatement
from validation.record import digest
from validation.report.documents import render_size
from validation.report.render import render_html
from validation.report.view.documents.size import SizeContents, size_view

CLUSTERED: dict[str, Any] = {
    "criterion": "AC-01",
    "basis": "Recall of the version before.\n\nA pilot of eight donors.",
    "assumptions": {
        "design": "proportion", "expected": 0.95, "bound": 0.9, "direction": "at_least",
        "interval": "wilson", "level": 0.95, "power": 0.8,
        "clustering": {"mean_size": 40, "size_cv": 0.5, "icc": 0.05},
    },
    "pilot": {
        "record_id": "R-0123456789abcdef", "metric": "recall", "class_name": "cell",
        "unit": "subject", "units": 8, "observations": 320, "mean": 0.93, "sd": 0.255,
        "mean_size": 40, "size_cv": 0.5, "icc": 0.05, "lower": 0.01, "upper": 0.21, "level": 0.95,
        "variance_ratio": 3.1,
    },
    "test_set": {
        "criterion": "AC-01", "unit": "subject", "units": 12, "cases": 60,
        "remarks": ["f1 is a ratio of sums, not a share of objects: the number is a rough one."],
    },
}  # fmt: skip
BUDERER: dict[str, Any] = {
    "criterion": None,
    "basis": None,
    "assumptions": {
        "design": "presence_precision", "sensitivity": 0.9, "specificity": 0.85,
        "prevalence": 0.2, "half_width": 0.1, "level": 0.95,
    },
    "pilot": None,
    "test_set": None,
}  # fmt: skip


def contents(values: dict[str, Any]) -> SizeContents:
    statement = SizeStatement.model_validate(values)
    files = {STATEMENT_FILE: statement.to_json()}
    digests = {name: digest(one) for name, one in files.items()}
    return SizeContents(statement, None, files, digests, "0.0.0")


@pytest.mark.parametrize(
    ("name", "values"), [("size-clustered", CLUSTERED), ("size-presence", BUDERER)]
)
def test_the_document_says_what_it_said(name: str, values: dict[str, Any]) -> None:
    compare(name, render_html("size/size.html.jinja", size_view(contents(values))))


def test_it_is_made_again_from_what_it_embeds(broken_rules: Any) -> None:
    pdf, curve = render_size(contents(CLUSTERED))
    assert render_size(contents(CLUSTERED)) == (pdf, curve)
    assert broken_rules(pdf) == []
    checks = Checks()
    assert check_derived(pdf, checks)
    assert [one.outcome for one in checks.all()] == ["held", "held"]  # pages, and the curve


def test_a_test_set_that_is_large_enough_is_said_to_be() -> None:
    enough = {**CLUSTERED, "test_set": {**CLUSTERED["test_set"], "units": 24}}
    outcome = size_view(contents(enough)).cover.outcome
    assert outcome is not None
    assert outcome.key == "met"
    few = size_view(contents(CLUSTERED)).cover.outcome
    assert few is not None
    assert (few.key, few.sentence.replace("\xa0", " ")) == (
        "not_met", "It has 12 subjects; needed are 24 subjects: 12 subjects too few.",
    )  # fmt: skip


def test_assumptions_without_a_number_have_no_document() -> None:
    wrong = {**CLUSTERED, "assumptions": {**CLUSTERED["assumptions"], "expected": 0.8}}
    with pytest.raises(SampleSizeError):
        size_view(contents(wrong))


# --- from the command line ----------------------------------------------------------------

MEAN = ("plan-size", "mean", "--expected", 0.88, "--bound", 0.85, "--sd", 0.08, "--level", 0.95,
        "--power", 0.9)  # fmt: skip


def segval(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_document_and_curve_are_written_and_verified(tmp_path: Path) -> None:
    out = tmp_path / "size.pdf"
    basis = "<script>alert(1)</script> {{ 7 * 7 }} \u202e & 'quoted' =1+1"
    result = segval(*MEAN, "--out", out, "--basis", basis)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "size.csv").read_bytes().startswith(b"units,observations,")
    verified = segval("verify", out)
    assert verified.exit_code == 0, verified.output


def test_nothing_is_replaced_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "size.csv").write_text("mine", "utf-8")
    result = segval(*MEAN, "--out", tmp_path / "size.pdf")
    assert result.exit_code == 3
    assert "exists" in result.output
    assert not (tmp_path / "size.pdf").exists()
    assert (tmp_path / "size.csv").read_text("utf-8") == "mine"


@pytest.mark.parametrize("name", ["size.txt", "nowhere/size.pdf"])
def test_a_name_that_cannot_be_written_is_refused_first(name: str, tmp_path: Path) -> None:
    result = segval("plan-size", "mean", "--out", tmp_path / name)
    assert result.exit_code == 3
    assert "--expected" not in result.output


def test_a_record_is_never_added_to(tmp_path: Path) -> None:
    (tmp_path / "record" / "evidence").mkdir(parents=True)
    (tmp_path / "record" / "record.json").write_text("{}", "utf-8")
    result = segval(*MEAN, "--out", tmp_path / "record" / "evidence" / "size.pdf")
    assert result.exit_code == 3
    assert "never added to" in result.output


def test_a_text_that_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    result = segval(*MEAN, "--out", tmp_path / "size.pdf", "--basis", "a\x00b")
    assert result.exit_code == 3
    assert "--basis" in result.output
    assert list(tmp_path.iterdir()) == []
