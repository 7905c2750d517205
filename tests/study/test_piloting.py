"""A record as the pilot of the next test set."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from validation.cli import main
from validation.errors import RecordError, SampleSizeError
from validation.study.piloting import read_pilot


@pytest.fixture(scope="module")
def record(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of the tiny study; not to be changed."""
    study = tiny.Study(tmp_path_factory.mktemp("pilot"), "instance")
    study.lock().run()
    return Path(study.folder / "record")


def figure(record: Path, metric: str) -> float:
    """Return a figure of the evidence at the IoU threshold of the matching."""
    values = json.loads((record / "evidence" / "metrics.json").read_bytes())["metrics"]
    return next(
        float(one["value"]) for one in values if one["id"] == f"{metric}/class=cell/iou=0.5"
    )


def plan(record: Path, *arguments: object) -> Result:
    asked = ("--expected", 0.9, "--bound", 0.5, "--level", 0.95, "--power", 0.8)
    words = ("plan-size", "proportion", *asked, "--pilot", record, *arguments)
    return CliRunner().invoke(main, [str(one) for one in words])


def test_objects_are_counted_by_subject(record: Path) -> None:
    pilot = read_pilot(record, "recall", None)
    # Nine cells; of C2 two are merged, of which one has the partner, and one of C4 is too dim.
    assert (pilot.metric, pilot.class_name, pilot.unit) == ("recall", "cell", "subject")
    assert pilot.found.observations == 9
    assert pilot.found.mean == pytest.approx(7 / 9) == figure(record, "recall")
    assert pilot.found.units * pilot.found.mean_size == pytest.approx(9)


def test_predicted_objects_are_another_sample(record: Path) -> None:
    # Eight predictions: one merges two cells, and one is the bright spot.
    pilot = read_pilot(record, "precision", "cell")
    assert pilot.found.observations == 8
    assert pilot.found.mean == pytest.approx(7 / 8) == figure(record, "precision")


def test_figures_of_cases_are_averaged(record: Path) -> None:
    pilot = read_pilot(record, "count_exact_rate", None)
    assert pilot.found.observations == 6
    assert read_pilot(record, "f1", None).found.observations <= 6


def test_clusters_are_planned_as_in_the_pilot(record: Path) -> None:
    result = plan(record, "--pilot-metric", "recall")
    assert result.exit_code == 0, result.output
    plain = result.stdout.replace("\xa0", " ")
    assert "its size                3 subjects, 9 observations" in plain
    assert "observations per unit   3" in plain
    assert "at its upper limit" in plain


def test_the_upper_limit_of_the_correlation_needs_more(record: Path) -> None:
    usual, upper = (
        json.loads(plan(record, "--pilot-metric", "recall", "--icc-at", one, "--json").stdout)
        for one in ("estimate", "upper")
    )
    assert upper["units"] > usual["units"]
    assert upper["assumptions"]["clustering"]["icc"] > usual["assumptions"]["clustering"]["icc"]
    assert usual["pilot"]["found"]["observations"] == 9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--pilot-metric", "recall", "--icc", 0.1), "given twice"),
        ((), "what is observed in the pilot is not said"),
        (("--pilot-metric", "dice"), "no figure dice of cases"),
        (("--pilot-metric", "status"), "no figure of cases"),
        (("--pilot-metric", "presence_sensitivity"), "no figure presence of cases"),
        (("--pilot-metric", "../../etc/passwd"), "no figure ../../etc/passwd"),
        (("--pilot-metric", "recall", "--pilot-class", "tissue"), "has no class tissue"),
    ],
)
def test_what_the_pilot_does_not_say_is_refused(
    record: Path, arguments: tuple[Any, ...], said: str
) -> None:
    result = plan(record, *arguments)
    assert result.exit_code == 3, result.output
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_metric_without_its_pilot_is_refused() -> None:
    result = CliRunner().invoke(main, ["plan-size", "proportion", "--pilot-metric", "recall"])
    assert result.exit_code == 3
    assert "given without --pilot" in result.output


def test_a_folder_that_is_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleSizeError, match=r"no record\.json"):
        read_pilot(tmp_path, "recall", None)
    assert plan(tmp_path / "nowhere", "--pilot-metric", "recall").exit_code == 2


def test_a_record_that_was_changed_is_no_pilot(record: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(record, tmp_path / "record"))
    table = copy / "evidence" / "instances.csv"
    table.write_bytes(table.read_bytes().replace(b"missed", b"matched"))
    with pytest.raises(RecordError):
        read_pilot(copy, "recall", None)


def test_a_pilot_of_one_subject_is_refused(tiny: Any, tmp_path: Path) -> None:
    study = tiny.Study(tmp_path, "instance")
    for row in study.rows:
        row["subject_id"] = "S1"
    study.change("criteria.0.judged_on", "value").lock().run()
    with pytest.raises(SampleSizeError, match="one unit says nothing"):
        read_pilot(study.folder / "record", "recall", None)
