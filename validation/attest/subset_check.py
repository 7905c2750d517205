"""Holding what a record says of a subset of its cases against the audit trail."""

from collections.abc import Mapping

from pydantic import ValidationError

from validation.attest.audit_trail import Trail
from validation.attest.verification import Checks
from validation.evidence.run_record import RunRecord
from validation.judge.findings import Findings


def check_subset_in_trail(files: Mapping[str, bytes], trail: Trail | None, checks: Checks) -> None:
    """Add the check that trail and record say the same of a subset, where either knows of one.

    Args:
        files: Files of the record, or those that its report embeds.
        trail: The study's trail; nothing is added without one, or where it was altered.
        checks: Where the check is added.
    """
    if trail is None or trail.problems:
        return
    try:
        record_id = RunRecord.from_json(files["run.json"]).record_id
        subset = Findings.from_json(files["findings.json"]).subset
    except (KeyError, ValidationError):
        return  # said by the checks of the record itself
    begun = [
        one for one in trail.events if one.action == "run.started" and one.about.id == record_id
    ]
    told = {one.details.get("subset_cases", "") for one in begun}
    own = subset.digest if subset is not None else ""
    if not own and told <= {""}:
        return
    checks(
        "the audit trail says the same of the cases that ran as the record",
        told == {own},
        subset.words if subset is not None else "the trail says that only a subset ran",
        clause="21 CFR 11.10(e)",
    )
