"""What a mask of each class would lose of the objects: the evidence for the choice of method.

From the reference standard alone. A semantic mask holds no objects; who counts on it counts
its connected components (8-connectivity: pixels that share an edge or a corner). Objects of
one class that touch in this sense, or overlap, become one component; an object in several
parts becomes several. Both are counted here, by case and class, so that the choice between
semantic and instance evidence rests on the locked data.

Objects count whole, wherever a region of evaluation ends; regions marked as ignored are not
objects and are left out. A class map does not tell objects apart: there the components are
counted, objects that touch cannot be, and every figure that needs objects is undefined and
says so.

Over several classes, components and objects of an image are counted together; components are
still those of the mask of each class, so that objects of two classes never become one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from validation.evidence.catalogue import POOLED_OVER_CLASSES
from validation.evidence.class_components import component_counts
from validation.evidence.ratios import Count, Figure, ratio
from validation.evidence.run_lengths import run_lengths
from validation.testset.annotations import ClassMap, ObjectSet, Rle

NO_OBJECTS = "a class map does not tell objects apart"
_NO_OBJECT = "no reference object"
_EIGHT = 8


class SeparationRow(NamedTuple):
    """Objects of one class in one case, or of all its classes."""

    objects: int | None
    """Reference objects; None: the reference does not tell them apart."""
    touching: int | None
    """Those that touch or overlap another one of their class: they share a component with it;
    None: the reference does not tell objects apart."""
    components: int
    """8-connected components of the mask of the class."""

    @property
    def count_difference(self) -> int | None:
        """Components - objects: the error of counting components; None without objects.

        >>> SeparationRow(3, 2, 2).count_difference
        -1
        """
        return None if self.objects is None else self.components - self.objects


@dataclass(frozen=True)
class SeparationTable:
    """How far the objects of a case are told apart by a mask of their class."""

    case_id: str
    rows: tuple[SeparationRow, ...]
    """By class, in the protocol's order."""

    @property
    def over_classes(self) -> SeparationRow:
        """Return the sums over the classes."""
        objects, touching, components = (
            None if None in column else sum(column) for column in zip(*self.rows, strict=True)
        )
        return SeparationRow(objects, touching, components or 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object."""
        return {"case_id": self.case_id, "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        return cls(value["case_id"], tuple(SeparationRow(*row) for row in value["rows"]))


def separation_table(
    case_id: str, reference: ObjectSet | ClassMap, class_count: int
) -> SeparationTable:
    """Return how far the reference objects of a case are told apart by a mask of their class.

    Args:
        case_id: The case.
        reference: Its reference standard. Of a class map the components are counted, which
            is all that can be.
        class_count: Number of classes of the protocol.

    >>> import numpy as np
    >>> label_map = np.array([[1, 2, 0, 0, 3]], np.int32)
    >>> three = ObjectSet((1, 5), np.array([1, 2, 3]), np.array([1, 1, 1]), label_map=label_map)
    >>> separation_table("c", three, 1).rows
    (SeparationRow(objects=3, touching=2, components=2),)
    >>> separation_table("c", ClassMap((label_map > 0).astype(np.uint8)), 1).rows
    (SeparationRow(objects=None, touching=None, components=2),)
    """
    if isinstance(reference, ClassMap):
        found = component_counts(reference.classes, class_count)
        return SeparationTable(case_id, tuple(SeparationRow(None, None, one) for one in found))
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
    tables: Sequence[SeparationTable | None], class_names: Sequence[str]
) -> list[Figure]:
    """Return the figures of each class, and over all of them where there are several.

    Args:
        tables: Of each case; None where its objects could not be read: the case is left out,
            and counted in `n_undefined`.
        class_names: The protocol's classes.
    """
    figures: list[Figure] = []
    for number, name in enumerate(class_names):
        rows = [None if one is None else one.rows[number] for one in tables]
        figures.extend(_figures(rows, name))
    if len(class_names) > 1:
        pooled = _figures([None if one is None else one.over_classes for one in tables], None)
        figures.extend(replace(one, metric=one.metric + POOLED_OVER_CLASSES) for one in pooled)
    return figures


def figures_without_objects(case_count: int, class_names: Sequence[str]) -> list[Figure]:
    """Return the figures of a class map whose components were not counted: none has a value."""
    rows = [SeparationRow(None, None, 0)] * case_count
    return [
        figure
        for name in class_names
        for figure in _figures(rows, name)
        if not isinstance(figure, Count)
    ]


def _figures(rows: Sequence[SeparationRow | None], class_name: str | None) -> list[Figure]:
    """Return the figures of a class."""
    is_read = np.array([row is not None for row in rows], bool)
    known = [row for row in rows if row is not None]
    has_objects = all(row.objects is not None for row in known)
    objects, touching, components = np.zeros((3, len(rows)), np.int64)
    components[is_read] = [row.components for row in known]
    objects[is_read] = [row.objects or 0 for row in known]
    touching[is_read] = [row.touching or 0 for row in known]
    cases = is_read.astype(np.int64) * has_objects
    error = (components - objects) * cases
    none_of = f"{_NO_OBJECT}{' of the class' if class_name else ''}"
    quotients = (
        ("touching_share", touching, objects, none_of),
        ("component_count_relative_error", error, objects, none_of),
        ("component_count_mean_absolute_error", abs(error), cases, "no case"),
        ("component_count_exact_rate", (error == 0) & (cases > 0), cases, "no case"),
    )
    figures: list[Figure] = [
        ratio(
            metric,
            above,
            below,
            n=int(below.sum()),
            n_undefined=int((~is_read).sum()),
            undefined=why if has_objects else NO_OBJECTS,
            class_name=class_name,
            is_share_of_cases=metric == "component_count_exact_rate",
        )
        for metric, above, below, why in quotients
    ]
    read = len(known)
    if has_objects:
        figures.append(Count("touching_objects", int(touching.sum()), read, class_name))
    figures.append(Count("reference_components", int(components.sum()), read, class_name))
    return figures
