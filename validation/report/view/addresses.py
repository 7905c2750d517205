"""The one way from a figure of the evidence to a printed number.

Each figure of ``metrics.json`` and each timing of ``run.json`` has a number by its place in
that file: E12 is the twelfth figure, T2 the second timing. `Addresses.result` prints a
figure and remembers that it was printed, so that the evidence appendix lists exactly what
the document shows. A figure that a criterion is held against is printed with as many
decimals as it takes to keep the comparison true, wherever it appears.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, NamedTuple

from validation.evidence.catalogue import definition
from validation.evidence.metric_values import MetricValue, Scope
from validation.judge.findings import CriterionFinding
from validation.report.contents import RecordContents
from validation.report.formatting import (
    decimals_needed,
    decimals_of,
    decimals_that_tell,
    interval_text,
    not_defined,
    number,
    plural,
    with_short_unit,
    with_unit,
)
from validation.report.view.elements import Result

SOURCES = {"E": "evidence/metrics.json", "T": "run.json"}
"""File that the figures of a letter come from."""

LETTERS: tuple[Literal["E", "T"], ...] = ("E", "T")
"""Those letters, in the order in which their figures are listed."""

_NOUNS = {
    "objects": "object",
    "predictions": "prediction",
    "segments": "segment",
    "cases": "case",
    "pixels": "pixel",
}


class Entry(NamedTuple):
    """A figure with its number."""

    letter: Literal["E", "T"]
    place: int
    figure: MetricValue

    @property
    def address(self) -> str:
        """The number, e.g. ``E12``."""
        return f"{self.letter}{self.place}"


class Addresses:
    """Every figure of a record, by id, and which of them were printed."""

    def __init__(self, contents: RecordContents) -> None:
        sources: tuple[tuple[Literal["E", "T"], tuple[MetricValue, ...]], ...] = (
            ("E", contents.metrics),
            ("T", contents.run.timing),
        )
        self._entries = {
            figure.id: Entry(letter, place, figure)
            for letter, figures in sources
            for place, figure in enumerate(figures, start=1)
        }
        self._by_scope: dict[_Place, list[MetricValue]] = {}
        for figure in self.all_figures():
            self._by_scope.setdefault(_without_iou(figure.scope), []).append(figure)
        self._decimals = _decimals_by_figure(contents.findings.criteria)
        self._printed: set[str] = set()

    def __contains__(self, identifier: str) -> bool:
        """Return whether the record holds a figure."""
        return identifier in self._entries

    def figure(self, identifier: str) -> MetricValue:
        """Return a figure; KeyError where the record has none of this id."""
        return self._entries[identifier].figure

    def all_figures(self) -> tuple[MetricValue, ...]:
        """Return every figure, in the order of the files."""
        return tuple(entry.figure for entry in self._entries.values())

    def select(self, scope: Scope) -> tuple[MetricValue, ...]:
        """Return the figures of a class, size and subgroup, at every IoU threshold."""
        return tuple(self._by_scope.get(_without_iou(scope), ()))

    def decimals(self, figure: MetricValue) -> int:
        """Return the decimals with which a figure is printed."""
        if definition(figure.metric).aggregation == "count":
            return 0
        return self._decimals.get(figure.id, decimals_of(figure.unit))

    def result(self, identifier: str) -> Result:
        """Return a figure as it is printed, and remember that it was."""
        entry = self._entries[identifier]
        figure = entry.figure
        self._printed.add(identifier)
        decimals = self.decimals(figure)
        undefined = not_defined(figure.undefined)
        bare = undefined if figure.value is None else number(figure.value, decimals)
        return Result(
            text=undefined if figure.value is None else with_unit(bare, figure.unit),
            bare=bare,
            interval=interval_text(figure.interval, decimals) if figure.interval else "",
            note="" if figure.interval or figure.value is None else (figure.no_interval or ""),
            sample=sample_words(figure),
            address=entry.address,
            metric_id=identifier,
        )

    def compact_result(self, identifier: str) -> Result:
        """Return a figure as it is printed where row or column name a unit of words."""
        result, figure = self.result(identifier), self.figure(identifier)
        if figure.value is None:
            return result
        return replace(result, text=with_short_unit(result.bare, figure.unit))

    def printed(self, letter: Literal["E", "T"]) -> tuple[Entry, ...]:
        """Return the figures that were printed so far, in the order of their file."""
        return tuple(
            entry
            for entry in self._entries.values()
            if entry.letter == letter and entry.figure.id in self._printed
        )

    def count(self, letter: Literal["E", "T"]) -> int:
        """Return how many figures a file holds."""
        return sum(entry.letter == letter for entry in self._entries.values())


_Place = tuple[str | None, str | None, frozenset[tuple[str, str]]]


def _without_iou(scope: Scope) -> _Place:
    return scope.class_name, scope.size, frozenset(scope.subgroup.items())


def sample_words(figure: MetricValue) -> str:
    """Return the size of the sample, and the cases left out of it."""
    words = plural(figure.n, _NOUNS[figure.n_of])
    if figure.n_undefined:
        words += f"; {plural(figure.n_undefined, 'case')} undefined"
    return words


def _decimals_by_figure(criteria: Iterable[CriterionFinding]) -> dict[str, int]:
    decimals: dict[str, int] = {}
    for one in criteria:
        needed = decimals_of_finding(one)
        decimals[one.metric_id] = max(needed, decimals.get(one.metric_id, 0))
    return decimals


def decimals_of_finding(finding: CriterionFinding) -> int:
    """Return the decimals that keep the printed comparison of a finding true."""
    compared = finding.value if finding.observed is None else finding.observed
    if compared is None:
        return max(decimals_of(finding.unit), decimals_needed(finding.bound))
    return decimals_that_tell(compared, finding.bound, finding.direction, finding.unit)
