"""The pictures of a report are held against its evidence."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from validation.attest.picture_check import check_pictures
from validation.attest.verification import Check, Checks

INDEX = "overlays/overlays.json"
Change = Callable[[dict[str, Any]], object]


def _files(finished: Callable[[str], Any], kind: str) -> dict[str, bytes]:
    record = finished(kind).folder / "record"
    paths = (one for one in record.rglob("*") if one.is_file())
    return {one.relative_to(record).as_posix(): one.read_bytes() for one in paths}


def _checked(files: dict[str, bytes]) -> Check:
    checks = Checks()
    check_pictures(files, checks)
    (only,) = checks.all()
    return only


@pytest.mark.parametrize("kind", ["instance", "semantic", "panoptic"])
def test_the_pictures_of_a_run_hold(finished: Callable[[str], Any], kind: str) -> None:
    assert _checked(_files(finished, kind)).outcome == "held"


def _first(index: dict[str, Any], outcome: str) -> dict[str, Any]:
    every = (one for case in index["overlays"] for one in case["outlines"])
    found: dict[str, Any] = next(one for one in every if one["outcome"] == outcome)
    return found


CHANGES: dict[str, tuple[Change, str]] = {
    "a failure drawn as a match": (
        lambda index: _first(index, "missed").update(outcome="matched"),
        "matched drawn, missed in the evidence",
    ),
    "an object left out": (
        lambda index: index["overlays"][0]["outlines"].pop(),
        "not drawn",
    ),
    "an object of another name": (
        lambda index: _first(index, "matched").update(object_id=9999),
        "9999: matched drawn, not in the evidence",
    ),
    "the worst case left out": (lambda index: index["overlays"].pop(0), "is not shown"),
    "a worst case shown as better": (
        lambda index: index["overlays"][0].update(rank_reason="F1 at IoU 0.5: 0.999"),
        "for another reason",
    ),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_a_changed_picture_is_found(
    finished: Callable[[str], Any], change: Change, said: str
) -> None:
    files = _files(finished, "instance")
    index = json.loads(files[INDEX])
    change(index)
    check = _checked({**files, INDEX: json.dumps(index).encode()})
    assert check.outcome == "did_not_hold"
    assert said in check.detail


@pytest.mark.parametrize("name", [INDEX, "evidence/cases.csv", "protocol.yaml"])
def test_what_is_missing_is_no_answer(finished: Callable[[str], Any], name: str) -> None:
    files = _files(finished, "instance")
    del files[name]
    assert _checked(files).outcome == "could_not_be_checked"
