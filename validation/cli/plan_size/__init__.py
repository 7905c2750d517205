"""``segval plan-size``: how many units a test set needs."""

import click

from validation.cli.plan_size.mean import mean_command
from validation.cli.plan_size.non_inferiority import non_inferiority_command
from validation.cli.plan_size.precision import precision_command
from validation.cli.plan_size.presence import presence_command
from validation.cli.plan_size.proportion import proportion_command
from validation.cli.plan_size.success_run import success_run_command


@click.group("plan-size")
def plan_size_command() -> None:
    """Work out how many subjects or cases a test set needs, before it is collected.

    A unit is what is independent of the others: a subject, or a case where each case is from
    another. Objects of one subject are clustered: they say less than as many independent ones.
    Shares are given as 0.9, not as 90. Printed are what was assumed, the number that follows, the
    power at other numbers, and a block for the protocol, which `segval check` computes again.

    Exit status 0: done, and large enough where a protocol is given; 1: its test set is too small;
    3: no number follows from what was given.

    \b
    Example:
        segval plan-size proportion --expected 0.95 --bound 0.9 --level 0.95 --power 0.8
    """


for _command in (
    proportion_command,
    mean_command,
    success_run_command,
    precision_command,
    presence_command,
    non_inferiority_command,
):
    plan_size_command.add_command(_command)
