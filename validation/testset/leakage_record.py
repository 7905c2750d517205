"""What is kept of the search for leakage: numbers in the lock, all of it in ``leakage.json``."""

from typing import Literal

from validation.plan.protocol import TrainingData
from validation.record import Digest, Record

METHOD = "dct256"
"""Name of the perceptual hash; it stands before every hash that is written down."""

Orientation = Literal[
    "as_is",
    "mirrored_left_right",
    "mirrored_top_bottom",
    "rotated_180",
    "transposed",
    "rotated_90_right",
    "rotated_90_left",
    "transversed",
]

ORIENTATIONS: tuple[Orientation, ...] = (
    "as_is",
    "mirrored_left_right",
    "mirrored_top_bottom",
    "rotated_180",
    "transposed",
    "rotated_90_right",
    "rotated_90_left",
    "transversed",
)
"""In the order of `orientations`: how an image has to be turned to look like the other."""

NEAR_DUPLICATE_DISTANCE = 40
"""Most bits of 256 by which the hashes of near-duplicates differ. Measured: copies that were
compressed, resized, brightened, turned or reduced to one colour differ by at most 40, different
images by at least 59 (docs/adr/0016-leakage.md)."""

MOST_LISTED = 10
"""Most matches of a case that are listed; all are counted."""

Kind = Literal["identical_file", "identical_pixels", "near_duplicate"]
STRENGTH: tuple[Kind, ...] = ("identical_file", "identical_pixels", "near_duplicate")
"""The strongest first."""


class Match(Record):
    """An image that a case was found to be like."""

    kind: Kind
    name: str
    """File of the training image as its list names it, or the beginning of its digest; or the id
    of the other case."""
    sha256: Digest
    """Digest of that image's file."""
    distance: int | None = None
    """Bits by which the hashes differ; None where the pixels are identical."""
    orientation: Orientation | None = None
    """How the case's image has to be turned to look like the other; None as `distance`."""


class LikeCase(Record):
    """A case and the images that it is like."""

    case_id: str
    image: str
    kind: Kind
    """The strongest of its matches."""
    match_count: int
    matches: tuple[Match, ...]
    """The strongest and nearest of them, at most `MOST_LISTED`."""


class SharedSubject(Record):
    """A subject with cases in the test set and images in development."""

    subject_id: str
    """As the case table has it."""
    case_ids: tuple[str, ...]
    training_count: int


class Uncompared(Record):
    """An image of which no perceptual hash could be made: near-duplicates of it are not found."""

    side: Literal["test_set", "training"]
    name: str
    reason: str


class Coverage(Record):
    """How many images could be compared in which way."""

    cases: int
    cases_with_hash: int
    cases_with_subject: int
    training_images: int
    training_with_pixels: int
    training_with_hash: int
    training_with_subject: int


class Counts(Record):
    """Cases and subjects found, each case once, by its strongest match."""

    identical_file: int = 0
    identical_pixels: int = 0
    near_duplicate: int = 0
    shared_subject: int = 0
    """Subjects."""
    shared_subject_cases: int = 0
    within_test_set: int = 0
    """Cases that are like a later one and count as independent of it."""

    @property
    def any_leak(self) -> bool:
        """True where the test set shares anything with development."""
        return self.images > 0 or self.shared_subject > 0

    @property
    def images(self) -> int:
        """Cases whose image is, or looks like, a training image."""
        return self.identical_file + self.identical_pixels + self.near_duplicate


class Comparison(Record):
    """What was found."""

    coverage: Coverage
    counts: Counts
    like_training: tuple[LikeCase, ...]
    """By case id."""
    shared_subjects: tuple[SharedSubject, ...]
    within_test_set: tuple[LikeCase, ...]
    """By case id; of a pair, the case that comes first."""
    uncompared: tuple[Uncompared, ...]


class LeakageSummary(Record):
    """What a lock keeps of the comparison that was made when it was made."""

    training_data: TrainingData | None
    """As the protocol stated it; None where it stated none."""
    training_source_digest: Digest | None
    """SHA-256 of the manifest that the protocol named; None for a folder, or none."""
    training_digest: Digest | None
    """SHA-256 of ``training.csv`` beside the lock; None where there is none."""
    training_image_count: int
    fingerprints_digest: Digest
    """SHA-256 of ``fingerprints.csv`` beside the lock."""
    method: str = METHOD
    near_duplicate_distance: int = NEAR_DUPLICATE_DISTANCE
    not_checked: str | None
    """Why leakage was not checked; None where it was."""
    counts: Counts


class Leakage(Record):
    """``leakage.json``: what was compared with what, how, and what was found."""

    format: Literal["segval/leakage/1"] = "segval/leakage/1"
    test_set_id: str
    manifest_digest: Digest
    """Of the locked test set."""
    fingerprints_digest: Digest | None
    """SHA-256 of ``lock/fingerprints.csv``; None where the lock has none."""
    training_digest: Digest | None
    """SHA-256 of ``lock/training.csv``; None where the lock has none."""
    training_data: TrainingData | None
    """As the protocol states it."""
    method: str = METHOD
    near_duplicate_distance: int = NEAR_DUPLICATE_DISTANCE
    not_checked: str | None
    """Why cases were not compared with training images; None where they were."""
    comparison: Comparison | None
    """None where the lock has no fingerprints, so that nothing at all was compared."""

    @property
    def counts(self) -> Counts:
        """What was found, in numbers."""
        return self.comparison.counts if self.comparison else Counts()
