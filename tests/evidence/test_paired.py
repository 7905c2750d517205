"""Two versions side by side: differences by hand, by brute force, and the tables of McNemar."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from validation.evidence.intervals import clusters, weight_blocks
from validation.evidence.measure import BeforeIntervals, figures_before_intervals, measure
from validation.evidence.overlap import OverlapTable
from validation.evidence.paired.changes import Side, changes
from validation.evidence.paired.differences import (
    _resampled,
    paired_differences,
    values_by_id,
)
from validation.evidence.paired.found import Pairs, found_by_both, table_of
from validation.plan.protocol import Protocol
from validation.testset.cases import Case

RECALL = "recall/class=cell/iou=0.5"
"""Figure that is looked at closest."""


def disc_table(case_id: str, found: list[bool], false: int = 0) -> OverlapTable:
    """Return a case of discs of 100 pixels, each found whole or not, and false objects beside."""
    count, hits = len(found), [number for number, one in enumerate(found) if one]
    predicted = len(hits) + false
    return OverlapTable.from_dict(
        {
            "case_id": case_id,
            "reference_ids": list(range(1, count + 1)),
            "reference_classes": [1] * count,
            "reference_areas_px": [100] * count,
            "reference_boxes": [[20 * number, 0, 10, 10] for number in range(count)],
            "reference_ignored": [False] * count,
            "prediction_ids": list(range(1, predicted + 1)),
            "prediction_classes": [1] * predicted,
            "prediction_areas_px": [100] * predicted,
            "prediction_boxes": [[20 * number, 0, 10, 10] for number in hits]
            + [[20 * number, 50, 10, 10] for number in range(false)],
            "prediction_scores": [0.9] * predicted,
            "prediction_void_px": None,
            "pair_reference": hits,
            "pair_prediction": list(range(len(hits))),
            "pair_intersection_px": [100] * len(hits),
        }
    )


@pytest.fixture(scope="module")
def protocol(tiny: object) -> Protocol:
    values = tiny.protocol("instance")  # type: ignore[attr-defined]
    values["model"] = {
        "adapter": "python", "name": "m", "version": "1", "file": "m.py",
        "digest": "sha256:" + "0" * 64, "callable": "segment",
    }  # fmt: skip
    values["subgroups"] = []
    return Protocol.model_validate(values)


def before_intervals(
    protocol: Protocol, found: dict[str, list[bool]], false: dict[str, int] | None = None
) -> BeforeIntervals:
    cases = [
        Case(case_id=one, image="i", reference="r", subject_id=f"S-{one[:2]}", attributes={})
        for one in found
    ]
    tables = [disc_table(one, flags, (false or {}).get(one, 0)) for one, flags in found.items()]
    return figures_before_intervals(tables, cases, protocol)


def stated(protocol: Protocol, found: dict[str, list[bool]]) -> dict[str, object]:
    cases = [
        Case(case_id=one, image="i", reference="r", subject_id=f"S-{one[:2]}", attributes={})
        for one in found
    ]
    tables = [disc_table(one, flags) for one, flags in found.items()]
    return {one.id: one for one in measure(tables, cases, protocol).metrics}


FIRST = {"C1a": [True, True], "C1b": [True], "C2a": [True, False, True], "C3a": [False, True]}
SECOND = {"C1a": [True, False], "C1b": [True], "C2a": [True, True, True], "C3a": [False, False]}


def compared(protocol: Protocol, first: dict, second: dict) -> dict:
    found = paired_differences(
        before_intervals(protocol, first).groups,
        before_intervals(protocol, second).groups,
        (stated(protocol, first), stated(protocol, second)),
        protocol.analysis,
    )
    return {one.id: one for one in found}


def test_two_discs_by_hand(protocol: Protocol) -> None:
    """A finds one of two discs and B both: recall 1/2 and 1, so the difference is 1/2."""
    found = compared(protocol, {"C1": [True, False]}, {"C1": [True, True]})
    one = found[RECALL]
    assert (one.first.value, one.second.value, one.difference) == (0.5, 1.0, 0.5)
    assert one.better == "higher"
    assert one.interval is None
    assert one.no_interval == "fewer than two subjects: nothing to resample"
    [table] = found_by_both(
        before_intervals(protocol, {"C1": [True, False]}),
        before_intervals(protocol, {"C1": [True, True]}),
        protocol,
    )[:1]
    assert (table.both, table.first_only, table.second_only, table.neither) == (1, 0, 1, 0)
    assert table.p == 1.0  # 2 * (1/2)
    assert table.no_clustered_p == "fewer than two clusters"


def test_an_undefined_side_leaves_the_difference_undefined(protocol: Protocol) -> None:
    found = compared(protocol, {"C1": [True]}, {"C1": [False]})
    one = found["segmentation_quality/class=cell/iou=0.5"]
    assert one.first.value == 1.0
    assert one.difference is None
    assert one.undefined is not None
    assert one.undefined.startswith("second version: ")


def test_the_same_version_twice_differs_by_nothing(protocol: Protocol) -> None:
    found = compared(protocol, FIRST, FIRST)
    differences = [one.difference for one in found.values() if one.difference is not None]
    assert differences
    assert set(differences) == {0}
    assert all(one.interval is None for one in found.values())
    assert found[RECALL].no_interval is not None
    assert "every replicate gives the same difference" in found[RECALL].no_interval


def test_replicates_are_those_of_resampled_tables(protocol: Protocol) -> None:
    """Brute force: the tables of the drawn subjects, measured again, for both versions."""
    first, second = before_intervals(protocol, FIRST), before_intervals(protocol, SECOND)
    found = _resampled(first.groups[0], second.groups[0], protocol.analysis)[RECALL]
    names = clusters(first.groups[0].unit_of_case).names
    plan = protocol.analysis
    [block] = weight_blocks(len(names), plan.replicates, plan.seed)

    def recall(version: dict[str, list[bool]], drawn: np.ndarray) -> float:
        flags = [
            flag
            for name, times in zip(names, drawn.tolist(), strict=True)
            for case, found in version.items()
            if f"S-{case[:2]}" == name
            for flag in found * times
        ]
        return sum(flags) / len(flags)

    expected = [recall(SECOND, drawn) - recall(FIRST, drawn) for drawn in block]
    np.testing.assert_allclose(found.replicates, expected, rtol=0, atol=1e-12)


def test_the_paired_interval_is_narrower_where_cases_are_hard_for_both(protocol: Protocol) -> None:
    generator = np.random.Generator(np.random.PCG64(3))
    first, second = {}, {}
    for number in range(12):
        hard = generator.random()
        flags = generator.random(20) < hard
        first[f"{number:02}a"] = flags.tolist()
        second[f"{number:02}a"] = (flags ^ (generator.random(20) < 0.05)).tolist()
    one = compared(protocol, first, second)[RECALL]
    assert one.interval is not None
    assert one.interval.method == "paired percentile bootstrap over subjects"
    assert one.interval.lower <= one.difference <= one.interval.upper
    sides = [side.interval for side in (one.first, one.second)]
    unpaired = sum((side.upper - side.lower) ** 2 for side in sides if side) ** 0.5
    assert one.interval.upper - one.interval.lower < unpaired / 2


def test_bca_of_a_difference(protocol: Protocol) -> None:
    plan = protocol.analysis.model_copy(update={"interval_method": "bca_bootstrap"})
    with_bca = protocol.model_copy(update={"analysis": plan})
    generator = np.random.Generator(np.random.PCG64(5))
    first = {f"{number:02}a": (generator.random(9) < 0.7).tolist() for number in range(9)}
    second = {f"{number:02}a": (generator.random(9) < 0.8).tolist() for number in range(9)}
    one = compared(with_bca, first, second)[RECALL]
    assert one.interval is not None
    assert one.interval.method.startswith("paired bias-corrected and accelerated")


# --- McNemar -----------------------------------------------------------------------------


def flags(text: str) -> np.ndarray:
    return np.array([one == "x" for one in text], bool)


def test_mcnemar_by_hand_and_by_statsmodels() -> None:
    """Discordant 1 and 5: p = 2 * (1 + 6) / 2^6 = 0.21875."""
    pairs = Pairs(flags("xxx......"), flags("xx.xxxxx."), tuple("aabbccddd"))
    found = table_of("reference objects", "cell", 0.5, pairs)
    assert (found.both, found.first_only, found.second_only, found.neither) == (2, 1, 5, 1)
    assert found.p == pytest.approx(0.21875, abs=1e-12)
    assert found.p == pytest.approx(mcnemar([[2, 1], [5, 1]], exact=True).pvalue, abs=1e-12)


def test_equal_discordance_has_a_p_of_one() -> None:
    pairs = Pairs(flags("x."), flags(".x"), ("a", "b"))
    assert table_of("reference objects", "cell", 0.5, pairs).p == 1.0


def test_versions_that_never_differ_have_no_p() -> None:
    found = table_of("reference objects", "cell", 0.5, Pairs(flags("x."), flags("x."), ("a", "b")))
    assert found.p is None
    assert found.clustered_p is None
    assert found.no_clustered_p == "the two versions never differ"


def test_the_test_for_clusters_by_hand() -> None:
    """Durkalski: d = (b - c) / n. Here 1/2, -1/4 and 1/1: (5/4)^2 / (1/4 + 1/16 + 1) = 25/21."""
    first, second = flags("xx" + "x..." + "x"), flags("x." + "xx.." + ".")
    found = table_of("reference objects", "cell", 0.5, Pairs(first, second, tuple("aabbbbc")))
    assert found.clusters == 3
    assert found.clustered_p == pytest.approx(0.2752, abs=1e-4)  # of chi squared 1.1905


def test_other_reference_objects_are_refused(protocol: Protocol) -> None:
    first = before_intervals(protocol, {"C1": [True, False], "C2": [True]})
    second = before_intervals(protocol, {"C1": [True], "C2": [True]})
    with pytest.raises(ValueError, match="the reference objects of these cases differ: C1"):
        found_by_both(first, second, protocol)


def test_values_follow_from_the_tables(protocol: Protocol) -> None:
    derived = values_by_id(before_intervals(protocol, FIRST).groups)
    assert derived == {name: one.value for name, one in stated(protocol, FIRST).items()}


# --- changes -----------------------------------------------------------------------------


def row(reference: str, prediction: str, outcome: str, box: str = "0 0 10 10") -> dict[str, str]:
    return {
        "case_id": "C1", "subject_id": "S1", "class": "cell", "reference_id": reference,
        "prediction_id": prediction, "outcome": outcome, "iou": "", "reference_area_px": "100",
        "prediction_area_px": "100",
        **dict(zip(("bbox_x", "bbox_y", "bbox_w", "bbox_h"), box.split(), strict=True)),
    }  # fmt: skip


def test_every_change_of_an_object(protocol: Protocol) -> None:
    first = [
        row("1", "1", "matched"), row("2", "2", "matched"), row("3", "3", "matched"),
        row("4", "", "missed"), row("5", "", "missed"), row("6", "6", "matched"),
        row("", "7", "false_positive"), row("", "8", "false_positive", "50 50 10 10"),
    ]  # fmt: skip
    second = [
        row("1", "", "missed"), row("2", "", "merged"), row("3", "", "split"),
        row("4", "4", "matched"), row("5", "", "merged"), row("6", "9", "matched"),
        row("", "7", "false_positive", "3 0 10 10"), row("", "5", "false_positive", "80 0 10 10"),
    ]  # fmt: skip
    found = changes(Side([], first), Side([], second), protocol)
    assert [(one["change"], one["reference_id"] or one["area_px"]) for one in found] == [
        ("newly_missed", "1"),
        ("newly_merged", "2"),
        ("newly_split", "3"),
        ("newly_found", "4"),
        ("otherwise_not_found", "5"),
        ("no_longer_false", "100"),
        ("newly_false", "100"),
    ]
    # The false object at the upper left overlaps by 70 of 130 pixels of boxes: it is the same.
    assert {one["first_prediction_id"] for one in found if one["change"] == "no_longer_false"} == {
        "8"
    }


def test_changes_of_cases(protocol: Protocol) -> None:
    old = {
        "case_id": "C1",
        "subject_id": "",
        "status": "measured",
        "presence/class=cell": "true_positive",
    }
    new = {**old, "status": "failed", "presence/class=cell": "false_negative"}
    found = changes(Side([old], []), Side([new], []), protocol)
    assert [(one["change"], one["class"], one["second_outcome"]) for one in found] == [
        ("newly_failed", None, "failed"),
        ("newly_wrong", "cell", "false negative"),
    ]
    back = changes(Side([new], []), Side([old], []), protocol)
    assert [one["change"] for one in back] == ["no_longer_failed", "no_longer_wrong"]
