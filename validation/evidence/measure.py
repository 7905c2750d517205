"""Cases to evidence: every figure with its interval, every case and object with its row.

`measure` is a pure function of per-case tables, the case table and the protocol. Tables are
taken in the order of case ids whatever order they come in, so any number of worker processes
gives the same bytes. A case for which the model failed is never dropped: it has a row that says
why, its reference objects have rows, and the protocol says whether it counts as an empty
prediction or is left out of every figure. (A failed case that counts as empty can flatter a
specificity; that is why a record with one is never ``met``.)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from validation.evidence import case_rows, semantic
from validation.evidence.agreement import area_fraction_figures
from validation.evidence.catalogue import definition
from validation.evidence.class_confusion import (
    ClassConfusion,
    case_confusion_rows,
    class_confusion,
    confusion_figures,
    confusion_rows,
)
from validation.evidence.class_rows import class_columns, class_rows
from validation.evidence.curve_points import curve_rows
from validation.evidence.curves import CurveFigures, Curves, curves
from validation.evidence.estimates import metric_values
from validation.evidence.further_tables import (
    FurtherTables,
    asks_for_surfaces,
    further_figures,
)
from validation.evidence.instance import ObjectCounts, object_counts, object_figures
from validation.evidence.instance_rows import INSTANCE_COLUMNS, instance_rows, left_out_rows
from validation.evidence.metric_values import MetricValue
from validation.evidence.object_pool import object_pool
from validation.evidence.over_classes import figures_over_classes, pooled_counts
from validation.evidence.overlap import ConfusionTable, Integers, OverlapTable
from validation.evidence.pair_distances import (
    PairSums,
    pair_distance_figures,
    pair_sums,
    pair_unit,
)
from validation.evidence.panoptic import SegmentCounts, panoptic_figures, segment_counts
from validation.evidence.panoptic_table import PanopticTable, of_classes
from validation.evidence.pooled_outcomes import PooledOutcomes
from validation.evidence.ratios import Figure
from validation.evidence.rows import Row
from validation.evidence.surface import surface_terms
from validation.plan.protocol import Matching, Protocol
from validation.testset.cases import Case

Table = ConfusionTable | OverlapTable | PanopticTable

_COUNTS_AS_EMPTY = "the model failed for the case, which counts as an empty prediction"
_LEFT_OUT = "the model failed for the case, which the protocol leaves out of every figure"
_UNREADABLE = "its reference could not be read either, so it is in no figure"


class FailedCase(NamedTuple):
    """A case for which there is no prediction."""

    reason: str
    """What happened."""
    table: Table | None
    """Its reference standard with no prediction (e.g. `overlap_table_without_prediction`); None
    where the reference could not be read either."""


@dataclass(frozen=True)
class Evidence:
    """Everything that was measured."""

    metrics: tuple[MetricValue, ...]
    """All cases first, then each subgroup; over all classes first, then by class."""
    case_rows: tuple[Row, ...]
    """By case id."""
    class_rows: tuple[Row, ...]
    """In the order of `metrics`."""
    instance_rows: tuple[Row, ...]
    """By case id, reference objects by id, then false positives by id; none if semantic, and
    none of stuff."""
    case_columns: tuple[str, ...]
    class_columns: tuple[str, ...]
    instance_columns: tuple[str, ...]
    """Empty if semantic."""
    confusion: "ConfusionRows | None" = None
    """Objects by reference and predicted class; None unless instance, and of several classes."""
    curve_rows: tuple[Row, ...] = ()
    """Points of `validation.evidence.curve_points`; none unless predictions have scores."""


class ConfusionRows(NamedTuple):
    """Objects by reference and predicted class, as `validation.evidence.class_confusion` says."""

    of_cases: tuple[Row, ...]
    """A row a case and pair of classes that has an object, with the ids."""
    of_groups: tuple[Row, ...]
    """Their sums over all cases, then over each subgroup."""


class GroupFigures(NamedTuple):
    """The figures of some of the cases, before they have intervals."""

    subgroup: dict[str, str]
    """Column and value that define the group; empty for all cases."""
    case_ids: tuple[str, ...]
    """The cases in the figures, in the order of their summands."""
    unit_of_case: tuple[str, ...]
    """Id of the independent unit (subject or case) of each of them."""
    figures: list[Figure]
    curves: CurveFigures | None
    """Figures of curves over all scores; None where there are none."""


class BeforeIntervals(NamedTuple):
    """What figures are made of, and what became of the objects."""

    groups: tuple[GroupFigures, ...]
    """All cases first, then each subgroup."""
    outcomes: PooledOutcomes | None
    """Of the objects of the cases in the figures; None if semantic."""
    pixels: tuple[semantic.ClassPixels, ...]
    """Of each class, of the cases in the figures; empty if instance."""


@dataclass(frozen=True)
class _Measured:
    """A case, its table, and what became of it."""

    case: Case
    table: Table | None
    failed: str | None
    in_figures: bool


@dataclass(frozen=True)
class _Instances:
    """The objects of the cases in the figures, and what became of them."""

    position: dict[str, int]
    """Position of each case in the arrays, by case id."""
    counts: ObjectCounts
    pooled: ObjectCounts | None
    """The same, all classes together; None where there is one class."""
    confusion: ClassConfusion | None
    """The objects paired regardless of class; None where there is one class, or panoptic."""
    curves: Curves | None
    """None where objects have no scores by the method (panoptic)."""
    segments: SegmentCounts | None
    """What became of the segments of things and stuff; None unless panoptic."""
    distances: PairSums | None
    """Distances of the pairs; None where the protocol does not ask for them."""


class _Group(NamedTuple):
    """Some of the cases."""

    subgroup: dict[str, str]
    members: list[_Measured]


def measure(
    tables: Iterable[Table],
    cases: Iterable[Case],
    protocol: Protocol,
    *,
    failed: Mapping[str, FailedCase] | None = None,
    further: FurtherTables | None = None,
) -> Evidence:
    """Return all figures and rows.

    Args:
        tables: One for each case that the model ran on, in any order: confusions for a
            semantic protocol, overlaps for an instance one, both for a panoptic one.
        cases: Every case that is evaluated, failed ones among them, in any order.
        protocol: The approved plan.
        failed: The cases without a prediction, by case id.
        further: Tables of borders, which a protocol can ask for, and of objects that a mask
            would merge; without those there are no figures of them.

    Raises:
        ValueError: Tables, failed cases and cases do not fit one another or the protocol.
    """
    beside = further or FurtherTables()
    measured = _measured_cases(tables, cases, protocol, failed)
    groups = _groups(measured, protocol)
    instances = _instances(measured, beside, protocol) if protocol.method.is_by_object else None
    columns_of_cases = case_rows.case_columns(
        protocol, has_separations=beside.separations is not None
    )
    _require_surfaces(measured, beside, protocol)
    metrics = [_metrics(group, instances, beside, protocol) for group in groups]
    columns = class_columns([one for of_group in metrics for one in of_group])
    return Evidence(
        metrics=tuple(one for of_group in metrics for one in of_group),
        case_rows=_case_rows(measured, instances, beside, protocol, columns_of_cases),
        class_rows=tuple(
            row
            for group, of_group in zip(groups, metrics, strict=True)
            for row in _class_rows(group, of_group, protocol, columns)
        ),
        instance_rows=() if instances is None else _instance_rows(measured, instances, protocol),
        case_columns=columns_of_cases,
        class_columns=columns,
        instance_columns=_instance_columns(instances),
        confusion=None if instances is None else _confusion_rows(groups, instances, protocol),
        curve_rows=()
        if instances is None or instances.curves is None
        else curve_rows(instances.curves),
    )


def figures_before_intervals(
    tables: Iterable[Table],
    cases: Iterable[Case],
    protocol: Protocol,
    *,
    failed: Mapping[str, FailedCase] | None = None,
    further: FurtherTables | None = None,
) -> BeforeIntervals:
    """Return all figures without their intervals, and what became of the objects.

    What two versions of a model are compared by: arguments and errors are those of `measure`.
    """
    beside = further or FurtherTables()
    measured = _measured_cases(tables, cases, protocol, failed)
    instances = _instances(measured, beside, protocol) if protocol.method.is_by_object else None
    _require_surfaces(measured, beside, protocol)
    used = [one for one in measured if one.in_figures]
    confusions = [found for one in used if (found := _confusion(one.table)) is not None]
    return BeforeIntervals(
        groups=tuple(
            _group_figures(group, instances, beside, protocol)
            for group in _groups(measured, protocol)
        ),
        outcomes=None if instances is None else instances.counts.outcomes,
        pixels=tuple(
            semantic.class_pixels(confusions, index)
            for index in range(1, len(protocol.classes) + 1)
            if protocol.method.is_by_pixel
        ),
    )


def _measured_cases(
    tables: Iterable[Table],
    cases: Iterable[Case],
    protocol: Protocol,
    failed: Mapping[str, FailedCase] | None,
) -> list[_Measured]:
    """Return each case with its table, by case id, everything held against everything."""
    by_id, failures = _one_table_a_case(tables), dict(failed or {})
    every = sorted(cases, key=lambda case: case.case_id)
    _require_complete(every, by_id, failures)
    _require_attributes(every, protocol)
    for table in (*by_id.values(), *(one.table for one in failures.values())):
        if table is not None:
            _require_fitting(table, protocol)
    return [_measured(case, by_id, failures, protocol) for case in every]


def matching_rule(protocol: Protocol) -> Matching:
    """Return how objects are paired.

    Raises:
        ValueError: The protocol does not say.
    """
    if protocol.analysis.matching is None:
        raise ValueError("the protocol is about objects and has no analysis.matching")
    return protocol.analysis.matching


def _one_table_a_case(tables: Iterable[Table]) -> dict[str, Table]:
    by_id: dict[str, Table] = {}
    for table in tables:
        if table.case_id in by_id:
            raise ValueError(f"case {table.case_id} has two tables")
        by_id[table.case_id] = table
    return by_id


def _require_complete(
    cases: Sequence[Case], tables: Mapping[str, Table], failed: Mapping[str, FailedCase]
) -> None:
    ids = [case.case_id for case in cases]
    known = set(ids)
    complaints = {
        "cases are listed twice": {one for one in known if ids.count(one) > 1}
        if len(known) < len(ids)
        else set(),
        "cases have neither a table nor a failure": known - set(tables) - set(failed),
        "cases have a table and a failure": set(tables) & set(failed),
        "tables or failures are of cases that are not listed": (set(tables) | set(failed)) - known,
        "failures have the table of another case": {
            case_id
            for case_id, one in failed.items()
            if one.table is not None and one.table.case_id != case_id
        },
    }
    found = [f"{what}: {', '.join(sorted(ids))}" for what, ids in complaints.items() if ids]
    if found:
        raise ValueError("; ".join(found))


def _require_attributes(cases: Sequence[Case], protocol: Protocol) -> None:
    for column in protocol.subgroups:
        without = [case.case_id for case in cases if column not in case.attributes]
        if without:
            raise ValueError(f"cases have no value of subgroup {column}: {', '.join(without)}")
    if protocol.analysis.resampling_unit == "subject":
        without = [case.case_id for case in cases if case.subject_id is None]
        if without:
            raise ValueError(
                "the protocol resamples subjects, and cases have no subject_id: "
                + ", ".join(without)
            )


_EXPECTED: dict[type[Table], tuple[str, str]] = {
    ConfusionTable: ("semantic", "a confusion table"),
    OverlapTable: ("instance", "an overlap table"),
    PanopticTable: ("panoptic", "a table of segments"),
}
"""Method of each kind of table, and what it is called."""


def _require_fitting(table: Table, protocol: Protocol) -> None:
    class_count, kind = len(protocol.classes), protocol.method.kind
    expected, name = _EXPECTED[type(table)]
    if kind != expected:
        raise ValueError(f"case {table.case_id} has {name}; the protocol is {kind}")
    pixels, objects = _confusion(table), _overlaps(table)
    if pixels is not None and pixels.counts.shape != (class_count + 1, class_count + 1):
        raise ValueError(f"case {table.case_id}: the table is not of {class_count} classes")
    if objects is None:
        return
    for classes in (objects.reference_classes, objects.prediction_classes):
        if ((classes < 1) | (classes > class_count)).any():
            raise ValueError(f"case {table.case_id} has objects of a class that is not known")


def _confusion(table: Table | None) -> ConfusionTable | None:
    """Return the confusion of classes that a table is or holds; None where there is none."""
    if isinstance(table, PanopticTable):
        return table.classes
    return table if isinstance(table, ConfusionTable) else None


def _overlaps(table: Table | None) -> OverlapTable | None:
    """Return the overlaps that a table is or holds, of things and stuff; None: there are none."""
    if isinstance(table, PanopticTable):
        return table.segments
    return table if isinstance(table, OverlapTable) else None


def _objects(table: Table | None, protocol: Protocol) -> OverlapTable | None:
    """Return the overlaps of a table without its segments of stuff; None: there are none."""
    if isinstance(table, PanopticTable):
        is_thing = [one in protocol.thing_names() for one in protocol.class_names()]
        return of_classes(table.segments, np.array(is_thing))
    return _overlaps(table)


def _measured(
    case: Case,
    tables: Mapping[str, Table],
    failures: Mapping[str, FailedCase],
    protocol: Protocol,
) -> _Measured:
    failure = failures.get(case.case_id)
    if failure is None:
        table, reason, in_figures = tables[case.case_id], None, True
    elif failure.table is None:
        return _Measured(case, None, f"{failure.reason}; {_UNREADABLE}", in_figures=False)
    else:
        table, reason = failure.table, failure.reason
        _require_no_prediction(table)
        in_figures = protocol.analysis.failed_cases == "count_as_empty"
    return _Measured(case, table, reason, in_figures)


def _require_no_prediction(table: Table) -> None:
    pixels, objects = _confusion(table), _overlaps(table)
    has_pixels = pixels is not None and pixels.counts[:, 1:].any()
    if has_pixels or (objects is not None and len(objects.prediction_ids)):
        raise ValueError(f"case {table.case_id} failed, and its table has a prediction")


def _require_surfaces(
    measured: Sequence[_Measured], further: FurtherTables, protocol: Protocol
) -> None:
    if not asks_for_surfaces(protocol):
        return
    without = [
        one.case.case_id
        for one in measured
        if one.in_figures and one.case.case_id not in further.surfaces
    ]
    if without:
        raise ValueError(
            f"the protocol asks for borders, and cases have none: {', '.join(without)}"
        )


def _groups(measured: Sequence[_Measured], protocol: Protocol) -> list[_Group]:
    """Return all cases, then each subgroup: columns in the protocol's order, values sorted."""
    groups = [_Group({}, list(measured))]
    for column in protocol.subgroups:
        for value in sorted({one.case.attributes[column] for one in measured}):
            members = [one for one in measured if one.case.attributes[column] == value]
            groups.append(_Group({column: value}, members))
    return groups


