"""The plan held against its test set: what it cannot satisfy, can hardly miss, or cannot tell."""

from collections.abc import Iterable
from typing import Any

import pytest

from validation.plan.check import (
    PlannedCase,
    Remark,
    Rule,
    attainable,
    check,
    count_cases,
    enough_units,
    independence,
    subgroups,
)
from validation.plan.source import parse, protocol_from
from validation.study.opening import metric_terms

PRESENCE = {
    "id": "AC-01",
    "requirements": ["REQ-01"],
    "metric": "presence_sensitivity",
    "class": "cell",
    "direction": "at_least",
    "bound": 0.9,
    "judged_on": "lower_limit",
    "rationale": "r",
}
RECALL = {**PRESENCE, "metric": "recall", "iou": 0.5}


def _cases(
    subjects: int, each: int = 1, sites: Iterable[str] = ("A", "B"), **attributes: str
) -> list[PlannedCase]:
    """Return cases of so many subjects, whose sites take turns."""
    names = list(sites)
    return [
        PlannedCase(
            f"C{subject}-{number}",
            f"S{subject}",
            {"site": names[subject % len(names)], **attributes},
        )
        for subject in range(subjects)
        for number in range(each)
    ]


@pytest.fixture
def judge(tiny: Any, make_study: Any) -> Any:
    """Return what is said of a tiny protocol with these criteria and cases, by rule."""

    def remarks(
        cases: list[PlannedCase],
        *criteria: dict[str, Any],
        kind: str = "semantic",
        objects: int | None = None,
        **analysis: Any,
    ) -> dict[str, Remark]:
        values = tiny.protocol(kind)
        values["model"] = {
            "adapter": "python", "name": "n", "version": "1", "file": "m.py",
            "digest": "sha256:" + "0" * 64, "callable": "segment",
        }  # fmt: skip
        if criteria:
            values["criteria"] = list(criteria)
        values["analysis"] |= analysis
        source = parse(tiny.to_yaml(values), "p.yaml")
        protocol = protocol_from(source)
        counts = count_cases(protocol, cases, objects)
        found = check(protocol, source, metric_terms(), (), counts)
        return {one.rule: one for one in found}

    return remarks


def test_enough_subjects_and_a_bound_in_reach_leave_nothing_to_say(judge: Any) -> None:
    found = judge(_cases(200), PRESENCE, proportion_interval="wilson")
    assert {one for one in found if not one.startswith("criteria.companion")} == set()


def test_a_subgroup_that_no_case_belongs_to_is_an_error(judge: Any) -> None:
    assert "criterion.unknown-subgroup-value" not in judge(
        _cases(40), {**PRESENCE, "subgroup": {"site": "B"}}
    )
    found = judge(_cases(40), {**PRESENCE, "subgroup": {"site": "C"}})
    remark = found["criterion.unknown-subgroup-value"]
    assert remark.level == "error"
    assert "no case has site = C" in remark.problem.what
    assert "A, B" in remark.problem.fix
    assert remark.about == "AC-01"


@pytest.mark.parametrize("subgroup", [{}, {"site": "A"}])
def test_fewer_than_two_subjects_have_no_interval_to_judge(judge: Any, subgroup: Any) -> None:
    criterion = {**RECALL, "subgroup": subgroup}
    few = [one for one in _cases(9) if one.attributes["site"] == "B" or one.subject_id == "S0"]
    cases = few if subgroup else _cases(1, each=20)
    remark = judge(cases, criterion, kind="instance")["criterion.too-few-units"]
    assert remark.level == "error"
    assert "(criteria.0.judged_on)" in remark.problem.where
    by_value = judge(cases, {**criterion, "judged_on": "value"}, kind="instance")
    assert "criterion.too-few-units" not in by_value
    assert "criterion.too-few-units" not in judge(_cases(4), criterion, kind="instance")


@pytest.mark.parametrize(("method", "enough"), [("clopper_pearson", 72), ("wilson", 73)])
def test_a_share_that_no_result_can_show_is_an_error(judge: Any, method: str, enough: int) -> None:
    asked = {**PRESENCE, "bound": 0.95}
    remark = judge(_cases(enough - 1), asked, proportion_interval=method)["criterion.cannot-be-met"]
    assert remark.level == "error"
    assert f"add cases ({enough} at least)" in remark.problem.fix
    rules = judge(_cases(enough), asked, proportion_interval=method)
    assert "criterion.cannot-be-met" not in rules
    on_value = judge(
        _cases(enough - 1), {**asked, "judged_on": "value"}, proportion_interval=method
    )
    assert "criterion.cannot-be-met" not in on_value


def test_a_share_whose_single_error_is_too_many_is_named(judge: Any) -> None:
    found = judge(_cases(8, each=6), {**PRESENCE, "bound": 0.95})
    remark = found["criterion.out-of-reach"]
    assert remark.level == "warning"
    assert "one error among 48 cases" in remark.problem.what
    assert "about 60 at least" in remark.problem.fix
    assert "criterion.out-of-reach" not in judge(_cases(10, each=6), {**PRESENCE, "bound": 0.95})


