"""The address of every printed figure: what it is, what it rests on, and how its interval came."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import Interval, MetricValue
from validation.plan.protocol import AnalysisPlan
from validation.report.contents import RecordContents
from validation.report.formatting import (
    exact,
    number,
    percentage,
    plural,
    share,
    with_short_unit,
)
from validation.report.view.addresses import LETTERS, SOURCES, Addresses, Entry, sample_words
from validation.report.view.appendices import metric_anchor
from validation.report.view.elements import (
    Column,
    Heading,
    Link,
    Numbering,
    Table,
    TableRow,
    Text,
    row,
    strong,
    text,
)


@dataclass(frozen=True)
class EvidenceView:
    """The address of every printed figure."""

    heading: Heading
    words: tuple[str, ...]
    intervals: Table | None
    """How the intervals were made; None where there is none."""
    reasons: Table | None
    """Why figures have no interval, where many have none for the same reason; else None."""
    tables: tuple[Table, ...]
    """The figures, a table a file."""


def evidence(contents: RecordContents, addresses: Addresses, numbering: Numbering) -> EvidenceView:
    """Return the address of every figure that the document prints."""
    heading = numbering.appendix("Evidence: the address of every figure", "evidence")
    intro = (
        (
            "E12 is the twelfth figure of evidence/metrics.json, T2 the second of the timings in "
            "run.json. Values are given here as the file holds them, without rounding. The id of "
            "a figure leads to its definition and its unit, the number of its interval to how that "
            "was made; where there is none, its place or that number says why. Cases for which a "
            "figure is undefined are counted beside what it rests on; where none are, it is "
            "defined for all."
        ),
        (
            f"{share(len(addresses.printed('E')), addresses.count('E'))} figures of "
            "evidence/metrics.json are printed in this document; the attached file holds all."
        ),
    )
    replicates = contents.protocol.analysis.replicates
    printed = [one for letter in LETTERS for one in addresses.printed(letter)]
    methods = _methods(printed)
    reasons = _reasons(printed)
    intervals = _methods_table(contents.protocol.analysis, methods, numbering) if methods else None
    why = _reasons_table(reasons, numbering) if reasons else None
    tables = tuple(
        numbering.table(
            _source(contents, letter),
            _COLUMNS,
            [_row(one, replicates, methods, reasons) for one in addresses.printed(letter)],
        )
        for letter in LETTERS
        if addresses.printed(letter)
    )
    return EvidenceView(heading, intro, intervals, why, tables)


class _Method(NamedTuple):
    """How an interval was made, where all of it is the same."""

    words: str
    level: float
    clusters: int

    @classmethod
    def of(cls, interval: Interval) -> "_Method":
        return cls(interval.method, interval.level, interval.clusters)


def _methods(entries: Iterable[Entry]) -> dict[_Method, str]:
    """Return the number of each way in which an interval was made, in the order of use."""
    used = [one.figure.interval for one in entries if one.figure.interval is not None]
    return {
        one: f"I{place}" for place, one in enumerate(dict.fromkeys(map(_Method.of, used)), start=1)
    }


def _methods_table(
    analysis: AnalysisPlan, methods: Mapping[_Method, str], numbering: Numbering
) -> Table:
    return numbering.table(
        "How the intervals were made",
        (
            Column("Interval", "10%"),
            Column("Method", "44%"),
            Column("Level", "10%"),
            Column("Independent units", "14%"),
            Column("Replicates and seed", "22%"),
        ),
        [
            row(
                strong(label),
                text(one.words),
                text(percentage(one.level)),
                text(number(one.clusters)),
                text(_draws(one, analysis)),
                anchor=_interval_anchor(label),
            )
            for one, label in methods.items()
        ],
    )


def _reasons(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the number of each long reason that several figures share, in the order of use."""
    given = Counter(_why_none(one.figure) for one in entries if one.figure.interval is None)
    shared = [one for one, count in given.items() if count > 1 and len(one) > _SHORT_REASON]
    return {one: f"N{place}" for place, one in enumerate(shared, start=1)}


def _reasons_table(reasons: Mapping[str, str], numbering: Numbering) -> Table:
    return numbering.table(
        "Why figures have no interval",
        (Column("Reason", "10%"), Column("In words", "90%")),
        [
            row(strong(label), text(why), anchor=_interval_anchor(label))
            for why, label in reasons.items()
        ],
    )


def _draws(method: _Method, analysis: AnalysisPlan) -> str:
    if "bootstrap" not in method.words:
        return "none are drawn"
    return f"{plural(analysis.replicates, 'replicate')}, seed {analysis.seed}"


def _interval_anchor(label: str) -> str:
    return f"interval-{label}"


_COLUMNS = (
    Column("No.", "5.6%"),
    Column("Figure", "29.6%"),
    Column("Value", "16.4%"),
    Column("Interval", "32.4%"),
    Column("Rests on", "12.6%"),
    Column("By", "3.4%"),
)
"""One line fits each of the longest addresses, values and intervals of a usual name."""

_SHORT_REASON = 40
"""Letters of a reason that fits a line."""


def _source(contents: RecordContents, letter: Literal["E", "T"]) -> str:
    """Return the file that the figures of a letter are in, with its digest."""
    source = SOURCES[letter]
    return f"Figures of {source}, {contents.digests.get(source, 'digest not recorded')}"


def _row(
    entry: Entry, replicates: int, methods: Mapping[_Method, str], reasons: Mapping[str, str]
) -> TableRow:
    figure = entry.figure
    value = (
        "not defined" if figure.value is None else with_short_unit(exact(figure.value), figure.unit)
    )
    return TableRow(
        (
            strong(entry.address),
            Link(figure.id, metric_anchor(figure.metric)),
            text(value),
            text(_limits(figure, replicates, reasons)),
            text(sample_words(figure)),
            _made_by(figure, methods, reasons),
        ),
        anchor=entry.address,
    )


def _limits(figure: MetricValue, replicates: int, reasons: Mapping[str, str]) -> str:
    """Return the interval as it is stored, or why there is none."""
    interval = figure.interval
    if interval is None:
        why = _why_none(figure)
        return "none" if why in reasons else why
    limits = f"[{exact(interval.lower)}, {exact(interval.upper)}]"
    if interval.replicates in {0, replicates}:
        return limits
    return f"{limits}, in {share(interval.replicates, replicates)} replicates"


def _why_none(figure: MetricValue) -> str:
    is_count = definition(figure.metric).aggregation == "count"
    return "a count" if is_count else figure.undefined or figure.no_interval or ""


def _made_by(
    figure: MetricValue, methods: Mapping[_Method, str], reasons: Mapping[str, str]
) -> Link | Text:
    """Return the number of the way in which the interval was made, or of why there is none."""
    if figure.interval is None:
        number_of = reasons.get(_why_none(figure))
        return Link(number_of, _interval_anchor(number_of)) if number_of else text("\N{EN DASH}")
    label = methods[_Method.of(figure.interval)]
    return Link(label, _interval_anchor(label))
