"""The test set has the units that the plan's own sample sizes ask for."""

from validation.plan.check.case_counts import CaseCounts, CaseFinder
from validation.plan.check.metric_terms import Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

TOO_FEW = Rule(
    "sample-size.too-few",
    "warning",
    "With fewer units than the plan itself asks for, a model as good as expected misses the "
    "criterion more often than planned.",
    "docs/adr/0030-sample-size.md; STARD 2015, item 18",
)


def _units_are_enough(protocol: Protocol, _: Metrics, counts: CaseCounts) -> Found:
    criteria = {one.id: one for one in protocol.criteria}
    unit = protocol.analysis.resampling_unit
    for position, entry in enumerate(protocol.analysis.sample_size):
        criterion = criteria.get(entry.criterion or "")
        size = counts.everyone if criterion is None else counts.of(criterion)
        there = size.units if size is not None else 0
        if there < entry.units:
            path = ("analysis", "sample_size", position, "units")
            what = f"{entry.units:,} {unit}s are needed, and the test set has {there:,}"
            fix = "collect more, or say under `accepted_warnings:` why fewer are right"
            yield TOO_FEW.at(path, what, fix, entry.criterion or "")


CASE_FINDERS: tuple[CaseFinder, ...] = (_units_are_enough,)
