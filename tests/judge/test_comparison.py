"""Margins: which limit, on which side, and what is not shown."""

import pytest

from validation.evidence.metric_values import Interval, Scope
from validation.evidence.paired.records import FigureDifference, SideValue
from validation.judge.comparison.margins import few_units, finding, margin_findings, verdict_of
from validation.plan.comparison import Margin

HIGHER, LOWER = "recall", "false_positives_per_case"


def margin(metric: str, aim: str, value: float) -> Margin:
    return Margin.model_validate(
        {
            "id": "CC-01", "requirements": ["REQ-01"], "metric": metric, "class": "cell",
            "iou": 0.5, "aim": aim, "margin": value, "rationale": "Said beforehand.",
        }
    )  # fmt: skip


def difference(metric: str, lower: float | None, upper: float | None = None) -> FigureDifference:
    side = SideValue(value=0.5, n=9, n_undefined=0, interval=None, undefined=None)
    interval = None
    if lower is not None and upper is not None:
        interval = Interval(
            lower=lower, upper=upper, level=0.95, method="paired", clusters=9, replicates=1000
        )
    return FigureDifference(
        id=f"{metric}/class=cell/iou=0.5",
        metric=metric,
        scope=Scope(class_name="cell", iou=0.5),
        unit="ratio",
        better="higher" if metric == HIGHER else "lower",
        n_of="objects",
        first=side,
        second=side,
        difference=0.0,
        interval=interval,
        no_interval=None if interval else "there is no spread",
        undefined=None,
    )


@pytest.mark.parametrize(
    ("metric", "aim", "value", "limits", "sign", "bound", "verdict"),
    [
        (HIGHER, "non_inferiority", 0.05, (-0.04, 0.1), ">", -0.05, "met"),
        (HIGHER, "non_inferiority", 0.05, (-0.05, 0.1), ">", -0.05, "not_met"),  # on the margin
        (HIGHER, "non_inferiority", 0.05, (-0.06, 0.1), ">", -0.05, "not_met"),
        (HIGHER, "superiority", 0.0, (0.01, 0.1), ">", 0.0, "met"),
        (HIGHER, "superiority", 0.0, (0.0, 0.1), ">", 0.0, "not_met"),
        (HIGHER, "superiority", 0.02, (0.01, 0.1), ">", 0.02, "not_met"),
        (LOWER, "non_inferiority", 0.5, (-2.0, 0.4), "<", 0.5, "met"),
        (LOWER, "non_inferiority", 0.5, (-2.0, 0.5), "<", 0.5, "not_met"),
        (LOWER, "superiority", 0.5, (-2.0, -0.6), "<", -0.5, "met"),
        (LOWER, "superiority", 0.5, (-2.0, -0.4), "<", -0.5, "not_met"),
        (LOWER, "superiority", 0.0, (-2.0, -0.1), "<", 0.0, "met"),
    ],
)
def test_the_limit_on_the_worse_side_is_judged(  # noqa: PLR0917 - a row of the table
    metric: str,
    aim: str,
    value: float,
    limits: tuple[float, float],
    sign: str,
    bound: float,
    verdict: str,
) -> None:
    one = difference(metric, *limits)
    found = finding(margin(metric, aim, value), {one.id: one})
    assert (found.sign, found.bound, found.verdict) == (sign, bound, verdict)
    assert found.observed == (limits[1] if metric == LOWER else limits[0])
    assert f"asked {sign} {bound!r}" in found.reason


def test_what_has_no_interval_is_not_evaluable() -> None:
    one = difference(HIGHER, None)
    found = finding(margin(HIGHER, "non_inferiority", 0.05), {one.id: one})
    assert (found.verdict, found.reason) == ("not_evaluable", "there is no spread")
    found = finding(margin(HIGHER, "non_inferiority", 0.05), {})
    assert found.verdict == "not_evaluable"
    assert found.reason == "the two records do not both hold such a figure"


def test_a_figure_without_a_better_side_is_not_evaluable() -> None:
    one = difference("count_bias", -1.0, 1.0)
    found = finding(margin("count_bias", "superiority", 0.0), {one.id: one})
    assert found.verdict == "not_evaluable"


def test_the_verdict_follows() -> None:
    asked = margin(HIGHER, "non_inferiority", 0.05)

    def verdict(*limits: float, failed: int = 0) -> str:
        one = difference(HIGHER, *limits)
        return verdict_of([finding(asked, {one.id: one})], failed)

    assert verdict(-0.01, 0.1) == "met"
    assert verdict(-0.06, 0.1) == "not_met"
    assert verdict(-0.01, 0.1, failed=1) == "incomplete"
    assert verdict_of(margin_findings(None, []), 0) == "exploratory"


@pytest.mark.parametrize(("clusters", "said"), [(4, "81.2 %"), (9, "89.8 %"), (10, None)])
def test_a_margin_judged_over_few_units_is_named(clusters: int, said: str | None) -> None:
    one = difference(HIGHER, -0.01, 0.01)
    assert one.interval is not None
    limits = one.interval.model_copy(update={"clusters": clusters})
    met = finding(
        margin(HIGHER, "non_inferiority", 0.05),
        {one.id: one.model_copy(update={"interval": limits})},
    )
    remarks = list(few_units([met], "subject"))
    assert met.verdict == "met"
    if said is None:
        assert remarks == []
    else:
        assert f"Judged on an interval over {clusters} subjects: CC-01." in remarks[0]
        assert f"at best about {said} and not 95 %" in remarks[0]


def test_a_margin_without_an_interval_has_no_units_to_name() -> None:
    one = difference(HIGHER, None)
    found = finding(margin(HIGHER, "non_inferiority", 0.05), {one.id: one})
    assert list(few_units([found], "subject")) == []
