"""A protocol held against itself, its case table, its lock and its templates, all at once."""

from collections.abc import Iterable
from pathlib import Path

from validation.errors import Problem, ProtocolError, TestSetError, ToolError
from validation.plan.check import Remark, Rule, files
from validation.study.opening import (
    OpenProtocol,
    misfits,
    open_case_table,
    read_lock,
    read_protocol,
    remarks_on,
    require_locked_cases,
)
from validation.study.templates import read_templates


def check_plan(path: Path) -> tuple[Remark, ...]:
    """Return every error and warning of a protocol, errors first, each in the order of lines.

    Args:
        path: The protocol's file; its case table, lock and templates are read where it names
            them. The images are not.

    Raises:
        ToolError: The file itself cannot be read.
    """
    try:
        opened = read_protocol(path)
    except ProtocolError as error:
        return _remarks(files.FORM, error)
    found = (*_of_plan_and_cases(opened), *_of_templates(opened))
    return tuple(sorted(found, key=lambda one: one.level))


def _of_plan_and_cases(opened: OpenProtocol) -> tuple[Remark, ...]:
    try:
        table, content = open_case_table(opened)
    except ToolError as error:
        return (*opened.remarks, *_remarks(files.CASE_TABLE, error))
    wrong = misfits(opened, table)
    if wrong:
        refused = TestSetError("the case table does not fit the protocol", problems=wrong)
        return (*remarks_on(opened, table), *_remarks(files.CASE_TABLE, refused))
    if not (opened.lock_folder / "lock.json").exists():
        fix = f"segval lock {opened.path}"
        problem = Problem(str(opened.lock_folder), "the test set is not locked yet", fix)
        return (*remarks_on(opened, table), *_said(files.NOT_LOCKED, [problem]))
    try:
        locked = read_lock(opened)
        require_locked_cases(opened, locked, table, content)
    except ToolError as error:
        return (*remarks_on(opened, table), *_remarks(files.LOCK, error))
    return remarks_on(opened, table, locked.lock.reference_object_count)


def _of_templates(opened: OpenProtocol) -> tuple[Remark, ...]:
    try:
        read_templates(opened)
    except ToolError as error:
        return _remarks(files.TEMPLATES, error)
    return ()


def _remarks(rule: Rule, error: ToolError) -> tuple[Remark, ...]:
    return _said(rule, error.problems or [Problem(error.where, error.what, error.fix)])


def _said(rule: Rule, problems: Iterable[Problem]) -> tuple[Remark, ...]:
    about = rule.id.partition(".")[0]
    return tuple(Remark(rule.level, one, rule.id, about=about) for one in problems)
