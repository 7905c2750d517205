"""Drawings: well-formed, titled, the same bytes each time, free of what PDF/A forbids."""

import xml.etree.ElementTree as ET

import pytest
from markupsafe import Markup

from validation.report import figures

HOSTILE = "<script>&\"'</script>"
NAMESPACE = "{http://www.w3.org/2000/svg}"


def _drawings() -> dict[str, Markup]:
    row = figures.ForestRow(HOSTILE, "n = 4", figures.Estimate(0.8, 0.7, 0.9), "0.800")
    undefined = figures.ForestRow("empty", "n = 0", figures.Estimate(None), "not defined")
    overall = figures.ForestRow("all", "n = 9", figures.Estimate(0.82), "0.820", is_overall=True)
    mark = figures.CriterionMark(
        figures.Estimate(0.8, 0.7, 0.9), 0.85, "at_least", "not_met", HOSTILE
    )
    pairs = [figures.Pair(0, 0), figures.Pair(3, 4), figures.Pair(3, 4), figures.Pair(10, 7)]
    panel = figures.CriterionPanel(
        HOSTILE, (figures.CriterionRow("AC-01", HOSTILE, "at least 0.85", "0.800", mark),)
    )
    bars = figures.BarPanel(HOSTILE, (figures.Estimate(0.8, 0.7, 0.9), figures.Estimate(None)))
    curve = figures.Curve(
        "IoU\u00a00.5",
        ((0.0, 0.2), (0.5, 0.7), (3.0, 0.9)),
        ((1.0, figures.Estimate(0.7, 0.6, 0.8)),),
    )
    curves = figures.CurvePanel(HOSTILE, (curve, figures.Curve(HOSTILE, ())))
    matrix = figures.Matrix((HOSTILE, "b"), (HOSTILE, "c"), ((3, 0), (1, None)))
    strips = [figures.Strip(HOSTILE, (0.1, 0.5, 0.5), 0.5), figures.Strip("none", ())]
    return {
        "criterion": figures.criterion_mark(mark, figures.reach([mark])),
        "forest": figures.forest_plot(
            [overall, row, undefined], alt=HOSTILE, axis_label=HOSTILE, bound=0.85
        ),
        "scatter": figures.agreement_scatter(pairs, alt=HOSTILE, quantity=HOSTILE),
        "difference": figures.difference_plot(
            pairs,
            alt=HOSTILE,
            quantity=HOSTILE,
            levels=[figures.Level(HOSTILE, figures.Estimate(-0.5, -0.6, 0.1), "3 2")],
        ),
        "criteria": figures.criteria_forest([panel], alt=HOSTILE),
        "bars": figures.class_bars((HOSTILE, "b"), [bars], alt=HOSTILE),
        "precision-recall": figures.precision_recall(curves, alt=HOSTILE),
        "free-response": figures.free_response(curves, alt=HOSTILE),
        "grid": figures.grid_of_curves([curves] * 5, alt=HOSTILE, is_free_response=True),
        "matrix": figures.matrix_picture(
            matrix, alt=HOSTILE, row_label=HOSTILE, column_label=HOSTILE
        ),
        "strips": figures.dot_strips(strips, alt=HOSTILE, axis_label=HOSTILE, mark_label="m"),
    }


@pytest.mark.parametrize("name", list(_drawings()))
def test_a_drawing_is_well_formed_and_titled(name: str) -> None:
    root = ET.fromstring(_drawings()[name])  # noqa: S314 - our own drawing
    title = root.find(f"{NAMESPACE}title")
    assert title is not None
    assert title.text == HOSTILE


@pytest.mark.parametrize("name", list(_drawings()))
def test_a_drawing_has_nothing_that_pdf_a_forbids(name: str) -> None:
    svg = str(_drawings()[name]).lower()
    assert "opacity" not in svg
    assert "gradient" not in svg
    assert "nan" not in svg
    assert "inf" not in svg.replace("information", "")


def test_drawings_are_the_same_each_time() -> None:
    assert _drawings() == _drawings()


