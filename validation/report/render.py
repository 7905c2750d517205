"""From a template and a view to HTML, and from HTML to an archivable PDF.

This module knows Jinja, WeasyPrint and fonts and nothing of validation: what a document
says is for `validation.report` to prepare. A PDF made here is PDF/A-3a, tagged, carries
its attachments once each, and depends on nothing but the arguments: no clock, no network,
no font of the machine.

>>> environment().from_string("<p>{{ view.device }}</p>").render(view={"device": "A<B"})
'<p>A&lt;B</p>'
"""

import atexit
import gc
import importlib
import io
import logging
import os
import re
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path, PurePosixPath
from traceback import walk_tb
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

import jinja2

from validation.errors import Problem, RenderError
from validation.report.pdf_writing import rewritten
from validation.report.signature_fields import SignatureField, mark_places, place_fields

BASE_URL = "http://report.invalid/"
"""Made-up address that every picture, style and font of a document is served under.

The top-level domain is reserved (RFC 2606), so nothing can answer to it. It is fixed
because WeasyPrint names pictures inside the PDF by the MD5 of their address.
"""

Relationship = Literal["Source", "Data", "Supplement"]
"""How an attachment relates to the document (ISO 32000-2, table 43)."""

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
_FONT_SUFFIXES = (".otf", ".ttf", ".woff", ".woff2")
_PACKED_FONTS = (".woff", ".woff2")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")

# PDF/A forbids smoothed pictures (Interpolate), and forgetting this is easy to miss.
_PDF_A_STYLE = "img, image { image-rendering: crisp-edges }"

_PANGO_MISSING = """\
install Pango and start again:
         Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
         macOS:          brew install pango
         Windows:        install MSYS2, then: pacman -S mingw-w64-ucrt-x86_64-pango"""


@dataclass(frozen=True)
class Attachment:
    """A file embedded in the PDF, byte for byte.

    Raises:
        ValueError: The name is not a plain file name, or the media type is malformed.
    """

    name: str
    """File name without folders: ``pdfdetach -saveall`` and some readers refuse others."""

    content: bytes
    """The exact bytes."""

    description: str
    """What a reader's list of attachments says about it."""

    mime_type: str
    """Media type, e.g. ``text/csv``; never guessed, so that every machine writes the same."""

    relationship: Relationship
    """``Source`` of the document, ``Data`` behind a figure, or ``Supplement``."""

    def __post_init__(self) -> None:
        _require_plain_path(self.name)
        if "/" in self.name:
            raise ValueError(f"an attachment lies in no folder: {self.name!r}")
        if not _MEDIA_TYPE.fullmatch(self.mime_type):
            raise ValueError(f"not a media type: {self.mime_type!r}")


# --- templates ---------------------------------------------------------------------------


def template_folder() -> Path:
    """Return the folder of the bundled templates, of a checkout or an installed wheel.

    Raises:
        RenderError: Neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "styles").is_dir():
            return folder
    raise RenderError(
        "the bundled templates are missing",
        where=str(package / "templates"),
        fix="install segval again; the installation is incomplete",
    )


def environment(*extra_folders: Path) -> jinja2.Environment:
    """Return a Jinja environment that escapes every value and accepts no missing one.

    Args:
        extra_folders: Template folders that come before the bundled one, first wins.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([*extra_folders, template_folder()]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )


def render_html(template: str, view: object, *, extra_folders: Sequence[Path] = ()) -> str:
    """Return the HTML that a template makes of a view.

    Args:
        template: Name of the template, e.g. ``report/report.html``.
        view: What the template calls ``view``.
        extra_folders: Template folders that come before the bundled one.

    Raises:
        RenderError: The template is missing or malformed, or asks the view for something
            that it does not have.
    """
    loaded = environment(*extra_folders)
    try:
        return loaded.get_template(template).render(view=view)
    except jinja2.TemplateNotFound as error:
        raise RenderError(f"there is no template {error.name}", where=template) from error
    except jinja2.TemplateError as error:
        raise RenderError(str(error), where=_place_in_template(error) or template) from error


def _printable(value: object) -> object:
    if value is None:
        raise jinja2.UndefinedError("a value to print is None; say what is missing instead")
    return value


