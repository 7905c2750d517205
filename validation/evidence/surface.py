"""Distances between the borders of reference and prediction, and the overlap of boundaries.

Borders are pixels. A border pixel of a class is an evaluated pixel of it of whose four
neighbours one is evaluated and not of the class, or lies off the image. So the edge of the
image is a border, as in SciPy's erosion, MONAI and Metrics Reloaded; the edge of a region that
is not evaluated is none, as nobody knows where the class ends there. Distances are Euclidean,
between the centres of pixels, from each border pixel to the nearest of the other border.

Of each case and class a row of sums is kept (`SurfaceRow`), from which the figures follow. A
case in which one border or both are missing has no distance: it is counted and named, never
taken as 0, as infinite or as not there, because a mean without it improves as the model
misses more. The normalised surface distance has a value as soon as one border is there, and
is 0 where the other one is missing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from validation.evidence.border_distances import TwoWayDistances, two_way_distances
from validation.evidence.ratios import Count, Figure, mean_over_cases, ratio
from validation.plan.protocol import AnalysisPlan
from validation.testset.annotations import ClassMap

_DIAGONAL_SHARE = 0.02
"""Width of the boundary in parts of the image's diagonal, by Cheng et al. (2021)."""

_NO_BORDER = "no case has a border of the class in both reference and prediction"
_NO_BORDER_AT_ALL = "no border of the class in reference or prediction"


class SurfaceTerms(NamedTuple):
    """What the protocol asks of surfaces."""

    unit: str
    """``px`` or ``um``."""
    pixel_size: float
    """Side of a pixel in the unit."""
    largest_squared_px: int
    """Squared distances up to this many squared pixels lie within the tolerance."""
    boundary_distance_px: int | None
    """Width of the boundary; None: 2 % of the image's diagonal."""


def surface_terms(plan: AnalysisPlan, pixel_spacing_um: float | None) -> SurfaceTerms | None:
    """Return what the protocol asks of surfaces; None if it asks for no figure of them.

    The tolerance is compared in exact arithmetic, as the numbers are written: a distance of
    three pixels of 0.1 µm lies within 0.3 µm.

    Raises:
        ValueError: The tolerance is in micrometres, and the size of a pixel is not known.
    """
    width = plan.boundary_distance_px
    if plan.surface_tolerance_px is not None:
        return SurfaceTerms("px", 1.0, _squared(plan.surface_tolerance_px, 1.0), width)
    if plan.surface_tolerance_um is None:
        return None
    if pixel_spacing_um is None:
        raise ValueError("surface_tolerance_um needs test_set.pixel_spacing_um")
    largest = _squared(plan.surface_tolerance_um, pixel_spacing_um)
    return SurfaceTerms("um", pixel_spacing_um, largest, width)


def _squared(tolerance: float, pixel_size: float) -> int:
    """Return the largest whole number of squared pixels within a tolerance."""
    pixels = Fraction(repr(float(tolerance))) / Fraction(repr(float(pixel_size)))
    return math.floor(pixels**2)


@dataclass(frozen=True)
class SurfaceRow:
    """Borders of one class in one case."""

    reference_border_px: int
    """Border pixels of the reference."""
    prediction_border_px: int
    reference_distance_sum_px: float | None
    """Sum of distances from the reference's border to the prediction's; None if one is
    missing."""
    prediction_distance_sum_px: float | None
    """The other way."""
    reference_within: int
    """Border pixels of the reference within the tolerance of the prediction's border."""
    prediction_within: int
    hausdorff_95_px: float | None
    """The larger of the two directed 95th percentiles of distances; None if a border is
    missing."""
    boundary_intersection_px: int
    """Pixels in the boundary of both (Cheng et al. 2021)."""
    boundary_union_px: int
    """Pixels in the boundary of either."""

    @property
    def has_distances(self) -> bool:
        """Tell whether both borders are there."""
        return self.reference_border_px > 0 and self.prediction_border_px > 0


@dataclass(frozen=True)
class SurfaceTable:
    """Borders of every class in one case."""

    case_id: str
    rows: tuple[SurfaceRow, ...]
    """By class, in the protocol's order."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object; floats are exact (shortest round-trip)."""
        return {"case_id": self.case_id, "rows": [vars(row) for row in self.rows]}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        return cls(value["case_id"], tuple(SurfaceRow(**row) for row in value["rows"]))


