"""Leakage at the edges: reading what the model was developed on, and what is said of a leak."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from validation import workspace
from validation.errors import LeakageError, LockError, Problem, TestSetError
from validation.record import digest
from validation.study.fingerprinting import list_folder
from validation.study.opening import LockedTestSet, OpenProtocol
from validation.testset.cases import CaseTable
from validation.testset.leakage_record import Comparison, Leakage, LeakageSummary
from validation.testset.locked_leakage import comparison_of, locked_leakage, reason_not_checked
from validation.testset.training import ListedImage, listed_images, parse_listed_images


class Training(NamedTuple):
    """The images that a protocol states as those of development."""

    images: tuple[ListedImage, ...] = ()
    source_digest: str | None = None
    """Of the manifest as it was handed over; None for a folder."""

    def list_digest(self) -> str | None:
        """Return the digest of the list that a lock keeps; None where there is no image."""
        return digest(listed_images(self.images)) if self.images else None


def read_training(
    opened: OpenProtocol, folder: Path | None, progress: workspace.Progress | None = None
) -> Training:
    """Return the images that the protocol states; none where it states none.

    Args:
        opened: The protocol.
        folder: Their folder, if it does not lie where the protocol says.
        progress: Told how many files of a folder are done.

    Raises:
        ToolError: Manifest or folder cannot be read.
        TestSetError: With every problem of it; or a folder is given and the protocol has none.
    """
    stated = opened.protocol.test_set.training_data
    if folder is not None and (stated is None or stated.folder is None):
        raise TestSetError(
            "a folder of training images is given, but the protocol states none",
            where=str(opened.path),
            fix="state it under `test_set: training_data: folder:`",
        )
    if stated is not None and stated.manifest is not None:
        path = opened.folder / stated.manifest
        content = workspace.read(path, "the list of training images")
        return Training(parse_listed_images(content, path.name), digest(content))
    if stated is not None and stated.folder is not None:
        subjects = opened.folder / stated.subjects if stated.subjects else None
        root = _training_folder(opened, folder)
        return Training(list_folder(root, subjects=subjects, progress=progress))
    return Training()


def _training_folder(opened: OpenProtocol, given: Path | None) -> Path:
    stated = opened.protocol.test_set.training_data
    variable = stated.folder_variable if stated else None
    named = os.environ.get(variable, "") if variable else ""
    stated_folder = stated.folder if stated and stated.folder else "."
    root = given or (Path(named) if named else opened.folder / stated_folder)
    if not root.is_dir():
        fix = "give the folder by --training"
        if variable:
            fix += f", or by the environment variable {variable}"
        raise TestSetError("the folder of training images is not there", where=str(root), fix=fix)
    return root


class NewLists(NamedTuple):
    """The two lists of a new lock and what they say."""

    fingerprints: bytes
    training: bytes | None
    """None where there are no images of development."""
    comparison: Comparison
    summary: LeakageSummary


def new_lists(
    opened: OpenProtocol,
    table: CaseTable,
    fingerprints: tuple[ListedImage, ...],
    training: Training,
) -> NewLists:
    """Return what a new lock keeps for the search for leakage, and what was found."""
    stated = opened.protocol.test_set.training_data
    comparison = comparison_of(opened.protocol, table, fingerprints, training.images)
    tested = listed_images(fingerprints)
    trained = listed_images(training.images) if training.images else None
    summary = LeakageSummary(
        training_data=stated,
        training_source_digest=training.source_digest,
        training_digest=None if trained is None else digest(trained),
        training_image_count=len(training.images),
        fingerprints_digest=digest(tested),
        not_checked=reason_not_checked(stated),
        counts=comparison.counts,
    )
    return NewLists(tested, trained, comparison, summary)


def leakage_of_run(opened: OpenProtocol, locked: LockedTestSet) -> Leakage:
    """Return the leakage of the locked test set, and refuse to run where the protocol does.

    Raises:
        LockError: The manifest of training images is not the one that was locked.
        LeakageError: The set shares images or subjects with development, and the protocol says
            ``on_leak: refuse``; all are named.
    """
    leakage = known_leakage(opened, locked)
    stated = opened.protocol.test_set.training_data
    if stated is not None and stated.on_leak == "refuse" and leakage.counts.any_leak:
        raise LeakageError(
            "the test set is not independent of the images that the model was developed on, and "
            "the protocol says `on_leak: refuse`",
            where=str(opened.path),
            fix="exclude the cases with the reason and lock again, or, where the pictures show "
            "that they are none, state `on_leak: report` in a new revision of the protocol",
            problems=leak_problems(leakage.comparison),
        )
    return leakage


def known_leakage(opened: OpenProtocol, locked: LockedTestSet) -> Leakage:
    """Return the leakage of the locked test set, whatever the protocol says of it.

    Raises:
        LockError: The manifest of training images is not the one that was locked.
    """
    _require_same_source(opened, locked)
    return locked_leakage(
        opened.protocol, locked.lock, locked.fingerprints_content, locked.training_content
    )


def _require_same_source(opened: OpenProtocol, locked: LockedTestSet) -> None:
    """Refuse a list of training images that was changed since it was locked.

    Where the list is no longer at hand, the copy in the lock serves.
    """
    stated, known = opened.protocol.test_set.training_data, locked.lock.leakage
    if stated is None or stated.manifest is None or known is None:
        return
    path = opened.folder / stated.manifest
    if not path.exists():
        return
    if digest(workspace.read(path, "the list of training images")) != known.training_source_digest:
        raise LockError(
            "the list of training images is not the one that the test set was compared with",
            where=str(path),
            fix='bring it back, or lock again by `segval lock --revise "why"`',
        )


def leak_problems(comparison: Comparison | None) -> tuple[Problem, ...]:
    """Return a problem for every case and subject that test set and development share."""
    return tuple(_problems(comparison)) if comparison else ()


_KINDS = {
    "identical_file": "is the file of training image",
    "identical_pixels": "has the pixels of training image",
    "near_duplicate": "looks like training image",
}


def _problems(comparison: Comparison) -> Iterator[Problem]:
    for one in comparison.like_training:
        first, more = one.matches[0], one.match_count - 1
        near = f" ({first.distance} of 256 bits differ)" if first.distance is not None else ""
        others = f", and {more} more" if more else ""
        what = f"{one.image} {_KINDS[one.kind]} {first.name}{near}{others}"
        yield Problem(f"case {one.case_id}", what)
    for shared in comparison.shared_subjects:
        cases = ", ".join(shared.case_ids)
        what = f"subject {shared.subject_id} has {shared.training_count} training image(s), too"
        yield Problem(f"case {cases}", what)


def within_problems(comparison: Comparison) -> tuple[Problem, ...]:
    """Return a problem for every case that is like another of the test set."""
    kinds = {
        "identical_file": "is the file of case",
        "identical_pixels": "has the pixels of case",
        "near_duplicate": "looks like case",
    }
    return tuple(
        Problem(
            f"case {one.case_id}",
            f"{one.image} {kinds[one.kind]} {', '.join(match.name for match in one.matches)}, "
            "and both count as independent",
        )
        for one in comparison.within_test_set
    )
