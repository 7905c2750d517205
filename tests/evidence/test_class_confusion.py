"""Objects by reference and predicted class, paired regardless of class (class_confusion.py).

The study worked by hand, on images of one row, at IoU .5; a is nucleus, b is debris:

Case A: R1 a 0-10, R2 a 20-30, R3 b 40-50.
        P1 a 0-10 (score .9): on R1. P2 b 20-30 (.8): on R2, of another class.
        P3 b 40-48 (.7): on R3. P4 a 60-70 (.6): nothing there.
Case B: R1 b 0-10, R2 a 30-40. P1 b 0-10 (.9): on R1. P2 a 80-90 (.3): below .5.

Of a: one found as a, one as b, one (R2 of B) missed. Of b: two found as b. One false positive.
"""

import contextlib
import io
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from validation.evidence.class_confusion import (
    FALSE_POSITIVE,
    MISSED,
    class_confusion,
    confusion_matrix,
)
from validation.evidence.csv_text import csv_rows
from validation.evidence.files import evidence_files
from validation.evidence.measure import Evidence, FailedCase, measure
from validation.evidence.metric_values import MetricValue
from validation.evidence.object_pool import object_pool
from validation.evidence.overlap import (
    OverlapTable,
    overlap_table,
    overlap_table_without_prediction,
)
from validation.plan.protocol import Matching, Protocol
from validation.testset.annotations import ObjectSet
from validation.testset.cases import Case

CLASSES = ("nucleus", "debris")
THREE = ("a", "b", "c")


@pytest.fixture(scope="module")
def evidence(
    two_class_tables: list[OverlapTable],
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
) -> Evidence:
    cases = [make_case("A", site="north"), make_case("B", site="south")]
    return measure(two_class_tables, cases, make_protocol(classes=CLASSES, subgroups=("site",)))


def test_the_table_is_what_the_hand_finds(evidence: Evidence) -> None:
    assert evidence_files(evidence)["tables/class_confusion.csv"].decode() == (
        "case_id,reference_class,predicted_class,objects,reference_ids,prediction_ids\n"
        "A,nucleus,nucleus,1,1,1\n"
        "A,nucleus,debris,1,2,2\n"
        "A,debris,debris,1,3,3\n"
        "A,(false positive),nucleus,1,,4\n"
        "B,nucleus,(missed),1,2,\n"
        "B,debris,debris,1,1,1\n"
    )
    assert evidence_files(evidence)["class_confusion.csv"].decode() == (
        "subgroup,subgroup_value,reference_class,predicted_class,objects\n"
        ",,nucleus,nucleus,1\n"
        ",,nucleus,debris,1\n"
        ",,nucleus,(missed),1\n"
        ",,debris,debris,2\n"
        ",,(false positive),nucleus,1\n"
        "site,north,nucleus,nucleus,1\n"
        "site,north,nucleus,debris,1\n"
        "site,north,debris,debris,1\n"
        "site,north,(false positive),nucleus,1\n"
        "site,south,nucleus,(missed),1\n"
        "site,south,debris,debris,1\n"
    )


@pytest.mark.parametrize(
    ("address", "value", "n"),
    [
        ("class_agreement_of_matched", 3 / 4, 4),
        ("class_agreement_of_matched/site=north", 2 / 3, 3),
        ("class_recall_of_matched/class=nucleus", 1 / 2, 2),
        ("class_recall_of_matched/class=debris", 2 / 2, 2),
        ("class_precision_of_matched/class=nucleus", 1 / 1, 1),
        ("class_precision_of_matched/class=debris", 2 / 3, 3),
        ("matched_pairs_of_any_class", 4, 2),
        ("matched_pairs_of_two_classes", 1, 2),
    ],
)
def test_a_figure_is_what_the_hand_finds(
    evidence: Evidence, address: str, value: float, n: int
) -> None:
    figure = {one.id: one for one in evidence.metrics}[address]
    assert figure.value == pytest.approx(value)
    assert figure.n == n


