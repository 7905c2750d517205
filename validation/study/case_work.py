"""What is done with one case: read, segment, check, reduce to a table, keep the prediction.

An image that stops the model, or a prediction that cannot be measured, is an outcome like
any other: it names the stage and what happened, and keeps the reference's own table.
"""

import errno
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from validation import clock, workspace
from validation.evidence.further_tables import FurtherTables
from validation.evidence.gate import problems_of
from validation.evidence.measure import Table, matching_rule
from validation.evidence.overlap import (
    ConfusionTable,
    OverlapTable,
    confusion_table,
    confusion_table_without_prediction,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.evidence.pair_distances import (
    PairDistanceTable,
    pair_distance_table,
    pair_unit,
)
from validation.evidence.panoptic_table import (
    PanopticTable,
    panoptic_table,
    panoptic_table_without_prediction,
)
from validation.evidence.separability import SeparationTable
from validation.evidence.surface import SurfaceTable, surface_table, surface_terms
from validation.inference.adapters import segmenter_for
from validation.inference.segmenter import (
    Segmentation,
    SegmentationFailure,
    Segmenter,
)
from validation.plan.protocol import Protocol
from validation.record import digest
from validation.study.opening import ModelContent
from validation.study.reading import CaseReader, Unreadable
from validation.study.separation import separation_of
from validation.study.stored_predictions import encode_prediction
from validation.testset.annotations import Annotation, ClassMap, ObjectSet, PanopticMap
from validation.testset.cases import Case
from validation.testset.formats import coco


@dataclass
class CaseWork:
    """The work of a run on each of its cases; picklable, the model is loaded by `prepare`."""

    protocol: Protocol
    root: Path
    digests: dict[str, str]
    """Locked digests by path."""
    cases: tuple[Case, ...]
    model: ModelContent
    model_path: Path
    """Where stored predictions are read from (predictions adapter)."""
    output: Path
    """Folder that predictions are written to."""
    _segmenter: Segmenter | None = None
    _reader: CaseReader | None = None

    def prepare(self) -> None:
        """Load the model, and the COCO reference where there is one; once a process."""
        if self._segmenter is not None:
            return
        standard = self.protocol.test_set.reference_standard
        content, objects = None, None
        if standard.format == "coco" and standard.file is not None:
            content = workspace.read(self.root / standard.file, "the COCO reference")
            objects = coco.read_reference(
                content,
                cases=self.cases,
                classes=self.protocol.classes,
                file=standard.file,
            ).objects
        self._reader = CaseReader(self.root, self.digests, self.protocol, objects)
        self._segmenter = segmenter_for(
            self.protocol,
            model_content=self.model.content,
            cases=self.cases,
            read_prediction=self._stored_prediction,
            coco_reference=content,
        )

    def _stored_prediction(self, name: str) -> bytes:
        """Return a file of the predictions' folder, held against the digest that was checked."""
        if name not in self.model.digests:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        content = (self.model_path / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.model.digests[name]:
            raise OSError(errno.EIO, "it changed after its digest was checked", name)
        return content

    @property
    def segmenter(self) -> Segmenter:
        """The model under test."""
        if self._segmenter is None:
            raise RuntimeError("prepare() comes first")
        return self._segmenter

    @property
    def reader(self) -> CaseReader:
        """What reads the cases' files."""
        if self._reader is None:
            raise RuntimeError("prepare() comes first")
        return self._reader

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded model behind on the way to a worker process."""
        return {**self.__dict__, "_segmenter": None, "_reader": None}

    def __call__(self, case: Case) -> dict[str, Any]:
        """Return the outcome of a case as JSON values.

        Returns:
            ``status`` is ``measured`` with ``timing``, ``table``, ``prediction`` and
            ``scores_are_constant``, and ``pair_distances``, None where the protocol does not
            ask for them; or ``failed`` with ``stage``, ``what`` and the
            ``table`` of the reference alone (None where it cannot be read either). With
            either, ``surfaces``, None where there are none, and ``separation``, None where
            the reference cannot be read.
        """
        reader = self.reader
        reference: Annotation | None = None
        started = clock.monotonic_ms()
        try:
            image = reader.image(case)
            read_ms = clock.monotonic_ms() - started
            shape = (image.shape[0], image.shape[1])
            reference = reader.reference(case, shape)
            segmentation = self.segmenter.segment(case, image)
            self._pass_gate(case, segmentation.prediction, shape)
        except Unreadable as error:
            return self._failed(case, "read", str(error), reference)
        except SegmentationFailure as failure:
            return self._failed(case, failure.stage, failure.what, reference)
        timing = replace(segmentation.timing, read_ms=read_ms)
        return self._measured(case, reference, replace(segmentation, timing=timing))

    def _pass_gate(self, case: Case, prediction: Annotation, shape: tuple[int, int]) -> None:
        where, count = f"prediction of {case.case_id}", len(self.protocol.classes)
        found = problems_of(prediction, where=where, shape=shape, class_count=count)
        if found:
            raise SegmentationFailure("prediction", "; ".join(one.what for one in found))

    def _measured(
        self, case: Case, reference: Annotation, segmentation: Segmentation
    ) -> dict[str, Any]:
        name, content = encode_prediction(
            case.case_id, segmentation.prediction, self.protocol.classes
        )
        workspace.write_again(self.output / name, content)
        table = _table(case, reference, segmentation.prediction, len(self.protocol.classes))
        timing = segmentation.timing
        return {
            "status": "measured",
            "timing": {
                "read_ms": timing.read_ms,
                "preprocess_ms": timing.preprocess_ms,
                "inference_ms": timing.inference_ms,
                "postprocess_ms": timing.postprocess_ms,
            },
            "table": table.to_dict(),
            **self._further(case, reference, segmentation.prediction),
            "pair_distances": self._pair_distances(table, reference, segmentation.prediction),
            "prediction": {"file": name, "digest": digest(content)},
            "scores_are_constant": segmentation.scores_are_constant,
        }

    def _pair_distances(
        self, table: Table, reference: Annotation, prediction: Annotation
    ) -> dict[str, Any] | None:
        """Return the distances of pairs of objects; None where they are not asked for."""
        if pair_unit(self.protocol) is None or not isinstance(table, OverlapTable):
            return None
        if not (isinstance(reference, ObjectSet) and isinstance(prediction, ObjectSet)):
            return None
        rule = matching_rule(self.protocol)
        return pair_distance_table(table, reference, prediction, rule).to_dict()

    def _failed(
        self, case: Case, stage: str, what: str, reference: Annotation | None
    ) -> dict[str, Any]:
        if reference is None:
            reference = self._reference_alone(case)
        table = None
        if reference is not None:
            table = _table_without_prediction(case, reference, len(self.protocol.classes))
        return {
            "status": "failed",
            "stage": stage,
            "what": what,
            "table": None if table is None else table.to_dict(),
            **self._further(case, reference, None),
        }

    def _further(
        self, case: Case, reference: Annotation | None, prediction: Annotation | None
    ) -> dict[str, Any]:
        """Return the tables beside the confusion or the overlaps; an empty prediction if none."""
        surfaces: dict[str, Any] | None = None
        count, test_set = len(self.protocol.classes), self.protocol.test_set
        classes = _classes(reference)
        if classes is not None:
            terms = surface_terms(self.protocol.analysis, test_set.pixel_spacing_um)
            found = _classes(prediction) or ClassMap(np.zeros_like(classes.classes))
            if terms is not None:
                surfaces = surface_table(case.case_id, classes, found, count, terms).to_dict()
        separation = None
        if reference is not None:
            separation = separation_of(self.reader, self.protocol, case, reference)
        return {
            "surfaces": surfaces,
            "separation": None if separation is None else separation.to_dict(),
        }

    def _reference_alone(self, case: Case) -> Annotation | None:
        """Return the reference of a case whose image cannot be read, if it can be read itself."""
        try:
            return self.reader.reference(case, self.reader.reference_shape(case))
        except Unreadable:
            return None


def _table(case: Case, reference: Annotation, prediction: Annotation, class_count: int) -> Table:
    if isinstance(reference, ClassMap) and isinstance(prediction, ClassMap):
        return confusion_table(case.case_id, reference, prediction, class_count)
    if isinstance(reference, ObjectSet) and isinstance(prediction, ObjectSet):
        return overlap_table(case.case_id, reference, prediction)
    if isinstance(reference, PanopticMap) and isinstance(prediction, PanopticMap):
        return panoptic_table(case.case_id, reference, prediction, class_count)
    raise TypeError("reference and prediction are of different kinds")


def _table_without_prediction(case: Case, reference: Annotation, class_count: int) -> Table:
    if isinstance(reference, ClassMap):
        return confusion_table_without_prediction(case.case_id, reference, class_count)
    if isinstance(reference, ObjectSet):
        return overlap_table_without_prediction(case.case_id, reference)
    return panoptic_table_without_prediction(case.case_id, reference, class_count)


def _classes(annotation: Annotation | None) -> ClassMap | None:
    """Return the classes of pixels that an annotation is or holds; None where it has none."""
    if isinstance(annotation, PanopticMap):
        return annotation.classes
    return annotation if isinstance(annotation, ClassMap) else None


def further_of(outcomes: Mapping[str, Mapping[str, Any]]) -> FurtherTables:
    """Return the tables beside the confusions and overlaps, from outcomes by case id."""
    surfaces, separations, pairs = {}, {}, {}
    for case_id, outcome in outcomes.items():
        if outcome.get("surfaces") is not None:
            surfaces[case_id] = SurfaceTable.from_dict(outcome["surfaces"])
        if outcome.get("separation") is not None:
            separations[case_id] = SeparationTable.from_dict(outcome["separation"])
        if outcome.get("pair_distances") is not None:
            pairs[case_id] = PairDistanceTable.from_dict(outcome["pair_distances"])
    return FurtherTables(surfaces, separations, pairs)


def table_of(outcome: dict[str, Any], protocol: Protocol) -> Table | None:
    """Return the table of an outcome; None for a failed case without a readable reference."""
    if outcome["table"] is None:
        return None
    kinds: dict[str, type[ConfusionTable | OverlapTable | PanopticTable]] = {
        "semantic": ConfusionTable,
        "instance": OverlapTable,
        "panoptic": PanopticTable,
    }
    return kinds[protocol.method.kind].from_dict(outcome["table"])
