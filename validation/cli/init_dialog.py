"""The questions of ``segval init``: asked on stderr, so that stdout is the result."""

import sys
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import click

from validation.errors import RecordError, ToolError
from validation.study.starting import (
    ADAPTERS,
    PAGE_SIZES,
    Adapter,
    PageSize,
    require_adapter,
    require_printable,
)
from validation.study.starting.drawing import Kind

_Word = TypeVar("_Word", bound=str)

KINDS: tuple[Kind, ...] = ("instance", "semantic", "panoptic")
TITLES: dict[Kind, str] = {
    "instance": "Counting discs (example to be replaced)",
    "semantic": "Area covered by discs (example to be replaced)",
    "panoptic": "Discs and ground (example to be replaced)",
}
ORGANISATION = "Your organisation"


class Choices(NamedTuple):
    """What a study is begun with; None: not said."""

    method: Kind | None
    title: str | None
    organisation: str | None
    page_size: PageSize | None
    adapter: Adapter | None


def ask_choices() -> Choices:
    """Ask for every choice, with its default.

    Raises:
        RecordError: The questions were left before their end, at whatever moment; nothing was
            written.
    """
    try:
        return _asked()
    except (KeyboardInterrupt, UnicodeDecodeError) as error:
        raise _left() from error


def _asked() -> Choices:
    _tell("Enter takes what stands in brackets. Everything can be changed in protocol.yaml later.")
    _tell("instance: each item counts. semantic: area or coverage. panoptic: both on one map.")
    _tell("Not sure? Leave by Ctrl-C and run `segval choose`.")
    method = _one_of("Method", KINDS)
    title = _line("Title of the protocol", TITLES[method], _printable("the title"))
    organisation = _line("Organisation", ORGANISATION, _printable("the organisation"))
    page_size = _one_of("Page size", PAGE_SIZES)
    _tell("python: a callable in a file. onnx: a network. predictions: made elsewhere.")
    adapter = _one_of("Model", ADAPTERS, lambda one: require_adapter(method, one))
    return Choices(method, title, organisation, page_size, adapter)


def _one_of(
    what: str, known: tuple[_Word, ...], check: Callable[[_Word], None] = lambda _: None
) -> _Word:
    """Ask for one of several words, of which the first is the default."""

    def known_one(typed: str) -> None:
        found = [one for one in known if one.casefold() == typed.casefold()]
        if not found:
            raise ToolError(f"{typed[:20]!r} is none of them")
        check(found[0])

    typed = _line(f"{what} ({', '.join(known)})", known[0], known_one)
    return next(one for one in known if one.casefold() == typed.casefold())


def _printable(what: str) -> Callable[[str], None]:
    return lambda typed: require_printable(what, typed)


def _line(what: str, default: str, check: Callable[[str], None]) -> str:
    """Ask until the answer holds; an empty one is the default."""
    while True:
        # Not `click.prompt`: it writes a space to stdout, which may be a file.
        click.echo(f"{what} [{default}]: ", nl=False, err=True)
        typed = sys.stdin.readline()
        if not typed:
            raise _left()
        answer = typed.strip() or default
        try:
            check(answer)
        except ToolError as error:
            _tell(f"{error.what}" + (f" ({error.fix})" if error.fix else ""))
        else:
            return answer


def _left() -> RecordError:
    click.echo(err=True)
    return RecordError("the questions were left before their end; nothing was written")


def _tell(line: str) -> None:
    click.echo(line, err=True)