def _instances(
    measured: Sequence[_Measured], further: FurtherTables, protocol: Protocol
) -> _Instances:
    """Return the objects of all cases that are in the figures."""
    used = [one.table for one in measured if one.in_figures]
    tables = [found for one in used if (found := _objects(one, protocol)) is not None]
    rule, pool = matching_rule(protocol), object_pool(tables, len(protocol.classes))
    counts, is_panoptic = object_counts(pool, rule), protocol.method.kind == "panoptic"
    has_several = len(protocol.thing_names()) > 1
    unit = pair_unit(protocol)
    return _Instances(
        {table.case_id: number for number, table in enumerate(tables)},
        counts,
        pooled_counts(counts) if has_several else None,
        class_confusion(pool, rule) if has_several and not is_panoptic else None,
        None if is_panoptic else curves(pool, rule, protocol.class_names()),
        _segments(used, protocol) if is_panoptic else None,
        None if unit is None else pair_sums(counts.outcomes, further.pairs, unit),
    )


def _segments(used: Sequence[Table | None], protocol: Protocol) -> SegmentCounts:
    """Return what became of the segments of things and stuff."""
    segments = [found for one in used if (found := _overlaps(one)) is not None]
    return segment_counts(object_pool(segments, len(protocol.classes)))


def _metrics(
    group: _Group, instances: _Instances | None, further: FurtherTables, protocol: Protocol
) -> tuple[MetricValue, ...]:
    found = _group_figures(group, instances, further, protocol)
    return metric_values(
        found.figures,
        found.curves,
        unit_of_case=found.unit_of_case,
        plan=protocol.analysis,
        subgroup=group.subgroup,
    )


