"""Pictures of changed cases, from the images, the reference and the predictions of both records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from validation import workspace
from validation.errors import Problem, TestSetError
from validation.record import digest
from validation.record_folder import PREDICTIONS
from validation.report.contents import Overlay, RecordContents, Row
from validation.report.overlays.case import overlay_for_case
from validation.report.overlays.changed import ChangedCase, ChangedCases, choose_changed
from validation.report.overlays.choice import Shown
from validation.study.comparing import Compared
from validation.study.reading import CaseReader, Unreadable
from validation.study.stored_predictions import decode_prediction
from validation.testset.annotations import Annotation
from validation.testset.cases import Case
from validation.testset.formats import coco
from validation.testset.lock import MANIFEST_NAME, parse_manifest

NO_DATA = (
    "The images were not at hand (--data names their folder), so no case is drawn; the tables name "
    "every case and object that changed."
)


def pictures_of_changes(
    compared: Compared, folders: tuple[Path, Path], data: Path | None
) -> tuple[ChangedCases, dict[str, bytes]]:
    """Return the index of the pictured cases, and their pictures by file name.

    Args:
        compared: What two records came to.
        folders: The two records.
        data: Folder of the test set; None: nothing is drawn, and the index says so.

    Raises:
        TestSetError: A file of a changed case is not there, or not the one that was locked.
    """
    shown = choose_changed(compared.changes, compared.case_rows, compared.second.protocol)
    if not shown or data is None:
        return ChangedCases(not_drawn=NO_DATA if shown else "", cases=()), {}
    reader = _reader(compared.second, data)
    cases = {one.case_id: one for one in compared.second.lock.cases.evaluated}
    drawn: list[ChangedCase] = []
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for one in shown:
        try:
            case, picture = _drawn(compared, folders, reader, cases[one.case_id], one)
        except Unreadable as error:
            problems.append(Problem(f"case {one.case_id}", str(error)))
            continue
        drawn.append(case)
        files[case.first.file] = picture
    if problems:
        raise TestSetError(
            "changed cases cannot be drawn",
            where=str(data),
            fix="give the folder of the locked test set by --data, or leave it out",
            problems=problems,
        )
    return ChangedCases(not_drawn="", cases=tuple(drawn)), files


def _reader(contents: RecordContents, data: Path) -> CaseReader:
    standard, objects = contents.protocol.test_set.reference_standard, None
    if standard.format == "coco" and standard.file is not None:
        objects = coco.read_reference(
            workspace.read(data / standard.file, "the COCO reference"),
            cases=contents.lock.cases.evaluated,
            classes=contents.protocol.classes,
            file=standard.file,
        ).objects
    digests = parse_manifest(contents.files[f"lock/{MANIFEST_NAME}"])
    return CaseReader(data, digests, contents.protocol, objects)


def _drawn(
    compared: Compared, folders: tuple[Path, Path], reader: CaseReader, case: Case, shown: Shown
) -> tuple[ChangedCase, bytes]:
    image = reader.image(case)
    reference = reader.reference(case, (image.shape[0], image.shape[1]))
    small = replace(shown, is_worst=False)
    overlays: list[Overlay] = []
    picture = b""
    for folder, contents in zip(folders, (compared.first, compared.second), strict=True):
        prediction = _prediction(folder, case.case_id, contents)
        rows = _rows_of(contents.instance_rows, case.case_id)
        overlay, picture = overlay_for_case(
            image, reference, prediction, rows, contents.protocol, small
        )
        overlays.append(overlay)
    first, second = overlays
    plan = compared.second.protocol
    alone = _reference_alone(second)
    if plan.method.kind == "semantic":
        alone, _ = overlay_for_case(image, reference, reference, (), plan, small)
        alone = alone.model_copy(update={"caption": f"{shown.class_name}"})
    changed = ChangedCase(
        case_id=case.case_id, reason=shown.reason, reference=alone, first=first, second=second
    )
    return changed, picture


def _reference_alone(overlay: Overlay) -> Overlay:
    """Return the outlines of the reference objects alone, none of them with an outcome."""
    own = [one for one in overlay.outlines if one.source == "reference"]
    bare = tuple(one.model_copy(update={"outcome": "matched", "is_listed": False}) for one in own)
    count = "1 object" if len(own) == 1 else f"{len(own)} objects"
    return overlay.model_copy(update={"outlines": bare, "caption": count})


def _rows_of(rows: Sequence[Row], case_id: str) -> list[Row]:
    return [row for row in rows if row["case_id"] == case_id]


def _prediction(folder: Path, case_id: str, contents: RecordContents) -> Annotation | None:
    """Return what the model returned for a case; None where it failed."""
    stored: Mapping[str, str] = contents.digests
    for suffix in (".png", ".json"):
        name = f"{PREDICTIONS}/{case_id}{suffix}"
        if name in stored:
            content = workspace.read(folder / name, "a prediction of the record")
            if digest(content) != stored[name]:
                raise Unreadable(f"{name} of {folder} changed while it was read")
            return decode_prediction(Path(name).name, content, contents.protocol)
    return None
