"""Checking what a protocol says was measured of its locked reference before any run."""

from validation.attest.verification import Checks
from validation.evidence.further_tables import SEPARABILITY, FurtherTables
from validation.evidence.measured_choice import measured_choice
from validation.plan.method import Measured
from validation.plan.protocol import Protocol
from validation.testset.lock import Lock


def check_measured_lock(protocol: Protocol, lock: Lock, checks: Checks) -> None:
    """Add the check that what was measured is of the lock; none where nothing was measured.

    Args:
        protocol: Says what was measured.
        lock: The lock of its test set.
        checks: Where the check is added.
    """
    stated = _measured(protocol)
    if stated is None:
        return
    what = "what was measured for the choice of method is of this lock"
    checks(what, stated.manifest_digest == lock.manifest_digest, stated.manifest_digest)


def check_measured(protocol: Protocol, lock: Lock, further: FurtherTables, checks: Checks) -> None:
    """Add the check that what was measured follows from the tables of a run.

    Args:
        protocol: Says what was measured.
        lock: The lock of its test set.
        further: Tables of the record.
        checks: Where the check is added.
    """
    stated = _measured(protocol)
    if stated is None:
        return
    what = "what was measured for the choice of method follows from the per-case tables"
    if not further.separations:
        checks(what, None, f"evidence/{SEPARABILITY} is missing or empty")
        return
    derived = measured_choice(
        further.separations,
        protocol.thing_names(),
        test_set=lock.test_set_id,
        manifest_digest=lock.manifest_digest,
    )
    names = type(derived).model_fields
    differing = [one for one in names if getattr(derived, one) != getattr(stated, one)]
    detail = f"these differ: {', '.join(differing)}" if differing else f"{derived.cases} cases"
    checks(what, not differing, detail)


def _measured(protocol: Protocol) -> Measured | None:
    choice = protocol.method.choice
    return choice.measured if choice else None
