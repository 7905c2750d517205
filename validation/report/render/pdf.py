"""From HTML to an archivable PDF."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from validation.errors import RenderError
from validation.report.pdf_writing import rewritten
from validation.report.render.attachments import Attachment, embedded, in_order, list_once
from validation.report.render.complaints import complaints, raise_problems
from validation.report.render.coverage import spelt
from validation.report.render.directions import set_directions
from validation.report.render.drawings import as_pictures
from validation.report.render.fetching import BASE_URL, Fetcher
from validation.report.render.fonts import load_weasyprint
from validation.report.render.quickening import quickened
from validation.report.render.templates import NO_FILES, template_folder
from validation.report.signature_fields import SignatureField, mark_places, place_fields

# PDF/A forbids smoothed pictures (Interpolate), and forgetting this is easy to miss.
_PDF_A_STYLE = "img, image { image-rendering: crisp-edges }"


def render_pdf(
    html: str,
    *,
    images: Mapping[str, bytes],
    attachments: Sequence[Attachment],
    created: datetime,
    identifier: bytes,
    company: Mapping[str, bytes] = NO_FILES,
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
        company: Files of a company's template folder by path: its style sheet, logo and fonts.
        universal_access: Also claim PDF/UA-1, which only the template can make true.
        signature_fields: Empty fields for signatures; the document shows the place of each.

    Raises:
        RenderError: A system library is missing; the document has no title or language,
            loads what it may not, shows a picture or character that cannot be printed, or
            its places for signatures are not those of the fields.
        ValueError: Two attachments share a name, or `created` has no time zone.

    Side effects: sets ``FONTCONFIG_FILE`` of this process to isolate the fonts.
    """
    files = in_order(attachments)
    stamp = _utc(created)
    _require_encodable(html)
    folder = template_folder()
    weasyprint, fonts = load_weasyprint(folder)
    html, drawings = as_pictures(html)
    pictures = {**images, **drawings}
    fetcher = Fetcher(pictures, company, folder, weasyprint.urls.URLFetcherResponse)
    missing: set[int] = set()

    def finish(document: Any, pdf: Any) -> None:  # noqa: ANN401
        missing.update(point for font in document.fonts.values() for point in font.missing)
        list_once(pdf, files)
        place_fields(pdf, signature_fields)

    with complaints() as said, quickened(weasyprint):
        document = _laid_out(html, weasyprint, fonts, fetcher)
        _describe(document.metadata, stamp, universal_access=universal_access)
        document.color_profiles["srgb"] = _srgb(weasyprint)
        content: bytes = document.write_pdf(
            finisher=finish,
            pdf_variant="pdf/a-3a",
            output_intent="ours",
            attachments=[embedded(file, stamp, weasyprint) for file in files],
            # Each of these makes WeasyPrint write every stream twice: left to `rewritten`.
            pdf_identifier=False,
            uncompressed_pdf=True,
        )
        del document
        raise_problems(fetcher, said, missing)
        return rewritten(content, identifier.hex().encode())


def render_page(html: str) -> bytes | None:
    """Return a document of one page, to be drawn into another PDF; None: it does not fit.

    The page is untagged and has no date: the same arguments give the same bytes. It fits if
    all text lies inside of one page.

    Raises:
        RenderError: As `render_pdf` does.

    Side effects: sets ``FONTCONFIG_FILE`` of this process to isolate the fonts.
    """
    _require_encodable(html)
    folder = template_folder()
    weasyprint, fonts = load_weasyprint(folder)
    fetcher = Fetcher({}, NO_FILES, folder, weasyprint.urls.URLFetcherResponse)
    missing: set[int] = set()

    def finish(document: Any, _: Any) -> None:  # noqa: ANN401
        missing.update(point for font in document.fonts.values() for point in font.missing)

    with complaints() as said:
        document = _laid_out(html, weasyprint, fonts, fetcher)
        if not _fits(document):
            return None
        content: bytes = document.write_pdf(finisher=finish)
    raise_problems(fetcher, said, missing)
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


def _require_encodable(html: str) -> None:
    try:
        html.encode()
    except UnicodeEncodeError as error:
        raise RenderError(
            f"the document holds half a character, {spelt(html[error.start])}",
            where=repr(html[max(0, error.start - 20) : error.end + 20]),
        ) from error


def _utc(created: datetime) -> datetime:
    if created.utcoffset() is None:
        raise ValueError("the date of a document must know its time zone")
    return created.astimezone(UTC).replace(microsecond=0)


def _laid_out(html: str, weasyprint: Any, fonts: Any, fetcher: Fetcher) -> Any:  # noqa: ANN401
    styles = [
        weasyprint.CSS(url=f"{BASE_URL}styles/fonts.css", url_fetcher=fetcher, font_config=fonts),
        weasyprint.CSS(string=_PDF_A_STYLE, url_fetcher=fetcher),
    ]
    document = weasyprint.HTML(string=html, base_url=BASE_URL, url_fetcher=fetcher)
    mark_places(document.etree_element)
    set_directions(document.etree_element)
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
