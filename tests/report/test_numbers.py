"""No number of the results is anything but a view of the evidence.

The sections of the results are taken from the HTML that is laid out, and every number in them
has to be that of a figure of ``metrics.json`` or ``run.json``, of a finding, of a row of an
attached table that the place names, or of a kind that is no result: the number of a heading,
table or figure, an address, an IoU threshold, a bound, the size of a sample, a tick of an axis.
"""

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest

from validation.evidence.metric_values import MetricValue
from validation.judge.acceptance import assess
from validation.report.contents import RecordContents
from validation.report.formatting import number
from validation.report.report import report_html
from validation.report.view.addresses import Addresses
from validation.report.view.characteristics import groups

Contents = Callable[..., RecordContents]

NUMBER = re.compile("(?<![\\w.])[\u2212-]?\\d[\\d\u202f]*(?:\\.\\d+)?(?![\\w])")
ADDRESS = re.compile(r"^[ET]\d+$")
CHANGED = 0.4242424242


@dataclass(frozen=True)
class Piece:
    """A text of the document and where it stands."""

    path: tuple[str, ...]
    """Elements around it, with their classes, e.g. ``a.address``."""
    text: str
    link: str


class _Results(HTMLParser):
    """Collects the texts and alternative texts within the sections of the results."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self._open: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag not in {"br", "col", "meta", "link", "img", "input", "hr"}:
            name = f"{tag}.{known.get('class') or ''}"
            self._open.append((tag, name, known.get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        path = tuple(name for _, name, _ in self._open)
        if "section.results" in path and data.strip():
            link = next((one for _, _, one in reversed(self._open) if one), "")
            self.pieces.append(Piece(path, data.strip(), link))


def pieces_of(contents: RecordContents) -> list[Piece]:
    parser = _Results()
    parser.feed(report_html(contents))
    return parser.pieces


def _with_units(figure: MetricValue, decimals: int) -> set[str]:
    """Return the texts of a figure's numbers: value, limits, size of the sample."""
    interval = figure.interval
    values = [figure.value, *((interval.lower, interval.upper) if interval else ())]
    counts = [figure.n, figure.n_undefined, *((interval.clusters,) if interval else ())]
    return {number(one, decimals) for one in values if one is not None} | {
        number(one) for one in counts
    }


def known_numbers(contents: RecordContents) -> set[str]:
    """Return every number that a view of the evidence, the findings or the protocol may print."""
    addresses = Addresses(contents)
    known = {
        text
        for figure in addresses.all_figures()
        for text in _with_units(figure, addresses.decimals(figure))
    }
    known |= set(_of_criteria(contents, addresses))
    known |= {number(int(one["objects"])) for one in contents.confusion_rows}
    return known | set(_counts_of_things_drawn(contents))


def _of_criteria(contents: RecordContents, addresses: Addresses) -> Iterator[str]:
    """Yield the bounds, and observations with the decimals of their comparison."""
    for one in contents.findings.criteria:
        decimals = addresses.decimals(addresses.figure(one.metric_id))
        for value in (one.bound, one.observed):
            if value is not None:
                yield from (number(value), number(value, decimals))


def _counts_of_things_drawn(contents: RecordContents) -> Iterator[str]:
    """Yield how many cases, strips and processes there are: what words around figures count."""
    rows = contents.case_rows
    yield from map(number, range(1, len(contents.protocol.classes) + 1))
    yield from (number(len(rows)), number(contents.run.workers))
    yield number(len(contents.run.case_timings))
    for column in [one for one in (rows[0] if rows else {}) if one.startswith("subgroup/")]:
        values = [line[column] for line in rows]
        yield from (number(values.count(one)) for one in set(values))
        yield number(len(set(values)))
    for column in ("f1", "pq", *(f"dice/class={one.name}" for one in contents.protocol.classes)):
        if rows and column in rows[0]:
            defined = [line for line in rows if line[column]]
            yield number(len(defined))
            for group in [one for one in rows[0] if one.startswith("subgroup/")]:
                values = [line[group] for line in defined]
                yield from (number(values.count(one)) for one in set(values))
    compared = [line for line in rows if line["in_figures"] == "true"]
    yield number(len(compared))
    yield number(len(contents.findings.criteria))
    yield from _counts_of_subjects(contents)


def _counts_of_subjects(contents: RecordContents) -> Iterator[str]:
    """Yield how many subjects there are, in all and in each subgroup."""
    for one in groups(contents.protocol, contents.lock.cases.evaluated):
        yield number(len({case.subject_id for case in one.cases}))


NAMED_KINDS = {
    "heading": re.compile(r"^(?:\d+(?:\.\d+)?|[A-Z])$"),
    "IoU threshold": re.compile(r"IoU[\u00a0 ](?:\.50 to \.95|\d\.\d+)|IoU \.50 to \.95"),
    "rate of false positives": re.compile(r"at (?:1/)?\d false positives an image"),
    "place in the document": re.compile(r"(?:Table|Figure)[\u00a0 ]\d+(?: to \d+)?"),
    "percentile": re.compile(r"\d+(?:th|st|nd|rd) percentile"),
    "detections": re.compile(r"(?:one|ten|\d+) detections? an image"),
    "size stratum": re.compile("small up to 32² pixels, medium 32² to 96², large from 96² on"),
    "confidence level": re.compile(r"\d+(?:\.\d+)?\u00a0% "),
    "rate in words": re.compile(r"(?<![\d.])(?:0\.125|0\.25|0\.5|1|2|4|8): "),
}
"""Numbers that are no results, by the words that they stand with."""


