"""Warnings that are answered in the protocol, and answers that answer nothing."""

from typing import Any

import pytest

from validation.plan.check import Remark, Rule, answers, check
from validation.plan.check.checking import _NEEDS_CASES
from validation.plan.source import parse, protocol_from
from validation.study.opening import metric_terms


@pytest.fixture
def remarks(tiny: Any, study: Any) -> Any:
    """Return what is said of the tiny protocol with answers; its replicates are too few."""

    def found(*accepted: dict[str, str]) -> list[Remark]:
        values = study.values
        values["analysis"]["replicates"] = 500
        values["accepted_warnings"] = [{"reason": "It is so.", **one} for one in accepted]
        source = parse(tiny.to_yaml(values), "p.yaml")
        return list(check(protocol_from(source), source, metric_terms()))

    return found


def _named(found: list[Remark], rule: str) -> Remark:
    [one] = [one for one in found if one.rule == rule]
    return one


@pytest.mark.parametrize("about", [{}, {"about": "analysis.replicates"}])
def test_a_warning_that_is_answered_is_no_longer_open(remarks: Any, about: Any) -> None:
    assert _named(remarks(), "analysis.few-replicates").is_open
    found = remarks({"rule": "analysis.few-replicates", **about})
    one = _named(found, "analysis.few-replicates")
    assert not one.is_open
    assert one.answer == "It is so."
    assert not [other for other in found if other.rule.startswith("accepted-warning")]


def test_an_answer_about_another_thing_leaves_the_warning_open(remarks: Any) -> None:
    found = remarks({"rule": "analysis.few-replicates", "about": "AC-01"})
    assert _named(found, "analysis.few-replicates").is_open
    gone = _named(found, "accepted-warning.does-not-occur")
    assert "analysis.few-replicates about AC-01" in gone.problem.what
    assert "(accepted_warnings.0)" in gone.problem.where


def test_errors_cannot_be_accepted(remarks: Any) -> None:
    found = remarks({"rule": "criterion.unknown-metric"})
    assert _named(found, "accepted-warning.not-acceptable").level == "error"


def test_an_unknown_rule_is_told(remarks: Any) -> None:
    one = _named(remarks({"rule": "criterion.nonsense"}), "accepted-warning.unknown-rule")
    assert (one.level, one.about) == ("warning", "criterion.nonsense")


@pytest.mark.parametrize("rule", ["lock.missing", "accepted-warning.unknown-rule"])
def test_what_is_still_to_be_done_cannot_be_accepted(remarks: Any, rule: str) -> None:
    found = remarks({"rule": rule}, {"rule": "criterion.nonsense"})
    assert _named(found, "accepted-warning.not-acceptable").level == "error"
    assert _named(found, "accepted-warning.unknown-rule").is_open


def test_two_answers_to_one_warning_are_told(remarks: Any) -> None:
    twice = {"rule": "analysis.few-replicates"}
    assert _named(remarks(twice, twice), "accepted-warning.twice").level == "warning"
    narrower = {**twice, "about": "analysis.replicates"}
    assert _named(remarks(twice, narrower), "accepted-warning.twice")


def test_rules_of_the_test_set_are_not_missed_before_it_is_known(remarks: Any) -> None:
    for rule in _NEEDS_CASES:
        found = [one for one in remarks({"rule": rule}) if one.rule.endswith("does-not-occur")]
        assert found == []


def test_every_rule_of_answers_is_tested_here() -> None:
    from pathlib import Path

    text = Path(__file__).read_text("utf-8")
    for one in vars(answers).values():
        assert not isinstance(one, Rule) or one.id in text, one.id
