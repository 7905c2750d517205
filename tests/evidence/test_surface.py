"""Unit tests for validation/evidence/surface.py."""

import json
import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from validation.errors import EvidenceError
from validation.evidence.files import evidence_files
from validation.evidence.further_tables import (
    FurtherTables,
    further_files,
    further_from_files,
)
from validation.evidence.measure import measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.overlap import confusion_table
from validation.evidence.surface import (
    SurfaceRow,
    SurfaceTable,
    SurfaceTerms,
    border_flags,
    boundary_width_px,
    surface_table,
    surface_terms,
)
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap
from validation.testset.cases import Case

TERMS = SurfaceTerms("px", 1.0, 1, 1)


def row_of(reference: Any, prediction: Any, terms: SurfaceTerms = TERMS) -> SurfaceRow:
    truth, found = (
        one if isinstance(one, ClassMap) else ClassMap(np.array(one, np.uint8))
        for one in (reference, prediction)
    )
    return surface_table("C-1", truth, found, 1, terms).rows[0]


def test_the_row_of_a_case_worked_by_hand() -> None:
    # Reference: columns 0 to 2 of three rows; prediction: columns 0 to 4. On an image of five
    # columns and three rows. Every pixel of the upper and lower row and the left and right
    # column is a border, and so is the end of the reference inside: of the reference all but
    # the middle pixel (1, 1), 8; of the prediction all but (1, 1), (1, 2), (1, 3), 12.
    # Reference to prediction: (1, 2) is 1 from (0, 2), the others are shared: 7 x 0, 1 x 1.
    # Prediction to reference: columns 3 are 1 away, columns 4 are 2 away: 6 shared... (0, 3),
    # (2, 3): 1; (0, 4), (1, 4), (2, 4): 2; the other 7 shared: 0.
    reference = [[1, 1, 1, 0, 0]] * 3
    prediction = [[1, 1, 1, 1, 1]] * 3
    row = row_of(reference, prediction)
    assert (row.reference_border_px, row.prediction_border_px) == (8, 12)
    assert (row.reference_distance_sum_px, row.prediction_distance_sum_px) == (1.0, 8.0)
    assert (row.reference_within, row.prediction_within) == (8, 9)
    # Directed 95th percentiles: of 0 x 7, 1: at position 6.65 of 0 to 7: 0.65. Of 0 x 7, 1, 1,
    # 2, 2, 2: 2.
    assert row.hausdorff_95_px == 2.0
    # Boundaries of width 1, diagonal steps count: as the borders here. (1, 2) and 7 in both.
    assert (row.boundary_intersection_px, row.boundary_union_px) == (7, 13)


def test_percentiles_are_directed_and_not_pooled() -> None:
    # Trap 9. Twenty reference pixels in a row, apart; the prediction is the first of them.
    reference = np.zeros((1, 40), np.uint8)
    reference[0, ::2] = 1
    prediction = np.zeros((1, 40), np.uint8)
    prediction[0, 0] = 1
    row = row_of(reference, prediction)
    directed = np.percentile(np.arange(0, 40, 2), 95)
    pooled = np.percentile([*range(0, 40, 2), 0], 95)
    assert row.hausdorff_95_px == pytest.approx(directed)
    assert pooled != pytest.approx(directed)


MAPS = hnp.arrays(np.uint8, (11, 13), elements=st.sampled_from([0, 0, 1, 1, 1, 2]))
HIDDEN = hnp.arrays(bool, (11, 13), elements=st.sampled_from([False, False, False, True]))


@settings(deadline=None, max_examples=80)
@given(MAPS, MAPS)
def test_distances_are_exactly_those_of_the_full_distance_transform_of_scipy(
    truth: np.ndarray, found: np.ndarray
) -> None:
    table = surface_table("C-1", ClassMap(truth), ClassMap(found), 2, TERMS)
    for index, row in enumerate(table.rows, start=1):
        borders = [
            mask & ~ndimage.binary_erosion(mask) for mask in (truth == index, found == index)
        ]
        assert row.reference_border_px == borders[0].sum()
        assert row.prediction_border_px == borders[1].sum()
        if not all(border.any() for border in borders):
            assert row.hausdorff_95_px is None
            continue
        there = ndimage.distance_transform_edt(~borders[1])[borders[0]]
        back = ndimage.distance_transform_edt(~borders[0])[borders[1]]
        assert row.hausdorff_95_px == max(np.percentile(there, 95), np.percentile(back, 95))
        assert row.reference_distance_sum_px == math.fsum(there)
        assert row.prediction_distance_sum_px == math.fsum(back)
        assert row.reference_within == (there <= 1).sum()
        assert row.prediction_within == (back <= 1).sum()


