"""What a design assumes and what it needs, in the words of terminal, protocol and document."""

import math
from collections.abc import Iterator

from validation.plan.sample_size.designs import (
    Clustering,
    Design,
    Mean,
    MeanDifference,
    PairedShares,
    Precision,
    PresenceBounds,
    PresencePrecision,
    Proportion,
    SuccessRun,
    UnpairedShares,
)
from validation.plan.sample_size.levels import one_sided
from validation.plan.sample_size.sizing import Sizing
from validation.report.formatting import NO_BREAK, THIN_SPACE, number, percentage, plural

Line = tuple[str, str]
"""A label and what is said of it."""

_INTERVALS = {
    "wilson": "Wilson",
    "clopper_pearson": "Clopper and Pearson",
    "normal": "the normal formula",
}
_SIDES = {"at_least": ("lower", "at least"), "at_most": ("upper", "at most")}
_FEW_UNITS = 30

_PLAIN = str.maketrans({NO_BREAK: " ", THIN_SPACE: ","})

SOURCES = {
    "proportion": "Exact binomial power of the limit (Wilson 1927; Clopper and Pearson 1934)",
    "success_run": "Clopper and Pearson 1934 without a failure; Hanley and Lippman-Hand 1983",
    "precision": "Length of the interval where the expected share is observed",
    "mean": "Noncentral t distribution (Chow, Shao and Wang)",
    "paired_shares": "Score test of matched pairs (Nam 1997; Tango 1998); Connor 1987 at margin 0",
    "unpaired_shares": "Normal formula, not pooled (Blackwelder 1982; Chow, Shao and Wang)",
    "mean_difference": "Noncentral t distribution of the differences (Chow, Shao and Wang)",
    "presence_bounds": "Exact binomial power of both limits; binomial numbers of both kinds",
    "presence_precision": "Buderer 1996",
}
"""Where the arithmetic of a design is from."""


def title(design: Design) -> str:
    """Return what is asked, in one line."""
    match design:
        case Proportion() | Mean():
            what = "share" if isinstance(design, Proportion) else "mean"
            side, least = _SIDES[design.direction]
            return f"{side} limit of a {what} {least} {_exact(design.bound)}"
        case SuccessRun():
            return f"a share of at least {_exact(design.bound)}, shown without a failure"
        case Precision():
            return f"a share, known to within {_exact(design.half_width)}"
        case PresenceBounds() | PresencePrecision():
            return "sensitivity and specificity for presence"
        case _:
            return _comparison(design)


def _comparison(design: PairedShares | UnpairedShares | MeanDifference) -> str:
    what, how = {
        "paired_shares": ("shares", "on the same units"),
        "unpaired_shares": ("shares", "on different units"),
        "mean_difference": ("means", "on the same cases"),
    }[design.design]
    if design.margin == 0:
        return f"superiority of one model to another: {what} {how}"
    return f"non-inferiority of two models within {_exact(design.margin)}: {what} {how}"


def assumed(design: Design) -> tuple[Line, ...]:
    """Return the assumptions, each with its label."""
    return tuple(_assumed(design))


def _assumed(design: Design) -> Iterator[Line]:
    match design:
        case PairedShares() | UnpairedShares() | MeanDifference():
            yield from _of_comparison(design)
        case PresenceBounds() | PresencePrecision():
            yield from _of_presence(design)
        case _:
            yield from _of_one(design)
    yield from _common(design)


def _of_one(design: Proportion | SuccessRun | Precision | Mean) -> Iterator[Line]:
    if design.expected is not None:
        yield "expected", _exact(design.expected)
    if isinstance(design, Precision):
        yield "half-width", f"at most {_exact(design.half_width)}"
        return
    if isinstance(design, Mean):
        yield "standard deviation", f"{_exact(design.sd)} between cases"
    direction = "at_least" if isinstance(design, SuccessRun) else design.direction
    yield "bound", f"{_SIDES[direction][1]} {_exact(design.bound)}"


def _of_comparison(design: PairedShares | UnpairedShares | MeanDifference) -> Iterator[Line]:
    if isinstance(design, UnpairedShares):
        yield "expected", f"{_exact(design.new)} new, {_exact(design.old)} old"
        yield "ratio", f"{_exact(design.ratio)} units of the old model for each of the new"
    else:
        yield "difference", f"{_exact(design.difference)}, new minus old"
    if isinstance(design, PairedShares):
        yield "discordant", f"{_exact(design.discordant)} of the units"
    if isinstance(design, MeanDifference):
        yield "standard deviation", f"{_exact(design.sd)} of the differences"
    yield "margin", _exact(design.margin)


