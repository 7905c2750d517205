"""Holding the pictures of a report against its evidence: which cases, and which objects in each.

What is drawn is in ``overlays/overlays.json``. That the outlines have the shape of the masks is
not looked at: that needs the images' reference and the predictions.
"""

from collections.abc import Iterator, Mapping, Sequence

from validation.attest.verification import Checks
from validation.evidence.csv_text import csv_rows
from validation.plan.source import parse, protocol_from
from validation.record_folder import OVERLAY_INDEX
from validation.report.contents import Overlay, Overlays, Row
from validation.report.overlays.choice import choose_shown
from validation.report.overlays.drawn import outcomes_of_objects

_CASES = "evidence/cases.csv"
_OBJECTS = "evidence/instances.csv"
_MOST_NAMED = 10
_CLAUSE = "21 CFR 11.10(a)"


def check_pictures(files: Mapping[str, bytes], checks: Checks) -> None:
    """Add the check that pictures show the cases and the objects of the evidence, by outcome.

    Args:
        files: Files by path in the record.
        checks: Where the check is added.
    """
    what = "the pictures show the cases and objects of the evidence, each object by its outcome"
    try:
        shown = Overlays.from_json(files[OVERLAY_INDEX]).overlays
        found = list(_differences(files, shown))
    except Exception as error:  # noqa: BLE001 - evidence that does not fit together fails anywhere
        checks(what, None, f"pictures and evidence cannot be compared: {error!r}", clause=_CLAUSE)
        return
    more = len(found) - _MOST_NAMED
    named = "; ".join(found[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    objects = sum(len(one.outlines) for one in shown)
    checks(what, not found, named or f"{len(shown)} pictures, {objects} outlines", clause=_CLAUSE)


def _differences(files: Mapping[str, bytes], shown: Sequence[Overlay]) -> Iterator[str]:
    """Yield what pictures show otherwise than the evidence says, in words."""
    protocol = protocol_from(parse(files["protocol.yaml"], "protocol.yaml"))
    cases = csv_rows(files[_CASES])[1]
    objects = csv_rows(files[_OBJECTS])[1] if _OBJECTS in files else []
    chosen = {one.case_id: one for one in choose_shown(cases, objects, protocol)}
    failed = {row["case_id"] for row in cases if row["status"] == "failed"}
    present = {one.case_id: one for one in shown}
    of_case: dict[str, list[Row]] = {}
    for row in objects:
        of_case.setdefault(row["case_id"], []).append(row)
    for case_id in chosen.keys() - present.keys() - failed:
        yield f"case {case_id} is not shown"
    for case_id, overlay in present.items():
        expected = chosen.get(case_id)
        if expected is None:
            yield f"case {case_id} is shown without need"
            continue
        if (overlay.rank_reason, overlay.is_worst) != (expected.reason, expected.is_worst):
            yield f"case {case_id} is shown for another reason than {expected.reason}"
        if objects:
            yield from _of_objects(overlay, of_case.get(case_id, []))


def _of_objects(overlay: Overlay, rows: Sequence[Row]) -> Iterator[str]:
    expected = outcomes_of_objects(rows)
    drawn = {(one.source, one.object_id or 0): one.outcome for one in overlay.outlines}
    if len(drawn) < len(overlay.outlines):
        yield f"case {overlay.case_id}: an object is drawn twice"
    for source, identifier in sorted(expected.keys() | drawn.keys()):
        said, seen = expected.get((source, identifier)), drawn.get((source, identifier))
        if said != seen:
            yield (
                f"case {overlay.case_id}, {source} {identifier}: "
                f"{seen or 'not'} drawn, {said or 'not'} in the evidence"
            )
