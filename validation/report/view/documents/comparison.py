"""The change assessment: two versions on one locked test set, for a change control plan.

What the guidance on predetermined change control plans (FDA, 2024) asks of a modification: what
it is, the test set and methods, the acceptance criteria and how they compare with the version
before, and its impact. What only a person can say comes from the protocol, or is not provided.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from validation.evidence.catalogue import definition
from validation.evidence.paired.records import FigureDifference
from validation.judge.acceptance import address_of
from validation.judge.comparison.records import ComparedRecord, Comparison, Differing
from validation.report.comparison import ComparisonContents
from validation.report.formatting import (
    clipped,
    day,
    number,
    percentage,
    plural,
    short_digest,
    timestamp,
)
from validation.report.overlays.changed import changes_in_words
from validation.report.view.appendices import DefinitionsView, definitions_of
from validation.report.view.comparing import changes as changed
from validation.report.view.comparing import differences as differing
from validation.report.view.comparing.pictures import pictures
from validation.report.view.document import (
    DocumentView,
    Notice,
    Outcome,
    TitlePage,
    page_frame,
)
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Column,
    Heading,
    Item,
    Numbering,
    TableRow,
    code_item,
    item,
    paragraphs,
    prose_item,
    row,
    strong,
    text,
)
from validation.report.view.pictures import PicturesView
from validation.report.view.sections import (
    Drawn,
    Notes,
    Particulars,
    Prose,
    Section,
    Tabular,
    Under,
    section,
    tabular,
)
from validation.report.view.wording import INTERVAL_METHODS, VERDICTS, Words, joined

_STATEMENT = (
    "Whether a new version of a model may take the place of the version before, by margins fixed "
    "in the protocol and by every object and case that changed. Nobody signs this document: it "
    "follows from the files that it embeds, and can be made again from them."
)
_EXPLORATORY = Notice(
    "Exploratory",
    "The protocol of the new version fixes no margin: differences are described, and nothing is "
    "decided.",
)
_NOT_APPROVED = Notice(
    "Not approved",
    "A protocol that ran was not signed as it asks: that the margins were fixed before the result "
    "was known is not shown.",
)
_SIMULATED = Notice(
    "Simulated specimens", "The specimens are simulated: the figures say nothing about real ones."
)
_LONGEST_VALUE = 300
_MOST_DIFFERING = 60


@dataclass(frozen=True)
class ComparisonDocument:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    summary: Section
    change: Section
    impact: Section
    test_set: Section
    method: Section
    margins: Section
    results: Section
    changes: Section
    pictures: PicturesView
    limits: Section
    conclusion: Section
    definitions: DefinitionsView
    sources: Section
    headings: tuple[Heading, ...]


def comparison_document(contents: ComparisonContents) -> ComparisonDocument:
    """Return everything that the change assessment prints."""
    protocol, comparison = contents.second, contents.comparison
    numbering = Numbering()
    words = Words(protocol.test_set.reference_standard.standing)
    fixed = protocol.comparison.margins if protocol.comparison else ()
    rows = differing.margin_rows(fixed, comparison.margins, words)
    return ComparisonDocument(
        document=_frame(contents),
        cover=_cover(contents),
        summary=_summary(contents, rows, numbering),
        change=_change(contents, numbering),
        impact=_impact(contents, numbering),
        test_set=_test_set(contents, numbering),
        method=_method(contents, numbering),
        margins=_margins(rows, numbering),
        results=_results(contents, words, numbering),
        changes=_changes(contents, numbering),
        pictures=pictures(contents.overlays, protocol.method.kind, words, numbering),
        limits=_limits(contents, numbering),
        conclusion=_conclusion(contents, numbering),
        definitions=definitions_of(
            {one.metric for one in _sorted_out(comparison, contents)[0]},
            "Every metric that a criterion or a margin names; segval metrics defines all",
            words,
            numbering,
        ),
        sources=shell.sources(contents.files, contents.digests, contents.tool_version, numbering),
        headings=tuple(numbering.headings),
    )


# --- frame and title page ----------------------------------------------------------------


def _notices(contents: ComparisonContents) -> tuple[Notice, ...]:
    comparison = contents.comparison
    return (
        *([_EXPLORATORY] if comparison.verdict == "exploratory" else []),
        *([_NOT_APPROVED] if comparison.approval != "approved" else []),
        *([_SIMULATED] if contents.second.test_set.simulated else []),
    )


def _frame(contents: ComparisonContents) -> DocumentView:
    filed = contents.second.document
    return page_frame(
        filed,
        number=f"{filed.number} change assessment",
        date=day(contents.comparison.second.finished_at),
        identity=f"comparison {contents.comparison.comparison_id}",
        notices=_notices(contents),
    )


def _cover(contents: ComparisonContents) -> TitlePage:
    filed, device, comparison = (
        contents.second.document,
        contents.second.device,
        contents.comparison,
    )
    return TitlePage(
        kind="Change assessment",
        title=filed.title,
        subtitle=f"{device.name} {device.version} \u00b7 {_version(comparison.second)} against "
        f"{_version(comparison.first)}",
        organisation=filed.organisation,
        outcome=_outcome(comparison),
        statement=_STATEMENT,
        notices=_notices(contents),
        identification=(
            _of_record("A (before)", comparison.first),
            _of_record("B (new)", comparison.second),
        ),
    )


def _version(one: ComparedRecord) -> str:
    return f"{one.model_name} {one.model_version}"


def _of_record(name: str, one: ComparedRecord) -> tuple[Item, ...]:
    return (
        item(name, _version(one)),
        code_item("Record", one.record_id),
        item("Protocol", one.protocol),
        code_item("Model digest", short_digest(one.model_digest)),
    )


def _outcome(comparison: Comparison) -> Outcome:
    said = _verdict_sentence(comparison)
    if comparison.verdict == "exploratory":
        return Outcome("plain", "Verdict", "None: exploratory", said)
    verdict = VERDICTS[comparison.verdict]
    return Outcome(verdict.key, "Margins", f"{verdict.symbol}\u00a0{verdict.headline}", said)


def _verdict_sentence(comparison: Comparison) -> str:
    margins = comparison.margins
    if comparison.verdict == "exploratory":
        return "No margin was fixed in the protocol of the new version."
    if comparison.verdict == "met":
        every = (
            "The one margin is" if len(margins) == 1 else f"All {number(len(margins))} margins are"
        )
        return f"{every} met."
    parts = [
        f"{joined([one.id for one in margins if one.verdict == verdict])}: {word}"
        for verdict, word in (("not_met", "not met"), ("not_evaluable", "not evaluable"))
        if any(one.verdict == verdict for one in margins)
    ]
    failed = comparison.first.cases_failed + comparison.second.cases_failed
    if failed:
        parts.append(f"{plural(failed, 'case')} failed")
    if still_open := (*comparison.first.open_deviations, *comparison.second.open_deviations):
        parts.append(f"{plural(len(still_open), 'deviation')} not assessed")
    return f"{'; '.join(parts)}. Of {plural(len(margins), 'margin')} in all."


# --- summary -----------------------------------------------------------------------------


def _summary(
    contents: ComparisonContents, rows: tuple[differing.MarginRow, ...], numbering: Numbering
) -> Section:
    comparison = contents.comparison
    heading = numbering.section("Summary", "summary")
    drawing = differing.margins_forest(rows)
    figure = (
        numbering.figure(
            "Differences against their margins. The line in each row is the margin, the shade lies "
            "on the side that meets it; met: a disc, not met: a hollow square.",
            drawing,
        )
        if drawing is not None
        else None
    )
    return section(
        heading,
        Prose(
            (
                (
                    f"{_version(comparison.second)} is compared with {_version(comparison.first)} "
                    f"on {plural(comparison.cases, 'case')} of {comparison.test_set_id}. "
                    f"{_verdict_sentence(comparison)}"
                ),
            )
        ),
        tabular(differing.margins_table(rows, "Margins, fixed in the protocol", numbering))
        if rows
        else None,
        Drawn(figure) if figure else None,
        Particulars(tuple(_points(contents))),
    )


def _points(contents: ComparisonContents) -> Iterator[Item]:
    comparison = contents.comparison
    counts = {name: one for name, one in comparison.changes.items() if "/" not in name}
    yield item("What changed", changes_in_words(counts) or comparison.no_change)
    by_own = [
        f"{name}: {VERDICTS[one.verdict].word}"
        for name, one in (("A", comparison.first), ("B", comparison.second))
    ]
    yield item("By their own criteria", "; ".join(by_own))
    yield item("To be known", *(comparison.remarks or ("nothing beside the above",)))


# --- the change --------------------------------------------------------------------------


def _change(contents: ComparisonContents, numbering: Numbering) -> Section:
    comparison, fixed = contents.comparison, contents.second.comparison
    heading = numbering.section("The change", "change")
    versions = numbering.table(
        "The two versions",
        (Column("", "22%"), Column("A, the version before", "39%"),
         Column("B, the new version", "39%")),
        [_both(name, comparison, value) for name, value in _VERSION_ROWS],
    )  # fmt: skip
    # What the protocols fix for their comparison is printed as such, and no part of the change.
    stated = [one for one in comparison.differing if not one.where.startswith("comparison")]
    left = len(stated) - _MOST_DIFFERING
    table = numbering.table(
        "Everything that the two protocols state differently, but for the comparison itself",
        (Column("Entry", "28%"), Column("A", "36%"), Column("B", "36%")),
        [_differing(one) for one in stated[:_MOST_DIFFERING]]
        or [row(strong("nothing"), text(""), text(""))],
        notes=(
            "Texts longer than the cell are whole in comparison.json.",
            f"{number(left)} more entries are there." if left > 0 else "",
        ),
    )
    return section(
        heading,
        Particulars((prose_item("Description", fixed.change if fixed else None),)),
        Tabular(versions),
        Tabular(table, "dense"),
    )


_VERSION_ROWS: tuple[tuple[str, Callable[[ComparedRecord], str]], ...] = (
    ("Model", _version),
    ("Model digest", lambda one: short_digest(one.model_digest)),
    ("Device version", lambda one: one.device_version),
    ("Protocol", lambda one: one.protocol),
    ("Record", lambda one: one.record_id),
    ("Run finished", lambda one: timestamp(one.finished_at)),
    ("Verdict by its criteria", lambda one: VERDICTS[one.verdict].word),
    ("Approval", lambda one: one.approval.replace("_", " ").replace("approved exploratory",
                                                                   "approved: exploratory")),
    ("Failed cases", lambda one: number(one.cases_failed)),
    ("Open deviations", lambda one: joined(list(one.open_deviations)) or "none"),
)  # fmt: skip


def _both(name: str, comparison: Comparison, value: Callable[[ComparedRecord], str]) -> TableRow:
    return row(strong(name), text(value(comparison.first)), text(value(comparison.second)))


def _differing(one: Differing) -> TableRow:
    sides = (clipped(side or "not stated", _LONGEST_VALUE) for side in (one.first, one.second))
    return row(strong(clipped(one.where, _LONGEST_VALUE)), *(text(side) for side in sides))


def _impact(contents: ComparisonContents, numbering: Numbering) -> Section:
    protocol = contents.second
    fixed = protocol.comparison
    heading = numbering.section("Impact and risk", "impact")
    concerned = {name for one in (fixed.margins if fixed else ()) for name in one.requirements}
    kept = [one for one in protocol.requirements if one.id in concerned]
    risks = {name for one in kept for name in one.risks}
    table = numbering.table(
        "Requirements that the margins concern, and the risks that they control",
        (
            Column("Requirement", "14%"),
            Column("Text", "36%"),
            Column("Margins", "14%"),
            Column("Risks controlled", "36%"),
        ),
        [
            row(
                strong(one.id),
                text(*paragraphs(one.text)),
                text(", ".join(m.id for m in fixed.margins if one.id in m.requirements)),
                text(*(f"{r.id}: {r.hazard} ({r.severity})" for r in protocol.risks
                       if r.id in one.risks)),
            )
            for one in kept
            if fixed is not None
        ],
    )  # fmt: skip
    others = [one.id for one in protocol.risks if one.id not in risks]
    said = f"No margin concerns {joined(others)}." if others and kept else ""
    return section(
        heading,
        Particulars((prose_item("Benefits, risks and controls", fixed.impact if fixed else None),)),
        Tabular(table) if kept else None,
        Notes((said,)) if said else None,
    )


# --- test set and method -----------------------------------------------------------------


def _test_set(contents: ComparisonContents, numbering: Numbering) -> Section:
    comparison, test_set = contents.comparison, contents.second.test_set
    return section(
        numbering.section("Test set", "test-set"),
        Particulars(
            (
                item("Test set", f"{comparison.test_set_id}: {test_set.title}"),
                code_item("Manifest digest, the same in both locks", comparison.manifest_digest),
                item("Cases", number(comparison.cases)),
                item(
                    "Subjects", number(comparison.subjects) if comparison.subjects else "none named"
                ),
                item(
                    "The same in both",
                    "Files, cases and subjects, exclusions, reference standard, method, classes, "
                    "rule of matching, resampling unit, and treatment of undefined values and of "
                    "failed cases. A comparison of records in which one of these differs is "
                    "refused.",
                ),
                item("Independence", *paragraphs(test_set.independence)),
                item("Representativeness", *paragraphs(test_set.representativeness or "")),
            )
        ),
    )


def _method(contents: ComparisonContents, numbering: Numbering) -> Section:
    analysis = contents.second.analysis
    unit = analysis.resampling_unit
    return section(
        numbering.section("How they are compared", "method"),
        Prose(
            (
                (
                    "Every difference is that of the new version less the version before, of the "
                    "figures as both records state them. They were computed again from the "
                    "per-case tables of both records, and agree; no image was looked at again."
                ),
                (
                    f"Intervals are {percentage(analysis.confidence_level)} two-sided, "
                    f"{INTERVAL_METHODS[analysis.interval_method]}, paired: in each of "
                    f"{number(analysis.replicates)} replicates {unit}s are drawn with replacement "
                    f"once, for both versions (PCG64, seed {analysis.seed}). What makes an image "
                    "hard for both does not widen them."
                ),
                (
                    "A margin is held against the limit of the difference on the side that is "
                    "worse: not inferior is a version that is worse by less than the margin, "
                    "superior one that is better by more (ICH E9 3.3.2): a one-sided level of "
                    f"{percentage((1 + analysis.confidence_level) / 2)}. A limit on the margin "
                    "itself meets nothing. Where every replicate gives the same difference there "
                    "is no interval, and the margin is not evaluable."
                ),
            )
        ),
    )


def _margins(rows: tuple[differing.MarginRow, ...], numbering: Numbering) -> Section:
    heading = numbering.section("Acceptance criteria", "margins")
    if not rows:
        return section(heading, Prose(("The protocol of the new version fixes no margin.",)))
    return section(heading, Tabular(differing.reasons_table(rows, numbering)))


# --- results -----------------------------------------------------------------------------


def _results(contents: ComparisonContents, words: Words, numbering: Numbering) -> Section:
    comparison = contents.comparison
    heading = numbering.section("Differences", "differences")
    named, by_group, others = _sorted_out(comparison, contents)
    left = len(others) - differing.MOST_FIGURES
    rest = (
        len(comparison.differences)
        - len(named)
        - len(by_group)
        - min(len(others), differing.MOST_FIGURES)
    )
    return section(
        heading,
        tabular(
            differing.figures_table(
                named, "Figures that a criterion or a margin names", words, numbering
            )
        )
        if named
        else None,
        tabular(
            differing.figures_table(by_group, "The same by subgroup", words, numbering), "dense"
        )
        if by_group
        else None,
        tabular(differing.found_table(comparison.found, numbering)),
        Under(numbering.subsection("All cases, every other figure", "other-figures")),
        tabular(
            differing.figures_table(
                others[: differing.MOST_FIGURES],
                "Every other figure of all cases and every size, but for those of the reference",
                words,
                numbering,
                notes=(
                    f"{plural(rest, 'more difference')}, by subgroup and size"
                    + (", or beyond the length of this table," if left > 0 else "")
                    + " or not defined, are in comparison.json."
                    if rest
                    else "",
                ),
            ),
            "dense",
        ),
    )


def _sorted_out(
    comparison: Comparison, contents: ComparisonContents
) -> tuple[list[FigureDifference], list[FigureDifference], list[FigureDifference]]:
    """Return the figures that are named, those of them by subgroup, and the others."""
    named_ids = _named_ids(comparison, contents)
    named = [one for one in comparison.differences if one.id in named_ids]
    about = {(one.metric, *differing.same_figure(one.scope)) for one in named}
    by_group = [
        one
        for one in comparison.differences
        if one.scope.subgroup
        and one.scope.size is None
        and one.id not in named_ids
        and (one.metric, *differing.same_figure(one.scope)) in about
    ]
    others = [
        one
        for one in comparison.differences
        if differing.is_whole(one)
        and one.id not in named_ids
        and one.difference is not None
        and not definition(one.metric).is_of_reference_alone
    ]
    return named, by_group, others


def _named_ids(comparison: Comparison, contents: ComparisonContents) -> set[str]:
    return {one.metric_id for one in comparison.margins} | {
        address_of(one) for one in contents.second.criteria
    }


def _changes(contents: ComparisonContents, numbering: Numbering) -> Section:
    return section(
        numbering.section("What changed", "changes"),
        Tabular(changed.counts_table(contents.comparison.changes, numbering)),
        tabular(changed.cases_table(contents.changes, numbering)),
        tabular(changed.objects_table(contents.changes, numbering), "dense"),
    )


# --- limits and conclusion ---------------------------------------------------------------


def _limits(contents: ComparisonContents, numbering: Numbering) -> Section:
    return section(
        numbering.section("Limits", "limits"),
        Prose(
            (
                *paragraphs(contents.second.limits),
                (
                    "The test set was run on by both versions: each further use of it for a "
                    "decision makes it a little less independent. Several margins are judged side "
                    "by side, each at its own level; all have to be met, so that it is not the "
                    "easier for their number."
                ),
            )
        ),
    )


def _conclusion(contents: ComparisonContents, numbering: Numbering) -> Section:
    comparison = contents.comparison
    follows = {
        "met": "By the margins of the protocol, and on this test set, the new version may take "
        "the place of the version before; whether it does is for the persons whom the quality "
        "system names.",
        "not_met": "By the margins of the protocol the new version may not take the place of the "
        "version before.",
        "incomplete": "It is not shown that the new version may take the place of the version "
        "before.",
        "exploratory": "Nothing follows for the release of the new version: no margin was fixed.",
    }[comparison.verdict]
    return section(
        numbering.section("Conclusion", "conclusion"),
        Prose((_verdict_sentence(comparison), follows)),
        Particulars((prose_item("Actions, by the protocol", contents.second.execution.actions),)),
    )
