"""What the author answers, and which risks are acceptable, stand in the documents."""

from typing import Any

from validation.plan.accepted_warnings import AcceptedWarning
from validation.plan.protocol import Protocol
from validation.plan.risk_acceptance import RiskAcceptance
from validation.report.view import plan
from validation.report.view.elements import Numbering
from validation.report.view.hazards import hazards
from validation.report.view.wording import Words
from validation.study.opening import read_protocol


def _protocol(study: Any, **changes: Any) -> Protocol:
    return read_protocol(study.path).protocol.model_copy(update=changes)


def test_an_answer_stands_beside_its_rule_and_what_the_rule_is_for(study: Any) -> None:
    accepted = (
        AcceptedWarning(rule="subgroup.few-units", about="site", reason="First.\n\nSecond."),
        AcceptedWarning(rule="retired.rule", reason="Of an older version."),
    )
    protocol = _protocol(study, accepted_warnings=accepted)
    items = plan.analysis(protocol, Words("reference_standard"), Numbering()).items
    first, second = items[-2:]
    assert (first.label, second.label) == ("Accepted warning 1", "Accepted warning 2")
    assert first.paragraphs[0].startswith("subgroup.few-units, about site: Intervals of so few")
    assert first.paragraphs[1:] == ("First.", "Second.")
    assert second.paragraphs == ("retired.rule", "Of an older version.")


def test_the_scale_of_risks_stands_with_risks_and_hazards(study: Any) -> None:
    scale = RiskAcceptance(
        severities=("minor", "serious"), acceptable_up_to="minor", source="RMP-1, revision B"
    )
    protocol = _protocol(study, risk_acceptance=scale)
    asked = plan.requirements(protocol, Numbering()).acceptance
    order, limit = "Severities, least first: minor and serious.", "A risk up to minor"
    assert asked == (f"{order} {limit} is acceptable without a control.", "RMP-1, revision B")
    assert hazards(protocol, Numbering(), []).words[1:] == asked
    none = scale.model_copy(update={"acceptable_up_to": None})
    said = plan.acceptance_words(_protocol(study, risk_acceptance=none))
    assert said[0].endswith("Every risk needs a control.")
    assert "does not say" in plan.acceptance_words(_protocol(study))[0]
    assert plan.requirements(_protocol(study, risks=()), Numbering()).acceptance == ()
