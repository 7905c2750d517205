"""A criterion beside hand-made figures: each verdict, and which comes first."""

from typing import Any

import pytest

from validation.evidence.metric_values import Interval, MetricValue
from validation.judge.acceptance import assess, finding
from validation.judge.findings import CaseFinding, Findings
from validation.plan.protocol import AcceptanceCriterion

FAILED = CaseFinding(case_id="C1", stage="inference", what="w", treatment="t")


INTERVAL = Interval(
    lower=0.8, upper=0.95, level=0.95, method="percentile_bootstrap", clusters=3, replicates=1000
)


def _criterion(**changes: Any) -> AcceptanceCriterion:
    plain = {
        "id": "AC-01",
        "requirements": ("REQ-01",),
        "metric": "recall",
        "class": "cell",
        "iou": 0.5,
        "direction": "at_least",
        "bound": 0.8,
        "judged_on": "lower_limit",
        "rationale": "r",
    }
    return AcceptanceCriterion.model_validate({**plain, **changes})


def _figure(address: str = "recall/class=cell/iou=0.5", **changes: Any) -> MetricValue:
    plain: dict[str, Any] = {
        "id": address,
        "metric": address.partition("/")[0],
        "scope": {},
        "value": 0.9,
        "unit": "1",
        "n": 10,
        "n_of": "objects",
        "n_undefined": 0,
        "no_interval": None,
        "interval": INTERVAL,
        "undefined": None,
    }
    return MetricValue.model_validate({**plain, **changes})


def _verdict(criterion: AcceptanceCriterion, figure: MetricValue | None) -> str:
    return finding(criterion, {figure.id: figure} if figure else {}).verdict


@pytest.mark.parametrize(
    ("direction", "judged_on", "bound", "verdict"),
    [
        ("at_least", "lower_limit", 0.8, "met"),  # the bound itself is enough
        ("at_least", "lower_limit", 0.8000000001, "not_met"),
        ("at_least", "value", 0.9, "met"),
        ("at_least", "value", 0.91, "not_met"),
        ("at_most", "upper_limit", 0.95, "met"),
        ("at_most", "upper_limit", 0.9499, "not_met"),
        ("at_most", "value", 0.9, "met"),
        ("at_most", "value", 0.89, "not_met"),
        ("at_least", "lower_limit", 0.85, "not_met"),  # the value would do, the limit does not
    ],
)
def test_a_criterion_is_held_against_the_limit_that_it_names(
    direction: str, judged_on: str, bound: float, verdict: str
) -> None:
    criterion = _criterion(direction=direction, judged_on=judged_on, bound=bound)
    assert _verdict(criterion, _figure()) == verdict


def test_a_figure_that_is_undefined_is_never_met() -> None:
    undefined = _figure(value=None, interval=None, undefined="no reference objects")
    found = finding(_criterion(bound=0.0), {undefined.id: undefined})
    assert (found.verdict, found.reason) == ("not_evaluable", "no reference objects")
    assert _verdict(_criterion(judged_on="value", bound=0.0), undefined) == "not_evaluable"


def test_a_limit_that_does_not_exist_is_never_met() -> None:
    assert _verdict(_criterion(), _figure(interval=None)) == "not_evaluable"


def test_a_figure_that_is_not_there_is_never_met() -> None:
    found = finding(_criterion(), {})
    assert (found.verdict, found.value, found.n) == ("not_evaluable", None, 0)
    assert found.metric_id == "recall/class=cell/iou=0.5"


def test_a_subgroup_has_its_own_figure() -> None:
    everyone = _figure()
    site = _figure("recall/class=cell/iou=0.5/site=A", value=0.1, interval=None)
    found = finding(
        _criterion(subgroup={"site": "A"}, judged_on="value"),
        {everyone.id: everyone, site.id: site},
    )
    assert (found.value, found.verdict) == (0.1, "not_met")


def test_a_size_has_its_own_figure() -> None:
    everyone = _figure()
    small = _figure("recall/class=cell/iou=0.5/size=small", value=0.1, interval=None)
    figures = {everyone.id: everyone, small.id: small}
    found = finding(_criterion(size="small", judged_on="value"), figures)
    assert (found.metric_id, found.value, found.verdict) == (small.id, 0.1, "not_met")
    # Without objects of the size there is no figure, and that of every size is no substitute.
    assert _verdict(_criterion(size="large"), everyone) == "not_evaluable"


MET, NOT_MET, UNKNOWN = (
    _criterion(id="AC-01"),
    _criterion(id="AC-02", bound=0.99),
    _criterion(id="AC-03", iou=0.9),
)


@pytest.mark.parametrize(
    ("criteria", "failed", "verdict"),
    [
        ([MET], [], "met"),
        ([MET, UNKNOWN], [], "incomplete"),
        ([MET], [FAILED], "incomplete"),
        ([MET, UNKNOWN, NOT_MET], [], "not_met"),
        ([NOT_MET], [FAILED], "not_met"),
        ([], [], "incomplete"),
    ],
)
def test_the_verdict_is_the_worst_that_was_found(
    criteria: list[AcceptanceCriterion], failed: list[CaseFinding], verdict: str
) -> None:
    findings = assess(criteria, [_figure()], failed)
    assert findings.verdict == verdict
    assert [one.id for one in findings.criteria] == [one.id for one in criteria]
    assert Findings.from_json(findings.to_json()) == findings


def test_failed_cases_are_listed_by_id() -> None:
    later = FAILED.model_copy(update={"case_id": "A1"})
    assert [one.case_id for one in assess([], [], [FAILED, later]).failed_cases] == ["A1", "C1"]
