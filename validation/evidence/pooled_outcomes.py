"""What became of each object of all cases: the rules of `validation.evidence.outcomes`, at once.

The rules and their words are there, for one class of one case; here the same is computed on
the joined arrays of an `ObjectPool`. That both agree, object by object, is tested.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from validation.evidence.object_pool import ObjectPool
from validation.evidence.outcomes import ReferenceOutcome
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.pooled_matching import Cells, PooledPairing, pair_objects
from validation.plan.protocol import Matching

OUTCOMES: tuple[ReferenceOutcome, ...] = ("matched", "merged", "split", "missed", "ignored")
"""Outcomes of a reference object, in the order of their numbers."""
_MATCHED, _MERGED, _SPLIT, _MISSED, _IGNORED = range(5)
_FEWEST = 2


def thresholds(rule: Matching) -> tuple[float, ...]:
    """Return the IoU thresholds of the protocol, rising, each once."""
    return tuple(sorted({rule.iou_threshold, *rule.further_iou_thresholds}))


@dataclass(frozen=True)
class PooledOutcomes:
    """The objects of some cases and what became of them."""

    pool: ObjectPool
    rule: Matching
    is_used: Flags
    """Predictions at the operating point."""
    pairing: PooledPairing
    """A cell for each of `thresholds`."""
    merges: Integers
    """Positions in `ObjectPool.pairs`: a reference object contained in a merging prediction."""
    splits: Integers
    """Positions in `ObjectPool.pairs`: a prediction that is a part of a split object."""

    @property
    def main(self) -> int:
        """The cell of the protocol's IoU threshold."""
        return thresholds(self.rule).index(self.rule.iou_threshold)

    @cached_property
    def pairs(self) -> Integers:
        """Positions in `ObjectPool.pairs` of the pairs at the protocol's threshold."""
        return self.pairing.pairs_at(self.main)

    @cached_property
    def is_absorbed(self) -> Flags:
        """Predictions absorbed by an ignored region, at the protocol's threshold."""
        return self.pairing.absorbed_at(self.main)

    @cached_property
    def is_false_positive(self) -> Flags:
        """Predictions at the operating point that are neither paired nor absorbed."""
        found = self.is_used & ~self.is_absorbed
        found[self.pool.pairs.prediction[self.pairs]] = False
        return found

    @cached_property
    def of_references(self) -> Integers:
        """Outcome of each reference object, a position in `OUTCOMES`."""
        pairs = self.pool.pairs
        outcome = np.full(len(self.pool.is_ignored), _MISSED)
        outcome[pairs.reference[self.splits]] = _SPLIT
        outcome[pairs.reference[self.merges]] = _MERGED
        outcome[pairs.reference[self.pairs]] = _MATCHED
        outcome[self.pool.is_ignored] = _IGNORED
        return outcome


def pooled_outcomes(pool: ObjectPool, rule: Matching) -> PooledOutcomes:
    """Return what became of all objects.

    Args:
        pool: The objects.
        rule: The protocol's rule of pairing.
    """
    is_used = ~(pool.scores < rule.score_threshold)  # objects without a score are all used
    cells = Cells(np.array(thresholds(rule)), 1)
    pairing = _absorbing(
        pair_objects(pool, cells, is_used=is_used, algorithm=rule.algorithm), pool.is_excused
    )
    is_absorbed = pairing.absorbed_at(thresholds(rule).index(rule.iou_threshold))
    reference, prediction, shared_px = pool.pairs
    takes_part = (is_used & ~is_absorbed)[prediction] & ~pool.is_ignored[reference]
    fraction = rule.merge_split_fraction
    contained = takes_part & (shared_px / pool.references.areas_px[reference] >= fraction)
    part = takes_part & (shared_px / pool.predictions.areas_px[prediction] >= fraction)
    return PooledOutcomes(
        pool,
        rule,
        is_used,
        pairing,
        merges=_several(contained, prediction),
        splits=_several(part, reference),
    )


def _absorbing(pairing: PooledPairing, is_excused: Flags) -> PooledPairing:
    """Return a pairing in which excused predictions without a partner are absorbed, too."""
    free = np.where(is_excused, pairing.cells.every & ~pairing.matched, np.uint64(0))
    return replace(pairing, matched=pairing.matched | free, absorbed=pairing.absorbed | free)


def _several(flags: Flags, owner: Integers) -> Integers:
    """Return the positions of flagged pairs whose owner has two or more of them."""
    chosen = np.flatnonzero(flags)
    owners = owner[chosen]
    times = np.bincount(owners, minlength=1)
    return chosen[times[owners] >= _FEWEST]


def exact_sums(values: Floats, groups: Integers, count: int) -> Floats:
    """Return the exactly rounded sum of the values of each group, whatever their order.

    >>> exact_sums(np.array([0.1, 0.2, 0.3, 1.0]), np.array([0, 0, 0, 2]), 3).tolist()
    [0.6, 0.0, 1.0]
    """
    sums: Floats = np.bincount(groups, weights=values, minlength=count).astype(np.float64)
    times = np.bincount(groups, minlength=count)  # one or two are exact already
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(times)
    sorted_values = values[order]
    for group in np.flatnonzero(times > _FEWEST).tolist():
        stop = int(ends[group])
        sums[group] = math.fsum(sorted_values[stop - int(times[group]) : stop].tolist())
    return sums
