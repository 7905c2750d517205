"""Records made up for the report: real evidence of simulated objects, no files, no model.

`make_contents` builds the parts of a record as `run` would leave them: reference and
predicted objects are drawn, measured by `validation.evidence`, and judged against criteria.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from validation.evidence.csv_text import csv_bytes, csv_rows
from validation.evidence.files import evidence_files
from validation.evidence.further_tables import FurtherTables, holds_objects
from validation.evidence.measure import Evidence, FailedCase, measure
from validation.evidence.overlap import (
    confusion_table,
    confusion_table_without_prediction,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.evidence.run_record import CaseTiming, RunRecord
from validation.evidence.separability import separation_table
from validation.evidence.timing import latency_metrics
from validation.judge.acceptance import assess
from validation.judge.findings import CaseFinding
from validation.plan.protocol import Protocol
from validation.record import digest, readable_json
from validation.report.contents import Overlay, RecordContents
from validation.report.overlays.case import overlay_for_case
from validation.report.overlays.choice import choose_shown
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.cases import Case, CaseTable, ExcludedCase
from validation.testset.lock import Lock

FAILED = "D05-03"
FINISHED = datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC)
MODEL_DIGEST = digest(b"nuclei_unet")
SIDE = 160

_PROTOCOL: dict[str, Any] = {
    "format": "segval/protocol/1",
    "document": {
        "number": "VP-001",
        "report_number": "VR-001",
        "revision": "A",
        "title": "Counting and measuring nuclei in fluorescence images",
        "organisation": "Example Diagnostics, Image Analysis",
    },
    "device": {
        "name": "NucleusCount",
        "version": "1.1",
        "intended_use": (
            "Counts nuclei in fields of view of fluorescence microscopy and measures the area "
            "of each, for laboratory staff who report the number of cells and the distribution "
            "of their sizes.\n\nThe result is reviewed by a technician before it is released."
        ),
        "use_environment": (
            "Cultured cells, DAPI or Hoechst stain, 20x objective, 0.5 micrometres a pixel, on "
            "the two microscopes of sites A and B."
        ),
        "users": "Trained laboratory technicians",
    },
    "method": {
        "kind": "instance",
        "justification": (
            "The count and the area of each nucleus are reported, so the unit of evidence is "
            "the object: a mask per class would count two touching nuclei as one."
        ),
        "not_chosen": (
            "Semantic segmentation would cost less annotation and would serve a measure of "
            "coverage; it cannot show merged, split or missed nuclei, which are the hazards."
        ),
    },
    "model": {
        "adapter": "onnx",
        "name": "nuclei_unet",
        "version": "1.1",
        "file": "model/nuclei_unet_1.1.onnx",
        "digest": MODEL_DIGEST,
        "preprocess": {
            "channels": "gray",
            "scaling": {
                "kind": "percentiles",
                "low": 1,
                "high": 99.8,
                "clip_low": 0,
                "clip_high": 1.5,
            },
            "pad_to_multiple_of": 8,
        },
        "postprocess": {
            "kind": "watershed",
            "class": "nucleus",
            "background_channel": 0,
            "interior_channel": 1,
            "foreground_threshold": 0.8,
            "distance_sigma_px": 1,
            "peak_distance_px": 6,
            "distance_weight": 0.01,
            "minimum_area_px": 20,
        },
    },
    "test_set": {
        "id": "TS-NUC-01",
        "title": "Simulated nuclei, 8 donors, 2 sites",
        "root": "data",
        "case_table": "cases.csv",
        "folders": ["images", "labels"],
        "reference_standard": {
            "format": "label_map",
            "standing": "exact_truth",
            "origin": "The simulator writes the pixels of every nucleus as it draws it.",
            "annotators": [],
            "uncertainty": "None by construction; the images themselves are not real specimens.",
        },
        "provenance": (
            "Made by the simulator of the project (seed 20260301): ellipses that touch and "
            "overlap, blur, shot noise, uneven illumination, debris and empty fields."
        ),
        "independence": (
            "The model was trained on real images; no simulated image was used in development."
        ),
        "licence": "Apache-2.0",
        "simulated": True,
        "exclusions": [
            {"cases": ["D02-07", "D06-07"], "reason": "Focus was lost: the frame is blank."}
        ],
        "pixel_spacing_um": 0.5,
    },
    "classes": [{"name": "nucleus", "description": "Interphase nuclei, whole or cut", "value": 1}],
    "requirements": [
        {
            "id": "REQ-01",
            "text": "At least 85 % of nuclei shall be found, at both sites.",
            "risks": ["HAZ-01"],
        },
        {
            "id": "REQ-02",
            "text": "Touching nuclei shall be counted separately.",
            "risks": ["HAZ-01", "HAZ-02"],
        },
        {"id": "REQ-03", "text": "The area of a nucleus shall be measured.", "risks": ["HAZ-02"]},
        {"id": "REQ-04", "text": "A field shall be analysed within 2 seconds.", "risks": []},
    ],
    "risks": [
        {
            "id": "HAZ-01",
            "hazard": "The number of cells is reported too low because nuclei are not found.",
            "harm": "A culture is judged to be failing and a treatment is delayed",
            "severity": "Moderate",
        },
        {
            "id": "HAZ-02",
            "hazard": "Two nuclei are reported as one large nucleus.",
            "harm": "A normal sample is reported as aneuploid",
            "severity": "Serious",
        },
        {
            "id": "HAZ-03",
            "hazard": "The result is read for a specimen other than the one imaged.",
            "harm": "A result is given to the wrong subject",
            "severity": "Serious",
        },
    ],
    "analysis": {
        "confidence_level": 0.95,
        "interval_method": "percentile_bootstrap",
        "resampling_unit": "subject",
        "replicates": 400,
        "seed": 20260302,
        "undefined_values": "leave_out",
        "failed_cases": "count_as_empty",
        "matching": {
            "algorithm": "optimal",
            "iou_threshold": 0.5,
            "further_iou_thresholds": [0.75, 0.9],
            "score_threshold": 0.0,
            "maximum_detections": 500,
            "merge_split_fraction": 0.8,
        },
        "rationale": (
            "Nuclei of one donor resemble one another, so donors are drawn with replacement. "
            "IoU 0.5 is the smallest at which a pair is unique."
        ),
        "sample_size_rationale": (
            "With 8 donors and about 1,100 nuclei the interval of a recall near 0.9 is expected "
            "to be 0.04 wide, which tells 0.85 from 0.9."
        ),
    },
    "subgroups": ["site", "density"],
    "criteria": [
        {
            "id": "AC-01",
            "requirements": ["REQ-01"],
            "metric": "recall",
            "class": "nucleus",
            "iou": 0.5,
            "direction": "at_least",
            "bound": 0.85,
            "judged_on": "lower_limit",
            "rationale": "Two technicians differ by 12 % on average; see TR-114.",
        },
        {
            "id": "AC-02",
            "requirements": ["REQ-01"],
            "metric": "recall",
            "class": "nucleus",
            "iou": 0.5,
            "subgroup": {"site": "B"},
            "direction": "at_least",
            "bound": 0.85,
            "judged_on": "lower_limit",
            "rationale": "No site may be worse than what is acceptable overall.",
        },
        {
            "id": "AC-03",
            "requirements": ["REQ-02"],
            "metric": "merged_share",
            "class": "nucleus",
            "direction": "at_most",
            "bound": 0.02,
            "judged_on": "upper_limit",
            "rationale": "The share of doublets that the downstream statistic tolerates.",
        },
        {
            "id": "AC-04",
            "requirements": ["REQ-02", "REQ-01"],
            "metric": "count_absolute_relative_error",
            "class": "nucleus",
            "direction": "at_most",
            "bound": 0.1,
            "judged_on": "upper_limit",
            "rationale": "The reporting limit of the assay.",
        },
        {
            "id": "AC-05",
            "requirements": ["REQ-03"],
            "metric": "segmentation_quality",
            "class": "nucleus",
            "iou": 0.5,
            "direction": "at_least",
            "bound": 0.8,
            "judged_on": "lower_limit",
            "rationale": "An IoU of 0.8 keeps the error of the area below 12 %.",
        },
        {
            "id": "AC-06",
            "requirements": ["REQ-04"],
            "metric": "latency_p95_ms",
            "direction": "at_most",
            "bound": 2000,
            "judged_on": "value",
            "rationale": "The throughput of the stage.",
        },
    ],
    "limits": (
        "The specimens are simulated: the result shows how the model counts and outlines shapes "
        "of known truth, not how it performs on tissue.\n\nEight donors and two sites do not "
        "represent all staining protocols; other objectives and pixel sizes are not covered."
    ),
    "signatories": [
        {
            "role": "author",
            "title": "Validation engineer",
            "meaning": "I wrote this report",
            "name": "R. Keller",
        },
        {
            "role": "reviewer",
            "title": "Image analysis lead",
            "meaning": "I reviewed the method and the evidence",
        },
        {
            "role": "approver",
            "title": "Quality assurance",
            "meaning": "I approve the conclusions of this report",
        },
    ],
}

_SEMANTIC_CHANGES: dict[str, Any] = {
    "document": {
        **_PROTOCOL["document"],
        "number": "VP-002",
        "report_number": "VR-002",
        "title": "Confluence and presence of nuclei",
    },
    "method": {
        "kind": "semantic",
        "justification": "The share of the field that nuclei cover is reported, not their number.",
        "not_chosen": "Instance segmentation would need objects told apart, which nobody reads.",
    },
    "model": {
        **_PROTOCOL["model"],
        "postprocess": {
            "kind": "threshold",
            "class": "nucleus",
            "channel": 0,
            "threshold": 0.8,
            "complement": True,
            "fill_holes": True,
        },
    },
    "analysis": {
        **{key: value for key, value in _PROTOCOL["analysis"].items() if key != "matching"},
        "presence_minimum_area_px": 20,
    },
    "criteria": [
        {
            "id": "AC-01",
            "requirements": ["REQ-01"],
            "metric": "dice",
            "class": "nucleus",
            "direction": "at_least",
            "bound": 0.9,
            "judged_on": "lower_limit",
            "rationale": "What two technicians reach.",
        },
        {
            "id": "AC-02",
            "requirements": ["REQ-01", "REQ-02"],
            "metric": "presence_sensitivity",
            "class": "nucleus",
            "direction": "at_least",
            "bound": 0.97,
            "judged_on": "lower_limit",
            "rationale": "An empty field is discarded.",
        },
        {
            "id": "AC-03",
            "requirements": ["REQ-03"],
            "metric": "area_fraction_mean_absolute_error",
            "class": "nucleus",
            "direction": "at_most",
            "bound": 0.02,
            "judged_on": "upper_limit",
            "rationale": "The reporting limit.",
        },
    ],
}


def protocol(kind: str, **changes: Any) -> Protocol:
    """Return the made-up protocol of a method, with some of its entries changed."""
    of_method = _SEMANTIC_CHANGES if kind == "semantic" else {}
    return Protocol.model_validate({**_PROTOCOL, **of_method, **changes})


def cases_of(donors: int, fields: int) -> list[Case]:
    """Return the cases: `fields` images of each donor, half of the donors at each site."""
    return [
        Case(
            case_id=f"D{donor:02d}-{field:02d}",
            image=f"images/D{donor:02d}-{field:02d}.png",
            reference=f"labels/D{donor:02d}-{field:02d}.png",
            subject_id=f"donor-{donor:02d}",
            attributes={
                "site": "A" if donor <= (donors + 1) // 2 else "B",
                "density": "sparse" if field % 3 == 1 else "dense",
            },
        )
        for donor in range(1, donors + 1)
        for field in range(1, fields + 1)
    ]


def _objects(label_map: NDArray[np.int32], class_count: int, *, scored: bool) -> ObjectSet:
    ids = np.unique(label_map)
    ids = ids[ids > 0].astype(np.int64)
    scores = np.linspace(0.99, 0.5, len(ids)) if scored else None
    classes = ids % class_count + 1
    if scored:  # every seventh is given another class
        classes = np.where(ids % 7 == 3, (ids + 1) % class_count + 1, classes)
    return ObjectSet(label_map.shape, ids, classes, scores=scores, label_map=label_map)


def draw_case(
    rng: np.random.Generator, count: int
) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.int32]]:
    """Return an image, the reference label map and a prediction with mistakes of every kind."""
    reference = np.zeros((SIDE, SIDE), np.int32)
    prediction = np.zeros((SIDE, SIDE), np.int32)
    gray = np.zeros((SIDE, SIDE), np.float32)
    cell = SIDE // 6
    places = rng.permutation(36)[:count]
    for number, place in enumerate(sorted(places), start=1):
        x = int(place % 6 * cell + cell // 2 + rng.integers(-2, 3))
        y = int(place // 6 * cell + cell // 2 + rng.integers(-2, 3))
        axes = (int(rng.integers(8, 13)), int(rng.integers(7, 11)))
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(reference, (x, y), axes, angle, 0, 360, number, -1)
        cv2.ellipse(gray, (x, y), axes, angle, 0, 360, float(rng.uniform(90, 200)), -1)
        fate = rng.random()
        shift = (x + int(rng.integers(-1, 2)), y + int(rng.integers(-1, 2)))
        if fate < 0.05:
            continue
        merged = number - 1 if fate < 0.10 and number > 1 else number
        size = (axes[0], max(3, axes[1] - int(rng.integers(0, 2))))
        cv2.ellipse(prediction, shift, size, angle, 0, 360, merged, -1)
        if fate > 0.97:
            half = prediction == number
            half[:, :x] = False
            prediction[half] = 500 + number
    if rng.random() < 0.5:
        corner = tuple(int(one) for one in rng.integers(5, SIDE - 5, 2))
        cv2.circle(prediction, corner, 4, 900, -1)
    noisy = cv2.GaussianBlur(gray, (0, 0), 1.2) + rng.normal(12, 3, gray.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), reference, prediction


def _measured(
    plan: Protocol, cases: list[Case], objects: int, failed: tuple[str, ...]
) -> tuple[Evidence, dict[str, Any]]:
    rng = np.random.default_rng(7)
    tables, failures, drawn, separations = [], {}, {}, {}
    for case in cases:
        dense = case.attributes["density"] == "dense"
        image, truth, found = draw_case(rng, objects if dense else objects // 2)
        if plan.method.kind == "instance":
            reference: Any = _objects(truth, len(plan.classes), scored=False)
            prediction: Any = _objects(found, len(plan.classes), scored=True)
        else:
            reference = ClassMap((truth > 0).astype(np.uint8))
            prediction = ClassMap((found > 0).astype(np.uint8))
        drawn[case.case_id] = (image, reference, prediction)
        count = len(plan.classes)
        whole = _objects(truth, count, scored=False)
        separations[case.case_id] = separation_table(
            case.case_id,
            whole if holds_objects(plan) else ClassMap((truth > 0).astype(np.uint8)),
            count,
        )
        if case.case_id in failed:
            without = (
                overlap_table_without_prediction(case.case_id, reference)
                if plan.method.kind == "instance"
                else confusion_table_without_prediction(case.case_id, reference, 1)
            )
            failures[case.case_id] = FailedCase("the network returned NaN", without)
        elif plan.method.kind == "instance":
            tables.append(overlap_table(case.case_id, reference, prediction))
        else:
            tables.append(confusion_table(case.case_id, reference, prediction, 1))
    further = FurtherTables(separations=separations)
    return measure(tables, cases, plan, failed=failures, further=further), drawn


def _failures(failed: tuple[str, ...]) -> list[CaseFinding]:
    return [
        CaseFinding(
            case_id=case_id,
            stage="inference",
            what="the network returned values that are no numbers (NaN)",
            treatment="counts as an empty prediction",
        )
        for case_id in failed
    ]


def _run(record_id: str, plan: Protocol, cases: list[Case], failed: tuple[str, ...]) -> RunRecord:
    rng = np.random.default_rng(11)
    timings = tuple(
        CaseTiming(
            case_id=case.case_id,
            read_ms=float(rng.gamma(9, 0.3)),
            preprocess_ms=float(rng.gamma(9, 0.4)),
            inference_ms=float(rng.gamma(30, 1.5)),
            postprocess_ms=float(rng.gamma(6, 2.5)),
        )
        for case in cases
        if case.case_id not in failed
    )
    return RunRecord(
        record_id=record_id,
        started_at=FINISHED - timedelta(minutes=3, seconds=20),
        finished_at=FINISHED,
        operator="r.keller",
        model_name=plan.model.name,
        model_version=plan.model.version,
        model_adapter=plan.model.adapter,
        model_file="model/nuclei_unet_1.1.onnx",
        model_digest=MODEL_DIGEST,
        execution_provider="CPUExecutionProvider",
        notes=("Two worker processes shared the cases; each is slower than one alone.",),
        workers=2,
        resumed=0,
        cases_attempted=len(cases),
        cases_failed=len(failed),
        case_timings=timings,
        timing=latency_metrics({one.case_id: one.total_ms for one in timings}),
    )


def _lock(plan: Protocol, cases: list[Case], object_count: int | None) -> Lock:
    excluded = tuple(
        ExcludedCase(case=Case(case_id=case_id, image=f"images/{case_id}.png", reference=None,
                               subject_id=None, attributes={}), reason=one.reason)
        for one in plan.test_set.exclusions
        for case_id in one.cases
    )  # fmt: skip
    return Lock(
        test_set_id=plan.test_set.id,
        revision=1,
        reason="first lock",
        locked_at=FINISHED - timedelta(days=1),
        locked_by="r.keller",
        tool_version="0.1.0",
        folders=plan.test_set.folders,
        file_count=2 * len(cases) + len(excluded),
        byte_count=4_812_337,
        manifest_digest=digest(b"manifest"),
        case_table_digest=digest(b"cases"),
        roles={"image": len(cases) + len(excluded), "reference": len(cases)},
        case_count=len(cases),
        excluded_case_count=len(excluded),
        subject_count=len({case.subject_id for case in cases}),
        reference_object_count=object_count,
        cases=CaseTable(evaluated=tuple(cases), excluded=excluded, columns=("site", "density")),
        reference_standard=plan.test_set.reference_standard,
    )


def _reference_count(evidence: Evidence) -> int | None:
    references = [row for row in evidence.instance_rows if row["reference_id"] is not None]
    return len(references) if evidence.instance_columns else None


def _overlays(
    plan: Protocol, evidence: Evidence, drawn: Mapping[str, Any], failed: tuple[str, ...]
) -> tuple[tuple[Overlay, ...], dict[str, bytes]]:
    case_rows = csv_rows(csv_bytes(evidence.case_columns, evidence.case_rows))[1]
    instance_rows: list[dict[str, str]] = []
    if evidence.instance_columns:
        content = csv_bytes(evidence.instance_columns, evidence.instance_rows)
        instance_rows = csv_rows(content)[1]
    overlays, pictures = [], {}
    for shown in choose_shown(case_rows, instance_rows, plan):
        image, reference, prediction = drawn[shown.case_id]
        rows = [row for row in instance_rows if row["case_id"] == shown.case_id]
        found = None if shown.case_id in failed else prediction
        overlay, png = overlay_for_case(image, reference, found, rows, plan, shown)
        overlays.append(overlay)
        pictures[overlay.file] = png
    return tuple(overlays), pictures


def make_contents(
    kind: str = "instance",
    *,
    donors: int = 8,
    fields: int = 6,
    objects: int = 30,
    failed: tuple[str, ...] = (FAILED,),
    **changes: Any,
) -> RecordContents:
    """Return the parts of a record of a made-up study.

    Args:
        kind: ``instance`` or ``semantic``.
        donors: Subjects.
        fields: Images of each.
        objects: Objects of a dense image; at most 36.
        failed: Cases for which the model fails.
        changes: Entries of the protocol to replace.
    """
    plan = protocol(kind, **changes)
    cases = cases_of(donors, fields)
    failed = tuple(one for one in failed if one in {case.case_id for case in cases})
    evidence, drawn = _measured(plan, cases, objects, failed)
    run = _run("2026-03-02-vr001", plan, cases, failed)
    findings = assess(plan.criteria, (*evidence.metrics, *run.timing), _failures(failed))
    overlays, pictures = _overlays(plan, evidence, drawn, failed)
    files = {
        "protocol.yaml": b"format: segval/protocol/1\n",
        "lock/lock.json": b"{}\n",
        "lock/manifest-sha256.txt": b"",
        "evidence/cases.csv": csv_bytes(evidence.case_columns, evidence.case_rows),
        "evidence/classes.csv": csv_bytes(evidence.class_columns, evidence.class_rows),
        "evidence/metrics.json": readable_json(
            {"metrics": [one.model_dump(mode="json") for one in evidence.metrics]}
        ),
        "findings.json": findings.to_json(),
        "run.json": run.to_json(),
    }
    if evidence.instance_columns:
        files["evidence/instances.csv"] = csv_bytes(
            evidence.instance_columns, evidence.instance_rows
        )
    further = ("class_confusion.csv", "tables/class_confusion.csv", "curves.csv")
    written = evidence_files(evidence)
    files |= {f"evidence/{one}": written[one] for one in further if one in written}
    pngs = {f"overlays/{name}": content for name, content in pictures.items()}
    predictions = {f"predictions/{case.case_id}.png": b"png" for case in cases}
    every = {**files, **pngs, **predictions, "environment.json": b"{}\n"}
    return RecordContents(
        record_id=run.record_id,
        protocol=plan,
        lock=_lock(plan, cases, _reference_count(evidence)),
        environment={
            "python": "3.11.9",
            "platform": "Linux-6.1.0-x86_64",
            "cpu": "AMD EPYC 7B13",
            "cpu_count": 2,
            "packages": {"numpy": "2.4.6", "onnxruntime": "1.32.0", "scikit-image": "0.26.0"},
        },
        run=run,
        metrics=evidence.metrics,
        findings=findings,
        case_rows=tuple(csv_rows(files["evidence/cases.csv"])[1]),
        openings=None,
        class_rows=tuple(csv_rows(files["evidence/classes.csv"])[1]),
        instance_rows=tuple(csv_rows(files["evidence/instances.csv"])[1])
        if kind == "instance"
        else (),
        overlays=overlays,
        pictures=pictures,
        files=files,
        digests={name: digest(content) for name, content in sorted(every.items())},
        tool_version="0.1.0",
        confusion_rows=tuple(csv_rows(files["evidence/class_confusion.csv"])[1])
        if evidence.confusion is not None
        else (),
        curve_rows=tuple(csv_rows(files["evidence/curves.csv"])[1]) if evidence.curve_rows else (),
    )


@pytest.fixture(scope="session")
def contents_of() -> Callable[..., RecordContents]:
    """Return `make_contents`."""
    return make_contents


@pytest.fixture(scope="session")
def instance_contents() -> RecordContents:
    """Return the instance study: 48 cases, 8 donors, one failed case."""
    return _study("instance")


@pytest.fixture(scope="session")
def semantic_contents() -> RecordContents:
    """Return the semantic study on the same images."""
    return _study("semantic")


@functools.cache
def _study(kind: str) -> RecordContents:
    return make_contents(kind)
