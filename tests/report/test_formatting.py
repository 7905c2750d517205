"""Numbers as documents print them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from validation.evidence.metric_values import Interval
from validation.report import formatting


def _printed(text: str) -> float:
    return float(text.replace(formatting.MINUS, "-").replace(formatting.THIN_SPACE, ""))


@pytest.mark.parametrize(
    ("observed", "bound", "direction", "printed"),
    [
        (0.7996, 0.80, "at_least", "0.7996"),
        (0.79996, 0.80, "at_least", "0.79996"),
        (0.8123, 0.80, "at_least", "0.812"),
        (0.80, 0.80, "at_least", "0.800"),
        (0.1004, 0.1, "at_most", "0.1004"),
        (0.0996, 0.1, "at_most", "0.100"),
        (0.8124, 0.8125, "at_least", "0.8124"),
        (-0.01004, -0.01, "at_least", "−0.01004"),
    ],
)
def test_a_printed_limit_lies_on_its_own_side_of_the_bound(
    observed: float, bound: float, direction: formatting.Direction, printed: str
) -> None:
    decimals = formatting.decimals_that_tell(observed, bound, direction, "ratio")
    assert formatting.number(observed, decimals) == printed


@given(
    observed=st.floats(-1000, 1000),
    bound=st.decimals(-1000, 1000, places=4).map(float),
    direction=st.sampled_from(["at_least", "at_most"]),
    unit=st.sampled_from(["ratio", "ms", "objects per image"]),
)
@example(observed=0.7999999999999999, bound=0.8, direction="at_least", unit="ratio")
@example(observed=-1e-30, bound=0.0, direction="at_least", unit="ratio")
@example(observed=0.30000000000000004, bound=0.3, direction="at_most", unit="ratio")
def test_no_rounding_contradicts_a_verdict(
    observed: float, bound: float, direction: formatting.Direction, unit: str
) -> None:
    decimals = formatting.decimals_that_tell(observed, bound, direction, unit)
    printed = _printed(formatting.number(observed, decimals))
    printed_bound = _printed(formatting.number(bound, decimals))
    if direction == "at_least":
        assert (printed >= printed_bound) == (observed >= bound)
    else:
        assert (printed <= printed_bound) == (observed <= bound)


def test_a_negative_number_that_rounds_to_zero_has_no_sign() -> None:
    assert formatting.number(-0.0004, 3) == "0.000"
    assert formatting.number(-0.0, 1) == "0.0"


def test_thousands_are_grouped_by_a_space_that_does_not_break() -> None:
    assert formatting.number(1234567) == "1\u202f234\u202f567"


def test_an_interval_is_printed_with_the_decimals_of_its_value() -> None:
    interval = Interval(
        lower=0.8417, upper=0.88349, level=0.95, method="m", clusters=8, replicates=2000
    )
    assert formatting.interval_text(interval, 3) == "[0.842,\u00a00.883]"
    assert formatting.interval_text(interval, 4) == "[0.8417,\u00a00.8835]"


def test_what_is_not_defined_says_why() -> None:
    assert formatting.not_defined("no case") == "not defined: no case"


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_an_exact_number_reads_back(value: float) -> None:
    assert float(formatting.exact(value).replace(formatting.MINUS, "-")) == value


@given(st.floats(-1e9, 1e9))
@example(5.960464477539063e-08)
def test_a_number_without_decimals_named_reads_back(value: float) -> None:
    assert _printed(formatting.number(value)) == value