def _of_presence(design: PresenceBounds | PresencePrecision) -> Iterator[Line]:
    if isinstance(design, PresenceBounds):
        yield "sensitivity", _with_bound(design.sensitivity, design.sensitivity_bound)
        yield "specificity", _with_bound(design.specificity, design.specificity_bound)
        yield "assurance", f"{percentage(design.assurance)} that both kinds are enough"
    else:
        yield "sensitivity", f"{_exact(design.sensitivity)} ± {_exact(design.half_width)}"
        yield "specificity", f"{_exact(design.specificity)} ± {_exact(design.half_width)}"
    yield "prevalence", _exact(design.prevalence)


def _common(design: Design) -> Iterator[Line]:
    interval = getattr(design, "interval", None)
    if interval is not None:
        yield "interval", _INTERVALS[interval]
    one_limit = percentage(one_sided(design.level))
    yield "level", f"{percentage(design.level)} two-sided, {one_limit} for one limit"
    power = getattr(design, "power", None)
    if power is not None:
        yield "power", percentage(power)
    one = clustering_of(design)
    if one is not None:
        yield "observations per unit", _exact(one.mean_size)
        yield "their variation", f"coefficient {_exact(one.size_cv)}"
        yield "intraclass correlation", _exact(one.icc)


def clustering_of(design: Design) -> Clustering | None:
    """Return how the observations of a design are clustered; None: they are not."""
    found: Clustering | None = getattr(design, "clustering", None)
    return found


def _with_bound(expected: float, bound: float) -> str:
    return f"{_exact(expected)}, at least {_exact(bound)}"


def needed(found: Sizing) -> tuple[Line, ...]:
    """Return what follows, the number of units last."""
    return tuple(_needed(found))


def _needed(found: Sizing) -> Iterator[Line]:
    for label, count in found.parts:
        yield label, number(count)
    yield from _of_power(found)
    if clustering_of(found.design) is not None:
        yield "design effect", f"{found.effect:.4g}"
        yield "observations", number(found.observations)
        yield "few units", f"variance from {plural(found.units - 1, 'degree')} of freedom"
    if isinstance(found.design, UnpairedShares):
        yield "units of the old model", number(units_of_old(found))
    yield "needed", plural(found.units, "unit")


def _of_power(found: Sizing) -> Iterator[Line]:
    if found.reached is None:
        return
    if isinstance(found.design, SuccessRun):
        yield "chance", f"{rounded_percentage(found.reached)} that none fails, if it is as expected"
        return
    said = f"power {rounded_percentage(found.reached)}"
    if isinstance(found.design, Precision):
        said = f"half-width {found.reached:.4g}"
    yield "independent", f"{plural(found.independent, 'observation')}, {said}"


def remarks(found: Sizing) -> tuple[str, ...]:
    """Return what a reader has to know of the number, as sentences."""
    return tuple(_remarks(found))


def _remarks(found: Sizing) -> Iterator[str]:
    if found.first is not None and found.first < found.independent:
        yield (
            f"The power is a sawtooth: it is reached at {number(found.first)} first, and is below "
            f"it again at numbers up to {number(found.independent - 1)}. From "
            f"{number(found.independent)} on it holds."
        )
    if isinstance(found.design, PairedShares | UnpairedShares):
        yield "The number follows from the normal approximation."
    if clustering_of(found.design) is not None and found.units < _FEW_UNITS:
        yield (
            f"These are fewer than {_FEW_UNITS} units: intervals from a bootstrap over few units "
            "are too narrow (Cameron, Gelbach and Miller 2008), so that they hold the truth less "
            "often than they say, and a model at the bound meets the criterion more often than "
            "is reckoned here."
        )


def rounded_percentage(value: float) -> str:
    """Return a power as a percentage with one decimal.

    >>> rounded_percentage(0.80124).replace(chr(160), " ")
    '80.1 %'
    """
    return percentage(round(value, 3))


def units_of_old(found: Sizing) -> int:
    """Return the units that the old model needs, where it has its own test set."""
    design = found.design
    if not isinstance(design, UnpairedShares):
        raise TypeError("only unpaired shares have two test sets")
    return math.ceil(round(found.units * design.ratio, 9))


def rationale(found: Sizing) -> str:
    """Return the sentences that a protocol can give as its rationale."""
    design = found.design
    particulars = "; ".join(f"{label} {said}" for label, said in assumed(design))
    said = f"Asked: {title(design)}. Assumed: {particulars}. "
    if clustering_of(design) is not None:
        said += (
            f"So many as {plural(found.independent, 'independent observation')} are needed; with a "
            f"design effect of {found.effect:.4g} these are {number(found.observations)}. "
            "With the degrees of freedom that units leave, that is "
        )
    else:
        said += "Needed are "
    said += f"{plural(found.units, 'unit')}. {SOURCES[design.design]}."
    return as_typed(said)


def as_typed(said: str) -> str:
    """Return a text with the spaces of print as a person types them.

    >>> as_typed("1" + chr(0x202f) + "520" + chr(0xa0) + "objects")
    '1,520 objects'
    """
    return said.translate(_PLAIN)


def _exact(value: float) -> str:
    """Return a figure that a person gave, as it was given."""
    return f"{value:.12g}"
