"""What a document may load: the pictures that it is given, and files of the template folders."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from validation.report.render.coverage import PACKED_FONTS, unpacked
from validation.report.render.plain_path import require_plain_path

BASE_URL = "http://report.invalid/"
"""Made-up address that every picture, style and font of a document is served under.

The top-level domain is reserved (RFC 2606), so nothing can answer to it. It is fixed
because WeasyPrint names pictures inside the PDF by the MD5 of their address.
"""

_STATIC_FOLDERS = ("styles", "fonts", "assets")
_MEDIA_TYPES = {
    ".css": "text/css",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".otf": "font/otf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """An address that a document may not load."""


class Fetcher:
    """Serves the given pictures and the files of the template folders, and nothing else.

    WeasyPrint turns what a fetcher raises into a line of its log, so every refusal is
    also kept, for `render_pdf` to raise.
    """

    # WeasyPrint reads this attribute of its own fetchers when one raises.
    _fail_on_errors = False

    def __init__(
        self,
        images: Mapping[str, bytes],
        company: Mapping[str, bytes],
        folder: Path,
        response: Any,  # noqa: ANN401
    ) -> None:
        self.refusals: dict[str, str] = {}
        self._images = images
        self._company = company
        self._folder = folder
        self._response = response

    def __call__(self, url: str) -> object:
        """Return the content at an address, or raise and keep why not."""
        try:
            name = _name_of(url)
            content = self._content(name)
        except _Refused as refused:
            self.refusals[url] = str(refused)
            raise
        return self._response(url, content, {"Content-Type": media_type(name)})

    def _content(self, name: str) -> bytes:
        if name.split("/", maxsplit=1)[0] not in _STATIC_FOLDERS:
            if name in self._images:
                return self._images[name]
            raise _Refused("the document has no such picture")
        is_packed = PurePosixPath(name).suffix in PACKED_FONTS
        if name in self._company:
            return unpacked(self._company[name]) if is_packed else self._company[name]
        path = (self._folder / name).resolve()
        if path.is_file() and path.is_relative_to(self._folder.resolve()):
            return unpacked(path.read_bytes()) if is_packed else path.read_bytes()
        raise _Refused("no template folder has such a file")


def media_type(name: str) -> str:
    """Return the media type of a file by its ending; never asked of the machine."""
    return _MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def _name_of(url: str) -> str:
    address = urlsplit(url)
    if f"{address.scheme}://{address.netloc}/" != BASE_URL or address.query:
        raise _Refused(f"a document loads only what lies under {BASE_URL}")
    name = unquote(address.path).removeprefix("/")
    try:
        require_plain_path(name)
    except ValueError as error:
        raise _Refused(str(error)) from error
    return name
