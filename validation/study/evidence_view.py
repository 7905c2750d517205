"""The evidence of a record as a program asks for it: figures by name, rows of cases and objects.

A figure that is undefined, or has no interval, is never a number: who compares it is told why.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from validation.errors import EvidenceError
from validation.evidence.metric_values import MetricValue
from validation.judge.findings import Findings
from validation.plan.protocol import Protocol
from validation.report.contents import RecordContents, Row
from validation.study.gating import judged_again

Cell = str | int | float | bool | None
"""A cell of a table; None: no value."""

_NUMBER = re.compile(r"-?[0-9]+")
_TEXTS = frozenset({
    "case_id", "subject_id", "status", "reason", "class", "outcome", "outcome_reason",
    "merged_with", "split_into", "merged_by", "part_of",
})  # fmt: skip
"""Columns whose cells stay text, also where they look like numbers: ids above all."""
_FLAGS: Mapping[str, bool] = {"true": True, "false": False}


class UndefinedFigure(EvidenceError):  # noqa: N818 - what happened, as a person says it
    """A figure, or a limit of it, that does not exist was asked for."""


@dataclass(frozen=True, eq=False, repr=False)
class Figure:
    """A figure of the evidence, with its interval and sample.

    ``value``, ``lower`` and ``upper`` are numbers; where there is none they raise
    `UndefinedFigure` with the reason, so that an assertion cannot pass or fail on nothing. The
    figure itself is no number: an assertion says which of the three it is about.
    """

    measured: MetricValue

    @property
    def id(self) -> str:
        """Address of the figure, e.g. ``recall/class=nucleus/iou=0.5``."""
        return self.measured.id

    @property
    def value(self) -> float:
        """The figure in its unit.

        Raises:
            UndefinedFigure: It is undefined.
        """
        if self.measured.value is None:
            raise UndefinedFigure(f"the figure is undefined: {self.undefined}", where=self.id)
        return self.measured.value

    @property
    def lower(self) -> float:
        """Lower limit of the interval.

        Raises:
            UndefinedFigure: There is none.
        """
        return self._limit("lower")

    @property
    def upper(self) -> float:
        """Upper limit of the interval.

        Raises:
            UndefinedFigure: There is none.
        """
        return self._limit("upper")

    @property
    def n(self) -> int:
        """Size of the sample that the figure rests on, in the unit that `n_of` names."""
        return self.measured.n

    @property
    def n_of(self) -> str:
        """What `n` counts, e.g. ``objects``."""
        return self.measured.n_of

    @property
    def unit(self) -> str:
        """Unit of the figure, e.g. ``ratio``."""
        return self.measured.unit

    @property
    def undefined(self) -> str | None:
        """Why the figure is undefined; None where it has a value."""
        return self.measured.undefined

    @property
    def no_interval(self) -> str | None:
        """Why there is no interval; None where there is one."""
        return self.measured.no_interval

    def _limit(self, side: Literal["lower", "upper"]) -> float:
        if self.measured.interval is None:
            why = self.undefined or self.no_interval
            raise UndefinedFigure(f"there is no {side} limit: {why}", where=self.id)
        limit: float = getattr(self.measured.interval, side)
        return limit

    def __repr__(self) -> str:
        one = self.measured
        if one.value is None:
            return f"<{one.id}: undefined, {one.undefined}>"
        limits = one.interval and f" [{one.interval.lower:.6g}, {one.interval.upper:.6g}]"
        return f"<{one.id}: {one.value:.6g}{limits or ''}, n = {one.n} {one.n_of}>"

    def _refuse(self, *_: object) -> Any:  # noqa: ANN401 - it never returns
        raise TypeError(f"{self!r} is no number: compare its .value, or its limit .lower or .upper")

    # Each of these would answer something, and something wrong.
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __float__ = __int__ = __bool__ = _refuse
    __hash__ = object.__hash__


@dataclass(frozen=True)
class RecordEvidence:
    """What a record holds, for assertions of one's own."""

    record: Path
    """Folder of the record."""
    contents: RecordContents = field(repr=False)
    """Its parts, parsed."""

    @property
    def findings(self) -> Findings:
        """The criteria with their verdicts, the cases that failed, and the verdict."""
        return self.contents.findings

    @property
    def protocol(self) -> Protocol:
        """The protocol that ran."""
        return self.contents.protocol

    @property
    def report(self) -> Path:
        """The report."""
        return self.record / "report.pdf"

    @cached_property
    def metrics(self) -> tuple[Figure, ...]:
        """Every figure, those of time among them."""
        return tuple(map(Figure, (*self.contents.metrics, *self.contents.run.timing)))

    @cached_property
    def cases(self) -> tuple[dict[str, Cell], ...]:
        """A row a case, as in ``evidence/cases.csv``; numbers as numbers, None: no value."""
        return _typed(self.contents.case_rows)

    @cached_property
    def classes(self) -> tuple[dict[str, Cell], ...]:
        """A row a case and class, as in ``evidence/classes.csv``."""
        return _typed(self.contents.class_rows)

    @cached_property
    def instances(self) -> tuple[dict[str, Cell], ...]:
        """A row an object, as in ``evidence/instances.csv``; empty for semantic protocols."""
        return _typed(self.contents.instance_rows)

    def metric(
        self,
        name: str,
        *,
        class_: str | None = None,
        iou: float | None = None,
        size: str | None = None,
        subgroup: Mapping[str, str] | None = None,
    ) -> Figure:
        """Return a figure.

        Args:
            name: Id of the metric, as `segval metrics` lists it.
            class_: Class; None: over all classes.
            iou: IoU threshold, for metrics that have one.
            size: ``small``, ``medium`` or ``large``; None: every size.
            subgroup: Column of the case table and its value; None: all cases.

        Raises:
            EvidenceError: The record holds no such figure; the message has what it holds.
        """
        asked = {"class": class_, "iou": iou, "size": size, "subgroup": dict(subgroup or {})}
        left = self._require(self.metrics, "metric", name, lambda one: one.measured.metric)
        for what, value in asked.items():
            left = self._require(left, what, value, partial(_scope, what))
        (found,) = left
        return found

    def _require(
        self, figures: Iterable[Figure], what: str, asked: object, of: Callable[[Figure], object]
    ) -> list[Figure]:
        """Return the figures of which a part of the address is the one asked for."""
        figures = list(figures)
        found = [one for one in figures if of(one) == asked]
        if found:
            return found
        names = list(dict.fromkeys(_said(of(one)) for one in figures))
        # Of names the nearest is meant; of numbers and subgroups every one may be.
        near = get_close_matches(_said(asked), names, n=1) if what in {"metric", "class"} else []
        of_what = "" if what == "metric" else f" of {figures[0].measured.metric}"
        raise EvidenceError(
            f"the record holds no figure{of_what} with {what} {_said(asked)}",
            where=str(self.record),
            fix=f"did you mean {near[0]}?" if near else f"there is: {_listed(names)}",
        )


_MOST_NAMED = 12


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _scope(what: str, one: Figure) -> object:
    return getattr(one.measured.scope, "class_name" if what == "class" else what)


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{column} = {level}" for column, level in value.items()) or "none"
    return "none" if value is None else str(value)


def evidence_of(record: Path) -> RecordEvidence:
    """Return the evidence of a record whose files are those that were sealed.

    Raises:
        RecordError: The folder is no record, was changed, or states findings that do not follow
            from its figures.
    """
    return RecordEvidence(record, judged_again(record))


def _typed(rows: Iterable[Row]) -> tuple[dict[str, Cell], ...]:
    return tuple({column: _cell(column, text) for column, text in row.items()} for row in rows)


def _cell(column: str, text: str) -> Cell:
    """Return the value that a cell was written from."""
    if not text:
        return None
    if column in _TEXTS or column.startswith("subgroup/"):
        return text
    if text in _FLAGS:
        return _FLAGS[text]
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:  # an outcome in words
        return text
