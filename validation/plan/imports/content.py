"""What a file of requirements holds, before anybody says what its columns mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from validation.errors import Problem, RequirementsError
from validation.plan.origin import SourceKind

MOST_PROBLEMS = 200
"""Further problems are counted and not listed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value cannot be taken; told where its column is used."""

    what: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A row, node or object: a requirement, a risk, or something else."""

    where: str
    """File and place, for messages."""
    values: Mapping[str, str]
    """Text by column; a column without text is left out."""
    key: str = ""
    """What links of the tool call it; empty: it has no links."""
    links: tuple[str, ...] = ()
    """Keys of the items that it is traced to."""
    faults: Mapping[str, Fault] = field(default_factory=dict)
    """Values that cannot be taken, by column."""
    row: int = 0
    """Its row, in a sheet."""


@dataclass(frozen=True)
class Content:
    """The items of a file, or of a folder of items."""

    kind: SourceKind
    name: str
    columns: tuple[str, ...]
    """Every column or attribute that there is, in the order of the file."""
    items: tuple[Item, ...]
    sheet: str = ""
    letters: Mapping[str, str] = field(default_factory=dict)
    """Letter of each column of a sheet."""
    baseline: str = ""
    """Revision that the file states of itself."""
    notes: tuple[Problem, ...] = ()
    """What is said of a file that can be taken, e.g. that rows are hidden."""

    def place(self, item: Item, column: str) -> str:
        """Return where the value of an item stands, for messages."""
        if column in self.letters:
            return f"{self.name}, {self.sheet}!{self.letters[column]}{item.row}"
        return f"{item.where} ({column})" if column else item.where


def refusal(what: str, name: str, problems: Sequence[Problem], fix: str = "") -> RequirementsError:
    """Return the error of a source with problems; the first of many are listed."""
    if len(problems) > MOST_PROBLEMS:
        what += f" ({len(problems):,} problems, of which {MOST_PROBLEMS} are listed)"
    return RequirementsError(what, where=name, fix=fix, problems=problems[:MOST_PROBLEMS])


def refuse(what: str, name: str, problems: Sequence[Problem]) -> None:
    """Raise `refusal` where there are problems.

    Raises:
        RequirementsError: There are.
    """
    if problems:
        raise refusal(what, name, problems)


def plain_text(text: str) -> str:
    r"""Return a text as a protocol keeps it: LF line ends, no space at either end.

    >>> plain_text("  It shall count.\r\nAlways. ")
    'It shall count.\nAlways.'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def marked(mark: str, text: str) -> str:
    """Return raised (``^``) or lowered (``_``) text as plain text can say it.

    >>> marked("^", "2"), marked("^", "-6")
    ('^2', '^(-6)')
    """
    return f"{mark}({text})" if len(text) > 1 else f"{mark}{text}"


STRUCK_OUT = Fault("the text holds words that are struck out", "accept or reject the change")
"""What is struck out is both there and not."""
