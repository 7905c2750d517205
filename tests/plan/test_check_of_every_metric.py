"""Every metric of the catalogue, in protocols of every method, with bounds on all sides."""

from collections import defaultdict
from typing import Any

import pytest

from validation.evidence.catalogue import CATALOGUE, MetricDefinition
from validation.plan.check import check
from validation.plan.source import parse, protocol_from
from validation.study.opening import metric_terms

FORM = {
    *("criterion.wrong-method", "criterion.needs-class", "criterion.not-by-class"),
    *("criterion.needs-iou", "criterion.not-by-iou", "criterion.out-of-range"),
    *("criterion.no-interval", "criterion.wrong-side", "criterion.wrong-limit"),
    *("criterion.always-met", "criterion.never-met", "criterion.unknown-metric"),
}


def _criterion(one: MetricDefinition, **changes: Any) -> dict[str, Any]:
    """Return a criterion on a metric as it should be."""
    is_floor = one.better in {"higher", "zero", "neither"}
    has_interval = one.aggregation not in {"count", "quantile"}
    limit = "lower_limit" if is_floor else "upper_limit"
    plain = {
        "id": one.id.replace("_", "-")[:60],
        "requirements": ["REQ-01"],
        "metric": one.id,
        "class": "cell" if one.needs_class else None,
        "iou": 0.5 if one.needs_iou else None,
        "direction": "at_least" if is_floor else "at_most",
        "bound": 0.5,
        "judged_on": limit if has_interval else "value",
        "rationale": "r",
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


@pytest.fixture
def rules_of(tiny: Any) -> Any:
    """Return the rules that criteria go against, by the id of their metric."""

    def found(kind: str, criteria: list[dict[str, Any]]) -> dict[str, set[str]]:
        values = tiny.protocol(kind)
        values["model"] = {
            "adapter": "python", "name": "n", "version": "1", "file": "m.py",
            "digest": "sha256:" + "0" * 64, "callable": "segment",
        }  # fmt: skip
        values["criteria"] = [{**one, "id": f"AC-{n}"} for n, one in enumerate(criteria)]
        source = parse(tiny.to_yaml(values), "p.yaml")
        told = defaultdict(set)
        for one in check(protocol_from(source), source, metric_terms()):
            if one.about.startswith("AC-"):
                told[criteria[int(one.about[3:])]["metric"]].add(one.rule)
        return told

    return found


@pytest.mark.parametrize("kind", ["semantic", "instance", "panoptic"])
def test_a_criterion_fits_where_its_metric_belongs_to_the_method(rules_of: Any, kind: str) -> None:
    told = rules_of(kind, [_criterion(one) for one in CATALOGUE])
    for one in CATALOGUE:
        belongs = bool({kind, "timing"} & set(one.methods))
        expected = set() if belongs else {"criterion.wrong-method"}
        assert told[one.id] & FORM == expected, one.id


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"class": "cell"}, "criterion.not-by-class"),
        ({"iou": 0.5}, "criterion.not-by-iou"),
    ],
)
def test_what_a_metric_is_not_given_by_is_refused(rules_of: Any, changes: Any, rule: str) -> None:
    told = rules_of("panoptic", [_criterion(one, **changes) for one in CATALOGUE])
    field = {"class": "needs_class", "iou": "needs_iou"}[next(iter(changes))]
    for one in CATALOGUE:
        assert (rule in told[one.id]) != getattr(one, field), one.id


def test_every_end_of_every_range_is_known(rules_of: Any) -> None:
    """Below the least value, above the largest, and each end itself from both sides."""
    for end, step in (("lower", -1), ("upper", 1)):
        chosen = [one for one in CATALOGUE if getattr(one, end) is not None]
        beyond = [_criterion(one, bound=getattr(one, end) + step) for one in chosen]
        told = rules_of("instance", beyond)
        assert all("criterion.out-of-range" in told[one.id] for one in chosen)
        towards = "at_least" if end == "lower" else "at_most"
        at = [_criterion(one, bound=getattr(one, end), direction=towards) for one in chosen]
        told = rules_of("instance", at)
        assert all("criterion.always-met" in told[one.id] for one in chosen)
        away = "at_most" if end == "lower" else "at_least"
        at = [_criterion(one, bound=getattr(one, end), direction=away) for one in chosen]
        told = rules_of("instance", at)
        for one in chosen:
            judged = _criterion(one)["judged_on"]
            assert ("criterion.never-met" in told[one.id]) == (judged != "value"), one.id
            assert "criterion.out-of-range" not in told[one.id]


def test_the_wrong_side_is_known_of_every_metric(rules_of: Any) -> None:
    wrong = {"higher": "at_most", "lower": "at_least"}
    turned = [_criterion(one, direction=wrong.get(one.better, "at_most")) for one in CATALOGUE]
    told = rules_of("semantic", turned)
    for one in CATALOGUE:
        assert ("criterion.wrong-side" in told[one.id]) == (one.better in wrong), one.id


@pytest.mark.parametrize("kind", ["semantic", "instance"])
def test_shares_of_cases_are_those_that_the_evidence_gives_binomial_intervals(
    make_study: Any, kind: str
) -> None:
    """The catalogue says which figures are shares of cases; a run says which it treats so."""
    import json

    study = make_study(kind)
    study.change("analysis.proportion_interval", "wilson")
    study.change("analysis.resampling_unit", "case")
    study.lock().run()
    listed = json.loads((study.folder / "record" / "evidence" / "metrics.json").read_bytes())
    figures = listed["metrics"] if isinstance(listed, dict) else listed
    wilson = {
        one["metric"]
        for one in figures
        if one["interval"] and one["interval"]["method"].startswith("Wilson")
    }
    shares = {one.id for one in CATALOGUE if one.is_share_of_cases}
    given = {one["metric"] for one in figures if one["interval"]}
    assert wilson == shares & given
    assert wilson
