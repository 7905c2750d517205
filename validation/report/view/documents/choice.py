"""The memo of the choice of method: questions, answers, what follows, and at what price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from validation.evidence.catalogue import definition
from validation.plan.choice.decide import Choice, decide
from validation.plan.choice.rules import Asserted, rules
from validation.plan.method import Kind, Measured, MeasuredClass, MethodChoice
from validation.plan.protocol import Method, Protocol
from validation.report.formatting import number, short_digest
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
    Item,
    Numbering,
    Table,
    TableRow,
    code_item,
    item,
    listed,
    paragraphs,
    row,
    strong,
    text,
)
from validation.report.view.questionnaire import measured_words
from validation.report.view.sections import (
    Notes,
    Particulars,
    Prose,
    Section,
    Tabular,
    Under,
    section,
    tabular,
)
from validation.report.view.wording import METHODS, sentence

METHOD_FILE, ANSWERS_FILE, RULES_FILE = "method.yaml", "answers.yaml", "rules.yaml"

_STATEMENT = (
    "Which evidence the use of the result asks for: per class and pixel (semantic), per object "
    "(instance), or both on one map (panoptic); by which rules, and at what price. Nobody signs "
    "this document: it follows from the files that it embeds. The protocol that carries the choice "
    "is signed."
)
_ORDER = paragraphs(
    "A method that an answer requires is recommended. Where semantic and instance evidence are "
    "both required, panoptic is, or the one that an answer takes for this protocol.\n\n"
    "A method that is required and excluded is a contradiction, and nothing is recommended.\n\n"
    "Where nothing is required, the method with the most points (for, less against) that is not "
    "excluded is recommended; where none has any, or two are equal, nothing is recommended.\n\n"
    "The engineer may decide otherwise, with a reason."
)
_COMPONENTS = (
    "Components: pixels of the class that share an edge or a corner (8-connectivity). Error: "
    "components \u2212 objects, which can cancel; absolute: summed over images without their signs."
)
_NOT_MEASURED = (
    "No locked test set was given. With one, this memo says how many objects touch a neighbour of "
    "their class, and what counting connected components would cost."
)
_DOES: Mapping[str, str] = {
    "requires": "requires",
    "excludes": "excludes",
    "for": "speaks for",
    "against": "speaks against",
    "takes": "takes",
}


@dataclass(frozen=True)
class ChoiceContents:
    """What a memo is made from."""

    method: Method
    """The method with its questionnaire."""
    protocol: Protocol | None
    """The protocol that it was made for; None: none was given."""
    files: Mapping[str, bytes]
    """Files to embed, by name."""
    digests: Mapping[str, str]
    """``sha256:…`` of each of them."""
    tool_version: str


@dataclass(frozen=True)
class ChoiceView:
    """The whole document, section by section."""

    document: DocumentView
    cover: TitlePage
    result: Section
    points: Section
    price: Section
    measured: Section
    answers: Section
    order: Section
    references: Section
    sources: Section
    headings: tuple[Heading, ...]


def choice_view(contents: ChoiceContents) -> ChoiceView:
    """Return everything that the memo prints.

    Raises:
        ValueError: The method has no questionnaire, or one of other rules.
    """
    stated, kind = contents.method.choice, contents.method.kind
    if stated is None or stated.rules != rules().version:
        raise ValueError("the method has no questionnaire under these rules")
    found = decide(stated.answers, rules())
    numbering = Numbering()
    return ChoiceView(
        document=_frame(contents),
        cover=_cover(contents, found, stated),
        result=_result(found, stated, kind, numbering),
        points=_points(found, kind, numbering),
        price=_price(found, kind, numbering),
        measured=_measured(stated.measured, numbering),
        answers=_answers(found, numbering),
        order=section(numbering.section("How answers decide", "order"), Prose(_ORDER)),
        references=_references(found, numbering),
        sources=shell.sources(contents.files, contents.digests, contents.tool_version, numbering),
        headings=tuple(numbering.headings),
    )


# --- front -------------------------------------------------------------------------------


def _frame(contents: ChoiceContents) -> DocumentView:
    identity = f"answers {short_digest(contents.digests[ANSWERS_FILE])}"
    version = f"rules version {rules().version}"
    if contents.protocol is None:
        title = "Choice of method"
        return bare_frame(number=title, title=title, date=version, identity=identity)
    return page_frame(
        contents.protocol.document,
        number=f"{contents.protocol.document.number} choice of method",
        date=version,
        identity=identity,
        notices=front.planned_notices(contents.protocol, None),
    )


def _cover(contents: ChoiceContents, found: Choice, stated: MethodChoice) -> TitlePage:
    protocol, kind = contents.protocol, contents.method.kind
    chosen = sentence(METHODS[kind])
    outcome = Outcome("plain", "Recommended", chosen, found.because)
    if kind != found.recommended:
        said = f"Recommended was {_method(found.recommended)}. The reason is in section 1."
        outcome = Outcome("plain", "Decided otherwise", chosen, said)
    filed = protocol.document if protocol else None
    return TitlePage(
        kind="Choice of method",
        title=filed.title if filed else "Semantic, instance or panoptic",
        subtitle=f"{protocol.device.name} {protocol.device.version}" if protocol else "",
        organisation=filed.organisation if filed else "",
        outcome=outcome,
        statement=_STATEMENT,
        notices=front.planned_notices(protocol, None) if protocol else (),
        identification=(
            (
                item("Protocol", f"{filed.number}, revision {filed.revision}" if filed else "none"),
                code_item("Answers", short_digest(contents.digests[ANSWERS_FILE])),
            ),
            (
                item("Rules", f"version {stated.rules}"),
                code_item("Rules digest", short_digest(contents.digests[RULES_FILE])),
            ),
        ),
    )


def _method(kind: Kind | None) -> str:
    return METHODS[kind] if kind else "no method"


# --- what follows ------------------------------------------------------------------------


def _result(found: Choice, stated: MethodChoice, kind: Kind, numbering: Numbering) -> Section:
    items = [item("Recommended", sentence(_method(found.recommended)), found.because)]
    if found.contradictions:
        items.append(item("Contradictions", *(f"{one}." for one in found.contradictions)))
    if stated.decided_otherwise is not None:
        items.append(item("Decided", sentence(METHODS[kind])))
        items.append(item("Because", *paragraphs(stated.decided_otherwise)))
    return section(numbering.section("What follows", "result"), Particulars(tuple(items)))


def _points(found: Choice, kind: Kind, numbering: Numbering) -> Section:
    heading = numbering.section("Points for and against", "points")
    against = found.speaking_against(kind)
    name = METHODS[kind]
    return section(
        heading,
        tabular(_point_table(f"For {name}", found.speaking_for(kind), found, numbering)),
        tabular(_point_table(f"Against {name}", against, found, numbering)),
        Notes((f"No answer speaks against {name}.",)) if not against else None,
        tabular(
            _point_table(
                "About the other methods",
                found.about_others(kind),
                found,
                numbering,
            )
        ),
    )


def _point_table(
    caption: str, points: Iterable[Asserted], found: Choice, numbering: Numbering
) -> Table | None:
    rows = [_point_row(one, found) for one in points]
    if not rows:
        return None
    columns = (
        Column("Rule", "8%"),
        Column("Answer", "22%"),
        Column("Effect", "18%"),
        Column("Because", "34%"),
        Column("Source", "18%"),
    )
    return numbering.table(caption, columns, rows)


def _point_row(one: Asserted, found: Choice) -> TableRow:
    point = one.point
    source = found.rules.sources[point.source].name
    return row(
        strong(point.id),
        text(one.answer.text, f"{one.question.id}: {one.answer.id}"),
        text(f"{_DOES[point.does]} {point.method}"),
        text(point.rule),
        text(source, point.part or ""),
    )


def _price(found: Choice, kind: Kind, numbering: Numbering) -> Section:
    terms, further = found.rules.methods[kind], found.commitments()
    metrics = [f"{definition(one).name} ({one})" for one in terms.metrics]
    items: list[Item] = [
        item("Evidence", terms.means),
        item("Metrics", "; ".join(metrics) + "."),
        item("Files of the record", ", ".join(terms.files)),
        item("Annotation", terms.annotation),
    ]
    items += [item("Besides", *further)] if further else []
    items.append(item("Given up", *terms.gives_up))
    heading = numbering.section("Commitments and cost", "price")
    return section(heading, Particulars(tuple(items)))


# --- the measured case -------------------------------------------------------------------


def _measured(measured: Measured | None, numbering: Numbering) -> Section:
    heading = numbering.section("What the locked reference says", "measured")
    if measured is None:
        return section(heading, Notes((_NOT_MEASURED,)))
    of_lock = (
        item("Test set", measured.test_set),
        code_item("Manifest of its lock", measured.manifest_digest),
    )
    said = tuple(measured_words(measured))
    if measured.overall.objects is None:
        return section(heading, Particulars(of_lock), Prose(said))
    return section(
        heading,
        Particulars(of_lock),
        Prose(("No image and no prediction was looked at.", *said[:1])),
        Tabular(_class_table(measured, numbering)),
        Under(numbering.subsection("Cases with the largest difference", "largest"))
        if measured.largest
        else None,
        tabular(_case_table(measured, numbering)),
    )


def _class_table(measured: Measured, numbering: Numbering) -> Table:
    several = len(measured.classes) > 1
    rows = [_class_row(one.class_name or "", one, measured.cases) for one in measured.classes]
    rows += [_class_row("all classes", measured.overall, measured.cases)] if several else []
    return numbering.table(
        "Objects of the reference, and connected components of a perfect mask, by class",
        (
            Column("Class", "22%"),
            Column("Objects", "12%", "number"),
            Column("Touching another", "14%", "number"),
            Column("Components", "14%", "number"),
            Column("Error of the count", "13%", "number"),
            Column("The same, absolute", "12%", "number"),
            Column("Images exact", "13%", "number"),
        ),
        rows,
        notes=(_COMPONENTS,),
    )


def _class_row(label: str, one: MeasuredClass, cases: int) -> TableRow:
    return row(
        strong(label),
        text(number(one.objects or 0)),
        text(number(one.touching or 0)),
        text(number(one.components)),
        text(number(one.count_error or 0)),
        text(number(one.absolute_count_error or 0)),
        text(f"{number(one.cases_counted_exactly or 0)} of {number(cases)}"),
    )


def _case_table(measured: Measured, numbering: Numbering) -> Table | None:
    if not measured.largest:
        return None
    return numbering.table(
        "Cases in which components and objects differ most",
        (
            Column("Case", "30%"),
            Column("Objects", "16%", "number"),
            Column("Touching another", "20%", "number"),
            Column("Components", "17%", "number"),
            Column("Error", "17%", "number"),
        ),
        [
            row(
                strong(one.case),
                text(number(one.objects)),
                text(number(one.touching)),
                text(number(one.components)),
                text(number(one.components - one.objects)),
            )
            for one in measured.largest
        ],
    )


# --- questions and sources ---------------------------------------------------------------


def _answers(found: Choice, numbering: Numbering) -> Section:
    table = numbering.table(
        "Every question, why it is asked, and its answer",
        (
            Column("Question", "36%"),
            Column("Why it is asked", "36%"),
            Column("Answer", "28%"),
        ),
        [
            row(
                strong(one.question, one.topic),
                text(*paragraphs(one.why)),
                text(answer.text, f"{one.id}: {answer.id}"),
            )
            for one in found.rules.questions
            for answer in [found.rules.answer(one.id, found.answers.get(one.id, ""))]
            if answer is not None
        ],
    )
    return section(numbering.section("Questions and answers", "answers"), Tabular(table))


def _references(found: Choice, numbering: Numbering) -> Section:
    used = {one.point.source for one in found.points}
    table = numbering.table(
        "What the rules that were applied rest on",
        (Column("Named", "20%"), Column("Title", "62%"), Column("Rules", "18%")),
        [
            row(
                strong(source.name),
                text(source.title),
                listed(", ".join(p.point.id for p in found.points if p.point.source == key)),
            )
            for key, source in found.rules.sources.items()
            if key in used
        ],
    )
    return section(numbering.appendix("Sources of the rules", "references"), Tabular(table))
