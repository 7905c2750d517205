"""``segval metrics``: every metric that a criterion can name."""

from typing import TYPE_CHECKING

import click

from validation.cli.options import json_option, say_json

if TYPE_CHECKING:
    from validation.evidence.catalogue import MetricDefinition


@click.command("metrics")
@click.option(
    "--method", type=click.Choice(["semantic", "instance", "panoptic", "timing"]), default=None
)
@json_option
def metrics_command(method: str | None, as_json: bool) -> None:
    """List every metric: id, definition, unit, range, edge cases and source.

    \b
    Example:
        segval metrics --method instance
    """
    from validation.evidence.catalogue import CATALOGUE

    chosen = [one for one in CATALOGUE if method is None or method in one.methods]
    if as_json:
        say_json({"metrics": [one.model_dump(mode="json") for one in chosen]})
        return
    for one in chosen:
        click.echo("\n".join(_lines(one)) + "\n")


def _lines(one: "MetricDefinition") -> list[str]:
    needs = [
        word for word, needed in (("class", one.needs_class), ("iou", one.needs_iou)) if needed
    ]
    return [
        f"{one.id}: {one.name}",
        f"  {one.definition}",
        f"  unit {one.unit}; range {one.range}; better: {one.better}; {one.aggregation}"
        + (f"; needs {', '.join(needs)}" if needs else "")
        + ("; by size, too" if one.has_sizes else ""),
        f"  edge cases: {one.edge_case}",
        f"  source: {one.source}",
    ]
