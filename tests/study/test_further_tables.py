"""Borders, and objects that a mask would merge, from the files of a run to its record."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from validation import verify


def figures(record: Path) -> dict[str, Any]:
    metrics = json.loads((record / "evidence/metrics.json").read_bytes())["metrics"]
    return {one["id"]: one for one in metrics}


def evidence(record: Path) -> dict[str, bytes]:
    found = [one for one in record.glob("evidence/**/*") if one.is_file()]
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in found}


def derivation(record: Path) -> str:
    """Return what becomes of the check that figures follow from the tables."""
    [found] = [one.outcome for one in verify(record).checks if "per-case tables" in one.what]
    return found


@pytest.mark.usefixtures("no_report")
def test_a_semantic_study_on_label_maps_measures_borders_and_tells_what_touches(
    make_study: Any,
) -> None:
    study = make_study("semantic")
    instance = make_study("instance", "other")
    for path in (instance.root / "references").iterdir():
        study.put(f"references/{path.name}", path.read_bytes())
    study.values["classes"] = study.values["classes"][:1]
    study.values["test_set"]["reference_standard"]["format"] = "label_map"
    study.values["analysis"]["surface_tolerance_px"] = 1
    study.source = study.source.replace("+ 6 * (image > 235)", "")
    study.write()
    study.lock()
    study.run("one", workers=1)
    study.run("two", workers=2)
    one, two = study.folder / "one", study.folder / "two"
    assert evidence(one) == evidence(two)
    assert derivation(one) == "held"
    found = figures(one)
    # Nine cells; the two of C2 that touch are one component.
    assert found["touching_share/class=cell"]["value"] == 2 / 9
    assert found["component_count_relative_error/class=cell"]["value"] == -1 / 9
    rows = (one / "evidence/tables/separability.csv").read_bytes().splitlines()
    assert rows[2] == b"C2,cell,3,2,2"
    # C6 is empty in both: no distance, counted; the others as SciPy has them.
    distances = []
    for number in range(1, 6):
        truth = np.asarray(Image.open(study.root / f"references/C{number}.png")) > 0
        predicted = np.asarray(Image.open(one / f"predictions/C{number}.png")) > 0
        borders = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, predicted)]
        there = ndimage.distance_transform_edt(~borders[1])[borders[0]]
        back = ndimage.distance_transform_edt(~borders[0])[borders[1]]
        distances.append(max(np.percentile(there, 95), np.percentile(back, 95)))
    figure = found["hausdorff_95_px/class=cell"]
    assert figure["value"] == pytest.approx(np.mean(distances), rel=1e-15)
    assert (figure["n"], figure["n_undefined"]) == (5, 1)
    assert max(distances) > 0


@pytest.mark.usefixtures("no_report")
def test_distances_of_pairs_are_measured_once_and_derived_again(make_study: Any) -> None:
    study = make_study("instance")
    study.values["analysis"]["pair_distances_in"] = "px"
    study.write()
    study.lock()
    study.run("one", workers=1)
    study.run("two", workers=2)
    one, two = study.folder / "one", study.folder / "two"
    assert evidence(one) == evidence(two)
    assert derivation(one) == "held"
    found = figures(one)["matched_hausdorff_95_px/class=cell/iou=0.5"]
    rows = list(csv.DictReader((one / "evidence/instances.csv").read_text().splitlines()))
    matched = [row for row in rows if row["outcome"] == "matched"]
    distances = []
    for row in matched:
        pair = [
            np.asarray(Image.open(folder)) == int(row[column])
            for folder, column in (
                (study.root / f"references/{row['case_id']}.png", "reference_id"),
                (one / f"predictions/{row['case_id']}.png", "prediction_id"),
            )
        ]
        borders = [mask & ~ndimage.binary_erosion(mask) for mask in pair]
        there = ndimage.distance_transform_edt(~borders[1])[borders[0]]
        back = ndimage.distance_transform_edt(~borders[0])[borders[1]]
        distances.append(max(np.percentile(there, 95), np.percentile(back, 95)))
        assert float(row["hausdorff_95_px"]) == distances[-1]
    assert found["n"] == len(distances) > 3
    assert found["value"] == pytest.approx(np.mean(distances), rel=1e-15)
    table = one / "evidence/tables/pair_distances.csv"
    text = table.read_text().splitlines()
    table.write_text("\n".join([*text[:-1], text[-1].rsplit(",", 1)[0] + ",9.5", ""]))
    assert derivation(one) == "did_not_hold"


@pytest.mark.usefixtures("no_report")
def test_a_failed_case_counts_as_an_empty_border_and_keeps_its_objects(make_study: Any) -> None:
    study = make_study("semantic")
    study.values["analysis"]["surface_tolerance_um"] = 1
    study.values["test_set"]["pixel_spacing_um"] = 0.5
    study.parameters = {"fail_on": 3}
    study.write()
    study.lock()
    study.run()
    record = study.folder / "record"
    assert derivation(record) == "held"
    found = figures(record)
    assert found["surface_missed_cases/class=cell"]["value"] == 1
    assert found["hausdorff_95_um/class=cell"]["unit"] == "µm"
    assert found["touching_share/class=cell"]["undefined"] == (
        "a class map does not tell objects apart"
    )
    # Components are counted all the same; C3, which failed, has a reference.
    rows = (record / "evidence/tables/separability.csv").read_bytes().splitlines()
    assert rows[:2] == [b"case_id,class,objects,touching,components", b"C1,cell,,,2"]
    assert len(rows) == 1 + 6 * 2
    assert found["reference_components/class=cell"]["value"] == 8
    rows = (record / "evidence/tables/surfaces.csv").read_bytes().splitlines()
    assert [row.split(b",")[:2] for row in rows[5:7]] == [[b"C3", b"cell"], [b"C3", b"spot"]]


@pytest.mark.usefixtures("no_report")
def test_an_instance_record_holds_what_a_mask_would_merge_and_a_changed_row_is_found(
    make_study: Any,
) -> None:
    study = make_study("instance").lock()
    study.run()
    record = study.folder / "record"
    path = record / "evidence/tables/separability.csv"
    assert figures(record)["touching_objects/class=cell"]["value"] == 2
    assert derivation(record) == "held"
    path.write_bytes(path.read_bytes().replace(b"C2,cell,3,2,2", b"C2,cell,3,0,3"))
    assert derivation(record) == "did_not_hold"
