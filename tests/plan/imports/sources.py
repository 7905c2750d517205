"""What tests of the readers share: options, and a workbook written by openpyxl."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl

from validation.plan.imports.columns import Wanted, choose, wanted
from validation.plan.imports.content import Content
from validation.plan.imports.taking import Read, Taken, take

REQUIREMENTS = Wanted("requirements")
RISKS = Wanted("risks")
DIGEST = "sha256:" + "0" * 64


def asking(*columns: str, only: Sequence[str] = (), what: Any = "requirements") -> Wanted:
    return wanted(what, columns, only)


def read_as(content: Content, asked: Wanted) -> Read:
    chosen = choose(
        content.columns, asked, content.name, "IDENTIFIER" if content.kind == "reqif" else ""
    )
    assert chosen.problems == ()
    return Read(content, chosen.columns, asked, DIGEST)


def taken(
    requirements: Content,
    risks: Content | None = None,
    *,
    asked: Wanted = REQUIREMENTS,
    asked_risks: Wanted = RISKS,
    **more: Any,
) -> Taken:
    """Return what is taken of sources, their columns recognised."""
    of_risks = [] if risks is None else [read_as(risks, asked_risks)]
    return take([read_as(requirements, asked)], of_risks, **more)


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], change: Any = None) -> bytes:
    """Return a workbook with these rows; `change` is given it before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    if change is not None:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
