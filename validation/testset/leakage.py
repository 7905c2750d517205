"""Leakage: images and subjects of the test set that the model was developed on.

Pure functions of two lists of images. A case is compared with every training image by the digest
of the file, then by that of its pixels, then by perceptual hash in eight orientations; the
strongest that holds counts. Subjects are compared by id. The cases are compared with one another,
too: the same image under two subjects would count twice as independent evidence.

What this cannot find: crops, other images of the same specimen, images that no list names.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from validation.testset.cases import Case
from validation.testset.fingerprints import HASH_BYTES
from validation.testset.fingerprints import orientations as all_orientations
from validation.testset.leakage_record import (
    MOST_LISTED,
    NEAR_DUPLICATE_DISTANCE,
    ORIENTATIONS,
    STRENGTH,
    Comparison,
    Counts,
    Coverage,
    LikeCase,
    Match,
    SharedSubject,
    Uncompared,
)
from validation.testset.training import ListedImage

_BLOCK = 8192


def compare_images(
    cases: Sequence[Case],
    tested: Mapping[str, ListedImage],
    training: Sequence[ListedImage],
    *,
    by_subject: bool,
) -> Comparison:
    """Return what the cases share with the training images, and with one another.

    Args:
        cases: Evaluated cases, ordered by id.
        tested: Their images by file.
        training: What the model was developed on; none where that is not known.
        by_subject: Whether cases of one subject do not count as independent of one another.
    """
    images = [tested[case.image] for case in cases]
    like_training = tuple(_like(cases, images, training))
    shared = tuple(_shared_subjects(cases, training))
    within = tuple(_within(cases, images, by_subject=by_subject))
    return Comparison(
        coverage=_coverage(cases, images, training),
        counts=_counts(like_training, shared, within),
        like_training=like_training,
        shared_subjects=shared,
        within_test_set=within,
        uncompared=(
            *_uncompared("test_set", ((case.case_id, one) for case, one in _pairs(cases, images))),
            *_uncompared("training", ((one.name, one) for one in training)),
        ),
    )


def hamming_matches(
    tested: NDArray[np.uint8], others: NDArray[np.uint8], limit: int = NEAR_DUPLICATE_DISTANCE
) -> list[list[tuple[int, int, int]]]:
    """Return, for each hash, the others within a distance in any of eight orientations.

    Args:
        tested: Hashes, shape (images, 32).
        others: Hashes, shape (other images, 32); gone through in blocks of 8,192.
        limit: Most bits that may differ.

    Returns:
        For each image: position of the other, distance, number in `ORIENTATIONS`.
    """
    turned = _words(all_orientations(tested))
    found: list[list[tuple[int, int, int]]] = [[] for _ in tested]
    for start in range(0, len(others), _BLOCK):
        block = np.ascontiguousarray(_words(others[start : start + _BLOCK]).T)
        for position, hashes in enumerate(turned):
            distances = _distances(hashes, block)
            nearest = distances.min(axis=0)
            for at in np.flatnonzero(nearest <= limit):
                turn = int(distances[:, at].argmin())
                found[position].append((start + int(at), int(nearest[at]), turn))
    return found


def _words(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes).view(np.uint64)


def _distances(turned: NDArray[np.uint64], block: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Return the distances of eight hashes (8, 4) to each of a block (4, others)."""
    distances = np.zeros((len(turned), block.shape[1]), np.uint16)
    for word in range(block.shape[0]):
        distances += np.bitwise_count(turned[:, word, None] ^ block[word])
    return distances


class _Found(NamedTuple):
    """A match before it is written down."""

    strength: int
    distance: int
    orientation: int
    position: int


def _like(
    cases: Sequence[Case], images: Sequence[ListedImage], training: Sequence[ListedImage]
) -> Iterator[LikeCase]:
    names = [one.name for one in training]
    for (case, image), found in zip(_pairs(cases, images), _matches(images, training), strict=True):
        if found:
            yield _like_case(case, image, found, names, training)


def _within(
    cases: Sequence[Case], images: Sequence[ListedImage], *, by_subject: bool
) -> Iterator[LikeCase]:
    """Return cases that are like a later one that counts as independent."""
    names = [case.case_id for case in cases]
    for at, found in enumerate(_matches(images, images)):
        later = [
            one
            for one in found
            if one.position > at
            and not (by_subject and _same_subject(cases[at], cases[one.position]))
        ]
        if later:
            yield _like_case(cases[at], images[at], later, names, images)


def _same_subject(one: Case, other: Case) -> bool:
    return one.subject_id is not None and one.subject_id == other.subject_id


def _matches(
    images: Sequence[ListedImage], others: Sequence[ListedImage]
) -> Iterator[list[_Found]]:
    """Return the matches of each image, each other once, by its strongest kind."""
    by_file, by_pixels = _by_digests(others)
    near = _near(images, others)
    for image, nearby in zip(images, near, strict=True):
        found: dict[int, _Found] = {}
        for position in by_file.get(image.sha256, ()):
            found[position] = _Found(0, 0, 0, position)
        pixels = image.fingerprint.pixel_sha256 if image.fingerprint else ""
        for position in by_pixels.get(pixels, ()):
            found.setdefault(position, _Found(1, 0, 0, position))
        for position, distance, turn in nearby:
            found.setdefault(position, _Found(2, distance, turn, position))
        yield sorted(found.values())


