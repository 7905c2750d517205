"""What the test set shares with the images that the model was developed on."""

from collections.abc import Sequence
from dataclasses import dataclass

from validation.plan.protocol import TrainingData
from validation.report.formatting import number, plural
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code_item,
    item,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.wording import joined, sentence
from validation.testset.leakage_record import (
    ORIENTATIONS,
    Comparison,
    Counts,
    Coverage,
    Leakage,
    LikeCase,
    Match,
    Orientation,
    SharedSubject,
)

_MOST_ROWS = 20
_MOST_NAMED = 12

_KINDS = {
    "identical_file": "identical file",
    "identical_pixels": "identical pixels, another file",
    "near_duplicate": "near-duplicate",
}
_TURNS: dict[Orientation, str] = dict(
    zip(
        ORIENTATIONS,
        (
            "",
            "mirrored left to right",
            "mirrored top to bottom",
            "rotated by 180°",
            "mirrored at the diagonal",
            "rotated by 90° to the right",
            "rotated by 90° to the left",
            "mirrored at the other diagonal",
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class LeakageView:
    """The search for leakage and what it found."""

    heading: Heading
    items: tuple[Item, ...]
    images: Table | None
    subjects: Table | None
    within: Table | None


def leakage(known: Leakage | None, numbering: Numbering) -> LeakageView:
    """Return what was compared with what, and what was found."""
    heading = numbering.subsection("Leakage", "leakage")
    if known is None or known.comparison is None:
        return LeakageView(heading, (item("Result", result_sentence(known)),), None, None, None)
    found = known.comparison
    return LeakageView(
        heading=heading,
        items=(
            item("Result", result_sentence(known)),
            *_compared(known, found.coverage),
            item("Within the test set", within_sentence(found.counts)),
            *_not_comparable(found),
        ),
        images=_images(found.like_training, numbering),
        subjects=_subjects(found.shared_subjects, numbering),
        within=_within(found.within_test_set, numbering),
    )


def result_sentence(known: Leakage | None) -> str:
    """Return in a sentence what test set and development share, or that nobody looked."""
    if known is None:
        return "This record does not say whether leakage was looked for."
    if known.not_checked is not None:
        return f"{sentence(known.not_checked).rstrip('.')}."
    counts = known.counts
    coverage = known.comparison.coverage if known.comparison else None
    among = plural(coverage.training_images, "listed training image") if coverage else ""
    if not counts.any_leak:
        ways = f", compared by {joined(_compared_by(coverage))}" if coverage else ""
        return f"Nothing was found that the test set shares with {among}{ways}."
    return (
        f"Shared with development ({among}): {joined(found_words(counts))}. The figures can be "
        "better than they would be on images that the model has not seen."
    )


def found_words(counts: Counts) -> list[str]:
    """Return what was found, in numbers."""
    parts = (
        (counts.identical_file, "with the file of a training image"),
        (counts.identical_pixels, "with the pixels of a training image"),
        (counts.near_duplicate, "with a near-duplicate"),
    )
    words = [f"{plural(count, 'case')} {what}" for count, what in parts if count]
    if counts.shared_subject:
        shared = plural(counts.shared_subject, "subject")
        cases = plural(counts.shared_subject_cases, "case")
        words.append(f"{shared} ({cases}) with images in development")
    return words


def within_sentence(counts: Counts) -> str:
    """Return in a sentence whether cases are copies of one another."""
    if not counts.within_test_set:
        return (
            "Among cases that count as independent, none was found that is the same image as "
            "another or looks like it."
        )
    one = counts.within_test_set == 1
    alike = "is the same as, or looks like," if one else "are the same as, or look like,"
    return (
        f"{plural(counts.within_test_set, 'case')} {alike} another that counts as independent: "
        "intervals are narrower than they should be."
    )


def _compared(known: Leakage, coverage: Coverage) -> tuple[Item, ...]:
    stated = known.training_data
    if known.not_checked is not None or stated is None:
        return ()
    return (
        item("Compared", *_ways(coverage), _method(known)),
        item("Training images", *_source(stated)),
        code_item("Digest of their list", known.training_digest or ""),
        item("On a finding", _on_leak(stated)),
    )


def _compared_by(coverage: Coverage) -> list[str]:
    """Return by what images could be compared, the digest of the file first."""
    ways = (
        ("pixels", coverage.training_with_pixels, coverage.cases),
        ("perceptual hash", coverage.training_with_hash, coverage.cases_with_hash),
        ("subject", coverage.training_with_subject, coverage.cases_with_subject),
    )
    found = ["digest of the file", *(way for way, count, cases in ways if count and cases)]
    return found if len(found) > 1 else ["digest of the file alone"]


def _ways(coverage: Coverage) -> list[str]:
    """Return by what the images were compared, and by what they could not be."""
    everything = coverage.training_images
    ways = (
        ("pixels", coverage.training_with_pixels, coverage.cases),
        ("perceptual hash", coverage.training_with_hash, coverage.cases_with_hash),
        ("subject", coverage.training_with_subject, coverage.cases_with_subject),
    )
    first = f"{number(coverage.cases)} cases with {number(everything)} training images"
    done = [
        f"by digest of the file, {first}",
        *(
            f"by {way}, {number(cases)} with {number(count)}"
            for way, count, cases in ways
            if count and cases
        ),
    ]
    missing = [
        f"{way} ({'the case table' if count else 'the list'} gives none)"
        for way, count, cases in ways
        if not (count and cases)
    ]
    said = [f"{sentence('; '.join(done))}."]
    return [*said, f"Not compared by {joined(missing)}."] if missing else said


def _method(known: Leakage) -> str:
    return (
        f"Images are near-duplicates where at most {known.near_duplicate_distance} of the 256 "
        f"bits of their perceptual hash ({known.method}) differ, in any of eight orientations. "
        "Crops, and other images of the same specimen, are not found."
    )


def _source(stated: TrainingData) -> tuple[str, ...]:
    where = f"Listed in {stated.manifest}." if stated.manifest else (
        f"Read from the folder {stated.folder} when the test set was locked."
    )  # fmt: skip
    return (where, *paragraphs(stated.covers or ""))


def _on_leak(stated: TrainingData) -> str:
    if stated.on_leak == "refuse":
        return "The protocol refuses to run."
    return "The protocol has it reported; the verdict does not depend on it."


def _not_comparable(found: Comparison) -> tuple[Item, ...]:
    items = []
    for side, label in (("test_set", "cases"), ("training", "training images")):
        chosen = [one for one in found.uncompared if one.side == side]
        if chosen:
            named = ", ".join(f"{one.name} ({one.reason})" for one in chosen[:_MOST_NAMED])
            more = len(chosen) - _MOST_NAMED
            rest = f", and {number(more)} more in leakage.json" if more > 0 else ""
            words = f"Near-duplicates of {number(len(chosen))} {label} cannot be found: "
            items.append(item(f"No hash: {label}", f"{words}{named}{rest}."))
    return tuple(items)


def _images(found: Sequence[LikeCase], numbering: Numbering) -> Table | None:
    if not found:
        return None
    return numbering.table(
        "Cases whose image was found among the training images",
        (
            Column("Case", "20%"),
            Column("Training image", "38%"),
            Column("Kind", "28%"),
            Column("Matches", "14%", "number"),
        ),
        [_like_row(one) for one in found[:_MOST_ROWS]],
        notes=(_rest(len(found)),),
    )


def _within(found: Sequence[LikeCase], numbering: Numbering) -> Table | None:
    if not found:
        return None
    return numbering.table(
        "Cases that are alike and count as independent",
        (
            Column("Case", "20%"),
            Column("Other case", "38%"),
            Column("Kind", "28%"),
            Column("Matches", "14%", "number"),
        ),
        [_like_row(one) for one in found[:_MOST_ROWS]],
        notes=(_rest(len(found)),),
    )


def _like_row(one: LikeCase) -> TableRow:
    nearest = one.matches[0]
    return row(
        strong(one.case_id),
        text(nearest.name),
        text(*_kind(nearest)),
        text(number(one.match_count)),
    )


def _kind(match: Match) -> tuple[str, ...]:
    if match.distance is None or match.orientation is None:
        return (_KINDS[match.kind],)
    turn = _TURNS[match.orientation]
    return (_KINDS[match.kind], f"{match.distance} of 256 bits differ", turn)


def _subjects(found: Sequence[SharedSubject], numbering: Numbering) -> Table | None:
    if not found:
        return None
    return numbering.table(
        "Subjects with cases in the test set and images in development",
        (
            Column("Subject", "22%"),
            Column("Cases", "56%"),
            Column("Training images", "22%", "number"),
        ),
        [
            row(
                strong(one.subject_id), text(_named(one.case_ids)), text(number(one.training_count))
            )
            for one in found[:_MOST_ROWS]
        ],
        notes=(_rest(len(found)),),
    )


def _named(ids: Sequence[str]) -> str:
    more = len(ids) - _MOST_NAMED
    return ", ".join(ids[:_MOST_NAMED]) + (f" and {number(more)} more" if more > 0 else "")


def _rest(count: int) -> str:
    """Return where the rows are that are not printed; empty where all are."""
    if count <= _MOST_ROWS:
        return ""
    return f"The first {_MOST_ROWS} of {number(count)}; all are in the attachment leakage.json."
