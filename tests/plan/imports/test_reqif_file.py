"""ReqIF that follows the schema of OMG, that the package wrote, and that is hostile."""

import io
import zipfile
from pathlib import Path

import pytest
import reqif
import xmlschema
from lxml import etree

from tests.plan.imports.reqif_sample import XHTML
from tests.plan.imports.reqif_sample import reqif as sample
from tests.plan.imports.sources import asking, taken
from validation.errors import RequirementsError
from validation.plan.imports.content import Fault
from validation.plan.imports.reqif_file import read_reqif
from validation.plan.imports.xhtml_text import xhtml_text

ONLY = asking(only=["TYPE=Requirement"])
RISKS = asking("id=IDENTIFIER", only=["TYPE=Risk"], what="risks")


def refusal(text: str | bytes) -> RequirementsError:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(RequirementsError) as error:
        read_reqif(content, "srs.reqif")
    return error.value


def test_the_sample_follows_the_schema() -> None:
    path = Path(reqif.__file__).parent / "reqif_schema/reqif.xsd"
    xmlschema.XMLSchema(str(path), allow="local").validate(sample())


def test_objects_become_requirements_and_risks() -> None:
    read = read_reqif(sample().encode(), "srs.reqif")
    found = taken(read, read, asked=ONLY, asked_risks=RISKS)
    assert [(one.id, one.text, one.risks) for one in found.requirements] == [
        ("SYS/REQ-1", "It shall count:\n\n- nuclei all\n- 10^(-6) m", ("_r1",)),
        ("REQ-2", "two", ()),
    ]
    assert [(one.id, one.hazard) for one in found.risks] == [("_r1", "Missed < 1\noften")]
    assert [one.what for one in found.notes] == [
        "1 object(s) stand in no specification, and are read as well"
    ] * 2


def test_attributes_are_chosen_by_their_long_names() -> None:
    read = read_reqif(sample().encode(), "srs.reqif")
    assert read.columns == (
        "IDENTIFIER", "LONG-NAME", "DESC", "TYPE", "ReqIF.ChapterName", "ReqIF.ForeignID",
        "ReqIF.Text", "Status", "Hazard", "Harm", "Severity",
    )  # fmt: skip
    asked = asking("id=IDENTIFIER", only=["Status=Approved"])
    found = taken(read, asked=asked)
    assert [one.id for one in found.requirements] == ["_a1-c3"]


def test_what_the_package_writes_is_read() -> None:
    from reqif.parser import ReqIFParser
    from reqif.unparser import ReqIFUnparser

    written = ReqIFUnparser.unparse(ReqIFParser.parse_from_string(sample()))
    again = read_reqif(written.encode(), "srs.reqif")
    assert (
        taken(again, asked=ONLY).requirements
        == taken(read_reqif(sample().encode(), "srs.reqif"), asked=ONLY).requirements
    )


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_are_read_as_the_file_states(encoding: str) -> None:
    text = sample("<xhtml:div>Größe</xhtml:div>").replace("UTF-8", encoding)
    found = taken(read_reqif(text.encode(encoding), "srs.reqif"), asked=ONLY)
    assert found.requirements[0].text == "Größe"


def test_an_archive_is_read_file_by_file() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("srs.reqif", sample())
        archive.writestr("picture.png", b"\x89PNG")
    read = read_reqif(stream.getvalue(), "srs.reqifz")
    assert read.items[0].where == "srs.reqifz/srs.reqif, object _h"
    assert len(read.items) == 4


def test_the_same_object_in_two_files_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.reqif", sample())
        archive.writestr("b.reqif", sample())
    assert "stands twice" in refusal(stream.getvalue()).problems[0].what


# --- hostile and damaged ---------------------------------------------------------------------

LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "declared",
    [
        LAUGHS,
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
    ],
)
def test_a_document_type_is_refused(declared: str) -> None:
    text = sample("<xhtml:div>&a;</xhtml:div>").replace("<REQ-IF ", f"{declared}<REQ-IF ", 1)
    assert "document type" in refusal(text).what


def test_an_unknown_entity_is_refused() -> None:
    assert "no XML" in refusal(sample("<xhtml:div>&nbsp;</xhtml:div>")).what


