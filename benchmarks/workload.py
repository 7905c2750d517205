"""Deterministic workloads: the same seed gives the same bytes.

`coco_files` writes a COCO reference and results of the size and mix of the COCO validation
set: 5,000 images of 480x640, 80 classes with unequal shares, about 36,000 reference objects
(one in a hundred a crowd) and about 107,000 detections, of which most are moved or deformed
copies of reference objects, some of them of another class, and the rest false alarms.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco_mask

ROWS, COLUMNS = 480, 640
CLASSES = 80
_OBJECTS_PER_IMAGE = 7.25
_DETECTIONS_PER_IMAGE = 21.4
_CORNERS = 24


class CocoFiles(NamedTuple):
    """Where a workload lies, and its size."""

    reference: Path
    results: Path
    images: int
    references: int
    detections: int


class _Shapes(NamedTuple):
    """Outlines of objects, and what they are."""

    centre: np.ndarray
    """Column and row; shape (n, 2)."""
    radius: np.ndarray
    """Shape (n, corners)."""
    class_index: np.ndarray


def coco_files(
    folder: Path, *, images: int, reference_as_rle: bool = False, seed: int = 3
) -> CocoFiles:
    """Write a COCO reference and results, and return where.

    Args:
        folder: An existing folder.
        images: Number of images.
        reference_as_rle: Write reference masks as run lengths, not polygons.
        seed: Seed of the generator.
    """
    generator = np.random.default_rng(seed)
    annotations: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image in range(1, images + 1):
        truth = _random_shapes(generator, int(generator.poisson(_OBJECTS_PER_IMAGE)))
        for outline, category in zip(_outlines(truth), truth.class_index.tolist(), strict=True):
            is_crowd = int(generator.random() < 0.01)
            rle = _rle(outline)
            is_rle = reference_as_rle or is_crowd
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": category + 1,
                    "iscrowd": is_crowd,
                    "area": float(coco_mask.area(rle)),
                    "bbox": coco_mask.toBbox(rle).tolist(),
                    "segmentation": _text(rle) if is_rle else [outline],
                }
            )
        found = _detected(generator, truth)
        scores = np.round(generator.beta(1.2, 2.5, len(found.class_index)), 3).tolist()
        for outline, category, score in zip(
            _outlines(found), found.class_index.tolist(), scores, strict=True
        ):
            results.append(
                {
                    "image_id": image,
                    "category_id": category + 1,
                    "segmentation": _text(_rle(outline)),
                    "score": score,
                }
            )
    whole = {
        "images": [
            {"id": one, "file_name": f"{one:06d}.png", "height": ROWS, "width": COLUMNS}
            for one in range(1, images + 1)
        ],
        "categories": [{"id": one, "name": f"class {one}"} for one in range(1, CLASSES + 1)],
        "annotations": annotations,
    }
    reference, prediction = folder / "reference.json", folder / "results.json"
    reference.write_text(json.dumps(whole))
    prediction.write_text(json.dumps(results))
    return CocoFiles(reference, prediction, images, len(annotations), len(results))


def label_maps(
    count: int, *, objects: int, side: int, seed: int = 3
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of label maps: a reference and a prediction that is a little off.

    Args:
        count: Number of pairs.
        objects: Objects of each map.
        side: Rows and columns.
        seed: Seed of the generator.
    """
    generator = np.random.default_rng(seed)
    return [_label_map_pair(generator, objects, side) for _ in range(count)]


def _label_map_pair(
    generator: np.random.Generator, objects: int, side: int
) -> tuple[np.ndarray, np.ndarray]:
    row, column = np.mgrid[:side, :side]
    per_side = int(np.ceil(np.sqrt(objects)))
    step = side / per_side
    maps = np.zeros((2, side, side), np.int32)
    for number in range(objects):
        top, left = (number // per_side + 0.5) * step, (number % per_side + 0.5) * step
        radius = step * generator.uniform(0.25, 0.48)
        for one, reach in enumerate((0.0, step * 0.15)):
            y, x = top + generator.uniform(-reach, reach), left + generator.uniform(-reach, reach)
            near = np.s_[
                max(0, int(y - step)) : int(y + step), max(0, int(x - step)) : int(x + step)
            ]
            inside = (row[near] - y) ** 2 + (column[near] - x) ** 2 <= radius**2
            maps[one][near][inside] = number + 1
    return maps[0], maps[1]


def _random_shapes(generator: np.random.Generator, count: int) -> _Shapes:
    size = np.exp(generator.normal(3.5, 0.85, count)).clip(4, 230)
    wave = 1 + 0.25 * generator.standard_normal((count, _CORNERS)).cumsum(axis=1) / _CORNERS
    share = 1 / np.arange(1, CLASSES + 1)
    return _Shapes(
        generator.random((count, 2)) * (COLUMNS, ROWS),
        size[:, None] * wave.clip(0.4, 1.8),
        generator.choice(CLASSES, count, p=share / share.sum()),
    )


def _detected(generator: np.random.Generator, truth: _Shapes) -> _Shapes:
    count = len(truth.class_index)
    seen = np.repeat(
        np.arange(count), generator.choice([0, 1, 2, 3], count, p=[0.15, 0.5, 0.25, 0.1])
    )
    near = truth.radius[seen]
    size = near.mean(axis=1, keepdims=True)
    moved = truth.centre[seen] + generator.normal(0, 0.12, (len(seen), 2)) * size
    classes = np.where(
        generator.random(len(seen)) < 0.1,
        generator.integers(0, CLASSES, len(seen)),
        truth.class_index[seen],
    )
    alarms = _random_shapes(
        generator, max(0, int(generator.poisson(_DETECTIONS_PER_IMAGE)) - len(seen))
    )
    return _Shapes(
        np.concatenate([moved, alarms.centre]),
        np.concatenate([near * generator.normal(1, 0.1, near.shape), alarms.radius]),
        np.concatenate([classes, alarms.class_index]),
    )


def _outlines(shapes: _Shapes) -> list[list[float]]:
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    corners = shapes.centre[:, None] + shapes.radius[:, :, None] * around
    corners = np.round(corners.clip(0, (COLUMNS, ROWS)), 2)
    kept: list[list[float]] = corners.reshape(len(corners), 2 * _CORNERS).tolist()
    return [one if coco_mask.area(_rle(one)) else _square(one) for one in kept]


def _square(outline: list[float]) -> list[float]:
    x, y = min(outline[0], COLUMNS - 4.0), min(outline[1], ROWS - 4.0)
    return [x, y, x + 3, y, x + 3, y + 3, x, y + 3]


def _rle(outline: list[float]) -> dict[str, Any]:
    rle: dict[str, Any] = coco_mask.frPyObjects([outline], ROWS, COLUMNS)[0]
    return rle


def _text(rle: dict[str, Any]) -> dict[str, Any]:
    return {"size": rle["size"], "counts": rle["counts"].decode()}
