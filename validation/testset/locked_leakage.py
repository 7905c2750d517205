"""The leakage of a locked test set, from the two lists that its lock holds.

The lists were made when the set was locked, from bytes whose digests are locked, too; so run and
verification find the same without an image of development at hand.
"""

from validation.errors import LockError
from validation.plan.protocol import Protocol, TrainingData
from validation.record import digest
from validation.testset.cases import CaseTable
from validation.testset.leakage import compare_images
from validation.testset.leakage_record import Comparison, Leakage
from validation.testset.lock import FINGERPRINTS_NAME, TRAINING_NAME, Lock
from validation.testset.training import ListedImage, parse_listed_images

NOT_PROVIDED = "training data not provided: leakage was not checked"
LOCKED_WITHOUT = "the test set was locked by a version of the tool that did not look for leakage"


def reason_not_checked(stated: TrainingData | None) -> str | None:
    """Return why cases are not compared with training images; None where they are."""
    if stated is None:
        return NOT_PROVIDED
    if stated.none_because is not None:
        return f"no images of development: {stated.none_because}"
    return None


def comparison_of(
    protocol: Protocol,
    table: CaseTable,
    fingerprints: tuple[ListedImage, ...],
    training: tuple[ListedImage, ...],
) -> Comparison:
    """Return what the evaluated cases share with the training images and one another.

    Raises:
        LockError: A case has no fingerprint.
    """
    by_file = {one.file: one for one in fingerprints if one.file is not None}
    missing = [case.case_id for case in table.evaluated if case.image not in by_file]
    if missing:
        raise LockError(
            f"{FINGERPRINTS_NAME} does not name the image of {', '.join(missing)}",
            where=FINGERPRINTS_NAME,
        )
    return compare_images(
        table.evaluated,
        by_file,
        training,
        by_subject=protocol.analysis.resampling_unit == "subject",
    )


def locked_leakage(
    protocol: Protocol, lock: Lock, fingerprints: bytes | None, training: bytes | None
) -> Leakage:
    """Return the leakage of a locked test set, as ``leakage.json`` holds it.

    Args:
        protocol: The protocol that the set was locked for.
        lock: The lock.
        fingerprints: ``fingerprints.csv`` beside it; None where it has none.
        training: ``training.csv`` beside it; None where it has none.

    Raises:
        TestSetError: A list is damaged.
        LockError: A case has no fingerprint.
    """
    comparison = None
    reason = reason_not_checked(protocol.test_set.training_data)
    if lock.leakage is None or fingerprints is None:
        reason = LOCKED_WITHOUT if reason is None else reason
    else:
        comparison = comparison_of(
            protocol,
            lock.cases,
            parse_listed_images(fingerprints, FINGERPRINTS_NAME),
            parse_listed_images(training, TRAINING_NAME) if training is not None else (),
        )
    return Leakage(
        test_set_id=lock.test_set_id,
        manifest_digest=lock.manifest_digest,
        fingerprints_digest=None if fingerprints is None else digest(fingerprints),
        training_digest=None if training is None else digest(training),
        training_data=protocol.test_set.training_data,
        not_checked=reason,
        comparison=comparison,
    )
