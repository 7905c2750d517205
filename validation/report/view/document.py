"""What stands on every page of a document, and on the title page of those that nobody signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from validation.plan.protocol import Document
from validation.report.formatting import clipped
from validation.report.view.elements import Item

_LONGEST_IMPRINT = 60


@dataclass(frozen=True)
class DocumentView:
    """What stands on every page and in the document's properties."""

    language: str
    title: str
    number: str
    revision: str
    """Empty: the document has none."""
    organisation: str
    imprint: str
    """The organisation, or as much of its name as the foot of a page has room for."""
    page_size: str
    date: str
    identity: str
    """What the document was made from, e.g. ``record R-7d1f…``; at the foot of every page."""
    notices: tuple[str, ...]
    """E.g. ``Simulated specimens``, for every page."""


@dataclass(frozen=True)
class Notice:
    """What a reader must know before reading on, e.g. that the specimens are simulated."""

    short: str
    """For the header of every page."""
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """What a document came to, in the words that stand large on its title page."""

    key: Literal["met", "not_met", "not_evaluable", "incomplete", "plain"]
    """Decides the colour; ``plain`` has none."""
    label: str
    headline: str
    """With a symbol in front where it is a verdict."""
    sentence: str


@dataclass(frozen=True)
class TitlePage:
    """The title page of a document that is not signed."""

    kind: str
    title: str
    subtitle: str
    organisation: str
    outcome: Outcome | None
    """None: the document comes to nothing, it describes."""
    statement: str
    """What the document is and what it is not."""
    notices: tuple[Notice, ...]
    identification: tuple[tuple[Item, ...], ...]
    """In columns."""


def page_frame(
    document: Document,
    *,
    number: str,
    date: str,
    identity: str,
    notices: Sequence[Notice],
    longest_imprint: int = _LONGEST_IMPRINT,
) -> DocumentView:
    """Return what every page of a document of a protocol carries.

    Args:
        document: How the protocol and its documents are filed.
        number: Number of this document.
        date: Its date, in words.
        identity: What it was made from.
        notices: What every page has to say.
        longest_imprint: Most characters of the organisation at the foot of a page.
    """
    return DocumentView(
        language=document.language,
        title=f"{number}: {document.title}",
        number=number,
        revision=document.revision,
        organisation=document.organisation,
        imprint=clipped(document.organisation, longest_imprint),
        page_size=document.page_size,
        date=date,
        identity=identity,
        notices=tuple(one.short for one in notices),
    )


def bare_frame(*, number: str, title: str, date: str, identity: str) -> DocumentView:
    """Return what every page of a document carries that belongs to no protocol.

    Args:
        number: What the document is, and of what, at the head of every page.
        title: Title in the properties of the document.
        date: Its date, in words.
        identity: What it was made from.
    """
    return DocumentView(
        language="en",
        title=title,
        number=number,
        revision="",
        organisation="segval",
        imprint="segval",
        page_size="A4",
        date=date,
        identity=identity,
        notices=(),
    )
