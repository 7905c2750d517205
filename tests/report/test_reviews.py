"""The reports of an audit trail and of a verification, whatever they hold and whatever came out."""

from typing import Literal

import pytest

from tests.report.pdf_rules import broken_rules
from tests.report.review_contents import audit_contents, verification_contents
from validation.report.documents import render_audit, render_verification


@pytest.mark.parametrize("which", ["held", "broken", "empty"])
def test_the_report_of_a_trail_is_archivable(which: Literal["held", "broken", "empty"]) -> None:
    assert broken_rules(render_audit(audit_contents(which), {})) == []


@pytest.mark.parametrize("which", ["held", "not-held", "not-checked"])
def test_the_report_of_a_verification_is_archivable(
    which: Literal["held", "not-held", "not-checked"],
) -> None:
    assert broken_rules(render_verification(verification_contents(which), {})) == []
