"""Predictions made elsewhere: label maps, class maps, panoptic maps, or a COCO results file."""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.errors import Problem, RunError
from validation.inference.segmenter import (
    Segmentation,
    SegmentationFailure,
    Segmenter,
    StageTiming,
)
from validation.plan.protocol import PredictionsModel, Protocol, SegmentedClass
from validation.testset.annotations import Annotation, ObjectSet
from validation.testset.cases import Case
from validation.testset.formats import coco
from validation.testset.formats.label_maps import read_class_map, read_label_map
from validation.testset.formats.panoptic_maps import read_panoptic_map

ReadPrediction = Callable[[str], bytes]
"""Returns a file of the predictions' folder by name; FileNotFoundError where it is missing."""

SCORES_NAME = "scores.csv"
SCORES_COLUMNS = ("case_id", "prediction_id", "score")


def predictions_segmenter(
    protocol: Protocol,
    model: PredictionsModel,
    *,
    content: bytes | None,
    cases: Sequence[Case],
    read: ReadPrediction | None,
    coco_reference: bytes | None,
) -> Segmenter:
    """Return the adapter for the format that the protocol names; see `segmenter_for`."""
    _require_method(protocol, model)
    if model.format == "coco_results":
        if content is None:
            raise ValueError(f"the adapter needs the bytes of {model.location}")
        images = _images(protocol, cases, coco_reference)
        results = coco.read_results(
            content, images=images, classes=protocol.classes, file=model.location
        )
        return CocoPredictions(results)
    if read is None:
        raise ValueError(f"the adapter needs a reader of the folder {model.location}")
    if model.format == "class_maps":
        return ClassMapPredictions(read, protocol.classes)
    if model.format == "panoptic_maps":
        return PanopticMapPredictions(read, protocol.classes)
    return LabelMapPredictions(read, _scores(read, model.location))


@dataclass(frozen=True)
class ClassMapPredictions:
    """A folder with one class-value image a case."""

    read: ReadPrediction
    classes: Sequence[SegmentedClass]
    measures_latency: bool = False
    providers: tuple[str, ...] = ("predictions read from files",)

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:
        """Return the class map of a case; see `Segmenter.segment`."""
        content = _file_of(case, self.read)
        prediction = _valid(lambda: read_class_map(content, self.classes), case, image)
        return Segmentation(prediction, StageTiming())


@dataclass(frozen=True)
class PanopticMapPredictions:
    """A folder with one panoptic map a case."""

    read: ReadPrediction
    classes: Sequence[SegmentedClass]
    measures_latency: bool = False
    providers: tuple[str, ...] = ("predictions read from files",)

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:
        """Return the segments of a case; see `Segmenter.segment`."""
        content = _file_of(case, self.read)
        prediction = _valid(lambda: read_panoptic_map(content, self.classes), case, image)
        return Segmentation(prediction, StageTiming())


@dataclass(frozen=True)
class LabelMapPredictions:
    """A folder with one instance label image a case, and perhaps scores."""

    read: ReadPrediction
    scores: Mapping[str, Mapping[int, float]] | None
    """Score of each object by case and id; None: there is no ``scores.csv``, and every object
    gets 1.0."""
    measures_latency: bool = False
    providers: tuple[str, ...] = ("predictions read from files",)

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:
        """Return the objects of a case; see `Segmenter.segment`."""
        content = _file_of(case, self.read)
        prediction = _valid(lambda: self._scored(case, read_label_map(content)), case, image)
        return Segmentation(prediction, StageTiming(), scores_are_constant=self.scores is None)

    def _scored(self, case: Case, objects: ObjectSet) -> ObjectSet:
        if self.scores is None:
            return replace(objects, scores=np.ones(len(objects)))
        known = self.scores.get(case.case_id, {})
        ids = objects.ids.tolist()
        missing = [one for one in ids if one not in known]
        extra = sorted(set(known) - set(ids))
        if missing or extra:
            raise ValueError(
                f"{SCORES_NAME} does not fit the label map: missing for {missing[:5]}, without "
                f"object {extra[:5]}"
            )
        return replace(objects, scores=np.array([known[one] for one in ids], np.float64))


@dataclass(frozen=True)
class CocoPredictions:
    """Results of a COCO file; a case that it does not mention has no predicted object."""

    results: Mapping[str, ObjectSet]
    measures_latency: bool = False
    providers: tuple[str, ...] = ("predictions read from files",)

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:
        """Return the objects of a case; see `Segmenter.segment`."""
        found = self.results.get(case.case_id)
        prediction = _valid(lambda: _no_objects(image) if found is None else found, case, image)
        return Segmentation(prediction, StageTiming())


