"""The questions and rules of the choice of a method: `rules.yaml`, read once.

Rules are data, so that whoever answers for quality can read and question each one. The file says
what the words of a point mean and in which order points decide; `validation.plan.choice.decide`
carries that out.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from validation.plan.method import AnswerId, Kind, QuestionId
from validation.plan.source import parse
from validation.record import Line, Prose, Record

_FILE = Path(__file__).with_name("rules.yaml")

Does = Literal["requires", "excludes", "for", "against", "takes"]
"""What a point does for a method, as the head of `rules.yaml` says."""


class RuleSource(Record):
    """A publication, standard or page that rules come from."""

    name: Line
    """As it is cited, e.g. ``ISO 14971``."""
    title: Line
    """As it can be found."""


class Point(Record):
    """What an answer says to a method, and by which rule."""

    id: Annotated[str, StringConstraints(pattern=r"^R[0-9]{2,3}$")]
    """Id of the rule, e.g. ``R03``."""
    method: Kind
    """The method that it is about."""
    does: Does
    """What it does for that method."""
    rule: Line
    """The rule, in a sentence."""
    source: str
    """Key of the source."""
    part: Line | None = None
    """Clause or topic of the source."""


class Answer(Record):
    """A possible answer to a question."""

    id: AnswerId
    text: Line
    points: tuple[Point, ...] = ()
    """None: it says nothing to any method."""
    commits: tuple[Line, ...] = ()
    """What else has to be done, whatever the method."""


class Question(Record):
    """A question on the use of the result, in the words of the field."""

    id: QuestionId
    topic: Line
    """What it is about; questions of a topic follow one another."""
    question: Line
    why: Prose
    """Why it is asked."""
    answers: Annotated[tuple[Answer, ...], Field(min_length=2, max_length=9)]


class MethodTerms(Record):
    """What a method commits to, and what it gives up."""

    means: Line
    """The evidence, in a sentence."""
    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    """Metrics of the catalogue that such evidence is judged by, the most used ones."""
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    """Files of a record that hold it."""
    annotation: Prose
    """What the reference standard has to say."""
    gives_up: Annotated[tuple[Line, ...], Field(min_length=1)]
    """What cannot be said with it."""


class Asserted(NamedTuple):
    """A point, and the answer that makes it."""

    question: Question
    answer: Answer
    point: Point


class Rules(Record):
    """Every question with its answers and their points."""

    version: Annotated[int, Field(ge=1)]
    """Raised with every change; a protocol names the one that it was made with."""
    sources: Mapping[str, RuleSource]
    methods: Mapping[Kind, MethodTerms]
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_are_unique_and_sources_exist(self) -> Self:
        _require_unique("question", [one.id for one in self.questions])
        for question in self.questions:
            _require_unique(f"answer to {question.id}", [one.id for one in question.answers])
        _require_unique("rule", [one.point.id for one in self.every_point()])
        for one in self.every_point():
            if one.point.source not in self.sources:
                raise ValueError(f"{one.point.id} names no source: {one.point.source}")
        return self

    def every_point(self) -> Iterator[Asserted]:
        """Yield every point with its question and answer, in the order of the file."""
        for question in self.questions:
            for answer in question.answers:
                for point in answer.points:
                    yield Asserted(question, answer, point)

    def question(self, question_id: str) -> Question | None:
        """Return a question; None where none has the id."""
        return next((one for one in self.questions if one.id == question_id), None)

    def answer(self, question_id: str, answer_id: str) -> Answer | None:
        """Return an answer; None where there is no such question or answer."""
        question = self.question(question_id)
        answers = question.answers if question else ()
        return next((one for one in answers if one.id == answer_id), None)

    def cited(self, point: Point) -> str:
        """Return the source of a point with its part, e.g. ``ISO 14971, 7.2``."""
        name = self.sources[point.source].name
        return f"{name}, {point.part}" if point.part else name


def _require_unique(what: str, ids: list[str]) -> None:
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    if repeated:
        raise ValueError(f"each {what} has an id of its own; these stand twice: {repeated}")


def rules_content() -> bytes:
    """Return the bytes of the file of rules, as documents embed it."""
    return _FILE.read_bytes()


def rules_from(content: bytes, name: str) -> Rules:
    """Return the rules in a file.

    Raises:
        ProtocolError: The bytes are no YAML.
        pydantic.ValidationError: They do not have the form of rules.
    """
    return Rules.model_validate(parse(content, name).values)


@cache
def rules() -> Rules:
    """Return the rules of this version of segval."""
    return rules_from(rules_content(), _FILE.name)
