"""Networks in ONNX, run by ONNX Runtime.

One thread computes a case, so that results do not depend on how many workers or cores there
are; cases are what is spread over processes. A GPU provider is used where there is one, and
recorded.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation import clock
from validation.errors import RunError
from validation.inference.adapters.postprocess import prediction_of
from validation.inference.adapters.preprocess import network_input
from validation.inference.segmenter import Segmentation, SegmentationFailure, StageTiming
from validation.plan.protocol import ArgmaxPostprocess, OnnxModel, ThresholdPostprocess
from validation.testset.cases import Case

PREFERRED_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")

_RANK = 4
_CHANNELS = {"gray": 1, "rgb": 3}
_LOG_ERRORS_ONLY = 3


class OnnxSegmenter:
    """A network with one image input and one output of channels.

    Args:
        model: The protocol's model.
        content: Bytes of the network; the caller has checked their digest.
        class_names: The protocol's classes, in order.

    Raises:
        RunError: ONNX Runtime cannot load the network, or its input or output is not of the
            shape that the protocol's pre- and post-processing need.
    """

    measures_latency = True

    def __init__(self, model: OnnxModel, content: bytes, *, class_names: Sequence[str]) -> None:
        self._model = model
        self._class_names = tuple(class_names)
        self._session = _session(content, model.file)
        self.providers: tuple[str, ...] = tuple(self._session.get_providers())
        self._input = _only(self._session.get_inputs(), "input", model.file)
        self._output = _only(self._session.get_outputs(), "output", model.file)
        _require_channels(model, self._input, self._output)

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:  # noqa: ARG002
        """Return the segmentation of one image; see `Segmenter.segment`."""
        started = clock.monotonic_ms()
        try:
            values = network_input(image, self._model.preprocess)
        except ValueError as error:
            raise SegmentationFailure("preprocess", str(error)) from error
        prepared = clock.monotonic_ms()
        output = self._run(values)
        inferred = clock.monotonic_ms()
        cropped = output[0, :, : image.shape[0], : image.shape[1]]
        try:
            prediction = prediction_of(cropped, self._model.postprocess, self._class_names)
        except ValueError as error:
            raise SegmentationFailure("postprocess", str(error)) from error
        timing = StageTiming(
            preprocess_ms=prepared - started,
            inference_ms=inferred - prepared,
            postprocess_ms=clock.monotonic_ms() - inferred,
        )
        return Segmentation(prediction, timing)

    def _run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        try:
            outputs = self._session.run([self._output.name], {self._input.name: values})
        except Exception as error:  # ONNX Runtime's own exceptions share no other base.
            raise SegmentationFailure("inference", f"ONNX Runtime: {_line(error)}") from error
        output = np.asarray(outputs[0])
        expected = values.shape[0], values.shape[2:]
        if output.ndim != _RANK or (output.shape[0], output.shape[2:]) != expected:
            raise SegmentationFailure(
                "inference",
                f"output '{self._output.name}' has the shape {output.shape} for an input of "
                f"{values.shape}",
            )
        _require_finite(output, self._output.name)
        return output


def _session(content: bytes, file: str) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = _LOG_ERRORS_ONLY
    available = onnxruntime.get_available_providers()
    providers = [name for name in PREFERRED_PROVIDERS if name in available]
    try:
        return onnxruntime.InferenceSession(content, sess_options=options, providers=providers)
    except Exception as error:  # ONNX Runtime's own exceptions share no other base.
        raise RunError(
            f"ONNX Runtime cannot load the network: {_line(error)}",
            where=file,
            fix="check that the file is a whole ONNX model without external data",
        ) from error


def _only(tensors: Sequence[Any], name: str, file: str) -> Any:  # noqa: ANN401 - untyped
    if len(tensors) != 1:
        names = ", ".join(tensor.name for tensor in tensors)
        raise RunError(f"the network has {len(tensors)} {name}s ({names}), not one", where=file)
    tensor = tensors[0]
    if tensor.type != "tensor(float)" or len(tensor.shape) != _RANK:
        raise RunError(
            f"{name} '{tensor.name}' is {tensor.type} of shape {tensor.shape}; single precision "
            "of shape [images, channels, rows, columns] is needed",
            where=file,
        )
    return tensor


def _require_channels(model: OnnxModel, taken: Any, given: Any) -> None:  # noqa: ANN401
    """Hold the channels against the protocol, where the network states their number."""
    channels = _CHANNELS[model.preprocess.channels]
    if isinstance(taken.shape[1], int) and taken.shape[1] != channels:
        raise RunError(
            f"input '{taken.name}' takes {taken.shape[1]} channels; the protocol prepares "
            f"{channels} ({model.preprocess.channels})",
            where=model.file,
        )
    count, rule = given.shape[1], model.postprocess
    if not isinstance(count, int):
        return
    if isinstance(rule, ArgmaxPostprocess):
        fits, wanted = count == len(rule.channel_classes), f"{len(rule.channel_classes)} channels"
    else:
        highest = (
            rule.channel
            if isinstance(rule, ThresholdPostprocess)
            else max(rule.background_channel, rule.interior_channel)
        )
        fits, wanted = highest < count, f"channel {highest}, counted from 0"
    if not fits:
        raise RunError(
            f"output '{given.name}' has {count} channels; the protocol names {wanted}",
            where=model.file,
        )


def _require_finite(output: NDArray[np.float32], name: str) -> None:
    if np.isfinite(output).all():
        return
    wrong = (~np.isfinite(output)).sum(axis=(0, 2, 3))
    counts = ", ".join(f"{n} in channel {k}" for k, n in enumerate(wrong.tolist()) if n)
    raise SegmentationFailure(
        "inference",
        f"output '{name}' of shape {output.shape} has values that are not finite: {counts}",
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
