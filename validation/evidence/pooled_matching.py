"""The pairing rules of `validation.evidence.matching`, on all cases and thresholds at once.

A *cell* is one pairing: an IoU threshold, and for COCO's size strata a range of areas too. A
set of cells is the bits of one 64-bit number, so that one operation on an array pairs objects
at every threshold and in every stratum. COCO's greedy rule is sequential only within a class
of a case: the first predictions of all classes and cases choose together, then the second, and
so on. Results are those of ``COCOeval.evaluateImg``, bit by bit.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from validation.evidence.matching import COCO_SLACK, Algorithm, optimal_pairs
from validation.evidence.object_pool import ObjectPool, place_in_run
from validation.evidence.overlap import Flags, Floats, Integers

Bits = NDArray[np.uint64]

MOST_CELLS = 64
_NONE = np.uint64(0)


class Cells(NamedTuple):
    """Pairings that are made at once; bit `stratum * thresholds + threshold` of each number."""

    thresholds: Floats
    """IoU thresholds, rising."""
    strata: int

    @property
    def every(self) -> np.uint64:
        """All cells."""
        return np.uint64((1 << (len(self.thresholds) * self.strata)) - 1)

    def of_stratum(self, flags: Flags) -> Bits:
        """Return the cells of the strata flagged for each object, shape (objects, strata)."""
        found = np.zeros(len(flags), np.uint64)
        width = len(self.thresholds)
        for stratum in range(self.strata):
            whole = np.uint64(((1 << width) - 1) << (stratum * width))
            found |= np.where(flags[:, stratum], whole, _NONE)
        return found

    def reached(self, iou: Floats) -> Bits:
        """Return the cells whose threshold each IoU reaches."""
        width = len(self.thresholds)
        lowest = np.minimum(self.thresholds, 1 - COCO_SLACK)
        count = np.searchsorted(lowest, iou, side="right")
        table = np.array(
            [
                sum(((1 << reached) - 1) << (stratum * width) for stratum in range(self.strata))
                for reached in range(width + 1)
            ],
            np.uint64,
        )
        return table[count]


@dataclass(frozen=True)
class PooledPairing:
    """Who is paired with whom, in every cell."""

    cells: Cells
    candidates: Integers
    """Positions in `ObjectPool.pairs` that reach the lowest threshold."""
    paired: Bits
    """Cells in which each of `candidates` is a pair with an object that is to be found."""
    matched: Bits
    """Cells in which each prediction has a partner, ignored regions among them."""
    absorbed: Bits
    """Cells in which each prediction's partner is an ignored region."""

    def pairs_at(self, cell: int) -> Integers:
        """Return the positions in `ObjectPool.pairs` of the pairs in one cell."""
        chosen: Integers = self.candidates[(self.paired >> np.uint64(cell)) & np.uint64(1) == 1]
        return chosen

    def absorbed_at(self, cell: int) -> Flags:
        """Return which predictions are absorbed by an ignored region in one cell."""
        flags: Flags = (self.absorbed >> np.uint64(cell)) & np.uint64(1) == 1
        return flags


def pair_objects(
    pool: ObjectPool,
    cells: Cells,
    *,
    is_used: Flags,
    is_ignored: Flags | None = None,
    algorithm: Algorithm = "greedy_by_score",
) -> PooledPairing:
    """Return the pairing of all objects in every cell.

    Args:
        pool: The objects.
        cells: Thresholds and strata; at most 64 cells.
        is_used: Predictions that take part, shape (predictions,).
        is_ignored: Reference objects that are not to be found in each stratum, shape
            (references, strata); those that the pool marks as ignored have to be among them.
            None: those alone.
        algorithm: The rule; see `validation.evidence.matching`.

    Raises:
        ValueError: There are more than 64 cells.
    """
    if len(cells.thresholds) * cells.strata > MOST_CELLS:
        raise ValueError(f"more than {MOST_CELLS} pairings at once")
    if is_ignored is None:
        is_ignored = np.repeat(pool.is_ignored[:, None], cells.strata, axis=1)
    reached = cells.reached(pool.iou)
    candidates = np.flatnonzero((reached != 0) & is_used[pool.pairs.prediction])
    ignored = cells.of_stratum(is_ignored)
    if algorithm == "optimal":
        return _optimal(pool, cells, candidates, reached[candidates], ignored)
    return _greedy(pool, cells, candidates, reached[candidates], ignored)


