"""``segval plan-size precision``: a share whose interval is to be narrow."""

import click

from validation.cli.plan_size.options import (
    Option,
    cluster_options,
    level_options,
    number_option,
    said_options,
)
from validation.cli.plan_size.saying import answer


@click.command("precision")
@number_option("--expected", "Share that is expected.")
@number_option("--half-width", "Half the length of the interval that is wanted, e.g. 0.05.")
@click.option(
    "--interval",
    type=click.Choice(["wilson", "clopper_pearson", "normal"]),
    default="wilson",
    show_default=True,
    help="Interval whose length is asked; normal is the textbook formula.",
)
@level_options
@cluster_options
@said_options
def precision_command(**given: Option) -> None:
    """Units for a share that is to be known precisely; no bound, no power.

    \b
    Example:
        segval plan-size precision --expected 0.9 --half-width 0.05 --level 0.95
    """
    answer("precision", given)
