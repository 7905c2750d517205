"""Who signs, apart from whom, and which revision."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol

SIGNS_LATER = Rule(
    "signatory.distinct-from-later",
    "error",
    "When the role signs it is not known yet who it has to differ from.",
    "21 CFR 11.10(g)",
)
ONE_SIGNATURE = Rule(
    "signatories.one-alone",
    "warning",
    "Nobody but its signer stands by the record.",
    "ISO 13485 4.2.4, 7.3.6 (review and approval)",
)
ONE_PERSON = Rule(
    "signatories.one-person",
    "warning",
    "An author who approves the own work is no approval.",
    "ISO 13485 4.2.4, 7.3.6 (review and approval)",
)
HISTORY_ENDS = Rule(
    "document.history-ends",
    "warning",
    "The revision that is signed does not say what it changed.",
    "ISO 13485 4.2.4",
)


def _distinct_roles_sign_before(protocol: Protocol, _: Metrics) -> Found:
    earlier: dict[str, None] = {}
    for position, one in enumerate(protocol.signatories):
        for number, role in enumerate(one.distinct_from):
            if role not in earlier:
                path = ("signatories", position, "distinct_from", number)
                what = f"no signatory before {one.role} has the role {role}"
                fix = f"roles before it: {', '.join(earlier) or 'none'}"
                yield SIGNS_LATER.at(path, what, fix)
        earlier[one.role] = None


def _one_person_may_sign_alone(protocol: Protocol, _: Metrics) -> Found:
    if len(protocol.signatories) == 1:
        what = "one signature alone: nobody but its signer stands by the record"
        fix = "add a reviewer or approver, with `distinct_from:`"
        yield ONE_SIGNATURE.at(("signatories",), what, fix)
    elif not any(one.distinct_from for one in protocol.signatories):
        fix = "say under `distinct_from:` which roles need another person"
        yield ONE_PERSON.at(("signatories",), "one person may give every signature", fix)


def _revision_is_in_the_history(protocol: Protocol, _: Metrics) -> Found:
    document = protocol.document
    if document.history and document.history[-1].revision != document.revision:
        what = f"the history ends with revision {document.history[-1].revision}"
        fix = f"add revision {document.revision} at its end"
        yield HISTORY_ENDS.at(("document", "history"), what, fix)


FINDERS: tuple[Finder, ...] = (
    _distinct_roles_sign_before,
    _one_person_may_sign_alone,
    _revision_is_in_the_history,
)
