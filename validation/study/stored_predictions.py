"""How predictions are kept in a record: files that anyone can open, and read again.

A class map is a PNG of the protocol's class values, a panoptic map one of the values of its
segments. Objects that do not overlap are a 16-bit
PNG of ids; objects that do are a JSON list in the form of COCO results. Scores of objects in
PNGs stand in ``scores.csv``. The ``predictions`` adapter reads all of it.
"""

import io
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco_mask

from validation.evidence.csv_text import csv_bytes
from validation.evidence.overlap import OverlapTable
from validation.plan.protocol import Protocol, SegmentedClass
from validation.record import readable_json
from validation.testset.annotations import Annotation, ClassMap, ObjectSet, PanopticMap, Rle
from validation.testset.formats.label_maps import read_class_map, read_label_map
from validation.testset.formats.panoptic_maps import read_panoptic_map

if TYPE_CHECKING:
    from validation.evidence.rows import Row

_LARGEST_ID = 65535


def encode_prediction(
    case_id: str, prediction: Annotation, classes: Sequence[SegmentedClass]
) -> tuple[str, bytes]:
    """Return the file name and the bytes under which a prediction is kept.

    Args:
        case_id: The case.
        prediction: What the model returned.
        classes: The protocol's classes, which give the pixel values.
    """
    if isinstance(prediction, ClassMap):
        values = np.array([0, *(one.value for one in classes)], dtype=np.uint16)
        return f"{case_id}.png", _png(values[prediction.classes])
    if isinstance(prediction, PanopticMap):
        return encode_prediction(case_id, prediction.segments, classes)
    if prediction.label_map is not None and prediction.ids.max(initial=0) <= _LARGEST_ID:
        return f"{case_id}.png", _png(prediction.label_map.astype(np.uint16))
    return f"{case_id}.json", readable_json(_coco_results(case_id, prediction, classes))


def decode_prediction(name: str, content: bytes, protocol: Protocol) -> Annotation:
    """Return a prediction that `encode_prediction` kept; objects of PNGs without scores."""
    if name.endswith(".json"):
        return _decoded_results(json.loads(content), protocol)
    if protocol.method.kind == "semantic":
        return read_class_map(content, protocol.classes)
    if protocol.method.kind == "panoptic":
        return read_panoptic_map(content, protocol.classes)
    return read_label_map(content)


def encode_scores(tables: Iterable[OverlapTable]) -> bytes:
    """Return ``scores.csv``: the score of every predicted object, by case and id."""
    rows: list[Row] = [
        {"case_id": table.case_id, "prediction_id": int(one), "score": float(score)}
        for table in sorted(tables, key=lambda table: table.case_id)
        if table.prediction_scores is not None
        for one, score in zip(table.prediction_ids, table.prediction_scores, strict=True)
    ]
    return csv_bytes(("case_id", "prediction_id", "score"), rows)


def _png(values: NDArray[np.uint16]) -> bytes:
    small = values.astype(np.uint8) if values.max(initial=0) < 256 else values  # noqa: PLR2004
    stream = io.BytesIO()
    Image.fromarray(small).save(stream, format="PNG", compress_level=6)
    return stream.getvalue()


def _decoded_results(results: list[dict[str, Any]], protocol: Protocol) -> ObjectSet:
    index = {one.value: position for position, one in enumerate(protocol.classes, start=1)}
    masks = tuple(
        {
            "size": one["segmentation"]["size"],
            "counts": one["segmentation"]["counts"].encode("ascii"),
        }
        for one in results
    )
    rows, columns = masks[0]["size"] if masks else (0, 0)
    return ObjectSet(
        shape=(rows, columns),
        ids=np.array([one["id"] for one in results], dtype=np.int64),
        classes=np.array([index[one["category_id"]] for one in results], dtype=np.int64),
        scores=np.array([one["score"] for one in results], dtype=np.float64),
        masks=masks,
    )


def _coco_results(
    case_id: str, objects: ObjectSet, classes: Sequence[SegmentedClass]
) -> list[dict[str, object]]:
    if objects.scores is None:
        raise ValueError("a prediction has scores")
    return [
        {
            "id": int(one),
            "image_id": case_id,
            "category_id": classes[int(of_class) - 1].value,
            "score": float(score),
            "segmentation": {"size": list(mask["size"]), "counts": _text(mask["counts"])},
        }
        for one, of_class, score, mask in zip(
            objects.ids, objects.classes, objects.scores, _masks(objects), strict=True
        )
    ]


def _masks(objects: ObjectSet) -> Sequence[Rle]:
    """Return a mask for each object, also for those of a label map with ids beyond 16 bits."""
    if objects.masks is not None:
        return objects.masks
    return [
        coco_mask.encode(np.asfortranarray(objects.label_map == one).astype(np.uint8))
        for one in objects.ids
    ]


def _text(counts: bytes | str) -> str:
    return counts.decode("ascii") if isinstance(counts, bytes) else counts
