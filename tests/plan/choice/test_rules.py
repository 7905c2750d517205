"""The rules are data that a reader can trust: closed, sourced, reachable, and no more than that."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from validation.errors import ProtocolError
from validation.evidence.catalogue import CATALOGUE
from validation.plan.choice.decide import decide
from validation.plan.choice.rules import Rules, rules, rules_content, rules_from
from validation.plan.method import KINDS

CHANGES: dict[str, Any] = {
    "a field that is none": lambda one: one.update(extra=1),
    "no version": lambda one: one.pop("version"),
    "an unknown method": lambda one: one["methods"].update(other=one["methods"]["semantic"]),
    "an empty source": lambda one: one["sources"]["metrics"].update(title=" "),
    "a source that is none": lambda one: point(one).update(source="rumour"),
    "a rule without a source": lambda one: point(one).pop("source"),
    "a rule without its sentence": lambda one: point(one).update(rule=""),
    "a point that does nothing": lambda one: point(one).update(does="perhaps"),
    "a rule of an id that another has": lambda one: point(one).update(id="R02"),
    "a question that stands twice": lambda one: one["questions"].append(one["questions"][0]),
    "an answer that stands twice": lambda one: one["questions"][0]["answers"].append(
        one["questions"][0]["answers"][0]
    ),
    "a question with one answer": lambda one: one["questions"][0]["answers"].pop(),
    "an id that is no word": lambda one: one["questions"][0].update(id="Is it?"),
}


def point(values: Any) -> Any:
    return values["questions"][0]["answers"][0]["points"][0]


@pytest.mark.parametrize("name", CHANGES)
def test_the_schema_refuses(name: str) -> None:
    values = yaml.safe_load(rules_content())
    assert Rules.model_validate(values) == rules()
    CHANGES[name](values)
    with pytest.raises(ValidationError):
        Rules.model_validate(values)


def test_a_file_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(ProtocolError):
        rules_from(b"\xff", "rules.yaml")


def test_every_rule_is_reached_by_its_answer() -> None:
    reached = {
        one.point.id
        for question in rules().questions
        for answer in question.answers
        for one in decide({question.id: answer.id}, rules()).points
    }
    assert reached == {one.point.id for one in rules().every_point()}
    assert len(reached) >= 40


def test_every_question_has_an_answer_that_says_nothing_to_any_method() -> None:
    loud = [q.id for q in rules().questions if all(one.points for one in q.answers)]
    assert loud == []


def test_every_question_says_something() -> None:
    assert [q.id for q in rules().questions if not any(a.points for a in q.answers)] == []


def test_ids_of_rules_are_in_order_and_sources_are_used() -> None:
    points = [one.point for one in rules().every_point()]
    assert [one.id for one in points] == [f"R{n:02d}" for n in range(1, len(points) + 1)]
    assert {one.source for one in points} == set(rules().sources)


def test_the_evidence_that_a_method_commits_to_is_there() -> None:
    by_id = {one.id: one.methods for one in CATALOGUE}
    assert set(rules().methods) == set(KINDS)
    for kind, terms in rules().methods.items():
        assert [one for one in terms.metrics if kind not in by_id[one]] == []


def test_no_word_of_an_answer_means_something_else_in_another_yaml() -> None:
    """A protocol that is read by YAML 1.1 would hold a truth value for `yes` or `off`."""
    ids = [one.id for q in rules().questions for one in (q, *q.answers)]
    assert [one for one in ids if yaml.safe_load(one) != one] == []
