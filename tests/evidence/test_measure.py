"""Unit tests for validation/evidence/measure.py and the rows that it makes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.evidence.catalogue import definition
from validation.evidence.files import evidence_files
from validation.evidence.instance_rows import INSTANCE_COLUMNS
from validation.evidence.measure import Evidence, FailedCase, measure
from validation.evidence.overlap import (
    ConfusionTable,
    OverlapTable,
    confusion_table,
    confusion_table_without_prediction,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.plan.protocol import Protocol
from validation.testset.annotations import ClassMap, ObjectSet
from validation.testset.cases import Case


def values(evidence: Evidence) -> dict[str, float | None]:
    return {one.id: one.value for one in evidence.metrics}


def random_study(
    make_random_objects: Any, make_jittered: Any, make_case: Any, seed: int, count: int = 5
) -> tuple[list[OverlapTable], list[Case]]:
    generator = np.random.default_rng(seed)
    tables, cases = [], []
    for number in range(count):
        objects = int(generator.integers(0, 8))
        truth = make_random_objects(generator, objects, classes=2, ignored_share=0.1)
        tables.append(overlap_table(f"C-{number}", truth, make_jittered(generator, truth, 2)))
        cases.append(make_case(f"C-{number}", f"S-{number % 3}", site="AB"[number % 2]))
    return tables, cases


TWO_CLASSES: dict[str, Any] = {
    "classes": ("nucleus", "debris"),
    "resampling_unit": "subject",
    "subgroups": ("site",),
}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.permutations(range(5)))
def test_no_order_of_tables_and_cases_changes_a_byte(  # noqa: PLR0917 - fixtures
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    make_case: Callable[..., Case],
    seed: int,
    order: list[int],
) -> None:
    protocol = make_protocol(**TWO_CLASSES)
    tables, cases = random_study(make_random_objects, make_jittered, make_case, seed)
    expected = evidence_files(measure(tables, cases, protocol))
    shuffled = measure(
        [tables[one] for one in order], [cases[one] for one in order[::-1]], protocol
    )
    assert evidence_files(shuffled) == expected


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["greedy_by_score", "optimal"]))
def test_every_figure_is_in_its_range_and_its_limits_are_ordered(  # noqa: PLR0917 - fixtures
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    make_case: Callable[..., Case],
    seed: int,
    algorithm: str,
) -> None:
    protocol = make_protocol(**TWO_CLASSES, matching={"algorithm": algorithm})
    tables, cases = random_study(make_random_objects, make_jittered, make_case, seed)
    found = measure(tables, cases, protocol)
    assert len({one.id for one in found.metrics}) == len(found.metrics)
    for one in found.metrics:
        known = definition(one.metric)
        lower = -np.inf if known.lower is None else known.lower
        upper = np.inf if known.upper is None else known.upper
        shown = [] if one.value is None else [one.value]
        if one.interval is not None:
            assert one.interval.lower <= one.interval.upper
            assert 0 < one.interval.replicates <= 200
            shown += [one.interval.lower, one.interval.upper]
        assert all(lower <= value <= upper + 1e-12 for value in shown)
        assert (one.value is None) == (one.undefined is not None)
        assert (one.interval is None) == (one.no_interval is not None)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_rows_add_up_to_the_figures(
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    make_case: Callable[..., Case],
    seed: int,
) -> None:
    protocol = make_protocol(**TWO_CLASSES)
    tables, cases = random_study(make_random_objects, make_jittered, make_case, seed)
    found = measure(tables, cases, protocol)
    value = values(found)
    for name in protocol.class_names():
        outcomes = [row["outcome"] for row in found.instance_rows if row["class"] == name]
        for outcome in ("matched", "merged", "split", "missed", "ignored", "false_positive"):
            assert value[f"{outcome}_objects/class={name}"] == outcomes.count(outcome)
    references = [row for row in found.instance_rows if row["reference_id"] is not None]
    assert len(references) == sum(len(table.reference_ids) for table in tables)
    predicted = [
        (row["case_id"], row["prediction_id"])
        for row in found.instance_rows
        if row["prediction_id"] is not None
    ]
    assert len(set(predicted)) == len(predicted)
    for outcome in ("matched", "merged", "split", "missed", "ignored"):
        in_rows = sum(row["outcome"] == outcome for row in found.instance_rows)
        assert sum(row[outcome] for row in found.case_rows) == in_rows


def test_relabelling_the_objects_changes_no_figure_without_ties(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strips: Callable[..., ObjectSet],
) -> None:
    truth = [(0, 10), (20, 30), (40, 50)]
    found = [(0, 9), (21, 30), (60, 70)]
    one = overlap_table("A", make_strips(*truth), make_strips(*found, scores=[0.9, 0.8, 0.7]))
    other = overlap_table(
        "A",
        make_strips(*truth[::-1], ids=[5, 70, 900]),
        make_strips(*found[::-1], ids=[3, 4, 12], scores=[0.7, 0.8, 0.9]),
    )
    cases = [make_case("A")]
    first, second = (measure([table], cases, make_protocol()) for table in (one, other))
    assert first.metrics == second.metrics


def test_subgroups_carry_the_same_figures_as_those_cases_alone(
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    make_case: Callable[..., Case],
) -> None:
    tables, cases = random_study(make_random_objects, make_jittered, make_case, 3, count=8)
    whole = measure(tables, cases, make_protocol(**TWO_CLASSES))
    alone = [one for one in cases if one.attributes["site"] == "B"]
    ids = {one.case_id for one in alone}
    plain = {**TWO_CLASSES, "subgroups": ()}
    part = measure([one for one in tables if one.case_id in ids], alone, make_protocol(**plain))
    by_id = {one.id: one for one in whole.metrics}
    for one in part.metrics:
        same = by_id[f"{one.id}/site=B"]
        assert (same.value, same.n, same.interval) == (one.value, one.n, one.interval)
        assert same.scope.subgroup == {"site": "B"}
    sites = [row["subgroup_value"] for row in whole.class_rows]
    assert sites == [None] * 3 + ["A"] * 3 + ["B"] * 3  # over the classes, and each of the two


def test_intervals_resample_the_unit_of_the_protocol(
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    make_case: Callable[..., Case],
) -> None:
    tables, cases = random_study(make_random_objects, make_jittered, make_case, 3, count=8)
    for unit, count in (("subject", 3), ("case", 8)):
        found = measure(tables, cases, make_protocol(classes=("a", "b"), resampling_unit=unit))
        interval = next(one.interval for one in found.metrics if one.metric == "count_bias")
        assert interval.clusters == count
        assert interval.method == f"percentile bootstrap over {unit}s"


def test_a_failed_case_that_counts_as_empty_misses_all_its_objects(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
    make_strips: Callable[..., ObjectSet],
) -> None:
    good = make_strip_table([(0, 10)], [(0, 10)], "A")
    lost = overlap_table_without_prediction("B", make_strips((0, 10), (20, 30), ignored=[0, 1]))
    cases = [make_case("A"), make_case("B", "S-9")]
    failed = {"B": FailedCase("RuntimeError: out of memory", lost)}
    found = measure([good], cases, make_protocol(), failed=failed)
    assert values(found)["recall/class=nucleus/iou=0.5"] == 0.5
    row = found.case_rows[1]
    assert (row["status"], row["in_figures"]) == ("failed", True)
    assert row["reason"] == "RuntimeError: out of memory"
    assert row["missed"] == 1
    _, missed, region = found.instance_rows
    assert (missed["outcome"], missed["subject_id"]) == ("missed", "S-9")
    assert missed["outcome_reason"] == (
        "the model failed for the case, which counts as an empty prediction"
    )
    assert region["outcome"] == "ignored"
    assert "does not evaluate" in region["outcome_reason"]


def test_a_failed_case_that_is_left_out_keeps_its_rows_and_no_figure(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
    make_strips: Callable[..., ObjectSet],
) -> None:
    good = make_strip_table([(0, 10)], [(0, 10)], "A")
    lost = overlap_table_without_prediction("B", make_strips((0, 10), (20, 30)))
    cases = [make_case("A"), make_case("B")]
    found = measure(
        [good],
        cases,
        make_protocol(failed_cases="leave_out"),
        failed={"B": FailedCase("NaN in the output", lost)},
    )
    value = values(found)
    assert value["recall/class=nucleus/iou=0.5"] == 1
    assert value["reference_objects/class=nucleus"] == 1
    row = found.case_rows[1]
    assert (row["status"], row["in_figures"], row["ignored"]) == ("failed", False, 2)
    assert row["recall"] is None
    assert [one["outcome"] for one in found.instance_rows] == ["matched", "ignored", "ignored"]
    assert "leaves out of every figure" in found.instance_rows[1]["outcome_reason"]
    assert (found.class_rows[0]["cases"], found.class_rows[0]["failed_cases"]) == (1, 1)


def test_a_case_whose_reference_cannot_be_read_has_a_row_that_says_so(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    good = make_strip_table([(0, 10)], [(0, 10)], "A")
    cases = [make_case("A"), make_case("B")]
    failed = {"B": FailedCase("the image is cut off", None)}
    found = measure([good], cases, make_protocol(), failed=failed)
    row = found.case_rows[1]
    assert row["in_figures"] is False
    assert row["reason"] == (
        "the image is cut off; its reference could not be read either, so it is in no figure"
    )
    assert values(found)["count_bias/class=nucleus"] == 0
    assert found.metrics[0].n == 1


def test_failed_cases_of_a_semantic_protocol_are_treated_alike(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_class_map: Callable[..., ClassMap],
) -> None:
    good = confusion_table("A", make_class_map([[1, 0]]), make_class_map([[1, 0]]), 1)
    lost = confusion_table_without_prediction("B", make_class_map([[1, 0]]), 1)
    cases, failed = [make_case("A"), make_case("B")], {"B": FailedCase("-", lost)}
    counted = measure([good], cases, make_protocol("semantic"), failed=failed)
    assert values(counted)["iou/class=nucleus"] == 0.5
    assert counted.case_rows[1]["iou/class=nucleus"] == 0
    left_out = make_protocol("semantic", failed_cases="leave_out")
    found = measure([good], cases, left_out, failed=failed)
    assert values(found)["iou/class=nucleus"] == 1
    assert found.case_rows[1]["iou/class=nucleus"] is None
    assert found.case_rows[1]["reference_px/class=nucleus"] == 1
    assert found.instance_rows == ()


@pytest.mark.parametrize("kind", ["instance", "semantic"])
def test_no_cases_at_all_give_figures_that_are_undefined(
    make_protocol: Callable[..., Protocol], kind: str
) -> None:
    found = measure([], [], make_protocol(kind, presence_minimum_area_px=1))
    assert found.case_rows == found.instance_rows == ()
    for one in found.metrics:
        assert one.value in (None, 0)
        assert (one.value is None) == (definition(one.metric).aggregation != "count")
        assert one.n == 0
    assert evidence_files(found)["cases.csv"].startswith(b"case_id,subject_id,status")


def test_a_subgroup_whose_cases_all_failed_is_still_listed(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    good = make_strip_table([(0, 10)], [(0, 10)], "A")
    cases = [make_case("A", site="x"), make_case("B", site="y")]
    protocol = make_protocol(subgroups=("site",))
    found = measure([good], cases, protocol, failed={"B": FailedCase("-", None)})
    assert values(found)["recall/class=nucleus/iou=0.5/site=y"] is None
    assert [row["subgroup"] for row in found.class_rows] == [None, "site", "site"]


def test_the_row_of_an_object_names_everything_that_became_of_it(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # R1 and R2 under P1 (IoU 10/23 and 11/23), R3 cut into P2 and P3, R4 found badly by P4
    # (IoU 4/10), R5 not at all.
    table = make_strip_table(
        [(0, 10), (12, 23), (30, 50), (60, 70), (80, 85)],
        [(0, 23), (30, 39), (40, 49), (60, 64)],
        "A",
    )
    found = measure([table], [make_case("A", "S-1")], make_protocol())
    assert found.instance_columns == INSTANCE_COLUMNS
    assert all(tuple(row) == INSTANCE_COLUMNS for row in found.instance_rows)
    shown = [
        (row["reference_id"], row["prediction_id"], row["outcome"]) for row in found.instance_rows
    ]
    assert shown == [
        (1, None, "merged"),
        (2, None, "merged"),
        (3, None, "split"),
        (4, None, "missed"),
        (5, None, "missed"),
        (None, 1, "false_positive"),
        (None, 2, "false_positive"),
        (None, 3, "false_positive"),
        (None, 4, "false_positive"),
    ]
    r1, _, r3, r4, r5, p1, p2, _, p4 = found.instance_rows
    assert (r1["merged_with"], r1["merged_by"], r1["iou"]) == ("2", "1", None)
    assert (r3["split_into"], r3["merged_with"]) == ("2 3", None)
    assert r4["outcome_reason"] == (
        "the largest IoU, with predicted object 4, is below the threshold"
    )
    assert (
        r5["outcome_reason"]
        == "no predicted object of its class at the operating point overlaps it"
    )
    assert (p1["merged_with"], p1["bbox_w"], p1["score"]) == ("1 2", 23, 0.9)
    assert (p2["part_of"], p2["bbox_x"]) == ("3", 30)
    assert "reference object 4" in p4["outcome_reason"]
    [case] = found.case_rows
    assert (case["merge_events"], case["split_events"], case["count_difference"]) == (1, 1, -1)


def test_a_matched_row_holds_both_objects(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([(5, 15)], [(5, 13)], "A", scores=[0.75])
    [row] = measure([table], [make_case("A", "S-1")], make_protocol()).instance_rows
    assert list(row.values()) == [
        "A", "nucleus", 1, 1, "matched", 0.8, 0.75, 10, 8, 5, 0, 10, 1, "S-1",
        None, None, None, None, None,
    ]  # fmt: skip


def test_predictions_that_average_precision_does_not_look_at_are_counted(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    # Trap 5.
    table = make_strip_table([], [(one, one + 1) for one in range(5)], "A", scores=[0.9] * 5)
    protocol = make_protocol(matching={"maximum_detections": 3})
    [row] = measure([table], [make_case("A")], protocol).case_rows
    assert row["predictions_beyond_limit"] == 2


@pytest.mark.parametrize(
    ("tables", "cases", "failed", "what"),
    [
        ("A", "AB", "", "cases have neither a table nor a failure: B"),
        ("AB", "A", "", "tables or failures are of cases that are not listed: B"),
        ("A", "A", "A", "cases have a table and a failure: A"),
        ("AA", "A", "", "case A has two tables"),
        ("A", "AA", "", "cases are listed twice: A"),
    ],
)
def test_cases_and_tables_have_to_fit(  # noqa: PLR0917 - fixtures
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
    tables: str,
    cases: str,
    failed: str,
    what: str,
) -> None:
    made = [make_strip_table([], [], one) for one in tables]
    listed = [make_case(one) for one in cases]
    failures = {one: FailedCase("-", None) for one in failed}
    protocol = make_protocol()
    with pytest.raises(ValueError, match=what):
        measure(made, listed, protocol, failed=failures)


def test_what_does_not_fit_the_protocol_is_refused(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
    make_strips: Callable[..., ObjectSet],
) -> None:
    table, cases = make_strip_table([(0, 9)], [(0, 9)], "A"), [make_case("A")]
    confusion = ConfusionTable("A", np.zeros((2, 2), np.int64), 0)
    with pytest.raises(ValueError, match="an overlap table; the protocol is semantic"):
        measure([table], cases, make_protocol("semantic"))
    with pytest.raises(ValueError, match="a confusion table; the protocol is instance"):
        measure([confusion], cases, make_protocol())
    with pytest.raises(ValueError, match="not of 2 classes"):
        measure([confusion], cases, make_protocol("semantic", classes=("a", "b")))
    strange = overlap_table("A", make_strips((0, 9), classes=[2]), make_strips(scores=[]))
    with pytest.raises(ValueError, match="class that is not known"):
        measure([strange], cases, make_protocol())
    with pytest.raises(ValueError, match="resamples subjects, and cases have no subject_id: A"):
        measure([table], cases, make_protocol(resampling_unit="subject"))
    with pytest.raises(ValueError, match="no value of subgroup site: A"):
        measure([table], cases, make_protocol(subgroups=("site",)))
    protocol = make_protocol()
    without = protocol.analysis.model_copy(update={"matching": None})
    with pytest.raises(ValueError, match=r"no analysis\.matching"):
        measure([table], cases, protocol.model_copy(update={"analysis": without}))
    failed = {"A": FailedCase("-", table)}
    with pytest.raises(ValueError, match="failed, and its table has a prediction"):
        measure([], cases, make_protocol(), failed=failed)
