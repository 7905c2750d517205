"""Designs as a person gives them: what follows, and what is refused."""

from typing import TYPE_CHECKING, Any

import pytest

from validation.errors import SampleSizeError
from validation.plan.sample_size.reading import read_design
from validation.plan.sample_size.sizing import Sizing, size
from validation.report.sizing import (
    assumed,
    chances,
    needed,
    power_csv,
    power_rows,
    rationale,
    remarks,
    title,
)

if TYPE_CHECKING:
    from validation.plan.sample_size.designs import Design

SHARE: dict[str, Any] = {
    "design": "proportion", "expected": 0.95, "bound": 0.9, "direction": "at_least",
    "interval": "wilson", "level": 0.95, "power": 0.8,
}  # fmt: skip
CLUSTERS = {"mean_size": 40, "size_cv": 0.5, "icc": 0.05}
MEAN = {
    "design": "mean", "expected": 0.88, "bound": 0.85, "direction": "at_least", "sd": 0.08,
    "level": 0.95, "power": 0.9,
}  # fmt: skip
PRECISION = {
    "design": "precision", "expected": 0.9, "half_width": 0.05, "interval": "wilson", "level": 0.95,
}  # fmt: skip
RUN = {"design": "success_run", "bound": 0.95, "level": 0.9, "expected": 0.99}
PAIRED = {
    "design": "paired_shares", "discordant": 0.1, "difference": 0, "margin": 0.05, "level": 0.95,
    "power": 0.8,
}  # fmt: skip
UNPAIRED = {
    "design": "unpaired_shares", "new": 0.9, "old": 0.9, "margin": 0.05, "ratio": 2, "level": 0.95,
    "power": 0.8,
}  # fmt: skip
DIFFERENCE = {
    "design": "mean_difference", "difference": 0, "sd": 0.06, "margin": 0.02, "level": 0.95,
    "power": 0.9,
}  # fmt: skip
PRESENCE = {
    "design": "presence_bounds", "sensitivity": 0.95, "sensitivity_bound": 0.85,
    "specificity": 0.9, "specificity_bound": 0.8, "prevalence": 0.2, "assurance": 0.95,
    "interval": "wilson", "level": 0.95, "power": 0.9,
}  # fmt: skip
BUDERER = {
    "design": "presence_precision", "sensitivity": 0.9, "specificity": 0.85, "prevalence": 0.2,
    "half_width": 0.1, "level": 0.95,
}  # fmt: skip
EVERY = [SHARE, MEAN, PRECISION, RUN, PAIRED, UNPAIRED, DIFFERENCE, PRESENCE, BUDERER]


def named(values: dict[str, Any]) -> str:
    return str(values["design"])


def found(values: dict[str, Any]) -> Sizing:
    return size(read_design(values))


def refused(values: dict[str, Any]) -> dict[str, str]:
    """Return what is said of each option."""
    with pytest.raises(SampleSizeError) as raised:
        size(read_design(values))
    return {one.where: f"{one.what}; {one.fix}" for one in raised.value.problems}


@pytest.mark.parametrize("values", EVERY, ids=named)
def test_every_design_is_worked_out_and_said(values: dict[str, Any]) -> None:
    one = found(values)
    assert one.units >= 1
    said = [title(one.design), *map(str, assumed(one.design)), *map(str, needed(one))]
    said += [*remarks(one), rationale(one)]
    assert all(said)
    assert f"{one.units:,}" in rationale(one)
    assert power_csv(one).startswith(b"units,observations,as_many_independent,")


@pytest.mark.parametrize("values", EVERY, ids=named)
def test_a_design_is_the_same_when_it_is_written_and_read(values: dict[str, Any]) -> None:
    design = read_design(values)
    again: Design = read_design(design.model_dump(mode="json", exclude_none=True))
    assert again == design
    assert size(again) == size(design)


def test_a_share_of_failures_is_the_rest_of_a_share_of_successes() -> None:
    failures = {**SHARE, "expected": 0.05, "bound": 0.1, "direction": "at_most"}
    assert found(failures).units == found(SHARE).units


def test_clusters_are_counted_as_units() -> None:
    one = found({**SHARE, "clustering": CLUSTERS})
    # (0.5² + 1) 40 - 1 = 49; 1 + 49 * 0.05 = 3.45; 254 * 3.45 = 876.3; 877 / 40 = 21.9.
    # Of 24 units there are 23 degrees of freedom: (2.069 + 0.858)² / (1.960 + 0.842)² = 1.092,
    # and 21.9 * 1.092 = 23.9.
    assert (one.independent, round(one.effect, 9)) == (254, 3.45)
    assert (one.observations, one.units) == (877, 24)
    assert any("fewer than 30 units" in said for said in remarks(one))


def test_an_intraclass_correlation_of_one_makes_each_unit_one_observation() -> None:
    one = found({**SHARE, "clustering": {"mean_size": 40, "icc": 1}})
    assert one.independent == found(SHARE).units
    assert one.units == found(SHARE).units + 2  # for the degrees of freedom


