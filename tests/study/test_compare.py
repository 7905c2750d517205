"""``segval compare``: what is compared, what is refused, and what lets a pipeline go on."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from validation.cli import main
from validation.judge.comparison.records import Comparison
from validation.record import readable_json
from validation.record_folder import read_index, seal

pytestmark = pytest.mark.usefixtures("no_report")

MARGIN = {
    "id": "CC-01",
    "requirements": ["REQ-01"],
    "metric": "recall",
    "class": "cell",
    "iou": 0.5,
    "aim": "non_inferiority",
    "margin": 0.5,
    "rationale": "Half of them is what the test leaves.",
}


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def said(*arguments: object) -> dict[str, Any]:
    result = compare(*arguments, "--json")
    assert result.exit_code in {0, 1}, result.output
    Comparison.model_validate_json(result.stdout)
    return dict(json.loads(result.stdout))


Two = tuple[Path, Path]


def versions(make_study: Callable[..., Any], kind: str, second: dict[str, Any]) -> Two:
    """Run the tiny study with two thresholds; C4 has a cell that the first one misses."""
    study = make_study(kind).lock()
    study.run("first")
    for field, value in second.items():
        study.change(field, value)
    study.parameters = {"threshold": 60}
    study.write()
    study.run("second")
    return study.folder / "first", study.folder / "second"


@pytest.fixture(scope="module")
def of_kind(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Two]:
    """Two versions of a kind, run once; not to be changed."""
    from validation.study import running

    made: dict[str, Two] = {}

    def once(kind: str) -> Two:
        if kind not in made:

            def make(kind: str) -> Any:
                return tiny.Study(tmp_path_factory.mktemp(kind), kind)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(running, "write_report", lambda _folder, _id: None)
                made[kind] = versions(make, kind, {})
        return made[kind]

    return once


@pytest.fixture
def two(of_kind: Callable[[str], Two]) -> Two:
    return of_kind("instance")


def test_without_margins_the_comparison_is_exploratory(two: Two) -> None:
    before = {one: one.read_bytes() for one in two[0].parent.rglob("*") if one.is_file()}
    result = compare(*two)
    assert result.exit_code == 1
    assert "exploratory: no margin was fixed" in result.output
    assert before == {one: one.read_bytes() for one in two[0].parent.rglob("*") if one.is_file()}


def test_the_cell_that_the_second_version_finds(two: Two) -> None:
    """Of nine cells the first version finds seven: one is merged, one is too dim."""
    found = said(*two)
    one = next(one for one in found["differences"] if one["id"] == "recall/class=cell/iou=0.5")
    assert (one["first"]["value"], one["second"]["value"]) == (7 / 9, 8 / 9)
    assert one["difference"] == pytest.approx(1 / 9, abs=1e-15)
    table = next(one for one in found["found"] if one["iou"] == 0.5)
    assert [table[name] for name in ("both", "first_only", "second_only", "neither")] == [
        7,
        0,
        1,
        1,
    ]
    assert table["p"] == 1.0
    assert found["changes"] == {"newly_found": 1, "newly_found/cell": 1}
    assert {one["where"] for one in found["differing"]} == {"model.parameters.threshold"}
    assert [one for one in found["differences"] if one["metric"] == "latency_p95_ms"]


def test_intervals_of_both_versions_come_from_the_same_draws(two: Two) -> None:
    assert compare(*two, "--json").stdout == compare(*two, "--json").stdout
    found = said(*two)
    for one in found["differences"]:
        if one["interval"] is not None:
            assert one["interval"]["method"].startswith("paired percentile bootstrap over subject")
            assert one["interval"]["lower"] <= one["interval"]["upper"]


def test_the_other_way_round_every_difference_has_the_other_sign(two: Two) -> None:
    there, back = said(*two), said(two[1], two[0])
    assert back["changes"] == {"newly_missed": 1, "newly_missed/cell": 1}
    opposite = {one["id"]: one for one in back["differences"]}
    for one in there["differences"]:
        other = opposite[one["id"]]
        if one["difference"] is not None:
            assert other["difference"] == -one["difference"]
        if one["interval"] is not None and "percentile" in one["interval"]["method"]:
            assert other["interval"]["lower"] == pytest.approx(-one["interval"]["upper"], abs=1e-12)


@pytest.mark.parametrize("kind", ["semantic", "panoptic"])
def test_every_method(kind: str, of_kind: Callable[[str], Two]) -> None:
    found = said(*of_kind(kind))
    assert found["differences"]
    whats = {one["of"] for one in found["found"]}
    assert whats == (
        {"reference objects"}
        if kind == "panoptic"
        else {"cases with the class", "cases without the class"}
    )
    metric = {"semantic": "dice/class=cell", "panoptic": "pq/class=cell"}[kind]
    one = next(one for one in found["differences"] if one["id"] == metric)
    assert one["difference"] > 0


def test_areas_that_changed_are_never_told_as_nothing(
    of_kind: Callable[[str], Two], tmp_path: Path
) -> None:
    """Rows of changes are of outcomes; Dice of semantic evidence changes without one."""
    two = of_kind("semantic")
    result = compare(*two, "--markdown", tmp_path / "summary.md")
    whole = said(*two)
    assert whole["changes"] == {}
    assert any(one["difference"] for one in whole["differences"] if "dice" in one["id"])
    for told in (result.output, (tmp_path / "summary.md").read_text()):
        assert "nothing" not in told
        assert "how areas changed is among the differences" in told


def test_a_version_before_that_ran_later_is_told(make_study: Callable[..., Any]) -> None:
    """Records that were swapped by mistake turn every verdict round."""
    study = make_study("instance").lock()
    study.run("first")
    time.sleep(1.1)  # times of records are whole seconds
    study.run("second")
    told = "The run of A was finished after that of B: A is taken as the version before."
    assert told not in said(study.folder / "first", study.folder / "second")["remarks"]
    assert told in said(study.folder / "second", study.folder / "first")["remarks"]


# --- verdict -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "verdict", "status"),
    [
        ({}, "met", 0),
        ({"aim": "superiority", "margin": 0.9}, "not_met", 1),
    ],
)
def test_the_second_protocol_fixes_the_margins(
    make_study: Callable[..., Any], change: dict[str, Any], verdict: str, status: int
) -> None:
    block = {"margins": [{**MARGIN, **change}], "change": "Dimmer cells.", "impact": "None."}
    two = versions(make_study, "instance", {"comparison": block})
    result = compare(*two)
    assert result.exit_code == status, result.output
    assert said(*two)["verdict"] == verdict
    assert "was not approved" in result.output
    assert compare(*two, "--approved").exit_code == 1


def test_a_failed_case_keeps_the_verdict_from_being_met(make_study: Callable[..., Any]) -> None:
    study = make_study().change("comparison", {"margins": [MARGIN]}).lock()
    study.run("first")
    study.parameters = {"threshold": 60, "fail_on": 6}
    study.write()
    study.run("second")
    result = compare(study.folder / "first", study.folder / "second")
    assert result.exit_code == 1
    assert "incomplete" in result.output
    assert "In the second record 1 case failed" in result.output


def test_other_margins_of_the_first_protocol_are_told(make_study: Callable[..., Any]) -> None:
    study = make_study().change("comparison", {"margins": [MARGIN]}).lock()
    study.run("first")
    study.change("comparison.margins.0.margin", 0.6)
    study.parameters = {"threshold": 60}
    study.write()
    study.run("second")
    found = said(study.folder / "first", study.folder / "second")
    assert (
        "The first protocol states other margins; those of the second are judged."
        in (found["remarks"])
    )
    assert found["margins"][0]["margin"] == 0.6


# --- refusals ----------------------------------------------------------------------------


def test_a_record_is_not_compared_with_itself(two: Two) -> None:
    result = compare(two[0], two[0])
    assert result.exit_code == 3
    assert "nothing differs" in result.output


def test_two_runs_of_one_model_are_said_to_be_that(make_study: Callable[..., Any]) -> None:
    study = make_study().lock()
    study.run("first")
    study.run("second")
    found = said(study.folder / "first", study.folder / "second")
    assert {one["difference"] for one in found["differences"] if not one["metric"].startswith("lat")
            and one["difference"] is not None} == {0}  # fmt: skip
    assert any("of the same model and settings" in one for one in found["remarks"])


@pytest.mark.parametrize(
    ("field", "value", "said_of_it"),
    [
        ("test_set.id", "TINY-2", "the test sets differ: TINY-1 and TINY-2"),
        ("analysis.resampling_unit", "case", "analysis.resampling_unit differs: subject and case"),
        ("analysis.failed_cases", "leave_out", "analysis.failed_cases differs"),
        (
            "analysis.matching.merge_split_fraction",
            0.9,
            "merge_split_fraction differs: 0.75 and 0.9",
        ),
        ("analysis.matching.maximum_detections", 9, "analysis.matching.maximum_detections"),
        ("test_set.exclusions", [{"cases": ["C6"], "reason": "Empty."}], "one record alone: C6"),
        ("classes.0.name", "disc", "the classes differ: cell = 1 and disc = 1"),
        ("test_set.pixel_spacing_um", 0.5, "pixel_spacing_um differs: None and 0.5"),
        ("test_set.reference_standard.origin", "By hand.", "the reference standards differ"),
    ],
)
def test_other_test_sets_and_plans_are_refused(
    make_study: Callable[..., Any], two: Two, field: str, value: Any, said_of_it: str
) -> None:
    study = make_study()
    study.change(field, value)
    if field == "classes.0.name":
        study.change("criteria.0.class", value)
    study.lock().run("other")
    result = compare(two[0], study.folder / "other")
    assert result.exit_code == 3, result.output
    assert said_of_it in " ".join(result.output.split())


def test_all_reasons_are_said_at_once(make_study: Callable[..., Any], two: Two) -> None:
    study = make_study().change("test_set.id", "TINY-2").change("analysis.resampling_unit", "case")
    study.rows[0]["subject_id"] = "S9"
    study.write()
    study.put("images/C6.png", (study.root / "images/C5.png").read_bytes())
    study.lock().run("other")
    result = compare(two[0], study.folder / "other")
    assert result.exit_code == 3
    text = " ".join(result.output.split())
    for reason in (
        "the test sets differ",
        "the locked files differ",
        "cases have other files, subjects or attributes: C1",
        "analysis.resampling_unit differs",
    ):
        assert reason in text


def test_another_method_is_refused(of_kind: Callable[[str], Two], two: Two) -> None:
    result = compare(two[0], of_kind("semantic")[1])
    assert result.exit_code == 3
    assert "the methods differ: instance and semantic" in result.output


def test_the_operating_point_belongs_to_the_version(make_study: Callable[..., Any]) -> None:
    study = make_study().lock()
    study.run("first")
    study.change("analysis.matching.score_threshold", 0.75).run("second")
    found = said(study.folder / "first", study.folder / "second")
    assert found["differing"][0]["where"] == "analysis.matching.score_threshold"


def test_damaged_records_are_refused_both_at_once(two: Two, tmp_path: Path) -> None:
    copies = [Path(shutil.copytree(one, tmp_path / one.name)) for one in two]
    for one in copies:
        with (one / "evidence/metrics.json").open("ab") as file:
            file.write(b" ")
    result = compare(*copies)
    assert result.exit_code == 3
    assert result.output.count("changed after it was sealed: evidence/metrics.json") == 2
    assert compare(tmp_path, two[0]).exit_code == 3


def test_figures_that_do_not_follow_from_the_tables_are_refused(two: Two, tmp_path: Path) -> None:
    """Sealed anew with another recall: findings follow, and the tables say otherwise."""
    record = Path(shutil.copytree(two[1], tmp_path / "copy"))
    path = record / "evidence/metrics.json"
    metrics = json.loads(path.read_bytes())
    for one in metrics["metrics"]:
        if one["id"] == "recall/class=cell/iou=0.5":
            one["value"] = 1.0
    path.write_bytes(readable_json(metrics))
    from validation.judge.findings import Findings

    index = read_index(record)
    findings = Findings.from_json((record / "findings.json").read_bytes())
    seal(record, index.record_id, findings, index.sealed_at)
    result = compare(two[0], record)
    assert result.exit_code == 3
    text = " ".join(result.output.split())
    assert "figures do not follow from the per-case tables: recall/class=cell/iou=0.5" in text


def test_a_run_of_a_part_of_the_cases_is_not_compared(two: Two) -> None:
    from validation.judge.comparison.comparable import Planned, why_not
    from validation.study.comparing import _Read
    from validation.study.gating import judged_again

    sides = [_Read(one, judged_again(one), "").planned for one in two]
    part = sides[1]._replace(subset="5 of 6 cases: not for the record")
    [problem] = why_not(sides[0], part)
    assert problem.what == "the run was for development: 5 of 6 cases: not for the record"
    assert why_not(Planned(*sides[0]), sides[1]) == ()


def test_an_open_deviation_keeps_the_verdict_from_being_met(
    make_study: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.study.quick_deviations import quick_report
    from validation.study import deviations

    monkeypatch.setattr(deviations, "render_report", quick_report)
    two = versions(make_study, "instance", {"comparison": {"margins": [MARGIN]}})
    assert said(*two)["verdict"] == "met"
    texts = ["--what", "C2 was imaged twice", "--reason", "Jam", "--impact", "None"]
    result = CliRunner().invoke(main, ["deviation", "add", str(two[0]), *texts])
    assert result.exit_code in {0, 1}, result.output
    result = compare(*two)
    assert result.exit_code == 1
    assert "In the first record deviations are open (DEV-01)" in result.output
    assert said(*two)["verdict"] == "incomplete"


# --- pipelines ---------------------------------------------------------------------------


def test_a_pipeline_stops_on_a_version_that_is_worse(
    make_study: Callable[..., Any], tmp_path: Path
) -> None:
    """The threshold is raised on purpose: cells are missed, and JUnit names the margin."""
    study = make_study().change("comparison", {"margins": [{**MARGIN, "margin": 0.1}]}).lock()
    study.run("first")
    study.parameters = {"threshold": 187}
    study.write()
    study.run("second")
    junit, summary = tmp_path / "margins.xml", tmp_path / "summary.md"
    records = study.folder / "first", study.folder / "second"
    result = compare(*records, "--junit", junit, "--markdown", summary)
    assert result.exit_code == 1
    suite = ET.fromstring(junit.read_bytes())[0]  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    [failure] = suite.iter("failure")
    assert failure.get("type") == "not_met"
    assert "asked: not inferior: lower limit > -0.1" in str(failure.get("message"))
    text = summary.read_text("utf-8")
    assert text.startswith("## \u00d7 Not met: brightness 1 against brightness 1")
    assert "| CC-01 | recall/class=cell/iou=0.5 |" in text
    assert compare(*records, "--junit", junit).exit_code == 3


def test_no_margin_is_an_error_of_the_pipeline(two: Two, tmp_path: Path) -> None:
    junit = tmp_path / "margins.xml"
    compare(*two, "--junit", junit)
    [error] = ET.fromstring(junit.read_bytes()).iter("error")  # noqa: S314 - our own file
    assert error.get("message") == "no margin was fixed"
