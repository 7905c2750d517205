"""Holding the printed pages of a report against the evidence that it embeds.

The text of the report is made again from the attachments, by the view and the templates that
made it, and compared with the text of the pages: a changed, removed or added digit or word is
found wherever it stands, also one that is painted over another, and one that is hidden. What
lies over the text (annotations, layers, pictures that the record does not have) is found, too.

Not found: text that is drawn as lines or shapes, text under an opaque shape, and a font whose
glyphs are not what it says they are. Rendering the record again and comparing the bytes
(``segval report RECORD``) finds these.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import validation
from validation.attest.expected_text import expected_text
from validation.attest.page_comparison import differences
from validation.attest.page_marks import unusual_marks
from validation.attest.page_text import essence, page_texts
from validation.attest.verification import Checks
from validation.errors import RecordError, ToolError
from validation.evidence.run_record import RunRecord
from validation.record import digest
from validation.record_folder import (
    OVERLAY_INDEX,
    OVERLAYS,
    PREDICTIONS,
    RECORD_FILE,
    REPORTS,
    SUMS_FILE,
    contents_from,
)
from validation.report.company import Wording, company_files, wording_of
from validation.report.contents import Overlays, RecordContents
from validation.report.report import report_html
from validation.report.view.appendices import made_by, predictions_note

_MOST_NAMED = 10
_MOST_FOUND = 100
_CLAUSE = "21 CFR 11.10(a)"
_MANY = 7654321
_A_VERSION = "VERSION"
_NOT_OF_THE_DIGESTS = frozenset({RECORD_FILE, SUMS_FILE, *REPORTS})


def check_printed(content: bytes, files: Mapping[str, bytes], checks: Checks) -> None:
    """Add the checks that hold the pages of a report against its evidence.

    Args:
        content: The report, as PDF.
        files: Its attachments by path in the record, or all files of the record.
        checks: Where the checks are added.
    """
    what = "the pages print what the evidence says, and nothing else"
    try:
        pages = page_texts(content)
        contents = _contents(files, pages)
        expected = expected_text(report_html(contents))
        differing = differences(pages, expected)
        found = [str(one) for one in islice(differing, _MOST_FOUND)]
        covering = unusual_marks(
            content,
            pictures=len(contents.overlays)
            + expected.pictures
            + expected.pictures_in_margins * len(pages),
            fields=len(contents.protocol.signatories),
        )
    except ToolError as error:
        checks(what, None, str(error).replace("\n", "; "), clause=_CLAUSE)
        return
    except Exception as error:  # noqa: BLE001 - evidence that does not fit together fails anywhere
        checks(what, None, f"the evidence cannot be laid out: {error!r}", clause=_CLAUSE)
        return
    made_by = contents.tool_version
    is_ours = made_by == essence(validation.__version__)
    detail = _listed(found) or f"{len(pages)} pages"
    if found and not is_ours:
        detail = f"made by segval {made_by}, this is {validation.__version__}: {detail}"
    checks(what, (False if is_ours else None) if found else True, detail, clause=_CLAUSE)
    what = "nothing lies over the text of the pages or stands in for it"
    checks(what, not covering, _listed(covering) or f"{len(pages)} pages", clause=_CLAUSE)


def _listed(found: Sequence[str]) -> str:
    more = len(found) - _MOST_NAMED
    return "; ".join(found[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _contents(files: Mapping[str, bytes], pages: Sequence[str]) -> RecordContents:
    """Return what the report was made from.

    Pictures and predictions are not embedded in it. The index of the pictures has their digests;
    the number of predictions is taken from the pages, as nothing else knows it.
    """
    for name in ("run.json", OVERLAY_INDEX):
        if name not in files:
            raise RecordError(f"{name} is missing", where="the report")
    record_id = RunRecord.from_json(files["run.json"]).record_id
    digests = {
        name: digest(files[name])
        for name in files
        if name not in _NOT_OF_THE_DIGESTS and not name.startswith("signed/")
    }
    digests |= _digests_of_pictures(files)
    wording = wording_of(company_files(files))
    if not any(name.startswith(f"{PREDICTIONS}/") for name in files):
        count = _count_of_predictions(digests, pages, wording)
        digests |= {f"{PREDICTIONS}/{one}": "" for one in range(count)}
    contents = contents_from(
        files, dict(sorted(digests.items())), record_id, where="the report", pictures=False
    )
    made_by = _version(record_id, pages, wording)
    return replace(contents, tool_version=made_by)


def _digests_of_pictures(files: Mapping[str, bytes]) -> dict[str, str]:
    overlays = Overlays.from_json(files[OVERLAY_INDEX]).overlays
    named = {f"{OVERLAYS}/{one.file}": one.digest for one in overlays}
    return {name: stated for name, stated in named.items() if name not in files}


def _count_of_predictions(
    digests: Mapping[str, str], pages: Sequence[str], wording: Wording
) -> int:
    last = digests[max(digests)].removeprefix("sha256:")
    many = re.escape(essence(wording(predictions_note(_MANY)))).replace(str(_MANY), r"(\d{1,7})")
    one = re.escape(essence(wording(predictions_note(1)))).replace("1", "(1)", 1)
    for note in (many, one):
        if (found := _found(rf"(?:^|{last}){note}", pages)) is not None:
            return int(found[1])
    return 0


def _version(record_id: str, pages: Sequence[str], wording: Wording) -> str:
    """Return the version of the tool that the pages name; this one where they name none."""
    said = re.escape(essence(wording(made_by(record_id, _A_VERSION))))
    found = _found(said.replace(_A_VERSION, "(.{1,40}?)"), pages)
    return found[1] if found is not None else essence(validation.__version__)


def _found(pattern: str, pages: Sequence[str]) -> re.Match[str] | None:
    known = re.compile(pattern)
    return next(filter(None, (known.search(page) for page in pages)), None)
