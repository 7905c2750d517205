"""A Python callable as the model under test.

The source file is all there is of the model as far as its digest goes, so it is run from its
bytes and gets no ``__file__`` to find other files by. What the callable returns is held to
the same rules as a file of predictions.
"""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from validation import clock
from validation.errors import RunError
from validation.inference.segmenter import Segmentation, SegmentationFailure, StageTiming
from validation.plan.protocol import PythonModel, SegmentedClass
from validation.testset.annotations import Annotation, ObjectSet
from validation.testset.cases import Case
from validation.testset.formats.label_maps import class_map_of, objects_of
from validation.testset.formats.panoptic_maps import panoptic_map_of

_MODULE_NAME = "segval_model_under_test"


class PythonSegmenter:
    """A callable that takes an image and returns labels, classes, segments, or labels and scores.

    It is called as ``callable(image, **parameters)`` with a copy of the image. For method
    ``semantic`` it returns class values (rows, columns); for ``instance`` a label map
    (rows, columns), alone or as ``(label_map, {id: score})``; for ``panoptic`` the values of a
    panoptic map (rows, columns).

    Args:
        model: The protocol's model.
        source: Bytes of the source file; the caller has checked their digest.
        classes: The protocol's classes, in order.
        kind: The protocol's method.

    Raises:
        RunError: The source cannot be run, or does not hold the callable.
    """

    measures_latency = True
    providers: tuple[str, ...] = ("Python",)

    def __init__(
        self,
        model: PythonModel,
        source: bytes,
        *,
        classes: Sequence[SegmentedClass],
        kind: Literal["semantic", "instance", "panoptic"],
    ) -> None:
        self._parameters = dict(model.parameters)
        self._classes = tuple(classes)
        self._kind = kind
        self._callable = _callable(source, model)

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:  # noqa: ARG002
        """Return the segmentation of one image; see `Segmenter.segment`."""
        own = image.copy()
        started = clock.monotonic_ms()
        try:
            returned = self._callable(own, **self._parameters)
        except (Exception, SystemExit) as error:  # The model's code may raise anything.
            raise SegmentationFailure("inference", _last_line(error)) from error
        timing = StageTiming(inference_ms=clock.monotonic_ms() - started)
        try:
            prediction, constant = self._prediction(returned)
            _require_grid(prediction, image)
        except ValueError as error:
            raise SegmentationFailure("prediction", f"the callable returned {error}") from error
        return Segmentation(prediction, timing, scores_are_constant=constant)

    def _prediction(self, returned: object) -> tuple[Annotation, bool]:
        if self._kind == "semantic":
            return class_map_of(_array(returned), self._classes), False
        if self._kind == "panoptic":
            return panoptic_map_of(_array(returned), self._classes), False
        labels, scores = _labels_and_scores(returned)
        objects = objects_of(_array(labels))
        values = np.ones(len(objects)) if scores is None else _score_of_each(objects, scores)
        return objects_of(_array(labels), scores=values), scores is None


def _callable(source: bytes, model: PythonModel) -> Callable[..., object]:
    module = ModuleType(_MODULE_NAME)
    # Dataclasses and pickle look a class's module up by its name.
    sys.modules[_MODULE_NAME] = module
    try:
        code = compile(source, model.file, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 - the model under test, by its digest
    except (Exception, SystemExit) as error:  # The model's code may raise anything.
        raise RunError(
            f"the model's source cannot be run: {_last_line(error)}", where=model.file
        ) from error
    found = getattr(module, model.callable, None)
    if not callable(found):
        raise RunError(f"the file holds no callable '{model.callable}'", where=model.file)
    return found  # type: ignore[no-any-return]


def _array(returned: object) -> NDArray[Any]:
    if not isinstance(returned, np.ndarray):
        raise ValueError(  # noqa: TRY004 - the model's data are wrong, not our call
            f"{type(returned).__name__}, not an integer array"
        )
    return returned


def _labels_and_scores(returned: object) -> tuple[object, Mapping[Any, Any] | None]:
    pair = 2
    if not isinstance(returned, tuple):
        return returned, None
    if len(returned) != pair or not isinstance(returned[1], Mapping):
        raise ValueError("a tuple that is not (label map, {id: score})")
    return returned[0], returned[1]


def _score_of_each(objects: ObjectSet, scores: Mapping[Any, Any]) -> NDArray[np.float64]:
    ids = objects.ids.tolist()
    missing = [one for one in ids if one not in scores]
    extra = sorted(str(one) for one in scores if one not in set(ids))
    if missing or extra:
        raise ValueError(
            f"scores that do not fit the objects: missing for {missing[:5]}, without object "
            f"{extra[:5]}"
        )
    try:
        values = np.array([float(scores[one]) for one in ids], np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"scores that are no numbers: {error}") from error
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("scores that are not in [0, 1]")
    return values


def _require_grid(prediction: Annotation, image: NDArray[Any]) -> None:
    if prediction.shape != image.shape[:2]:
        raise ValueError(
            f"{prediction.shape[0]} rows and {prediction.shape[1]} columns for an image of "
            f"{image.shape[0]} and {image.shape[1]}"
        )


def _last_line(error: BaseException) -> str:
    lines = "".join(traceback.format_exception_only(error)).strip().splitlines()
    return lines[-1][:500] if lines else type(error).__name__
