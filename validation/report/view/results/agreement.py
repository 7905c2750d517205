"""How well quantities agree: counts of objects, or shares of area."""

from collections.abc import Iterable, Sequence

from validation.evidence.catalogue import POOLED_OVER_CLASSES
from validation.evidence.metric_values import metric_id
from validation.report.contents import Row
from validation.report.figures import Pair, agreement_scatter, difference_plot
from validation.report.formatting import plural
from validation.report.view.elements import Figure
from validation.report.view.results.teller import AGREEMENT, BlockView, Teller

_AGREEMENT_TITLES = {
    "instance": "Agreement of counts",
    "semantic": "Agreement of area fractions",
    "panoptic": "Agreement of counts and area fractions",
}


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
    tables = tuple(
        teller.list_of(
            f"{title}: {name or 'all classes'}",
            [one for one in figures if one.scope.class_name == name],
        )
        for name in dict.fromkeys(one.scope.class_name for one in figures)
    )
    drawn = [_count_figure(teller, plan.thing_names())] if plan.method.is_by_object else []
    if plan.method.is_by_pixel:
        drawn += [_area_figure(teller, name) for name in plan.class_names()]
    return BlockView(heading, (), tables, tuple(one for one in drawn if one is not None))


def _count_figure(teller: Teller, names: Sequence[str]) -> Figure | None:
    pairs = _pairs(teller.contents.case_rows, "reference_objects", "predicted_objects")
    bias = metric_id("count_bias", class_name=names[0])
    if len(names) > 1:
        bias = metric_id(f"count_bias{POOLED_OVER_CLASSES}")
    return _agreement_figure(teller, pairs, "objects in an image", bias)


def _area_figure(teller: Teller, name: str) -> Figure | None:
    columns = (f"reference_px/class={name}", f"predicted_px/class={name}")
    pairs = _pairs(teller.contents.case_rows, *columns, whole="evaluated_px")
    bias = metric_id("area_fraction_bias", class_name=name)
    return _agreement_figure(teller, pairs, f"area fraction of {name}", bias)


def _agreement_figure(
    teller: Teller, pairs: Sequence[Pair], quantity: str, bias_id: str
) -> Figure | None:
    if not pairs:
        return None
    known = bias_id in teller.addresses
    bias = teller.addresses.figure(bias_id).value if known else None
    said = f" Bias {teller.addresses.result(bias_id).words}." if known else ""
    cases = plural(len(pairs), "case")
    return teller.numbering.figure(
        f"Left: predicted against reference {quantity}, with the line of equality. Right: "
        f"difference against mean (Bland and Altman){', with the bias' if known else ''}. "
        f"A larger ring stands for several cases.",
        agreement_scatter(
            pairs,
            alt=f"Scatter of predicted against reference {quantity}, {cases}.",
            quantity=quantity,
        ),
        difference_plot(
            pairs,
            alt=f"Differences against means of {quantity}, {cases}.{said}",
            quantity=quantity,
            bias=bias,
        ),
    )


def _pairs(rows: Iterable[Row], reference: str, prediction: str, whole: str = "") -> list[Pair]:
    pairs = []
    for line in rows:
        if line[reference] and line[prediction] and line["in_figures"] == "true":
            of = float(line[whole]) if whole else 1.0
            if of:
                pairs.append(Pair(float(line[reference]) / of, float(line[prediction]) / of))
    return pairs
