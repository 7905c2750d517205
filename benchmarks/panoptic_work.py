"""What the panoptic benchmark measures: label maps to pairs and panoptic quality.

The peer is written here, independently of `validation`, with numpy alone.
"""

import time
from typing import Any

import numpy as np

from benchmarks.workload import label_maps
from validation.evidence.object_pool import object_pool
from validation.evidence.overlap import OverlapTable, overlap_table
from validation.evidence.pooled_matching import Cells, pair_objects
from validation.testset.annotations import ObjectSet

_SIDE = 512


def ours(maps: str, objects: str) -> dict[str, Any]:
    """Return panoptic quality of each pair of maps, and the time of one, from our tables."""
    pairs = label_maps(int(maps), objects=int(objects), side=_SIDE)
    sets = [(_set(one), _set(other)) for one, other in pairs]
    started = time.process_time()
    return _result(_qualities([overlap_table("C", *one) for one in sets]), started)


def plain(maps: str, objects: str) -> dict[str, Any]:
    """Return the same from a plain contingency of unique pairs of ids."""
    pairs = label_maps(int(maps), objects=int(objects), side=_SIDE)
    started = time.process_time()
    return _result([_plain_quality(one, other) for one, other in pairs], started)


def _result(qualities: list[float], started: float) -> dict[str, Any]:
    took = time.process_time() - started
    return {"quality": qualities, "ms_each": 1000 * took / max(1, len(qualities)), "cpu_s": took}


def _set(label_map: np.ndarray) -> ObjectSet:
    ids = np.flatnonzero(np.bincount(label_map.ravel()))
    ids = ids[ids > 0].astype(np.int64)
    return ObjectSet(
        label_map.shape, ids, np.ones(len(ids), np.int64), np.ones(len(ids)), label_map=label_map
    )


def _qualities(tables: list[OverlapTable]) -> list[float]:
    pool = object_pool(tables, 1)
    used = np.ones(len(pool.scores), bool)
    pairs = pair_objects(pool, Cells(np.array([0.5]), 1), is_used=used).pairs_at(0)
    case = pool.references.case[pool.pairs.reference[pairs]]
    matched = np.bincount(case, minlength=len(tables))
    iou = np.bincount(case, weights=pool.iou[pairs], minlength=len(tables))
    objects = np.diff(pool.references.first) + np.diff(pool.predictions.first)
    qualities: list[float] = (iou / (matched + (objects - 2 * matched) / 2)).tolist()
    return qualities


def _plain_quality(reference: np.ndarray, prediction: np.ndarray) -> float:
    shift = int(prediction.max()) + 1
    cells, counts = np.unique(reference.astype(np.int64) * shift + prediction, return_counts=True)
    rows, columns = cells // shift, cells % shift
    area = np.bincount(rows, weights=counts)
    found = np.bincount(columns, weights=counts)
    inside = (rows > 0) & (columns > 0)
    shared = counts[inside]
    iou = shared / (area[rows[inside]] + found[columns[inside]] - shared)
    matched = iou >= 0.5
    objects = int((area[1:] > 0).sum()) + int((found[1:] > 0).sum())
    paired = int(matched.sum())
    return float(iou[matched].sum() / (paired + (objects - 2 * paired) / 2))
