"""A company's templates: they arrange what a view says, and can do nothing else.

Records carry them and other people's machines run them, so they are taken for hostile: they
reach no file, no Python and no unescaped text, and end after a bounded time in bounded memory.

- What they may be made of is a list: blocks, inclusion, macros, loops, conditions, a few filters.
  Arithmetic, joining of texts, lists and calls of anything but macros are refused when they are
  loaded, since each of them can double a text a hundred times.
- Rounds of loops, calls and inclusions are counted while they run, and so is what they print.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

TEMPLATE_SUFFIX = ".jinja"

FILTERS = frozenset(
    {"capitalize", "default", "e", "escape", "first", "join", "last", "length", "lower", "title",
     "trim", "upper"}
)  # fmt: skip
"""Filters that a company's templates may use: each gives the same on every machine."""

MOST_STEPS = 5_000_000
"""Most rounds of loops, calls and inclusions in a document; the largest of ours needs a tenth."""

MOST_CHARACTERS = 100_000_000
"""Most characters that all expressions of a document may print."""

_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.BinExpr: "arithmetic",
    nodes.Concat: "joining texts with ~: write them one after the other",
    nodes.List: "a list",
    nodes.Dict: "a mapping",
    nodes.EvalContextModifier: "autoescape: every value is escaped",
    nodes.ScopedEvalContextModifier: "autoescape: every value is escaped",
}
_ALLOWED_OF_REFUSED = (nodes.And, nodes.Or)
_COUNTED, _MACRO, _JOIN = "_counted", "_macro", "_joined"


class SandboxedTemplates(ImmutableSandboxedEnvironment):
    """An environment in which a company's templates come before the bundled ones."""

    def __init__(
        self,
        company: Mapping[str, bytes],
        bundled: jinja2.BaseLoader,
        *,
        finalize: Callable[[object], object],
        **options: Any,  # noqa: ANN401 - those of Jinja
    ) -> None:
        self._company = company
        self._plain = finalize
        self._steps = self._characters = 0
        own = jinja2.FunctionLoader(self._source)
        prefixed = jinja2.PrefixLoader({"bundled": bundled})
        super().__init__(
            loader=jinja2.ChoiceLoader([own, bundled, prefixed]),
            finalize=self._counted_value,
            **options,
        )
        self.filters |= {_COUNTED: self._rounds, _MACRO: self._macro, _JOIN: self._join}

    def get_template(self, *given: Any, **named: Any) -> jinja2.Template:  # noqa: ANN401
        """Return a template; an inclusion is a step, too."""
        self._step()
        return super().get_template(*given, **named)

    def _source(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        if name not in self._company or not name.endswith(TEMPLATE_SUFFIX):
            return None
        try:
            return self._company[name].decode("utf-8"), name, lambda: True
        except UnicodeDecodeError as error:
            raise jinja2.TemplateSyntaxError("it is not UTF-8 text", 1, name, name) from error

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        if name in self._company:
            _require_simple(parsed, name or "")
            _watched(parsed)
        return parsed

    # --- while they run

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise SecurityError(f"templates take more than {MOST_STEPS:,} steps")

    def _print(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MOST_CHARACTERS:
            raise SecurityError(f"templates print more than {MOST_CHARACTERS:,} characters")

    def _counted_value(self, value: object) -> object:
        checked = self._plain(value)
        if isinstance(checked, jinja2.Undefined):
            return checked  # it says itself what is missing
        if not isinstance(checked, str | int | float):
            raise SecurityError(f"{type(checked).__name__} is nothing that can be printed")
        self._print(len(checked) if isinstance(checked, str) else 1)
        return checked

    def _rounds(self, values: Iterable[object]) -> Iterator[object]:
        for one in values:
            self._step()
            yield one

    def _macro(self, called: object) -> object:
        self._step()
        if not isinstance(called, Macro | BlockReference):
            raise SecurityError("a template calls macros and super(), and nothing else")
        return called

    def _join(self, values: Iterable[object], between: str = "") -> Markup:
        parts = [str(escape(self._counted_value(one))) for one in self._rounds(values)]
        self._print(len(between) * len(parts))
        return Markup(escape(between).join(parts))  # noqa: S704 - each part is escaped


def _require_simple(parsed: nodes.Template, name: str) -> None:
    """Refuse what a company's template may not be made of."""
    for node in parsed.find_all(nodes.Node):
        for kind, what in _REFUSED.items():
            if isinstance(node, kind) and not isinstance(node, _ALLOWED_OF_REFUSED):
                raise _refusal(what, node, name)
        if isinstance(node, nodes.Tuple) and node.ctx != "store":
            raise _refusal("a list", node, name)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            listed = ", ".join(sorted(FILTERS))
            raise _refusal(f"the filter {node.name}: it may use {listed}", node, name)
        if isinstance(node, nodes.Call | nodes.Filter) and (node.dyn_args or node.dyn_kwargs):
            raise _refusal("arguments by * or **", node, name)


def _refusal(what: str, node: nodes.Node, name: str) -> jinja2.TemplateSyntaxError:
    message = f"a company's template may not use {what}"
    return jinja2.TemplateSyntaxError(message, node.lineno, name, name)


def _watched(parsed: nodes.Template) -> None:
    """Put the counting of rounds and calls into a template."""
    for loop in list(parsed.find_all(nodes.For)):
        loop.iter = _filtered(loop.iter, _COUNTED)
    for call in list(parsed.find_all(nodes.Call)):
        call.node = _filtered(call.node, _MACRO)
    for one in parsed.find_all(nodes.Filter):
        if one.name == "join":
            one.name = _JOIN


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
