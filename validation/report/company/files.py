"""The files of a company's template folder: which there may be, and every problem of them.

Records carry them and other people's machines read them: they are held against what documents
need, and everything else is refused by name.
"""

import hashlib
import importlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from PIL import Image

from validation.errors import Problem, RenderError
from validation.record import digest
from validation.report.company.overriding import template_problems
from validation.report.company.palette import colour_problems
from validation.report.company.wording import WORDING, wording_of
from validation.report.render import COMPANY_STYLE, LOGOS
from validation.testset.lock import Entry, manifest

FOLDER = "templates/"
"""Where records and documents keep a company's templates."""

MOST_BYTES = 20_000_000
MOST_FILES = 200

_NOTES = (".md", ".txt")
_FONTS = (".otf", ".ttf", ".woff", ".woff2")
_MOST_PIXELS = 4_000
_NO_EMBEDDING = 0x0002
_CSS_REFUSED = {
    r"<": "a less-than sign, which could end the style sheet in HTML",
    r"@import": "@import: put everything into this file",
    r"\bcontent\s*:": "`content`: words that a style sheet prints cannot be held against the "
    "evidence; use wording.yaml or a template",
    r"\b(?:display\s*:\s*none|visibility\s*:\s*hidden)": "hiding of text",
    r"\btext-transform\s*:": "`text-transform`: the pages would not print what is said",
    r"\\": "a backslash",
}
_SVG_REFUSED = {
    r"<!(?:DOCTYPE|ENTITY)": "a document type",
    r"<(?:\w+:)?(?:script|foreignObject|iframe|image|use|a|animate\w*|set)\b": "scripts, links, "
    "animation, or other files",
    r"<(?:\w+:)?text\b": "text: turn its letters into paths",
    r"\son\w+\s*=": "event handlers",
    r"(?:url\(\s*['\"]?(?!#)|@import|href\s*=\s*['\"](?!#))": "other files",
}


def company_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a company's template folder as a record or the attachments of a PDF hold it."""
    return {
        name.removeprefix(FOLDER): content
        for name, content in files.items()
        if name.startswith(FOLDER)
    }


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the digest of a folder: that of the manifest of its files, by sorted path."""
    entries = (
        Entry(name, hashlib.sha256(files[name]).hexdigest(), len(files[name]))
        for name in sorted(files)
    )
    return digest(manifest(entries))


def problems_of(files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Return everything that is wrong with a company's template folder, by file."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        what = f"it has more than {MOST_FILES} files or {MOST_BYTES // 1_000_000} MB"
        return (Problem("the folder of templates", what, "records carry it: keep it small"),)
    flat = Counter(name.replace("/", "-") for name in files)
    found = [
        Problem(name, "another file has the same name without folders", "rename it")
        for name in sorted(files)
        if flat[name.replace("/", "-")] > 1
    ]
    found += [problem for name in sorted(files) for problem in _of_file(name, files)]
    return (*found, *template_problems(files))


def _of_file(name: str, files: Mapping[str, bytes]) -> Iterator[Problem]:
    content, suffix = files[name], PurePosixPath(name).suffix
    if name.endswith(".html.jinja"):
        return
    if name == WORDING:
        yield from _of_wording(files)
    elif name == COMPANY_STYLE:
        yield from _of_style(files)
    elif name in LOGOS or (name.startswith("assets/") and suffix in {".svg", ".png"}):
        faults = _svg_faults(content) if suffix == ".svg" else _png_faults(content)
        yield from (Problem(name, what) for what in faults)
    elif name.startswith("fonts/") and suffix in _FONTS:
        yield from (Problem(name, what) for what in _font_faults(content))
    elif suffix not in _NOTES:
        fix = (
            "there may be wording.yaml, styles/company.css, assets/*.svg and *.png, fonts, "
            "templates (*.html.jinja), and notes (*.md, *.txt)"
        )
        yield Problem(name, "documents have no use for this file", fix)


def _of_wording(files: Mapping[str, bytes]) -> Iterator[Problem]:
    try:
        wording_of(files)
    except RenderError as error:
        yield from error.problems or (Problem(error.where, error.what, error.fix),)


def _of_style(files: Mapping[str, bytes]) -> Iterator[Problem]:
    try:
        css = files[COMPANY_STYLE].decode("utf-8")
    except UnicodeDecodeError:
        yield Problem(COMPANY_STYLE, "it is not UTF-8 text")
        return
    for pattern, what in _CSS_REFUSED.items():
        for found in re.finditer(pattern, css):
            line = css.count("\n", 0, found.start()) + 1
            yield Problem(f"{COMPANY_STYLE}:{line}", f"it may not use {what}")
    for address in re.findall(r"url\(\s*['\"]?([^'\")]*)", css):
        if address.removeprefix("../") not in files or not address.startswith("../fonts/"):
            fix = "fonts are named as ../fonts/NAME; pictures belong into templates"
            yield Problem(COMPANY_STYLE, f"it loads {address[:100]!r}, which is no font here", fix)
    yield from (Problem(COMPANY_STYLE, what) for what in colour_problems(files))


def _svg_faults(content: bytes) -> Iterator[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield "it is not UTF-8 text"
        return
    if not re.search(r"<svg\b[^>]*\b(?:viewBox|width)\s*=", text):
        yield "it is no SVG drawing with a size"
    for pattern, what in _SVG_REFUSED.items():
        if re.search(pattern, text, re.IGNORECASE):
            yield f"a drawing may not hold {what}"


def _png_faults(content: bytes) -> Iterator[str]:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > _MOST_PIXELS:
                yield f"it has more than {_MOST_PIXELS} pixels a side"
            else:
                picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        yield f"it is no PNG picture that can be read: {error}"


def _font_faults(content: bytes) -> Iterator[str]:
    font_tools = importlib.import_module("fontTools.ttLib")
    try:
        with font_tools.TTFont(io.BytesIO(content), lazy=True) as font:
            if font["OS/2"].fsType & _NO_EMBEDDING:
                yield "its licence does not allow to embed it (fsType)"
    except Exception as error:  # noqa: BLE001 - a broken font fails anywhere in the library
        yield f"it is no font that can be read: {error!r}"


def require_usable(files: Mapping[str, bytes], where: str) -> None:
    """Refuse a template folder with problems.

    Raises:
        RenderError: With every problem.
    """
    if problems := problems_of(files):
        raise RenderError("the company's templates cannot be used", where=where, problems=problems)
