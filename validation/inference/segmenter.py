"""The model under test, as the tool sees it: an image in, a segmentation or a failure out.

Adapters (`validation.inference.adapters`) fill this interface; whoever drives them reads the
image and turns a failure into a recorded finding.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from validation.testset.annotations import Annotation
from validation.testset.cases import Case

Stage = Literal["read", "preprocess", "inference", "postprocess", "prediction"]
"""Where a case can fail before it is measured; as in `CaseFinding.stage`."""


@dataclass(frozen=True)
class StageTiming:
    """How long each stage of one case took, in milliseconds."""

    read_ms: float = 0.0
    """Reading and decoding the image; filled in by whoever reads it."""
    preprocess_ms: float = 0.0
    """From the decoded image to the model's input."""
    inference_ms: float = 0.0
    """The model itself."""
    postprocess_ms: float = 0.0
    """From the model's output to classes or objects."""

    @property
    def total_ms(self) -> float:
        """Sum of the four stages."""
        return self.read_ms + self.preprocess_ms + self.inference_ms + self.postprocess_ms


@dataclass(frozen=True)
class Segmentation:
    """What the model returned for one case."""

    prediction: Annotation
    """A class map (semantic), objects with scores (instance) or a panoptic map, on the image's
    grid."""
    timing: StageTiming
    """Durations; meaningless where `Segmenter.measures_latency` is False."""
    scores_are_constant: bool = False
    """True when the model gave no scores and every object got 1.0: a ranking, and with it
    average precision, then rests on ids alone, which documents have to say."""


class Segmenter(Protocol):
    """A model that can be run on cases."""

    @property
    def measures_latency(self) -> bool:
        """False where predictions are read from files, so that timings are none."""
        ...

    @property
    def providers(self) -> tuple[str, ...]:
        """What computes, first choice first, e.g. ``("CPUExecutionProvider",)``."""
        ...

    def segment(self, case: Case, image: NDArray[Any]) -> Segmentation:
        """Return the model's segmentation of one image.

        Args:
            case: The case; only adapters that read predictions look at it.
            image: uint8 or uint16, shape (rows, columns) or (rows, columns, 3) RGB.

        Raises:
            SegmentationFailure: The model gives no valid segmentation of this case.
        """
        ...


class SegmentationFailure(Exception):  # noqa: N818 - a result of the model, not an error
    """The model gave no valid segmentation of a case: a finding, not an error of the tool.

    Args:
        stage: Where it failed.
        what: What happened, one clause, lower case.
    """

    def __init__(self, stage: Stage, what: str) -> None:
        self.stage = stage
        self.what = what
        super().__init__(stage, what)

    def __str__(self) -> str:
        """Return the stage and what happened."""
        return f"{self.stage}: {self.what}"
