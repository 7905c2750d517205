"""``segval plan-size non-inferiority``: a new model that is to be no worse than an old one."""

from collections.abc import Mapping

import click

from validation.cli.plan_size.options import (
    Option,
    cluster_options,
    level_options,
    number_option,
    said_options,
)
from validation.cli.plan_size.saying import answer

_FIELDS: dict[str, tuple[str, ...]] = {
    "paired": ("discordant", "difference"),
    "unpaired": ("new", "old", "ratio"),
    "mean": ("difference", "sd"),
}
_DESIGNS = {"paired": "paired_shares", "unpaired": "unpaired_shares", "mean": "mean_difference"}


@click.command("non-inferiority")
@click.argument("kind", type=click.Choice(list(_FIELDS)))
@number_option("--margin", "Largest loss that counts as no loss; 0 asks for superiority.")
@number_option("--difference", "paired, mean: expected difference, new minus old.")
@number_option("--discordant", "paired: share of units for which exactly one model succeeds.")
@number_option("--new", "unpaired: expected share of the new model.")
@number_option("--old", "unpaired: expected share of the old model.")
@number_option("--ratio", "unpaired: units of the old model for each of the new one; else 1.")
@number_option("--sd", "mean: standard deviation of the differences between cases.")
@level_options
@number_option("--power", "Chance that non-inferiority is shown if all is as expected.")
@cluster_options
@said_options
def non_inferiority_command(kind: str, **given: Option) -> None:
    """Units that show a new model to be no worse than an old one, by more than a margin.

    KIND is paired for a share on the same units (recall of both models on one test set), unpaired
    for a share on two test sets, mean for a mean difference on the same cases (Dice).

    \b
    Example:
        segval plan-size non-inferiority paired --margin 0.05 --difference 0 \\
            --discordant 0.1 --level 0.95 --power 0.8
        segval plan-size non-inferiority mean --margin 0.02 --difference 0 --sd 0.06 \\
            --level 0.95 --power 0.9
    """
    _refuse_others(kind, given)
    answer(_DESIGNS[kind], given)


def _refuse_others(kind: str, given: Mapping[str, Option]) -> None:
    from validation.errors import SampleSizeError

    names = {one for fields in _FIELDS.values() for one in fields} - set(_FIELDS[kind])
    other = sorted(one for one in names if given[one] is not None)
    if other:
        said = ", ".join(f"--{one}" for one in other)
        wanted = ", ".join(f"--{one}" for one in _FIELDS[kind])
        raise SampleSizeError(f"not for {kind}: {said}", fix=f"it takes {wanted}")
