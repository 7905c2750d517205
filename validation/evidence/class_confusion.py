"""Which class the model gives to what it finds: pairs made without looking at the class.

Elsewhere an object of one class that was found as another is a missed object and a false
positive, and nothing says that they are one mistake. Here the objects at the operating point
are paired regardless of class, by the protocol's rule and IoU threshold, and each pair is
counted by the class of its reference object and of its prediction. Reference objects without a
partner are *missed* whatever the class, predicted ones *false positives*. It is the pairing of
COCOeval with ``useCats = 0``: an ignored region absorbs predictions of every class.

A class can be found less often here than by itself: a prediction of another class can take an
object from the one of its own.

As files of a record, where the protocol has several classes:

- ``tables/class_confusion.csv``: a row for each case, reference class and predicted class that
  has an object, with the ids. The n-th of `reference_ids` is paired with the n-th of
  `prediction_ids`; ``(missed)`` has no predicted objects and ``(false positive)`` no reference
  objects. Rows of several cases add up.
- ``class_confusion.csv``: their sums over all cases, and over each subgroup; pairs of classes
  without an object are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from validation.evidence.object_pool import ObjectPool, Pairs
from validation.evidence.overlap import Integers
from validation.evidence.pooled_matching import Cells, pair_objects
from validation.evidence.ratios import Count, Figure, ratio
from validation.evidence.rows import Row
from validation.plan.protocol import Matching

MISSED, FALSE_POSITIVE = "(missed)", "(false positive)"
"""Not names that a class can have, which begin with a letter."""

CASE_COLUMNS = (
    "case_id",
    "reference_class",
    "predicted_class",
    "objects",
    "reference_ids",
    "prediction_ids",
)
COLUMNS = ("subgroup", "subgroup_value", "reference_class", "predicted_class", "objects")

_NO_PAIR = "no matched pair"


@dataclass(frozen=True)
class ClassConfusion:
    """Objects of some cases by reference and predicted class; a row a pair or lone object.

    Rows are ordered by case, reference class, predicted class, then by id.
    """

    class_count: int
    case: Integers
    """Position of the case."""
    reference_class: Integers
    """Index of the class, 0 for the first of the protocol; the number of classes where there
    is no reference object: a false positive."""
    predicted_class: Integers
    """The same; the number of classes where there is no predicted object: a missed object."""
    reference_id: Integers
    """-1 where there is none."""
    prediction_id: Integers
    """-1 where there is none."""

    @property
    def is_pair(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """True for pairs."""
        lone = self.class_count
        pairs: np.ndarray[tuple[int], np.dtype[np.bool_]]
        pairs = (self.reference_class != lone) & (self.predicted_class != lone)
        return pairs


def class_confusion(pool: ObjectPool, rule: Matching) -> ClassConfusion:
    """Return the objects at the operating point by reference and predicted class.

    Args:
        pool: The objects of all classes.
        rule: The protocol's rule of pairing.
    """
    any_class = _regardless_of_class(pool)
    is_used = ~(pool.scores < rule.score_threshold)  # objects without a score are all used
    cells = Cells(np.array([rule.iou_threshold]), 1)
    pairing = pair_objects(any_class, cells, is_used=is_used, algorithm=rule.algorithm)
    pairs = pairing.pairs_at(0)
    reference, prediction = any_class.pairs.reference[pairs], any_class.pairs.prediction[pairs]
    is_missed = ~pool.is_ignored
    is_missed[reference] = False
    is_false = is_used & ~pairing.absorbed_at(0)
    is_false[prediction] = False
    missed, false = np.flatnonzero(is_missed), np.flatnonzero(is_false)
    nobody = np.full(len(missed), -1), np.full(len(false), -1)
    return _ordered(
        pool,
        np.concatenate([reference, missed, nobody[1]]),
        np.concatenate([prediction, nobody[0], false]),
    )


def _regardless_of_class(pool: ObjectPool) -> ObjectPool:
    """Return the same objects as if they were of one class."""
    return replace(
        pool,
        class_count=1,
        references=pool.references._replace(class_index=pool.references.class_index * 0),
        predictions=pool.predictions._replace(class_index=pool.predictions.class_index * 0),
        pairs=Pairs(*(np.concatenate(both) for both in zip(pool.pairs, pool.across, strict=True))),
        across=Pairs(*(part[:0] for part in pool.across)),
    )


def _ordered(pool: ObjectPool, reference: Integers, prediction: Integers) -> ClassConfusion:
    """Return pairs of positions in the pool, -1 for none, in the order of rows."""
    case = np.where(
        reference >= 0, _at(pool.references.case, reference), _at(pool.predictions.case, prediction)
    )
    columns = (
        case,
        _at(pool.references.class_index, reference, pool.class_count),
        _at(pool.predictions.class_index, prediction, pool.class_count),
        _at(pool.references.ids, reference),
        _at(pool.predictions.ids, prediction),
    )
    order = np.lexsort(columns[::-1])
    return ClassConfusion(pool.class_count, *(one[order] for one in columns))


def _at(values: Integers, positions: Integers, otherwise: int = -1) -> Integers:
    padded = np.append(values, otherwise)
    return padded[positions]  # -1 is the last


def confusion_matrix(confusion: ClassConfusion, members: Integers) -> Integers:
    """Return how many objects there are of each reference and predicted class.

    Args:
        confusion: Objects of all cases.
        members: Positions of the cases that are looked at.

    Returns:
        Shape (classes + 1, classes + 1): the last row holds false positives, the last column
        missed objects, and where they meet is 0.
    """
    side = confusion.class_count + 1
    chosen = np.isin(confusion.case, members)
    cell = confusion.reference_class[chosen] * side + confusion.predicted_class[chosen]
    return np.bincount(cell, minlength=side * side).reshape(side, side).astype(np.int64)


def confusion_figures(
    confusion: ClassConfusion, members: Integers, case_count: int, class_names: Sequence[str]
) -> list[Figure]:
    """Return how far the classes of matched objects agree, overall and by class.

    Args:
        confusion: Objects of all cases.
        members: Positions of the cases that are looked at.
        case_count: Number of all cases.
        class_names: Classes of the protocol.
    """
    pairs = confusion.is_pair
    same = pairs & (confusion.reference_class == confusion.predicted_class)

    def by_case(flags: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Integers:
        return np.bincount(confusion.case[flags], minlength=case_count)[members].astype(np.int64)

    matched, agreeing = by_case(pairs), by_case(same)
    figures: list[Figure] = [
        ratio(
            "class_agreement_of_matched",
            agreeing,
            matched,
            n=int(matched.sum()),
            undefined=_NO_PAIR,
        ),
        Count("matched_pairs_of_any_class", int(matched.sum()), len(members)),
        Count("matched_pairs_of_two_classes", int((matched - agreeing).sum()), len(members)),
    ]
    for number, name in enumerate(class_names):
        right = by_case(same & (confusion.reference_class == number))
        for metric, classes, side in (
            ("class_recall_of_matched", confusion.reference_class, "reference"),
            ("class_precision_of_matched", confusion.predicted_class, "predicted"),
        ):
            of_class = by_case(pairs & (classes == number))
            figures.append(
                ratio(
                    metric,
                    right,
                    of_class,
                    n=int(of_class.sum()),
                    undefined=f"no matched pair whose {side} object is of the class",
                    class_name=name,
                )
            )
    return figures


def case_confusion_rows(
    confusion: ClassConfusion, case_ids: Sequence[str], class_names: Sequence[str]
) -> list[Row]:
    """Return the rows of ``tables/class_confusion.csv``, in the order of cases and classes.

    Args:
        confusion: Objects of all cases.
        case_ids: Ids of the cases, in their order.
        class_names: Classes of the protocol.
    """
    names = _Names(class_names)
    places = np.stack([confusion.case, confusion.reference_class, confusion.predicted_class])
    is_first = np.concatenate([[True], (np.diff(places, axis=1) != 0).any(axis=0)])
    starts = np.flatnonzero(is_first[: places.shape[1]]).tolist()
    rows: list[Row] = []
    for start, stop in pairwise([*starts, places.shape[1]]):
        case, reference, predicted = places[:, start].tolist()
        cells = (
            case_ids[case],
            names.of_reference(reference),
            names.of_prediction(predicted),
            stop - start,
            _text(confusion.reference_id[start:stop]),
            _text(confusion.prediction_id[start:stop]),
        )
        rows.append(dict(zip(CASE_COLUMNS, cells, strict=True)))
    return rows


def confusion_rows(
    confusion: ClassConfusion,
    members: Integers,
    class_names: Sequence[str],
    subgroup: dict[str, str],
) -> list[Row]:
    """Return the rows of ``class_confusion.csv`` for one group of cases.

    Args:
        confusion: Objects of all cases.
        members: Positions of the cases of the group.
        class_names: Classes of the protocol.
        subgroup: Column and value that define the group; empty for all cases.
    """
    names, matrix = _Names(class_names), confusion_matrix(confusion, members)
    [(column, value)] = subgroup.items() or [(None, None)]
    return [
        dict(
            zip(
                COLUMNS,
                (
                    column,
                    value,
                    names.of_reference(reference),
                    names.of_prediction(predicted),
                    int(matrix[reference, predicted]),
                ),
                strict=True,
            )
        )
        for reference, predicted in np.argwhere(matrix).tolist()
    ]


@dataclass(frozen=True)
class _Names:
    """Names of rows and columns of the confusion."""

    classes: Sequence[str]

    def of_reference(self, index: int) -> str:
        return FALSE_POSITIVE if index == len(self.classes) else self.classes[index]

    def of_prediction(self, index: int) -> str:
        return MISSED if index == len(self.classes) else self.classes[index]


def _text(ids: Integers) -> str | None:
    return " ".join(map(str, ids.tolist())) if ids[0] >= 0 else None
