"""A ReqIF file as the schema of OMG has it, with what tools put into one."""

XHTML = "http://www.w3.org/1999/xhtml"
LIST = (
    "<xhtml:div>It shall count: <xhtml:br/><xhtml:ul><xhtml:li>nuclei <xhtml:b>all</xhtml:b>"
    "</xhtml:li><xhtml:li>10<xhtml:sup>-6</xhtml:sup> m</xhtml:li></xhtml:ul></xhtml:div>"
)


def _string(name: str, value: str) -> str:
    return (
        f'<ATTRIBUTE-VALUE-STRING THE-VALUE="{value}"><DEFINITION>'
        f"<ATTRIBUTE-DEFINITION-STRING-REF>{name}</ATTRIBUTE-DEFINITION-STRING-REF>"
        "</DEFINITION></ATTRIBUTE-VALUE-STRING>"
    )


def _formatted(value: str) -> str:
    return (
        "<ATTRIBUTE-VALUE-XHTML><DEFINITION>"
        "<ATTRIBUTE-DEFINITION-XHTML-REF>a-text</ATTRIBUTE-DEFINITION-XHTML-REF></DEFINITION>"
        f"<THE-VALUE>{value}</THE-VALUE></ATTRIBUTE-VALUE-XHTML>"
    )


def _status(value: str) -> str:
    return (
        "<ATTRIBUTE-VALUE-ENUMERATION><DEFINITION>"
        "<ATTRIBUTE-DEFINITION-ENUMERATION-REF>a-status</ATTRIBUTE-DEFINITION-ENUMERATION-REF>"
        f"</DEFINITION><VALUES><ENUM-VALUE-REF>{value}</ENUM-VALUE-REF></VALUES>"
        "</ATTRIBUTE-VALUE-ENUMERATION>"
    )


def _object(identifier: str, kind: str, *values: str) -> str:
    return (
        f'<SPEC-OBJECT IDENTIFIER="{identifier}" LAST-CHANGE="2026-01-01T00:00:00Z">'
        f"<VALUES>{''.join(values)}</VALUES>"
        f"<TYPE><SPEC-OBJECT-TYPE-REF>{kind}</SPEC-OBJECT-TYPE-REF></TYPE></SPEC-OBJECT>"
    )


def _defined(kind: str, identifier: str, name: str, data_type: str, default: str = "") -> str:
    at = 'LAST-CHANGE="2026-01-01T00:00:00Z"'
    head = f'<ATTRIBUTE-DEFINITION-{kind} IDENTIFIER="{identifier}" {at} LONG-NAME="{name}">'
    if kind == "ENUMERATION":
        head = head.replace(">", ' MULTI-VALUED="false">')
    return (
        f"{head}{default}<TYPE><DATATYPE-DEFINITION-{kind}-REF>{data_type}"
        f"</DATATYPE-DEFINITION-{kind}-REF></TYPE></ATTRIBUTE-DEFINITION-{kind}>"
    )


def reqif(text: str = LIST, *, foreign: str = "SYS/REQ-1", default: str = "") -> str:
    """Return a ReqIF file with a heading, two requirements and a risk, linked."""
    at = 'LAST-CHANGE="2026-01-01T00:00:00Z"'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment, as some tools write one -->