def _group_figures(
    group: _Group, instances: _Instances | None, further: FurtherTables, protocol: Protocol
) -> GroupFigures:
    used = [one for one in group.members if one.in_figures]
    by_subject = protocol.analysis.resampling_unit == "subject"
    found: list[Figure]
    of_curves, found = None, []
    if protocol.method.is_by_pixel:
        found.extend(_semantic_figures(used, protocol))
    if instances is not None:
        members = _positions(group, instances)
        is_member = np.zeros(len(instances.position), bool)
        is_member[members] = True
        if instances.curves is not None:
            of_curves = CurveFigures(instances.curves, is_member)
        found.extend(_object_figures(instances, members, protocol))
    found.extend(further_figures([one.case.case_id for one in used], further, protocol))
    return GroupFigures(
        group.subgroup,
        tuple(one.case.case_id for one in used),
        tuple((one.case.subject_id or "") if by_subject else one.case.case_id for one in used),
        [one for one in found if protocol.method.kind in definition(one.metric).methods],
        of_curves,
    )


def _object_figures(instances: _Instances, members: Integers, protocol: Protocol) -> list[Figure]:
    """Return the figures of objects, and those of segments where there are such."""
    names, things = protocol.class_names(), protocol.thing_names()
    found = [
        figure
        for number, name in enumerate(names)
        if name in things
        for figure in object_figures(instances.counts, members, number, name)
    ]
    if instances.distances is not None:
        found.extend(pair_distance_figures(instances.distances, members, names))
    if instances.pooled is not None:
        found.extend(figures_over_classes(instances.pooled, members, found))
    if instances.confusion is not None:
        case_count = len(instances.position)
        found.extend(confusion_figures(instances.confusion, members, case_count, names))
    if instances.segments is not None:
        found.extend(panoptic_figures(instances.segments, members, names, things))
    return found


