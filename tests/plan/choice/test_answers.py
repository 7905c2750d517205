"""Answers in a file: every problem at once with its line, whatever the file holds."""

import pytest

from validation.errors import ProtocolError
from validation.plan.choice.answers import answers_text, read_answers
from validation.plan.choice.rules import rules

ALL = {one.id: one.answers[0].id for one in rules().questions}


def read(text: str | bytes, *, partial: bool = False) -> dict[str, str]:
    content = text if isinstance(text, bytes) else text.encode()
    return read_answers(content, "a.yaml", rules(), partial=partial)


def problems(text: str | bytes, *, partial: bool = False) -> list[str]:
    with pytest.raises(ProtocolError) as caught:
        read(text, partial=partial)
    return [f"{one.where}: {one.what}" for one in caught.value.problems] or [caught.value.what]


def test_what_is_written_is_read_again() -> None:
    assert read(answers_text(ALL, rules())) == ALL


@pytest.mark.parametrize("given", [{}, {"count": "needed"}])
def test_a_draft_can_be_taken_up_again(given: dict[str, str]) -> None:
    text = answers_text(given, rules())
    assert read(text, partial=True) == given
    assert "  # place: edge | server" in text
    assert len(problems(text)) == len(ALL) - len(given)


def test_everything_that_is_wrong_is_told_at_once_with_its_line() -> None:
    text = (
        "format: other\nrules: 2\nmore: 1\nanswers:\n  count: needed\n  count: not_needed\n"
        "  colour: blue\n  area: true\n  trace: [needed]\n  small: &x none\n  clutter: *x\n"
        "  place: !!str edge\n"
    )
    found = problems(text)
    assert [one for one in found if "is not answered" not in one] == [
        "a.yaml:1 (format): format is 'other'; this version of segval has segval/answers/1",
        "a.yaml:2 (rules): rules is 2; this version of segval has 1",
        "a.yaml:3: 'more' is not a field here",
        "a.yaml:6: 'count' stands twice (first in line 5)",
        "a.yaml:7: no question is named 'colour'",
        "a.yaml:8: area has no answer True",
        "a.yaml:9: trace has no answer ['needed']",
        "a.yaml:11: an alias (*name) stands here",
        "a.yaml:12: the tag tag:yaml.org,2002:str is not allowed",
    ]
    told = {one.split(": ")[1].split()[0] for one in found if "is not answered" in one}
    given = {"count", "area", "trace", "small", "clutter", "place"}
    assert told == {one.id for one in rules().questions} - given


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("- 1\n- 2\n", "answers are a mapping of fields"),
        ("just words\n", "answers are a mapping of fields"),
        ("format: segval/answers/1\nrules: 1\n", "answers is missing"),
        ("format: segval/answers/1\nrules: 1\nanswers: 3\n", "answers must be a mapping"),
        ("format: segval/answers/1\nrules: 1\nanswers:\n", "answers must be a mapping"),
        ("format: segval/answers/1\nrules: true\nanswers: {}\n", "rules is True"),
        ("format: segval/answers/1\nanswers: {}\n", "rules is missing"),
        ("a: [1, 2\n", "not valid YAML"),
        (b"\x89PNG\r\n\x1a\n\x00", "not UTF-8 text"),
        (b"a: \x00\n", "not valid YAML"),
        (b"x" * 1_000_001, "at most 1,000,000 are read"),
        ("[" * 200, "nested too deeply"),
    ],
)
def test_hostile_files_are_refused_in_words(text: str | bytes, said: str) -> None:
    found = problems(text)
    assert any(said in one for one in found), found


def test_a_key_of_any_length_is_shown_short_and_inert() -> None:
    text = f'format: segval/answers/1\nrules: 1\nanswers: {{"{"k" * 5000}\\e[2J": 1}}\n'
    (found,) = problems(text, partial=True)
    assert len(found) < 120
    assert "\x1b" not in found


def test_an_unknown_question_names_those_that_there_are() -> None:
    with pytest.raises(ProtocolError, match="the questions are: presence, area, count"):
        read("format: segval/answers/1\nrules: 1\nanswers: {colour: blue}\n", partial=True)
