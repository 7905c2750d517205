"""Decisions worked out by hand: each answer alone, the bundled protocols, contradictions."""

import pytest

from validation.plan.choice.decide import decide
from validation.plan.choice.rules import rules

SILENT = {
    **dict.fromkeys(("presence", "area", "count", "separate", "trace", "tracking"), "not_needed"),
    **dict.fromkeys(("hazard", "overlap", "small", "clutter", "kpi", "frame_rate"), "none"),
    "together": "does_not_apply",
    "decision": "image",
    "place": "server",
    "touching": "not_known",
    "annotation": "no_limit",
    "review": "no_limit",
}
"""Answers that say nothing to any method."""

ALONE = {
    "presence: needed": ("semantic", "balance"),
    "area: needed": ("semantic", "required"),
    "count: needed": ("instance", "required"),
    "separate: needed": ("instance", "required"),
    "trace: needed": ("instance", "required"),
    "tracking: needed": ("instance", "required"),
    "together: one_map": ("panoptic", "required"),
    "together: items_here": (None, "contradiction"),
    "together: areas_here": (None, "contradiction"),
    "decision: item": ("instance", "required"),
    "hazard: missed_item": ("instance", "required"),
    "hazard: wrong_area": ("semantic", "required"),
    "hazard: both": ("panoptic", "both_required"),
    "touching: never": ("semantic", "balance"),
    "touching: sometimes": ("instance", "balance"),
    "touching: often": ("instance", "balance"),
    "small: matter": ("instance", "balance"),
    "clutter: present": ("instance", "balance"),
    "kpi: mean_iou": ("semantic", "balance"),
    "kpi: map": ("instance", "balance"),
    "kpi: count_error": ("instance", "balance"),
    "kpi: pq": ("panoptic", "balance"),
    "annotation: class_masks": ("semantic", "balance"),
    "annotation: every_pixel": ("panoptic", "balance"),
    "review: each_item": ("instance", "balance"),
    "frame_rate: limited": ("semantic", "balance"),
    "place: edge": ("semantic", "balance"),
}
"""What follows where one answer alone says something; from every other one nothing does."""

EVERY = [f"{q.id}: {a.id}" for q in rules().questions for a in q.answers]


@pytest.mark.parametrize("alone", EVERY)
def test_each_answer_alone(alone: str) -> None:
    question, answer = alone.split(": ")
    found = decide({**SILENT, question: answer}, rules())
    assert (found.recommended, found.basis) == ALONE.get(alone, (None, "undecided"))


def test_no_answers_decide_nothing() -> None:
    assert decide({}, rules()).recommended is None


def test_counting_nuclei_is_instance() -> None:
    use = {"count": "needed", "separate": "needed", "trace": "needed", "hazard": "missed_item"}
    found = decide({**SILENT, **use, "touching": "often", "clutter": "present"}, rules())
    assert (found.recommended, found.basis) == ("instance", "required")
    deciding = [one.point.id for one in found.speaking_for("instance")]
    assert deciding == ["R03", "R05", "R06", "R12", "R18", "R25"]
    assert found.speaking_against("instance") == ()
    against = [one.point.id for one in found.speaking_against("semantic")]
    assert against == ["R03", "R05", "R06", "R12", "R04", "R19"]


def test_coverage_of_nuclei_is_semantic_though_they_touch() -> None:
    use = {"presence": "needed", "area": "needed", "hazard": "wrong_area", "touching": "often"}
    found = decide({**SILENT, **use, "clutter": "present"}, rules())
    assert (found.recommended, found.basis) == ("semantic", "required")
    assert [one.point.id for one in found.speaking_against("semantic")] == ["R19"]
    assert [one.point.id for one in found.about_others("semantic")] == ["R18", "R25"]


def test_a_figure_in_use_never_decides_against_the_use() -> None:
    found = decide({**SILENT, "count": "needed", "kpi": "mean_iou", "place": "edge"}, rules())
    assert found.recommended == "instance"
    assert [one.point.id for one in found.about_others("instance")] == ["R04", "R26", "R40"]


def test_items_and_areas_are_panoptic_or_two_protocols() -> None:
    both = {**SILENT, "count": "needed", "area": "needed"}
    found = decide(both, rules())
    assert (found.recommended, found.basis) == ("panoptic", "both_required")
    assert "two protocols" in found.because
    for answer, kind in (("items_here", "instance"), ("areas_here", "semantic")):
        one = decide({**both, "together": answer}, rules())
        assert (one.recommended, one.basis) == (kind, "both_required")
        assert any("second" in said for said in one.commitments())
    assert decide({**both, "together": "one_map"}, rules()).recommended == "panoptic"


def test_what_the_other_protocol_judges_still_speaks_against_this_one() -> None:
    both = {**SILENT, "count": "needed", "area": "needed", "together": "items_here"}
    against = decide(both, rules()).speaking_against("instance")
    assert [one.point.id for one in against] == ["R02"]


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({"count": "needed", "annotation": "class_masks"}, ["R32", "R03"]),
        ({"count": "needed", "area": "needed", "overlap": "shared"}, ["R21", "R02", "R03"]),
        ({"together": "one_map", "annotation": "class_masks"}, ["R33", "R08"]),
        ({"count": "needed", "together": "items_here"}, ["R09", "semantic"]),
    ],
)
def test_contradictions_are_named_and_nothing_is_recommended(
    answers: dict[str, str], named: list[str]
) -> None:
    found = decide({**SILENT, **answers}, rules())
    assert (found.recommended, found.basis) == (None, "contradiction")
    assert len(found.contradictions) == 1
    assert [one for one in named if one not in found.contradictions[0]] == []


def test_a_limit_of_annotation_is_no_contradiction_where_it_fits() -> None:
    found = decide({**SILENT, "area": "needed", "annotation": "class_masks"}, rules())
    assert (found.recommended, found.contradictions) == ("semantic", ())


def test_a_method_that_is_excluded_is_never_the_best() -> None:
    found = decide(
        {**SILENT, "annotation": "class_masks", "kpi": "pq", "clutter": "present"}, rules()
    )
    assert found.recommended == "semantic"


def test_as_many_points_for_two_methods_decide_nothing() -> None:
    found = decide({**SILENT, "presence": "needed", "clutter": "present"}, rules())
    assert (found.recommended, found.basis) == (None, "undecided")
    assert "semantic as for instance" in found.because


def test_the_order_of_answers_decides_nothing() -> None:
    answers = {**SILENT, "count": "needed", "area": "needed", "kpi": "map"}
    assert decide(dict(reversed(answers.items())), rules()) == decide(answers, rules())


@pytest.mark.parametrize("wrong", [{"colour": "blue"}, {"count": "three"}])
def test_an_answer_that_does_not_exist_is_the_callers_mistake(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no answer"):
        decide(wrong, rules())
