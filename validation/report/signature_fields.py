"""Empty signature fields in a document: prepared as it is printed, before anybody signs.

A field that is added between two signatures is read differently by different viewers, so
all of them are in the file from the start, in the layout that was reviewed. A template
shows where: an empty element with `PLACE` as attribute. Each becomes an AcroForm field of
the type ``/Sig``, merged with its widget, tagged as a form and printed
(ISO 32000-1, 12.7.4.5; ISO 14289-1, 7.18.4), with an empty appearance (ISO 19005-3, 6.3.3).

WeasyPrint knows no signature fields. It does tag links, so a place is laid out as a link to
an address of ours, and the finished document has the link replaced.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pydyf

from validation.errors import Problem, RenderError

PLACE = "data-signature-field"
"""Attribute of the element that a field covers; its value is the name of the field."""

_ADDRESS = "signature-field.invalid/"
_PRINT = 4
_SMALLEST = (200.0, 50.0)


@dataclass(frozen=True)
class SignatureField:
    """A field for one signature."""

    name: str
    """Name of the field, e.g. ``signature-1``; as `PLACE` gives it in the document."""
    description: str
    """What a reader is told that the field is for (/TU), e.g. function and meaning."""
    locks: bool = False
    """Whether its signature is the last: it then locks every field (ISO 32000-1, 12.7.4.5)."""


def mark_places(root: Any) -> None:  # noqa: ANN401 - an element of any XML library
    """Turn each place of a field into a link that `place_fields` finds again.

    Side effects: changes the tree of elements.
    """
    for element in root.iter():
        if name := element.get(PLACE):
            element.tag = "a"
            element.set("href", f"http://{_ADDRESS}{name}")


def place_fields(pdf: pydyf.PDF, fields: Sequence[SignatureField]) -> None:
    """Replace the links of `mark_places` by signature fields.

    Args:
        pdf: The document, laid out and tagged, before it is written.
        fields: The fields in their order; the document has one place for each.

    Raises:
        RenderError: A field has no place or several, or one too small or outside of its page;
            or a place belongs to no field.

    Side effects: changes the document.
    """
    links = _links(pdf)
    _require_places(fields, [name for name, _ in links])
    by_name = dict(links)
    placed = [_placed(pdf, one, by_name[one.name]) for one in fields]
    if not placed:
        return
    form = pydyf.Dictionary({"Fields": pydyf.Array(placed)})
    pdf.add_object(form)
    pdf.catalog["AcroForm"] = form.reference


def _links(pdf: pydyf.PDF) -> list[tuple[str, pydyf.Dictionary]]:
    return [
        (address.removeprefix(f"http://{_ADDRESS}"), one)
        for one in _dictionaries(pdf)
        if one.get("Subtype") == "/Link"
        and (address := _address(one)).startswith(f"http://{_ADDRESS}")
    ]


def _dictionaries(pdf: pydyf.PDF) -> Iterator[pydyf.Dictionary]:
    return (one for one in pdf.objects if isinstance(one, pydyf.Dictionary))


def _address(link: pydyf.Dictionary) -> str:
    address = link.get("A", {}).get("URI")
    return str(address.string) if address else ""


def _require_places(fields: Sequence[SignatureField], places: Sequence[str]) -> None:
    names = [one.name for one in fields]
    problems = [
        Problem(name, f"the field has {places.count(name)} places in the document, not one")
        for name in names
        if places.count(name) != 1
    ]
    problems += [Problem(place, "no field has this name") for place in places if place not in names]
    if problems:
        raise RenderError("the places for signatures are not as they should be", problems=problems)


def _placed(pdf: pydyf.PDF, field: SignatureField, link: pydyf.Dictionary) -> bytes:
    """Make a field of a link; return the reference of the field."""
    page = next(one for one in _dictionaries(pdf) if link.reference in one.get("Annots", ()))
    rectangle = _rectangle(link)
    _require_room(field, rectangle, page["MediaBox"])
    parent = link["StructParent"]
    link.clear()
    link |= {
        "Type": "/Annot",
        "Subtype": "/Widget",
        "FT": "/Sig",
        "T": pydyf.String(field.name),
        "TU": pydyf.String(field.description),
        "F": _PRINT,
        "Rect": pydyf.Array(rectangle),
        "P": page.reference,
        "StructParent": parent,
        "AP": pydyf.Dictionary({"N": _empty_appearance(pdf, rectangle)}),
    }
    if field.locks:
        # Without permissions of its own (/P): archival time stamps may still follow.
        link["Lock"] = pydyf.Dictionary({"Type": "/SigFieldLock", "Action": "/All"})
    _tag_as_form(pdf, link)
    return bytes(link.reference)


def _rectangle(link: pydyf.Dictionary) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(one), 3) for one in link["Rect"])
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _require_room(
    field: SignatureField, rectangle: tuple[float, float, float, float], page: Sequence[float]
) -> None:
    left, bottom, right, top = rectangle
    if left < page[0] or bottom < page[1] or right > page[2] or top > page[3]:
        raise RenderError("a signature would lie outside of its page", where=field.name)
    if right - left < _SMALLEST[0] or top - bottom < _SMALLEST[1]:
        raise RenderError("the place for a signature is too small", where=field.name)


def _empty_appearance(pdf: pydyf.PDF, rectangle: tuple[float, float, float, float]) -> bytes:
    left, bottom, right, top = rectangle
    appearance = pydyf.Stream(
        [],
        {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pydyf.Array([0, 0, round(right - left, 3), round(top - bottom, 3)]),
            "Resources": pydyf.Dictionary(),
        },
    )
    pdf.add_object(appearance)
    return bytes(appearance.reference)


def _tag_as_form(pdf: pydyf.PDF, widget: pydyf.Dictionary) -> None:
    (pointer,) = (one for one in _dictionaries(pdf) if one.get("Obj") == widget.reference)
    (element,) = (one for one in _dictionaries(pdf) if pointer.reference in _kids(one))
    element["S"] = "/Form"
    element["K"] = pointer.reference  # one kid is no list


def _kids(element: pydyf.Dictionary) -> Sequence[Any]:
    kids = element.get("K", ())
    return kids if isinstance(kids, list) else ()