def _by_digests(
    images: Iterable[ListedImage],
) -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
    by_file: dict[str, list[int]] = defaultdict(list)
    by_pixels: dict[str, list[int]] = defaultdict(list)
    for position, image in enumerate(images):
        by_file[image.sha256].append(position)
        if image.fingerprint is not None:
            by_pixels[image.fingerprint.pixel_sha256].append(position)
    return by_file, by_pixels


def _near(
    images: Sequence[ListedImage], others: Sequence[ListedImage]
) -> list[list[tuple[int, int, int]]]:
    mine, hashes = _hashes(images)
    theirs, other_hashes = _hashes(others)
    near: list[list[tuple[int, int, int]]] = [[] for _ in images]
    for at, found in zip(mine, hamming_matches(hashes, other_hashes), strict=True):
        near[at] = [(theirs[position], distance, turn) for position, distance, turn in found]
    return near


def _hashes(images: Sequence[ListedImage]) -> tuple[list[int], NDArray[np.uint8]]:
    """Return the positions of the images that have a hash, and the hashes."""
    known = [at for at, one in enumerate(images) if _hash_of(one)]
    digits = "".join(_hash_of(images[at]) for at in known)
    return known, np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, HASH_BYTES)


def _hash_of(image: ListedImage) -> str:
    return (image.fingerprint.perceptual_hash or "") if image.fingerprint else ""


def _like_case(
    case: Case,
    image: ListedImage,
    found: Sequence[_Found],
    names: Sequence[str],
    others: Sequence[ListedImage],
) -> LikeCase:
    def match(one: _Found) -> Match:
        is_near = STRENGTH[one.strength] == "near_duplicate"
        return Match(
            kind=STRENGTH[one.strength],
            name=names[one.position],
            sha256=f"sha256:{others[one.position].sha256}",
            distance=one.distance if is_near else None,
            orientation=ORIENTATIONS[one.orientation] if is_near else None,
        )

    return LikeCase(
        case_id=case.case_id,
        image=image.file or case.image,
        kind=STRENGTH[found[0].strength],
        match_count=len(found),
        matches=tuple(match(one) for one in found[:MOST_LISTED]),
    )


def _shared_subjects(
    cases: Sequence[Case], training: Iterable[ListedImage]
) -> Iterator[SharedSubject]:
    """Return subjects on both sides; ids are compared without regard to case."""
    of_training: dict[str, int] = defaultdict(int)
    for image in training:
        if image.subject_id:
            of_training[_folded(image.subject_id)] += 1
    by_subject: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        if case.subject_id is not None:
            by_subject[case.subject_id].append(case.case_id)
    for subject_id, case_ids in sorted(by_subject.items()):
        if count := of_training.get(_folded(subject_id), 0):
            yield SharedSubject(
                subject_id=subject_id, case_ids=tuple(case_ids), training_count=count
            )


def _folded(subject_id: str) -> str:
    return unicodedata.normalize("NFKC", subject_id).strip().casefold()


def _uncompared(
    side: Literal["test_set", "training"], images: Iterable[tuple[str, ListedImage]]
) -> Iterator[Uncompared]:
    """Return images without a hash; those of a list of digests alone are only counted."""
    for name, image in images:
        if image.fingerprint is None and image.note:
            yield Uncompared(side=side, name=name, reason=image.note)
        elif image.fingerprint is not None and image.fingerprint.perceptual_hash is None:
            yield Uncompared(side=side, name=name, reason="too little contrast")


def _coverage(
    cases: Sequence[Case], images: Sequence[ListedImage], training: Sequence[ListedImage]
) -> Coverage:
    return Coverage(
        cases=len(cases),
        cases_with_hash=sum(bool(_hash_of(one)) for one in images),
        cases_with_subject=sum(one.subject_id is not None for one in cases),
        training_images=len(training),
        training_with_pixels=sum(one.fingerprint is not None for one in training),
        training_with_hash=sum(bool(_hash_of(one)) for one in training),
        training_with_subject=sum(one.subject_id is not None for one in training),
    )


def _counts(
    like_training: Sequence[LikeCase],
    shared: Sequence[SharedSubject],
    within: Sequence[LikeCase],
) -> Counts:
    by_kind = {kind: sum(one.kind == kind for one in like_training) for kind in STRENGTH}
    return Counts(
        **by_kind,
        shared_subject=len(shared),
        shared_subject_cases=sum(len(one.case_ids) for one in shared),
        within_test_set=len(within),
    )


def _pairs(
    cases: Sequence[Case], images: Sequence[ListedImage]
) -> Iterator[tuple[Case, ListedImage]]:
    return zip(cases, images, strict=True)
