"""Each requirement has a criterion, and each risk a requirement."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

NO_CRITERION = Rule(
    "requirement.no-criterion",
    "error",
    "A requirement without a criterion would stand in the report as if it had been tested.",
    "IEC 62304 5.7.1, ISO 13485 7.3.6",
)
NO_REQUIREMENT = Rule(
    "risk.no-requirement",
    "warning",
    "Nothing in this protocol shows that the risk is controlled.",
    "ISO 14971:2019 7.2, 7.6",
)


def _every_requirement_has_a_criterion(protocol: Protocol, _: Metrics) -> Found:
    tested = {name for criterion in protocol.criteria for name in criterion.requirements}
    for position, requirement in enumerate(protocol.requirements):
        if requirement.id not in tested:
            fix = "add a criterion that names it, or take the requirement out of this protocol"
            what = f"no criterion tests {requirement.id}"
            yield NO_CRITERION.at(("requirements", position), what, fix)


def _every_risk_has_a_requirement(protocol: Protocol, _: Metrics) -> Found:
    controlled = {risk for one in protocol.requirements for risk in one.risks}
    for position, risk in enumerate(protocol.risks):
        if risk.id not in controlled:
            fix = "name it under `risks:` of a requirement, or say why it is not tested here"
            yield NO_REQUIREMENT.at(("risks", position), f"no requirement controls {risk.id}", fix)


FINDERS: tuple[Finder, ...] = (_every_requirement_has_a_criterion, _every_risk_has_a_requirement)
