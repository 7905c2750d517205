"""What standards ask of a protocol, and what a protocol does not say."""

from typing import Any

import pytest

from validation.plan.completeness import Asked, is_provided, name_of, unanswered
from validation.report.coverage import asked_of_a_protocol
from validation.study.opening import read_protocol


def test_every_item_without_an_answer_is_a_warning_with_its_source(study: Any) -> None:
    remarks = read_protocol(study.path).remarks
    told = [one.problem.what for one in remarks if one.problem.what.startswith("not provided")]
    assert {one.level for one in remarks} == {"warning"}
    [sampling] = [one for one in told if "sampling" in one]
    assert "inclusion criteria, exclusion criteria, sampling" in sampling
    assert "CLAIM 2024" in sampling


def test_an_answer_ends_its_warning(study: Any) -> None:
    def told() -> list[str]:
        return [one.problem.what for one in read_protocol(study.path).remarks]

    before = [one for one in told() if "demographics" in one]
    study.change("test_set.demographics", "Adults of both sexes.")
    assert len(before) == 1
    assert not [one for one in told() if "demographics" in one]


def test_the_warning_stands_at_the_part_that_lacks_the_field(study: Any) -> None:
    places = {
        one.problem.what: one.problem.where
        for one in read_protocol(study.path).remarks
        if "robustness" in one.problem.what
    }
    [where] = places.values()
    assert where.endswith("(analysis)")


def test_an_empty_list_that_is_written_out_is_an_answer(study: Any) -> None:
    asked = [Asked("Documents", "ISO 13485", ("references",))]
    silent = read_protocol(study.path).protocol
    assert [one.what for one in unanswered(silent, asked)]
    study.change("references", [])
    assert not list(unanswered(read_protocol(study.path).protocol, asked))


def test_an_empty_value_is_no_answer(study: Any) -> None:
    study.change("device.population", None)
    assert not is_provided(read_protocol(study.path).protocol, "device.population")


def test_a_field_that_does_not_exist_is_a_fault(study: Any) -> None:
    with pytest.raises(AttributeError):
        is_provided(read_protocol(study.path).protocol, "device.colour")


def test_every_field_that_is_asked_for_has_a_name_in_words() -> None:
    names = {name_of(field) for one in asked_of_a_protocol() for field in one.fields}
    assert not {one for one in names if "_" in one}
    assert {"de-identification", "inter-rater variability", "intra-rater variability"} <= names
    assert "deviations" in names
    assert "demographics" in names


def test_a_history_that_ends_with_another_revision_is_told(study: Any) -> None:
    study.change("document.history", [{"revision": "Z", "date": "2026-01-01", "change": "New."}])
    told = [one.problem.what for one in read_protocol(study.path).remarks]
    assert "the history ends with revision Z" in told