def _require_method(protocol: Protocol, model: PredictionsModel) -> None:
    gives = {"class_maps": "semantic", "panoptic_maps": "panoptic"}.get(model.format, "instance")
    if gives != protocol.method.kind:
        raise RunError(
            f"predictions of format '{model.format}' are {gives} segmentation, the method is "
            f"{protocol.method.kind}",
            where="model.format",
            fix="change the format, or the method",
        )


def _images(
    protocol: Protocol, cases: Sequence[Case], coco_reference: bytes | None
) -> tuple[coco.CocoImage, ...]:
    if coco_reference is None:
        return coco.images_of_cases(cases)
    file = protocol.test_set.reference_standard.file or "reference"
    return coco.read_reference(
        coco_reference, cases=cases, classes=protocol.classes, file=file
    ).images


def _file_of(case: Case, read: ReadPrediction) -> bytes:
    name = f"{case.case_id}.png"
    try:
        return read(name)
    except FileNotFoundError as error:
        raise SegmentationFailure("prediction", f"there is no prediction {name}") from error
    except OSError as error:
        raise SegmentationFailure(
            "prediction", f"{name} cannot be read: {error.strerror}"
        ) from error


def _valid(prediction_of: Callable[[], Annotation], case: Case, image: NDArray[Any]) -> Annotation:
    try:
        prediction = prediction_of()
    except ValueError as error:
        raise SegmentationFailure(
            "prediction", f"the prediction of case {case.case_id}: {error}"
        ) from error
    if prediction.shape != image.shape[:2]:
        raise SegmentationFailure(
            "prediction",
            f"the prediction has {prediction.shape[0]} rows and {prediction.shape[1]} columns, "
            f"the image {image.shape[0]} and {image.shape[1]}",
        )
    return prediction


def _no_objects(image: NDArray[Any]) -> ObjectSet:
    none = np.zeros(0, np.int64)
    return ObjectSet(
        shape=(image.shape[0], image.shape[1]), ids=none, classes=none, scores=np.zeros(0), masks=()
    )


def _scores(read: ReadPrediction, location: str) -> Mapping[str, Mapping[int, float]] | None:
    """Return the scores of a folder's objects; None where it has no ``scores.csv``.

    Raises:
        RunError: With every problem of the file.
    """
    try:
        content = read(SCORES_NAME)
    except FileNotFoundError:
        return None
    where = f"{location}/{SCORES_NAME}"
    scores, problems = _scores_in(content, where)
    if problems:
        raise RunError("the scores cannot be used", where=where, problems=problems)
    return scores


def _scores_in(content: bytes, where: str) -> tuple[dict[str, dict[int, float]], list[Problem]]:
    scores: dict[str, dict[int, float]] = {}
    problems: list[Problem] = []
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return scores, [Problem(where, f"the file is not CSV in UTF-8: {error}")]
    if not rows or tuple(rows[0]) != SCORES_COLUMNS:
        return scores, [Problem(f"{where}:1", f"the columns are not {', '.join(SCORES_COLUMNS)}")]
    for line, row in enumerate(rows[1:], start=2):
        try:
            case_id, prediction_id, score = _score_row(row)
        except ValueError as error:
            problems.append(Problem(f"{where}:{line}", str(error)))
            continue
        if prediction_id in scores.setdefault(case_id, {}):
            problems.append(
                Problem(f"{where}:{line}", f"case {case_id} lists object {prediction_id} twice")
            )
        scores[case_id][prediction_id] = score
    return scores, problems


def _score_row(row: Sequence[str]) -> tuple[str, int, float]:
    if len(row) != len(SCORES_COLUMNS):
        raise ValueError(f"the row has {len(row)} values, not {len(SCORES_COLUMNS)}")
    case_id, prediction_id, written = row
    if not (prediction_id.isascii() and prediction_id.isdigit() and int(prediction_id) > 0):
        raise ValueError(f"prediction_id {prediction_id!r} is not a positive whole number")
    try:
        score = float(written)
    except ValueError as error:
        raise ValueError(f"score {written!r} is not a number") from error
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise ValueError(f"score {written!r} is not in [0, 1]")
    return case_id, int(prediction_id), score
