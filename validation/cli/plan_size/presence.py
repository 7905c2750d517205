"""``segval plan-size presence``: sensitivity and specificity where a finding is rare."""

from collections.abc import Mapping

import click

from validation.cli.plan_size.options import (
    Option,
    level_options,
    number_option,
    said_options,
)
from validation.cli.plan_size.saying import answer


@click.command("presence")
@number_option("--sensitivity", "Sensitivity that is expected.")
@number_option("--specificity", "Specificity that is expected.")
@number_option("--prevalence", "Share of units in which the finding is present.")
@number_option("--half-width", "Half the length of both intervals (Buderer); or bounds, below.")
@number_option("--sensitivity-bound", "Bound of the sensitivity.")
@number_option("--specificity-bound", "Bound of the specificity.")
@level_options
@number_option("--power", "Chance that each of the two bounds is met.")
@number_option("--assurance", "Chance that the set holds enough units of both kinds.")
@click.option(
    "--interval",
    type=click.Choice(["wilson", "clopper_pearson"]),
    default="wilson",
    show_default=True,
    help="Interval whose limits are held against the bounds.",
)
@said_options
def presence_command(*, interval: str, **given: Option) -> None:
    """Units for sensitivity and specificity: by the length of intervals, or by bounds.

    Units are drawn with the prevalence of use, so that those with the finding are few. For
    intervals it is Buderer's formula; for bounds each kind is counted exactly, and the total holds
    enough of both with the chance given by --assurance.

    \b
    Example:
        segval plan-size presence --sensitivity 0.9 --specificity 0.85 --prevalence 0.2 \\
            --half-width 0.1 --level 0.95
        segval plan-size presence --sensitivity 0.95 --sensitivity-bound 0.85 \\
            --specificity 0.9 --specificity-bound 0.8 --prevalence 0.2 --level 0.95 \\
            --power 0.9 --assurance 0.95
    """
    if given["half_width"] is None:
        answer("presence_bounds", given, interval=interval)
        return
    _refuse_both(given)
    answer("presence_precision", given)


_OF_BOUNDS = ("sensitivity_bound", "specificity_bound", "power", "assurance")


def _refuse_both(given: Mapping[str, Option]) -> None:
    from validation.errors import SampleSizeError
    from validation.plan.sample_size.reading import option_of

    other = [option_of(name) for name in _OF_BOUNDS if given[name] is not None]
    if other:
        what = f"--half-width is given with {' and '.join(other)}"
        raise SampleSizeError(what, fix="ask for narrow intervals, or for bounds to be met")
