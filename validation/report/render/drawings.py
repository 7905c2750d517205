"""Drawings as pictures: what neither the parser of HTML nor the style sheet need look at.

WeasyPrint draws an ``<svg>`` inside of a document as it draws a picture in SVG. But it parses the
one with a parser written in Python, and computes styles for each of its parts: of a report with
180 drawings that was an eighth of the time.
"""

import re

_DRAWING = re.compile(
    r'<svg xmlns="http://www\.w3\.org/2000/svg" class="(?P<styles>[^"]*)" role="img"[^>]*>'
    r"<title>(?P<title>[^<]*)</title>.*?</svg>",
    re.DOTALL,
)


def as_pictures(html: str) -> tuple[str, dict[str, bytes]]:
    """Return a document that shows its drawings as pictures, and these by name.

    Drawings are those of `validation.report.figures` and its neighbours: with a class, a role and
    a title, which becomes the alternative text. Any other ``<svg>`` stays where it is.

    >>> html, pictures = as_pictures(
    ...     '<svg xmlns="http://www.w3.org/2000/svg" class="bar" role="img"><title>T</title></svg>'
    ... )
    >>> html, list(pictures)
    ('<img class="bar" alt="T" src="drawing-1.svg">', ['drawing-1.svg'])
    """
    pictures: dict[str, bytes] = {}

    def picture(drawing: re.Match[str]) -> str:
        name = f"drawing-{len(pictures) + 1}.svg"
        pictures[name] = drawing[0].encode()
        title = drawing["title"].replace('"', "&quot;")
        return f'<img class="{drawing["styles"]}" alt="{title}" src="{name}">'

    return _DRAWING.sub(picture, html), pictures
