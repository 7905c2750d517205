"""The reports of an audit trail and of a verification, whatever they hold and whatever came out."""

import dataclasses
from typing import Literal

import pytest

from tests.report.pdf_rules import broken_rules
from tests.report.review_contents import audit_contents, verification_contents
from validation.report.documents import render_audit, render_verification
from validation.report.view.documents.audit import audit_view


@pytest.mark.parametrize("which", ["held", "broken", "empty"])
def test_the_report_of_a_trail_is_archivable(which: Literal["held", "broken", "empty"]) -> None:
    assert broken_rules(render_audit(audit_contents(which), {})) == []


@pytest.mark.parametrize("which", ["held", "not-held", "not-checked"])
def test_the_report_of_a_verification_is_archivable(
    which: Literal["held", "not-held", "not-checked"],
) -> None:
    assert broken_rules(render_verification(verification_contents(which), {})) == []


def test_a_trail_without_a_document_is_named_by_its_test_set() -> None:
    contents = audit_contents("held")
    assert audit_view(contents, {}).cover.subtitle == "of the study of VP-001"
    runs = tuple(one for one in contents.events if one["about"]["kind"] == "test_set")
    unnamed = dataclasses.replace(contents, events=runs)
    assert audit_view(unnamed, {}).cover.subtitle == "of the study on test set TS-NUC-01"
