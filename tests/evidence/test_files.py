"""Unit tests for validation/evidence/files.py."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.errors import EvidenceError
from validation.evidence.csv_text import csv_rows
from validation.evidence.files import (
    evidence_files,
    metrics_from_json,
    table_files,
    tables_from_files,
)
from validation.evidence.measure import FailedCase, measure
from validation.evidence.metric_values import Interval
from validation.evidence.overlap import (
    OverlapTable,
    confusion_table,
    confusion_table_without_prediction,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap
from validation.testset.cases import Case

GOLDEN_METRICS = "d380c3009a59e70f601818a5edfbba791d94aa9ee8f42fb0f0851be49171eb6e"
GOLDEN_INSTANCES = "0e13e8cd46c9c547295e6c85659d3b99e9a56895e8b2a408156a8fc945917521"
HOSTILE = '=HYPERLINK("http://x","y")\n<script>,\u2028\x00\'"'


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_instance_evidence_follows_again_from_the_written_tables(  # noqa: PLR0917 - fixtures
    make_protocol: Any,
    make_random_objects: Any,
    make_jittered: Any,
    make_case: Any,
    seed: int,
    scored: bool,
) -> None:
    generator = np.random.default_rng(seed)
    protocol = make_protocol(classes=("a", "b"), subgroups=("site",))
    tables = []
    for name in "CAB":
        truth = make_random_objects(generator, 5, classes=2, ignored_share=0.2)
        found = make_jittered(generator, truth, 2)
        if not scored:
            found = type(found)(found.shape, found.ids, found.classes, masks=found.masks)
        tables.append(overlap_table(name, truth, found))
    lost = overlap_table_without_prediction("D", make_random_objects(generator, 3))
    failed = {"D": FailedCase(HOSTILE, lost), "E": FailedCase("unreadable", None)}
    cases = [
        make_case(name, site=HOSTILE.replace("\n", "").replace("\x00", "")) for name in "ABCDE"
    ]
    assert_follows_again(tables, failed, cases, protocol)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_semantic_evidence_follows_again_from_the_written_tables(
    make_protocol: Any, make_case: Any, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    protocol = make_protocol("semantic", classes=("a", "b"), presence_minimum_area_px=3)
    maps = [generator.integers(0, 3, (4, 5)).astype(np.uint8) for _ in range(5)]
    ignored = generator.random((4, 5)) < 0.3
    tables = [
        confusion_table("B", ClassMap(maps[0], ignored), ClassMap(maps[1]), 2),
        confusion_table("A", ClassMap(maps[2]), ClassMap(maps[3]), 2),
    ]
    lost = confusion_table_without_prediction("D", ClassMap(maps[4]), 2)
    failed = {"D": FailedCase(HOSTILE, lost), "E": FailedCase("unreadable", None)}
    assert_follows_again(tables, failed, [make_case(name) for name in "ABDE"], protocol)


def assert_follows_again(tables: Any, failed: Any, cases: Any, protocol: Any) -> None:
    written = table_files(tables, failed, protocol)
    read_tables, read_failed = tables_from_files(written, protocol)
    assert list(read_tables) == sorted(tables, key=lambda table: table.case_id)
    assert read_failed == failed
    assert table_files(read_tables, read_failed, protocol) == written
    expected = evidence_files(measure(tables, cases, protocol, failed=failed))
    assert evidence_files(measure(read_tables, cases, protocol, failed=read_failed)) == expected


@pytest.fixture
def small(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> dict[str, bytes]:
    tables = [make_strip_table([(0, 10), (20, 30)], [(0, 9)], one) for one in ("C-2", "C-1")]
    cases = [make_case("C-1", "S-1"), make_case("C-2", "S-2")]
    protocol = make_protocol()
    return {
        **evidence_files(measure(tables, cases, protocol)),
        **table_files(tables, {}, protocol),
    }


def test_the_rows_of_objects_look_as_documented(small: dict[str, bytes]) -> None:
    assert small["instances.csv"].decode().splitlines()[:3] == [
        (
            "case_id,class,reference_id,prediction_id,outcome,iou,score,reference_area_px,"
            "prediction_area_px,bbox_x,bbox_y,bbox_w,bbox_h,subject_id,outcome_reason,"
            "merged_with,split_into,merged_by,part_of"
        ),
        "C-1,nucleus,1,1,matched,0.9,0.9,10,9,0,0,10,1,S-1,,,,,",
        (
            "C-1,nucleus,2,,missed,,,10,,20,0,10,1,S-1,"
            "no predicted object of its class at the operating point overlaps it,,,,"
        ),
    ]


def test_the_tables_look_as_documented(small: dict[str, bytes]) -> None:
    assert small["tables/cases.csv"] == (
        b"case_id,status,reason,reference\nC-1,measured,,read\nC-2,measured,,read\n"
    )
    assert small["tables/overlaps.csv"] == (
        b"case_id,reference_id,prediction_id,intersection_px\nC-1,1,1,9\nC-2,1,1,9\n"
    )
    assert small["tables/predicted_objects.csv"].splitlines()[1] == b"C-1,nucleus,1,0.9,9,0,0,9,1"
    assert small["tables/reference_objects.csv"].splitlines()[1] == (
        b"C-1,nucleus,1,10,0,0,10,1,false"
    )


def test_a_confusion_names_background_and_ignored_as_no_class_can_be(
    make_protocol: Callable[..., Protocol], make_class_map: Callable[..., ClassMap]
) -> None:
    reference = make_class_map([[0, 1, 1]], ignored=[[0, 0, 1]])
    table = confusion_table("C-1", reference, make_class_map([[0, 0, 0]]), 1)
    protocol = make_protocol("semantic", classes=("background",))
    assert table_files([table], {}, protocol)["tables/confusion.csv"] == (
        b"case_id,reference_class,predicted_class,pixels\n"
        b"C-1,(background),(background),1\n"
        b"C-1,background,(background),1\n"
        b"C-1,(ignored),(ignored),1\n"
    )


def test_every_file_is_utf_8_with_lf_line_ends(small: dict[str, bytes]) -> None:
    for content in small.values():
        assert content.decode().endswith("\n")
        assert b"\r" not in content


def test_the_figures_survive_json(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    tables = [make_strip_table([(0, 9)], [(0, 8)], one) for one in "AB"]
    found = measure(tables, [make_case("A"), make_case("B")], make_protocol())
    content = evidence_files(found)["metrics.json"]
    assert metrics_from_json(content) == found.metrics
    value = json.loads(content)
    assert value["format"] == "segval/metrics/1"
    assert value["metrics"][0]["scope"] == {
        "class": "nucleus",
        "iou": 0.5,
        "size": None,
        "subgroup": {},
    }


def test_classes_csv_holds_each_figure_with_its_limits(small: dict[str, bytes]) -> None:
    columns, rows = csv_rows(small["classes.csv"])
    assert columns[:8] == (
        "class", "subgroup", "subgroup_value", "cases", "failed_cases",
        "recall/iou=0.5", "recall/iou=0.5/lower", "recall/iou=0.5/upper",
    )  # fmt: skip
    assert [row["class"] for row in rows] == ["nucleus"]
    assert rows[0]["recall/iou=0.5"] == "0.5"
    assert rows[0]["matched_objects"] == "2"
    assert "matched_objects/lower" not in columns


def test_the_bytes_are_the_same_in_every_version_and_on_every_machine(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # Golden: figures and intervals of a fixed study. A change is a change of results.
    tables = [
        make_strip_table(
            [(10 * one, 10 * one + 7) for one in range(number % 4 + 1)],
            [(10 * one + number % 3, 10 * one + 7) for one in range(number % 5 + 1)],
            f"C-{number}",
            scores=[(1 + one + number) % 10 / 10 for one in range(number % 5 + 1)],
        )
        for number in range(10)
    ]
    cases = [make_case(f"C-{number}", f"S-{number % 4}") for number in range(10)]
    found = measure(tables, cases, make_protocol(resampling_unit="subject"))
    files = evidence_files(found)
    assert hashlib.sha256(files["metrics.json"]).hexdigest() == GOLDEN_METRICS
    assert hashlib.sha256(files["instances.csv"]).hexdigest() == GOLDEN_INSTANCES


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("tables/overlaps.csv", b"C-1,1,1,9", b"C-9,1,1,9", "cases that are not listed: C-9"),
        ("tables/overlaps.csv", b"C-1,1,1,9", b"C-1,1,7,9", "7"),
        ("tables/overlaps.csv", b"C-1,1,1,9", b"C-1,1,1,10", "larger than its objects"),
        ("tables/overlaps.csv", b"C-1,1,1,9", b"C-1,1,1,-9", "not a whole number"),
        ("tables/overlaps.csv", b"C-1,1,1,9", b"C-1,1,1", "has 3 cells"),
        ("tables/predicted_objects.csv", b",0.9,", b",nan,", "a score is not in"),
        ("tables/predicted_objects.csv", b",0.9,", b",1.9,", "a score is not in"),
        ("tables/reference_objects.csv", b"nucleus", b"nuclei", "nuclei"),
        ("tables/reference_objects.csv", b",2,10", b",1,10", "unique and rising"),
        ("tables/reference_objects.csv", b"false", b"0", "neither true nor false"),
        ("tables/cases.csv", b"reference\n", b"ref\n", "other columns"),
        ("tables/cases.csv", b"case_id", b"\xff", "cannot be read"),
    ],
)
def test_damaged_tables_are_refused(  # noqa: PLR0917 - fixtures
    small: dict[str, bytes],
    make_protocol: Callable[..., Protocol],
    name: str,
    old: bytes,
    new: bytes,
    what: str,
) -> None:
    damaged = {**small, name: small[name].replace(old, new, 1)}
    assert damaged[name] != small[name]
    with pytest.raises(EvidenceError, match=what):
        tables_from_files(damaged, make_protocol())


def test_a_missing_table_is_named(
    small: dict[str, bytes], make_protocol: Callable[..., Protocol]
) -> None:
    del small["tables/overlaps.csv"]
    with pytest.raises(EvidenceError, match=r"tables/overlaps\.csv"):
        tables_from_files(small, make_protocol())


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"format": "segval/metrics/9", "metrics": []}', b"\xff", b"[1]"]
)
def test_damaged_figures_are_refused(content: bytes) -> None:
    with pytest.raises(EvidenceError, match="the figures cannot be read"):
        metrics_from_json(content)


def test_a_figure_that_is_not_a_number_cannot_be_stored() -> None:
    # Trap 11: pydantic would write NaN as null without a word.
    figure = {"lower": 0.0, "upper": float("nan"), "level": 0.95, "method": "-"}
    with pytest.raises(pydantic.ValidationError):
        Interval(**figure, clusters=2, replicates=1)
