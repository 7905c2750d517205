"""What the tests of the evidence share: small protocols, cases and objects."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from validation.evidence.overlap import OverlapTable, overlap_table
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap, ObjectSet, Rle
from validation.testset.cases import Case


def protocol_with(
    kind: str = "instance",
    classes: tuple[str, ...] = ("nucleus",),
    subgroups: tuple[str, ...] = (),
    matching: dict[str, Any] | None = None,
    stuff: tuple[str, ...] = (),
    **analysis: Any,
) -> Protocol:
    """Return a protocol with everything that the evidence does not look at filled in."""
    rule = {
        "algorithm": "greedy_by_score",
        "iou_threshold": 0.5,
        "further_iou_thresholds": (0.75,),
        "score_threshold": 0.5,
        "maximum_detections": 100,
        "merge_split_fraction": 0.75,
        **(matching or {}),
    }
    plan = {
        "confidence_level": 0.95,
        "interval_method": "percentile_bootstrap",
        "resampling_unit": "case",
        "replicates": 200,
        "seed": 7,
        "undefined_values": "leave_out",
        "failed_cases": "count_as_empty",
        "presence_minimum_area_px": None,
        "matching": rule if kind != "semantic" else None,
        "rationale": "-",
        "sample_size_rationale": "-",
        **analysis,
    }
    digest = "sha256:" + "0" * 64
    return Protocol.model_validate(
        {
            "format": "segval/protocol/1",
            "document": {
                "number": "VP-1",
                "report_number": "VR-1",
                "revision": "1",
                "title": "t",
                "organisation": "o",
            },
            "device": {
                "name": "d",
                "version": "1",
                "intended_use": "u",
                "use_environment": "e",
                "users": "u",
            },
            "method": {"kind": kind, "justification": "j", "not_chosen": "n"},
            "model": {
                "adapter": "predictions",
                "name": "m",
                "version": "1",
                "format": "label_maps",
                "location": "p",
                "digest": digest,
                "produced_by": "p",
            },
            "test_set": {
                "id": "T",
                "title": "t",
                "root": "r",
                "case_table": "c.csv",
                "folders": ["f"],
                "reference_standard": {
                    "format": "label_map",
                    "standing": "exact_truth",
                    "origin": "o",
                    "annotators": [],
                    "uncertainty": "u",
                },
                "provenance": "p",
                "independence": "i",
                "licence": "l",
                "simulated": True,
            },
            "classes": [
                {"name": name, "description": "d", "value": value, "role": _role(kind, name, stuff)}
                for value, name in enumerate(classes, start=1)
            ],
            "requirements": [{"id": "R-1", "text": "t"}],
            "risks": [],
            "analysis": plan,
            "subgroups": subgroups,
            "criteria": [
                {
                    "id": "AC-1",
                    "requirements": ["R-1"],
                    "metric": "recall",
                    "direction": "at_least",
                    "bound": 0.5,
                    "judged_on": "value",
                    "rationale": "r",
                }
            ],
            "limits": "l",
            "signatories": [{"role": "author", "title": "t", "meaning": "m"}],
        }
    )


def _role(kind: str, name: str, stuff: tuple[str, ...]) -> str | None:
    if kind != "panoptic":
        return None
    return "stuff" if name in stuff else "thing"


def case(case_id: str, subject_id: str | None = None, **attributes: str) -> Case:
    return Case(
        case_id=case_id,
        image="i.png",
        reference="r.png",
        subject_id=subject_id,
        attributes=attributes,
    )


def class_map(rows: list[list[int]], ignored: list[list[int]] | None = None) -> ClassMap:
    """Return a class map; a 1 in `ignored` marks a pixel that is not evaluated."""
    hidden = None if ignored is None else np.array(ignored, bool)
    return ClassMap(np.array(rows, np.uint8), hidden)


def strips(
    *spans: tuple[int, int],
    length: int = 100,
    scores: list[float] | None = None,
    classes: list[int] | None = None,
    ignored: list[int] | None = None,
    ids: list[int] | None = None,
) -> ObjectSet:
    """Return objects on an image of one row: each the pixels from `start` up to `stop`.

    One row is enough for every overlap there is, and can be worked by hand. The masks are
    run-length masks, so that they may overlap.
    """
    masks = np.zeros((1, length, len(spans)), np.uint8, order="F")
    for number, (start, stop) in enumerate(spans):
        masks[0, start:stop, number] = 1
    numbers = ids or list(range(1, len(spans) + 1))
    return ObjectSet(
        shape=(1, length),
        ids=np.array(numbers, np.int64),
        classes=np.array(classes or [1] * len(spans), np.int64),
        scores=None if scores is None else np.array(scores, np.float64),
        ignored=None if ignored is None else np.array(ignored, bool),
        masks=tuple(coco_mask.encode(masks)) if spans else (),
    )


def strip_table(
    reference: list[tuple[int, int]],
    prediction: list[tuple[int, int]],
    case_id: str = "C-1",
    *,
    scores: list[float] | None = None,
    ignored: list[int] | None = None,
) -> OverlapTable:
    """Return the table of strips of one class; scores are 0.9 unless given."""
    found = strips(*prediction, scores=scores or [0.9] * len(prediction))
    return overlap_table(case_id, strips(*reference, ignored=ignored), found)


def decoded(mask: Rle) -> np.ndarray:
    """Return the pixels of a run-length mask; pycocotools 2.0.11 warns of numpy 2 there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pixels: np.ndarray = coco_mask.decode(mask)
    return pixels