def _positions(group: _Group, instances: _Instances) -> Integers:
    """Return the positions of those of a group that are in the figures."""
    ids = [one.case.case_id for one in group.members if one.in_figures]
    return np.array([instances.position[one] for one in ids], np.int64)


def _confusion_rows(
    groups: Sequence[_Group], instances: _Instances, protocol: Protocol
) -> ConfusionRows | None:
    if instances.confusion is None:
        return None
    names = protocol.class_names()
    return ConfusionRows(
        tuple(case_confusion_rows(instances.confusion, list(instances.position), names)),
        tuple(
            row
            for group in groups
            for row in confusion_rows(
                instances.confusion, _positions(group, instances), names, group.subgroup
            )
        ),
    )


def _semantic_figures(used: Sequence[_Measured], protocol: Protocol) -> list[Figure]:
    tables = [found for one in used if (found := _confusion(one.table)) is not None]
    minimum_area_px = protocol.analysis.presence_minimum_area_px
    named = [
        (name, semantic.class_pixels(tables, index))
        for index, name in enumerate(protocol.class_names(), start=1)
    ]
    figures: list[Figure] = []
    figures.extend(semantic.overall_figures(tables, [pixels for _, pixels in named]))
    for name, pixels in named:
        figures.extend(semantic.pixel_figures(pixels, name))
        figures.extend(
            area_fraction_figures(pixels.reference, pixels.prediction, pixels.evaluated, name)
        )
        if minimum_area_px is not None:
            figures.extend(semantic.presence_figures(pixels, name, minimum_area_px))
    return figures