<REQ-IF xmlns="http://www.omg.org/spec/ReqIF/20110401/reqif.xsd" xmlns:xhtml="{XHTML}">
<THE-HEADER><REQ-IF-HEADER IDENTIFIER="h"><CREATION-TIME>2026-01-01T00:00:00Z</CREATION-TIME>
<REPOSITORY-ID>r</REPOSITORY-ID><REQ-IF-TOOL-ID>t</REQ-IF-TOOL-ID>
<REQ-IF-VERSION>1.0</REQ-IF-VERSION><SOURCE-TOOL-ID>s</SOURCE-TOOL-ID><TITLE>SRS</TITLE>
</REQ-IF-HEADER></THE-HEADER>
<CORE-CONTENT><REQ-IF-CONTENT>
<DATATYPES>
<DATATYPE-DEFINITION-STRING IDENTIFIER="d-string" {at} LONG-NAME="T" MAX-LENGTH="1000"/>
<DATATYPE-DEFINITION-XHTML IDENTIFIER="d-xhtml" {at} LONG-NAME="X"/>
<DATATYPE-DEFINITION-ENUMERATION IDENTIFIER="d-enum" {at} LONG-NAME="E"><SPECIFIED-VALUES>
<ENUM-VALUE IDENTIFIER="e-1" {at} LONG-NAME="Approved"><PROPERTIES>
<EMBEDDED-VALUE KEY="1" OTHER-CONTENT=""/></PROPERTIES></ENUM-VALUE>
<ENUM-VALUE IDENTIFIER="e-2" {at} LONG-NAME="Draft"><PROPERTIES>
<EMBEDDED-VALUE KEY="2" OTHER-CONTENT=""/></PROPERTIES></ENUM-VALUE>
</SPECIFIED-VALUES></DATATYPE-DEFINITION-ENUMERATION>
</DATATYPES>
<SPEC-TYPES>
<SPEC-OBJECT-TYPE IDENTIFIER="t-req" {at} LONG-NAME="Requirement"><SPEC-ATTRIBUTES>
{_defined("STRING", "a-id", "ReqIF.ForeignID", "d-string")}
{_defined("XHTML", "a-text", "ReqIF.Text", "d-xhtml")}
{_defined("ENUMERATION", "a-status", "Status", "d-enum", default)}
</SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE>
<SPEC-OBJECT-TYPE IDENTIFIER="t-head" {at} LONG-NAME="Heading"><SPEC-ATTRIBUTES>
{_defined("STRING", "a-head", "ReqIF.ChapterName", "d-string")}
</SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE>
<SPEC-OBJECT-TYPE IDENTIFIER="t-risk" {at} LONG-NAME="Risk"><SPEC-ATTRIBUTES>
{_defined("STRING", "a-hazard", "Hazard", "d-string")}
{_defined("STRING", "a-harm", "Harm", "d-string")}
{_defined("STRING", "a-severity", "Severity", "d-string")}
</SPEC-ATTRIBUTES></SPEC-OBJECT-TYPE>
<SPECIFICATION-TYPE IDENTIFIER="t-spec" {at} LONG-NAME="S"/>
<SPEC-RELATION-TYPE IDENTIFIER="t-rel" {at} LONG-NAME="mitigates"/>
</SPEC-TYPES>
<SPEC-OBJECTS>
{
        _object(
            "_b2",
            "t-req",
            _string("a-id", "REQ-2"),
            _formatted("<xhtml:p>two</xhtml:p>"),
            _status("e-2"),
        )
    }
{_object("_a1-c3", "t-req", _string("a-id", foreign), _formatted(text), _status("e-1"))}
{_object("_h", "t-head", _string("a-head", "Counting"))}
{
        _object(
            "_r1",
            "t-risk",
            _string("a-hazard", "Missed &lt; 1&#10;often"),
            _string("a-harm", "Delay"),
            _string("a-severity", "3"),
        )
    }
</SPEC-OBJECTS>
<SPEC-RELATIONS>
<SPEC-RELATION IDENTIFIER="l1" {at}><TARGET><SPEC-OBJECT-REF>_r1</SPEC-OBJECT-REF></TARGET>
<SOURCE><SPEC-OBJECT-REF>_a1-c3</SPEC-OBJECT-REF></SOURCE>
<TYPE><SPEC-RELATION-TYPE-REF>t-rel</SPEC-RELATION-TYPE-REF></TYPE></SPEC-RELATION>
</SPEC-RELATIONS>
<SPECIFICATIONS>
<SPECIFICATION IDENTIFIER="s" {at}>
<TYPE><SPECIFICATION-TYPE-REF>t-spec</SPECIFICATION-TYPE-REF></TYPE><CHILDREN>
<SPEC-HIERARCHY IDENTIFIER="k1" {at}><OBJECT><SPEC-OBJECT-REF>_h</SPEC-OBJECT-REF></OBJECT>
<CHILDREN>
<SPEC-HIERARCHY IDENTIFIER="k2" {at}><OBJECT><SPEC-OBJECT-REF>_a1-c3</SPEC-OBJECT-REF></OBJECT>
</SPEC-HIERARCHY>
<SPEC-HIERARCHY IDENTIFIER="k3" {at}><OBJECT><SPEC-OBJECT-REF>_b2</SPEC-OBJECT-REF></OBJECT>
</SPEC-HIERARCHY>
</CHILDREN></SPEC-HIERARCHY>
</CHILDREN></SPECIFICATION>
</SPECIFICATIONS>
</REQ-IF-CONTENT></CORE-CONTENT>
</REQ-IF>
"""
