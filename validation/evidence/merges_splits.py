"""Objects that were merged into one, and objects that were cut into several.

Reference object R is *contained* in prediction P when |R∩P| / |R| reaches the protocol's
fraction (above one half), and P is *part of* R when |R∩P| / |P| does. A *merge* is a
prediction that contains two or more reference objects of its class; a *split* is a reference
object with two or more predictions as parts. They are counted as events whether or not an
object in them is matched as well. Ignored regions and the predictions absorbed by them take
no part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from validation.evidence.matching import ClassObjects, Pairing

_FEWEST = 2


@dataclass(frozen=True)
class MergesAndSplits:
    """The events of one class in one case; positions are those of `ClassObjects`."""

    merges: Mapping[int, tuple[int, ...]]
    """Reference objects by the prediction that contains them."""
    splits: Mapping[int, tuple[int, ...]]
    """Predictions by the reference object that they are parts of, in the order of ids."""

    @cached_property
    def merged(self) -> frozenset[int]:
        """Reference objects that are in a merge."""
        return frozenset(one for merge in self.merges.values() for one in merge)


def merges_and_splits(objects: ClassObjects, pairing: Pairing, fraction: float) -> MergesAndSplits:
    """Return the merges and splits of one class in one case.

    Args:
        objects: Objects of the class at the operating point.
        pairing: Their pairing at the protocol's IoU threshold, for who is absorbed.
        fraction: Least share of an object's area, in (0.5, 1].
    """
    takes_part = ~objects.is_ignored[None, :] & ~_flags(pairing.absorbed, len(objects.predictions))
    shared = objects.intersection_px
    contained = takes_part & (shared / objects.reference_areas_px[None, :] >= fraction)
    part = takes_part & (shared / objects.prediction_areas_px[:, None] >= fraction)
    by_id = np.argsort(objects.predictions)
    return MergesAndSplits(
        merges={
            int(prediction): tuple(np.flatnonzero(contained[prediction]).tolist())
            for prediction in by_id
            if contained[prediction].sum() >= _FEWEST
        },
        splits={
            int(reference): tuple(by_id[part[by_id, reference]].tolist())
            for reference in np.flatnonzero(part.sum(axis=0) >= _FEWEST)
        },
    )


def _flags(rows: frozenset[int], count: int) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    flags = np.zeros((count, 1), np.bool_)
    flags[sorted(rows)] = True
    return flags
