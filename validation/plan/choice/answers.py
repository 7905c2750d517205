"""Answers as a file: read with every problem at once, and written again.

The file is YAML, format ``segval/answers/1``: the version of the rules that the answers were given
under, and an answer for each question.
"""

from collections.abc import Iterator, Mapping

from validation.errors import Problem, ProtocolError
from validation.plan.choice.rules import Question, Rules
from validation.plan.source import Path, Source, parse_with_problems

FORMAT = "segval/answers/1"
_WHAT = "the file of answers"
_FIELDS = ("format", "rules", "answers")
_LONGEST_SHOWN = 60


def read_answers(content: bytes, name: str, rules: Rules, *, partial: bool) -> dict[str, str]:
    """Return the answers in a file, by question, in the order of the questions.

    Args:
        content: Bytes of the file.
        name: Its name, for messages.
        rules: The questions.
        partial: Whether questions may be left open.

    Raises:
        ProtocolError: The bytes are no YAML, or with every problem: keys that stand twice,
            unknown questions and answers, questions left open, values of a wrong type.
    """
    source, refused = parse_with_problems(content, name, _WHAT)
    found = [(source.line(path), problem) for path, problem in _problems(source, rules)]
    found += [(_line_of(one), one) for one in refused]
    if not partial:
        found += list(_left_open(source, rules))
    if found:
        problems = [problem for _, problem in sorted(found, key=lambda pair: pair[0])]
        said = f"{_WHAT} has {len(problems)} problem(s)"
        raise ProtocolError(said, where=name, problems=problems)
    given = _answers(source)
    return {one.id: given[one.id] for one in rules.questions if one.id in given}


def _line_of(problem: Problem) -> int:
    return int(problem.where.rpartition(":")[2])


def _answers(source: Source) -> Mapping[str, str]:
    """Return what stands under ``answers``, as far as it is a mapping."""
    values = source.values.get("answers") if isinstance(source.values, dict) else None
    return values if isinstance(values, dict) else {}


def _problems(source: Source, rules: Rules) -> Iterator[tuple[Path, Problem]]:
    values = source.values
    if not isinstance(values, dict):
        fix = f"write `format: {FORMAT}`, `rules: {rules.version}` and `answers:`"
        yield (), Problem(source.where(()), "answers are a mapping of fields", fix)
        return
    for name in values:
        if name not in _FIELDS:
            fix = f"the fields are {', '.join(_FIELDS)}"
            what = f"{_shown(name)} is not a field here"
            yield (name,), _at(source, (name,), what, fix)
    yield from _heads(source, rules)
    given = values.get("answers")
    if not isinstance(given, dict):
        what = "answers is missing" if "answers" not in values else "answers must be a mapping"
        yield ("answers",), Problem(source.where(("answers",)), what, "one `question: answer` each")
        return
    for question, answer in given.items():
        path: Path = ("answers", question)
        said = _objection(question, answer, rules)
        if said:
            yield path, _at(source, path, *said)


def _at(source: Source, path: Path, what: str, fix: str) -> Problem:
    """Return a problem by its line alone: a key can be of any length and hold anything."""
    return Problem(f"{source.name}:{source.line(path)}", what, fix)


def _heads(source: Source, rules: Rules) -> Iterator[tuple[Path, Problem]]:
    for name, asked in (("format", FORMAT), ("rules", rules.version)):
        given = source.values.get(name)
        if name not in source.values:
            yield (name,), Problem(source.where(()), f"{name} is missing", f"add `{name}: {asked}`")
        elif given != asked or isinstance(given, bool):
            what = f"{name} is {_shown(given)}; this version of segval has {asked}"
            fix = "answer the questions again" if name == "rules" else ""
            yield (name,), Problem(source.where((name,)), what, fix)


def _objection(question_id: str, answer: object, rules: Rules) -> tuple[str, str] | None:
    question = rules.question(question_id)
    if question is None:
        listed = ", ".join(one.id for one in rules.questions)
        return f"no question is named {_shown(question_id)}", f"the questions are: {listed}"
    if not isinstance(answer, str) or rules.answer(question_id, answer) is None:
        return f"{question_id} has no answer {_shown(answer)}", _choices(question)
    return None


def _choices(question: Question) -> str:
    return f"the answers are: {', '.join(one.id for one in question.answers)}"


def _left_open(source: Source, rules: Rules) -> Iterator[tuple[int, Problem]]:
    if not (isinstance(source.values, dict) and isinstance(source.values.get("answers"), dict)):
        return
    path: Path = ("answers",)
    for question in rules.questions:
        if question.id not in _answers(source):
            what = f"{question.id} is not answered: {question.question}"
            yield source.line(path), Problem(source.where(path), what, _choices(question))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def answers_text(answers: Mapping[str, str], rules: Rules) -> str:
    """Return answers as the text of a file; questions that are left out stand as comments."""
    lines = [
        "# Answers to the questions of `segval choose`, which says what follows from them.",
        f"format: {FORMAT}",
        f"rules: {rules.version}",
        "answers:" if answers else "answers: {}",
    ]
    for question in rules.questions:
        chosen = answers.get(question.id)
        ids = " | ".join(one.id for one in question.answers)
        lines.append(f"  # {question.question}")
        lines.append(
            f"  # {question.id}: {ids}" if chosen is None else f"  {question.id}: {chosen}"
        )
    return "\n".join(lines) + "\n"