def test_nesting_without_end_is_refused() -> None:
    deep = "<xhtml:div>" * 100_000 + "</xhtml:div>" * 100_000
    refusal(sample(deep))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_refused(share: float) -> None:
    text = sample()
    refusal(text[: int(len(text) * share)])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("<REQ-IF-CONTENT>", "<REQ-IF-CONTENT><NEW/>", ""),
        ("t-req</SPEC-OBJECT-TYPE-REF>", "t-x</SPEC-OBJECT-TYPE-REF>", "its type 't-x'"),
        (">a-id</ATTR", ">a-x</ATTR", "no attribute 'a-x'"),
        ('IDENTIFIER="_b2"', 'IDENTIFIER="_h"', ""),
        ("<SOURCE>", "<SOURCES>", ""),
        ("SPEC-OBJECT IDENTIFIER", "SPEC-OBJECT ID", ""),
        ("<REQ-IF ", "<ReqIF ", ""),
    ],
)
def test_what_does_not_have_the_form_is_refused_or_read_whole(
    old: str, new: str, what: str
) -> None:
    text = sample().replace(old, new)
    if old == "<REQ-IF-CONTENT>":  # what is not known stands beside what is
        assert len(read_reqif(text.encode(), "srs.reqif").items) == 4
        return
    said = refusal(text)
    assert what in " ".join([said.what, *(one.what for one in said.problems)])


def test_more_than_memory_holds_is_refused_before_it_is_read() -> None:
    assert "at most 50,000,000" in refusal(b" " * 50_000_001).what


def test_another_kind_of_xml_and_none_at_all_are_refused() -> None:
    refusal("<html/>")
    refusal("ID,Text\n")
    refusal(b"\x00\x01\x02")
    empty = '<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd"/>'
    assert "without content" in refusal(empty).what


def test_a_default_is_not_taken_for_a_value() -> None:
    default = (
        "<DEFAULT-VALUE><ATTRIBUTE-VALUE-ENUMERATION><DEFINITION>"
        "<ATTRIBUTE-DEFINITION-ENUMERATION-REF>a-status</ATTRIBUTE-DEFINITION-ENUMERATION-REF>"
        "</DEFINITION><VALUES><ENUM-VALUE-REF>e-1</ENUM-VALUE-REF></VALUES>"
        "</ATTRIBUTE-VALUE-ENUMERATION></DEFAULT-VALUE>"
    )
    text = sample(default=default)
    start = text.index("<ATTRIBUTE-VALUE-ENUMERATION>", text.index("<SPEC-OBJECTS>"))
    end = text.index("</ATTRIBUTE-VALUE-ENUMERATION>", start) + len(
        "</ATTRIBUTE-VALUE-ENUMERATION>"
    )
    asked = asking(only=["Status=Approved"])
    with pytest.raises(RequirementsError) as error:
        taken(read_reqif((text[:start] + text[end:]).encode(), "srs.reqif"), asked=asked)
    assert "has a default" in error.value.problems[0].what


# --- formatted text ---------------------------------------------------------------------------


def plain(inside: str) -> str | Fault:
    return xhtml_text(etree.fromstring(f'<a xmlns="{XHTML}">{inside}</a>'))


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<p>one</p>\n <p>two <b>bold</b>\n words</p>", "one\n\ntwo bold words"),
        ("one<br/>two<br/><br/>three", "one\ntwo\n\nthree"),
        ("<ol><li>a</li><li><p>b</p></li></ol>", "1. a\n2. b"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
         "a | b\nc | d"),
        ("<pre>a  b\n c</pre>", "a  b\n c"),
        ("m<sup>2</sup>, 10<sup>-6</sup>, H<sub>2</sub>O", "m^2, 10^(-6), H_2O"),
        ("a&#160;b &lt;c&gt;", "a\u00a0b <c>"),
        ("<ins>new</ins> <a href='http://x'>link</a>", "new link"),
        ("", ""),
    ],
)  # fmt: skip
def test_formatted_text_becomes_lines(inside: str, text: str) -> None:
    assert plain(inside) == text


@pytest.mark.parametrize(
    "inside",
    [
        "<del>old</del>new",
        "<span style='text-decoration: line-through'>old</span>",
        "<object data='x.png' type='image/png'/>",
        "<script>a</script>",
        "<math>x</math>",
    ],
)
def test_what_plain_text_cannot_say_is_refused(inside: str) -> None:
    assert isinstance(plain(inside), Fault)
    prefixed = (
        inside.replace("</", "</xhtml:")
        .replace("<", "<xhtml:")
        .replace("<xhtml:/xhtml:", "</xhtml:")
    )
    read = read_reqif(sample(f"<xhtml:div>{prefixed}</xhtml:div>").encode(), "srs.reqif")
    with pytest.raises(RequirementsError) as error:
        taken(read, asked=ONLY)
    assert [one.where for one in error.value.problems] == ["srs.reqif, object _a1-c3 (ReqIF.Text)"]
