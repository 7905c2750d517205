"""What a report is made from: the parts of a record, read and parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from validation.evidence.metric_values import MetricValue
from validation.evidence.run_record import RunRecord
from validation.judge.findings import Findings
from validation.plan.approval import Approval
from validation.plan.protocol import Protocol
from validation.record import Line, Record
from validation.testset.leakage_record import Leakage
from validation.testset.lock import Lock
from validation.testset.openings import Opening, Openings

Row = Mapping[str, str]
"""A row of an evidence CSV file: column name to text, as written."""


class Overlay(Record):
    """A picture of a case: the image with outlines of reference and prediction."""

    file: str
    """Name under ``overlays/`` of the record, e.g. ``D01-03.png``."""
    case_id: str
    kind: Literal["outlines"] = "outlines"
    width_px: int
    """Width of the picture; the case's own width times `magnification`."""
    height_px: int
    magnification: int
    """Whole-number enlargement of the case's image."""
    caption: Line
    """What can be seen, in words, e.g. counts by outcome."""
    rank_reason: Line
    """Why the case is shown, e.g. ``lowest F1 at IoU 0.5: 0.41``."""


class Overlays(Record):
    """The index ``overlays/overlays.json`` of a record."""

    format: Literal["segval/overlays/1"] = "segval/overlays/1"
    overlays: tuple[Overlay, ...]
    """Worst case first."""


@dataclass(frozen=True)
class ProtocolContents:
    """What a protocol document is made from: the protocol, its lock, and earlier runs."""

    protocol: Protocol
    lock: Lock
    openings: tuple[Opening, ...]
    """Runs on the test set that the study's audit trail knows, in the order of beginning."""
    trail_id: str
    """Id of that trail; empty where there is none."""
    files: Mapping[str, bytes]
    """Files to embed, by name in a record: ``protocol.yaml`` and those of the lock."""
    digests: Mapping[str, str]
    """``sha256:…`` of each of them."""
    tool_version: str
    leakage: Leakage | None = None
    """What the test set shares with the images of development."""


@dataclass(frozen=True)
class PlannedContents:
    """What documents of a protocol are made from that need no run: the lock may be missing."""

    protocol: Protocol
    lock: Lock | None
    files: Mapping[str, bytes]
    """Files to embed, by name in a record."""
    digests: Mapping[str, str]
    """``sha256:…`` of each of them."""
    tool_version: str
    leakage: Leakage | None = None
    """What the test set shares with the images of development."""


@dataclass(frozen=True)
class RecordContents:
    """The parts of a record, parsed."""

    record_id: str
    protocol: Protocol
    lock: Lock
    environment: Mapping[str, Any]
    """``environment.json`` as written."""
    run: RunRecord
    metrics: tuple[MetricValue, ...]
    """Figures of ``evidence/metrics.json``; timings are in `run`."""
    findings: Findings
    openings: Openings | None
    """Runs on the test set as the audit trail knew them; None in records that hold none."""
    case_rows: tuple[Row, ...]
    class_rows: tuple[Row, ...]
    instance_rows: tuple[Row, ...]
    """Empty for semantic protocols."""
    overlays: tuple[Overlay, ...]
    pictures: Mapping[str, bytes]
    """PNG of each overlay by file name."""
    files: Mapping[str, bytes]
    """Files to embed in the PDF, by name in the record: protocol, lock, evidence, findings."""
    digests: Mapping[str, str]
    """``sha256:…`` of every file of the record but ``record.json`` and the report itself."""
    tool_version: str
    approval: Approval | None = None
    """Approval of the protocol; None: it was not approved, and the run is exploratory."""
    leakage: Leakage | None = None
    """What the test set shares with the images of development; None in records that hold none."""
    confusion_rows: tuple[Row, ...] = ()
    """Objects by reference and predicted class; empty for semantic protocols and one class."""
    curve_rows: tuple[Row, ...] = ()
    """Points of the curves over all scores; empty where predictions have none."""
