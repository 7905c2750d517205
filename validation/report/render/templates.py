"""From a template and a view to HTML: every value escaped, none missing.

A company's templates come before the bundled ones, and run in a sandbox.

>>> environment().from_string("<p>{{ view.device }}</p>").render(view={"device": "A<B"})
'<p>A&lt;B</p>'
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import MappingProxyType
from typing import Any

import jinja2

from validation.errors import RenderError
from validation.report.render.directions import isolated, only_in_text
from validation.report.render.sandbox import TEMPLATE_SUFFIX, SandboxedTemplates

COMPANY_STYLE = "styles/company.css"
"""Style sheet of a company, read after the bundled one."""

LOGOS = ("assets/logo.svg", "assets/logo.png")
"""Where the logo of a company may lie; the first one is taken."""

_OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "undefined": jinja2.StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
)


def template_folder() -> Path:
    """Return the folder of the bundled templates, of a checkout or an installed wheel.

    Raises:
        RenderError: Neither is there.
    """
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "styles").is_dir():
            return folder
    raise RenderError(
        "the bundled templates are missing",
        where=str(package / "templates"),
        fix="install segval again; the installation is incomplete",
    )


NO_FILES: Mapping[str, bytes] = MappingProxyType({})
"""The template folder of a company that has none."""

BUNDLED = "bundled/"
"""How a company's template names the bundled one of the same name, to extend it."""


def environment(
    company: Mapping[str, bytes] = NO_FILES, *, printed: Callable[[object], None] | None = None
) -> jinja2.Environment:
    """Return a Jinja environment that escapes every value and accepts no missing one.

    Args:
        company: Files of a company's template folder by path; its templates come before the
            bundled ones of the same name, and run in a sandbox.
        printed: Told every value that is printed.
    """

    def finalize(value: object) -> object:
        checked = _printable(value)
        if printed is not None:
            printed(checked)
        # Markup is made of values that were isolated already.
        return isolated(checked) if type(checked) is str else checked

    bundled = jinja2.FileSystemLoader(template_folder())
    if not has_templates(company):
        return jinja2.Environment(loader=bundled, finalize=finalize, autoescape=True, **_OPTIONS)
    return SandboxedTemplates(company, bundled, finalize=finalize, autoescape=True, **_OPTIONS)


def has_templates(company: Mapping[str, bytes]) -> bool:
    """Tell whether a company has templates of its own, beside style sheet, logo and wording."""
    return any(name.endswith(TEMPLATE_SUFFIX) for name in company)


def render_html(
    template: str,
    view: object,
    *,
    company: Mapping[str, bytes] = NO_FILES,
    printed: Callable[[object], None] | None = None,
) -> str:
    """Return the HTML that a template makes of a view.

    Args:
        template: Name of the template, e.g. ``report/report.html.jinja``.
        view: What the template calls ``view``.
        company: Files of a company's template folder by path.
        printed: Told every value that is printed.

    Raises:
        RenderError: The template is missing or malformed, asks the view for something
            that it does not have, or does what a company's template may not.
    """
    try:
        loaded = environment(company, printed=printed).get_template(template)
        return only_in_text(loaded.render(view=view, company=_company(company)))
    except jinja2.TemplateNotFound as error:
        raise RenderError(f"there is no template {error.name}", where=template) from error
    except jinja2.TemplateError as error:
        raise RenderError(str(error), where=_place_in_template(error) or template) from error
    except RecursionError as error:
        raise RenderError(
            "templates include or call one another without end", where=template
        ) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        if not has_templates(company):
            raise  # a fault of ours
        raise RenderError(f"a template cannot be used: {error}", where=template) from error


@dataclass(frozen=True)
class _Company:
    """What templates may know of a company's folder."""

    style: str
    """Address of its style sheet; empty: it has none."""
    logo: str
    """Address of its logo; empty: it has none."""


def _company(files: Mapping[str, bytes]) -> _Company:
    logos = (name for name in LOGOS if name in files)
    return _Company(COMPANY_STYLE if COMPANY_STYLE in files else "", next(logos, ""))


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
