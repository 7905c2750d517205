"""Adapters: models under test of each kind that a protocol can name."""

from collections.abc import Callable, Sequence

from validation.errors import RunError
from validation.inference.segmenter import Segmenter
from validation.plan.protocol import OnnxModel, PredictionsModel, Protocol, PythonModel
from validation.testset.cases import Case

__all__ = ["segmenter_for"]


def segmenter_for(
    protocol: Protocol,
    *,
    model_content: bytes | None,
    cases: Sequence[Case] = (),
    read_prediction: Callable[[str], bytes] | None = None,
    coco_reference: bytes | None = None,
) -> Segmenter:
    """Return the protocol's model, loaded and ready to run.

    The caller has checked digests: what is handed in is what runs.

    Args:
        protocol: The protocol.
        model_content: Bytes of the network, of the Python source or of the COCO results
            file; None for folders of predictions.
        cases: Every case, for predictions that are joined to cases by a COCO file.
        read_prediction: Returns a file of the predictions' folder by name
            (``<case_id>.png``, ``scores.csv``); raises FileNotFoundError where it is missing.
        coco_reference: The reference file whose image ids COCO results use; None where the
            reference standard is not a COCO file (results then name images by case id).

    Raises:
        RunError: The model cannot be loaded, or does not fit the protocol.
        ValueError: An argument that this kind of model needs is missing.
    """
    model = protocol.model
    if isinstance(model, PredictionsModel):
        from validation.inference.adapters.predictions import predictions_segmenter

        return predictions_segmenter(
            protocol,
            model,
            content=model_content,
            cases=cases,
            read=read_prediction,
            coco_reference=coco_reference,
        )
    if model_content is None:
        raise ValueError(f"the {model.adapter} adapter needs the bytes of {model.file}")
    return _loaded(protocol, model, model_content)


def _loaded(protocol: Protocol, model: OnnxModel | PythonModel, content: bytes) -> Segmenter:
    if isinstance(model, PythonModel):
        from validation.inference.adapters.python import PythonSegmenter

        return PythonSegmenter(
            model,
            content,
            classes=protocol.classes,
            kind=protocol.method.kind,
        )
    from validation.inference.adapters.onnx import OnnxSegmenter

    gives = "instance" if model.postprocess.kind == "watershed" else "semantic"
    if gives != protocol.method.kind:
        raise RunError(
            f"post-processing '{model.postprocess.kind}' gives {gives} segmentation, the method "
            f"is {protocol.method.kind}",
            where="model.postprocess",
            fix="change the post-processing, or the method",
        )
    return OnnxSegmenter(model, content, class_names=protocol.class_names())
