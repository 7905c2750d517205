"""The document on a sample size: asked, assumed, needed, and the power at other numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from validation.plan.protocol import Protocol
from validation.plan.sample_size.designs import Precision, UnpairedShares
from validation.plan.sample_size.sizing import Sizing, size
from validation.plan.sample_size.statement import (
    STATEMENT_FILE,
    PilotFigures,
    SizeStatement,
    TestSetSize,
)
from validation.report.figures import PowerCurve, power_curve
from validation.report.formatting import number, percentage, plural, short_digest
from validation.report.sizing import (
    CLUSTERS,
    METHODS,
    assumed,
    chances,
    clustering_of,
    needed,
    power_points,
    power_rows,
    rationale,
    remarks,
    rounded_percentage,
    title,
)
from validation.report.view import front
from validation.report.view.document import (
    DocumentView,
    Outcome,
    TitlePage,
    bare_frame,
    page_frame,
)
from validation.report.view.documents import shell
from validation.report.view.elements import (
    Column,
    Heading,
    Numbering,
    Table,
    code_item,
    item,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.sections import (
    Drawn,
    Notes,
    Particulars,
    Prose,
    Section,
    Tabular,
    section,
)
from validation.report.view.wording import sentence

_STATEMENT = (
    "How many independent units a test set needs, what that rests on, and which power other "
    "numbers have. Nobody signs this document: it follows from the assumptions that it embeds. "
    "The protocol that states the number is signed."
)
_OF_PILOT = (
    "The correlation is that of the analysis of variance (Donner, International Statistical Review "
    "54, 1986), its limits those of the ratio of mean squares (Searle, Linear Models, 1971), which "
    "are approximate for shares. The design effect compares variances (Rao and Scott, Biometrics "
    "48, 1992). A pilot of few units leaves wide limits."
)
_IF = (
    "The number is as good as its assumptions. Where the true figure is nearer to the bound, or "
    "observations of a unit resemble each other more, the power is less than stated."
)


@dataclass(frozen=True)
class SizeContents:
    """What the document is made from."""

    statement: SizeStatement
    protocol: Protocol | None
    """The protocol whose criterion it is for; None: none was given."""
    files: Mapping[str, bytes]
    """Files to embed, by name."""
    digests: Mapping[str, str]
    """``sha256:…`` of each of them."""
    tool_version: str


@dataclass(frozen=True)
class SizeView:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    result: Section
    assumptions: Section
    pilot: Section | None
    power: Section | None
    methods: Section
    sources: Section
    headings: tuple[Heading, ...]


def size_view(contents: SizeContents) -> SizeView:
    """Return everything that the document prints.

    Raises:
        SampleSizeError: No number follows from the assumptions.
    """
    stated = contents.statement
    found, numbering = size(stated.assumptions), Numbering()
    return SizeView(
        document=_frame(contents),
        cover=_cover(contents, found),
        result=_result(found, stated, numbering),
        assumptions=_assumptions(stated, numbering),
        pilot=_pilot(stated.pilot, numbering) if stated.pilot else None,
        power=_power(found, numbering),
        methods=_methods(found, numbering),
        sources=shell.sources(contents.files, contents.digests, contents.tool_version, numbering),
        headings=tuple(numbering.headings),
    )


# --- front -------------------------------------------------------------------------------


def _frame(contents: SizeContents) -> DocumentView:
    identity = f"assumptions {short_digest(contents.digests[STATEMENT_FILE])}"
    if contents.protocol is None:
        title_of_all = "Sample size"
        return bare_frame(
            number=title_of_all, title=title_of_all, date="before the test", identity=identity
        )
    return page_frame(
        contents.protocol.document,
        number=f"{contents.protocol.document.number} sample size",
        date="before the test",
        identity=identity,
        notices=front.planned_notices(contents.protocol, None),
    )


def _cover(contents: SizeContents, found: Sizing) -> TitlePage:
    protocol, stated = contents.protocol, contents.statement
    filed = protocol.document if protocol else None
    return TitlePage(
        kind="Sample size",
        title=filed.title if filed else sentence(title(found.design)),
        subtitle=sentence(title(found.design)) if filed else "",
        organisation=filed.organisation if filed else "",
        outcome=_outcome(found, stated.test_set),
        statement=_STATEMENT,
        notices=front.planned_notices(protocol, None) if protocol else (),
        identification=(
            (
                item("Protocol", f"{filed.number}, revision {filed.revision}" if filed else "none"),
                item("Criterion", stated.criterion or "none named"),
            ),
            (
                code_item("Assumptions", short_digest(contents.digests[STATEMENT_FILE])),
                item("Made by", f"segval {contents.tool_version}"),
            ),
        ),
    )


def _outcome(found: Sizing, test_set: TestSetSize | None) -> Outcome:
    needs = plural(found.units, test_set.unit if test_set else "unit")
    if test_set is None:
        return Outcome("plain", "Needed", sentence(needs), "No test set is held against it.")
    has = plural(test_set.units, test_set.unit)
    if test_set.units >= found.units:
        return Outcome("met", "Test set", "\u2713\u00a0Large enough", f"It has {has} of {needs}.")
    missing = plural(found.units - test_set.units, test_set.unit)
    said = f"It has {has}; needed are {needs}: {missing} too few."
    return Outcome("not_met", "Test set", "\u00d7\u00a0Too small", said)


# --- sections ----------------------------------------------------------------------------


def _result(found: Sizing, stated: SizeStatement, numbering: Numbering) -> Section:
    said = [item(sentence(label), words) for label, words in needed(found)]
    of_set = stated.test_set
    if of_set is not None:
        cases = "" if of_set.unit == "case" else f", {plural(of_set.cases, 'case')}"
        said.append(item("The test set has", f"{plural(of_set.units, of_set.unit)}{cases}"))
    return section(
        numbering.section("What is needed", "result"),
        Prose((rationale(found),)),
        Particulars(tuple(said)),
        Notes((*remarks(found), *(of_set.remarks if of_set else ()), _IF)),
    )


def _assumptions(stated: SizeStatement, numbering: Numbering) -> Section:
    return section(
        numbering.section("What is assumed", "assumptions"),
        Particulars(
            (
                item("Asked", sentence(title(stated.assumptions))),
                *(item(sentence(label), said) for label, said in assumed(stated.assumptions)),
                item("Basis", *paragraphs(stated.basis or "")),
            )
        ),
    )


def _pilot(one: PilotFigures, numbering: Numbering) -> Section:
    limits = f"{one.lower:.3g} to {one.upper:.3g} ({percentage(one.level)})"
    return section(
        numbering.section("What the pilot says", "pilot"),
        Particulars(
            (
                code_item("Record", one.record_id),
                item("Observed", f"{one.metric}, class {one.class_name or 'any'}"),
                item(
                    "Size",
                    f"{plural(one.units, one.unit)}, {plural(one.observations, 'observation')}: "
                    f"{one.mean_size:.4g} a unit on average, coefficient of variation "
                    f"{one.size_cv:.3g}",
                ),
                item("Mean", f"{one.mean:.4g}, standard deviation {one.sd:.4g}"),
                item("Intraclass correlation", f"{one.icc:.4g}, {limits}"),
                item("Design effect", f"{one.variance_ratio:.4g}, as variances compare"),
            )
        ),
        Prose((_OF_PILOT,)),
    )


def _power(found: Sizing, numbering: Numbering) -> Section | None:
    if not power_rows(found):
        return None
    is_width = isinstance(found.design, Precision)
    heading = numbering.section("Half-width" if is_width else "Power", "power")
    return section(
        heading,
        Drawn(numbering.figure(_caption(is_width=is_width), power_curve(
            _curve(found), alt=_alternative(found)))),
        Tabular(_table(found, numbering)),
        *_by_truth(found, numbering),
    )  # fmt: skip


def _caption(*, is_width: bool) -> str:
    if is_width:
        return "Half-width of the interval by the number of units."
    return "Power by the number of units. Dashed: the power that is wanted."


def _curve(found: Sizing) -> PowerCurve:
    is_width = isinstance(found.design, Precision)
    rows = power_points(found)
    return PowerCurve(
        points=tuple((float(one.units), one.power) for one in rows),
        label_across="units of the new model"
        if isinstance(found.design, UnpairedShares)
        else "units",
        label_up="half-width" if is_width else "power",
        wanted=None if is_width else getattr(found.design, "power", None),
        marked=(float(found.units), next(one.power for one in rows if one.units == found.units)),
        words=plural(found.units, "unit"),
    )


def _alternative(found: Sizing) -> str:
    rows = [(number(one.units), _value(found, one.power)) for one in power_rows(found)]
    what = "Half-width" if isinstance(found.design, Precision) else "Power"
    return f"{what} by the number of units: {'; '.join(': '.join(one) for one in rows)}"


def _value(found: Sizing, value: float) -> str:
    return f"{value:.4g}" if isinstance(found.design, Precision) else rounded_percentage(value)


def _table(found: Sizing, numbering: Numbering) -> Table:
    what = "Half-width" if isinstance(found.design, Precision) else "Power"
    return numbering.table(
        f"{what} at other numbers",
        (
            Column("Units", "25%", "number"),
            Column("Observations", "25%", "number"),
            Column("As many independent", "25%", "number"),
            Column(what, "25%", "number"),
        ),
        [
            row(
                strong(number(one.units)),
                text(number(one.observations)),
                text(number(one.independent)),
                text(_value(found, one.power)),
            )
            for one in power_rows(found)
        ],
    )


def _by_truth(found: Sizing, numbering: Numbering) -> Iterator[Prose | Drawn]:
    """Yield the chance by what is true, for designs with a bound on one figure."""
    values = chances(found)
    if not values:
        return
    design = found.design
    bound, expected = getattr(design, "bound", 0.0), getattr(design, "expected", 0.0)
    at_bound = next(one.chance for one in values if one.value == bound)
    one = PowerCurve(
        points=tuple((value.value, value.chance) for value in values),
        label_across="true value",
        label_up="chance that the criterion is met",
        wanted=getattr(design, "power", None),
        marked=(expected, next(one.chance for one in values if one.value == expected)),
        words=f"expected {expected:.12g}",
        upright=bound,
        upright_words=f"bound {bound:.12g}",
    )
    alt = (
        f"Chance that the criterion is met with {plural(found.units, 'unit')} by the true value: "
        f"{rounded_percentage(at_bound)} at the bound {bound:.12g}, "
        f"{rounded_percentage(one.marked[1])} at the expected {expected:.12g}"
    )
    yield Drawn(
        numbering.figure(
            f"Chance that the criterion is met with {plural(found.units, 'unit')}, by what is "
            f"true. At the bound it is {rounded_percentage(at_bound)}.",
            power_curve(one, alt=alt),
        )
    )


def _methods(found: Sizing, numbering: Numbering) -> Section:
    clusters = paragraphs(CLUSTERS) if clustering_of(found.design) is not None else ()
    return section(
        numbering.section("How it is computed", "methods"),
        Prose((*paragraphs(METHODS[found.design.design]), *clusters)),
    )
