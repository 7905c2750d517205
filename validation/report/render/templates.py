"""From a template and a view to HTML: every value escaped, none missing.

>>> environment().from_string("<p>{{ view.device }}</p>").render(view={"device": "A<B"})
'<p>A&lt;B</p>'
"""

from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb

import jinja2

from validation.errors import RenderError


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