def _place_in_template(error: jinja2.TemplateError) -> str:
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.name or error.filename}:{error.lineno}"
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if "__jinja_exception__" in frame.f_globals
    ]
    return places[-1] if places else ""


# --- fonts -------------------------------------------------------------------------------

_LOADING = threading.Lock()
_CONFIGURATIONS: dict[tuple[Path, ...], Path] = {}
_FONTCONFIG = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
{folders}
  <cachedir>{cache}</cachedir>
  <alias><family>serif</family><prefer><family>IBM Plex Serif</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>IBM Plex Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>IBM Plex Mono</family></prefer></alias>
  <match target="pattern">
    <edit name="family" mode="append_last" binding="weak">
      <string>IBM Plex Sans</string>
      <string>IBM Plex Sans Hebrew</string>
      <string>Noto Naskh Arabic</string>
      <string>DejaVu Sans</string>
    </edit>
  </match>
</fontconfig>
"""


def uncovered_characters(html: str, *, extra_folders: Sequence[Path] = ()) -> tuple[str, ...]:
    """Return the characters of a document's text that no font at hand can print, sorted.

    Such a character would become an empty box, and the PDF would not be PDF/A.

    Args:
        html: The document, or any text.
        extra_folders: Template folders whose ``fonts/`` are at hand beside the bundled ones.

    >>> uncovered_characters("<p>✓ ✗ ≥ µ Ж</p>")
    ()
    >>> uncovered_characters("<p>\u7530\u4e2d</p>")
    ('中', '田')
    """
    covered = _covered((*extra_folders, template_folder()))
    return tuple(sorted(c for c in set(_text_of(html)) if _unprintable(c, covered)))


def spell_out_uncovered(html: str, *, extra_folders: Sequence[Path] = ()) -> str:
    """Return the document with each character that no font can print as its code point.

    >>> spell_out_uncovered("<p>Dr \u7530</p>")
    '<p>Dr [U+7530]</p>'
    """
    missing = uncovered_characters(html, extra_folders=extra_folders)
    return html.translate({ord(character): _spelt(character) for character in missing})


def _spelt(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _unprintable(character: str, covered: frozenset[int]) -> bool:
    category = unicodedata.category(character)
    if character in "\0\t\n\f\r" or category in {"Cf", "Zs"} or _selects_variant(character):
        return False  # HTML drops it, or it is laid out without a glyph of its own
    return category in {"Cc", "Zl", "Zp"} or ord(character) not in covered


def _selects_variant(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"


class _Text(HTMLParser):
    """Collects what a document prints."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def _covered(folders: Sequence[Path]) -> frozenset[int]:
    fonts = (path for folder in folders for path in _font_files(folder))
    return frozenset().union(*(_characters_of(path) for path in fonts))


def _font_files(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "fonts").rglob("*") if p.suffix in _FONT_SUFFIXES)


@lru_cache(maxsize=256)
def _characters_of(font: Path) -> frozenset[int]:
    with _opened(font) as opened:
        return frozenset(opened.getBestCmap())


@lru_cache(maxsize=64)
def _unpacked(font: Path) -> bytes:
    """Return a web font as the plain font inside it; WeasyPrint would put today's date in."""
    content = io.BytesIO()
    with _opened(font) as opened:
        opened.flavor = opened.flavorData = None
        opened.save(content)
    return content.getvalue()


def _opened(font: Path) -> Any:  # noqa: ANN401
    # fontTools comes with WeasyPrint but, unlike it, needs no system library.
    font_tools = importlib.import_module("fontTools.ttLib")
    return font_tools.TTFont(font, lazy=True, recalcBBoxes=False, recalcTimestamp=False)


def _isolate_fonts(folders: tuple[Path, ...]) -> None:
    """Point fontconfig at a configuration that knows no font but those of `folders`.

    Side effects: sets ``FONTCONFIG_FILE`` of this process and leaves it set, since Pango
    reads it in a thread of its own.
    """
    configuration = _CONFIGURATIONS.get(folders)
    if configuration is None or not configuration.is_file():
        configuration = _CONFIGURATIONS[folders] = _write_configuration(folders)
    if os.environ.get("FONTCONFIG_FILE") != str(configuration):
        os.environ["FONTCONFIG_FILE"] = str(configuration)


