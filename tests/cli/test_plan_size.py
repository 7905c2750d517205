"""``segval plan-size``: what it prints, what it refuses, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from validation.cli import main
from validation.plan.sample_size.reading import read_design
from validation.plan.sample_size.sizing import size

SHARE = ("proportion", "--expected", "0.95", "--bound", "0.9", "--level", "0.95", "--power", "0.8")


def plan_size(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["plan-size", *(str(one) for one in arguments)])


def block_of(result: Result) -> Any:
    return yaml.safe_load(result.stdout.split("for the protocol:\n", 1)[1])


def test_the_number_its_power_and_a_block_are_printed() -> None:
    result = plan_size(*SHARE)
    assert result.exit_code == 0, result.output
    plain = result.stdout.replace("\xa0", " ")
    assert "needed                  254 units" in plain
    assert "254            254       86.2 %" in plain
    assert "reached at 217 first" in plain


def test_the_block_is_yaml_whose_numbers_follow_from_its_assumptions() -> None:
    result = plan_size(*SHARE, "--cluster-size", 40, "--icc", 0.05, "--criterion", "AC-01",
                       "--basis", "A pilot: of eight donors, #3 apart.")  # fmt: skip
    (entry,) = block_of(result)["analysis"]["sample_size"]
    again = size(read_design(entry["assumptions"]))
    assert (entry["observations"], entry["units"]) == (again.observations, again.units)
    assert entry["criterion"] == "AC-01"
    assert entry["basis"] == "A pilot: of eight donors, #3 apart."


def test_without_a_basis_the_block_asks_for_one() -> None:
    (entry,) = block_of(plan_size(*SHARE))["analysis"]["sample_size"]
    assert entry["basis"] is None


def test_json_holds_the_same() -> None:
    result = plan_size(*SHARE, "--json")
    found = json.loads(result.stdout)
    assert (found["units"], found["first"]) == (254, 217)
    assert found["assumptions"]["interval"] == "wilson"
    assert [one["independent"] for one in found["power"]] == sorted(
        one["independent"] for one in found["power"]
    )


def test_a_one_sided_level_is_that_of_the_limit() -> None:
    result = plan_size("success-run", "--bound", 0.95, "--one-sided-level", 0.95, "--json")
    assert json.loads(result.stdout)["units"] == 59
    for wrong in ("95", "nan", "0.5", "1"):
        result = plan_size("success-run", "--bound", 0.95, "--one-sided-level", wrong)
        assert result.exit_code == 3
        assert "--one-sided-level is" in result.output
    result = plan_size(*SHARE, "--one-sided-level", 0.95)
    assert result.exit_code == 3
    assert "given twice" in result.output


@pytest.mark.parametrize(
    ("arguments", "units"),
    [
        (("mean", "--expected", 0.88, "--bound", 0.85, "--sd", 0.08, "--level", 0.95,
          "--power", 0.9), 77),
        (("precision", "--expected", 0.9, "--half-width", 0.05, "--level", 0.95), 141),
        (("presence", "--sensitivity", 0.9, "--specificity", 0.85, "--prevalence", 0.2,
          "--half-width", 0.1, "--level", 0.95), 173),
        (("non-inferiority", "paired", "--margin", 0.05, "--difference", 0, "--discordant", 0.1,
          "--level", 0.95, "--power", 0.8), 350),
        (("non-inferiority", "unpaired", "--margin", 0.1, "--new", 0.9, "--old", 0.9,
          "--level", 0.95, "--power", 0.8), 142),
        (("non-inferiority", "mean", "--margin", 0.02, "--difference", 0, "--sd", 0.06,
          "--level", 0.95, "--power", 0.9), 97),
    ],
)  # fmt: skip
def test_every_design_is_to_be_had(arguments: tuple[Any, ...], units: int) -> None:
    result = plan_size(*arguments, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["units"] == units


def test_everything_wrong_is_said_at_once() -> None:
    result = plan_size("proportion", "--expected", 95, "--bound", "nan", "--icc", -1)
    assert result.exit_code == 3
    for said in ("give 0.95, not 95", "--bound", "--level", "--power", "--cluster-size", "--icc"):
        assert said in result.output
    assert "Traceback" not in result.output


def test_options_of_another_kind_are_refused() -> None:
    result = plan_size("non-inferiority", "paired", "--sd", 0.1, "--new", 0.9)
    assert result.exit_code == 3
    assert "not for paired: --new, --sd" in result.output
    result = plan_size("presence", "--half-width", 0.1, "--power", 0.8)
    assert result.exit_code == 3
    assert "given with --power" in result.output


def test_a_word_in_place_of_a_number_is_wrong_usage() -> None:
    assert plan_size("proportion", "--expected", "much").exit_code == 2


# --- a criterion of a protocol ------------------------------------------------------------

WORKED = Path(__file__).resolve().parents[2] / "protocols" / "nuclei-count" / "protocol.yaml"
OF_PROTOCOL = ("--protocol", WORKED, "--power", 0.8)
CLUSTERS = ("--cluster-size", 190, "--cluster-cv", 0.29, "--icc", 0.02)


def test_a_test_set_that_is_too_small_ends_with_one() -> None:
    result = plan_size("proportion", *OF_PROTOCOL, "--criterion", "AC-01", "--expected", 0.88,
                       *CLUSTERS)  # fmt: skip
    assert result.exit_code == 1, result.output
    plain = result.stdout.replace("\xa0", " ")
    assert "bound                   at least 0.85" in plain
    assert "level                   95 % two-sided" in plain
    assert "the test set has        8 subjects, 48 cases: too few by" in plain


def test_a_test_set_that_is_large_enough_ends_with_zero() -> None:
    result = plan_size("proportion", *OF_PROTOCOL, "--criterion", "AC-01", "--expected", 0.95,
                       *CLUSTERS, "--json")  # fmt: skip
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["test_set"]
    assert found == {
        "criterion": "AC-01", "unit": "subject", "units": 8, "cases": 48, "enough": True,
    }  # fmt: skip


def test_a_criterion_on_a_subgroup_has_the_units_of_it() -> None:
    result = plan_size("proportion", *OF_PROTOCOL, "--criterion", "AC-07", "--expected", 0.95,
                       *CLUSTERS, "--json")  # fmt: skip
    assert json.loads(result.stdout)["test_set"]["units"] == 4


def test_a_ratio_that_is_no_share_is_said_to_be_rough() -> None:
    result = plan_size("proportion", *OF_PROTOCOL, "--criterion", "AC-06", "--expected", 0.85)
    assert "f1 is a ratio of sums, not a share of objects" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("proportion", *OF_PROTOCOL, "--expected", 0.9), "no criterion of it"),
        (("proportion", *OF_PROTOCOL, "--criterion", "AC-99"), "no criterion has the id AC-99"),
        (("proportion", *OF_PROTOCOL, "--criterion", "AC-01", "--level", 0.9, "--bound", 0.8),
         "the protocol says what --level and --bound says"),
        (("proportion", *OF_PROTOCOL, "--criterion", "AC-01", "--at-most"), "--at-most"),
        (("mean", *OF_PROTOCOL, "--criterion", "AC-01"), "recall is no mean over cases"),
        (("proportion", *OF_PROTOCOL, "--criterion", "AC-04"), "is no share"),
        (("proportion", *OF_PROTOCOL, "--criterion", "AC-09"), "is judged on its value"),
        (("presence", *OF_PROTOCOL, "--criterion", "AC-01"), "it bounds recall"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_protocol_is_refused(arguments: tuple[Any, ...], said: str) -> None:
    result = plan_size(*arguments)
    assert result.exit_code == 3, result.output
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_protocol_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "protocol.yaml"
    broken.write_text("format: [", "utf-8")
    result = plan_size("proportion", "--protocol", broken, "--criterion", "AC-01")
    assert result.exit_code == 3
    assert plan_size("proportion", "--protocol", tmp_path / "none.yaml").exit_code == 2