def test_the_bound_is_in_the_middle_of_its_mark() -> None:
    mark = figures.CriterionMark(figures.Estimate(0.9, 0.8, 0.95), 0.85, "at_least", "met", "a")
    svg = figures.criterion_mark(mark, 0.2)
    assert '<line x1="40" y1="0" x2="40" y2="17"' in svg


def test_met_and_not_met_differ_in_shape() -> None:
    estimate = figures.Estimate(0.9)
    met, unmet = (
        figures.criterion_mark(figures.CriterionMark(estimate, 0.85, "at_least", verdict, "a"), 0.2)
        for verdict in ("met", "not_met")
    )
    assert "<circle" in met
    assert "<circle" not in unmet


def test_many_cases_are_binned() -> None:
    pairs = [figures.Pair(one % 97, one % 89) for one in range(20_000)]
    svg = figures.agreement_scatter(pairs, alt="a", quantity="objects")
    assert svg.count("M") < 10_000


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0.71, 0.93), (0, 5000), (-40, 40), (1e-6, 2e-6), (0, 7)]
)
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    ticks = figures.ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert low <= ticks[0]
    assert ticks[-1] <= high


def test_a_curve_of_many_points_is_drawn_with_few() -> None:
    points = tuple((place / 5000, place / 25000) for place in range(20_000))
    panel = figures.CurvePanel("", (figures.Curve("IoU\u00a00.5", points),))
    assert len(figures.free_response(panel, alt="a")) < 40_000
    assert len(figures.precision_recall(panel, alt="a")) < 40_000


def test_twenty_thousand_cases_are_bars_and_said_to_be() -> None:
    strip = figures.Strip("all", tuple(place / 20_000 for place in range(20_000)))
    assert strip.is_binned
    assert len(figures.dot_strips([strip], alt="a", axis_label="x")) < 40_000
    pairs = [figures.Pair(place % 173, place % 171) for place in range(20_000)]
    assert len(figures.agreement_scatter(pairs, alt="a", quantity="q")) < 300_000


def test_the_free_response_curve_stays_behind_its_last_false_positive() -> None:
    curve = figures.Curve("IoU\u00a00.5", ((0.5, 0.4), (2.0, 0.8)))
    root = ET.fromstring(  # noqa: S314 - our own drawing
        figures.free_response(figures.CurvePanel("", (curve,)), alt="a")
    )
    [line] = root.iter(f"{NAMESPACE}polyline")
    places = [tuple(map(float, one.split(","))) for one in line.attrib["points"].split()]
    assert places[-1][0] == 216
    assert places[-1][1] == places[-2][1] < places[0][1]


def test_cells_too_small_for_numbers_have_none() -> None:
    names = tuple(f"class {one}" for one in range(40))
    matrix = figures.Matrix(names, names, tuple((7,) * 40 for _ in names))
    drawing = figures.matrix_picture(matrix, alt="a", row_label="r", column_label="c")
    assert ">7<" not in drawing
    few = figures.Matrix(names[:9], names[:9], tuple((7,) * 9 for _ in range(9)))
    assert ">7<" in figures.matrix_picture(few, alt="a", row_label="r", column_label="c")


def test_the_tip_of_a_bound_points_to_the_side_that_meets_it() -> None:
    tips = {}
    for direction in ("at_least", "at_most"):
        mark = figures.CriterionMark(figures.Estimate(0.8), 0.5, direction, "met", "a")
        row = figures.CriterionRow("AC-01", "w", "b", "r", mark)
        drawing = figures.criteria_forest([figures.CriterionPanel("u", (row,))], alt="a")
        root = ET.fromstring(drawing)  # noqa: S314 - our own drawing
        [tip] = root.iter(f"{NAMESPACE}polygon")
        first, middle, _ = tip.attrib["points"].split()
        tips[direction] = float(middle.split(",")[0]) - float(first.split(",")[0])
    assert tips["at_least"] > 0 > tips["at_most"]