def _write_configuration(folders: tuple[Path, ...]) -> Path:
    home = Path(tempfile.mkdtemp(prefix="segval-fonts-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    known = [folder / "fonts" / "fallback" for folder in folders]
    text = _FONTCONFIG.format(
        folders="\n".join(f"  <dir>{escape(str(folder))}</dir>" for folder in known),
        cache=escape(str(home / "cache")),
    )
    # fontconfig takes a half-written file for none and falls back to the system's fonts.
    draft, final = home / "fonts.conf.draft", home / "fonts.conf"
    draft.write_text(text, encoding="utf-8")
    draft.replace(final)
    return final


def _load_weasyprint(folders: tuple[Path, ...]) -> tuple[Any, Any]:
    """Return WeasyPrint and a font configuration that holds the bundled fonts alone."""
    with _LOADING:
        _isolate_fonts(folders)
        try:
            # WeasyPrint prints a banner before it fails; stdout belongs to the caller.
            with redirect_stdout(io.StringIO()):
                weasyprint = importlib.import_module("weasyprint")
                fonts = importlib.import_module("weasyprint.text.fonts")
                libraries = importlib.import_module("weasyprint.text.ffi")
        except OSError as error:
            raise RenderError(
                "a system library that prints PDF documents is missing",
                where=str(error).splitlines()[0],
                fix=_PANGO_MISSING,
            ) from error
        if libraries.harfbuzz_subset is None or not libraries.harfbuzz.hb_version_atleast(4, 1, 0):
            # Then fontTools cuts the fonts, slowly, and would date each of them today.
            os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
        return weasyprint, fonts.FontConfiguration()


# --- what a document may load ------------------------------------------------------------


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """An address that a document may not load."""


class _Fetcher:
    """Serves the given pictures and the files of the template folders, and nothing else.

    WeasyPrint turns what a fetcher raises into a line of its log, so every refusal is
    also kept, for `render_pdf` to raise.
    """

    # WeasyPrint reads this attribute of its own fetchers when one raises.
    _fail_on_errors = False

    def __init__(self, images: Mapping[str, bytes], folders: Sequence[Path], response: Any) -> None:  # noqa: ANN401
        self.refusals: dict[str, str] = {}
        self._images = images
        self._folders = folders
        self._response = response

    def __call__(self, url: str) -> object:
        try:
            name = _name_of(url)
            content = self._content(name)
        except _Refused as refused:
            self.refusals[url] = str(refused)
            raise
        media_type = _MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
        return self._response(url, content, {"Content-Type": media_type})

    def _content(self, name: str) -> bytes:
        if name.split("/", maxsplit=1)[0] not in _STATIC_FOLDERS:
            if name in self._images:
                return self._images[name]
            raise _Refused("the document has no such picture")
        for folder in self._folders:
            path = (folder / name).resolve()
            if path.is_file() and path.is_relative_to(folder.resolve()):
                return _unpacked(path) if path.suffix in _PACKED_FONTS else path.read_bytes()
        raise _Refused("no template folder has such a file")


def _name_of(url: str) -> str:
    address = urlsplit(url)
    if f"{address.scheme}://{address.netloc}/" != BASE_URL or address.query:
        raise _Refused(f"a document loads only what lies under {BASE_URL}")
    name = unquote(address.path).removeprefix("/")
    try:
        _require_plain_path(name)
    except ValueError as error:
        raise _Refused(str(error)) from error
    return name


def _require_plain_path(name: str) -> None:
    parts = name.split("/")
    unprintable = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name)
    if unprintable or "\\" in name or ":" in name or {"", ".", ".."} & set(parts):
        raise ValueError(f"not a plain relative path: {name!r}")


class _Complaints(logging.Handler):
    """Keeps the errors that WeasyPrint logs in this thread instead of raising them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: dict[str, None] = {}
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.messages[record.getMessage()] = None


@contextmanager
def _complaints() -> Iterator[_Complaints]:
    logger, handler = logging.getLogger("weasyprint"), _Complaints()
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


def _raise_problems(fetcher: _Fetcher, complaints: _Complaints, missing: set[int]) -> None:
    problems = [Problem(url[:200], reason) for url, reason in fetcher.refusals.items()]
    problems += [
        Problem("", message)
        for message in complaints.messages
        if not any(url in message for url in fetcher.refusals)
    ]
    problems += [
        Problem("", f"no font can print {_spelt(chr(point))} {chr(point)!r}")
        for point in sorted(missing)
    ]
    if problems:
        raise RenderError("the document cannot be printed as it is", problems=problems)


# --- PDF ---------------------------------------------------------------------------------


def render_pdf(
    html: str,
    *,
    images: Mapping[str, bytes],
    attachments: Sequence[Attachment],
    created: datetime,
    identifier: bytes,
    extra_folders: Sequence[Path] = (),
    universal_access: bool = False,
    signature_fields: Sequence[SignatureField] = (),
) -> bytes:
    """Return a document as PDF/A-3a: the same arguments give the same bytes.

    Args:
        html: The whole document; ``<html lang>`` and ``<title>`` are required. Relative
            addresses are resolved against `BASE_URL`: ``styles/``, ``fonts/`` and
            ``assets/`` come from the template folders, everything else from `images`.
        images: Content of each picture by the name under which the document shows it.
        attachments: Files to embed; they are listed by name.
        created: Date of the document and its attachments; must know its time zone.
        identifier: Permanent identifier of the document (ISO 32000-1, 14.4), e.g. a digest.
        extra_folders: Template folders that come before the bundled one.
        universal_access: Also claim PDF/UA-1, which only the template can make true.
        signature_fields: Empty fields for signatures; the document shows the place of each.

    Raises:
        RenderError: A system library is missing; the document has no title or language,
            loads what it may not, shows a picture or character that cannot be printed, or
            its places for signatures are not those of the fields.
        ValueError: Two attachments share a name, or `created` has no time zone.

    Side effects: sets ``FONTCONFIG_FILE`` of this process to isolate the fonts.
    """
    files = _in_order(attachments)
    stamp = _utc(created)
    _require_encodable(html)
    folders = (*extra_folders, template_folder())
    weasyprint, fonts = _load_weasyprint(folders)
    fetcher = _Fetcher(images, folders, weasyprint.urls.URLFetcherResponse)
    missing: set[int] = set()

    def finish(document: Any, pdf: Any) -> None:  # noqa: ANN401
        missing.update(point for font in document.fonts.values() for point in font.missing)
        _mend_attachments(pdf, files)
        place_fields(pdf, signature_fields)

    with _complaints() as complaints, _fewer_collections():
        document = _laid_out(html, weasyprint, fonts, fetcher)
        _describe(document.metadata, stamp, universal_access=universal_access)
        document.color_profiles["srgb"] = _srgb(weasyprint)
        content: bytes = document.write_pdf(
            finisher=finish,
            pdf_variant="pdf/a-3a",
            output_intent="ours",
            pdf_identifier=identifier.hex().encode(),
            attachments=[_embedded(file, stamp, weasyprint) for file in files],
        )
    _raise_problems(fetcher, complaints, missing)
    return rewritten(content)


def render_page(html: str, *, extra_folders: Sequence[Path] = ()) -> bytes | None:
    """Return a document of one page, to be drawn into another PDF; None: it does not fit.

    The page is untagged and has no date: the same arguments give the same bytes. It fits if
    all text lies inside of one page.

    Raises:
        RenderError: As `render_pdf` does.

    Side effects: sets ``FONTCONFIG_FILE`` of this process to isolate the fonts.
    """
    _require_encodable(html)
    folders = (*extra_folders, template_folder())
    weasyprint, fonts = _load_weasyprint(folders)
    fetcher = _Fetcher({}, folders, weasyprint.urls.URLFetcherResponse)
    missing: set[int] = set()

    def finish(document: Any, _: Any) -> None:  # noqa: ANN401
        missing.update(point for font in document.fonts.values() for point in font.missing)

    with _complaints() as complaints:
        document = _laid_out(html, weasyprint, fonts, fetcher)
        if not _fits(document):
            return None
        content: bytes = document.write_pdf(finisher=finish)
    _raise_problems(fetcher, complaints, missing)
    return content


def _fits(document: Any) -> bool:  # noqa: ANN401
    first, *others = document.pages
    return not others and all(
        box.position_x >= 0
        and box.position_y >= 0
        and box.position_x + box.width <= first.width
        and box.position_y + box.height <= first.height
        for box in first._page_box.descendants()  # noqa: SLF001 - WeasyPrint tells it nowhere else
        if hasattr(box, "text") and box.text.strip()
    )


def _in_order(attachments: Sequence[Attachment]) -> tuple[Attachment, ...]:
    # A name tree is sorted by the bytes of its keys (ISO 32000-1, 7.9.6).
    files = tuple(sorted(attachments, key=lambda file: file.name.encode()))
    names = [file.name for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"attachments share a name: {', '.join(twice)}")
    return files


def _require_encodable(html: str) -> None:
    try:
        html.encode()
    except UnicodeEncodeError as error:
        raise RenderError(
            f"the document holds half a character, {_spelt(html[error.start])}",
            where=repr(html[max(0, error.start - 20) : error.end + 20]),
        ) from error


def _utc(created: datetime) -> datetime:
    if created.utcoffset() is None:
        raise ValueError("the date of a document must know its time zone")
    return created.astimezone(UTC).replace(microsecond=0)


def _laid_out(html: str, weasyprint: Any, fonts: Any, fetcher: _Fetcher) -> Any:  # noqa: ANN401
    styles = [
        weasyprint.CSS(url=f"{BASE_URL}styles/fonts.css", url_fetcher=fetcher, font_config=fonts),
        weasyprint.CSS(string=_PDF_A_STYLE, url_fetcher=fetcher),
    ]
    document = weasyprint.HTML(string=html, base_url=BASE_URL, url_fetcher=fetcher)
    mark_places(document.etree_element)
    return document.render(font_config=fonts, stylesheets=styles)


def _describe(metadata: Any, stamp: datetime, *, universal_access: bool) -> None:  # noqa: ANN401
    if not metadata.title or not metadata.lang:
        raise RenderError(
            "the document has no title or no language", fix="give it a <title> and <html lang>"
        )
    metadata.created = metadata.modified = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    if universal_access:
        plain = metadata.generate_rdf_metadata
        metadata.generate_rdf_metadata = lambda *given: plain(*given).replace(
            b"</rdf:RDF>", _PDF_UA_CLAIM.encode() + b"</rdf:RDF>"
        )


def _srgb(weasyprint: Any) -> Any:  # noqa: ANN401
    """Return WeasyPrint's own colour profile; left alone it would not close the file."""
    profile = resources.files("weasyprint.pdf") / "sRGB2014.icc"
    return weasyprint.css.ColorProfile(
        io.BytesIO(profile.read_bytes()), profile.name, "relative-colorimetric", ("r", "g", "b")
    )


def _embedded(file: Attachment, stamp: datetime, weasyprint: Any) -> Any:  # noqa: ANN401
    return weasyprint.Attachment(
        string=file.content,
        name=file.name,
        description=file.description,
        created=stamp,
        modified=stamp,
        relationship=file.relationship,
    )


def _mend_attachments(pdf: Any, files: Sequence[Attachment]) -> None:  # noqa: ANN401
    """List each associated file once, with its own relationship and media type.

    WeasyPrint 70 lists it twice, finds relationships by the MD5 of the content, and
    guesses media types from the tables of the machine.
    """
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = list(dict.fromkeys(pdf.catalog["AF"]))
    by_name = {file.name: file for file in files}
    for entry in pdf.objects:
        if isinstance(entry, dict) and entry.get("Type") == "/Filespec":
            file = by_name[entry["UF"].string]
            entry["AFRelationship"] = f"/{file.relationship}"
            stream = pdf.objects[int(entry["EF"]["F"].split()[0])]
            stream.extra["Subtype"] = "/" + file.mime_type.replace("/", "#2f")


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Collect garbage less often: layout makes many objects that all stay (22 % of the time)."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


# PDF/A allows a schema of its own only if the metadata describes it (ISO 19005-3, 6.6.2.3).
_PDF_UA_CLAIM = """\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" \
pdfuaid:part="1"/>\
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name>\
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289 that the document conforms to\
</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
