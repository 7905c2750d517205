"""Tests of protocols/simulated-nuclei/simulate.py and of the specimen set beside it."""

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy import ndimage

STUDY = Path(__file__).parents[2] / "protocols" / "simulated-nuclei"


def load_simulator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate", STUDY / "simulate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


simulate = load_simulator()
DESIGNS = {design.case_id: design for design in simulate.case_designs()}
ROWS = list(csv.DictReader((STUDY / "cases.csv").read_text(encoding="utf-8").splitlines()))
CASE_IDS = [row["case_id"] for row in ROWS]


def read(path: str) -> NDArray[np.generic]:
    pixels = cv2.imread(str(STUDY / path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None, path
    return pixels


def truth(case_id: str) -> NDArray[np.generic]:
    return read(f"labels/{case_id}.png")


@pytest.mark.parametrize("case_id", ["D01-01", "D04-06", "D08-02"])
def test_a_case_made_again_has_the_committed_pixels(case_id: str) -> None:
    specimen = simulate.simulate(DESIGNS[case_id])
    np.testing.assert_array_equal(specimen.image, read(f"images/{case_id}.png"))
    np.testing.assert_array_equal(specimen.label_map, truth(case_id))


def test_the_committed_case_table_is_the_simulators() -> None:
    assert (STUDY / "cases.csv").read_bytes() == simulate.case_table()


def test_the_case_table_names_its_columns_and_is_sorted() -> None:
    assert list(ROWS[0]) == ["case_id", "image", "reference", "subject_id", "site", "density"]
    assert sorted(CASE_IDS) == CASE_IDS
    assert len(set(CASE_IDS)) == len(CASE_IDS) == 48


def test_no_file_is_missing_from_the_table_or_from_the_folder() -> None:
    for folder, column in (("images", "image"), ("labels", "reference")):
        listed = {row[column] for row in ROWS}
        assert {f"{folder}/{path.name}" for path in (STUDY / folder).iterdir()} == listed


def test_each_subject_is_at_one_site_and_each_site_has_four_subjects() -> None:
    pairs = {(row["subject_id"], row["site"]) for row in ROWS}
    assert sorted(site for _, site in pairs) == ["A"] * 4 + ["B"] * 4


def test_the_set_holds_more_than_a_thousand_nuclei() -> None:
    assert sum(design.nuclei for design in DESIGNS.values()) >= 1000


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_images_are_8_bit_and_labels_16_bit_on_one_grid(case_id: str) -> None:
    image, labels = read(f"images/{case_id}.png"), truth(case_id)
    assert (image.dtype.name, labels.dtype.name) == ("uint8", "uint16")
    assert image.shape == labels.shape == (256, 256)


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_labels_run_from_1_to_the_designed_number_of_nuclei(case_id: str) -> None:
    labels = np.unique(truth(case_id))
    assert labels[labels > 0].tolist() == list(range(1, DESIGNS[case_id].nuclei + 1))


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_label_is_one_object_of_the_least_area_or_more(case_id: str) -> None:
    labels = truth(case_id).astype(np.int32)
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        visible = labels[box] == label
        assert visible.sum() >= simulate.MIN_AREA_PX
        assert ndimage.label(visible)[1] == 1


def test_empty_cases_and_only_they_hold_no_nucleus() -> None:
    empty = [row["case_id"] for row in ROWS if row["density"] == "empty"]
    assert [case_id for case_id in CASE_IDS if not truth(case_id).any()] == empty
    assert len(empty) == 4


@pytest.mark.parametrize(
    ("top", "bottom", "is_kept"),
    [
        (118, 121, False),  # cuts it into 18 and 19 rows
        (118, 140, False),  # one piece, but 18 of its 40 rows are less than half
        (137, 140, True),  # one piece of 37 rows
    ],
)
def test_a_nucleus_stays_one_object_of_which_half_can_be_seen(
    top: int, bottom: int, is_kept: bool
) -> None:
    # Nucleus 1 is a bar of 40 rows and 3 columns, nucleus 2 a block of 30 columns upon it.
    labels = np.zeros((simulate.CANVAS_PX, simulate.CANVAS_PX), np.int32)
    labels[100:140, 100:103] = 1
    covered = labels[top:bottom, 90:120].copy()
    labels[top:bottom, 90:120] = 2
    areas = [120, 30 * (bottom - top)]
    assert simulate._is_recognisable(labels, covered, areas) is is_kept


def test_a_sliver_at_the_border_of_the_field_is_refused() -> None:
    labels = np.zeros((simulate.CANVAS_PX, simulate.CANVAS_PX), np.int32)
    labels[100:129, simulate.MARGIN_PX - 9 : simulate.MARGIN_PX + 1] = 1
    assert not simulate._is_recognisable(labels, np.zeros(290, np.int32), [29])
    labels[129, simulate.MARGIN_PX] = 1
    assert simulate._is_recognisable(labels, np.zeros(291, np.int32), [30])


def test_a_set_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("mine")
    result = CliRunner().invoke(simulate.main, ["--out", str(tmp_path)])
    assert result.exit_code == 3
    assert "is not replaced" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]
    assert (tmp_path / "cases.csv").read_text() == "mine"


def test_a_changed_pixel_and_a_missing_file_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = DESIGNS["D02-04"]
    monkeypatch.setattr(simulate, "case_designs", lambda: (design,))
    simulate.write(tmp_path)
    assert simulate.differences(tmp_path) == ()
    image = cv2.imread(str(tmp_path / "images/D02-04.png"), cv2.IMREAD_UNCHANGED)
    assert image is not None
    image[0, 0] += 1
    cv2.imwrite(str(tmp_path / "images/D02-04.png"), image)
    (tmp_path / "labels/D02-04.png").unlink()
    result = CliRunner().invoke(simulate.main, ["--check", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.split() == [
        "differs:", "images/D02-04.png", "differs:", "labels/D02-04.png",
    ]  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["--out", "a", "--check", "."]])
def test_the_command_wants_one_of_its_two_options(arguments: list[str]) -> None:
    assert CliRunner().invoke(simulate.main, arguments).exit_code == 2


def test_the_help_shows_an_example() -> None:
    output = CliRunner().invoke(simulate.main, ["--help"]).output
    assert "simulate.py --out fresh-set" in output