def surface_table(
    case_id: str,
    reference: ClassMap,
    prediction: ClassMap,
    class_count: int,
    terms: SurfaceTerms,
) -> SurfaceTable:
    """Return the borders of every class in one case.

    Args:
        case_id: Id of the case.
        reference: The reference standard; its ignored pixels belong to nothing.
        prediction: The model's class map, of the same shape.
        class_count: Classes of the protocol, background not counted.
        terms: What the protocol asks.

    >>> truth = ClassMap(np.array([[1, 0, 0, 0]], np.uint8))
    >>> found = ClassMap(np.array([[0, 0, 1, 0]], np.uint8))
    >>> surface_table("c", truth, found, 1, SurfaceTerms("px", 1.0, 1, None)).rows[0]
    ...     # doctest: +ELLIPSIS
    SurfaceRow(reference_border_px=1, prediction_border_px=1, ..., hausdorff_95_px=2.0, ...)
    """
    if reference.classes.shape != prediction.classes.shape:
        raise ValueError(f"case {case_id}: reference and prediction differ in size")
    shape, ignored = reference.shape, reference.ignored
    width = boundary_width_px(shape) if terms.boundary_distance_px is None else (
        terms.boundary_distance_px
    )  # fmt: skip
    of_reference = borders(reference.classes, ignored, class_count)
    of_prediction = borders(prediction.classes, ignored, class_count)
    rows = []
    found = two_way_distances(list(zip(of_reference[1:], of_prediction[1:], strict=True)), shape[1])
    for number, distances in enumerate(found, start=1):
        shared, either = 0, 0
        sizes = len(of_reference[number]), len(of_prediction[number])
        if any(sizes):
            shared, either = _boundary_overlap(
                reference.classes == number, prediction.classes == number, ignored, width
            )
        rows.append(_row(sizes, distances, (shared, either), terms))
    return SurfaceTable(case_id, tuple(rows))


def boundary_width_px(shape: tuple[int, int]) -> int:
    """Return 2 % of the image's diagonal in whole pixels, at least 1.

    >>> boundary_width_px((512, 512))
    14
    """
    return max(1, round(_DIAGONAL_SHARE * math.hypot(*shape)))


