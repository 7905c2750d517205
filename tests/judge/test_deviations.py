"""Deviations and subsets beside criteria: which verdict follows, and in which bytes."""

from typing import Any

import pytest

from validation.judge.acceptance import assess, subset_of, verdict, with_deviations
from validation.judge.deviations import (
    DeviationClosed,
    DeviationRecorded,
    Deviations,
    DeviationStated,
    EventName,
    statement_digest,
)
from validation.judge.findings import CaseFinding, CriterionFinding, Findings, Subset

FAILED = CaseFinding(case_id="C1", stage="inference", what="w", treatment="t")
SUBSET = Subset(cases=("C1", "C2"), of=6)
STATED = {"by": "R. Keller", "user": "keller"}
TEXTS = {"what": "w", "reason": "r", "impact": "i"}


def _told(sequence: int) -> dict[str, Any]:
    name = EventName(trail_id="t", sequence=sequence, digest="sha256:" + "0" * 64)
    return {"at": "2026-03-02T14:05:09Z", "zone": "+01:00", "event": name}


def _deviations(recorded: int, closed: int) -> Deviations:
    ids = [f"DEV-{number:02d}" for number in range(1, recorded + 1)]
    first = [
        DeviationRecorded(id=one, **STATED, **TEXTS, **_told(number))
        for number, one in enumerate(ids, start=1)
    ]
    then = [
        DeviationClosed(id=one, disposition="d", **STATED, **_told(number))
        for number, one in enumerate(ids[:closed], start=recorded + 1)
    ]
    return Deviations(entries=(*first, *then))


def _criterion(outcome: str) -> CriterionFinding:
    return CriterionFinding.model_validate(
        {
            "id": "AC-01", "requirement_ids": ("REQ-01",), "metric_id": "recall", "value": 0.9,
            "interval": None, "direction": "at_least", "judged_on": "value", "observed": 0.9,
            "bound": 0.8, "unit": "1", "n": 10, "verdict": outcome, "reason": "r",
        }
    )  # fmt: skip


def _findings(outcome: str, *failed: CaseFinding) -> Findings:
    criteria = (_criterion(outcome),)
    return Findings(verdict=verdict(criteria, failed), criteria=criteria, failed_cases=failed)


@pytest.mark.parametrize(
    ("outcome", "recorded", "closed", "follows", "words"),
    [
        ("met", 1, 0, "incomplete", ", with 1 deviation"),
        ("met", 2, 1, "incomplete", ", with 2 deviations"),
        ("met", 1, 1, "met", ", with 1 deviation"),
        ("met", 2, 2, "met", ", with 2 deviations"),
        ("not_met", 1, 0, "not_met", ", with 1 deviation"),
        ("not_met", 1, 1, "not_met", ", with 1 deviation"),
        ("not_evaluable", 1, 1, "incomplete", ", with 1 deviation"),
    ],
)
def test_an_open_deviation_forbids_met_and_no_deviation_turns_a_verdict(
    outcome: str, recorded: int, closed: int, follows: str, words: str
) -> None:
    found = with_deviations(_findings(outcome), _deviations(recorded, closed))
    assert (found.verdict, found.with_deviations) == (follows, words)


def test_a_closed_deviation_does_not_hide_a_failed_case() -> None:
    assert with_deviations(_findings("met", FAILED), _deviations(1, 1)).verdict == "incomplete"


@pytest.mark.parametrize("outcome", ["met", "not_met", "not_evaluable"])
def test_a_subset_has_no_verdict_but_incomplete(outcome: str) -> None:
    assert verdict([_criterion(outcome)], [], subset=SUBSET) == "incomplete"
    assert assess([], [], subset=SUBSET).verdict == "incomplete"


def test_a_subset_is_what_the_evidence_holds_of_the_lock() -> None:
    assert subset_of(["C2", "C1"], ["C1", "C2"]) is None
    assert subset_of(["C1", "C2"], ["C2"]) == Subset(cases=("C2",), of=2)
    assert subset_of(["C1"], ["C1", "C9"]) == Subset(cases=("C1", "C9"), of=1)
    assert SUBSET.words == "2 of 6 cases: not for the record"


def test_findings_without_deviation_and_subset_have_the_bytes_that_they_had() -> None:
    plain = _findings("met").to_json()
    assert b"deviation" not in plain
    assert b"subset" not in plain
    with_all = with_deviations(_findings("met"), _deviations(2, 1))
    assert Findings.from_json(with_all.to_json()) == with_all


def test_what_is_stated_has_one_digest_before_and_after_it_is_told() -> None:
    stated = DeviationStated(id="DEV-01", **STATED, **TEXTS)
    assert statement_digest(stated) == statement_digest(_deviations(1, 0).entries[0])
    assert statement_digest(stated) != statement_digest(
        stated.model_copy(update={"impact": "other"})
    )
