"""The test set: flow of cases, characteristics, reference standard, provenance, lock."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from validation.plan.protocol import Acquisition, Protocol, TestSet
from validation.report.contents import RecordContents
from validation.report.formatting import number, plural, size_of, timestamp
from validation.report.view.addresses import Addresses
from validation.report.view.characteristics import characteristics
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    code_item,
    item,
    paragraphs,
    prose_item,
    row,
    strong,
    text,
)
from validation.report.view.leakage import LeakageView, leakage
from validation.report.view.openings import OpeningsView, openings
from validation.report.view.wording import Words, sentence
from validation.testset.cases import Case
from validation.testset.lock import Lock


@dataclass(frozen=True)
class FlowStep:
    """A step of the flow of cases, from what was available to what was measured."""

    count: str
    label: str
    note: str
    """Why cases left at this step; empty where none did."""


@dataclass(frozen=True)
class TestSetView:
    """The images on which the model was tested."""

    __test__ = False

    heading: Heading
    particulars: tuple[Item, ...]
    flow_heading: Heading
    flow: tuple[FlowStep, ...]
    exclusions: Table | None
    characteristics_heading: Heading
    characteristics: tuple[Table, ...]
    reference_heading: Heading
    reference: tuple[Item, ...]
    lock_heading: Heading
    lock: tuple[Item, ...]
    leakage: LeakageView
    openings: OpeningsView


def test_set(
    contents: RecordContents, addresses: Addresses, words: Words, numbering: Numbering
) -> TestSetView:
    """Return the description of the test set."""
    plan = contents.protocol
    return TestSetView(
        heading=numbering.section("Test set", "test-set"),
        particulars=particulars(plan),
        flow_heading=numbering.subsection("Flow of cases", "flow"),
        flow=_flow(contents),
        exclusions=exclusions(plan, numbering),
        characteristics_heading=numbering.subsection("Characteristics", "characteristics"),
        characteristics=characteristics(contents, addresses, numbering),
        reference_heading=numbering.subsection(sentence(words.reference), "reference"),
        reference=reference_items(plan, words),
        lock_heading=numbering.subsection("Lock", "lock"),
        lock=lock_items(contents.lock, "before the run"),
        leakage=leakage(contents.leakage, numbering),
        openings=openings(contents, numbering),
    )


test_set.__test__ = False  # type: ignore[attr-defined] # not for pytest


def particulars(plan: Protocol) -> tuple[Item, ...]:
    """Return what the test set is, where it comes from and how it was kept apart."""
    one = plan.test_set
    spacing = (
        f"{number(one.pixel_spacing_um)}\u00a0µm a pixel, all images"
        if one.pixel_spacing_um is not None
        else "not stated; areas are in pixels"
    )
    return (
        item("Test set", f"{one.id}: {one.title}"),
        item("Specimens", "simulated" if one.simulated else "real"),
        item("Provenance", *paragraphs(one.provenance)),
        *_selection(one),
        *_acquisition(one.acquisition),
        prose_item("Demographics", one.demographics),
        prose_item("De-identification", one.de_identification),
        prose_item("Missing data", one.missing_data),
        item("Independence", *paragraphs(one.independence)),
        item("Partition level", _LEVELS.get(one.partition_level or "", "")),
        item("Licence", one.licence),
        item("Pixel spacing", spacing),
    )


_LEVELS = {
    "site": "site: no site is in both test and development data",
    "subject": "subject: no subject is in both test and development data",
    "specimen": "specimen: no specimen is in both test and development data",
    "image": "image: no image is in both test and development data; subjects or specimens may be",
    "not_known": "not known",
}


def _selection(one: TestSet) -> tuple[Item, ...]:
    return (
        prose_item("Representativeness", one.representativeness),
        prose_item("Inclusion criteria", one.inclusion_criteria),
        prose_item("Exclusion criteria", one.exclusion_criteria),
        prose_item("Sampling", one.sampling),
    )


def _acquisition(one: Acquisition) -> tuple[Item, ...]:
    return (
        item("Acquired", one.period or ""),
        item("Sites", "; ".join(one.sites)),
        prose_item("Imaging equipment", one.equipment),
    )


def _flow(contents: RecordContents) -> tuple[FlowStep, ...]:
    lock, run = contents.lock, contents.run
    in_figures = sum(line["in_figures"] == "true" for line in contents.case_rows)
    predicted = run.cases_attempted - run.cases_failed
    excluded, failed = lock.excluded_case_count, run.cases_failed
    left_out = len(contents.ran) - in_figures
    return (
        FlowStep(number(lock.case_count + excluded), "available in the case table", ""),
        FlowStep(
            number(lock.case_count),
            "locked for evaluation",
            f"{number(excluded)} excluded by the protocol" if excluded else "none excluded",
        ),
        *_picked(contents),
        FlowStep(
            number(predicted),
            "with a prediction",
            f"{number(failed)} failed" if failed else "none failed",
        ),
        FlowStep(
            number(in_figures),
            "in the figures",
            f"{number(left_out)} left out"
            if left_out
            else ("failed cases count as empty" if failed else "none left out"),
        ),
    )


def _picked(contents: RecordContents) -> tuple[FlowStep, ...]:
    """Return the step that a run for development has: some of the cases were taken."""
    subset = contents.findings.subset
    if subset is None:
        return ()
    return (FlowStep(number(len(subset.cases)), "picked for development", "not for the record"),)


def exclusions(plan: Protocol, numbering: Numbering) -> Table | None:
    """Return the cases left out with the reasons; None where there are none."""
    if not plan.test_set.exclusions:
        return None
    return numbering.table(
        "Cases excluded by the protocol, before the run",
        (Column("Cases", "45%"), Column("Reason", "55%")),
        [
            row(strong(", ".join(one.cases)), text(*paragraphs(one.reason)))
            for one in plan.test_set.exclusions
        ],
    )


def cases_and_subjects(cases: Sequence[Case]) -> str:
    r"""Return how many cases, and of how many subjects where they are given.

    >>> cases_and_subjects(())
    '0\xa0cases'
    """
    subjects = {one.subject_id for one in cases if one.subject_id}
    of = f" of {plural(len(subjects), 'subject')}" if subjects else ""
    return f"{plural(len(cases), 'case')}{of}"


def reference_items(plan: Protocol, words: Words) -> tuple[Item, ...]:
    """Return what counts as true, and how far."""
    one, quality = plan.test_set.reference_standard, plan.test_set.reference_quality
    formats = {
        "label_map": "label image, one id an object",
        "class_map": "class-value image",
        "panoptic_map": "image of segments, of things and stuff",
        "coco": "COCO annotation file",
    }
    return (
        item("Standing", words.standing_sentence),
        item("Origin", *paragraphs(one.origin)),
        prose_item("Why this one", quality.rationale),
        prose_item("Annotation", quality.annotation),
        item("Annotators", *(one.annotators or ("none: no person annotated",))),
        item("Uncertainty", *paragraphs(one.uncertainty)),
        prose_item("Between annotators", quality.inter_rater_variability),
        prose_item("Within an annotator", quality.intra_rater_variability),
        item("Format", formats[one.format]),
    )


def lock_items(lock: Lock, checked: str) -> tuple[Item, ...]:
    """Return what was locked, when, by whom.

    Args:
        lock: The lock.
        checked: When the files were held against it, e.g. ``before the run``.
    """
    roles = Counter(lock.roles)
    files = ", ".join(plural(count, f"{role} file") for role, count in sorted(roles.items()))
    return (
        item("Lock", f"{lock.test_set_id}, revision {lock.revision}: {lock.reason}"),
        item("Locked", f"{timestamp(lock.locked_at)} by {lock.locked_by}"),
        item(
            "Files",
            f"{plural(lock.file_count, 'file')} ({files}), {size_of(lock.byte_count)}, in "
            f"{', '.join(lock.folders)}",
        ),
        code_item("Manifest digest", lock.manifest_digest),
        code_item("Case table digest", lock.case_table_digest),
        item(
            "Checked",
            f"Every file was compared with the manifest {checked}; a test set that differs is "
            "refused.",
        ),
    )
