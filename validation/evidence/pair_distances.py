"""How far apart the borders of paired objects are: the Hausdorff distance, 95th percentile.

A table holds the distance of every pair that a rule of pairing could make: objects of one class
whose IoU reaches the least threshold, the region evaluated, the prediction at the operating
point. Which of them are paired is decided where the figures are (`validation.evidence.matching`).
Every object has pixels, so both borders are there, and every pair has a distance; an object that
was missed has none and is in no mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from validation.evidence.border_distances import two_way_distances
from validation.evidence.catalogue import POOLED_OVER_CLASSES
from validation.evidence.matching import COCO_SLACK
from validation.evidence.object_borders import object_borders
from validation.evidence.object_pool import ObjectPool
from validation.evidence.over_classes import row_sums
from validation.evidence.overlap import Floats, Integers, OverlapTable
from validation.evidence.pooled_outcomes import PooledOutcomes, exact_sums, thresholds
from validation.evidence.ratios import Figure, ratio
from validation.plan.protocol import Matching, Protocol
from validation.testset.annotations import ObjectSet

NO_PAIR = "no matched pair of the class"


class PairDistance(NamedTuple):
    """The distance of one pair."""

    reference_id: int
    prediction_id: int
    hausdorff_95_px: float
    """The larger of the two directed 95th percentiles."""


@dataclass(frozen=True)
class PairDistanceTable:
    """The distances of the pairs of one case."""

    case_id: str
    rows: tuple[PairDistance, ...]
    """By reference id, then prediction id."""

    def to_dict(self) -> dict[str, Any]:
        """Return the table as a JSON object; floats are exact (shortest round-trip)."""
        return {"case_id": self.case_id, "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Return the table that `to_dict` made `value` of."""
        return cls(value["case_id"], tuple(PairDistance(*row) for row in value["rows"]))


class PairUnit(NamedTuple):
    """What the protocol asks of the distances of pairs."""

    unit: str
    """``px`` or ``um``."""
    pixel_size: float
    """Side of a pixel in the unit."""

    @property
    def metric(self) -> str:
        """Id of the figure."""
        return f"matched_hausdorff_95_{self.unit}"

    @property
    def column(self) -> str:
        """Column in the rows of objects."""
        return f"hausdorff_95_{self.unit}"


def pair_unit(protocol: Protocol) -> PairUnit | None:
    """Return in which unit the protocol asks for distances of pairs; None if it does not.

    Raises:
        ValueError: Micrometres are asked for, and the size of a pixel is not known.
    """
    unit, size = protocol.analysis.pair_distances_in, protocol.test_set.pixel_spacing_um
    if unit is None or protocol.method.kind != "instance":
        return None
    if unit == "px":
        return PairUnit("px", 1.0)
    if size is None:
        raise ValueError("pair_distances_in: um needs test_set.pixel_spacing_um")
    return PairUnit("um", size)


def pair_distance_table(
    table: OverlapTable, reference: ObjectSet, prediction: ObjectSet, rule: Matching
) -> PairDistanceTable:
    """Return the distances of the pairs of one case.

    Args:
        table: Overlaps of the case.
        reference: The objects that the overlaps were made of.
        prediction: The same, of the prediction.
        rule: The protocol's rule of pairing.
    """
    chosen = _possible_pairs(table, rule)
    rows, columns = table.pair_reference[chosen], table.pair_prediction[chosen]
    borders = zip(
        object_borders(reference, rows.tolist()),
        object_borders(prediction, columns.tolist()),
        strict=True,
    )
    found = two_way_distances(list(borders), reference.shape[1])
    ids = table.reference_ids[rows].tolist(), table.prediction_ids[columns].tolist()
    return PairDistanceTable(
        table.case_id,
        tuple(
            sorted(
                PairDistance(first, second, one.hausdorff_95_px())
                for first, second, one in zip(*ids, found, strict=True)
                if one is not None
            )
        ),
    )


