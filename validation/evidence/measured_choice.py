"""What a locked reference says to the choice of method, from its tables of objects that touch.

The same tables that a run makes (`validation.evidence.separability`) give the figures that a
protocol states before any run, so that one can be held against the other.
"""

from collections.abc import Mapping, Sequence

from validation.evidence.separability import NO_OBJECTS, SeparationRow, SeparationTable
from validation.plan.method import Measured, MeasuredCase, MeasuredClass

MOST_CASES = 5
"""Cases that are named, those with the largest difference."""


def measured_choice(
    tables: Mapping[str, SeparationTable],
    class_names: Sequence[str],
    *,
    test_set: str,
    manifest_digest: str,
) -> Measured:
    """Return what the reference standard of every case says, all cases together.

    Args:
        tables: Of every evaluated case, by its id.
        class_names: Classes that have objects, in the protocol's order.
        test_set: Id of the test set.
        manifest_digest: Of its lock.

    Raises:
        ValueError: There is no case.
    """
    ordered = [tables[name] for name in sorted(tables)]
    overall = [one.over_classes for one in ordered]
    return Measured(
        test_set=test_set,
        manifest_digest=manifest_digest,
        cases=len(ordered),
        overall=_summed(overall, None),
        classes=tuple(
            _summed([one.rows[number] for one in ordered], name)
            for number, name in enumerate(class_names)
        ),
        largest=_largest(ordered),
        not_known_because=NO_OBJECTS if _has_no_objects(overall) else None,
    )


def _has_no_objects(rows: Sequence[SeparationRow]) -> bool:
    return any(one.objects is None for one in rows)


def _summed(rows: Sequence[SeparationRow], class_name: str | None) -> MeasuredClass:
    components = sum(one.components for one in rows)
    if _has_no_objects(rows):
        return MeasuredClass(
            class_name=class_name,
            objects=None,
            touching=None,
            components=components,
            count_error=None,
            absolute_count_error=None,
            cases_counted_exactly=None,
        )
    differences = [one.count_difference or 0 for one in rows]
    return MeasuredClass(
        class_name=class_name,
        objects=sum(one.objects or 0 for one in rows),
        touching=sum(one.touching or 0 for one in rows),
        components=components,
        count_error=sum(differences),
        absolute_count_error=sum(map(abs, differences)),
        cases_counted_exactly=differences.count(0),
    )


def _largest(tables: Sequence[SeparationTable]) -> tuple[MeasuredCase, ...]:
    """Return the cases with the largest difference, equal ones by id."""
    found = [
        (-abs(one.count_difference), table.case_id, one)
        for table in tables
        for one in [table.over_classes]
        if one.count_difference
    ]
    return tuple(
        MeasuredCase(
            case=case_id,
            objects=one.objects or 0,
            touching=one.touching or 0,
            components=one.components,
        )
        for _, case_id, one in sorted(found, key=lambda entry: entry[:2])[:MOST_CASES]
    )
