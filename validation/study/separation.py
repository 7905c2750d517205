"""How far the reference of a case tells its objects apart, for a run and before one."""

from pathlib import Path

from validation import workspace
from validation.errors import Problem, TestSetError
from validation.evidence.further_tables import holds_objects
from validation.evidence.measured_choice import measured_choice
from validation.evidence.separability import SeparationTable, separation_table
from validation.plan.method import Measured
from validation.plan.protocol import Protocol
from validation.study.opening import (
    OpenProtocol,
    differences_from_lock,
    read_case_table,
    read_lock,
    require_locked_cases,
    require_unchanged,
    test_set_root,
)
from validation.study.reading import CaseReader, Unreadable
from validation.testset.annotations import Annotation, ClassMap, ObjectSet, PanopticMap
from validation.testset.cases import Case
from validation.testset.formats import coco


def separation_of(
    reader: CaseReader, protocol: Protocol, case: Case, reference: Annotation
) -> SeparationTable | None:
    """Return how far the reference tells objects apart; None where they cannot be read.

    Args:
        reader: Reads the objects that a class map was made of.
        protocol: Says which classes have objects.
        case: The case.
        reference: Its reference standard, as its method has it.
    """
    count = len(protocol.classes)
    if isinstance(reference, PanopticMap):
        rows = separation_table(case.case_id, reference.objects, count).rows
        things = protocol.thing_names()
        kept = zip(protocol.class_names(), rows, strict=True)
        return SeparationTable(case.case_id, tuple(row for name, row in kept if name in things))
    objects: ObjectSet | ClassMap | None = reference
    if isinstance(reference, ClassMap) and holds_objects(protocol):
        try:
            objects = reader.objects(case)
        except Unreadable:
            objects = None
    return None if objects is None else separation_table(case.case_id, objects, count)


def measured_reference(
    opened: OpenProtocol, data: Path | None, progress: workspace.Progress
) -> Measured:
    """Return what the locked reference standard of a protocol says to the choice of method.

    Every file is held against the lock first. No image and no prediction is looked at.

    Args:
        opened: The protocol.
        data: Folder of the test set, if it does not lie where the protocol says.
        progress: Told how many files are hashed.

    Raises:
        LockError: There is no lock, or protocol or test set differ from it.
        TestSetError: The folder is not there, or references cannot be read; all are named.
    """
    locked = read_lock(opened)
    table, content = read_case_table(opened)
    require_locked_cases(opened.without_measurement(), locked, table, content)
    root = test_set_root(opened, data)
    require_unchanged(differences_from_lock(root, locked, progress), root)
    protocol, cases = opened.protocol, locked.lock.cases.evaluated
    reader = CaseReader(root, locked.digests, protocol, _coco(protocol, root, cases))
    tables: dict[str, SeparationTable] = {}
    problems: list[Problem] = []
    for case in cases:
        try:
            tables[case.case_id] = _table(reader, protocol, case)
        except Unreadable as error:
            problems.append(Problem(f"case {case.case_id}", str(error)))
    if problems:
        said = "the reference standard cannot be measured"
        raise TestSetError(said, where=str(root), problems=problems)
    return measured_choice(
        tables,
        protocol.thing_names(),
        test_set=locked.lock.test_set_id,
        manifest_digest=locked.lock.manifest_digest,
    )


def _table(reader: CaseReader, protocol: Protocol, case: Case) -> SeparationTable:
    reference = reader.reference(case, reader.reference_shape(case))
    table = separation_of(reader, protocol, case, reference)
    if table is None:
        raise Unreadable(f"{case.reference or 'the reference'} holds no objects that can be read")
    return table


def _coco(protocol: Protocol, root: Path, cases: tuple[Case, ...]) -> dict[str, ObjectSet] | None:
    """Return the objects of every case where one COCO file holds them."""
    standard = protocol.test_set.reference_standard
    if standard.format != "coco" or standard.file is None:
        return None
    content = workspace.read(root / standard.file, "the COCO reference")
    found = coco.read_reference(content, cases=cases, classes=protocol.classes, file=standard.file)
    return dict(found.objects)