def test_units_are_several_however_many_observations_they_hold() -> None:
    one = found({**SHARE, "clustering": {"mean_size": 100_000, "icc": 0}})
    assert one.units == 2  # one has no variance


def test_both_kinds_are_enough_for_presence() -> None:
    one = found(PRESENCE)
    parts = dict(one.parts)
    with_it = found({**SHARE, "expected": 0.95, "bound": 0.85, "power": 0.9}).units
    without = found({**SHARE, "expected": 0.9, "bound": 0.8, "power": 0.9}).units
    assert (parts["with the finding"], parts["without the finding"]) == (with_it, without)
    assert one.units > parts["on average enough"] == with_it * 5


def test_every_problem_is_named_at_once() -> None:
    said = refused({"design": "proportion", "expected": 95, "level": 1, "direction": "at_least",
                    "interval": "wilson", "power": -0.1})  # fmt: skip
    assert set(said) == {"--expected", "--bound", "--level", "--power"}
    assert "give 0.95, not 95" in said["--expected"]
    assert "missing" in said["--bound"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("field", ["expected", "bound", "level", "power"])
def test_what_is_no_number_is_refused(field: str, value: float) -> None:
    assert set(refused({**SHARE, field: value})) == {f"--{field}"}


@pytest.mark.parametrize("icc", [-0.1, 1.5, 5, float("nan")])
def test_an_intraclass_correlation_out_of_range_is_refused(icc: float) -> None:
    assert set(refused({**SHARE, "clustering": {"mean_size": 10, "icc": icc}})) == {"--icc"}


def test_clusters_of_less_than_one_are_refused() -> None:
    said = refused({**SHARE, "clustering": {"mean_size": 0.5, "icc": 0.1, "size_cv": -1}})
    assert set(said) == {"--cluster-size", "--cluster-cv"}


@pytest.mark.parametrize(
    "values",
    [
        {**SHARE, "expected": 0.9},
        {**SHARE, "expected": 0.8},
        {**SHARE, "direction": "at_most"},
        {**MEAN, "expected": 0.85},
        {**RUN, "expected": 0.9},
        {**PRESENCE, "sensitivity": 0.85},
        {**PRESENCE, "specificity": 0.7},
        {**PAIRED, "difference": -0.05},
        {**PAIRED, "difference": 0.1},
        {**UNPAIRED, "new": 0.8},
        {**DIFFERENCE, "difference": -0.02},
        {**DIFFERENCE, "margin": 0},
    ],
    ids=named,
)
def test_what_no_number_of_units_brings_about_is_refused_with_a_way_out(
    values: dict[str, Any],
) -> None:
    said = refused(values)
    assert len(said) == 1
    assert all(not one.endswith("; ") for one in said.values())


def test_more_units_than_there_can_be_are_refused() -> None:
    with pytest.raises(SampleSizeError, match="more units are needed"):
        found({**SHARE, "expected": 0.90000001})
    with pytest.raises(SampleSizeError, match="more units are needed"):
        found({**SHARE, "clustering": {"mean_size": 1e5, "icc": 1}})
    with pytest.raises(SampleSizeError, match="more units are needed"):
        found({**PAIRED, "margin": 1e-6})


@pytest.mark.parametrize("clustering", [None, CLUSTERS], ids=["apart", "clustered"])
@pytest.mark.parametrize("values", [SHARE, MEAN, PAIRED, UNPAIRED, DIFFERENCE], ids=named)
def test_the_table_has_the_power_at_the_number_that_is_needed(
    values: dict[str, Any], clustering: Any
) -> None:
    one = found({**values, "clustering": clustering})
    rows = {row.units: row for row in power_rows(one)}
    assert rows[one.units].independent >= one.independent
    assert rows[one.units].power >= values["power"] - 1e-9
    fewer = [row.power for units, row in rows.items() if units < 0.9 * one.units]
    assert fewer
    assert max(fewer) < values["power"]


def test_half_the_units_are_worth_less_than_half_where_they_are_few() -> None:
    one = found({**SHARE, "clustering": CLUSTERS})
    assert one.independent_in(12) < one.independent_in(24) / 2
    assert (one.independent_in(1), one.independent_in(0)) == (0, 0)


def test_at_the_bound_the_chance_is_what_the_level_leaves() -> None:
    for values, most in ((SHARE, 0.035), ({**SHARE, "interval": "clopper_pearson"}, 0.025),
                         (MEAN, 0.025 + 1e-9)):  # fmt: skip
        one = found(values)
        by_value = {value.value: value.chance for value in chances(one)}
        assert by_value[values["bound"]] <= most
        assert by_value[values["expected"]] == pytest.approx(one.reached)
        assert list(by_value.values()) == sorted(by_value.values())
    assert chances(found(PAIRED)) == ()


def test_a_mean_that_is_bounded_above_passes_below_its_bound() -> None:
    one = found({**MEAN, "expected": 3, "bound": 4, "sd": 2, "direction": "at_most"})
    known = chances(one)
    assert known[0].chance > 0.99
    assert known[-1].chance < 0.001
