"""Each requirement has a criterion, and each risk a requirement."""

from validation.plan.check.identifiers import later_occurrences
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
NOT_ACCEPTABLE = Rule(
    "risk.not-acceptable",
    "error",
    "The risk is above what the risk management plan accepts, and nothing tests a control of it.",
    "ISO 14971:2019 4.4, 7.2, 7.6",
)
UNKNOWN_SEVERITY = Rule(
    "risk.unknown-severity",
    "error",
    "Whether the risk is acceptable cannot be told from a word that the scale does not have.",
    "ISO 14971:2019 4.4, 5.5",
)
SEVERITY_TWICE = Rule(
    "risk-acceptance.severity-twice",
    "error",
    "A severity with two places in the order has none.",
    "ISO 14971:2019 4.4",
)
UNKNOWN_ACCEPTABLE = Rule(
    "risk-acceptance.unknown-severity",
    "error",
    "The limit of what is acceptable has to be one of the severities.",
    "ISO 14971:2019 4.4",
)
NAMED_TWICE = Rule(
    "id.named-twice",
    "warning",
    "An id that is named twice usually stands where another one was meant.",
    "IEC 62304 5.7.4 (traceability)",
)


def _every_requirement_has_a_criterion(protocol: Protocol, _: Metrics) -> Found:
    tested = {name for criterion in protocol.criteria for name in criterion.requirements}
    for position, requirement in enumerate(protocol.requirements):
        if requirement.id not in tested:
            fix = "add a criterion that names it, or take the requirement out of this protocol"
            what = f"no criterion tests {requirement.id}"
            yield NO_CRITERION.at(("requirements", position), what, fix)


def _every_risk_has_a_requirement(protocol: Protocol, _: Metrics) -> Found:
    tested = {name for criterion in protocol.criteria for name in criterion.requirements}
    named = {risk for one in protocol.requirements for risk in one.risks}
    controlled = {risk for one in protocol.requirements if one.id in tested for risk in one.risks}
    scale = protocol.risk_acceptance
    for position, risk in enumerate(protocol.risks):
        path = ("risks", position)
        if scale is not None and scale.needs_control(risk.severity):
            if risk.id not in controlled:
                what = f"no requirement with a criterion controls {risk.id} ({risk.severity})"
                fix = "name it under `risks:` of a requirement that a criterion tests"
                yield NOT_ACCEPTABLE.at(path, what, fix)
        elif risk.id not in named:
            fix = "name it under `risks:` of a requirement, or say why it is not tested here"
            yield NO_REQUIREMENT.at(path, f"no requirement controls {risk.id}", fix)


def _severities_are_of_the_scale(protocol: Protocol, _: Metrics) -> Found:
    scale = protocol.risk_acceptance
    if scale is None:
        return
    listed = f"the severities are: {', '.join(scale.severities)}"
    for position, word in later_occurrences(scale.severities):
        path = ("risk_acceptance", "severities", position)
        yield SEVERITY_TWICE.at(path, f"the severity {word} stands twice", "remove one")
    limit = scale.acceptable_up_to
    if limit is not None and limit not in scale.severities:
        what = f"{limit} is not among the severities"
        yield UNKNOWN_ACCEPTABLE.at(("risk_acceptance", "acceptable_up_to"), what, listed)
    for position, risk in enumerate(protocol.risks):
        if risk.severity not in scale.severities:
            what = f"{risk.id} has a severity that the scale does not have: {risk.severity}"
            yield UNKNOWN_SEVERITY.at(("risks", position, "severity"), what, listed)


def _ids_are_named_once(protocol: Protocol, _: Metrics) -> Found:
    for position, requirement in enumerate(protocol.requirements):
        for number, risk in later_occurrences(requirement.risks):
            what = f"{requirement.id} names {risk} twice"
            yield NAMED_TWICE.at(("requirements", position, "risks", number), what, "remove one")
    for position, criterion in enumerate(protocol.criteria):
        for number, name in later_occurrences(criterion.requirements):
            what = f"{criterion.id} names {name} twice"
            yield NAMED_TWICE.at(("criteria", position, "requirements", number), what, "remove one")


FINDERS: tuple[Finder, ...] = (
    _every_requirement_has_a_criterion,
    _every_risk_has_a_requirement,
    _severities_are_of_the_scale,
    _ids_are_named_once,
)
