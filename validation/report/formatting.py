"""Numbers, intervals, verdicts, times and digests as a document prints them.

Pure functions of values. One rule stands above the others: a printed comparison never
contradicts the verdict. A limit of 0.7996 held against a bound of 0.80 is printed as
0.7996, not as 0.800 (`decimals_that_tell`).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal

from validation.evidence.metric_values import Interval

MINUS = "\u2212"
"""The minus sign; a hyphen is not one."""

THIN_SPACE = "\u202f"
"""Narrow space that does not break, between groups of three digits."""

NO_BREAK = "\u00a0"

EN_DASH = "\u2013"

DECIMALS: Mapping[str, int] = {
    "ratio": 3,
    "ms": 1,
    "s": 2,
    "px": 1,
    "mm": 2,
    "um": 2,
    "objects": 0,
    "segments": 0,
    "cases": 0,
    "pixels": 0,
    "percent": 1,
    "images per second": 2,
}
"""Decimals by unit; `decimals_of` gives those of other units."""

UNIT_WORDS: Mapping[str, str] = {"ratio": "", "um": "µm", "percent": "%"}
"""How a unit is printed where it is not printed as it is spelt; a ratio has none."""

_DEFAULT_DECIMALS = 2
_MOST_DECIMALS = 17
_LONGEST_SYMBOL = 3
_FEWEST_BEFORE = 8

Direction = Literal["at_least", "at_most"]


def decimals_of(unit: str) -> int:
    """Return the decimals with which figures of `unit` are printed.

    >>> decimals_of("ratio"), decimals_of("objects per image")
    (3, 2)
    """
    return DECIMALS.get(unit, _DEFAULT_DECIMALS)


def number(value: float, decimals: int | None = None) -> str:
    r"""Return `value` with a real minus sign and its digits in groups of three.

    Args:
        value: A finite number.
        decimals: Digits after the point; None: as many as the shortest text has that reads
            back to the same value.

    >>> print(ascii((number(-0.0396, 3), number(4930), number(0.5), number(1234567.25, 1))))
    ('\u22120.040', '4\u202f930', '0.5', '1\u202f234\u202f567.2')
    >>> number(-0.0001, 2)
    '0.00'
    """
    needed = decimals_needed(value)
    if decimals is None:
        decimals = needed
    # Digits that are all printed are those of the shortest text, not of the binary value.
    printed = Decimal(repr(value)) if decimals >= needed else value
    text = f"{abs(printed):,.{decimals}f}".replace(",", THIN_SPACE)
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return (MINUS if negative else "") + text


def exact(value: float) -> str:
    r"""Return `value` as the evidence files write it, with a real minus sign.

    >>> print(ascii((exact(0.8641975308641975), exact(-2.0), exact(12))))
    ('0.8641975308641975', '\u22122.0', '12')
    """
    return repr(value).replace("-", MINUS)


def decimals_needed(value: float) -> int:
    """Return the digits after the point of the shortest text that reads back to `value`.

    >>> [decimals_needed(value) for value in (0.8, 0.7996, 3.0, 1e-7)]
    [1, 4, 0, 7]
    """
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def decimals_that_tell(observed: float, bound: float, direction: Direction, unit: str) -> int:
    """Return the fewest decimals, from those of `unit` on, that keep the comparison true.

    Both numbers are printed with them: the bound appears without loss, and the side of the
    bound on which the printed observation lies is the side on which it lies.

    >>> decimals_that_tell(0.7996, 0.80, "at_least", "ratio")
    4
    >>> decimals_that_tell(0.8123456, 0.80, "at_least", "ratio")
    3
    """
    least = max(decimals_of(unit), decimals_needed(bound))
    for decimals in range(least, _MOST_DECIMALS):
        if _holds(round(observed, decimals), bound, direction) == _holds(
            observed, bound, direction
        ):
            return decimals
    return max(least, decimals_needed(observed))  # all of them: the two differ in the last place


def _holds(observed: float, bound: float, direction: Direction) -> bool:
    return observed >= bound if direction == "at_least" else observed <= bound


def with_unit(text: str, unit: str) -> str:
    r"""Return a number's text with its unit; a ratio has none.

    >>> with_unit("12.4", "ms"), with_unit("0.864", "ratio"), with_unit("3", "percent")
    ('12.4\xa0ms', '0.864', '3\xa0%')
    """
    word = unit_word(unit)
    return f"{text}{NO_BREAK}{word.replace(' ', NO_BREAK)}" if word else text


def unit_word(unit: str) -> str:
    """Return how a unit is printed; empty for a ratio.

    >>> unit_word("objects per image"), unit_word("ratio")
    ('objects per image', '')
    """
    return UNIT_WORDS.get(unit, unit)


def with_short_unit(text: str, unit: str) -> str:
    r"""Return a number's text with its unit if that is a symbol; words stand elsewhere.

    >>> with_short_unit("12.4", "ms"), with_short_unit("3.08", "objects per image")
    ('12.4\xa0ms', '3.08')
    """
    return text if long_unit(unit) else with_unit(text, unit)


def long_unit(unit: str) -> str:
    """Return the unit where it is words, to be printed once beside the name of a figure.

    >>> long_unit("ms"), long_unit("objects per image")
    ('', 'objects per image')
    """
    word = unit_word(unit)
    return word if len(word) > _LONGEST_SYMBOL else ""


def interval_text(interval: Interval, decimals: int) -> str:
    r"""Return the limits of an interval in brackets.

    >>> interval_text(Interval(lower=0.8417, upper=0.883, level=0.95, method="m",
    ...                        clusters=8, replicates=2000), 3)
    '[0.842,\xa00.883]'
    """
    lower, upper = number(interval.lower, decimals), number(interval.upper, decimals)
    return f"[{lower},{NO_BREAK}{upper}]"


def not_defined(reason: str | None) -> str:
    """Return the words printed where a figure has no value.

    >>> not_defined("no reference objects"), not_defined(None)
    ('not defined: no reference objects', 'not defined')
    """
    return f"not defined: {reason}" if reason else "not defined"


def plural(count: int, noun: str, many: str = "") -> str:
    r"""Return a count with its noun.

    >>> plural(1, "case"), plural(4930, "object"), plural(2, "entry", "entries")
    ('1\xa0case', '4\u202f930\xa0objects', '2\xa0entries')
    """
    word = noun if count == 1 else (many or f"{noun}s")
    return f"{number(count)}{NO_BREAK}{word}"


def share(part: int, whole: int) -> str:
    """Return a part of a whole in words, e.g. ``3 of 48``.

    >>> share(3, 48)
    '3 of 48'
    """
    return f"{number(part)} of {number(whole)}"


def percentage(level: float) -> str:
    r"""Return a confidence level as a percentage.

    >>> percentage(0.95), percentage(0.999)
    ('95\xa0%', '99.9\xa0%')
    """
    return f"{number(float(Decimal(repr(level)) * 100))}{NO_BREAK}%"


def day(moment: datetime) -> str:
    r"""Return the date in words.

    >>> from datetime import UTC
    >>> day(datetime(2026, 3, 2, 14, 5, tzinfo=UTC))
    '2\xa0March\xa02026'
    """
    return f"{moment.day}{NO_BREAK}{_MONTHS[moment.month - 1]}{NO_BREAK}{moment.year}"


def timestamp(moment: datetime) -> str:
    """Return date and time with the offset from UTC named.

    >>> from datetime import UTC
    >>> timestamp(datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC))
    '2026-03-02 14:05:09 UTC'
    """
    offset = moment.strftime("%z")
    named = "UTC" if offset in ("+0000", "") else f"UTC{offset[:3]}:{offset[3:]}"
    return f"{moment:%Y-%m-%d %H:%M:%S} {named}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def duration(seconds: float) -> str:
    r"""Return a length of time in the two units that matter.

    >>> duration(4.2), duration(75), duration(7380)
    ('4\xa0s', '1\xa0min 15\xa0s', '2\xa0h 3\xa0min')
    """
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours}{NO_BREAK}h {minutes}{NO_BREAK}min"
    if minutes:
        return f"{minutes}{NO_BREAK}min {rest}{NO_BREAK}s"
    return f"{rest}{NO_BREAK}s"


def size_of(byte_count: int) -> str:
    r"""Return a number of bytes as people read it, decimal units.

    >>> size_of(512), size_of(48_230), size_of(2_500_000)
    ('512\xa0B', '48.2\xa0kB', '2.5\xa0MB')
    """
    if byte_count < 1000:  # noqa: PLR2004 - a kilobyte
        return f"{byte_count}{NO_BREAK}B"
    for power, unit in enumerate(("kB", "MB", "GB"), start=1):
        if byte_count < 1000 ** (power + 1) or unit == "GB":
            return f"{number(byte_count / 1000**power, 1)}{NO_BREAK}{unit}"
    raise AssertionError  # pragma: no cover - the last unit always fits


def clipped(words: str, most: int) -> str:
    """Return words with at most that many characters; an ellipsis stands for the rest.

    The full words have to be printed elsewhere.

    >>> clipped("site", 10), clipped("a very long label", 10)
    ('site', 'a very lo…')
    """
    return words if len(words) <= most else f"{words[: most - 1]}…"


def clipped_before(words: str, end: str, most: int) -> str:
    """Return words with at most that many characters, clipped before their end if that fits.

    >>> clipped_before("Intersection over union, liver", "liver", 26)
    'Intersection over … liver'
    >>> clipped_before("Dice, liver", "liver", 20), clipped_before("Dice, liver", "", 8)
    ('Dice, liver', 'Dice, l…')
    """
    room = most - len(end) - 3
    if len(words) <= most or not end or room < _FEWEST_BEFORE:
        return clipped(words, most)
    before = words[: room + 1].rpartition(" ")[0] or words[:room]
    return f"{before.rstrip(' ,(')} … {end}"


def short_digest(digest: str) -> str:
    """Return the first twelve digits of a digest, with its algorithm.

    >>> short_digest("sha256:" + "9f86d081884c7d65" * 4)
    'sha256:9f86d081884c…'
    """
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}:{digits[:12]}…"


def bare_digest(digest: str) -> str:
    """Return the digits of a digest without its algorithm, as ``sha256sum`` prints them.

    >>> bare_digest("sha256:9f86")
    '9f86'
    """
    return digest.partition(":")[2]