def _possible_pairs(table: OverlapTable, rule: Matching) -> Integers:
    """Return the positions of pairs that may be paired at one of the thresholds."""
    row, column = table.pair_reference, table.pair_prediction
    shared = table.pair_intersection_px
    union = table.reference_areas_px[row] + table.prediction_areas_px[column] - shared
    possible = (table.reference_classes[row] == table.prediction_classes[column]) & (
        shared / union >= thresholds(rule)[0] - COCO_SLACK
    )
    possible &= ~table.reference_ignored[row]
    if table.prediction_scores is not None:
        possible &= table.prediction_scores[column] >= rule.score_threshold
    return np.flatnonzero(possible)


@dataclass(frozen=True)
class PairSums:
    """Distances of the pairs of all cases, in the unit that the protocol asks for."""

    unit: PairUnit
    of_pairs: dict[tuple[Any, ...], float]
    """Distance of each pair at the protocol's IoU threshold, by the ids of case, reference and
    predicted object."""
    sums: dict[float, Floats]
    """Sum of the distances, exactly rounded, by IoU threshold; shape (cases, classes)."""
    pairs: dict[float, Integers]
    """Number of pairs; shape (cases, classes)."""


def pair_sums(
    outcomes: PooledOutcomes, tables: Mapping[str, PairDistanceTable], unit: PairUnit
) -> PairSums:
    """Return the distances of the pairs that were made.

    Args:
        outcomes: What became of the objects of all cases.
        tables: Distances by case id.
        unit: What the protocol asks.

    Raises:
        ValueError: A pair has no distance.
    """
    pool = outcomes.pool
    shape = pool.case_count, pool.class_count
    known = {
        (case_id, reference, prediction): distance * unit.pixel_size
        for case_id, table in tables.items()
        for reference, prediction, distance in table.rows
    }
    found = PairSums(unit, {}, {}, {})
    for cell, threshold in enumerate(thresholds(outcomes.rule)):
        chosen = outcomes.pairing.pairs_at(cell)
        names = _names(pool, chosen)
        without = [name for name in names if name not in known]
        if without:
            case_id, *ids = without[0]
            raise ValueError(f"case {case_id}: there is no distance of the pair {ids}")
        distances = np.array([known[name] for name in names], np.float64)
        group = pool.group_of_reference[pool.pairs.reference[chosen]]
        found.sums[threshold] = exact_sums(distances, group, shape[0] * shape[1]).reshape(shape)
        found.pairs[threshold] = pool.by_case_and_class(group)
        if cell == outcomes.main:
            found.of_pairs.update(zip(names, distances.tolist(), strict=True))
    return found


def _names(pool: ObjectPool, pairs: Integers) -> list[tuple[str, int, int]]:
    """Return the ids of case, reference and predicted object of some pairs."""
    reference, prediction = pool.pairs.reference[pairs], pool.pairs.prediction[pairs]
    case_ids = [pool.tables[case].case_id for case in pool.references.case[reference].tolist()]
    ids = pool.references.ids[reference].tolist(), pool.predictions.ids[prediction].tolist()
    return list(zip(case_ids, *ids, strict=True))


def pair_distance_figures(
    found: PairSums, members: Integers, class_names: Sequence[str]
) -> list[Figure]:
    """Return the mean distance of the pairs of each class, and of all where there are several.

    Args:
        found: Distances of all cases.
        members: Positions of the cases that are looked at.
        class_names: The classes.
    """
    figures: list[Figure] = []
    for iou, sums in found.sums.items():
        pairs = found.pairs[iou]
        for number, name in enumerate(class_names):
            figures.append(
                _mean(found.unit.metric, sums[members, number], pairs[members, number], iou, name)
            )
        if len(class_names) > 1:
            metric = found.unit.metric + POOLED_OVER_CLASSES
            every = row_sums(sums)[members], pairs.sum(axis=1)[members]
            figures.append(_mean(metric, *every, iou, None))
    return figures


def _mean(metric: str, sums: Floats, pairs: Integers, iou: float, class_name: str | None) -> Figure:
    undefined = NO_PAIR if class_name is not None else NO_PAIR.replace(" of the class", "")
    return ratio(
        metric, sums, pairs, n=int(pairs.sum()), undefined=undefined, class_name=class_name, iou=iou
    )
