"""Doorstop documents as doorstop writes them, and as it should not."""

import pytest

from tests.plan.imports.sources import asking, taken
from validation.errors import RequirementsError
from validation.plan.imports.doorstop import read_doorstop

SETTINGS = b"settings:\n  digits: 3\n  prefix: REQ\n  sep: ''\n"
ITEM = """\
active: true
derived: false
header: ''
level: 1.10
links:
- RISK001: T2tSkn27DO3GXvagwOgNNLvhW4FPNg9gyLfru-l9hWQ=
- SYS001
normative: true
ref: ''
reviewed: null
text: |
  It **shall** count:

  - nuclei
  - 1.0
"""
RISK = """\
active: true
hazard: Missed
harm: Delay
severity: 3
links: []
"""
RISKS = {".doorstop.yml": SETTINGS.replace(b"REQ", b"RISK"), "RISK001.yml": RISK.encode()}


def folder(**items: str) -> dict[str, bytes]:
    named = {f"{name}.yml": text.encode() for name, text in items.items()}
    return {".doorstop.yml": SETTINGS, **named}


def problems(files: dict[str, bytes]) -> list[str]:
    with pytest.raises(RequirementsError) as error:
        taken(read_doorstop(files, "reqs"))
    return [f"{one.where}: {one.what}" for one in error.value.problems]


def test_items_links_and_texts_are_taken() -> None:
    found = taken(
        read_doorstop(folder(REQ002=ITEM, REQ001=ITEM.replace("RISK001", "REQ009")), "reqs"),
        read_doorstop(RISKS, "risks"),
    )
    assert [(one.id, one.risks) for one in found.requirements] == [
        ("REQ001", ()),
        ("REQ002", ("RISK001",)),
    ]
    assert found.requirements[0].text == "It **shall** count:\n\n- nuclei\n- 1.0"
    assert (found.risks[0].severity, found.risks[0].harm) == ("3", "Delay")


def test_numbers_are_read_as_they_are_written() -> None:
    read = read_doorstop(folder(REQ001=ITEM), "reqs")
    assert read.items[0].values["level"] == "1.10"


def test_items_that_do_not_count_are_left_out_and_named() -> None:
    read = read_doorstop(
        {
            **folder(
                REQ001=ITEM,
                REQ002=ITEM.replace("active: true", "active: false"),
                REQ003=ITEM.replace("normative: true", "normative: false"),
            ),
            "README.md": b"# Title",
            "index.yml": b"a: b",
        },
        "reqs",
    )
    assert [one.key for one in read.items] == ["REQ001"]
    said = [one.what for one in read.notes]
    assert said == [
        "not read, as their names are none of items: README.md, index.yml",
        "left out, as not active or not normative: REQ002, REQ003",
    ]


def test_markdown_items_are_taken() -> None:
    attributes = ITEM[: ITEM.index("text:")].replace("header: ''\n", "")
    files = {
        ".doorstop.yml": SETTINGS + b"  itemformat: markdown\n",
        "REQ001.md": f"---\n{attributes}---\n\n# Counting\n\nIt shall\n\n---\ncount.\n".encode(),
        "REQ002.md": f"---\r\n{attributes}---\r\nNo header\r\n".encode(),
    }
    read = read_doorstop(files, "reqs")
    assert read.items[0].values["header"] == "Counting"
    found = taken(read)
    assert [one.text for one in found.requirements] == ["It shall\n\n---\ncount.", "No header"]


def test_an_attribute_can_be_the_id_or_pick_items() -> None:
    items = folder(REQ001=f"{ITEM}doc-id: SYS/1\nstate: done\n", REQ002=f"{ITEM}state: no\n")
    asked = asking("id=doc-id", only=["state=done"])
    found = taken(read_doorstop(items, "reqs"), asked=asked)
    assert [one.id for one in found.requirements] == ["SYS/1"]


def test_everything_wrong_is_told_at_once() -> None:
    unfinished = "expected ',' or ']', but got '<stream end>'"
    assert problems(
        folder(
            REQ001="text: [a\n",
            REQ002="text: &a b\n",
            REQ003="",
            REQ004="- a\n",
            REQ005="links: [1]\ntext: a\n",
            REQ006="text: a\ntext: b\n",
            REQ007="!!python/object:os.system a\n",
        )
    ) == [
        f"reqs/REQ001.yml:2:1: the file is not valid YAML: {unfinished}",
        "reqs/REQ003.yml: the file is empty",
        "reqs/REQ004.yml: it is no mapping of attributes",
        "reqs/REQ005.yml: a link is no id",
        "reqs/REQ006.yml:2: 'text' stands twice (first in line 1)",
        "reqs/REQ007.yml:1: the tag tag:yaml.org,2002:python/object:os.system is not allowed",
    ]


def test_a_list_is_no_text() -> None:
    assert problems(folder(REQ001="text: [a, b]\n")) == [
        "reqs/REQ001.yml (text): text is a list or mapping, not a text"
    ]


@pytest.mark.parametrize("settings", [b"", b"settings: {}\n", b"a: [\n", b"\xff", b"- a\n"])
def test_settings_that_name_no_prefix_are_refused(settings: bytes) -> None:
    assert problems({**folder(REQ001=ITEM), ".doorstop.yml": settings})


@pytest.mark.parametrize("content", [b"text only", b"---\ntext: a\n", b"\xff\xfe"])
def test_markdown_without_attributes_is_refused(content: bytes) -> None:
    files = {".doorstop.yml": SETTINGS + b"  itemformat: markdown\n", "REQ001.md": content}
    assert len(problems(files)) == 1