def border_flags(
    classes: NDArray[np.integer[Any]], ignored: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Return which pixels are border pixels of their class, background among the classes."""
    height, width = classes.shape
    is_border = np.zeros((height, width), bool)
    is_border[[0, -1]], is_border[:, [0, -1]] = True, True
    down, across = classes[1:] != classes[:-1], classes[:, 1:] != classes[:, :-1]
    if ignored is not None:
        down &= ~(ignored[1:] | ignored[:-1])
        across &= ~(ignored[:, 1:] | ignored[:, :-1])
    is_border[1:] |= down
    is_border[:-1] |= down
    is_border[:, 1:] |= across
    is_border[:, :-1] |= across
    if ignored is not None:
        is_border &= ~ignored
    return is_border


def borders(
    classes: NDArray[np.uint8], ignored: NDArray[np.bool_] | None, class_count: int
) -> list[NDArray[np.intp]]:
    """Return the border pixels of each class as positions in the flattened image, rising.

    Args:
        classes: Index of the class of each pixel; shape (rows, columns).
        ignored: True where a pixel is not evaluated; None: all are.
        class_count: Classes, background not counted.

    Returns:
        By index of the class, the background's first.
    """
    if not classes.size:
        return [np.zeros(0, np.intp)] * (class_count + 1)
    places = np.flatnonzero(border_flags(classes, ignored))
    of_place = classes.ravel()[places]
    return [places[of_place == number] for number in range(class_count + 1)]


def _row(
    sizes: tuple[int, int],
    distances: TwoWayDistances | None,
    boundary: tuple[int, int],
    terms: SurfaceTerms,
) -> SurfaceRow:
    sums: list[float | None] = [None, None]
    within = [0, 0]
    if distances is not None:
        sums = [one.sum_px() for one in distances]
        within = [one.within(terms.largest_squared_px) for one in distances]
    return SurfaceRow(
        reference_border_px=sizes[0],
        prediction_border_px=sizes[1],
        reference_distance_sum_px=sums[0],
        prediction_distance_sum_px=sums[1],
        reference_within=within[0],
        prediction_within=within[1],
        hausdorff_95_px=None if distances is None else distances.hausdorff_95_px(),
        boundary_intersection_px=boundary[0],
        boundary_union_px=boundary[1],
    )


def _boundary_overlap(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    ignored: NDArray[np.bool_] | None,
    width_px: int,
) -> tuple[int, int]:
    """Return the pixels in both boundaries and in either, as the authors' code has them."""
    rows = np.flatnonzero((reference | prediction).any(axis=1))
    columns = np.flatnonzero((reference | prediction).any(axis=0))
    if not len(rows):
        return 0, 0
    # A margin of one pixel is enough: where the crop ends the masks have ended, or the image.
    # Ignored pixels do not end a mask, so with them the margin is what the erosion looks at.
    margin = 1 if ignored is None else width_px + 1
    crop = (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
    )
    hidden = None if ignored is None else ignored[crop]
    one = _boundary(reference[crop], hidden, width_px)
    other = _boundary(prediction[crop], hidden, width_px)
    return int(np.count_nonzero(one & other)), int(np.count_nonzero(one | other))


def _boundary(
    mask: NDArray[np.bool_], ignored: NDArray[np.bool_] | None, width_px: int
) -> NDArray[np.bool_]:
    """Return the pixels of a mask within so many steps, diagonal ones too, of its outside."""
    filled = mask if ignored is None else mask | ignored
    square = np.ones((2 * width_px + 1, 2 * width_px + 1), np.uint8)
    inner = cv2.erode(
        filled.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT, borderValue=0
    ).view(bool)
    found: NDArray[np.bool_] = mask & ~inner
    if ignored is not None:
        found &= ~ignored
    return found


def surface_figures(
    rows: Sequence[SurfaceRow], class_name: str, terms: SurfaceTerms
) -> tuple[Figure, ...]:
    """Return the figures of the borders of a class.

    Args:
        rows: Of the class in each case.
        class_name: The class.
        terms: What the protocol asks.
    """
    return (
        *_shares(rows, class_name),
        *_distances(rows, class_name, terms),
        Count(
            "surface_missed_cases",
            sum(row.reference_border_px > 0 and not row.has_distances for row in rows),
            len(rows),
            class_name,
        ),
        Count(
            "surface_spurious_cases",
            sum(row.prediction_border_px > 0 and not row.has_distances for row in rows),
            len(rows),
            class_name,
        ),
    )


def _shares(rows: Sequence[SurfaceRow], class_name: str) -> Iterator[Figure]:
    """Yield the shares of border pixels, pooled and averaged over cases."""
    for metric, above, below in (
        (
            "normalised_surface_distance",
            [row.reference_within + row.prediction_within for row in rows],
            [row.reference_border_px + row.prediction_border_px for row in rows],
        ),
        (
            "boundary_iou",
            [row.boundary_intersection_px for row in rows],
            [row.boundary_union_px for row in rows],
        ),
    ):
        yield ratio(
            metric,
            above,
            below,
            n=sum(below),
            undefined=_NO_BORDER_AT_ALL,
            class_name=class_name,
        )
        yield mean_over_cases(
            f"{metric}_mean_over_cases",
            above,
            below,
            undefined=f"in every case: {_NO_BORDER_AT_ALL}",
            class_name=class_name,
        )


def _distances(
    rows: Sequence[SurfaceRow], class_name: str, terms: SurfaceTerms
) -> Iterator[Figure]:
    """Yield the distances, averaged over the cases in which both have a border."""
    both = [int(row.has_distances) for row in rows]
    for metric, of_cases in (
        ("hausdorff_95", [row.hausdorff_95_px for row in rows]),
        ("average_surface_distance", [average_distance_px(row) for row in rows]),
    ):
        yield mean_over_cases(
            f"{metric}_{terms.unit}",
            [(one or 0.0) * terms.pixel_size for one in of_cases],
            both,
            undefined=_NO_BORDER,
            class_name=class_name,
        )


def average_distance_px(row: SurfaceRow) -> float | None:
    """Return the average symmetric surface distance of one case, in pixels."""
    if row.reference_distance_sum_px is None or row.prediction_distance_sum_px is None:
        return None
    total = row.reference_distance_sum_px + row.prediction_distance_sum_px
    return total / (row.reference_border_px + row.prediction_border_px)
