"""What a mask of each class would lose of the objects: the evidence for the choice of method.

From the reference standard alone. A semantic mask holds no objects; who counts on it counts
its connected components (8-connectivity: pixels that share an edge or a corner). Objects of
one class that touch in this sense, or overlap, become one component; an object in several
parts becomes several. Both are counted here, by case and class, so that the choice between
semantic and instance evidence rests on the locked data.

Objects count whole, wherever a region of evaluation ends; regions marked as ignored are not
objects and are left out. A class map does not tell objects apart: there the figures are
undefined, and say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from validation.evidence.ratios import Count, Figure, ratio
from validation.evidence.run_lengths import run_lengths
from validation.testset.annotations import ObjectSet, Rle

NO_OBJECTS = "a class map does not tell objects apart"
_NO_OBJECT = "no reference object of the class"
_EIGHT = 8


class SeparationRow(NamedTuple):
    """Objects of one class in one case."""

    objects: int
    """Reference objects."""
    touching: int
    """Those that touch or overlap another one: they share a component with it."""
    components: int
    """8-connected components of all of them together."""


@dataclass(frozen=True)
class SeparationTable:
    """How far the objects of a case are told apart by a mask of their class."""

    case_id: str
    rows: tuple[SeparationRow, ...]
    """By class, in the protocol's order."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object."""
        return {"case_id": self.case_id, "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        return cls(value["case_id"], tuple(SeparationRow(*row) for row in value["rows"]))


def separation_table(case_id: str, reference: ObjectSet, class_count: int) -> SeparationTable:
    """Return how far the reference objects of a case are told apart by a mask of their class.

    >>> import numpy as np
    >>> label_map = np.array([[1, 2, 0, 0, 3]], np.int32)
    >>> three = ObjectSet((1, 5), np.array([1, 2, 3]), np.array([1, 1, 1]), label_map=label_map)
    >>> separation_table("c", three, 1).rows
    (SeparationRow(objects=3, touching=2, components=2),)
    """
    ignored = reference.ignored
    counted = np.ones(len(reference), bool) if ignored is None else ~ignored
    rows = []
    for number in range(1, class_count + 1):
        members = np.flatnonzero(counted & (reference.classes == number))
        rows.append(_row(reference, members))
    return SeparationTable(case_id, tuple(rows))


def _row(reference: ObjectSet, members: NDArray[np.intp]) -> SeparationRow:
    if not len(members):
        return SeparationRow(0, 0, 0)
    places = list(_pixels(reference, members))
    union = np.zeros(reference.shape, np.uint8)
    flat = union.reshape(-1)
    for one in places:
        flat[one] = 1
    components, labels = cv2.connectedComponents(union, connectivity=_EIGHT)
    of_pixel = labels.reshape(-1)
    inhabitants = np.zeros(components, np.int64)
    homes = [np.unique(of_pixel[one]) for one in places]
    for home in homes:
        inhabitants[home] += 1
    touching = sum(bool((inhabitants[home] > 1).any()) for home in homes)
    return SeparationRow(len(members), touching, components - 1)


def _pixels(reference: ObjectSet, members: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Yield the pixels of each object as positions in the flattened image."""
    if reference.label_map is not None:
        flat = reference.label_map.reshape(-1)
        places = np.flatnonzero(flat)
        order = np.argsort(flat[places], kind="stable")
        ids = flat[places][order]
        for one in reference.ids[members]:
            start, stop = np.searchsorted(ids, [one, one + 1])
            yield places[order[start:stop]]
        return
    for one in members:
        yield _pixels_of_mask((reference.masks or ())[one])


def _pixels_of_mask(mask: Rle) -> NDArray[np.intp]:
    """Return the pixels of a run-length mask, which runs down the columns, row by row."""
    height, width = mask["size"]
    runs = run_lengths(mask)
    starts, lengths = np.cumsum(runs)[:-1:2], runs[1::2]
    ends = np.cumsum(lengths)
    down = np.repeat(starts - ends + lengths, lengths) + np.arange(int(lengths.sum()))
    column, row = np.divmod(down, height)
    places: NDArray[np.intp] = row * width + column
    return places


def separation_figures(
    rows: Sequence[SeparationRow] | None, case_count: int, class_name: str
) -> tuple[Figure, ...]:
    """Return the figures of a class.

    Args:
        rows: Of the class in each case; None where the reference holds no objects.
        case_count: Number of cases.
        class_name: The class.
    """
    known = rows or [SeparationRow(0, 0, 0)] * case_count
    objects, touching, components = np.array(known, np.int64).reshape(-1, 3).T
    cases = np.full(case_count, rows is not None, np.int64)
    error, total, count = components - objects, int(objects.sum()), int(cases.sum())
    of_objects = NO_OBJECTS if rows is None else _NO_OBJECT
    of_cases = NO_OBJECTS if rows is None else "no case"
    quotients = (
        ("touching_share", touching, objects, total, of_objects),
        ("component_count_relative_error", error, objects, total, of_objects),
        ("component_count_mean_absolute_error", abs(error), cases, count, of_cases),
        ("component_count_exact_rate", (error == 0) & (cases > 0), cases, count, of_cases),
    )
    return (
        *(
            ratio(
                metric,
                above,
                below,
                n=n,
                undefined=why,
                class_name=class_name,
                is_share_of_cases=metric == "component_count_exact_rate",
            )
            for metric, above, below, n, why in quotients
        ),
        *(
            Count(metric, int(values.sum()), count, class_name)
            for metric, values in (
                ("touching_objects", touching),
                ("reference_components", components),
            )
            if rows is not None
        ),
    )
