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
