"""Checking the comparison of two records: its digests, what follows in it, and its document.

That its figures follow from the two records is not checked here: whoever has both compares them
again by `segval compare --out`, which gives the same bytes.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from validation import workspace
from validation.attest.attachments import attachments_of
from validation.attest.differences import check_differences
from validation.attest.made_again import MadeAgain, check_made_again
from validation.attest.verification import Checks
from validation.errors import ToolError
from validation.judge.comparison.margins import margin_findings, verdict_of
from validation.record import digest
from validation.record_folder import SUMS_FILE
from validation.report.comparison import (
    COMPARISON_FILE,
    DOCUMENT,
    FIRST_PROTOCOL,
    ComparisonContents,
    contents_of,
    render_comparison,
)
from validation.testset.lock import parse_manifest

FROM_RECORDS = (
    "whether the figures follow from the two records is not checked here: segval compare of both, "
    "with --out, gives the same files again"
)
_CLAUSE = "21 CFR 11.10(a), (c)"
_DOCUMENT = "the change assessment says what the files that it is made from say, and nothing else"


def check_comparison(folder: Path, checks: Checks) -> None:
    """Add the checks of the folder of a comparison."""
    try:
        files = {
            name: workspace.read(folder / name, "a file of the comparison")
            for name in workspace.files_below(folder)
            if (folder / name).is_file() and not (folder / name).is_symlink()
        }
        stated = parse_manifest(files.get(SUMS_FILE, b""))
    except ToolError as error:
        checks("every file of the comparison can be read", None, error.what)
        return
    found = {
        name: digest(one).removeprefix("sha256:") for name, one in files.items()
        if name != SUMS_FILE
    }  # fmt: skip
    check_differences("", stated, found, checks, clause=_CLAUSE)
    _check_contents(files, files.get(DOCUMENT), checks)


def check_change_assessment(content: bytes, checks: Checks) -> bool:
    """Add the checks of a change assessment by what it embeds; return whether it is one."""
    attached = attachments_of(content)
    if attached is None or COMPARISON_FILE not in attached:
        return False
    _check_contents(attached, content, checks)
    return True


def _check_contents(files: Mapping[str, bytes], document: bytes | None, checks: Checks) -> None:
    try:
        contents = contents_of(files)
    except ToolError as error:
        checks("comparison, changes, pictures and protocols can be read", None, error.what)
        return
    _check_protocols(files, contents, checks)
    _check_verdict(contents, checks)
    _check_changes(contents, checks)
    if document is None:
        checks(_DOCUMENT, held=False, detail=f"{DOCUMENT} is missing", failure="incomplete")
        return
    try:
        expected = render_comparison(contents)
        pictures = 3 * len(contents.overlays.cases)
        again = MadeAgain(document, expected, contents.tool_version, pictures)
        check_made_again(_DOCUMENT, again, "21 CFR 11.10(a)", checks)
    except ToolError as error:
        checks(_DOCUMENT, None, error.what)


def _check_protocols(
    files: Mapping[str, bytes], contents: ComparisonContents, checks: Checks
) -> None:
    sides = (
        (FIRST_PROTOCOL, contents.comparison.first),
        ("protocol.yaml", contents.comparison.second),
    )
    differing = [name for name, one in sides if digest(files[name]) != one.protocol_digest]
    detail = f"these differ: {', '.join(differing)}" if differing else "both"
    checks("the protocols are those of the two records", not differing, detail)


def _check_verdict(contents: ComparisonContents, checks: Checks) -> None:
    comparison = contents.comparison
    derived = margin_findings(contents.second.comparison, comparison.differences)
    sides = (comparison.first, comparison.second)
    unresolved = sum(one.cases_failed + len(one.open_deviations) for one in sides)
    verdict = verdict_of(derived, unresolved)
    stated = {one.id: one for one in comparison.margins}
    differing = [one.id for one in derived if stated.get(one.id) != one]
    differing += [] if len(stated) == len(derived) else ["their number"]
    if verdict != comparison.verdict:
        differing.append(f"the verdict (stated {comparison.verdict}, derived {verdict})")
    detail = f"{len(derived)} margins, verdict {verdict.replace('_', ' ')}"
    if differing:
        detail = f"these differ: {', '.join(differing)}"
    checks("every margin and the verdict follow from differences", not differing, detail)


def _check_changes(contents: ComparisonContents, checks: Checks) -> None:
    counted: Counter[str] = Counter()
    for row in contents.changes:
        counted[row["change"]] += 1
        if row["class"]:
            counted[f"{row['change']}/{row['class']}"] += 1
    held = dict(counted) == contents.comparison.changes
    checks("changes.csv has the changes that are counted", held, f"{len(contents.changes)} rows")