def test_a_share_of_clustered_images_is_not_evaluable_at_its_best(judge: Any) -> None:
    rule = "criterion.best-not-evaluable"
    remark = judge(_cases(10, each=6), {**PRESENCE, "bound": 0.8})[rule]
    assert remark.level == "warning"
    assert "AC-01 is not evaluable where every image is right" in remark.problem.what
    assert rule not in judge(_cases(10, each=6), {**PRESENCE, "bound": 0.99})  # out of reach
    by_value = {**PRESENCE, "bound": 0.8, "judged_on": "value"}
    assert rule not in judge(_cases(10, each=6), by_value)
    assert rule not in judge(_cases(60), {**PRESENCE, "bound": 0.8})  # asks for another interval
    assert rule not in judge(_cases(10, each=6), {**PRESENCE, "metric": "dice"})


@pytest.mark.parametrize("bound", [-5, 0, 1, 1.85, 95])
def test_a_bound_out_of_range_is_told_once_and_not_reckoned_with(judge: Any, bound: float) -> None:
    for interval in ("wilson", "bootstrap"):
        for side in ("lower_limit", "value"):
            asked = {**PRESENCE, "bound": bound, "judged_on": side}
            found = judge(_cases(30), asked, proportion_interval=interval)
            reckoned = {
                *("cannot-be-met", "out-of-reach", "coin-passes", "best-not-evaluable"),
            }
            assert not {one.partition(".")[2] for one in found} & reckoned


def test_the_objects_of_a_lock_bound_what_recall_can_show(judge: Any) -> None:
    asked = {**RECALL, "bound": 0.99}
    assert "criterion.out-of-reach" not in judge(_cases(20), asked, kind="instance")
    assert "criterion.out-of-reach" not in judge(_cases(20), asked, kind="instance", objects=300)
    found = judge(_cases(20), asked, kind="instance", objects=299)
    assert "one error among 299 objects" in found["criterion.out-of-reach"].problem.what


def test_a_bound_that_the_toss_of_a_coin_meets_is_named(judge: Any) -> None:
    by_value = {**PRESENCE, "judged_on": "value"}
    remark = judge(_cases(4), {**by_value, "bound": 0.7})["criterion.coin-passes"]
    assert remark.level == "warning"
    assert "3 of 4 cases" in remark.problem.what
    assert "31.2 %" in remark.problem.what  # (4 + 1) / 16
    assert "criterion.coin-passes" not in judge(_cases(20), {**by_value, "bound": 0.8})
    limit = {**PRESENCE, "bound": 0.3}
    assert "criterion.coin-passes" in judge(_cases(60), limit, proportion_interval="wilson")
    assert "criterion.coin-passes" not in judge(_cases(60), {**limit, "bound": 0.5},
                                                proportion_interval="wilson")  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "metric", "most"),
    [("instance", "matched_objects", 300), ("semantic", "presence_true_positives", 40)],
)
def test_no_more_is_counted_than_there_is(judge: Any, kind: str, metric: str, most: int) -> None:
    asked = {**PRESENCE, "metric": metric, "judged_on": "value"}

    def found(bound: float, **changes: Any) -> dict[str, Remark]:
        one = {**asked, "bound": bound, **changes}
        result: dict[str, Remark] = judge(_cases(40), one, kind=kind, objects=300)
        return result

    remark = found(most + 1)["criterion.cannot-be-met"]
    assert remark.level == "error"
    assert f"the test set has {most}" in remark.problem.what
    assert "criterion.cannot-be-met" not in found(most)
    unknown = judge(_cases(40), {**asked, "bound": 10**6}, kind=kind)
    assert ("criterion.cannot-be-met" in unknown) == (kind == "semantic")


@pytest.mark.parametrize(
    ("kind", "metric", "most"),
    [("instance", "missed_objects", 300), ("semantic", "presence_false_negatives", 40)],
)
def test_as_many_errors_as_there_can_be_are_no_bound(
    judge: Any, kind: str, metric: str, most: int
) -> None:
    asked = {**PRESENCE, "metric": metric, "judged_on": "value", "direction": "at_most"}
    found = judge(_cases(40), {**asked, "bound": most}, kind=kind, objects=300)
    remark = found["criterion.always-met"]
    assert (remark.level, remark.about) == ("error", "AC-01")
    below = judge(_cases(40), {**asked, "bound": most - 1}, kind=kind, objects=300)
    assert "criterion.always-met" not in below


