"""The questionnaire behind the method: the recommendation follows from the answers."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.choice.decide import decide
from validation.plan.choice.rules import Rules
from validation.plan.choice.rules import rules as rules_of_choice
from validation.plan.method import MethodChoice
from validation.plan.protocol import Protocol

_RULES = "segval, validation/plan/choice/rules.yaml"
_ANSWERS = ("method", "choice", "answers")
_AGAIN = "`segval choose` makes the block again"

OTHER_RULES = Rule(
    "choice.other-rules",
    "warning",
    "Whether the recommendation follows can only be said by the rules that it was made by.",
    _RULES,
)
UNKNOWN_ANSWER = Rule(
    "choice.unknown-answer",
    "error",
    "An answer that nobody can look up justifies nothing.",
    _RULES,
)
OPEN_QUESTION = Rule(
    "choice.open-question",
    "error",
    "A question that is left open could have decided otherwise.",
    _RULES,
)
DOES_NOT_FOLLOW = Rule(
    "choice.does-not-follow",
    "error",
    "The recommendation is what the rules make of the answers, not what is written beside them.",
    _RULES,
)
NO_REASON = Rule(
    "choice.no-reason",
    "error",
    "Deciding against the recommendation is the engineer's right, with a reason that can be read.",
    "ISO 13485 7.3.6; segval, docs/how-to/choose-the-method.md",
)
NOTHING_TO_REASON = Rule(
    "choice.reason-for-nothing",
    "warning",
    "A reason for deciding otherwise, where nobody did, misleads its reader.",
    _RULES,
)
CONTRADICTION = Rule(
    "choice.contradiction",
    "warning",
    "Answers that cannot stand together describe no use; a decision over them is looked at first.",
    _RULES,
)
MEASURED_ELSEWHERE = Rule(
    "choice.measured-elsewhere",
    "error",
    "What another reference says to the choice is no evidence for this one.",
    "segval, docs/how-to/choose-the-method.md",
)


def _choice_follows(protocol: Protocol, _: Metrics) -> Found:
    choice = protocol.method.choice
    if choice is None:
        return
    yield from _decision_has_its_reason(protocol, choice)
    known = rules_of_choice()
    if choice.rules != known.version:
        what = (
            f"the answers were given under rules version {choice.rules}; this segval has "
            f"{known.version}"
        )
        yield OTHER_RULES.at(("method", "choice", "rules"), what, _AGAIN)
        return
    answers_are_known = True
    for objection in _answers_are_known(choice, known):
        answers_are_known = False
        yield objection
    if answers_are_known:
        yield from _recommendation_follows(choice, known)


def _decision_has_its_reason(protocol: Protocol, choice: MethodChoice) -> Found:
    kind, reason = protocol.method.kind, choice.decided_otherwise
    if kind != choice.recommended and reason is None:
        said = f"{choice.recommended} is recommended" if choice.recommended else "nothing follows"
        fix = "say why under `decided_otherwise:`"
        yield NO_REASON.at(("method", "choice"), f"the method is {kind}, and {said}", fix)
    if kind == choice.recommended and reason is not None:
        path = ("method", "choice", "decided_otherwise")
        yield NOTHING_TO_REASON.at(path, f"{kind} is what is recommended", "remove it")


def _answers_are_known(choice: MethodChoice, known: Rules) -> Found:
    for question_id, answer_id in choice.answers.items():
        path = (*_ANSWERS, question_id)
        question = known.question(question_id)
        if question is None:
            yield UNKNOWN_ANSWER.at(path, f"no question is named {question_id}", _AGAIN)
        elif known.answer(question_id, answer_id) is None:
            fix = f"the answers are: {', '.join(one.id for one in question.answers)}"
            yield UNKNOWN_ANSWER.at(path, f"{question_id} has no answer {answer_id}", fix)
    for question in known.questions:
        if question.id not in choice.answers:
            fix = f"the answers are: {', '.join(one.id for one in question.answers)}"
            yield OPEN_QUESTION.at(_ANSWERS, f"{question.id} is not answered", fix)


def _recommendation_follows(choice: MethodChoice, known: Rules) -> Found:
    found = decide(choice.answers, known)
    if found.recommended != choice.recommended:
        what = (
            f"{choice.recommended or 'nothing'} does not follow from the answers, "
            f"{found.recommended or 'nothing'} does"
        )
        yield DOES_NOT_FOLLOW.at(("method", "choice", "recommended"), what, found.because)
    for one in found.contradictions:
        fix = "change one of the answers, or narrow the intended use"
        yield CONTRADICTION.at(_ANSWERS, one, fix)


def _measured_here(protocol: Protocol, _: Metrics) -> Found:
    choice = protocol.method.choice
    measured = choice.measured if choice else None
    if measured is None:
        return
    path = ("method", "choice", "measured")
    fix = "`segval choose --protocol` measures the locked reference again"
    if measured.test_set != protocol.test_set.id:
        what = f"test set {measured.test_set} was measured, not {protocol.test_set.id}"
        yield MEASURED_ELSEWHERE.at((*path, "test_set"), what, fix)
    names = tuple(one.class_name for one in measured.classes)
    if names != protocol.thing_names():
        what = f"the classes that were measured are not {', '.join(protocol.thing_names())}"
        yield MEASURED_ELSEWHERE.at((*path, "classes"), what, fix)


FINDERS: tuple[Finder, ...] = (_choice_follows, _measured_here)
