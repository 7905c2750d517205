"""The criteria of a record as a pipeline shows them, a line each."""

from dataclasses import dataclass

from validation.report.contents import RecordContents
from validation.report.view.addresses import Addresses
from validation.report.view.criteria import CriterionView, criteria_views
from validation.report.view.elements import Result
from validation.report.view.wording import Words


@dataclass(frozen=True)
class Check:
    """An acceptance criterion beside what was observed."""

    id: str
    requirements: tuple[str, ...]
    what: str
    """Metric and scope, e.g. ``Object recall, nucleus, IoU 0.5``."""
    observed: str
    """Figure with its interval, e.g. ``0.912 [0.885, 0.942]``, or that there is none."""
    asked: str
    """What is held against the bound, e.g. ``lower limit at least 0.85``."""
    comparison: str
    """E.g. ``lower limit 0.885 ≥ 0.850``, or why there is none."""
    sample: str
    """What the figure rests on."""
    verdict: str
    """``met``, ``not_met`` or ``not_evaluable``."""
    verdict_words: str
    """The verdict with its symbol."""

    @property
    def message(self) -> str:
        """All of it in a line."""
        return f"{self.what}: {self.observed}; asked: {self.asked}; {self.comparison}"

    @property
    def details(self) -> str:
        """All of it, a line each."""
        return "\n".join(
            (
                f"criterion:   {self.id} ({', '.join(self.requirements)})",
                f"figure:      {self.what}",
                f"observed:    {self.observed}",
                f"rests on:    {self.sample or 'no figure'}",
                f"asked:       {self.asked}",
                f"comparison:  {self.comparison}",
                f"verdict:     {self.verdict.replace('_', ' ')}",
            )
        )


def checks(contents: RecordContents) -> tuple[Check, ...]:
    """Return every criterion of a record, in the protocol's order."""
    words = Words(contents.protocol.test_set.reference_standard.standing)
    views = criteria_views(contents, Addresses(contents), words)
    return tuple(_check(one) for one in views)


def _check(one: CriterionView) -> Check:
    observed = one.result.words if isinstance(one.result, Result) else "no such figure"
    return Check(
        id=one.id,
        requirements=one.requirements,
        what=_plain(one.what),
        observed=_plain(observed),
        asked=_plain(f"{one.judged_on} {one.bound}"),
        comparison=_plain(one.comparison),
        sample=_plain(one.sample),
        verdict=one.verdict.key,
        verdict_words=f"{one.verdict.symbol} {one.verdict.word}",
    )


def _plain(text: str) -> str:
    """Return a text with the spaces of a keyboard: tests are picked by their names."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")
