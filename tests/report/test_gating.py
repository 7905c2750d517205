"""What a pipeline shows of a record: each criterion once, in the words of the report, inert."""

import dataclasses
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from validation.judge.findings import CaseFinding
from validation.report.contents import RecordContents
from validation.report.gating import job_summary, junit
from validation.report.view.addresses import Addresses
from validation.report.view.criteria import criteria_views
from validation.report.view.elements import Result
from validation.report.view.wording import Words

ContentsOf = Callable[..., RecordContents]
HOSTILE = "</testcase>]]>\x00 <b onload=x>|a| [l](http://e.example) @team #1 `c` $x$ :bug:"


def suite(contents: RecordContents) -> ET.Element:
    (found,) = ET.fromstring(junit(contents))  # noqa: S314 - made by the code under test
    return found


def cases(contents: RecordContents) -> list[ET.Element]:
    return suite(contents).findall("testcase")


def test_each_criterion_is_a_case_and_each_that_is_not_met_fails(
    instance_contents: RecordContents,
) -> None:
    findings = instance_contents.findings.criteria
    *criteria, _ = cases(instance_contents)
    assert [one.get("name", "").split()[0] for one in criteria] == [one.id for one in findings]
    outcomes = {"not_met": "failure", "not_evaluable": "error", "met": None}
    for case, finding in zip(criteria, findings, strict=True):
        tags = {child.tag for child in case} - {"system-out"}
        assert tags == ({outcomes[finding.verdict]} - {None})


def test_the_counts_are_those_of_the_cases(instance_contents: RecordContents) -> None:
    found = suite(instance_contents)
    for attribute, tag in (("failures", "failure"), ("errors", "error")):
        assert int(found.get(attribute, "")) == len(found.findall(f"testcase/{tag}"))
    assert int(found.get("tests", "")) == len(found.findall("testcase"))


def test_a_failure_says_what_the_report_prints(contents_of: ContentsOf) -> None:
    contents = contents_of(failed=())
    words = Words(contents.protocol.test_set.reference_standard.standing)
    views = criteria_views(contents, Addresses(contents), words)
    *criteria, _ = cases(contents)
    for case, one in zip(criteria, views, strict=True):
        said = "".join(case.itertext())
        assert isinstance(one.result, Result)
        for printed in (one.result.words, one.bound, one.judged_on, one.comparison):
            assert _plain(printed) in said
        if (failure := case.find("failure")) is not None:
            assert _plain(one.comparison) in failure.get("message", "")


def _plain(printed: str) -> str:
    return printed.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_failed_case_is_an_error_though_every_criterion_is_met(contents_of: ContentsOf) -> None:
    whole = contents_of(failed=())
    *_, measured = cases(whole)
    assert not list(measured)
    failed = CaseFinding(case_id="D01-01", stage="inference", what="NaN", treatment="left out")
    findings = whole.findings.model_copy(update={"failed_cases": (failed,)})
    *_, measured = cases(dataclasses.replace(whole, findings=findings))
    error = measured.find("error")
    assert error is not None
    assert "D01-01" in error.get("message", "")


def test_hostile_texts_are_inert(contents_of: ContentsOf) -> None:
    contents = contents_of(failed=())
    one = CaseFinding(case_id="C", stage="read", what=HOSTILE, treatment="left out")
    findings = contents.findings.model_copy(update={"failed_cases": (one,)})
    contents = dataclasses.replace(contents, findings=findings)
    *_, case = cases(contents)
    assert "\ufffd <b onload=x>" in "".join(case.itertext())
    (line,) = [one for one in job_summary(contents).splitlines() if one.startswith("| C |")]
    assert line == (
        "| C | read | \\</testcase\\>\\]\\]\\>\x00 \\<b onload=x\\>\\|a\\| "
        "\\[l\\]\\(http\\://e.example\\) \\@team \\#1 \\`c\\` \\$x\\$ \\:bug\\: |"
    )


def test_the_summary_has_each_criterion_and_the_worst_cases(
    instance_contents: RecordContents,
) -> None:
    said = job_summary(instance_contents)
    for one in instance_contents.findings.criteria:
        assert f"\n| {one.id} | " in said
    assert "### Worst cases" in said
    assert said.startswith("## ")
    assert "**Not approved: exploratory.**" in said


@pytest.mark.parametrize("make", [junit, job_summary])
def test_the_same_record_gives_the_same_bytes(
    make: Callable[[RecordContents], object], semantic_contents: RecordContents
) -> None:
    assert make(semantic_contents) == make(semantic_contents)