def _case_rows(
    measured: Sequence[_Measured],
    instances: _Instances | None,
    further: FurtherTables,
    protocol: Protocol,
    columns: Sequence[str],
) -> tuple[Row, ...]:
    cells: dict[str, Row] = {}
    if instances is not None:
        rows = _instance_cells(instances, protocol)
        cells = {case_id: rows[number] for case_id, number in instances.position.items()}
    return tuple(
        {
            **case_rows.case_row(
                one.case, protocol, columns, failed=one.failed, in_figures=one.in_figures
            ),
            **_cells(one, protocol),
            **cells.get(one.case.case_id, {}),
            **_surface_cells(one, further, protocol),
            **_separation_cells(one, further, protocol),
        }
        for one in measured
    )


def _instance_cells(instances: _Instances, protocol: Protocol) -> list[Row]:
    """Return the cells of objects of each case in the figures, and of segments if there are."""
    if instances.segments is None:
        return case_rows.instance_cells(instances.counts)
    of_segments = case_rows.segment_cells(instances.segments, protocol.class_names())
    things = case_rows.thing_cells(instances.counts)
    return [{**one, **other} for one, other in zip(of_segments, things, strict=True)]


def _cells(one: _Measured, protocol: Protocol) -> Row:
    """Return the cells of a case that are of its pixels, or of a case that is in no figure."""
    names, minimum_area_px = protocol.class_names(), protocol.analysis.presence_minimum_area_px
    pixels, objects = _confusion(one.table), _objects(one.table, protocol)
    cells: Row = {}
    if pixels is not None and one.in_figures:
        cells |= case_rows.semantic_cells(pixels, names, minimum_area_px)
    elif pixels is not None:
        cells |= case_rows.left_out_semantic_cells(pixels, names)
    if objects is not None and not one.in_figures:
        cells |= case_rows.left_out_instance_cells(objects)
    return cells