def test_subgroups_that_are_too_small_are_counted(judge: Any) -> None:
    assert "subgroup.few-units" not in judge(_cases(20))
    remark = judge(_cases(19))["subgroup.few-units"]
    assert "fewer than 10 subjects: B (9)" in remark.problem.what
    assert remark.about == "site"
    single = judge(_cases(2, each=2))["subgroup.few-units"]
    assert "the smallest has no interval" in single.problem.what
    assert "subgroup.few-units" not in judge(_cases(12), confidence_level=0.9, replicates=1000)


def test_a_column_with_one_value_compares_nothing(judge: Any) -> None:
    assert (
        "every case has site = A" in judge(_cases(20, sites="A"))["subgroup.one-value"].problem.what
    )


def test_a_column_that_names_each_case_tells_no_groups(judge: Any) -> None:
    found = judge(_cases(20, sites=[f"site {one}" for one in range(20)]))
    assert "another value for each of 20 cases" in found["subgroup.a-value-each"].problem.what
    assert "subgroup.few-units" not in found


def test_many_small_values_are_counted_and_not_all_listed(judge: Any) -> None:
    found = judge(_cases(5000, sites=[f"site {one}" for one in range(2500)]))
    what = found["subgroup.few-units"].problem.what
    assert "and 2494 more" in what
    assert len(what) < 300


def test_cases_of_one_subject_are_not_resampled_one_by_one(judge: Any) -> None:
    found = judge(_cases(20, each=2), resampling_unit="case")
    assert "40 of them come from 20 subjects" in found["analysis.dependent-cases"].problem.what
    assert "analysis.dependent-cases" not in judge(_cases(20, each=2))
    assert "analysis.dependent-cases" not in judge(_cases(20), resampling_unit="case")
    nameless = [one._replace(subject_id=None) for one in _cases(20)]
    assert "analysis.dependent-cases" not in judge(nameless, resampling_unit="case")


def test_few_subjects_make_intervals_too_narrow(judge: Any) -> None:
    remark = judge(_cases(8, each=6))["analysis.few-units"]
    assert "8 subjects: a bootstrap interval of 95 % covers at best about 89.1 %" in (
        remark.problem.what
    )
    assert "analysis.few-units" not in judge(_cases(10))
    by_value = {**PRESENCE, "judged_on": "value"}
    assert "analysis.few-units" not in judge(_cases(8), by_value)
    assert "analysis.few-units" not in judge(_cases(8), PRESENCE, proportion_interval="wilson")
    assert "analysis.few-units" in judge(_cases(8, each=2), PRESENCE, proportion_interval="wilson")


def test_shares_of_independent_images_have_binomial_intervals(judge: Any) -> None:
    rule = "analysis.no-proportion-interval"
    assert "AC-01" in judge(_cases(200), PRESENCE)[rule].problem.what
    assert rule in judge(_cases(200), PRESENCE, proportion_interval="bootstrap")
    assert rule not in judge(_cases(200), PRESENCE, proportion_interval="wilson")
    assert rule not in judge(_cases(100, each=2), PRESENCE)
    assert rule not in judge(_cases(200), {**PRESENCE, "metric": "dice"})


def test_a_binomial_interval_that_is_not_used_is_told(judge: Any) -> None:
    rule = "analysis.proportion-interval-unused"
    found = judge(_cases(20, each=2), PRESENCE, proportion_interval="wilson")
    assert "40 cases of 20 subjects" in found[rule].problem.what
    assert rule not in judge(_cases(40), PRESENCE, proportion_interval="wilson")


def test_every_rule_about_the_test_set_is_tested_here() -> None:
    from pathlib import Path

    text = Path(__file__).read_text("utf-8")
    for subject in (attainable, subgroups, independence):
        for one in vars(subject).values():
            assert not isinstance(one, Rule) or f'"{one.id}"' in text, one.id


SIZE = {
    "criterion": "AC-01",
    "basis": "b",
    "assumptions": {
        "design": "proportion", "expected": 0.99, "bound": 0.9, "direction": "at_least",
        "interval": "wilson", "level": 0.95, "power": 0.8,
    },
    "observations": 53,
    "units": 53,
}  # fmt: skip


@pytest.mark.parametrize(("subjects", "is_enough"), [(52, False), (53, True)])
def test_the_units_that_the_plan_asks_for_are_there(
    judge: Any, subjects: int, is_enough: bool
) -> None:
    found = judge(_cases(subjects, 2), RECALL, kind="instance", sample_size=[SIZE])
    assert "sample-size.does-not-follow" not in found
    assert (enough_units.TOO_FEW.id not in found) == is_enough
    if not is_enough:
        one = found[enough_units.TOO_FEW.id]
        assert "53 subjects are needed, and the test set has 52" in one.problem.what
        assert one.about == "AC-01"


def test_the_units_of_a_subgroup_are_counted(judge: Any) -> None:
    of_site = {**RECALL, "subgroup": {"site": "A"}}
    found = judge(_cases(104), of_site, kind="instance", sample_size=[SIZE])
    assert "test set has 52" in found[enough_units.TOO_FEW.id].problem.what
