"""A company's templates may arrange, rename and add; what the bundled ones print has to stay."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from validation.errors import Problem, RenderError

_MOST_NAMED = 20
_FORBIDDEN = re.compile(
    r"<(?:script|iframe|object|embed|form|base|meta|link|style)\b|<[^>]*\s(?:on\w+|style|hidden)\b",
    re.IGNORECASE,
)
_ACT = re.compile(r"[a-zA-Z]+")


def require_complete(bundled: str, company: str, values: Iterable[str], template: str) -> None:
    """Refuse a document that says less than the bundled templates do, or that can act.

    Args:
        bundled: The document as the bundled templates have it.
        company: The document as a company's templates have it.
        values: Every value that the bundled templates printed.
        template: What errors name.

    Raises:
        RenderError: A value that the bundled document shows is not shown, or there are scripts,
            styles or other active elements that the bundled document does not have.
    """
    lacking = list(left_out(values, _texts(bundled), _texts(company)))
    if lacking:
        more = len(lacking) - _MOST_NAMED
        problems = [Problem(template, f"not printed: {one[:200]}") for one in lacking[:_MOST_NAMED]]
        problems += [Problem(template, f"and {more} more")] if more > 0 else []
        raise RenderError(
            "the company's templates leave out what the document has to say",
            where=template,
            fix="keep the parts of the blocks that you replace, e.g. by {{ super() }}",
            problems=problems,
        )
    added = Counter(_acts(company)) - Counter(_acts(bundled))
    if added:
        raise RenderError(
            f"the company's templates add what is not for documents: {', '.join(sorted(added))}",
            where=template,
            fix="styles go into styles/company.css; scripts, forms and frames are not for records",
        )


def left_out(values: Iterable[str], bundled: list[str], company: list[str]) -> Iterator[str]:
    """Yield the values that a document shows and another one does not.

    >>> list(left_out(["met", "0.81", "number"], ["Verdict: met", "0.81"], ["Verdict", "0.81"]))
    ['met']
    """
    shown, whole = set(company), " ".join(company)
    shown_before, whole_before = set(bundled), " ".join(bundled)
    for value in dict.fromkeys(" ".join(one.split()) for one in values):
        if value in shown or not value:
            continue
        was_shown = value in shown_before or value in whole_before
        if was_shown and value not in whole:
            yield value


def _acts(document: str) -> list[str]:
    return [_ACT.findall(one)[-1].lower() for one in _FORBIDDEN.findall(document)]


class _Texts(HTMLParser):
    """Collects the texts of a document."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Take in a text."""
        if plain := " ".join(data.split()):
            self.texts.append(plain)


def _texts(document: str) -> list[str]:
    reader = _Texts()
    reader.feed(document)
    reader.close()
    return reader.texts
