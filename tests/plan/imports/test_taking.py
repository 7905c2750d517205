"""Requirements, risks and their links, as they are taken; and as YAML that reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.imports.sources import DIGEST, REQUIREMENTS, RISKS, asking, taken
from validation.errors import RequirementsError
from validation.plan.imports.content import Content, Item
from validation.plan.imports.csv_file import read_csv
from validation.plan.imports.drift import differences
from validation.plan.imports.taking import Taken
from validation.plan.imports.yaml_text import scalar, yaml_text
from validation.plan.origin import RequirementSource
from validation.plan.protocol import Requirement, Risk
from validation.plan.source import parse

SRS = "ID,Text,Risks\nREQ-1,one,RISK-1\nREQ-2,two,\n"
FILE = "ID,Hazard,Harm,Severity,Controlled by\nRISK-1,a,b,S1,\nRISK-2,a,b,S2,REQ-2; REQ-1\n"


def srs(text: str = SRS) -> Content:
    return read_csv(text.encode(), "srs.csv", REQUIREMENTS)


def risk_file(text: str = FILE) -> Content:
    return read_csv(text.encode(), "risks.csv", RISKS)


def problems(text: str, risks: Content | None = None) -> list[str]:
    with pytest.raises(RequirementsError) as error:
        taken(srs(text), risks)
    return [f"{one.where}: {one.what}" for one in error.value.problems]


def of(items: dict[str, tuple[str, ...]]) -> Content:
    """Return a source of a tool with trace links."""
    found = [
        Item(f"s.sdoc:{place}", {"UID": key, "STATEMENT": f"text of {key}", "HAZARD": "a",
             "HARM": "b", "SEVERITY": "c"}, key=key, links=links)
        for place, (key, links) in enumerate(items.items(), start=1)
    ]  # fmt: skip
    columns = ("UID", "STATEMENT", "HAZARD", "HARM", "SEVERITY")
    return Content("strictdoc", "s.sdoc", columns, tuple(found))


def test_links_of_both_sides_are_taken_once() -> None:
    found = taken(srs(), risk_file())
    links = {one.id: one.risks for one in found.requirements}
    assert links == {"REQ-1": ("RISK-1", "RISK-2"), "REQ-2": ("RISK-2",)}


@pytest.mark.parametrize("side", ["requirement", "risk"])
def test_trace_links_are_taken_in_either_direction(side: str) -> None:
    forward = side == "requirement"
    requirements = of({"REQ-1": ("RISK-1", "SYS-9") if forward else ()})
    risks = of({"RISK-1": () if forward else ("REQ-1",)})
    found = taken(requirements, risks)
    assert found.requirements[0].risks == ("RISK-1",)
    assert [one.what for one in found.notes] == [
        "1 time(s): trace links lead to something that is no risk taken, e.g. 'SYS-9'"
    ] * forward


def test_a_risk_that_no_source_has_is_refused() -> None:
    said = problems("ID,Text,Risks\nREQ-1,one,RISK-9\n", risk_file())
    assert said == ["srs.csv:2 (Risks): no risk of the sources has the id 'RISK-9'"]


def test_everything_wrong_is_told_at_once() -> None:
    said = problems('ID,Text,Risks\nREQ-1,,\n,two,\nREQ-1,x,\n"A,B",y,\nR\u202e1,z,\nC,z,"a  b"\n')
    pattern = "an id is one line without commas, semicolons and repeated spaces"
    unseen = "must hold no character without appearance (U+202E)"
    assert said == [
        "srs.csv:3 (ID): it has no id",
        "srs.csv:4 (ID): the id 'REQ-1' is given twice (first at srs.csv:2 (ID))",
        "srs.csv:2 (Text): REQ-1 has no text",
        f"srs.csv:5 (ID): the id of 'A,B' cannot be taken: {pattern}",
        f"srs.csv:6 (ID): the id of 'R\\u202e1' cannot be taken: {unseen}",
        f"srs.csv:7 (Risks): the risks of 'C' cannot be taken: {pattern}",
    ]


@pytest.mark.parametrize(
    "name", ["_a1b2-c3", "SYS/REQ-1", "REQ 1 (b)", "Größe-1", "=1+1", "..", "1.0"]
)
def test_ids_of_other_tools_stay_as_they_are(name: str) -> None:
    found = taken(srs(f"ID,Text\n{name},one\n"))
    assert found.requirements[0].id == name
    again = parse(yaml_text(found).encode(), "x").values
    assert again["requirements"][0]["id"] == name


@pytest.mark.parametrize(
    "name",
    [
        "a" * 101,
        "a\tb",
        "a\u200bb",
        "Gro\u0308sse",
        "a\u2028b",
        "a\u00a0b",
        "\ue000\u202dx",
        "a\x07",
    ],
)
def test_ids_that_could_be_mistaken_are_refused_and_not_changed(name: str) -> None:
    assert len(problems(f'ID,Text\n"{name}",one\n')) == 1


def test_only_that_leaves_nothing_lists_the_values() -> None:
    asked = asking(only=["Risks=x"])
    with pytest.raises(RequirementsError) as error:
        taken(read_csv(SRS.encode(), "srs.csv", asked), asked=asked)
    assert "'', 'RISK-1'" in error.value.problems[0].fix


def test_many_problems_are_counted_and_some_listed() -> None:
    with pytest.raises(RequirementsError, match="5,000 problems, of which 200") as error:
        taken(srs("ID,Text\n" + "".join(f"R{one},\n" for one in range(5000))))
    assert len(error.value.problems) == 200


def test_only_linked_risks_are_left() -> None:
    text = FILE.replace("REQ-2; REQ-1", "REQ-7")
    found = taken(srs(), risk_file(text), only_linked=True)
    assert [one.id for one in found.risks] == ["RISK-1"]
    assert "'REQ-7'" in found.notes[0].what


def test_a_broken_option_is_refused() -> None:
    for option in ("text", "=x", "colour=x"):
        with pytest.raises(RequirementsError):
            asking(option)


# --- YAML -----------------------------------------------------------------------------------

SOURCE = RequirementSource(holds="requirements", kind="csv", name="a.csv", digest=DIGEST)
MANGLED = [
    "yes", "no", "null", "~", "1.0", "1e3", "0x1F", "0o17", ".inf", "2026-02-01", "a: b", "a #b",
    "- a", "? a", "a:", "[a]", "{a}", "'a'", '"a"', "%a", "@a", "`a`", "&a", "*a", "!a", "| a",
    "> a", "a\n\n  b\n\tc", "a\n- b: c\n# d", "---", "...", "a\u2028b", "a\ufeffb", "a\u0085b"[:1],
    "\\n", "\U0001f9ec", "a\n \nb", "=1+1", "On", "12:30", "one,two", "a\nb\u2029c", "<<", "=",
]  # fmt: skip


def _written(text: str) -> Taken:
    one = Requirement(id="R", text=text, risks=("K",))
    risk = Risk(id="K", hazard=text, harm="h", severity="1.0")
    return Taken((one,), (risk,), (SOURCE,), (), has_risks=True, has_links=True)


@pytest.mark.parametrize("text", MANGLED)
def test_texts_that_yaml_would_mangle_survive(text: str) -> None:
    found = parse(yaml_text(_written(text)).encode(), "x").values
    assert found["requirements"][0]["text"] == text
    assert found["risks"][0]["hazard"] == text
    assert found["risks"][0]["severity"] == "1.0"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t :-#'\"")))
def test_any_text_of_a_protocol_survives(text: str) -> None:
    if text.strip():
        yaml_text(_written(text.strip()))  # reads back what it wrote


def test_prose_stands_without_quotes_and_lines_as_lines() -> None:
    assert scalar("At least 90 % of nuclei shall be found.", 2) == (
        "At least 90 % of nuclei shall be found."
    )
    assert scalar("one\n\n- two", 2) == "|-\n  one\n\n  - two"


def test_more_than_a_protocol_holds_is_refused() -> None:
    text = "ID,Text\n" + "".join(f"R{one},{'word ' * 100}\n" for one in range(2500))
    with pytest.raises(RequirementsError, match="at most 1,000,000"):
        yaml_text(taken(srs(text)))


# --- what changed ---------------------------------------------------------------------------


class Plan:
    """The part of a protocol that is compared."""

    def __init__(self, requirements: list[Requirement], risks: list[Risk]) -> None:
        self.requirements, self.risks = requirements, risks


def changed(plan: Plan, found: Taken, *, part: bool = False) -> list[str]:
    return [one.words() for one in differences(found, plan, part=part)]  # type: ignore[arg-type]


def test_the_same_is_the_same() -> None:
    found = taken(srs(), risk_file())
    plan = Plan(list(found.requirements), list(reversed(found.risks)))
    assert changed(plan, found) == []


def test_every_kind_of_change_is_told() -> None:
    found = taken(srs(), risk_file())
    one, two = found.requirements
    first, second = found.risks
    plan = Plan(
        [one.model_copy(update={"text": "One"}), Requirement(id="REQ-3", text="three")],
        [first.model_copy(update={"severity": "S2"}), second],
    )
    assert changed(plan, found) == [
        "requirement REQ-1: text changed",
        "requirement REQ-3: no longer in the source",
        "requirement REQ-2: not in the protocol",
        "risk RISK-1: severity changed",
    ]
    plan = Plan([one.model_copy(update={"risks": ("RISK-1",)}), two], [first, second])
    assert changed(plan, found) == ["requirement REQ-1: risks changed"]
    plan = Plan([one], [first])
    assert changed(plan, found, part=True) == []


def test_links_are_not_compared_where_the_source_has_none() -> None:
    found = taken(srs("ID,Text\nREQ-1,one\n"))
    plan = Plan([Requirement(id="REQ-1", text="one", risks=("RISK-1",))], [])
    assert changed(plan, found) == []


def test_a_change_of_line_breaks_alone_says_so() -> None:
    found = taken(srs('ID,Text\nREQ-1,"one\ntwo"\n'))
    plan = Plan([Requirement(id="REQ-1", text="one two")], [])
    assert changed(plan, found) == ["requirement REQ-1: text changed (line breaks and spaces only)"]
