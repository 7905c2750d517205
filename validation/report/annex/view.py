"""The first pages of the annex: what the volume is, of which record, and how a row is read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from validation.report.annex.layout import Layout
from validation.report.annex.paging import ObjectPage
from validation.report.annex.rows import OUTCOMES, CaseObjects, ObjectColumn, outcome_counts
from validation.report.contents import RecordContents
from validation.report.formatting import (
    bare_digest,
    clipped,
    day,
    number,
    plural,
    short_digest,
)
from validation.report.view import document_view
from validation.report.view.document import DocumentView, Notice
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    item,
    row,
    strong,
    text,
)
from validation.report.view.front import notices_of
from validation.report.view.wording import sentence

SOURCES = (
    "evidence/instances.csv",
    "evidence/cases.csv",
    "overlays/overlays.json",
    "protocol.yaml",
    "lock/lock.json",
    "run.json",
)
"""Files of the record that the volume is made from; it embeds the first of them."""

_LONGEST_LABEL = 22


@dataclass(frozen=True)
class Leaf:
    """The heading of a page of objects."""

    anchor: str
    heading: str
    bookmark: str


@dataclass(frozen=True)
class AnnexView:
    """Everything that the layout of HTML prints of the annex."""

    document: DocumentView
    kind: str
    title: str
    subtitle: str
    notices: tuple[Notice, ...]
    identification: tuple[tuple[Item, ...], ...]
    about: Heading
    about_words: tuple[str, ...]
    counts: Table
    sources_heading: Heading
    sources: Table
    objects: Heading
    reading: tuple[str, ...]
    """How a row is read."""
    columns: Table
    leaves: tuple[Leaf, ...]
    margins_mm: tuple[float, float, float, float]


def annex_view(
    contents: RecordContents,
    cases: Sequence[CaseObjects],
    pages: Sequence[ObjectPage],
    layout: Layout,
) -> AnnexView:
    """Return what is printed before the rows, and the heading of each of their pages."""
    plan, numbering = contents.protocol, Numbering()
    return AnnexView(
        document=_document(contents),
        kind="Annex of objects",
        title=plan.document.title,
        subtitle=f"{plan.device.name} {plan.device.version} \u00b7 model "
        f"{contents.run.model_name} {contents.run.model_version}",
        notices=notices_of(contents),
        identification=_identification(contents),
        about=numbering.section("What this volume is", "about"),
        about_words=_about(contents, cases),
        counts=_counts(contents, numbering),
        sources_heading=numbering.section("Sources", "sources"),
        sources=_sources(contents, numbering),
        objects=numbering.section("Objects", "objects"),
        reading=_reading(layout),
        columns=_columns(layout.columns, numbering),
        leaves=tuple(_leaf(page) for page in pages),
        margins_mm=layout.frame.margins_mm,
    )


def _document(contents: RecordContents) -> DocumentView:
    report = document_view(contents)
    return replace(
        report,
        title=f"{report.title}: annex of objects",
        number=f"{report.number}, annex of objects",
    )


def _identification(contents: RecordContents) -> tuple[tuple[Item, ...], ...]:
    document, run, lock = contents.protocol.document, contents.run, contents.lock
    of_record = (
        item("Annex to report", f"{document.report_number}, revision {document.revision}"),
        code_item("Record", contents.record_id),
        item("Protocol", f"{document.number}, revision {document.revision}"),
        code_item("Protocol digest", short_digest(contents.digests["protocol.yaml"])),
        item("Date of report", day(run.finished_at)),
    )
    of_run = (
        item("Item under test", f"{run.model_name} {run.model_version} ({run.model_adapter})"),
        code_item("Model digest", short_digest(run.model_digest)),
        item("Test set", f"{lock.test_set_id}, lock revision {lock.revision}"),
        code_item("Manifest digest", short_digest(lock.manifest_digest)),
    )
    return of_record, of_run


def _about(contents: RecordContents, cases: Sequence[CaseObjects]) -> tuple[str, ...]:
    objects = len(contents.instance_rows)
    without = len(contents.case_rows) - len(cases)
    said = f" {plural(without, 'case')} {'has' if without == 1 else 'have'} no object."
    what = (
        f"This volume prints every object of record {contents.record_id} one by one: each object "
        "of the reference with what became of it, and each prediction that is a false positive. "
        f"It holds {plural(objects, 'object')} of {plural(len(cases), 'case')}."
    )
    what_not = (
        "What the figures mean and whether they suffice is said by report "
        f"{contents.protocol.document.report_number}; this volume adds no figure and no verdict."
    )
    return what + (said if without else ""), what_not


def _counts(contents: RecordContents, numbering: Numbering) -> Table:
    counts = outcome_counts(contents.instance_rows)
    shown = [one for one in OUTCOMES if any(of_class[one] for of_class in counts.values())]
    width = f"{70 / (len(shown) + 1):.2f}%"
    rows = [_count_row(name, of_class, shown) for name, of_class in sorted(counts.items())]
    if len(counts) > 1:
        rows.append(_count_row("All classes", sum(counts.values(), Counter()), shown))
    return numbering.table(
        "Objects in this volume by class and outcome",
        (
            Column("Class", "30%"),
            *(Column(sentence(OUTCOMES[one]), width, "number") for one in shown),
            Column("Objects", width, "number"),
        ),
        rows,
    )


def _count_row(name: str, counts: Counter[str], shown: Sequence[str]) -> TableRow:
    cells = [text(number(counts[one])) for one in shown]
    return row(strong(name), *cells, text(number(counts.total())))


def _sources(contents: RecordContents, numbering: Numbering) -> Table:
    return numbering.table(
        "Files of the record behind this volume and their SHA-256; the first is attached",
        (Column("File", "30%"), Column("SHA-256", "70%")),
        [
            row(strong(name), code(bare_digest(contents.digests[name])))
            for name in SOURCES
            if name in contents.digests
        ],
    )


def _reading(layout: Layout) -> tuple[str, ...]:
    words = (
        "Cases stand in the order of the file, and each has a line of its own: its id, how many "
        "objects it has and what became of them and, where the record has one, the file of its "
        "overlay under overlays/. In a case, the objects of the reference come first, then the "
        "false positives. Why an object is not matched is said in the column outcome_reason of "
        "the attached file."
    )
    if not layout.cut:
        return (words,)
    cut = f"{plural(layout.cut, 'text')} too long for a line {'is' if layout.cut == 1 else 'are'}"
    return words, f"{cut} cut, which an ellipsis shows; the attached file holds them whole."


def _columns(columns: Sequence[ObjectColumn], numbering: Numbering) -> Table:
    return numbering.table(
        "Columns",
        (Column("Column", "18%"), Column("What it says", "82%")),
        [row(strong(one.label), text(one.meaning)) for one in columns],
    )


def _leaf(page: ObjectPage) -> Leaf:
    numbers = (
        f"Object {number(page.first)}"
        if page.first == page.last
        else f"Objects {number(page.first)} to {number(page.last)}"
    )
    first, last = (clipped(page.parts[one].case.case_id, _LONGEST_LABEL) for one in (0, -1))
    of_cases = f"case {first}" if first == last else f"cases {first} to {last}"
    named = f"{numbers}: {of_cases}"
    # A heading has one line; names in other scripts can be wider than they are long.
    return Leaf(f"objects-{page.first}", named if named.isascii() else numbers, named)
