"""Title page, summary and contents in the largest of three sizes in which each stays on its page.

How long titles and names are, and how many headings there are, is not known beforehand. So each
of these parts is laid out by itself; what takes more than a page is set closer, by a class that
the style sheet knows. What does not fit in the smallest size goes on overleaf.
"""

import re
from collections.abc import Mapping, Sequence

from validation.report.render.complaints import complaints
from validation.report.render.directions import set_directions
from validation.report.render.fetching import BASE_URL, Fetcher
from validation.report.render.fonts import load_weasyprint
from validation.report.render.templates import template_folder

SIZES = ("", " close", " close tight")
"""Classes of the sizes, from the largest on."""

_BEGINNING = re.compile(r".*?<body[^>]*>", re.DOTALL)
_TITLE_PAGE = re.compile(r'<header class="cover[^"]*".*?</header>', re.DOTALL)
_SUMMARY = re.compile(r'<section class="summary[^"]*".*?</section>', re.DOTALL)
_CONTENTS = re.compile(r'<nav class="toc[^"]*".*?</nav>', re.DOTALL)
_PARTS = (_TITLE_PAGE, _SUMMARY, _CONTENTS)
_ON_ONE_PAGE = '<header class="cover with-contents'
_NAME = re.compile(r'(?<=class=")(cover|summary|toc)')
_LINK = re.compile(r' href="#[^"]*"')
_PAGE_NUMBERS = '.toc a::after { content: "999" !important }'
"""What links lead to is not there; so each stands beside a number as wide as most."""


def fitted(html: str, company: Mapping[str, bytes]) -> str:
    """Return a document whose title page, summary and contents have the size in which they fit.

    A part that a company arranged in another way is left as it is. The same arguments give the
    same text.

    Args:
        html: The whole document.
        company: Files of a company's template folder by path.

    Raises:
        RenderError: A system library is missing.

    Side effects: sets ``FONTCONFIG_FILE`` of this process to isolate the fonts.
    """
    beginning = _BEGINNING.match(html)
    if beginning is None:
        return html
    parts = [found[0] for one in _PARTS if (found := one.search(html))]
    pages = [one for one in ([parts] if _ON_ONE_PAGE in html else [[one] for one in parts]) if one]
    # Most documents need no more than this one layout.
    if _page_count(beginning[0] + "".join(parts), company) == len(pages):
        return html
    for page in pages:
        for part, in_size in zip(page, _in_largest(beginning[0], page, company), strict=True):
            html = html.replace(part, in_size, 1)
    return html


def _in_largest(
    beginning: str, parts: Sequence[str], company: Mapping[str, bytes]
) -> Sequence[str]:
    """Return what shares a page in the largest size in which it does; else in the smallest."""
    for size in SIZES:
        in_size = [_NAME.sub(rf"\1{size}", one, count=1) for one in parts]
        if _page_count(beginning + "".join(in_size), company) == 1:
            break
    return in_size


def _page_count(html: str, company: Mapping[str, bytes]) -> int:
    folder = template_folder()
    weasyprint, fonts = load_weasyprint(folder)
    fetcher = Fetcher({}, company, folder, weasyprint.urls.URLFetcherResponse)
    styles = [
        weasyprint.CSS(url=f"{BASE_URL}styles/fonts.css", url_fetcher=fetcher, font_config=fonts),
        weasyprint.CSS(string=_PAGE_NUMBERS, url_fetcher=fetcher),
    ]
    with complaints():  # what cannot be printed is told when the whole document is
        document = weasyprint.HTML(
            string=_LINK.sub("", html), base_url=BASE_URL, url_fetcher=fetcher
        )
        set_directions(document.etree_element)
        return len(document.render(font_config=fonts, stylesheets=styles).pages)
