"""StrictDoc documents in the spellings of its releases, cut off and broken ones."""

import pytest

from tests.plan.imports.sources import asking, taken
from validation.errors import RequirementsError
from validation.plan.imports.strictdoc import read_strictdoc

NEW = """\
[DOCUMENT]
MID: 1f
TITLE: Software requirements
UID: SRS
VERSION: 1.10
OPTIONS:
  MARKUP: Text
  REQUIREMENT_STYLE: Table
METADATA:
  Owner: QA

[GRAMMAR]
ELEMENTS:
- TAG: REQUIREMENT
  FIELDS:
  - TITLE: UID
    TYPE: String
    REQUIRED: True
  RELATIONS:
  - TYPE: Parent
- TAG: RISK
  FIELDS:
  - TITLE: HAZARD
    TYPE: String
    REQUIRED: True

[TEXT]
STATEMENT: >>>
[REQUIREMENT] is only a word here.
<<<

[[SECTION]]
TITLE: Counting

[REQUIREMENT]
UID: SYS/REQ-1
STATUS: Approved
TITLE: Count
STATEMENT: >>>
It shall count:

- nuclei
- STATEMENT: yes
<<<
COMMENT: one
COMMENT: two
RELATIONS:
- TYPE: Parent
  VALUE: RISK-1
  ROLE: Mitigates
- TYPE: File
  VALUE: /src/count.py

[[REQUIREMENT]]
UID: REQ-2
STATEMENT: It shall [LINK: SYS/REQ-1] and more.

[REQUIREMENT]
UID: REQ-3
STATEMENT: within another

[[/REQUIREMENT]]

[[/SECTION]]

[RISK]
UID: RISK-1
HAZARD: Missed
HARM: Delay
SEVERITY: S3
"""
OLD = """\
[DOCUMENT]
TITLE: Old

[FREETEXT]
UID: is only a word here
[/FREETEXT]

[SECTION]
TITLE: One

[COMPOSITE_REQUIREMENT]
UID: A
REFS:
- TYPE: Parent
  VALUE: B
STATEMENT: one

[REQUIREMENT]
UID: C
STATEMENT: three

[/COMPOSITE_REQUIREMENT]

[/SECTION]
"""
ONLY = asking(only=["TAG=REQUIREMENT"])
RISKS = asking(only=["TAG=RISK"], what="risks")


def problems(text: str) -> list[str]:
    with pytest.raises(RequirementsError) as error:
        read_strictdoc(text.encode(), "srs.sdoc")
    return [f"{one.where}: {one.what}" for one in error.value.problems] or [error.value.what]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_requirements_and_risks_of_one_document(ends: str) -> None:
    read = read_strictdoc(NEW.replace("\n", ends).encode(), "srs.sdoc")
    found = taken(read, read, asked=ONLY, asked_risks=RISKS)
    assert [(one.id, one.text, one.risks) for one in found.requirements] == [
        ("SYS/REQ-1", "It shall count:\n\n- nuclei\n- STATEMENT: yes", ("RISK-1",)),
        ("REQ-2", "It shall [LINK: SYS/REQ-1] and more.", ()),
        ("REQ-3", "within another", ()),
    ]
    assert [(one.id, one.hazard) for one in found.risks] == [("RISK-1", "Missed")]
    assert found.sources[0].baseline == "1.10"
    assert found.sources[0].only == ("TAG=REQUIREMENT",)


def test_the_old_spelling_is_read() -> None:
    read = read_strictdoc(OLD.encode(), "srs.sdoc")
    assert [(one.key, one.links) for one in read.items] == [("A", ("B",)), ("C", ())]


def test_a_node_without_uid_is_told_by_line() -> None:
    read = read_strictdoc(NEW.replace("UID: REQ-3\n", "").encode(), "srs.sdoc")
    with pytest.raises(RequirementsError) as error:
        taken(read, asked=ONLY)
    assert [one.where for one in error.value.problems] == ["srs.sdoc:58 (UID)"]


def test_a_field_that_stands_twice_is_refused_where_it_is_read() -> None:
    read = read_strictdoc(NEW.encode(), "srs.sdoc")
    asked = asking("text=COMMENT", only=["UID=SYS/REQ-1"])
    with pytest.raises(RequirementsError) as error:
        taken(read, asked=asked)
    assert "COMMENT stands twice" in error.value.problems[0].what


def test_a_document_that_includes_others_says_so() -> None:
    text = "[DOCUMENT]\nTITLE: A\n\n[DOCUMENT_FROM_FILE]\nFILE: other.sdoc\n"
    read = read_strictdoc(text.encode(), "srs.sdoc")
    assert [one.what for one in read.notes] == ["the included file 'other.sdoc' is not read"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (NEW[: NEW.index("- STATEMENT: yes")], "the text of STATEMENT has no end"),
        (NEW[: NEW.index("[[/SECTION]]")], "[SECTION] has no end"),
        (OLD[: OLD.index("[/FREETEXT]")], "[FREETEXT] has no end"),
        ("[DOCUMENT]\nTITLE: A\n\n[/SECTION]\n", "which did not begin"),
        ("[DOCUMENT]\nTITLE: A\n\n[REQUIREMENT]\nUID: A\nand more\n", "no field, relation or node"),
        ("[DOCUMENT]\nTITLE: A\n\n[[S]]\nUID: A\n[[/S]]\nX: y\n", "belongs to no node"),
        ("# Title\n", "does not begin with"),
        ("[REQUIREMENT]\nUID: A\n", "does not begin with [DOCUMENT]"),
        ("[document]\n", "does not begin with"),
    ],
)
def test_what_is_cut_off_or_broken_is_refused(text: str, what: str) -> None:
    assert any(what in one for one in problems(text))


def test_every_broken_line_is_told() -> None:
    text = "[DOCUMENT]\nTITLE: A\n\n[REQUIREMENT]\nUID: A\none\nSTATEMENT: b\ntwo\n"
    assert [one.partition(": ")[0] for one in problems(text)] == ["srs.sdoc:6", "srs.sdoc:8"]
