"""Results by size of the reference object."""

from typing import Literal

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import Scope
from validation.report.formatting import number
from validation.report.view.elements import Column, Table, row, strong
from validation.report.view.results.teller import Teller

_SIZES: tuple[Literal["small", "medium", "large"], ...] = ("small", "medium", "large")


def size_tables(teller: Teller, name: str | None, title: str) -> list[Table]:
    """Return the figures by size of the reference object; none where there are none."""
    by_size = {size: teller.addresses.select(Scope(class_name=name, size=size)) for size in _SIZES}
    places = dict.fromkeys(
        (one.metric, one.scope.iou) for figures in by_size.values() for one in figures
    )
    if not places:
        return []
    found = {
        (size, one.metric, one.scope.iou): one
        for size, figures in by_size.items()
        for one in figures
    }
    rows = []
    for metric, iou in places:
        at = f"IoU\u00a0{number(iou)}" if iou is not None else ""
        cells = [teller.cell(found.get((size, metric, iou))) for size in _SIZES]
        rows.append(row(strong(teller.words.metric(definition(metric)), at), *cells))
    columns = [Column("Figure", "34%")]
    columns += [Column(size.capitalize(), "22%", "number") for size in _SIZES]
    note = (
        "Areas of reference objects as COCO has them: small up to 32\u00b2 pixels, medium "
        "32\u00b2 to 96\u00b2, large from 96\u00b2 on, ends included."
    )
    return [teller.numbering.table(f"{title}: by size of object", columns, rows, notes=(note,))]
