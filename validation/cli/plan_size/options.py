"""Options that the designs of `segval plan-size` share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

from validation.cli.options import FILE, FOLDER, json_option

Command = Callable[..., Any]
Option = Any
"""What click hands over for an option: a number, a text, a flag, or None."""

_LEAST_ONE_SIDED = 0.75
"""That of a two-sided level of 0.5, below which no interval is asked for."""


class Asked(NamedTuple):
    """What is the same for every design."""

    criterion: str | None
    basis: str | None
    as_json: bool


def number_option(name: str, what: str) -> Callable[[Command], Command]:
    """Return an option of a number; whether it is given and in range is checked with the rest."""
    return click.option(name, type=float, default=None, metavar="NUMBER", help=what)


def level_options(command: Command) -> Command:
    """Add the level, of the interval or of its one limit."""
    for name, what in (
        ("--one-sided-level", "Level of the one limit instead: 0.95 is a two-sided level of 0.9."),
        ("--level", "Level of the two-sided interval, as analysis.confidence_level."),
    ):
        command = number_option(name, what)(command)
    return command


def cluster_options(command: Command) -> Command:
    """Add how observations lie in units."""
    for name, what in (
        ("--icc", "Intraclass correlation of two observations of a unit, 0 to 1."),
        ("--cluster-cv", "Standard deviation of the number of observations, by its mean."),
        ("--cluster-size", "Mean number of observations, e.g. objects, of a unit."),
    ):
        command = number_option(name, what)(command)
    return pilot_options(command)


def pilot_options(command: Command) -> Command:
    """Add a record from which clusters are taken."""
    command = click.option(
        "--icc-at",
        type=click.Choice(["estimate", "upper"]),
        default="estimate",
        show_default=True,
        help="With --pilot: plan with the estimate, or with the upper limit, of the correlation.",
    )(command)
    for name, metavar, what in (
        ("--pilot-class", "CLASS", "Class of the metric, where the pilot has several."),
        ("--pilot-metric", "METRIC", "What is observed in it: recall, precision, dice, ..."),
    ):
        command = click.option(name, metavar=metavar, help=what)(command)
    what = "Record of a pilot: size of clusters, intraclass correlation and --sd are taken from it."
    return click.option("--pilot", type=FOLDER, metavar="RECORD", help=what)(command)


def said_options(command: Command) -> Command:
    """Add what becomes of the result."""
    basis = "Where the assumptions come from, for the protocol's block."
    criterion = "Criterion that the number is for."
    protocol = (
        "Protocol from which level, bound, side and interval of the criterion are read; its test "
        "set is held against the number."
    )
    out = "Write a PDF, too, and the curve as CSV beside it; both must be new."
    command = json_option(command)
    place = click.Path(dir_okay=False, path_type=Path)
    command = click.option("--out", type=place, metavar="PDF", help=out)(command)
    command = click.option("--basis", metavar="TEXT", help=basis)(command)
    command = click.option("--criterion", metavar="ID", help=criterion)(command)
    return click.option("--protocol", type=FILE, metavar="PROTOCOL", help=protocol)(command)


def values_of(design: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a design from the options that were given; None: not given.

    Raises:
        SampleSizeError: The level is given twice, or out of its range.
    """
    clustering = {
        "mean_size": given.get("cluster_size"),
        "size_cv": given.get("cluster_cv"),
        "icc": given.get("icc"),
    }
    is_clustered = any(one is not None for one in clustering.values())
    return {
        "design": design,
        **{name: value for name, value in given.items() if name not in _SHARED},
        "level": _level(given["level"], given["one_sided_level"]),
        "clustering": clustering if is_clustered else None,
    }


_SHARED = {
    "level",
    "one_sided_level",
    "cluster_size",
    "cluster_cv",
    "icc",
    "pilot",
    "pilot_metric",
    "pilot_class",
    "icc_at",
    "protocol",
    "out",
    *Asked._fields,
}


def _level(level: float | None, one_sided_level: float | None) -> float | None:
    from validation.errors import SampleSizeError
    from validation.plan.sample_size.levels import two_sided

    if one_sided_level is None:
        return level
    if level is not None:
        raise SampleSizeError("the level is given twice", fix="keep --level or --one-sided-level")
    if not _LEAST_ONE_SIDED <= one_sided_level < 1:
        fix = "give 0.95, not 95" if one_sided_level > 1 else ""
        what = f"--one-sided-level is {one_sided_level:g}; it has to be at least 0.75 and below 1"
        raise SampleSizeError(what, fix=fix)
    return two_sided(one_sided_level)