def test_a_share_of_several_cases_has_an_interval(evidence: Evidence) -> None:
    figure = {one.id: one for one in evidence.metrics}["class_agreement_of_matched"]
    assert figure.interval is not None
    # Cases of 2 of 3 and of 1 of 1: no draw is below or above these.
    assert (figure.interval.lower, figure.interval.upper) == (pytest.approx(2 / 3), 1)


def test_one_class_has_no_confusion(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    found = measure([make_strip_table([(0, 9)], [(0, 9)], "A")], [make_case("A")], make_protocol())
    assert found.confusion is None
    assert not [name for name in evidence_files(found) if "class_confusion" in name]


def _by_metric(evidence: Evidence) -> dict[tuple[str, str | None], MetricValue]:
    return {(one.metric, one.scope.class_name): one for one in evidence.metrics}


def test_without_a_pair_there_is_no_agreement_and_it_says_why(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strip_table: Callable[..., OverlapTable],
) -> None:
    table = make_strip_table([(0, 9)], [(50, 59)], "A")
    found = _by_metric(measure([table], [make_case("A")], make_protocol(classes=CLASSES)))
    assert found["class_agreement_of_matched", None].undefined == "no matched pair"
    assert found["class_recall_of_matched", "debris"].undefined == (
        "no matched pair whose reference object is of the class"
    )
    empty = make_strip_table([], [], "A")
    evidence = measure([empty], [make_case("A")], make_protocol(classes=CLASSES))
    assert evidence.confusion == ((), ())


def test_an_ignored_region_absorbs_every_class_and_is_in_no_cell(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strips: Callable[..., ObjectSet],
) -> None:
    reference = make_strips((0, 50), (60, 70), classes=[1, 1], ignored=[1, 0])
    prediction = make_strips((0, 10), (20, 30), (60, 70), classes=[2, 1, 2], scores=[0.9, 0.8, 0.7])
    table = overlap_table("A", reference, prediction)
    found = measure([table], [make_case("A")], make_protocol(classes=CLASSES))
    assert found.confusion is not None
    [row] = found.confusion.of_cases
    assert (row["reference_class"], row["predicted_class"]) == ("nucleus", "debris")
    assert (row["reference_ids"], row["prediction_ids"]) == ("2", "3")


def test_objects_of_a_failed_case_are_missed_or_left_out_as_the_protocol_says(
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_strips: Callable[..., ObjectSet],
) -> None:
    reference = make_strips((0, 10), (20, 30), classes=[1, 2])
    failed = {"A": FailedCase("it stopped", overlap_table_without_prediction("A", reference))}
    rows = {}
    for treatment in ("count_as_empty", "leave_out"):
        protocol = make_protocol(classes=CLASSES, failed_cases=treatment)
        found = measure([], [make_case("A")], protocol, failed=failed)
        assert found.confusion is not None
        rows[treatment] = [one["predicted_class"] for one in found.confusion.of_cases]
    assert rows == {"count_as_empty": [MISSED, MISSED], "leave_out": []}


def _study(
    objects: Callable[..., ObjectSet],
    jittered: Callable[..., ObjectSet],
    seed: int,
    *,
    ignored_share: float = 0.0,
) -> list[tuple[ObjectSet, ObjectSet]]:
    """Return references and predictions of three classes, most of them given the right one."""
    generator = np.random.default_rng(seed)
    pairs = []
    for _ in range(8):
        reference = objects(generator, 12, classes=3, ignored_share=ignored_share)
        pairs.append((_in_order(reference), _in_order(jittered(generator, reference, 4))))
    return pairs


def _in_order(objects: ObjectSet) -> ObjectSet:
    """Return the objects with rising classes: then COCO's order of them is that of the ids."""
    return ObjectSet(**{**vars(objects), "classes": np.sort(objects.classes)})


def _tables(pairs: Iterable[tuple[ObjectSet, ObjectSet]]) -> list[OverlapTable]:
    return [overlap_table(f"C{number}", *both) for number, both in enumerate(pairs)]


RULES = [("greedy_by_score", 0.3), ("greedy_by_score", 0.0), ("optimal", 0.3)]


@pytest.mark.parametrize(("algorithm", "score"), RULES)
@pytest.mark.parametrize("seed", range(3))
def test_the_matrix_agrees_with_scikit_learn_on_the_pairs_that_the_ids_name(  # noqa: PLR0917
    make_protocol: Callable[..., Protocol],
    make_case: Callable[..., Case],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    algorithm: str,
    score: float,
    seed: int,
) -> None:
    tables = _tables(_study(make_random_objects, make_jittered, seed, ignored_share=0.1))
    rule = {"algorithm": algorithm, "score_threshold": score}
    protocol = make_protocol(classes=THREE, matching=rule)
    found = measure(tables, [make_case(one.case_id) for one in tables], protocol)
    written = evidence_files(found)
    truth, label = [], []
    for row in csv_rows(written["tables/class_confusion.csv"])[1]:
        table = next(one for one in tables if one.case_id == row["case_id"])
        truth += _classes(row["reference_ids"], table.reference_ids, table.reference_classes)
        label += _classes(row["prediction_ids"], table.prediction_ids, table.prediction_classes)
        lone = [len(THREE)] * int(row["objects"])
        truth += lone if row["reference_class"] == FALSE_POSITIVE else []
        label += lone if row["predicted_class"] == MISSED else []
    expected = sklearn_confusion_matrix(truth, label, labels=range(4))
    matrix = np.zeros((4, 4), int)
    for row in csv_rows(written["class_confusion.csv"])[1]:
        place = (*THREE, FALSE_POSITIVE).index(row["reference_class"])
        matrix[place, (*THREE, MISSED).index(row["predicted_class"])] = int(row["objects"])
    assert np.array_equal(matrix, expected)
    assert matrix[:3, :3].sum() > 20  # there is something to confuse
    value = _by_metric(found)
    pairs = expected[:3, :3]
    agreement = value["class_agreement_of_matched", None].value
    assert agreement == pytest.approx(np.trace(pairs) / pairs.sum())


def _classes(cell: str, ids: np.ndarray, classes: np.ndarray) -> list[int]:
    by_id = dict(zip(ids.tolist(), (classes - 1).tolist(), strict=True))
    return [by_id[int(one)] for one in cell.split()]


@pytest.mark.parametrize("ignored_share", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_those_of_pycocotools_without_categories(
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    make_protocol: Callable[..., Protocol],
    seed: int,
    ignored_share: float,
) -> None:
    study = _study(make_random_objects, make_jittered, seed, ignored_share=ignored_share)
    rule = make_protocol(matching={"score_threshold": 0.0}).analysis.matching
    assert rule is not None
    found = class_confusion(object_pool(_tables(study), 3), rule)
    pairs = {
        (case, reference, prediction)
        for case, reference, prediction in zip(
            found.case.tolist(),
            found.reference_id.tolist(),
            found.prediction_id.tolist(),
            strict=True,
        )
        if reference > 0 or prediction > 0
    }
    assert pairs == _coco_pairs(study)


def _coco_pairs(study: list[tuple[ObjectSet, ObjectSet]]) -> set[tuple[int, int, int]]:
    """Return case, reference and predicted id of COCOeval's pairs; -1 where there is none."""
    first = 1000  # ids are unique over all images in COCO
    data: Any = COCO()
    data.dataset = {
        "info": {},
        "images": [{"id": case, "height": 40, "width": 40} for case in range(len(study))],
        "categories": [{"id": one, "name": str(one)} for one in (1, 2, 3)],
        "annotations": [
            {**one, "iscrowd": int(one["ignored"])}
            for case, (reference, _) in enumerate(study)
            for one in _annotations(case, reference, first)
        ],
    }
    results = [one for case, (_, found) in enumerate(study) for one in _annotations(case, found, 0)]
    with contextlib.redirect_stdout(io.StringIO()):
        data.createIndex()
        evaluation = COCOeval(data, data.loadRes([_result(one) for one in results]), "segm")
        evaluation.params.useCats = 0
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.params.maxDets = [1000]
        evaluation.evaluate()
    ids = {place: one["id"] for place, one in enumerate(results, 1)}  # loadRes counts from 1
    pairs = set()
    for case, one in enumerate(evaluation.evalImgs):
        for place, partner, ignored in zip(
            one["dtIds"], one["dtMatches"][0], one["dtIgnore"][0], strict=True
        ):
            if not ignored:
                pairs.add((case, int(partner) % first if partner else -1, ids[place]))
        for identity, partner, ignored in zip(
            one["gtIds"], one["gtMatches"][0], one["gtIgnore"], strict=True
        ):
            if not partner and not ignored:
                pairs.add((case, identity % first, -1))
    return pairs


def _annotations(case: int, objects: ObjectSet, first: int) -> list[dict[str, Any]]:
    scores = objects.scores if objects.scores is not None else np.zeros(len(objects.ids))
    ignored = objects.ignored if objects.ignored is not None else np.zeros(len(objects.ids))
    return [
        {
            "id": first * (case + 1) + identity,
            "image_id": case,
            "category_id": category,
            "segmentation": mask,
            "area": 1,
            "score": score,
            "ignored": is_ignored,
        }
        for identity, category, mask, score, is_ignored in zip(
            objects.ids.tolist(),
            objects.classes.tolist(),
            objects.masks or (),
            scores.tolist(),
            ignored.tolist(),
            strict=True,
        )
    ]


def _result(one: dict[str, Any]) -> dict[str, Any]:
    return {key: one[key] for key in ("image_id", "category_id", "segmentation", "score")}


def _rule(make_protocol: Callable[..., Protocol], **changes: Any) -> Matching:
    rule = make_protocol(matching=changes).analysis.matching
    assert rule is not None
    return rule


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), algorithm=st.sampled_from(["greedy_by_score", "optimal"]))
def test_rows_and_columns_add_up_and_cases_merge(
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
    seed: int,
    algorithm: str,
) -> None:
    tables = _tables(_study(make_random_objects, make_jittered, seed, ignored_share=0.1)[:4])
    rule = _rule(make_protocol, algorithm=algorithm, score_threshold=0.0)
    pool = object_pool(tables, 3)
    whole = confusion_matrix(class_confusion(pool, rule), np.arange(4))
    regular = pool.references.class_index[~pool.is_ignored]
    # Every reference object that is not ignored is in a row, every prediction in one column.
    assert whole[:3].sum(axis=1).tolist() == np.bincount(regular, minlength=3).tolist()
    predicted = np.bincount(pool.predictions.class_index, minlength=3)
    assert (whole[:, :3].sum(axis=0) <= predicted).all()
    if not pool.is_ignored.any():
        assert (whole[:, :3].sum(axis=0) == predicted).all()
    assert whole[3, 3] == 0
    # The tables of cases add up, whichever are measured together.
    parts = [
        confusion_matrix(class_confusion(object_pool([one], 3), rule), np.arange(1))
        for one in tables
    ]
    assert np.array_equal(sum(parts), whole)


def test_the_names_of_classes_do_not_matter(
    make_protocol: Callable[..., Protocol],
    make_random_objects: Callable[..., ObjectSet],
    make_jittered: Callable[..., ObjectSet],
) -> None:
    tables = _tables(_study(make_random_objects, make_jittered, 5))
    turned = [
        OverlapTable(**{
            **vars(one),
            "reference_classes": one.reference_classes % 3 + 1,
            "prediction_classes": one.prediction_classes % 3 + 1,
        })
        for one in tables
    ]  # fmt: skip
    rule, every = _rule(make_protocol, score_threshold=0.0), np.arange(len(tables))
    first = confusion_matrix(class_confusion(object_pool(tables, 3), rule), every)
    second = confusion_matrix(class_confusion(object_pool(turned, 3), rule), every)
    order = [1, 2, 0, 3]  # class 1 became class 2
    assert np.array_equal(first, second[np.ix_(order, order)])
