"""Pictures of cases, made once, at the end of a run, while the images are at hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from validation.evidence.csv_text import csv_bytes, csv_rows
from validation.evidence.measure import Evidence
from validation.evidence.rows import Cell
from validation.record_folder import OVERLAY_INDEX, OVERLAYS
from validation.report.contents import Overlay, Overlays, Row
from validation.report.overlays.case import overlay_for_case
from validation.report.overlays.choice import choose_shown
from validation.study.case_work import CaseWork
from validation.study.reading import Unreadable
from validation.study.stored_predictions import decode_prediction
from validation.testset.annotations import Annotation


def overlays_of_cases(work: CaseWork, evidence: Evidence) -> dict[str, bytes]:
    """Return ``overlays/overlays.json`` and the pictures, by name in the record.

    Pictured are the worst cases, and every case with objects that the report lists.
    Predictions are read back from where the run stored them. A case whose image cannot be
    read has no picture; its failure is a finding.
    """
    rows = _as_written(evidence.case_columns, evidence.case_rows)
    objects = _as_written(evidence.instance_columns, evidence.instance_rows)
    by_id = {case.case_id: case for case in work.cases}
    of_case: dict[str, list[Row]] = {}
    for row in objects:
        of_case.setdefault(row["case_id"], []).append(row)
    entries: list[Overlay] = []
    files: dict[str, bytes] = {}
    for shown in choose_shown(rows, objects, work.protocol):
        case = by_id[shown.case_id]
        try:
            image = work.reader.image(case)
            reference = work.reader.reference(case, (image.shape[0], image.shape[1]))
        except Unreadable:
            continue
        own = of_case.get(shown.case_id, [])
        prediction = _prediction(work.output, shown.case_id, work)
        entry, content = overlay_for_case(image, reference, prediction, own, work.protocol, shown)
        entries.append(entry)
        files[f"{OVERLAYS}/{entry.file}"] = content
    files[OVERLAY_INDEX] = Overlays(overlays=tuple(entries)).to_json()
    return files


def _as_written(columns: tuple[str, ...], rows: Sequence[Mapping[str, Cell]]) -> list[Row]:
    """Return rows as the evidence files have them, which is what reports are made from."""
    return list(csv_rows(csv_bytes(columns, rows))[1]) if columns else []


def _prediction(folder: Path, case_id: str, work: CaseWork) -> Annotation | None:
    for suffix in (".png", ".json"):
        path = folder / f"{case_id}{suffix}"
        if path.exists():
            return decode_prediction(path.name, path.read_bytes(), work.protocol)
    return None
