"""The sample sizes that a protocol states, as a table."""

from validation.plan.protocol import AnalysisPlan
from validation.plan.sample_size.entries import SampleSize
from validation.report.formatting import number, plural
from validation.report.sizing import assumed, clustering_of, title
from validation.report.view.elements import (
    Column,
    Numbering,
    Table,
    TableRow,
    listed,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.wording import sentence

_NOTE = (
    "The numbers follow from the assumptions: segval check computes them again. On a test set of "
    "that size a model as good as assumed meets the criterion with the stated power, as far as "
    "the interval that is named stands for that of the run."
)


def sample_sizes(plan: AnalysisPlan, numbering: Numbering) -> Table | None:
    """Return a row for each sample size; None where none is stated in numbers."""
    if not plan.sample_size:
        return None
    unit = plan.resampling_unit
    return numbering.table(
        "Sample sizes: what is assumed, and what follows",
        (
            Column("Criterion", "11%"),
            Column("Asked and assumed", "41%"),
            Column("Basis of the assumptions", "31%"),
            Column("Needed", "17%"),
        ),
        [_row(one, unit) for one in plan.sample_size],
        notes=(_NOTE,),
    )


def _row(one: SampleSize, unit: str) -> TableRow:
    design = one.assumptions
    return row(
        strong(one.criterion or "none"),
        text(sentence(title(design)), *(f"{name}: {said}" for name, said in assumed(design))),
        text(*paragraphs(one.basis)),
        listed(plural(one.units, unit), *_observations(one)),
    )


def _observations(one: SampleSize) -> tuple[str, ...]:
    """Return what the units hold; the number by the design effect alone would be too few in them.

    It is reckoned with normal quantiles, and the units with those of Student's t.
    """
    clustering = clustering_of(one.assumptions)
    if clustering is not None:
        return (
            f"of {clustering.mean_size:.10g} observations on average",
            f"{number(one.observations)} observations by the design effect alone",
        )
    if one.observations == one.units:
        return ()
    return (plural(one.observations, "observation"),)
