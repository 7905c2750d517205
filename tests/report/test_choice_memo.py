"""The memo of a choice says what it said: its whole text against a golden one."""

import pytest

from tests.report.test_golden import compare
from validation.plan.choice.answers import answers_text
from validation.plan.choice.decide import decide
from validation.plan.choice.method_text import method_of, method_yaml
from validation.plan.choice.rules import rules, rules_content
from validation.plan.method import Measured, MeasuredCase, MeasuredClass
from validation.record import digest
from validation.report.render import render_html
from validation.report.view.documents.choice import ChoiceContents, choice_view

SILENT = {q.id: next(a.id for a in q.answers if not a.points) for q in rules().questions}
COUNTING = {**SILENT, "count": "needed", "touching": "often", "tracking": "needed", "place": "edge"}
WHOLE = MeasuredClass(
    objects=1520,
    touching=464,
    components=1238,
    count_error=-282,
    absolute_count_error=282,
    cases_counted_exactly=9,
)
MEASURED = Measured(
    test_set="TS-1",
    manifest_digest=digest(b"manifest"),
    cases=48,
    overall=WHOLE,
    classes=(WHOLE.model_copy(update={"class_name": "nucleus"}),),
    largest=(MeasuredCase(case="D06-02", objects=91, touching=44, components=63),),
)


def contents(answers: dict[str, str], because: str | None = None) -> ChoiceContents:
    choice = decide(answers, rules())
    method = method_of(
        choice,
        "semantic" if because else choice.recommended or "semantic",
        decided_otherwise=because,
        measured=None if because else MEASURED,
    )
    files = {
        "method.yaml": method_yaml(method).encode(),
        "answers.yaml": answers_text(answers, rules()).encode(),
        "rules.yaml": rules_content(),
    }
    digests = {name: digest(one) for name, one in files.items()}
    return ChoiceContents(method, None, files, digests, "0.0.0")


@pytest.mark.parametrize(
    ("name", "answers", "because"),
    [
        ("choice-instance", COUNTING, None),
        (
            "choice-otherwise",
            {**COUNTING, "annotation": "class_masks"},
            "A first estimate.\n\nTwo.",
        ),
    ],
)
def test_the_memo_says_what_it_said(
    name: str, answers: dict[str, str], because: str | None
) -> None:
    view = choice_view(contents(answers, because))
    compare(name, render_html("choice/choice.html.jinja", view))


def test_a_method_of_other_rules_has_no_memo() -> None:
    made = contents(COUNTING)
    assert made.method.choice is not None
    other = made.method.choice.model_copy(update={"rules": 99})
    method = made.method.model_copy(update={"choice": other})
    with pytest.raises(ValueError, match="under these rules"):
        choice_view(ChoiceContents(method, None, made.files, made.digests, "0.0.0"))
