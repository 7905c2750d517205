"""``segval plan-size success-run``: units of which none may fail."""

import click

from validation.cli.plan_size.options import (
    Option,
    level_options,
    number_option,
    said_options,
)
from validation.cli.plan_size.saying import answer


@click.command("success-run")
@number_option("--bound", "Share of successes that is to be shown, e.g. 0.95.")
@level_options
@number_option("--expected", "True share, for the chance that none fails.")
@said_options
def success_run_command(**given: Option) -> None:
    """Units that show a share where none of them fails: n = ln(1 - C) / ln(bound).

    59 of 59 show 95 % at a one-sided level of 95 %. One failure, and nothing is shown: --expected
    says how likely a good model passes.

    \b
    Example:
        segval plan-size success-run --bound 0.95 --one-sided-level 0.95 --expected 0.99
    """
    answer("success_run", given)
