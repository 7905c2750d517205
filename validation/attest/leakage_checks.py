"""Checks of the lists that a lock keeps for the search for leakage, and of what they led to."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from validation import workspace
from validation.attest.verification import Checks, Failure
from validation.errors import ToolError
from validation.plan.protocol import Protocol
from validation.record import digest
from validation.report.formatting import plural
from validation.testset.fingerprints import Fingerprint, fingerprint
from validation.testset.formats.images import decode_image
from validation.testset.leakage_record import Leakage
from validation.testset.lock import (
    FINGERPRINTS_NAME,
    MANIFEST_NAME,
    TRAINING_NAME,
    Lock,
    parse_manifest,
)
from validation.testset.locked_leakage import locked_leakage
from validation.testset.training import ListedImage, parse_listed_images

LEAKAGE = "leakage.json"
_CLAUSE = "21 CFR 11.10(c)"
_MOST_NAMED = 5
_LEAST_DIFFERENCE = 8
"""Bits by which a hash may differ on another machine: decoders of JPEG differ a little."""


def check_lists(lists: Mapping[str, bytes], lock: Lock, checks: Checks) -> bool:
    """Add the checks of the lists themselves: which they are, and whether they fit the manifest.

    Args:
        lists: Files of the lock by name.
        lock: The lock.
        checks: Where the checks are added.

    Returns:
        False where a list is not the one that was locked.
    """
    if lock.leakage is None:
        return True
    stated = (lock.leakage.fingerprints_digest, lock.leakage.training_digest)
    given = tuple(lists.get(name) for name in (FINGERPRINTS_NAME, TRAINING_NAME))
    found = tuple(None if one is None else digest(one) for one in given)
    differing = [
        f"{name} is {'missing' if one is None else one}"
        for name, expected, one in zip(
            (FINGERPRINTS_NAME, TRAINING_NAME), stated, found, strict=True
        )
        if expected != one
    ]
    named = ", ".join(one for one in found if one)
    what = "the lists of images are those that the lock names"
    failure: Failure = "incomplete" if "missing" in "".join(differing) else "altered"
    said = "; ".join(differing) or named
    held = checks(what, not differing, said, failure=failure, clause=_CLAUSE)
    _check_rows(lists, lock, checks)
    return held


def _check_rows(lists: Mapping[str, bytes], lock: Lock, checks: Checks) -> None:
    """Add the check that the list of the test set is of the files that were locked."""
    what = "the fingerprints are of the locked images of the evaluated cases"
    try:
        listed = parse_listed_images(lists[FINGERPRINTS_NAME], FINGERPRINTS_NAME)
        digests = parse_manifest(lists[MANIFEST_NAME])
    except (KeyError, ToolError) as error:
        checks(what, None, str(error).splitlines()[0])
        return
    rows = {one.file or "": (one.sha256, one.subject_id) for one in listed}
    expected = {one.image: (digests.get(one.image), one.subject_id) for one in lock.cases.evaluated}
    differing = sorted(
        name for name in rows.keys() | expected.keys() if rows.get(name) != expected.get(name)
    )
    checks(what, not differing, ", ".join(differing[:_MOST_NAMED]) or f"{len(rows)} images")


def check_fingerprints(folder: Path, root: Path, checks: Checks) -> None:
    """Add the check that the fingerprints of a lock are made anew from the images.

    Args:
        folder: The lock.
        root: Root of the test set.
        checks: Where the check is added.
    """
    what = "the fingerprints follow from the images"
    try:
        content = workspace.read(folder / FINGERPRINTS_NAME, "the fingerprints")
        listed = parse_listed_images(content, FINGERPRINTS_NAME)
    except ToolError as error:
        checks(what, None, error.what)
        return
    differing = [one.name for one in listed if not _is_of(one, root)]
    checks(what, not differing, ", ".join(differing[:_MOST_NAMED]) or f"{len(listed)} images")


def _is_of(listed: ListedImage, root: Path) -> bool:
    """Tell whether a fingerprint is that of an image; what is another file is told elsewhere."""
    try:
        content = (root / (listed.file or "")).read_bytes()
    except OSError:
        return True
    if hashlib.sha256(content).hexdigest() != listed.sha256:
        return True
    try:
        found = fingerprint(decode_image(content))
    except ValueError:
        return False
    return listed.fingerprint is not None and _alike(listed.fingerprint, found)


def _alike(one: Fingerprint, other: Fingerprint) -> bool:
    if one.perceptual_hash is None or other.perceptual_hash is None:
        return one == other
    hashes = [
        np.frombuffer(bytes.fromhex(text), np.uint8)
        for text in (one.perceptual_hash, other.perceptual_hash)
    ]
    return int(np.bitwise_count(hashes[0] ^ hashes[1]).sum()) <= _LEAST_DIFFERENCE


def check_leakage(
    files: Mapping[str, bytes], protocol: Protocol, lock: Lock, checks: Checks
) -> None:
    """Add the checks of what a record says of leakage, derived again from the lists of its lock."""
    if LEAKAGE not in files and lock.leakage is None:
        return  # a record of before leakage was looked for, which its report says
    lists = dict(_below(files, "lock/"))
    held = check_lists(lists, lock, checks)
    what = "what is said of leakage follows from the lists of the lock"
    if LEAKAGE not in files:
        checks(what, held=False, detail=f"{LEAKAGE} is missing", failure="incomplete")
        return
    try:
        said = Leakage.from_json(files[LEAKAGE])
        derived = locked_leakage(
            protocol, lock, lists.get(FINGERPRINTS_NAME), lists.get(TRAINING_NAME)
        )
    except (ToolError, ValidationError) as error:
        checks(what, None if held else False, str(error).splitlines()[0])
        return
    checks(what, said == derived, said.not_checked or _words(said))


def _below(files: Mapping[str, bytes], folder: str) -> Iterator[tuple[str, bytes]]:
    for name, content in files.items():
        if name.startswith(folder):
            yield name.removeprefix(folder), content


def _words(said: Leakage) -> str:
    counts = said.counts
    return (
        f"{plural(counts.images, 'case')} and {plural(counts.shared_subject, 'subject')} shared "
        f"with development, {plural(counts.within_test_set, 'case')} alike"
    )
