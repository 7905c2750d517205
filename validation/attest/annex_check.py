"""Checking the annex of objects of a record: made again from the evidence, and compared.

`validation.attest.made_again` says how.
"""

from collections.abc import Mapping

from validation.attest.made_again import MadeAgain, check_made_again
from validation.attest.verification import Checks
from validation.errors import ToolError
from validation.record import digest
from validation.record_folder import (
    ANNEX,
    RECORD_FILE,
    REPORTS,
    SUMS_FILE,
    RecordIndex,
    contents_from,
)
from validation.report.annex import render_annex
from validation.report.contents import RecordContents
from validation.report.report import has_annex

_WHAT = "the annex prints every object of the evidence, and nothing else"
_CLAUSE = "21 CFR 11.10(a)"
_LEFT_OUT = frozenset({RECORD_FILE, SUMS_FILE, *REPORTS})


def check_annex(index: RecordIndex, files: Mapping[str, bytes], checks: Checks) -> None:
    """Add the check of the annex of a record that has one, or has to have one.

    Args:
        index: The index of the record.
        files: The files of the record, by name.
        checks: Where the check is added.
    """
    try:
        contents = _contents(index, files)
        is_asked = has_annex(contents)
        if ANNEX in files and contents.instance_rows:
            found = MadeAgain(files[ANNEX], render_annex(contents), index.tool_version)
            check_made_again(_WHAT, found, _CLAUSE, checks)
        elif is_asked:
            detail = f"{ANNEX} is missing"
            checks(_WHAT, held=False, detail=detail, failure="incomplete", clause=_CLAUSE)
        elif ANNEX in files:
            checks(_WHAT, held=False, detail="the evidence has no objects", clause=_CLAUSE)
    except ToolError as error:
        if ANNEX in files:
            checks(_WHAT, None, str(error).replace("\n", "; "), clause=_CLAUSE)


def _contents(index: RecordIndex, files: Mapping[str, bytes]) -> RecordContents:
    digests = {name: digest(one) for name, one in files.items() if name not in _LEFT_OUT}
    return contents_from(files, digests, index.record_id, where="the record", pictures=False)