def random_objects(
    generator: np.random.Generator,
    count: int,
    *,
    classes: int = 1,
    size: int = 40,
    score_levels: int | None = None,
    ignored_share: float = 0.0,
) -> ObjectSet:
    """Return overlapping rectangles with random classes and scores.

    With `score_levels` there are only that many different scores, so that many are equal.
    """
    masks = np.zeros((size, size, count), np.uint8, order="F")
    for number in range(count):
        top, left = generator.integers(0, size - 8, 2)
        height, width = generator.integers(3, 9, 2)
        masks[top : top + height, left : left + width, number] = 1
    scores = generator.random(count)
    if score_levels:
        scores = np.floor(scores * score_levels) / score_levels
    return ObjectSet(
        shape=(size, size),
        ids=np.arange(1, count + 1, dtype=np.int64),
        classes=generator.integers(1, classes + 1, count),
        scores=scores,
        ignored=generator.random(count) < ignored_share,
        masks=tuple(coco_mask.encode(masks)) if count else (),
    )


def jittered(generator: np.random.Generator, objects: ObjectSet, extra: int) -> ObjectSet:
    """Return a prediction of `objects`: most of them moved by a pixel or so, and some more."""
    pixels = [decoded(mask) for mask in objects.masks or ()]
    moved = [
        np.roll(mask, generator.integers(-1, 2, 2), (0, 1))
        for mask in pixels
        if generator.random() < 0.9
    ]
    others = random_objects(generator, extra, size=objects.shape[0])
    moved += [decoded(mask) for mask in others.masks or ()]
    count = len(moved)
    masks = np.asfortranarray(np.stack(moved, axis=2)) if moved else None
    return ObjectSet(
        shape=objects.shape,
        ids=np.arange(1, count + 1, dtype=np.int64),
        classes=generator.integers(1, int(objects.classes.max(initial=1)) + 1, count),
        scores=np.round(generator.random(count), 1),
        masks=tuple(coco_mask.encode(masks)) if masks is not None else (),
    )


@pytest.fixture(scope="session")
def make_protocol() -> Callable[..., Protocol]:
    return protocol_with


@pytest.fixture(scope="session")
def make_case() -> Callable[..., Case]:
    return case


@pytest.fixture(scope="session")
def make_class_map() -> Callable[..., ClassMap]:
    return class_map


@pytest.fixture(scope="session")
def make_strips() -> Callable[..., ObjectSet]:
    return strips


@pytest.fixture(scope="session")
def make_strip_table() -> Callable[..., OverlapTable]:
    return strip_table


@pytest.fixture(scope="session")
def make_random_objects() -> Callable[..., ObjectSet]:
    return random_objects


@pytest.fixture(scope="session")
def make_jittered() -> Callable[..., ObjectSet]:
    return jittered


@pytest.fixture(scope="session")
def pixels_of() -> Callable[[Rle], np.ndarray]:
    return decoded


@pytest.fixture(scope="session")
def two_class_tables(make_strips: Callable[..., ObjectSet]) -> list[OverlapTable]:
    """Two cases of two classes, in which one object is found as one of the other class."""
    return [
        overlap_table(
            "A",
            make_strips((0, 10), (20, 30), (40, 50), classes=[1, 1, 2]),
            make_strips(
                (0, 10), (20, 30), (40, 48), (60, 70),
                classes=[1, 2, 2, 1], scores=[0.9, 0.8, 0.7, 0.6],
            ),
        ),
        overlap_table(
            "B",
            make_strips((0, 10), (30, 40), classes=[2, 1]),
            make_strips((0, 10), (80, 90), classes=[2, 1], scores=[0.9, 0.3]),
        ),
    ]  # fmt: skip
