"""What a person states of a deviation: held against the record, every problem at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from validation.errors import Problem, RecordError
from validation.judge.deviations import DeviationStated, DispositionStated
from validation.report.contents import RecordContents


def unknown_ids(contents: RecordContents, criterion: str | None, case: str | None) -> list[Problem]:
    """Return what a deviation names that this record does not have."""
    criteria = [one.id for one in contents.protocol.criteria]
    cases = contents.lock.cases
    known = {
        *(one.case_id for one in cases.evaluated),
        *(one.case.case_id for one in cases.excluded),
    }
    problems = []
    if criterion is not None and criterion not in criteria:
        fix = f"the criteria are: {', '.join(criteria)}"
        problems.append(Problem("--criterion", f"the protocol has no criterion {criterion!r}", fix))
    if case is not None and case not in known:
        fix = "the cases are in evidence/cases.csv"
        problems.append(Problem("--case", f"the test set has no case {case!r}", fix))
    return problems


def not_open(contents: RecordContents, which: str) -> list[Problem]:
    """Return why a deviation cannot be closed; nothing where it can."""
    known = contents.deviations
    open_ids = known.open_ids if known else ()
    if which in open_ids:
        return []
    what = f"there is no deviation {which!r}"
    if known and which in known.closed_ids:
        what = f"deviation {which} is closed already, and stays as it is"
    said = f"open are: {', '.join(open_ids)}" if open_ids else "none is open"
    return [Problem("", what, said)]


_S = TypeVar("_S", bound=DeviationStated | DispositionStated)


def checked_statement(
    kind: type[_S], values: Mapping[str, Any], problems: list[Problem], record: Path
) -> _S:
    """Return a statement, or say everything that is wrong with it."""
    stated = None
    try:
        stated = kind(**values)
    except ValidationError as invalid:
        problems = [*map(_said, invalid.errors()), *problems]
    if stated is not None and not problems:
        return stated
    raise RecordError("this cannot be recorded", where=str(record), problems=problems)


def _said(error: Any) -> Problem:  # noqa: ANN401 - an error of pydantic
    option = f"--{str(error['loc'][0]).replace('_', '-')}" if error["loc"] else ""
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "string_too_short":
        message = "nothing is said"
    return Problem(option, message)