def strangers(contents: RecordContents) -> list[tuple[str, str]]:
    """Return the numbers of the results that nothing explains, each with its text."""
    known = known_numbers(contents)
    free = _prose_of_the_protocol(contents)
    found = []
    for piece in pieces_of(contents):
        if _is_tick(piece) or _is_label(piece):
            continue
        text = piece.text
        for words in free:
            text = text.replace(words, " ")
        for kind in NAMED_KINDS.values():
            text = kind.sub(" ", text)
        found += [(one, piece.text) for one in NUMBER.findall(text) if one not in known]
    return found


def _is_tick(piece: Piece) -> bool:
    """Tell whether a text is a tick of an axis: a number alone within a drawing."""
    alone = NUMBER.fullmatch(piece.text) is not None or re.fullmatch("1/[248]", piece.text)
    return bool(alone) and any(one.startswith("svg.") for one in piece.path)


def _is_label(piece: Piece) -> bool:
    """Tell whether a text is the number of a heading, or of a table or figure, or an address."""
    if piece.path[-1] == "a.address":
        return ADDRESS.match(piece.text) is not None and piece.link == f"#{piece.text}"
    return piece.path[-1] in {"span.number", "span.label"}


def _prose_of_the_protocol(contents: RecordContents) -> list[str]:
    """Return what the protocol says in words: ids, rationales, names."""
    plan = contents.protocol
    words = [one.id for one in (*plan.criteria, *plan.requirements)]
    for one in plan.criteria:
        words += [" ".join(part.split()) for part in one.rationale.split("\n\n")]
    words += [one.name for one in plan.classes]
    return sorted(words, key=len, reverse=True)


@pytest.fixture(scope="module", params=["instance", "semantic", "classes"])
def contents(
    request: pytest.FixtureRequest,
    instance_contents: RecordContents,
    semantic_contents: RecordContents,
    contents_of: Contents,
) -> RecordContents:
    """Return studies of each method, and one of several classes of objects."""
    if request.param == "classes":
        return _several_classes(contents_of)
    return {
        "instance": instance_contents,
        "semantic": semantic_contents,
    }[request.param]


def test_every_number_of_the_results_is_of_the_evidence(contents: RecordContents) -> None:
    assert strangers(contents) == []


def test_a_number_of_no_file_would_be_found(
    instance_contents: RecordContents, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("validation.report.view.results.distribution")
    monkeypatch.setattr(module, "_SOURCE", "about 0.7315 of cases.csv")
    assert {one for one, _ in strangers(instance_contents)} == {"0.7315"}


def test_a_figure_that_changes_changes_its_own_places_and_no_other(
    instance_contents: RecordContents,
) -> None:
    before = pieces_of(instance_contents)
    figure = next(one for one in instance_contents.metrics if one.metric == "matched_dice")
    address = f"E{instance_contents.metrics.index(figure) + 1}"
    after = pieces_of(_changed(instance_contents, figure))
    assert len(before) == len(after)
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert [one.text for _, one in changed] == [number(CHANGED, 3)]
    [place] = [before.index(one) for one, _ in changed]
    assert before[place + 1].text == address


def test_a_figure_with_a_bound_changes_wherever_it_is_printed(
    instance_contents: RecordContents,
) -> None:
    finding = instance_contents.findings.criteria[0]
    figure = next(one for one in instance_contents.metrics if one.id == finding.metric_id)
    address = f"E{instance_contents.metrics.index(figure) + 1}"
    before = _printed_at(pieces_of(instance_contents), address)
    after = _printed_at(pieces_of(_changed(instance_contents, figure)), address)
    assert len(before) > 1
    assert len(before) == len(after)
    assert len({float(one) for one in before}) == 1
    assert {one[:5] for one in after} == {"0.424"}


def _printed_at(pieces: list[Piece], address: str) -> list[str]:
    """Return the texts in front of the links to an address."""
    return [
        pieces[place - 1].text
        for place, one in enumerate(pieces)
        if one.path[-1] == "a.address" and one.text == address
    ]


def _several_classes(contents_of: Contents) -> RecordContents:
    classes = [
        {"name": name, "description": "d", "value": value}
        for value, name in enumerate(("nucleus", "debris", "cluster"), 1)
    ]
    pooled = {
        "id": "AC-01",
        "requirements": ["REQ-01"],
        "metric": "recall_pooled_over_classes",
        "iou": 0.5,
        "judged_on": "value",
        "direction": "at_least",
        "bound": 0.2,
        "rationale": "r",
    }
    return contents_of(donors=4, fields=2, failed=(), classes=classes, criteria=[pooled])


def _changed(contents: RecordContents, figure: MetricValue) -> RecordContents:
    """Return the contents with another value of a figure, and the findings that follow."""
    metrics = tuple(
        one.model_copy(update={"value": CHANGED}) if one.id == figure.id else one
        for one in contents.metrics
    )
    findings = assess(
        contents.protocol.criteria,
        (*metrics, *contents.run.timing),
        contents.findings.failed_cases,
    )
    return replace(contents, metrics=metrics, findings=findings)
