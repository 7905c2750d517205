"""From a template and a view to the document that is laid out, as a company has it."""

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from validation.plan.protocol import Protocol, json_schema
from validation.report.company.completeness import require_complete
from validation.report.company.palette import recoloured
from validation.report.company.rewording import reworded, unsaid
from validation.report.company.wording import wording_of
from validation.report.render import (
    COMPANY_STYLE,
    has_templates,
    media_type,
    render_html,
    spell_out_uncovered,
)

_PICTURE = re.compile(r'src="(assets/[^"]*)"')
_ADDRESS = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)")


def document_html(
    template: str,
    view: object,
    company: Mapping[str, bytes],
    kept: Collection[str] = frozenset(),
) -> str:
    """Return the document that is laid out.

    Args:
        template: Name of the template, e.g. ``report/report.html.jinja``.
        view: What the document says.
        company: Files of the company's template folder by path; none: as segval has it.
        kept: Texts that no wording touches: those of the protocol.

    Raises:
        RenderError: A template cannot be used, or leaves out what the document has to say.
    """
    html = _arranged(template, view, company)
    return spell_out_uncovered(reworded(html, wording_of(company), kept))


def phrases_without_words(
    template: str,
    view: object,
    company: Mapping[str, bytes],
    kept: Collection[str] = frozenset(),
) -> tuple[str, ...]:
    """Return the texts of a document that a company's wording has no words for, in their order.

    Args:
        template: Name of the template.
        view: What the document says.
        company: Files of the company's template folder by path.
        kept: Texts that no wording touches: those of the protocol.

    Raises:
        RenderError: A template cannot be used, or leaves out what the document has to say.
    """
    html = _arranged(template, view, company)
    return tuple(dict.fromkeys(unsaid(html, wording_of(company), kept)))


def _arranged(template: str, view: object, company: Mapping[str, bytes]) -> str:
    """Return a document in segval's words, in the company's arrangement and colours."""
    html = render_html(template, view, company=company)
    if has_templates(company):
        values: list[str] = []
        others = {name: one for name, one in company.items() if not name.endswith(".jinja")}
        bundled = render_html(
            template, view, company=others, printed=lambda one: values.append(str(one))
        )
        require_complete(bundled, html, values, template)
    return recoloured(html, company)


def with_company_inside(html: str, company: Mapping[str, bytes]) -> str:
    """Return a document with the style sheet, fonts and pictures of a company inside."""

    def picture(found: re.Match[str]) -> str:
        name = found[1]
        return f'src="{_data_url(name, company[name])}"' if name in company else found[0]

    def font(found: re.Match[str]) -> str:
        name = found[1].removeprefix("../")
        return f"url({_data_url(name, company[name])})" if name in company else found[0]

    if COMPANY_STYLE in company:
        css = _ADDRESS.sub(font, company[COMPANY_STYLE].decode("utf-8"))
        link = f'<link rel="stylesheet" href="{COMPANY_STYLE}">'
        html = html.replace(link, f"<style>\n{css}</style>")
    return _PICTURE.sub(picture, html)


def _data_url(name: str, content: bytes) -> str:
    return f"data:{media_type(name)};base64,{base64.b64encode(content).decode()}"


def own_texts(protocol: Protocol, rows: Iterable[Mapping[str, str]] = ()) -> frozenset[str]:
    """Return the texts of a protocol and of its cases, whole and by paragraph.

    A wording leaves them alone: a class that is named ``Results`` is no heading.
    """
    found = {text for one in _strings(protocol.model_dump()) for text in _parts(one)}
    found |= {value for row in rows for value in row.values() if value}
    return frozenset(found - _choices())


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _strings(name) if not isinstance(one, dict | list | tuple | str) else ()
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)


def _parts(text: str) -> Iterator[str]:
    for one in (text, *re.split(r"\n\s*\n", text)):
        yield " ".join(one.split())


@lru_cache(maxsize=1)
def _choices() -> frozenset[str]:
    """Return the words that a protocol chooses from, such as ``value``: they are ours."""

    def chosen(schema: object) -> Iterator[str]:
        if isinstance(schema, Mapping):
            yield from (one for one in schema.get("enum", ()) if isinstance(one, str))
            if isinstance(schema.get("const"), str):
                yield schema["const"]
        if isinstance(schema, Mapping | list):
            for one in schema.values() if isinstance(schema, Mapping) else schema:
                yield from chosen(one)

    return frozenset(chosen(json_schema()))
