"""What a signature shows of itself, drawn as a page that fits the signature's field exactly.

21 CFR 11.50 asks for printed name, date and time, and meaning as part of any form that a
person can read. So nothing may be clipped: the text is printed in smaller and smaller type,
at last in a denser layout, until all of it fits; if it never does, there is no stamp.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from validation.errors import RenderError
from validation.report.manifestation import Manifestation
from validation.report.render import isolated, render_html, render_page, spell_out_uncovered

SMALLEST = 4.5
"""Smallest size of type that is taken for legible, in points."""

_SIZES = (6.4, 6.0, 5.6, 5.2, 4.8, SMALLEST)
_TEMPLATE = "signature/stamp.html.jinja"
_MARKS = 3
_EVENT_DIGITS = 16


@dataclass(frozen=True)
class _Fact:
    label: str
    words: str
    is_code: bool = False


@dataclass(frozen=True)
class _Stamp:
    width: float
    height: float
    size: float
    is_dense: bool
    """The name in the type of the rest, and less space between the lines."""
    name: str
    meaning: str
    facts: tuple[_Fact, ...]


def render_stamp(manifestation: Manifestation, width: float, height: float) -> bytes:
    """Return a PDF of one page that states a signature; the same input gives the same bytes.

    Characters that no bundled font prints are spelt out as code points.

    Args:
        manifestation: What the signature says of itself.
        width: Of the field, in points.
        height: Of the field, in points.

    Raises:
        RenderError: The text does not fit in the smallest legible type.
    """
    for size, is_dense in (*((one, False) for one in _SIZES), (SMALLEST, True)):
        view = _stamp(manifestation, width, height, size, is_dense=is_dense)
        html = render_html(_TEMPLATE, view)
        page = render_page(spell_out_uncovered(_without_towers(html)))
        if page is not None:
            return page
    raise RenderError(
        f"what the signature states does not fit into its field in type of {SMALLEST:g} pt",
        where=f"{manifestation.role}: {manifestation.name[:60]}",
        fix="shorten the function or the meaning in the protocol, or the name in the certificate",
    )


def _stamp(
    given: Manifestation, width: float, height: float, size: float, *, is_dense: bool
) -> _Stamp:
    return _Stamp(
        width=width,
        height=height,
        size=size,
        is_dense=is_dense,
        name=given.name,
        meaning=given.meaning,
        facts=(
            _Fact("Signed", f"{_utc(given)} UTC \u00b7 local {_local(given)} {given.zone}"),
            _Fact(
                "Function",
                f"{isolated(given.title)} \u00b7 role {isolated(given.role)} \u00b7 "
                f"user {isolated(given.user)}",
            ),
            _Fact("Document", f"{isolated(given.document)}, revision {isolated(given.revision)}"),
            _Fact("Presented", given.presented, is_code=True),
            _Fact("Audit event", f"{given.sequence}, {_beginning(given.event)}", is_code=True),
        ),
    )


def _utc(given: Manifestation) -> str:
    return given.at.removesuffix("Z").replace("T", " ")


def _local(given: Manifestation) -> str:
    hours, minutes = map(int, given.zone[1:].split(":"))
    offset = timedelta(hours=hours, minutes=minutes)
    moment = datetime.fromisoformat(given.at)
    local = moment - offset if given.zone.startswith("-") else moment + offset
    return f"{local:%Y-%m-%d %H:%M:%S}"


def _beginning(event: str) -> str:
    algorithm, digits = event.split(":")
    return f"{algorithm}:{digits[:_EVENT_DIGITS]}"


def _without_towers(text: str) -> str:
    r"""Spell out combining marks beyond the third on one letter: they would leave the page.

    >>> _without_towers("e" + 4 * "\u0301")[-8:]
    '[U+0301]'
    """
    marks = "".join(sorted(one for one in set(text) if unicodedata.category(one) in {"Mn", "Me"}))
    if not marks:
        return text
    tower = re.compile(f"([{marks}]{{{_MARKS}}})([{marks}]+)")
    return tower.sub(lambda found: found[1] + "".join(map(_code_point, found[2])), text)


def _code_point(character: str) -> str:
    return f"[U+{ord(character):04X}]"
