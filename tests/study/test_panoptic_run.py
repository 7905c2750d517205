"""A panoptic study from the lock to the verified record."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from validation import verify
from validation.errors import LockError, TestSetError
from validation.evidence.files import table_files, tables_from_files
from validation.study.opening import read_protocol


def _rows(record: Path, name: str) -> list[dict[str, str]]:
    with (record / f"evidence/{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _figures(record: Path) -> dict[str, Any]:
    metrics = json.loads((record / "evidence/metrics.json").read_bytes())["metrics"]
    return {one["id"]: one["value"] for one in metrics}


def _segval(study: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "validation", *arguments],
        cwd=study.folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def ran(make_study: Any, no_report: None) -> Any:
    study = make_study("panoptic").lock()
    study.run()
    return study


def test_quality_follows_from_the_rows_of_the_cases(ran: Any) -> None:
    rows, found = _rows(ran.folder / "record", "cases"), _figures(ran.folder / "record")
    quality = {}
    for name in ("cell", "spot"):
        tp, fn, fp, iou_sum = (
            sum(float(row[f"{column}/class={name}"]) for row in rows)
            for column in (
                "matched_segments", "missed_segments", "false_positive_segments",
                "segment_iou_sum",
            )
        )  # fmt: skip
        quality[name] = iou_sum / (tp + (fp + fn) / 2)
        assert found[f"pq/class={name}"] == pytest.approx(quality[name])
        assert found[f"pq/class={name}"] == pytest.approx(
            found[f"sq/class={name}"] * found[f"rq/class={name}"]
        )
    assert found["pq_things"] == pytest.approx(quality["cell"])
    assert found["pq_stuff"] == pytest.approx(quality["spot"])
    assert found["pq_all"] == pytest.approx((quality["cell"] + quality["spot"]) / 2)


def test_objects_have_rows_and_stuff_has_none(ran: Any) -> None:
    rows = _rows(ran.folder / "record", "instances")
    assert {row["class"] for row in rows} == {"cell"}
    assert sum(bool(row["reference_id"]) for row in rows) == 9
    found = _figures(ran.folder / "record")
    assert found["reference_objects/class=cell"] == 9
    assert found["merge_events/class=cell"] == 1
    assert found["dice/class=spot"] == 1
    assert not [one for one in found if one.startswith(("recall/class=spot", "average", "froc"))]


def test_the_lock_counts_the_objects(ran: Any) -> None:
    lock = json.loads((ran.folder / "lock/lock.json").read_bytes())
    assert lock["reference_object_count"] == 9


def test_tables_come_back_from_their_files(ran: Any) -> None:
    record, protocol = ran.folder / "record", read_protocol(ran.path).protocol
    stored = {
        f"tables/{one.name}": one.read_bytes() for one in (record / "evidence/tables").iterdir()
    }
    tables, failed = tables_from_files(stored, protocol)
    written = table_files(tables, failed, protocol)
    assert written == {name: stored[name] for name in written}


def test_classes_that_do_not_follow_from_the_segments_are_found(ran: Any) -> None:
    path = ran.folder / "record/evidence/tables/confusion.csv"
    path.write_bytes(path.read_bytes().replace(b"C1,cell,cell,", b"C1,cell,cell,1"))
    [check] = [one for one in verify(ran.folder / "record").checks if "per-case" in one.what]
    assert check.outcome == "could_not_be_checked"
    assert "the classes do not follow from the segments" in check.detail


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("treatment", ["count_as_empty", "leave_out"])
@pytest.mark.parametrize("how", ["raise", "nan", "size", "value"])
def test_a_case_that_fails_is_a_finding_and_its_objects_are_not_lost(
    make_study: Any, how: str, treatment: str
) -> None:
    study = make_study("panoptic")
    study.parameters = {"fail_on": 2, "how": how}
    study.change("analysis.failed_cases", treatment).lock()
    outcome = study.run()
    [finding] = outcome.findings.failed_cases
    assert finding.case_id == "C2"
    assert outcome.findings.verdict == "incomplete"
    record = study.folder / "record"
    counts = treatment == "count_as_empty"
    assert _figures(record)["missed_segments/class=cell"] == (1 + 3 if counts else 1)
    of_case = [row for row in _rows(record, "instances") if row["case_id"] == "C2"]
    assert [row["outcome"] for row in of_case] == ["missed" if counts else "ignored"] * 3
    [check] = [one for one in verify(record).checks if "per-case" in one.what]
    assert check.outcome == "held"


@pytest.mark.usefixtures("no_report")
def test_void_and_regions_not_told_apart_are_left_out_and_counted(
    make_study: Any, tiny: Any
) -> None:
    # C1: one of two cells becomes a region of cells; C4: the dim cell, which is missed, void.
    study = make_study("panoptic").change("ignore_value", 255)
    for number, before, after in ((1, 1000, 1), (4, 1001, 255)):
        _, labels, classes = tiny.draw(number)
        values = np.where(labels > 0, labels.astype(np.uint16) + 999, classes)
        values[values == before] = after
        study.put(f"references/C{number}.png", tiny.png(values))
    study.lock().run()
    found, rows = _figures(study.folder / "record"), _rows(study.folder / "record", "cases")
    assert found["missed_segments/class=cell"] == 1
    assert found["reference_objects/class=cell"] == 7
    assert found["false_positive_segments/class=cell"] == 0
    assert found["false_positive_objects/class=cell"] == 0
    assert found["ignored_objects/class=cell"] == 1
    assert [int(row["ignored_px"]) > 0 for row in rows] == [False, False, False, True, False, False]


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (44, "values of no class (the classes are 1, 7): 44"),
        (7000, "values of objects of a class of stuff, which has none: 7000"),
        (44000, "values of no class (the classes are 1, 7): 44000"),
    ],
)
def test_a_reference_with_a_value_that_must_not_be_there_is_not_locked(
    make_study: Any, tiny: Any, value: int, what: str
) -> None:
    study = make_study("panoptic")
    study.put("references/C3.png", tiny.png(np.full((64, 64), value, np.uint16)))
    with pytest.raises(LockError) as caught:
        study.lock()
    [problem] = caught.value.problems
    assert problem.where == "case C3"
    assert what in problem.what


def test_a_reference_in_colours_is_not_locked(make_study: Any, tiny: Any) -> None:
    study = make_study("panoptic")
    study.put("references/C3.png", tiny.png(np.zeros((64, 64, 3), np.uint8)))
    with pytest.raises(LockError) as caught:
        study.lock()
    assert "one channel of 8 or 16 bits" in caught.value.problems[0].what


def test_a_region_is_refused(make_study: Any) -> None:
    study = make_study("panoptic")
    for row in study.rows:
        row["region"] = row["reference"]
    study.write()
    with pytest.raises(TestSetError) as caught:
        study.lock()
    assert caught.value.problems[0].fix.endswith("give the pixels outside the ignore value")


def test_the_command_line_leads_from_the_check_to_the_verified_report(make_study: Any) -> None:
    study = make_study("panoptic")
    for arguments in (
        ("check", "protocol.yaml"),
        ("lock", "protocol.yaml"),
        ("run", "protocol.yaml", "--out", "record"),
        ("report", "record", "--out", "again.pdf"),
        ("verify", "record"),
    ):
        done = _segval(study, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    page = (study.folder / "record/report.html").read_text(encoding="utf-8")
    for words in (
        "Panoptic segmentation",
        "Semantic or instance segmentation alone",
        "Panoptic quality of segments (PQ), mean over classes of things",
        "Object recall",
        "Intersection over union (pooled)",
        "Objects that touch another",
        "Evidence per object alone would say nothing of the stuff, spot",
        "Agreement of counts and area fractions",
        "with the lowest panoptic quality",
    ):
        assert words in page