@settings(deadline=None, max_examples=60)
@given(MAPS, MAPS, st.integers(1, 6))
def test_boundary_overlap_is_that_of_the_authors_code(
    truth: np.ndarray, found: np.ndarray, width: int
) -> None:
    # bowenc0221/boundary-iou-api, mask_to_boundary: pad by zeros, erode by 3 x 3 ones.
    def boundary(mask: np.ndarray) -> np.ndarray:
        padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)
        return mask & ~eroded[1:-1, 1:-1].astype(bool)

    terms = TERMS._replace(boundary_distance_px=width)
    row = row_of((truth == 1).astype(np.uint8), (found == 1).astype(np.uint8), terms)
    one, other = boundary(truth == 1), boundary(found == 1)
    assert row.boundary_intersection_px == (one & other).sum()
    assert row.boundary_union_px == (one | other).sum()


def test_the_boundary_is_as_wide_as_the_authors_have_it() -> None:
    assert boundary_width_px((512, 512)) == round(0.02 * np.sqrt(512**2 + 512**2))
    assert boundary_width_px((3, 3)) == 1
    wide = row_of(np.ones((400, 300), np.uint8), np.ones((400, 300), np.uint8), TERMS._replace(
        boundary_distance_px=None))  # fmt: skip
    assert wide.boundary_union_px == 400 * 300 - 380 * 280