def _surface_cells(one: _Measured, further: FurtherTables, protocol: Protocol) -> Row:
    terms = surface_terms(protocol.analysis, protocol.test_set.pixel_spacing_um)
    if terms is None or not one.in_figures or not asks_for_surfaces(protocol):
        return {}
    table = further.surfaces[one.case.case_id]
    return case_rows.surface_cells(table, protocol.class_names(), terms)


def _separation_cells(one: _Measured, further: FurtherTables, protocol: Protocol) -> Row:
    table = (further.separations or {}).get(one.case.case_id)
    return {} if table is None else case_rows.separation_cells(table, protocol)


def _class_rows(
    group: _Group, metrics: Sequence[MetricValue], protocol: Protocol, columns: Sequence[str]
) -> list[Row]:
    return class_rows(
        metrics,
        class_names=protocol.class_names(),
        subgroup=group.subgroup,
        cases=sum(one.in_figures for one in group.members),
        failed_cases=sum(one.failed is not None for one in group.members),
        columns=columns,
    )


def _instance_columns(instances: _Instances | None) -> tuple[str, ...]:
    if instances is None:
        return ()
    distances = instances.distances
    return INSTANCE_COLUMNS if distances is None else (*INSTANCE_COLUMNS, distances.unit.column)


def _with_distances(rows: list[Row], instances: _Instances) -> tuple[Row, ...]:
    """Return rows of objects, the distance of its pair on each that has one."""
    distances = instances.distances
    if distances is None:
        return tuple(rows)
    column, of_pairs = distances.unit.column, distances.of_pairs
    return tuple(
        {**row, column: of_pairs.get((row["case_id"], row["reference_id"], row["prediction_id"]))}
        for row in rows
    )


def _instance_rows(
    measured: Sequence[_Measured], instances: _Instances, protocol: Protocol
) -> tuple[Row, ...]:
    names, position = protocol.class_names(), instances.position
    used = [one for one in measured if one.case.case_id in position]
    by_case = instance_rows(
        instances.counts.outcomes,
        class_names=names,
        subject_ids=[one.case.subject_id for one in used],
        failed={
            position[one.case.case_id]: _COUNTS_AS_EMPTY for one in used if one.failed is not None
        },
    )
    rows: list[Row] = []
    for one in measured:
        subject_id = one.case.subject_id
        if one.case.case_id in position:
            rows.extend(by_case[position[one.case.case_id]])
        elif (objects := _objects(one.table, protocol)) is not None:
            rows.extend(
                left_out_rows(objects, class_names=names, subject_id=subject_id, reason=_LEFT_OUT)
            )
    return _with_distances(rows, instances)
