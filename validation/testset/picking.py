"""Some cases of a test set, picked for development: by id, or so many, spread over all."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from validation.errors import Problem, TestSetError
from validation.testset.cases import Case, CaseTable

_MOST_NAMED = 20


@dataclass(frozen=True)
class Asked:
    """Which cases a run is asked to take."""

    cases: tuple[str, ...] | None = None
    """Their ids; None: they are not named."""
    limit: int | None = None
    """How many; None: all, or those that are named."""


def picked(table: CaseTable, asked: Asked, where: str) -> tuple[Case, ...]:
    """Return the cases that are asked for, by id.

    Of M cases in the order of their ids, a limit of N takes number ``i * M // N`` for each i from
    0 to N - 1. Ids mostly begin with subject or site, so cases of all of them are taken.

    Args:
        table: The cases of the test set.
        asked: What is asked for.
        where: What the cases are listed in, for messages.

    Raises:
        TestSetError: Ids are unknown, excluded, twice or empty, there is none, or it would be
            every case; all at once.
    """
    evaluated = table.evaluated
    problems = list(_problems(table, asked))
    if problems:
        raise TestSetError("these cases cannot be run", where=where, problems=problems)
    if asked.cases is not None:
        return tuple(one for one in evaluated if one.case_id in set(asked.cases))
    count = asked.limit or 0
    return tuple(evaluated[place * len(evaluated) // count] for place in range(count))


def _problems(table: CaseTable, asked: Asked) -> Iterator[Problem]:
    known = {one.case_id for one in table.evaluated}
    if asked.cases is not None and asked.limit is not None:
        yield Problem("--cases, --limit", "both are given", "give one of them")
    if asked.cases is not None:
        yield from _problems_of_ids(asked.cases, known, table)
    if asked.limit is not None and asked.limit < 1:
        yield Problem("--limit", f"{asked.limit} is no number of cases", "give 1 or more")
    all_named = asked.cases is not None and known <= set(asked.cases)
    if all_named or (asked.limit is not None and asked.limit >= len(known)):
        fix = "leave the option out: then it is a run of the whole test set, and counts as one"
        yield Problem("--limit" if asked.limit else "--cases", f"these are all {len(known)}", fix)


def _problems_of_ids(ids: tuple[str, ...], known: set[str], table: CaseTable) -> Iterator[Problem]:
    excluded = {one.case.case_id: one.reason for one in table.excluded}
    found: list[Problem] = []
    if not ids:
        found.append(Problem("--cases", "no case is named", "give ids, or a file that holds them"))
    for one, count in Counter(ids).items():
        if not one:
            found.append(Problem("--cases", "an id is empty", "remove the comma too many"))
        elif one in excluded:
            what = f"case {one} is excluded by the protocol"
            found.append(Problem("--cases", what, f"the reason is: {excluded[one]}"))
        elif one not in known:
            found.append(Problem("--cases", f"there is no case {one!r}", "see the case table"))
        if one and count > 1:
            found.append(Problem("--cases", f"case {one!r} is named {count} times"))
    yield from found[:_MOST_NAMED]
    if (more := len(found) - _MOST_NAMED) > 0:
        yield Problem("--cases", f"and {more} more problems")
