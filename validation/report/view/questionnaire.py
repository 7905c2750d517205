"""The questionnaire behind the method: what it recommends, by which rules, and what was decided.

Rules are those of this version of segval. A protocol of other rules has its answers printed, and
what they made of them is not said: the rules that would say it are not here.
"""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from validation.plan.choice.decide import Choice, decide
from validation.plan.choice.rules import Asserted, rules
from validation.plan.method import Measured, MeasuredCase, MethodChoice
from validation.plan.protocol import Method
from validation.report.formatting import THIN_SPACE, number, plural, share, short_digest
from validation.report.view.elements import Item, item, paragraphs
from validation.report.view.wording import METHODS, joined

_MOST_CASES = 3
_TERMINAL_WIDTH = 96


def questionnaire(method: Method) -> tuple[Item, ...]:
    """Return what the questionnaire says to the method; nothing where there was none."""
    choice = method.choice
    if choice is None:
        return ()
    found = _followed(choice)
    items = [item("Questionnaire", *_head(choice, found))]
    if found is not None:
        items += _points(method, found)
    if choice.decided_otherwise is not None:
        items.append(item("Decided otherwise, because", *paragraphs(choice.decided_otherwise)))
    said = "; ".join(f"{question}: {answer}" for question, answer in choice.answers.items())
    items.append(item("Answers", f"{said}."))
    if choice.measured is not None:
        items.append(item("Measured before the run", *measured_words(choice.measured)))
    return tuple(items)


def _followed(choice: MethodChoice) -> Choice | None:
    """Return what the rules make of the answers; None where they are other rules' answers."""
    known = rules()
    if choice.rules != known.version or any(
        known.answer(question, answer) is None for question, answer in choice.answers.items()
    ):
        return None
    return decide(choice.answers, known)


def _head(choice: MethodChoice, found: Choice | None) -> Iterator[str]:
    recommended = METHODS[choice.recommended] if choice.recommended else "no method"
    answers = plural(len(choice.answers), "answer")
    yield f"{answers} under rules version {choice.rules} recommend {recommended}."
    if found is None:
        yield "These rules are not those of this version of segval, which has no words for them."
        return
    yield found.because
    yield from (f"{one}." for one in found.contradictions)


def _points(method: Method, found: Choice) -> Iterator[Item]:
    for_it = found.speaking_for(method.kind)
    against = found.speaking_against(method.kind)
    yield item("Speaks for it", *(_lines(for_it, found) or ["None of the answers."]))
    yield item("Speaks against it", *(_lines(against, found) or ["None of the answers."]))
    further = found.commitments()
    if further:
        yield item("Also commits to", *further)


def _lines(points: Iterable[Asserted], found: Choice) -> list[str]:
    """Return points as paragraphs: each rule once, with its answers and source."""
    by_rule: dict[str, list[Asserted]] = {}
    for one in points:
        by_rule.setdefault(one.point.rule, []).append(one)
    return [
        f"{rule} ({', '.join(_named(one) for one in asserted)}; "
        f"{found.rules.cited(asserted[0].point)})"
        for rule, asserted in by_rule.items()
    ]


def _named(one: Asserted) -> str:
    return f"{one.point.id}, {one.question.id}: {one.answer.id}"


def measured_words(measured: Measured) -> Iterator[str]:
    """Yield what the locked reference says, in sentences."""
    whole, images = measured.overall, plural(measured.cases, "image")
    of_lock = f"Lock {short_digest(measured.manifest_digest)} of {measured.test_set}"
    if whole.objects is None:
        because = measured.not_known_because or "it does not tell objects apart"
        components = plural(whole.components, "connected component")
        yield f"{of_lock}, {images}: {components} of the mask; objects are not counted: {because}."
        return
    touching = plural(whole.touching or 0, "object")
    error, absolute = _signed(whole.count_error or 0), number(whole.absolute_count_error or 0)
    yield (
        f"{of_lock}, {images}: {touching} of {number(whole.objects)} touch another of their class. "
        f"A perfect mask has {plural(whole.components, 'connected component')}: the count would be "
        f"wrong by {error} in sum, by {absolute} image by image, and right in "
        f"{share(whole.cases_counted_exactly or 0, measured.cases)} images."
    )
    if measured.largest:
        largest = [_case(one) for one in measured.largest[:_MOST_CASES]]
        yield f"Largest differences, components for objects: {joined(largest)}."


def measured_lines(measured: Measured | None) -> list[str]:
    """Return the same as lines for a terminal; none where nothing was measured."""
    if measured is None:
        return []
    return ["measured:", *(line for one in measured_words(measured) for line in _wrapped(one))]


def _wrapped(text: str) -> list[str]:
    plain = text.replace("\u00a0", " ").replace(THIN_SPACE, ",")
    return wrap(plain, _TERMINAL_WIDTH, initial_indent="  ", subsequent_indent="    ")


def _case(one: MeasuredCase) -> str:
    return f"{number(one.components)} for {number(one.objects)} in {one.case}"


def _signed(difference: int) -> str:
    return f"+{number(difference)}" if difference > 0 else number(difference)
