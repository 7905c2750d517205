"""How well quantities agree: counts of objects, or shares of area."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from validation.evidence.catalogue import POOLED_OVER_CLASSES
from validation.evidence.metric_values import MetricValue, metric_id
from validation.report.contents import Row
from validation.report.figures import Level, Pair, agreement_scatter, difference_plot
from validation.report.formatting import plural
from validation.report.view.elements import Figure, Table
from validation.report.view.results.classes import told_in_full
from validation.report.view.results.teller import AGREEMENT, BlockView, Teller, estimate

_AGREEMENT_TITLES = {
    "instance": "Agreement of counts",
    "semantic": "Agreement of area fractions",
    "panoptic": "Agreement of counts and area fractions",
}
_LEVELS = {
    "upper limit": "upper_limit_of_agreement",
    "bias": "bias",
    "lower limit": "lower_limit_of_agreement",
}
_MOST_DRAWN = 6


def agreement(teller: Teller) -> BlockView | None:
    """Return how well quantities agree: counts of objects, or shares of area."""
    figures = [
        one
        for one in teller.addresses.all_figures()
        if one.metric.startswith(AGREEMENT) and not one.scope.subgroup
    ]
    if not figures:
        return None
    plan = teller.contents.protocol
    title = _AGREEMENT_TITLES[plan.method.kind]
    heading = teller.numbering.subsection(title, "agreement")
    names = tuple(dict.fromkeys(one.scope.class_name for one in figures))
    # What is left out is said; without a table over all classes nothing is.
    told = {None, *told_in_full(plan)} if None in names else set(names)
    tables = tuple(
        teller.list_of(
            f"{title}: {name or 'all classes'}",
            [one for one in figures if one.scope.class_name == name],
        )
        for name in names
        if name in told
    )
    numbers = f"{_labels(tables)} and evidence/cases.csv"
    shown = [_counts(teller)] if plan.method.is_by_object else []
    if plan.method.is_by_pixel:
        shown += _areas(teller)
    drawn = [_figure(teller, one, numbers) for one in shown if one.pairs]
    words = (*_not_told(names, told), *_left_out(teller))
    return BlockView(heading, words, tables, tuple(drawn))


def _not_told(names: Collection[str | None], told: Collection[str | None]) -> tuple[str, ...]:
    others = [one for one in names if one not in told]
    if not others:
        return ()
    said = (
        f"{plural(len(others), 'class', 'classes')} without an acceptance criterion "
        f"{'has' if len(others) == 1 else 'have'} no table here; the figures are in the attached "
        "files evidence/classes.csv and evidence/metrics.json."
    )
    return (said,)


@dataclass(frozen=True)
class _Compared:
    """A quantity of every case, by reference and prediction, and the figures of it."""

    pairs: tuple[Pair, ...]
    quantity: str
    figures: tuple[tuple[str, MetricValue], ...]
    """Bias and limits of agreement, with their words."""

    @property
    def breadth(self) -> float:
        """How far the limits of agreement are apart."""
        values = [one.value for _, one in self.figures if one.value is not None]
        return max(values) - min(values) if values else 0.0


def _counts(teller: Teller) -> _Compared:
    names = teller.contents.protocol.thing_names()
    over, name = (POOLED_OVER_CLASSES, None) if len(names) > 1 else ("", names[0])
    pairs = _pairs(teller.contents.case_rows, "reference_objects", "predicted_objects")
    figures = _levels(teller, "count", over, name)
    return _Compared(tuple(pairs), "objects in an image", figures)


def _areas(teller: Teller) -> list[_Compared]:
    """Return the areas of the classes; of many those whose limits are farthest apart."""
    every = [_area(teller, name) for name in teller.contents.protocol.class_names()]
    shown = sorted(every, key=lambda one: -one.breadth)[:_MOST_DRAWN]
    return [one for one in every if one in shown]


def _area(teller: Teller, name: str) -> _Compared:
    columns = (f"reference_px/class={name}", f"predicted_px/class={name}")
    pairs = _pairs(teller.contents.case_rows, *columns, whole="evaluated_px")
    figures = _levels(teller, "area_fraction", "", name)
    return _Compared(tuple(pairs), f"area fraction of {name}", figures)


def _left_out(teller: Teller) -> tuple[str, ...]:
    plan = teller.contents.protocol
    many = len(plan.class_names())
    if not plan.method.is_by_pixel or many <= _MOST_DRAWN:
        return ()
    words = f"Of {many} classes, the {_MOST_DRAWN} with limits farthest apart are drawn."
    return (words,)


def _levels(
    teller: Teller, quantity: str, over: str, name: str | None
) -> tuple[tuple[str, MetricValue], ...]:
    ids = {
        words: metric_id(f"{quantity}_{which}{over}", class_name=name)
        for words, which in _LEVELS.items()
    }
    return tuple(
        (words, teller.addresses.figure(one))
        for words, one in ids.items()
        if one in teller.addresses
    )


def _figure(teller: Teller, compared: _Compared, numbers: str) -> Figure:
    said = "; ".join(
        f"{words} {teller.addresses.result(one.id).words}" for words, one in compared.figures
    )
    cases, quantity = plural(len(compared.pairs), "case"), compared.quantity
    lines = ", with bias and limits of agreement and their intervals" if said else ""
    return teller.drawn(
        f"Left: predicted against reference {quantity}, with the line of equality. Right: "
        f"difference against mean (Bland and Altman){lines}. "
        f"A larger ring stands for several cases.",
        agreement_scatter(
            compared.pairs,
            alt=f"Scatter of predicted against reference {quantity}, {cases}.",
            quantity=quantity,
        ),
        difference_plot(
            compared.pairs,
            alt=f"Differences against means of {quantity}, {cases}."
            + (f" {said}." if said else ""),
            quantity=quantity,
            levels=[
                Level(words, estimate(one), "3 2" if words == "bias" else "1.2 1.6")
                for words, one in compared.figures
            ],
        ),
        numbers=numbers,
    )


def _labels(tables: Sequence[Table]) -> str:
    first, last = tables[0].label, tables[-1].label
    return first if first == last else f"{first} to {last.removeprefix('Table ')}"


def _pairs(rows: Iterable[Row], reference: str, prediction: str, whole: str = "") -> list[Pair]:
    pairs = []
    for line in rows:
        if line[reference] and line[prediction] and line["in_figures"] == "true":
            of = float(line[whole]) if whole else 1.0
            if of:
                pairs.append(Pair(float(line[reference]) / of, float(line[prediction]) / of))
    return pairs
