"""What a company's templates replace: a name or block that is misspelt would do nothing."""

from collections.abc import Iterator, Mapping

import jinja2
from jinja2 import meta, nodes

from validation.errors import Problem
from validation.report.render import BUNDLED, TEMPLATE_SUFFIX, environment, template_folder

_OF_NO_DOCUMENT = ("study/", "signature/")


def template_problems(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield everything that is wrong with a company's templates, by name."""
    names = sorted(name for name in files if name.endswith(TEMPLATE_SUFFIX))
    if not names:
        return
    loaded = environment(files)
    parsed: dict[str, nodes.Template] = {}
    for name in names:
        try:
            loaded.get_template(name)
            parsed[name] = loaded.parse(_source(loaded, name), name)
        except jinja2.TemplateSyntaxError as error:
            yield Problem(f"{error.name or name}:{error.lineno}", str(error.message))
        except (jinja2.TemplateError, RecursionError) as error:
            yield Problem(name, str(error))
    named = {one for each in parsed.values() for one in meta.find_referenced_templates(each)}
    for name in names:
        yield from _unused(name, named)
    for name, template in parsed.items():
        yield from _unknown(loaded, name, template)


def _source(loaded: jinja2.Environment, name: str) -> str:
    assert loaded.loader is not None  # noqa: S101 - for the type checker
    return loaded.loader.get_source(loaded, name)[0]


def _unused(name: str, named: set[str | None]) -> Iterator[Problem]:
    if name.startswith((*_OF_NO_DOCUMENT, BUNDLED)):
        yield Problem(name, "no document is made of it", "remove it")
    elif name not in named and not (template_folder() / name).is_file():
        fix = "give it the name of a bundled template, or include it in another one"
        yield Problem(name, "it replaces no bundled template and no template names it", fix)


def _unknown(loaded: jinja2.Environment, name: str, template: nodes.Template) -> Iterator[Problem]:
    """Yield templates that are named and not there, and blocks that the extended one has not."""
    for one in meta.find_referenced_templates(template):
        if one is not None and not _is_there(loaded, one):
            yield Problem(name, f"there is no template {one}")
    extended = template.find(nodes.Extends)
    if extended is None or not isinstance(extended.template, nodes.Const):
        return
    known = _blocks(loaded, str(extended.template.value), 0)
    if known is None:
        return
    inner = {
        block.name
        for outer in template.find_all(nodes.Block)
        for block in outer.find_all(nodes.Block)
    }
    for block in template.find_all(nodes.Block):
        if block.name not in known and block.name not in inner:
            where = f"{name}:{block.lineno}"
            what = f"{extended.template.value} has no block {block.name}"
            yield Problem(where, what, f"its blocks are: {', '.join(sorted(known))}")


def _is_there(loaded: jinja2.Environment, name: str) -> bool:
    try:
        _source(loaded, name)
    except jinja2.TemplateNotFound:
        return False
    return True


def _blocks(loaded: jinja2.Environment, name: str, depth: int) -> set[str] | None:
    """Return the blocks of a template and of those that it extends; None: they are not known."""
    if depth > 10 or not _is_there(loaded, name):  # noqa: PLR2004 - more is a circle
        return None
    try:
        parsed = loaded.parse(_source(loaded, name), name)
    except jinja2.TemplateError:
        return None
    found = {block.name for block in parsed.find_all(nodes.Block)}
    extended = parsed.find(nodes.Extends)
    if extended is not None and isinstance(extended.template, nodes.Const):
        found |= _blocks(loaded, str(extended.template.value), depth + 1) or set()
    return found
