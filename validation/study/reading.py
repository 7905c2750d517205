"""Reading one case: image, reference and region, each hashed as it is decoded.

The bytes that are hashed are the bytes that are decoded: a file that changed between the
check of the lock and its use is caught here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from validation.evidence.gate import problems_of
from validation.plan.protocol import Protocol
from validation.testset.annotations import Annotation, ClassMap, ObjectSet
from validation.testset.cases import Case
from validation.testset.formats.images import decode_image
from validation.testset.formats.label_maps import read_class_map, read_label_map, read_region
from validation.testset.formats.panoptic_maps import read_panoptic_map


class Unreadable(Exception):  # noqa: N818 - it is a finding, not an error of the tool
    """A file of a case cannot be used; the message says which and why."""


@dataclass(frozen=True)
class CaseReader:
    """Reads the files of cases below a root."""

    root: Path
    digests: Mapping[str, str]
    """Locked digests by path."""
    protocol: Protocol
    coco: Mapping[str, ObjectSet] | None = None
    """Reference objects by case, where one COCO file holds them."""

    def image(self, case: Case) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return the image of a case.

        Raises:
            Unreadable: It cannot be read or decoded, or is not the locked file.
        """
        content = self._content(case.image)
        try:
            return decode_image(content)
        except ValueError as error:
            raise Unreadable(f"{case.image}: {error}") from error

    def reference(self, case: Case, shape: tuple[int, int]) -> Annotation:
        """Return the reference standard of a case, with what lies outside its region ignored.

        Raises:
            Unreadable: It cannot be read, does not fit the image, or fails the gate.
        """
        annotation = self._annotation(case)
        if annotation.shape != shape:
            raise Unreadable(
                f"{case.reference or 'the reference'} has {_size(annotation.shape)}, "
                f"its image {_size(shape)}"
            )
        if isinstance(annotation, ClassMap):
            annotation = self._within_region(case, annotation)
        problems = problems_of(
            annotation,
            where=case.reference or case.case_id,
            shape=shape,
            class_count=len(self.protocol.classes),
        )
        if problems:
            said = "; ".join(f"{one.where}: {one.what}" for one in problems)
            raise Unreadable(f"the reference standard cannot be used: {said}")
        return annotation

    def reference_shape(self, case: Case) -> tuple[int, int]:
        """Return rows and columns of the reference of a case, whatever its image says.

        Raises:
            Unreadable: It cannot be read.
        """
        return self._annotation(case).shape

    def objects(self, case: Case) -> ObjectSet | None:
        """Return the reference objects of a case, whole; None where it does not tell them apart.

        Raises:
            Unreadable: It cannot be read.
        """
        if self.coco is not None:
            return self.coco[case.case_id]
        standard = self.protocol.test_set.reference_standard
        if standard.format == "class_map" or case.reference is None:
            return None
        try:
            return read_label_map(self._content(case.reference))
        except ValueError as error:
            raise Unreadable(f"{case.reference}: {error}") from error

    def _annotation(self, case: Case) -> Annotation:
        if self.coco is not None:
            return self.coco[case.case_id]
        if case.reference is None:
            raise Unreadable("the case names no reference")
        content = self._content(case.reference)
        try:
            return self._decoded(content)
        except ValueError as error:
            raise Unreadable(f"{case.reference}: {error}") from error

    def _decoded(self, content: bytes) -> Annotation:
        protocol = self.protocol
        form, ignore_value = protocol.test_set.reference_standard.format, protocol.ignore_value
        if form == "panoptic_map":
            return read_panoptic_map(
                content, protocol.classes, ignore_value=ignore_value, is_reference=True
            )
        if form == "class_map":
            return read_class_map(content, protocol.classes, ignore_value)
        objects = read_label_map(content)
        if protocol.method.kind == "instance":
            return objects
        if objects.label_map is None:
            raise ValueError("a label map is needed")
        return ClassMap((objects.label_map > 0).astype(np.uint8))

    def _within_region(self, case: Case, annotation: ClassMap) -> ClassMap:
        if case.region is None:
            return annotation
        content = self._content(case.region)
        try:
            outside = ~read_region(content)
        except ValueError as error:
            raise Unreadable(f"{case.region}: {error}") from error
        if outside.shape != annotation.shape:
            sizes = f"{outside.shape} and {annotation.shape}"
            raise Unreadable(f"{case.region} and {case.reference} differ in size: {sizes}")
        ignored = outside if annotation.ignored is None else outside | annotation.ignored
        return ClassMap(annotation.classes, ignored)

    def _content(self, path: str) -> bytes:
        try:
            content = (self.root / path).read_bytes()
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != self.digests.get(path):
            raise Unreadable(f"{path} changed after its digest was checked")
        return content


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[0]} rows and {shape[1]} columns"
