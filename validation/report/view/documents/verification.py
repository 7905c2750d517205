"""The verification report: what was checked, how, what came of it, and what nobody checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from validation.record import digest
from validation.report.formatting import clipped, day, share, short_digest, timestamp
from validation.report.view.document import DocumentView, Outcome, TitlePage, bare_frame
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    Table,
    TableRow,
    Verdict,
    code_item,
    item,
    row,
    strong,
    text,
)
from validation.report.view.sections import (
    Particulars,
    Prose,
    Section,
    Tabular,
    section,
    tabular,
)
from validation.report.view.wording import joined, sentence

_LONGEST_NAME = 60
FILE_NAME = "verification.json"

Key = Literal["held", "did_not_hold", "could_not_be_checked"]

OUTCOMES: Mapping[Key, Verdict] = {
    "held": Verdict("met", "held", "✓", "Held"),
    "did_not_hold": Verdict("not_met", "did not hold", "\u00d7", "Did not hold"),
    "could_not_be_checked": Verdict(
        "incomplete", "could not be checked", "\u2013", "Could not be checked"
    ),
}
_KINDS = {
    "lock": "lock of a test set",
    "record": "record of a run",
    "report": "validation report",
    "protocol": "protocol document",
    "document": "document that nobody signs",
    "study": "study",
    "comparison": "comparison of two records",
}
_MEANINGS = {
    "altered": "something is not what it was when it was sealed, signed or recorded",
    "untrusted": "a signer is not one whom the pinned authorities vouch for",
    "incomplete": "a signature, event or file that belongs there is missing",
}
_STATEMENT = (
    "What segval verify checked, what it found, and what it could not check. It worked offline and "
    "changed nothing. It says whether files are what they were and follow from one another, not "
    "whether a model met its criteria. Nobody signs this document: it follows from the list of "
    "checks that it embeds."
)
_NO_MODEL = (
    "The model was not run again: the checks begin at the tables and predictions that were kept."
)
_NO_JUDGEMENT = (
    "Whether the reference standard is right, the test set represents the use, and the bounds are "
    "the right ones, no check of files can say."
)
_NO_STUDY = "No study was given or found: no audit trail was consulted."
_NO_TRUST = "Nobody's trust was pinned: signers were not held against any authority."
_NO_DATA = "The files of the test set were not compared with the lock: their folder was not given."
_NO_TEST_SET = (
    "The files of the test set were not read: segval verify of the lock, with their folder, does "
    "that."
)


@dataclass(frozen=True)
class CheckLine:
    """One check, as it is printed."""

    number: int
    what: str
    outcome: Key
    failure: str
    """Why it did not hold: altered, untrusted, incomplete; empty where it held."""
    clause: str
    """Empty: it serves none alone."""
    detail: str


@dataclass(frozen=True)
class VerificationContents:
    """What a verification report is made from."""

    kind: Literal["lock", "record", "report", "protocol", "document", "study", "comparison"]
    name: str
    """Name of the file or folder that was checked."""
    outcome: Key
    checks: tuple[CheckLine, ...]
    notes: tuple[str, ...]
    at: datetime
    """When it was checked, UTC."""
    user: str
    """Who had it checked: the name of the account."""
    host: str
    """Machine on which it was checked."""
    tool_version: str
    digests: Mapping[str, str]
    """``sha256:…`` of what was checked, by name: the file, or the files that name the others."""
    data: str
    """Name of the folder of the test set; empty: not given."""
    study: str
    """Name of the study whose audit trail and trust counted; empty: none."""
    trust: str
    """Name of the folder of pinned certificates; empty: those of the study."""
    content: bytes
    """The list of checks as JSON; it is embedded."""


@dataclass(frozen=True)
class VerificationView:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    subject: Section
    result: Section
    unchecked: Section
    checks: Section
    by_clause: Section
    by_hand: Section
    sources: Section
    headings: tuple[Heading, ...]


def verification_view(
    contents: VerificationContents, files: Mapping[str, bytes]
) -> VerificationView:
    """Return everything that the verification report prints.

    Args:
        contents: The checks.
        files: What the document embeds, by name.
    """
    numbering = Numbering()
    digests = {name: digest(one) for name, one in files.items()}
    return VerificationView(
        document=bare_frame(
            number=f"Verification of {clipped(contents.name, _LONGEST_NAME)}",
            title=f"Verification report: {contents.name}",
            date=day(contents.at),
            identity=f"checks {short_digest(digests[FILE_NAME])}",
        ),
        cover=_cover(contents),
        subject=_subject(contents, numbering),
        result=_result(contents, numbering),
        unchecked=_unchecked(contents, numbering),
        checks=section(
            numbering.section("Every check", "checks"),
            Tabular(_table("Checks in the order in which they were made", contents.checks,
                           numbering)),
        ),
        by_clause=_by_clause(contents, numbering),
        by_hand=_by_hand(contents, numbering),
        sources=shell.sources(
            files,
            digests,
            contents.tool_version,
            numbering,
        ),
        headings=tuple(numbering.headings),
    )  # fmt: skip


def _cover(contents: VerificationContents) -> TitlePage:
    verdict = OUTCOMES[contents.outcome]
    return TitlePage(
        kind="Verification report",
        title=f"Verification of {contents.name}",
        subtitle=sentence(_KINDS[contents.kind]),
        organisation="",
        outcome=Outcome(
            verdict.key, "Outcome", f"{verdict.symbol}\u00a0{verdict.headline}", _counts(contents)
        ),
        statement=_STATEMENT,
        notices=(),
        identification=(
            tuple(code_item(name, short_digest(one)) for name, one in contents.digests.items()),
            (
                item("Checked", timestamp(contents.at)),
                item("By", f"{contents.user}, with segval {contents.tool_version}"),
            ),
        ),
    )


def _counts(contents: VerificationContents) -> str:
    checks = contents.checks
    failed = [one for one in checks if one.outcome == "did_not_hold"]
    unmade = sum(one.outcome == "could_not_be_checked" for one in checks)
    kinds = joined(sorted({one.failure for one in failed if one.failure}))
    said = [f"{share(len(checks) - len(failed) - unmade, len(checks))} checks held"]
    if failed:
        said.append(f"{len(failed)} did not ({kinds})" if kinds else f"{len(failed)} did not")
    if unmade:
        said.append(f"{unmade} could not be made")
    return f"{'; '.join(said)}."


def _subject(contents: VerificationContents, numbering: Numbering) -> Section:
    return section(
        numbering.section("What was verified", "subject"),
        Particulars(
            (
                item("Object", f"{contents.name}, a {_KINDS[contents.kind]}"),
                *(code_item(f"SHA-256 of {name}", one) for name, one in contents.digests.items()),
                item("Checked", timestamp(contents.at)),
                item("By the account", f"{contents.user} at {contents.host}"),
                item("With", f"segval {contents.tool_version}, offline"),
                item("Study", contents.study or "none"),
                item("Pinned trust", contents.trust or _pinned(contents)),
                item("Test set", contents.data or "not given"),
            )
        ),
    )


def _pinned(contents: VerificationContents) -> str:
    return "the study's" if contents.study else "none"


def _result(contents: VerificationContents, numbering: Numbering) -> Section:
    heading = numbering.section("Result", "result")
    failed = [one for one in contents.checks if one.outcome == "did_not_hold"]
    kinds = sorted({one.failure for one in failed if one.failure})
    return section(
        heading,
        Particulars(
            (
                item("Outcome", f"{OUTCOMES[contents.outcome].word}: {_counts(contents)}"),
                *(item(sentence(one), _MEANINGS.get(one, "")) for one in kinds),
            )
        ),
        tabular(_table("Checks that did not hold", failed, numbering) if failed else None),
    )


def _unchecked(contents: VerificationContents, numbering: Numbering) -> Section:
    heading = numbering.section("What was not checked", "unchecked")
    unmade = [one for one in contents.checks if one.outcome == "could_not_be_checked"]
    notes = [f"{sentence(one).rstrip('.')}." for one in contents.notes]
    return section(
        heading,
        Prose((*_not_given(contents), *notes, _NO_MODEL, _NO_JUDGEMENT)),
        tabular(_table("Checks that could not be made", unmade, numbering) if unmade else None),
    )


def _not_given(contents: VerificationContents) -> Iterator[str]:
    if not contents.study:
        yield _NO_STUDY
    if not (contents.study or contents.trust) and contents.kind not in {
        "lock",
        "document",
        "comparison",
    }:
        yield _NO_TRUST
    if contents.kind == "lock" and not contents.data:
        yield _NO_DATA
    if contents.kind in {"record", "report", "protocol", "document"}:
        yield _NO_TEST_SET


def _table(caption: str, checks: Sequence[CheckLine], numbering: Numbering) -> Table:
    return numbering.table(
        caption,
        (
            Column("No.", "6%", "number"),
            Column("What has to hold", "30%"),
            Column("Outcome", "15%"),
            Column("What was found", "35%"),
            Column("Clause", "14%"),
        ),
        [_check(one) for one in checks],
    )


def _check(one: CheckLine) -> TableRow:
    return row(
        strong(str(one.number)),
        text(one.what),
        OUTCOMES[one.outcome],
        text(*(part for part in (one.failure, one.detail) if part)),
        text(one.clause or "\u2013"),
    )


def _by_clause(contents: VerificationContents, numbering: Numbering) -> Section:
    by_clause: dict[str, list[CheckLine]] = {}
    for one in contents.checks:
        by_clause.setdefault(one.clause or "serves no clause alone", []).append(one)
    table = numbering.table(
        "Checks by the clause that they serve",
        (Column("Clause", "34%"), Column("Checks", "46%"), Column("Held", "20%", "number")),
        [
            row(
                strong(clause),
                text(", ".join(str(one.number) for one in checks)),
                text(share(sum(one.outcome == "held" for one in checks), len(checks))),
            )
            for clause, checks in by_clause.items()
        ],
    )
    return section(numbering.section("By clause", "by-clause"), Tabular(table))


_SUMS = code_item("Every file of the record, in its folder", "sha256sum --check SHA256SUMS")
_MANIFEST = code_item(
    "The test set against its lock, in its own folder", "sha256sum --check manifest-sha256.txt"
)
_OF_PDF = (
    code_item("The signatures", "pdfsig FILE.pdf"),
    code_item("What the document embeds", "pdfdetach -saveall FILE.pdf"),
    code_item("The structure of the file", "qpdf --check FILE.pdf"),
    code_item("That it is archivable", "verapdf --flavour 3a FILE.pdf"),
)
_TOOLS: Mapping[str, tuple[Item, ...]] = {
    "lock": (_MANIFEST,),
    "record": (_SUMS, _MANIFEST, *_OF_PDF),
    "report": _OF_PDF,
    "protocol": _OF_PDF,
    "document": _OF_PDF[1:],
    "study": (_MANIFEST, *_OF_PDF),
}


def _by_hand(contents: VerificationContents, numbering: Numbering) -> Section:
    said = (
        "Part of this can be checked without segval, by tools that every system has or packages. "
        "They are given here; what they print is for the reader to compare."
    )
    return section(
        numbering.appendix("How to check with common tools", "by-hand"),
        Prose((said,)),
        Particulars(_TOOLS[contents.kind]),
    )
