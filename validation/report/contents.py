"""What a report is made from: the parts of a record, read and parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from validation.evidence.metric_values import MetricValue
from validation.evidence.run_record import RunRecord
from validation.judge.deviations import Deviations
from validation.judge.findings import Findings
from validation.plan.approval import Approval
from validation.plan.protocol import Protocol
from validation.record import Digest, Line, Record
from validation.testset.cases import Case
from validation.testset.leakage_record import Leakage
from validation.testset.lock import Lock
from validation.testset.openings import Opening, Openings

Row = Mapping[str, str]
"""A row of an evidence CSV file: column name to text, as written."""


class Outline(Record):
    """An object, or the pixels of a class that agree or differ, as lines over the image."""

    source: Literal["reference", "prediction", "both"]
    """Who marked it."""
    outcome: Literal[
        "matched",
        "missed",
        "false_positive",
        "merged",
        "split",
        "agreed",
        "missed_pixels",
        "false_pixels",
    ]
    object_id: int | None = None
    """Id of the object, as in ``instances.csv``; none for pixels of a class."""
    is_listed: bool = False
    """A matched object that the report lists."""
    path: Annotated[str, StringConstraints(pattern=r"^(M\d+ \d+([hv]-?\d+|l-?\d+(-| )\d+)*z)+$")]
    """SVG path data in pixels of the image, from the upper left corner of the first pixel."""


class Overlay(Record):
    """A case as the report shows it: its image, with outlines of reference and prediction."""

    file: str
    """Name under ``overlays/`` of the record, e.g. ``D01-03.png``: the image in gray."""
    digest: Digest
    """Digest of that file."""
    case_id: str
    is_worst: bool
    """One of the worst cases; else shown for the objects of it that the report lists."""
    width_px: int
    """Width of the case's image, in which the outlines are."""
    height_px: int
    reduction: int
    """Whole number by which the file is smaller than the image."""
    spacing_um: float | None
    """Side of a pixel in micrometres, for the scale bar; none where it is not known."""
    caption: Line
    """What can be seen, in words, e.g. counts by outcome."""
    rank_reason: Line
    """How good the case is, e.g. ``F1 at IoU 0.5: 0.41``."""
    within_px: float
    """How far outlines may be from the sides of pixels; 0 where they are exact."""
    outlines: tuple[Outline, ...]
    """In the order in which they are drawn."""


class Overlays(Record):
    """The index ``overlays/overlays.json`` of a record."""

    format: Literal["segval/overlays/2"] = "segval/overlays/2"
    overlays: tuple[Overlay, ...]
    """The worst cases first, then the others by id."""


DOCUMENT_FILE = "document.json"
"""What tells the documents that nobody signs from protocol documents and reports."""


class DocumentIndex(Record):
    """``document.json``: what a document is, and what it says that no other file of it holds."""

    format: Literal["segval/document/1"] = "segval/document/1"
    kind: Literal["test-set", "method", "traceability", "choice", "sample-size"]
    source: Literal["protocol", "record", "answers", "assumptions"]
    record_id: str | None
    """Id of the record; None for a protocol."""
    tool_version: str
    trail_id: str = ""
    """Id of the study's audit trail when a protocol's test set was described; empty: none."""
    openings: tuple[Opening, ...] = ()
    """Runs on that test set that the trail knew."""


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
    deviations: Deviations | None = None
    """Departures from the protocol; None where none is recorded."""
    confusion_rows: tuple[Row, ...] = ()
    """Objects by reference and predicted class; empty for semantic protocols and one class."""
    curve_rows: tuple[Row, ...] = ()
    """Points of the curves over all scores; empty where predictions have none."""

    @property
    def ran(self) -> tuple[Case, ...]:
        """The cases that the model was run on: those of the lock, or a subset of them."""
        subset, every = self.findings.subset, self.lock.cases.evaluated
        if subset is None:
            return every
        return tuple(one for one in every if one.case_id in subset.cases)