def _greedy(
    pool: ObjectPool, cells: Cells, candidates: Integers, reached: Bits, ignored: Bits
) -> PooledPairing:
    order, bounds = _turns(pool, candidates)
    reference = pool.pairs.reference[candidates][order]
    prediction = pool.pairs.prediction[candidates][order]
    reached = reached[order]
    to_be_found = reached & ~ignored[reference]
    not_to_be_found = reached & ignored[reference]
    is_crowd = pool.is_ignored[reference]
    free = np.full(len(ignored), cells.every, np.uint64)  # of reference objects
    open_ = np.full(len(pool.scores), cells.every, np.uint64)  # of predictions
    absorbed = np.zeros(len(open_), np.uint64)
    paired = np.zeros(len(order), np.uint64)
    for turn in bounds:
        for start, stop in turn:
            rows, columns = prediction[start:stop], reference[start:stop]
            won = to_be_found[start:stop] & free[columns] & open_[rows]
            free[columns] ^= won
            open_[rows] ^= won
            paired[start:stop] = won
        for start, stop in turn:
            wanted = not_to_be_found[start:stop]
            if not wanted.any():
                continue
            rows, columns = prediction[start:stop], reference[start:stop]
            shared = is_crowd[start:stop]  # a crowd takes any number of predictions
            won = wanted & (free[columns] | np.where(shared, cells.every, _NONE)) & open_[rows]
            free[columns] &= ~won
            open_[rows] ^= won
            absorbed[rows] |= won
    return PooledPairing(cells, candidates[order], paired, open_ ^ cells.every, absorbed)


def _turns(pool: ObjectPool, candidates: Integers) -> tuple[Integers, list[list[tuple[int, int]]]]:
    """Return the order in which candidates are asked, and the bounds of those asked together.

    In a turn one prediction of each class and case chooses. It asks its candidates by falling
    IoU, of equal ones first the one with the largest id; the n-th candidates of all that choose
    are asked together, and no object is among them twice.
    """
    reference, prediction = pool.pairs.reference[candidates], pool.pairs.prediction[candidates]
    if not len(candidates):
        return np.zeros(0, np.int64), []
    choosing = np.unique(prediction)
    group = pool.group_of_prediction[choosing]
    by_rank = np.lexsort((pool.rank[choosing], group))
    turn_of = np.zeros(len(pool.scores), np.int64)
    turn_of[choosing[by_rank]] = place_in_run(group[by_rank])
    falling = np.lexsort((-reference, -pool.iou[candidates], prediction))
    asked = np.empty(len(candidates), np.int64)
    asked[falling] = place_in_run(prediction[falling])
    turn = turn_of[prediction]
    order = np.lexsort((asked, turn))
    key = turn[order] * (int(asked.max()) + 1) + asked[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    stops = np.append(starts[1:], len(order))
    bounds: list[list[tuple[int, int]]] = [[] for _ in range(int(turn.max()) + 1)]
    for number, start, stop in zip(
        turn[order][starts].tolist(), starts.tolist(), stops.tolist(), strict=True
    ):
        bounds[number].append((start, stop))
    return order, bounds


def _optimal(
    pool: ObjectPool, cells: Cells, candidates: Integers, reached: Bits, ignored: Bits
) -> PooledPairing:
    reference, prediction = pool.pairs.reference[candidates], pool.pairs.prediction[candidates]
    paired = np.zeros(len(candidates), np.uint64)
    for cell in range(len(cells.thresholds) * cells.strata):
        bit = np.uint64(1 << cell)
        regular = np.flatnonzero(reached & ~ignored[reference] & bit)
        paired[regular[_assigned(pool, candidates[regular])]] |= bit
    matched = np.zeros(len(pool.scores), np.uint64)
    np.bitwise_or.at(matched, prediction, paired)
    near_ignored = np.zeros(len(pool.scores), np.uint64)
    np.bitwise_or.at(near_ignored, prediction, reached & ignored[reference])
    absorbed = near_ignored & ~matched
    return PooledPairing(cells, candidates, paired, matched | absorbed, absorbed)


def _assigned(pool: ObjectPool, pairs: Integers) -> Flags:
    """Return which of some eligible pairs the optimal assignment chooses."""
    reference, prediction = pool.pairs.reference[pairs], pool.pairs.prediction[pairs]
    times_r = np.bincount(reference, minlength=len(pool.is_ignored))[reference]
    times_p = np.bincount(prediction, minlength=len(pool.scores))[prediction]
    is_alone = (times_r == 1) & (times_p == 1)
    group = pool.group_of_prediction[prediction]
    contested = np.unique(group[~is_alone])
    chosen: Flags = is_alone & ~np.isin(group, contested)
    by_group = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[by_group], np.stack([contested, contested + 1]))
    for start, stop in bounds.T.tolist():
        chosen[by_group[start:stop]] = _assigned_in(pool, pairs[by_group[start:stop]])
    return chosen


def _assigned_in(pool: ObjectPool, pairs: Integers) -> Flags:
    prediction = pool.pairs.prediction[pairs]
    rows, row = np.unique(pool.rank[prediction], return_inverse=True)
    columns, column = np.unique(pool.pairs.reference[pairs], return_inverse=True)
    iou = np.zeros((len(rows), len(columns)))
    iou[row, column] = pool.iou[pairs]
    eligible = np.zeros(iou.shape, bool)
    eligible[row, column] = True
    taken = np.full(len(columns), -1)
    for reference, partner in optimal_pairs(iou, eligible).items():
        taken[reference] = partner
    is_taken: Flags = taken[column] == row
    return is_taken