def slow_border(classes: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Return the border pixels by the rule as it is written, pixel by pixel."""
    height, width = classes.shape
    found = np.zeros(classes.shape, bool)
    for row in range(height):
        for column in range(width):
            for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                other = row + down, column + right
                is_inside = 0 <= other[0] < height and 0 <= other[1] < width
                found[row, column] |= not is_inside or (
                    not ignored[other] and classes[other] != classes[row, column]
                )
    return found & ~ignored


@settings(deadline=None, max_examples=30)
@given(MAPS, MAPS, HIDDEN)
def test_the_edge_of_what_is_not_evaluated_is_no_border(
    truth: np.ndarray, found: np.ndarray, hidden: np.ndarray
) -> None:
    assert np.array_equal(border_flags(truth, hidden), slow_border(truth, hidden))
    row = row_of(ClassMap((truth == 1).astype(np.uint8), hidden), (found == 1).astype(np.uint8))
    flags = slow_border((truth == 1).astype(np.uint8), hidden) & (truth == 1)
    assert row.reference_border_px == flags.sum()
    # What is predicted where nothing is evaluated changes nothing.
    other = np.where(hidden, (found + 1) % 2, found == 1).astype(np.uint8)
    assert row_of(ClassMap((truth == 1).astype(np.uint8), hidden), other) == row


@settings(deadline=None, max_examples=40)
@given(MAPS, MAPS)
def test_turning_mirroring_and_exchanging_the_masks_changes_no_figure(
    truth: np.ndarray, found: np.ndarray
) -> None:
    one = row_of((truth == 1).astype(np.uint8), (found == 1).astype(np.uint8))
    turned = row_of(np.rot90(truth == 1).astype(np.uint8), np.rot90(found == 1).astype(np.uint8))
    other = row_of((found == 1).astype(np.uint8), (truth == 1).astype(np.uint8))
    assert turned == one
    assert other.hausdorff_95_px == one.hausdorff_95_px
    assert other.reference_within == one.prediction_within
    assert row_of((truth == 1).astype(np.uint8), (truth == 1).astype(np.uint8)).hausdorff_95_px in (
        None,
        0.0,
    )


def test_a_tolerance_is_compared_as_it_is_written(make_protocol: Callable[..., Protocol]) -> None:
    # 3 x 0.1 is more than 0.3 in binary, and 0.3 / 0.1 is less than 3.
    plan = make_protocol("semantic", surface_tolerance_um=0.3).analysis
    terms = surface_terms(plan, 0.1)
    assert terms is not None
    assert (terms.unit, terms.pixel_size, terms.largest_squared_px) == ("um", 0.1, 9)
    truth, found = np.zeros((1, 9), np.uint8), np.zeros((1, 9), np.uint8)
    truth[0, 1], found[0, 4] = 1, 1
    assert row_of(truth, found, terms).reference_within == 1
    in_pixels = surface_terms(make_protocol("semantic", surface_tolerance_px=1.5).analysis, 0.1)
    assert in_pixels is not None
    assert (in_pixels.unit, in_pixels.largest_squared_px) == ("px", 2)
    assert surface_terms(make_protocol("semantic").analysis, 0.1) is None
    with pytest.raises(ValueError, match="pixel_spacing_um"):
        surface_terms(plan, None)


Study = Callable[..., tuple[dict[str, MetricValue], dict[str, bytes]]]


@pytest.fixture
def study(make_protocol: Callable[..., Protocol], make_case: Callable[..., Case]) -> Study:
    """Return figures and files of cases given as (reference, prediction) of one row."""

    def run(
        pairs: list[tuple[list[int], list[int]]], spacing: float | None = None, **analysis: Any
    ) -> tuple[dict[str, MetricValue], dict[str, bytes]]:
        protocol = make_protocol("semantic", classes=("a",), **analysis)
        test_set = protocol.test_set.model_copy(update={"pixel_spacing_um": spacing})
        protocol = protocol.model_copy(update={"test_set": test_set})
        terms = surface_terms(protocol.analysis, spacing)
        tables, surfaces, cases = [], {}, []
        for number, pair in enumerate(pairs):
            name = f"C-{number}"
            truth, found = (ClassMap(np.array([one], np.uint8)) for one in pair)
            tables.append(confusion_table(name, truth, found, 1))
            if terms is not None:
                surfaces[name] = surface_table(name, truth, found, 1, terms)
            cases.append(make_case(name))
        further = FurtherTables(surfaces)
        evidence = measure(tables, cases, protocol, further=further)
        written = further_files(further, protocol)
        again = further_from_files(written, protocol)
        assert again == further
        repeated = measure(tables, cases, protocol, further=again)
        assert evidence_files(repeated) == evidence_files(evidence)
        return {one.metric: one for one in evidence.metrics}, {
            **written,
            **evidence_files(evidence),
        }

    return run


PAIRS = [
    ([0, 1, 0, 0, 0], [0, 0, 0, 1, 0]),  # two apart
    ([0, 1, 0, 0, 0], [0, 1, 0, 0, 0]),  # equal
    ([0, 1, 0, 0, 0], [0, 0, 0, 0, 0]),  # missed
    ([0, 0, 0, 0, 0], [0, 1, 0, 0, 0]),  # spurious
    ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),  # in neither
]


def test_cases_without_a_distance_are_counted_and_named_beside_it(study: Study) -> None:
    # Trap 7: a mean without them improves as the model misses more, so they are told apart.
    figure, files = study(PAIRS, surface_tolerance_px=1)
    distance = figure["hausdorff_95_px"]
    assert (distance.value, distance.n, distance.n_undefined) == (1.0, 2, 3)
    assert figure["average_surface_distance_px"].value == 1.0
    assert figure["surface_missed_cases"].value == 1
    assert figure["surface_spurious_cases"].value == 1
    # A missed border counts in full in the normalised distance: 2 of 6 border pixels.
    assert figure["normalised_surface_distance"].value == pytest.approx(2 / 6)
    mean = figure["normalised_surface_distance_mean_over_cases"]
    assert (mean.value, mean.n, mean.n_undefined) == (0.25, 4, 1)
    assert figure["boundary_iou"].value == pytest.approx(1 / 5)
    assert figure["boundary_iou_mean_over_cases"].value == pytest.approx(1 / 4)
    rows = files["cases.csv"].decode().splitlines()
    columns = rows[0].split(",")
    cells = [dict(zip(columns, row.split(","), strict=True)) for row in rows[1:]]
    shown = [row["hausdorff_95_px/class=a"] for row in cells]
    assert shown == ["2.0", "0.0", "", "", ""]
    assert [row["normalised_surface_distance/class=a"] for row in cells][2:] == ["0.0", "0.0", ""]


def test_missing_more_never_goes_unseen(study: Study) -> None:
    # Trap 7, the other way round: the distance improves, and its neighbours tell.
    before, _ = study(PAIRS[:2], surface_tolerance_px=1)
    missed = [(PAIRS[0][0], [0] * 5), PAIRS[1]]
    after, _ = study(missed, surface_tolerance_px=1)
    assert after["hausdorff_95_px"].value == 0 < (before["hausdorff_95_px"].value or 0)
    assert after["hausdorff_95_px"].n_undefined == 1
    assert after["surface_missed_cases"].value == 1
    assert after["boundary_iou"].value == before["boundary_iou"].value or (
        after["boundary_iou"].n < before["boundary_iou"].n
    )


def test_a_class_without_any_distance_is_undefined_and_says_why(study: Study) -> None:
    figure, _ = study([PAIRS[2], PAIRS[4]], surface_tolerance_px=1)
    assert figure["hausdorff_95_px"].value is None
    assert figure["hausdorff_95_px"].undefined == (
        "no case has a border of the class in both reference and prediction"
    )
    nothing, _ = study([PAIRS[4]], surface_tolerance_px=1)
    assert nothing["normalised_surface_distance"].undefined == (
        "no border of the class in reference or prediction"
    )


def test_distances_are_in_micrometres_where_the_tolerance_is(study: Study) -> None:
    figure, files = study(PAIRS, spacing=0.5, surface_tolerance_um=0.5)
    assert figure["hausdorff_95_um"].value == 0.5
    assert figure["hausdorff_95_um"].unit == "µm"
    assert figure["average_surface_distance_um"].value == 0.5
    assert "hausdorff_95_px" not in figure
    assert b"hausdorff_95_um/class=a" in files["cases.csv"]


def test_a_protocol_that_does_not_ask_has_no_figures_of_borders(study: Study) -> None:
    figure, files = study(PAIRS)
    assert not [one for one in figure if "surface" in one or "hausdorff" in one]
    assert "tables/surfaces.csv" not in files
    assert b"hausdorff" not in files["cases.csv"]


def test_a_case_without_its_borders_is_refused(
    make_protocol: Callable[..., Protocol], make_case: Callable[..., Case]
) -> None:
    protocol = make_protocol("semantic", classes=("a",), surface_tolerance_px=1)
    empty = ClassMap(np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="cases have none: C-1"):
        measure([confusion_table("C-1", empty, empty, 1)], [make_case("C-1")], protocol)


def test_the_table_of_borders_survives_json_and_looks_as_documented(study: Study) -> None:
    _, files = study(PAIRS[:3], surface_tolerance_px=1)
    assert files["tables/surfaces.csv"].decode().splitlines() == [
        (
            "case_id,class,reference_border_px,prediction_border_px,reference_distance_sum_px,"
            "prediction_distance_sum_px,reference_within,prediction_within,hausdorff_95_px,"
            "boundary_intersection_px,boundary_union_px"
        ),
        "C-0,a,1,1,2.0,2.0,0,0,2.0,0,2",
        "C-1,a,1,1,0.0,0.0,1,1,0.0,1,1",
        "C-2,a,1,0,,,0,0,,0,1",
    ]
    table = surface_table(
        "C", ClassMap(np.eye(5, dtype=np.uint8)), ClassMap(np.ones((5, 5), np.uint8)), 1, TERMS
    )
    assert SurfaceTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"C-0,a,1,1,2.0", b"C-0,a,1,1,nan", "not a distance"),
        (b"C-0,a,1,1,2.0", b"C-0,a,1,1,x", "not a number"),
        (b"C-0,a,1,1,2.0", b"C-0,a,1,-1,2.0", "not a whole number"),
        (b"C-0,a,1,1,2.0", b"C-0,a,1,1,", "distances without borders"),
        (b"C-1,a,1,1,0.0,0.0,1,1", b"C-1,a,1,1,0.0,0.0,2,1", "larger than its whole"),
        (b"C-0,a", b"C-0,b", "not one row for each class"),
        (b"case_id,class", b"case_id,klass", "its columns are not"),
        (b"case_id", b"\xff", "damaged"),
    ],
)
def test_a_damaged_table_of_borders_is_refused(
    study: Study, make_protocol: Callable[..., Protocol], old: bytes, new: bytes, what: str
) -> None:
    _, files = study(PAIRS, surface_tolerance_px=1)
    name = "tables/surfaces.csv"
    protocol = make_protocol("semantic", classes=("a",), surface_tolerance_px=1)
    damaged = files[name].replace(old, new, 1)
    assert damaged != files[name]
    with pytest.raises(EvidenceError, match=what):
        further_from_files({name: damaged}, protocol)
    with pytest.raises(EvidenceError, match="missing"):
        further_from_files({}, protocol)
