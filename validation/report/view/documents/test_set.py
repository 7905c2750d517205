"""The description of a test set: what it holds, where it comes from, what it cannot show.

The questions are those of datasheets for datasets (Gebru et al. 2021) and CLAIM 2024: purpose,
composition, origin and selection, reference standard, independence, lock and use, limits.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from validation.report.contents import ProtocolContents, RecordContents
from validation.report.formatting import number, plural, share, size_of
from validation.report.view import cases, promised
from validation.report.view.addresses import Addresses
from validation.report.view.appendices import DefinitionsView, definitions
from validation.report.view.characteristics import characteristics
from validation.report.view.document import DocumentView, TitlePage
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    code,
    code_item,
    item,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.evidence import EvidenceView, evidence
from validation.report.view.leakage import leakage
from validation.report.view.openings import openings
from validation.report.view.sections import (
    Flow,
    Particulars,
    Prose,
    Section,
    Under,
    section,
    tabular,
)
from validation.report.view.wording import Words, sentence
from validation.testset.cases import Case
from validation.testset.lock import Lock

Contents = ProtocolContents | RecordContents

MOST_CASES_PRINTED = 500
"""With more cases than this the rest stand in the attached lock alone."""

_STATEMENT = (
    "What the locked test set holds, where it comes from, what counts as true in it, and what it "
    "cannot show."
)


@dataclass(frozen=True)
class TestSetDocument:
    """The whole document, section by section."""

    __test__ = False

    document: DocumentView
    cover: TitlePage
    identification: Section
    purpose: Section
    composition: Section
    origin: Section
    reference: Section
    independence: Section
    lock: Section
    limits: Section
    cases: Section
    definitions: DefinitionsView | None
    evidence: EvidenceView | None
    """None, as the definitions: nothing was measured yet."""
    sources: Section
    headings: tuple[Heading, ...]


def test_set_document(contents: Contents, digests_of_set: Mapping[str, str]) -> TestSetDocument:
    """Return everything that the description of a test set prints.

    Args:
        contents: The protocol with its lock, or a record, which counts objects, too.
        digests_of_set: 64 hexadecimal digits by path of the locked files, from the manifest.
    """
    numbering = Numbering()
    words = Words(contents.protocol.test_set.reference_standard.standing)
    addresses = Addresses(contents) if isinstance(contents, RecordContents) else None
    frame = shell.shell(contents, "Test-set description", "test set", _STATEMENT)
    return TestSetDocument(
        document=frame.document,
        cover=frame.cover,
        identification=_identification(contents, numbering),
        purpose=_purpose(contents, numbering),
        composition=_composition(contents, addresses, words, numbering),
        origin=section(
            numbering.section("Origin, selection and independence", "origin"),
            Particulars(cases.particulars(contents.protocol)[1:]),
        ),
        reference=section(
            numbering.section(sentence(words.reference), "reference"),
            Particulars(cases.reference_items(contents.protocol, words)),
        ),
        independence=_independence(contents, numbering),
        lock=_lock(contents, numbering),
        limits=_limits(contents, numbering),
        cases=_cases(contents.lock, digests_of_set, numbering),
        definitions=definitions(addresses, words, numbering)
        if addresses and addresses.printed("E")
        else None,
        evidence=_evidence(contents, addresses, numbering),
        sources=shell.sources(
            contents.files,
            contents.digests,
            contents.tool_version,
            numbering,
            more_steps=(
                code_item(
                    "Check the test set against its lock, in its own folder",
                    "sha256sum --check manifest-sha256.txt",
                ),
            ),
        ),
        headings=tuple(numbering.headings),
    )


test_set_document.__test__ = False  # type: ignore[attr-defined] # not for pytest


def _identification(contents: Contents, numbering: Numbering) -> Section:
    lock, one = contents.lock, contents.protocol.test_set
    return section(
        numbering.section("Identification", "identification"),
        Particulars(
            (
                item("Test set", f"{one.id}: {one.title}"),
                item("Lock", f"revision {lock.revision}: {lock.reason}"),
                code_item("Manifest digest", lock.manifest_digest),
                code_item("Case table digest", lock.case_table_digest),
                *_supersedes(lock),
                item(
                    "Described by",
                    f"protocol {contents.protocol.document.number}, revision "
                    f"{contents.protocol.document.revision}",
                ),
            )
        ),
    )


def _supersedes(lock: Lock) -> tuple[Item, ...]:
    return (code_item("Lock before it", lock.supersedes),) if lock.supersedes else ()


def _purpose(contents: Contents, numbering: Numbering) -> Section:
    protocol = contents.protocol
    device = protocol.device
    return section(
        numbering.section("Purpose", "purpose"),
        Particulars(
            (
                item("Made for", "to test whether a model meets the acceptance criteria of the "
                     f"protocol {protocol.document.number}"),
                item("Intended use", *paragraphs(device.intended_use)),
                item("Conditions to represent", *paragraphs(device.use_environment)),
                item("Classes", *(f"{one.name}: {one.description}" for one in protocol.classes)),
                item("Sample size", *paragraphs(protocol.analysis.sample_size_rationale)),
            )
        ),
    )  # fmt: skip


def _composition(
    contents: Contents, addresses: Addresses | None, words: Words, numbering: Numbering
) -> Section:
    lock = contents.lock
    return section(
        numbering.section("Composition", "composition"),
        Particulars(
            (
                item(
                    "Files",
                    f"{plural(lock.file_count, 'file')}, {size_of(lock.byte_count)}",
                    *(f"{plural(count, f'{role} file')}" for role, count in lock.roles.items()),
                ),
                *promised.counted(lock, words),
                *_subjects(lock.cases.evaluated),
            )
        ),
        Under(numbering.subsection("Flow of cases", "flow")),
        Flow(promised.flow(lock)),
        tabular(cases.exclusions(contents.protocol, numbering)),
        Under(numbering.subsection("Subgroups", "subgroups")),
        *(tabular(one) for one in _characteristics(contents, addresses, numbering)),
    )


def _characteristics(
    contents: Contents, addresses: Addresses | None, numbering: Numbering
) -> tuple[Table, ...]:
    if addresses is None or isinstance(contents, ProtocolContents):
        return (promised.characteristics(contents.protocol, contents.lock, numbering),)
    return characteristics(contents, addresses, numbering)


def _subjects(evaluated: Sequence[Case]) -> tuple[Item, ...]:
    counts = Counter(one.subject_id for one in evaluated if one.subject_id)
    if not counts:
        said = "the case table names none: whether cases are independent is not known from it"
        return (item("Subjects", said),)
    without = sum(not one.subject_id for one in evaluated)
    named = f"; {share(without, len(evaluated))} cases name none" if without else ""
    least, most, middle = min(counts.values()), max(counts.values()), median(counts.values())
    each = plural(least, "case")
    if least != most:
        each = f"{number(least)} to {plural(most, 'case')} (median {number(float(middle))})"
    return (item("Subjects", f"{plural(len(counts), 'subject')} with {each} each{named}"),)


def _independence(contents: Contents, numbering: Numbering) -> Section:
    heading = numbering.section("Comparison with development", "independence")
    found = leakage(contents.leakage, numbering)
    return section(
        heading,
        Under(found.heading),
        Particulars(found.items),
        *(tabular(one) for one in (found.images, found.subjects, found.within)),
    )


def _lock(contents: Contents, numbering: Numbering) -> Section:
    heading = numbering.section("Lock and use", "lock")
    if isinstance(contents, RecordContents):
        used, checked = openings(contents, numbering), "before the run"
    else:
        used, checked = promised.openings(contents, numbering), "when this document was made"
    return section(
        heading,
        Particulars(cases.lock_items(contents.lock, checked)),
        Under(used.heading),
        Prose(used.words),
        Particulars(used.anchor) if used.anchor else None,
        tabular(used.table),
    )


def _limits(contents: Contents, numbering: Numbering) -> Section:
    protocol = contents.protocol
    one = protocol.test_set
    missing = [
        said
        for said, lacks in (
            ("the size of a pixel is not stated: areas are in pixels",
             one.pixel_spacing_um is None),
            ("no case names a subject", not contents.lock.subject_count),
            ("no subgroup is declared", not protocol.subgroups),
            ("the images of development are not stated: leakage was not looked for",
             one.training_data is None),
        )
        if lacks
    ]  # fmt: skip
    return section(
        numbering.section("Known limits", "limits"),
        Particulars(
            (
                item("Specimens", "simulated: nothing is shown of real ones"
                     if one.simulated else "real"),
                item("Of the reference", *paragraphs(one.reference_standard.uncertainty)),
                item("Of the validation", *paragraphs(protocol.limits)),
                *((item("Not recorded", f"{sentence('; '.join(missing))}."),) if missing else ()),
            )
        ),
    )  # fmt: skip


def _evidence(
    contents: Contents, addresses: Addresses | None, numbering: Numbering
) -> EvidenceView | None:
    if not isinstance(contents, RecordContents) or addresses is None or not addresses.printed("E"):
        return None
    return evidence(contents, addresses, numbering)


# --- cases -------------------------------------------------------------------------------


def _cases(lock: Lock, digests: Mapping[str, str], numbering: Numbering) -> Section:
    heading = numbering.appendix("Cases", "cases")
    said = "Every evaluated case with its image, its subject and the columns of the case table."
    return section(heading, Prose((said,)), tabular(_case_table(lock, digests, numbering), "dense"))


def _case_table(lock: Lock, digests: Mapping[str, str], numbering: Numbering) -> Table:
    evaluated = lock.cases.evaluated
    left = len(evaluated) - MOST_CASES_PRINTED
    return numbering.table(
        "Evaluated cases of the lock",
        (
            Column("Case", "29%"),
            Column("Subject", "13%"),
            Column("Further columns", "19%"),
            Column("Image, and its SHA-256", "39%"),
        ),
        [_case_row(one, digests) for one in evaluated[:MOST_CASES_PRINTED]],
        notes=(
            f"The first {number(MOST_CASES_PRINTED)} of {number(len(evaluated))}; all are in the "
            "attached lock.json." if left > 0 else "",
            "SHA-256 by its first digits; the attached manifest has all of every file.",
        ),
    )  # fmt: skip


def _case_row(one: Case, digests: Mapping[str, str]) -> TableRow:
    return row(
        strong(one.case_id),
        text(one.subject_id or "not given"),
        text(", ".join(f"{name} {value}" for name, value in one.attributes.items()) or "\u2013"),
        code(one.image, digests.get(one.image, "")[:16]),
    )
