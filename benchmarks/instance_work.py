"""What the instance benchmark measures of segval: from two COCO files to evidence.

Like every peer we start from the two files. The annotations are taken as they are: the gate of
`validation.testset.formats.coco`, which no peer has, is not part of what is measured.
"""

import gc
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks.workload import CLASSES
from validation.evidence import coco_statistics
from validation.evidence.class_confusion import class_confusion, confusion_figures
from validation.evidence.instance import ObjectCounts, object_counts, object_figures
from validation.evidence.instance_rows import instance_rows
from validation.evidence.object_pool import ObjectPool, object_pool
from validation.evidence.over_classes import figures_over_classes, pooled_counts
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.evidence.ratios import Figure
from validation.plan.protocol import Matching
from validation.testset.annotations import ObjectSet, Rle

NAMES = tuple(f"class {one}" for one in range(1, CLASSES + 1))
RULE = Matching(
    algorithm="greedy_by_score",
    iou_threshold=0.5,
    further_iou_thresholds=(0.75,),
    score_threshold=0.3,
    maximum_detections=100,
    merge_split_fraction=0.75,
)
_SUMMARY = ("average_precision", "average_recall_1", "average_recall_10", "average_recall")


def evidence(reference: str, results: str) -> list[float]:
    """Return COCO's twelve statistics, having made the evidence of every class.

    Tables of every pair, pairs and outcome of every object, merges, splits, counts, F1, PQ,
    merged and split shares by case and class, COCO's arrays for all classes and sizes.
    """
    pool, counts = counted(reference, results)
    members = np.arange(pool.case_count)
    for position, name in enumerate(NAMES):
        _evaluate(object_figures(counts, members, position, name))
    return _twelve(pool)


def evidence_over_classes(reference: str, results: str) -> list[float]:
    """Return the same, having made the figures over all classes and the confusion, too."""
    pool, counts = counted(reference, results)
    _evaluate(figures(pool, counts))
    return _twelve(pool)


def _evaluate(figures: Iterable[Figure]) -> None:
    for figure in figures:
        figure.value if isinstance(figure.value, int) else figure.value()


def evidence_with_rows(reference: str, results: str) -> int:
    """Return the number of rows of ``instances.csv``, having made them too."""
    pool, counts = counted(reference, results)
    _twelve(pool)
    rows = instance_rows(
        counts.outcomes, class_names=NAMES, subject_ids=[None] * pool.case_count, failed={}
    )
    return sum(len(one) for one in rows)


def figures(pool: ObjectPool, counts: ObjectCounts) -> list[Figure]:
    """Return every figure that is made of sums over cases."""
    members = np.arange(pool.case_count)
    of_classes = [
        figure
        for position, name in enumerate(NAMES)
        for figure in object_figures(counts, members, position, name)
    ]
    confusion = class_confusion(pool, RULE)
    return [
        *of_classes,
        *figures_over_classes(pooled_counts(counts), members, of_classes),
        *confusion_figures(confusion, members, pool.case_count, NAMES),
    ]


def counted(reference: str, results: str) -> tuple[ObjectPool, ObjectCounts]:
    """Return the objects of two COCO files, and their outcomes and counts."""
    pool = object_pool(_tables(reference, results), CLASSES)
    return pool, object_counts(pool, RULE)


def _twelve(pool: ObjectPool) -> list[float]:
    pairing = coco_statistics.pair_detections(pool, RULE.maximum_detections)
    value = {
        (one.metric, one.iou, one.size): -1.0 if one.value is None else one.value
        for one in coco_statistics.figures(coco_statistics.coco_arrays(pairing))
        if one.class_position is None
    }
    sizes = coco_statistics.SIZES[1:]
    return [
        value["average_precision", None, None],
        value["average_precision_at", 0.5, None],
        value["average_precision_at", 0.75, None],
        *(value["average_precision", None, size] for size in sizes),
        value["average_recall_1", None, None],
        value["average_recall_10", None, None],
        value["average_recall", None, None],
        *(value["average_recall", None, size] for size in sizes),
    ]


def _tables(reference: str, results: str) -> list[OverlapTable]:
    gc.disable()  # millions of small objects live until the end: nothing to collect
    try:
        whole = json.loads(Path(reference).read_bytes())
        truth, found = (
            _by_image(whole["annotations"]),
            _by_image(json.loads(Path(results).read_bytes())),
        )
        tables = []
        for image in whole["images"]:
            identity, shape = image["id"], (image["height"], image["width"])
            tables.append(
                overlap_table(
                    f"{identity:06d}",
                    _references(truth.pop(identity, []), shape),
                    _predictions(found.pop(identity, []), shape),
                )
            )
    finally:
        gc.enable()
    return tables


def _by_image(entries: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    by_image = defaultdict(list)
    for entry in entries:
        by_image[entry["image_id"]].append(entry)
    return by_image


def _references(entries: list[dict[str, Any]], shape: tuple[int, int]) -> ObjectSet:
    outlines = [one["segmentation"][0] for one in entries if isinstance(one["segmentation"], list)]
    drawn = iter(coco_mask.frPyObjects(outlines, *shape) if outlines else ())
    return ObjectSet(
        shape,
        np.array([one["id"] for one in entries], np.int64),
        np.array([one["category_id"] for one in entries], np.int64),
        ignored=np.array([one["iscrowd"] for one in entries], bool),
        masks=tuple(
            next(drawn) if isinstance(one["segmentation"], list) else one["segmentation"]
            for one in entries
        ),
    )


def _predictions(entries: list[dict[str, Any]], shape: tuple[int, int]) -> ObjectSet:
    masks: tuple[Rle, ...] = tuple(one["segmentation"] for one in entries)
    return ObjectSet(
        shape,
        np.arange(1, len(entries) + 1),
        np.array([one["category_id"] for one in entries], np.int64),
        np.array([one["score"] for one in entries], np.float64),
        masks=masks,
    )
