"""``segval plan-size proportion``: a share whose limit is held against a bound."""

import click

from validation.cli.plan_size.options import (
    Option,
    cluster_options,
    level_options,
    number_option,
    said_options,
)
from validation.cli.plan_size.saying import answer


@click.command("proportion")
@number_option("--expected", "True share that is assumed, e.g. 0.95.")
@number_option("--bound", "Bound of the criterion, e.g. 0.9.")
@click.option("--at-most", is_flag=True, help="The share has to be at most the bound.")
@click.option(
    "--interval",
    type=click.Choice(["wilson", "clopper_pearson"]),
    default="wilson",
    show_default=True,
    help="Interval whose limit is held against the bound; it stands for the bootstrap, too.",
)
@level_options
@number_option("--power", "Chance that the criterion is met if the share is as expected.")
@cluster_options
@said_options
def proportion_command(*, at_most: bool, **given: Option) -> None:
    """Units for a share (recall, exact counts) whose limit is to meet a bound.

    The power is the exact binomial one. It is a sawtooth: the number given is the least from
    which on the power holds for every larger number.

    \b
    Example:
        segval plan-size proportion --expected 0.95 --bound 0.9 --level 0.95 --power 0.8
        segval plan-size proportion --expected 0.95 --bound 0.9 --level 0.95 --power 0.8 \\
            --cluster-size 40 --cluster-cv 0.5 --icc 0.05
    """
    answer("proportion", given, direction="at_most" if at_most else "at_least")
