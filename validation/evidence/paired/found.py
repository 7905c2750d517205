"""Objects and cases that both versions found, or only one: McNemar's test, and one for clusters.

McNemar's exact test is the binomial one of the discordant things. It takes things as
independent. Durkalski et al. (Statistics in Medicine 22, 2003, 2417-2428) sum over clusters
d = (first only - second only) / things: (Σd)² / Σd² has one degree of freedom.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import scipy

from validation.evidence.measure import BeforeIntervals, GroupFigures
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.paired.records import FoundByBoth
from validation.evidence.pooled_outcomes import PooledOutcomes, thresholds
from validation.evidence.semantic import ClassPixels
from validation.plan.protocol import Protocol

_FEWEST = 2
_NEVER_DIFFER = "the two versions never differ"

What = Literal["reference objects", "cases with the class", "cases without the class"]


class Pairs(NamedTuple):
    """Things that both versions were shown."""

    first: Flags
    """Found, or rightly told, by the first version."""
    second: Flags
    unit: tuple[str, ...]
    """Independent unit of each."""


def found_by_both(
    first: BeforeIntervals, second: BeforeIntervals, protocol: Protocol
) -> tuple[FoundByBoth, ...]:
    """Return the tables of every class: of objects by IoU, of cases by presence.

    Args:
        first: The version before, in all cases.
        second: The new version.
        protocol: For the classes, the thresholds, and the area from which a class is present.

    Raises:
        ValueError: The two do not have the same reference objects.
    """
    found: list[FoundByBoth] = []
    if first.outcomes is not None and second.outcomes is not None:
        found.extend(_of_objects(first, second, protocol))
    if protocol.analysis.presence_minimum_area_px is not None:
        found.extend(_of_cases(first, second, protocol))
    return tuple(found)


def table_of(what: What, class_name: str, iou: float | None, pairs: Pairs) -> FoundByBoth:
    """Return the table of some things, with both tests."""
    first, second = pairs.first, pairs.second
    lost, gained = first & ~second, second & ~first
    clustered_p, why, count = _clustered(lost, gained, pairs.unit)
    return FoundByBoth(
        of=what,
        class_name=class_name,
        iou=iou,
        both=int((first & second).sum()),
        first_only=int(lost.sum()),
        second_only=int(gained.sum()),
        neither=int((~first & ~second).sum()),
        p=_exact_p(int(lost.sum()), int(gained.sum())),
        clusters=count,
        clustered_p=clustered_p,
        no_clustered_p=why,
    )


def _exact_p(lost: int, gained: int) -> float | None:
    if lost + gained == 0:
        return None
    from statsmodels.stats.contingency_tables import mcnemar

    return min(1.0, float(mcnemar([[0, lost], [gained, 0]], exact=True).pvalue))


def _clustered(
    lost: Flags, gained: Flags, unit: Sequence[str]
) -> tuple[float | None, str | None, int]:
    names = {name: number for number, name in enumerate(sorted(set(unit)))}
    of = np.array([names[one] for one in unit], np.int64)
    size = np.bincount(of, minlength=len(names))
    excess = lost.astype(np.float64) - gained
    by_cluster: Floats = np.bincount(of, weights=excess, minlength=len(names)) / size
    squares = float((by_cluster**2).sum())
    if len(names) < _FEWEST:
        return None, "fewer than two clusters", len(names)
    if squares == 0:
        return None, _NEVER_DIFFER if not excess.any() else "no cluster differs", len(names)
    statistic = float(by_cluster.sum()) ** 2 / squares
    return float(scipy.special.chdtrc(1, statistic)), None, len(names)


# --- objects -----------------------------------------------------------------------------


class _References(NamedTuple):
    """The reference objects of the cases that both versions have in their figures."""

    chosen: Integers
    """Their positions in the pool of the version."""
    case_ids: list[str]
    what: list[tuple[int, ...]]
    """Class, id, area and whether ignored: alike in both versions."""


def _of_objects(
    first: BeforeIntervals, second: BeforeIntervals, protocol: Protocol
) -> Iterator[FoundByBoth]:
    before, after = first.outcomes, second.outcomes
    if before is None or after is None:
        return
    common = {one.case_id for one in before.pool.tables} & {
        one.case_id for one in after.pool.tables
    }
    left, right = _references(before, common), _references(after, common)
    _require_same(left, right)
    unit_of = _unit_of_case(second.groups[0])
    unit = [unit_of[one] for one in left.case_ids]
    classes = np.array([one[0] for one in left.what], np.int64)
    is_regular = np.array([one[3] == 0 for one in left.what], bool)
    things = protocol.thing_names()
    for number, name in enumerate(protocol.class_names()):
        own = is_regular & (classes == number)
        if name not in things:
            continue
        for cell, iou in enumerate(thresholds(after.rule)):
            found = (
                _found(before, cell)[left.chosen][own],
                _found(after, cell)[right.chosen][own],
            )
            units = tuple(unit[place] for place in np.flatnonzero(own).tolist())
            yield table_of("reference objects", name, iou, Pairs(*found, units))


def _references(outcomes: PooledOutcomes, common: set[str]) -> _References:
    pool = outcomes.pool
    ids = [one.case_id for one in pool.tables]
    is_common = np.array([one in common for one in ids], bool)
    chosen = np.flatnonzero(is_common[pool.references.case])
    columns = (
        pool.references.class_index[chosen].tolist(),
        pool.references.ids[chosen].tolist(),
        pool.references.areas_px[chosen].tolist(),
        pool.is_ignored[chosen].astype(np.int64).tolist(),
    )
    case_ids = [ids[one] for one in pool.references.case[chosen].tolist()]
    return _References(chosen, case_ids, list(zip(*columns, strict=True)))


def _require_same(left: _References, right: _References) -> None:
    if left.case_ids == right.case_ids and left.what == right.what:
        return
    sides = ({*zip(one.case_ids, one.what, strict=True)} for one in (left, right))
    before, after = sides
    cases = ", ".join(sorted({case for case, _ in before ^ after}))
    raise ValueError(f"the reference objects of these cases differ: {cases}")


def _found(outcomes: PooledOutcomes, cell: int) -> Flags:
    """Return which reference objects have a partner at one IoU threshold."""
    pool = outcomes.pool
    found = np.zeros(len(pool.is_ignored), bool)
    found[pool.pairs.reference[outcomes.pairing.pairs_at(cell)]] = True
    return found


def _unit_of_case(group: GroupFigures) -> Mapping[str, str]:
    return dict(zip(group.case_ids, group.unit_of_case, strict=True))


# --- cases -------------------------------------------------------------------------------


def _of_cases(
    first: BeforeIntervals, second: BeforeIntervals, protocol: Protocol
) -> Iterator[FoundByBoth]:
    least = protocol.analysis.presence_minimum_area_px or 1
    before, after = first.groups[0], second.groups[0]
    unit_of, place = _unit_of_case(after), {one: n for n, one in enumerate(before.case_ids)}
    common = [one for one in after.case_ids if one in place]
    left = np.array([place[one] for one in common], np.int64)
    right = np.array([n for n, one in enumerate(after.case_ids) if one in place], np.int64)
    for number, name in enumerate(protocol.class_names()):
        truth, told = _told(second.pixels[number], right, least)
        same_truth, told_before = _told(first.pixels[number], left, least)
        if (truth != same_truth).any():
            raise ValueError(f"the reference pixels of {name} differ")
        seen = second.pixels[number].evaluated[right] > 0
        cases: tuple[tuple[What, Flags, tuple[Flags, Flags]], ...] = (
            ("cases with the class", truth & seen, (told_before, told)),
            ("cases without the class", ~truth & seen, (~told_before, ~told)),
        )
        for what, own, sides in cases:
            units = tuple(unit_of[common[one]] for one in np.flatnonzero(own).tolist())
            yield table_of(what, name, None, Pairs(sides[0][own], sides[1][own], units))


def _told(pixels: ClassPixels, chosen: Integers, least: int) -> tuple[Flags, Flags]:
    """Return in which cases a class is, by the reference and by the prediction."""
    return pixels.reference[chosen] >= least, pixels.prediction[chosen] >= least
