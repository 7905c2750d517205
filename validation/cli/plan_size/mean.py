"""``segval plan-size mean``: a mean over cases whose limit is held against a bound."""

import click

from validation.cli.plan_size.options import (
    Option,
    cluster_options,
    level_options,
    number_option,
    said_options,
)
from validation.cli.plan_size.saying import answer


@click.command("mean")
@number_option("--expected", "True mean that is assumed, in the unit of the figure.")
@number_option("--bound", "Bound of the criterion, in the same unit.")
@click.option("--at-most", is_flag=True, help="The mean has to be at most the bound.")
@number_option("--sd", "Standard deviation of the figure between cases, in the same unit.")
@level_options
@number_option("--power", "Chance that the criterion is met if the mean is as expected.")
@cluster_options
@said_options
def mean_command(*, at_most: bool, **given: Option) -> None:
    """Units for a mean over cases (Dice, distance) whose limit is to meet a bound.

    By the noncentral t distribution. With cases clustered in subjects, a unit is a subject.

    \b
    Example:
        segval plan-size mean --expected 0.88 --bound 0.85 --sd 0.08 --level 0.95 --power 0.9
    """
    answer("mean", given, direction="at_most" if at_most else "at_least")
