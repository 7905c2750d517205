"""What was done: the model that ran, when, by whom, on how many cases, how fast.

Times live here and not among the evidence, so that two runs of the same thing give the
same evidence byte for byte.
"""

from datetime import datetime
from typing import Literal

from validation.evidence.metric_values import MetricValue
from validation.record import Digest, Record


class CaseTiming(Record):
    """How long one case took, by stage, in milliseconds."""

    case_id: str
    read_ms: float
    """Reading, hashing and decoding the image."""
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float

    @property
    def total_ms(self) -> float:
        """Sum of the four stages."""
        return self.read_ms + self.preprocess_ms + self.inference_ms + self.postprocess_ms


class RunRecord(Record):
    """One run of a protocol."""

    format: Literal["segval/run/1"] = "segval/run/1"
    record_id: str
    started_at: datetime
    """UTC, when the run began (the first time, if it was resumed)."""
    finished_at: datetime
    """UTC, when the last case was measured."""
    operator: str
    """User name of whoever ran it."""
    model_name: str
    model_version: str
    model_adapter: str
    model_file: str
    model_digest: Digest
    execution_provider: str
    """What computed, e.g. ``CPUExecutionProvider`` of ONNX Runtime."""
    notes: tuple[str, ...]
    """What a reader has to know about the run, e.g. that all scores are alike."""
    workers: int
    """Processes that shared the cases; more than one slows each case down."""
    resumed: int
    """How often the run was taken up again after an interruption."""
    cases_attempted: int
    cases_failed: int
    case_timings: tuple[CaseTiming, ...]
    """By case id; cases that failed have none."""
    timing: tuple[MetricValue, ...]
    """Summary of the latencies, in the shape of all other figures."""
