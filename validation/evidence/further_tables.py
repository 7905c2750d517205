"""Tables beside the confusions and overlaps: borders, and objects that a mask would merge.

As files of a record:

- ``tables/surfaces.csv`` (semantic, panoptic, where the protocol asks for figures of borders): a
  row for each case and class, as `validation.evidence.surface.SurfaceRow` says.
- ``tables/separability.csv``: a row for each case and class that is not stuff, as
  `validation.evidence.separability.SeparationRow` says. Cells of objects are empty where the
  reference standard is a class map, which does not tell them apart.
- ``tables/pair_distances.csv`` (instance, where the protocol asks for distances of pairs): a row
  for each pair of objects that may be matched, as `validation.evidence.pair_distances` says.

A case whose reference cannot be read has no row in any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from validation.errors import EvidenceError
from validation.evidence.csv_text import csv_bytes, csv_rows
from validation.evidence.pair_distances import PairDistance, PairDistanceTable, pair_unit
from validation.evidence.ratios import Figure
from validation.evidence.separability import (
    SeparationRow,
    SeparationTable,
    figures_without_objects,
    separation_figures,
)
from validation.evidence.surface import (
    SurfaceRow,
    SurfaceTable,
    surface_figures,
    surface_terms,
)
from validation.plan.protocol import Protocol

if TYPE_CHECKING:
    from validation.evidence.rows import Row

SURFACES, SEPARABILITY = "tables/surfaces.csv", "tables/separability.csv"
PAIR_DISTANCES = "tables/pair_distances.csv"

_SURFACE_CELLS = tuple(one.name for one in fields(SurfaceRow))
_DISTANCES = {
    "reference_distance_sum_px",
    "prediction_distance_sum_px",
    "hausdorff_95_px",
}
_SURFACES = ("case_id", "class", *_SURFACE_CELLS)
_PAIR_DISTANCES = ("case_id", *PairDistance._fields)
_SEPARABILITY = ("case_id", "class", *SeparationRow._fields)


@dataclass(frozen=True)
class FurtherTables:
    """Tables by case id, those of failed cases among them."""

    surfaces: Mapping[str, SurfaceTable] = field(default_factory=dict)
    separations: Mapping[str, SeparationTable] | None = None
    """None: the record was made before there were any, and has none of their figures."""
    pairs: Mapping[str, PairDistanceTable] = field(default_factory=dict)


def asks_for_surfaces(protocol: Protocol) -> bool:
    """Tell whether the protocol asks for figures of borders."""
    plan = protocol.analysis
    given = plan.surface_tolerance_px is not None or plan.surface_tolerance_um is not None
    return given and protocol.method.is_by_pixel


def holds_objects(protocol: Protocol) -> bool:
    """Tell whether the reference standard tells objects apart."""
    return protocol.test_set.reference_standard.format != "class_map"


def further_figures(
    case_ids: Sequence[str], further: FurtherTables, protocol: Protocol
) -> list[Figure]:
    """Return the figures of borders and of objects that a mask would merge, by class.

    Args:
        case_ids: Cases in the figures, in their order.
        further: Tables of those cases at least.
        protocol: The approved plan.
    """
    figures: list[Figure] = []
    names = protocol.class_names()
    terms = surface_terms(protocol.analysis, protocol.test_set.pixel_spacing_um)
    if terms is not None and asks_for_surfaces(protocol):
        for number, name in enumerate(names):
            borders = [further.surfaces[one].rows[number] for one in case_ids]
            figures.extend(surface_figures(borders, name, terms))
    things = protocol.thing_names()
    if further.separations is not None:
        figures.extend(
            separation_figures([further.separations.get(one) for one in case_ids], things)
        )
    elif not holds_objects(protocol):
        figures.extend(figures_without_objects(len(case_ids), things))
    return figures


def further_files(further: FurtherTables, protocol: Protocol) -> dict[str, bytes]:
    """Return the tables as files by name, ordered by case id."""
    names = protocol.class_names()
    files: dict[str, bytes] = {}
    if asks_for_surfaces(protocol):
        rows: list[Row] = [
            {"case_id": case_id, "class": name, **vars(row)}
            for case_id, table in sorted(further.surfaces.items())
            for name, row in zip(names, table.rows, strict=True)
        ]
        files[SURFACES] = csv_bytes(_SURFACES, rows)
    if further.separations is not None:
        rows = [
            {"case_id": case_id, "class": name, **row._asdict()}
            for case_id, of_case in sorted(further.separations.items())
            for name, row in zip(protocol.thing_names(), of_case.rows, strict=True)
        ]
        files[SEPARABILITY] = csv_bytes(_SEPARABILITY, rows)
    if pair_unit(protocol) is not None:
        rows = [
            {"case_id": case_id, **row._asdict()}
            for case_id, pairs in sorted(further.pairs.items())
            for row in pairs.rows
        ]
        files[PAIR_DISTANCES] = csv_bytes(_PAIR_DISTANCES, rows)
    return files


def further_from_files(files: Mapping[str, bytes], protocol: Protocol) -> FurtherTables:
    """Return the tables that `further_files` wrote.

    A record without ``separability.csv`` was made before there was one, and has none of its
    figures.

    Raises:
        EvidenceError: A file is missing, damaged, or contradicts the protocol.
    """
    surfaces, separations = {}, None
    if asks_for_surfaces(protocol):
        found = _rows_by_case(files, SURFACES, _SURFACES, protocol.class_names())
        for case_id, rows in found.items():
            surfaces[case_id] = SurfaceTable(case_id, tuple(_surface_row(one) for one in rows))
    if SEPARABILITY in files:
        has_objects = holds_objects(protocol)
        grouped = _rows_by_case(files, SEPARABILITY, _SEPARABILITY, protocol.thing_names())
        separations = {
            case_id: SeparationTable(
                case_id, tuple(_separation_row(one, has_objects=has_objects) for one in rows)
            )
            for case_id, rows in grouped.items()
        }
    pairs = _pair_tables(files) if pair_unit(protocol) is not None else {}
    return FurtherTables(surfaces, separations, pairs)


def _pair_tables(files: Mapping[str, bytes]) -> dict[str, PairDistanceTable]:
    by_case: dict[str, list[PairDistance]] = {}
    for row in _rows(files, PAIR_DISTANCES, _PAIR_DISTANCES):
        reference, prediction = (
            _whole(PAIR_DISTANCES, row[name]) for name in ("reference_id", "prediction_id")
        )
        distance = _distance(PAIR_DISTANCES, row["hausdorff_95_px"])
        if distance is None:
            raise _damaged(PAIR_DISTANCES, f"case {row['case_id']}: a pair without a distance")
        by_case.setdefault(row["case_id"], []).append(PairDistance(reference, prediction, distance))
    for case_id, rows in by_case.items():
        if any(later[:2] <= earlier[:2] for earlier, later in pairwise(rows)):
            raise _damaged(PAIR_DISTANCES, f"case {case_id}: its pairs do not rise")
    return {case_id: PairDistanceTable(case_id, tuple(rows)) for case_id, rows in by_case.items()}


def _rows_by_case(
    files: Mapping[str, bytes], name: str, expected: tuple[str, ...], classes: tuple[str, ...]
) -> dict[str, list[dict[str, str]]]:
    """Return the rows of each case, one for each of some classes in the protocol's order."""
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in _rows(files, name, expected):
        grouped.setdefault(row["case_id"], []).append(row)
    for case_id, of_case in grouped.items():
        if tuple(row["class"] for row in of_case) != classes:
            raise _damaged(name, f"case {case_id} has not one row for each class")
    return grouped


