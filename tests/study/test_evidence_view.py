"""Evidence for assertions: what does not exist lets none of them pass, or fail without a word."""

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from validation.errors import EvidenceError, RecordError
from validation.evidence.metric_values import MetricValue, Scope
from validation.study.evidence_view import Figure, RecordEvidence, UndefinedFigure, evidence_of


@pytest.fixture(scope="module")
def evidence(finished: Callable[[str], Any]) -> RecordEvidence:
    return evidence_of(finished("instance").folder / "record")


def undefined() -> Figure:
    return Figure(
        MetricValue(
            id="recall", metric="recall", scope=Scope(), value=None, unit="ratio", n=0,
            n_of="objects", n_undefined=0, interval=None, no_interval="the figure is undefined",
            undefined="there are no objects",
        )
    )  # fmt: skip


def test_a_figure_has_value_limits_and_sample(evidence: RecordEvidence) -> None:
    found = evidence.metric("segmentation_quality", class_="cell", iou=0.5)
    (stated,) = (one for one in evidence.contents.metrics if one.id == found.id)
    assert stated.interval is not None
    assert (found.value, found.n) == (stated.value, stated.n)
    assert (found.lower, found.upper) == (stated.interval.lower, stated.interval.upper)
    assert found.undefined is None
    assert repr(found).startswith("<segmentation_quality/class=cell/iou=0.5: 0.9")


def test_every_figure_of_the_record_is_found_by_its_scope(evidence: RecordEvidence) -> None:
    for one in evidence.metrics:
        scope = one.measured.scope
        found = evidence.metric(
            one.measured.metric, class_=scope.class_name, iou=scope.iou, size=scope.size,
            subgroup=scope.subgroup,
        )  # fmt: skip
        assert found.id == one.id


def test_an_undefined_figure_is_compared_with_nothing() -> None:
    figure = undefined()
    for name in ("value", "lower", "upper"):
        with pytest.raises(UndefinedFigure, match="there are no objects"):
            assert getattr(figure, name) >= 0
    assert figure.undefined == "there are no objects"


def test_without_an_interval_there_is_no_limit(evidence: RecordEvidence) -> None:
    latency = evidence.metric("latency_p95_ms")
    assert latency.value > 0
    with pytest.raises(UndefinedFigure, match="there is no upper limit: "):
        assert latency.upper < 1000


@pytest.mark.parametrize(
    "compare",
    [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge],
)
def test_the_figure_itself_is_no_number(
    compare: Callable[[Any, Any], bool], evidence: RecordEvidence
) -> None:
    """``assert figure`` would always hold, and ``figure == 0.9`` never."""
    figure = evidence.metric("segmentation_quality", class_="cell", iou=0.5)
    for act in (lambda: compare(figure, 0.5), lambda: compare(0.5, figure), lambda: bool(figure)):
        with pytest.raises(TypeError, match=r"compare its \.value"):
            act()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "presision", "class_": "cell", "iou": 0.5}, "did you mean precision?"),
        ({"name": "recall", "class_": "cel", "iou": 0.5}, "did you mean cell?"),
        ({"name": "recall", "class_": "cell", "iou": 0.6}, "there is: 0.5, 0.75"),
        ({"name": "recall", "class_": "cell"}, "there is: 0.5, 0.75"),
        ({"name": "recall", "class_": "cell", "iou": 0.5, "size": "tiny"}, "there is: none"),
        ({"name": "recall", "class_": "cell", "iou": 0.5, "subgroup": {"site": "C"}},
         "there is: none, site = A, site = B"),
        ({"name": ""}, "there is: "),
    ],
)  # fmt: skip
def test_what_the_record_does_not_hold_is_told_with_what_it_holds(
    asked: dict[str, Any], said: str, evidence: RecordEvidence
) -> None:
    with pytest.raises(EvidenceError) as caught:
        evidence.metric(asked.pop("name"), **asked)
    assert said in str(caught.value)


def test_rows_have_numbers_and_ids_stay_text(evidence: RecordEvidence) -> None:
    (first, *_) = evidence.cases
    assert first["case_id"] == "C1"
    assert first["subgroup/site"] == "A"
    assert first["in_figures"] is True
    assert first["reference_objects"] == 2
    assert isinstance(first["f1"], float)
    empty = next(one for one in evidence.cases if one["case_id"] == "C6")
    assert empty["recall"] is None
    missed = [one for one in evidence.instances if one["outcome"] == "missed"]
    assert [one["case_id"] for one in missed] == ["C4"]
    assert missed[0]["iou"] is None
    assert isinstance(missed[0]["reference_id"], int)


def test_the_findings_are_the_records(evidence: RecordEvidence) -> None:
    assert evidence.findings.verdict == "met"
    assert evidence.report.is_file()
    assert evidence.protocol.document.number == "VP-T1"


def test_a_changed_record_has_no_evidence(record: Path) -> None:
    with (record / "evidence/cases.csv").open("ab") as file:
        file.write(b"C7\n")
    with pytest.raises(RecordError, match=r"evidence/cases\.csv|changed"):
        evidence_of(record)
