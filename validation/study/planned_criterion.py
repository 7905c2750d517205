"""What a protocol says of a criterion before its test set is large enough: terms and numbers."""

from dataclasses import dataclass
from pathlib import Path

from validation.errors import Problem, SampleSizeError
from validation.evidence.catalogue import definition
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.study.opening import OpenProtocol, misfits, open_case_table, read_protocol
from validation.testset.cases import Case

_SHARES = frozenset({
    "recall", "precision", "merged_share", "split_share", "touching_share", "count_exact_rate",
    "component_count_exact_rate", "presence_sensitivity", "presence_specificity",
    "presence_positive_predictive_value", "presence_negative_predictive_value",
    "class_agreement_of_matched", "class_recall_of_matched", "class_precision_of_matched",
    "pixel_accuracy", "pixel_precision", "pixel_recall", "pixel_specificity",
    "recall_pooled_over_classes", "precision_pooled_over_classes",
    "merged_share_pooled_over_classes", "split_share_pooled_over_classes",
    "touching_share_pooled_over_classes", "count_exact_rate_pooled_over_classes",
    "component_count_exact_rate_pooled_over_classes",
})  # fmt: skip
"""Metrics that are a number of successes divided by a number of observations."""

_OF_A_SHARE = frozenset({"proportion", "success_run"})
_SENSITIVITY = "presence_sensitivity"


@dataclass(frozen=True)
class PlannedCriterion:
    """A criterion of a protocol, and the test set that it is to be judged on."""

    opened: OpenProtocol
    """The protocol."""
    criterion: AcceptanceCriterion
    level: float
    """Level of the two-sided intervals."""
    interval: str | None
    """Interval of a share of cases, as the protocol names it; None: the bootstrap."""
    unit: str
    """``subject`` or ``case``."""
    cases: int
    """Cases that the criterion is about."""
    units: int
    """Units of these that are independent of one another."""

    def fields(self, design: str) -> dict[str, float | str]:
        """Return the fields of a design that the protocol decides.

        Raises:
            SampleSizeError: The criterion asks something else than the design answers.
        """
        one = self.criterion
        _require_fit(one, design)
        decided: dict[str, float | str] = {"level": self.level}
        if design in {"proportion", "mean"}:
            decided |= {"bound": one.bound, "direction": one.direction}
        elif design == "success_run":
            decided["bound"] = one.bound
        elif design == "presence_bounds":
            decided["sensitivity_bound"] = one.bound
        if design in {"proportion", "presence_bounds"} and self.interval is not None:
            decided["interval"] = self.interval
        return decided

    def remarks(self, design: str) -> tuple[str, ...]:
        """Return what a reader has to know of the number for this criterion."""
        metric = definition(self.criterion.metric)
        if design in _OF_A_SHARE and metric.id not in _SHARES:
            what = f"{metric.id} is a ratio of sums, not a share of {metric.n_of}"
            return (f"{what}: the number is a rough one.",)
        return ()


def read_planned(path: Path, criterion_id: str | None) -> PlannedCriterion:
    """Return a criterion of a protocol with the size of its test set.

    Args:
        path: The protocol; it may still contradict itself.
        criterion_id: Id of the criterion.

    Raises:
        ToolError: Protocol or case table cannot be read.
        SampleSizeError: The protocol has no such criterion, or its test set no such case.
    """
    opened = read_protocol(path)
    criterion = _criterion(opened.protocol, criterion_id)
    table, _ = open_case_table(opened)
    wrong = misfits(opened, table)
    if wrong:
        raise SampleSizeError("the case table does not fit the protocol", problems=wrong)
    concerned = [one for one in table.evaluated if _is_of(criterion, one)]
    plan = opened.protocol.analysis
    return PlannedCriterion(
        opened=opened,
        criterion=criterion,
        level=plan.confidence_level,
        interval=None if plan.proportion_interval == "bootstrap" else plan.proportion_interval,
        unit=plan.resampling_unit,
        cases=len(concerned),
        units=len({_unit(one, plan.resampling_unit) for one in concerned}),
    )


def _criterion(protocol: Protocol, wanted: str | None) -> AcceptanceCriterion:
    listed = ", ".join(one.id for one in protocol.criteria)
    if wanted is None:
        fix = f"give --criterion, one of {listed}"
        raise SampleSizeError("a protocol is given, and no criterion of it", fix=fix)
    for one in protocol.criteria:
        if one.id == wanted:
            return one
    raise SampleSizeError(f"no criterion has the id {wanted}", fix=f"the criteria are: {listed}")


def _is_of(criterion: AcceptanceCriterion, case: Case) -> bool:
    return all(case.attributes.get(name) == value for name, value in criterion.subgroup.items())


def _unit(case: Case, unit: str) -> str:
    return (case.subject_id if unit == "subject" else None) or case.case_id


def _require_fit(one: AcceptanceCriterion, design: str) -> None:
    problems = [
        Problem(f"criterion {one.id}", what, fix) for what, fix in _misfits(one, design) if what
    ]
    if problems:
        raise SampleSizeError("the design does not fit the criterion", problems=problems)


def _misfits(one: AcceptanceCriterion, design: str) -> list[tuple[str, str]]:
    metric = definition(one.metric)
    is_ratio = metric.unit == "ratio" and metric.upper == 1
    is_over_cases = metric.aggregation == "mean over cases"
    found = []
    if design in {*_OF_A_SHARE, "mean", "presence_bounds"} and one.judged_on == "value":
        found.append(("it is judged on its value, and the number is for a limit", "judge a limit"))
    if design in _OF_A_SHARE and not (is_ratio and (metric.id in _SHARES or not is_over_cases)):
        found.append((f"{one.metric} is no share", "use `segval plan-size mean`"))
    if design == "mean" and not is_over_cases:
        found.append((f"{one.metric} is no mean over cases", "use `segval plan-size proportion`"))
    if design == "success_run" and one.direction != "at_least":
        found.append(("a run without failure shows a share of at least its bound", ""))
    if design == "presence_bounds" and one.metric != _SENSITIVITY:
        found.append((f"it bounds {one.metric}", f"name the criterion on {_SENSITIVITY}"))
    return found