def _rows(files: Mapping[str, bytes], name: str, expected: tuple[str, ...]) -> list[dict[str, str]]:
    if name not in files:
        raise EvidenceError("a table of the evidence is missing", where=name)
    try:
        columns, rows = csv_rows(files[name])
    except ValueError as error:
        raise _damaged(name, str(error)) from error
    if columns != expected:
        raise _damaged(name, f"its columns are not {', '.join(expected)}")
    return rows


def _surface_row(cells: Mapping[str, str]) -> SurfaceRow:
    values: dict[str, Any] = {
        name: _distance(SURFACES, cells[name])
        if name in _DISTANCES
        else _whole(SURFACES, cells[name])
        for name in _SURFACE_CELLS
    }
    row = SurfaceRow(**values)
    distances = (
        row.reference_distance_sum_px,
        row.prediction_distance_sum_px,
        row.hausdorff_95_px,
    )
    if any((one is None) == row.has_distances for one in distances):
        raise _damaged(SURFACES, f"case {cells['case_id']}: distances without borders, or not")
    if (
        row.reference_within > row.reference_border_px
        or row.prediction_within > row.prediction_border_px
        or row.boundary_intersection_px > row.boundary_union_px
    ):
        raise _damaged(SURFACES, f"case {cells['case_id']}: a part is larger than its whole")
    return row


def _separation_row(cells: Mapping[str, str], *, has_objects: bool) -> SeparationRow:
    components = _whole(SEPARABILITY, cells["components"])
    if not has_objects:
        if cells["objects"] or cells["touching"]:
            raise _damaged(SEPARABILITY, f"case {cells['case_id']}: objects of a class map")
        return SeparationRow(None, None, components)
    objects, touching = (_whole(SEPARABILITY, cells[one]) for one in ("objects", "touching"))
    if touching > objects or touching == 1 or (objects > 0) != (components > 0):
        raise _damaged(SEPARABILITY, f"case {cells['case_id']}: counts that cannot be")
    return SeparationRow(objects, touching, components)


def _whole(table: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _damaged(table, f"{text!r} is not a whole number")
    return int(text)


def _distance(table: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise _damaged(table, f"{text!r} is not a number") from error
    if not 0 <= value < float("inf"):
        raise _damaged(table, f"{text!r} is not a distance")
    return value


def _damaged(table: str, what: str) -> EvidenceError:
    return EvidenceError(f"a table of the evidence is damaged: {what}", where=table)
