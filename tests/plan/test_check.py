"""Every contradiction of a protocol is found, at its line."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from validation.errors import ProtocolError
from validation.plan.check import (
    Rule,
    answers,
    attainable,
    check,
    enough_units,
    files,
    independence,
    rules,
    sections,
    subgroups,
)
from validation.plan.protocol import Protocol, json_schema
from validation.plan.source import parse, protocol_from
from validation.study.opening import metric_terms, read_protocol

WORKED = sorted((Path(__file__).resolve().parents[2] / "protocols").glob("*/protocol.yaml"))

ONNX = {
    "adapter": "onnx",
    "name": "n",
    "version": "1",
    "file": "m.onnx",
    "digest": "sha256:" + "0" * 64,
    "preprocess": {
        "channels": "gray",
        "scaling": {"kind": "percentiles", "low": 1, "high": 99, "clip_low": 0, "clip_high": 1},
    },
    "postprocess": {
        "kind": "watershed",
        "class": "cell",
        "background_channel": 0,
        "interior_channel": 1,
        "foreground_threshold": 0.5,
        "distance_sigma_px": 1,
        "peak_distance_px": 3,
        "distance_weight": 0.1,
        "minimum_area_px": 5,
    },
}
THRESHOLD = {"kind": "threshold", "class": "cell", "channel": 0, "threshold": 0.5}
ARGMAX = {"kind": "argmax", "channel_classes": ["background", "cell", "tissue"]}
PREDICTIONS = {
    "adapter": "predictions",
    "name": "n",
    "version": "1",
    "format": "label_maps",
    "location": "predictions",
    "digest": "sha256:" + "0" * 64,
    "produced_by": "Elsewhere.",
}


def _criterion(**changes: Any) -> dict[str, Any]:
    plain = {
        "id": "AC-02",
        "requirements": ["REQ-01"],
        "metric": "recall",
        "class": "cell",
        "iou": 0.5,
        "direction": "at_least",
        "bound": 0.5,
        "judged_on": "lower_limit",
        "rationale": "r",
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def _add(**changes: Any) -> Callable[[Any], None]:
    return lambda values: values["criteria"].append(_criterion(**changes))


def _set(dotted: str, value: Any) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        *above, last = [int(one) if one.isdigit() else one for one in dotted.split(".")]
        for part in above:
            values = values[part]
        if isinstance(values, list) and last == len(values):
            values.append(value)
        else:
            values[last] = value

    return change


def _both(*changes: Callable[[Any], None]) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        for one in changes:
            one(values)

    return change


def _size(observations: int = 48, units: int = 48, **changes: Any) -> dict[str, Any]:
    """Return a sample size for the one criterion, with changes to its assumptions."""
    assumptions = {
        "design": "proportion", "expected": 0.7, "bound": 0.5, "direction": "at_least",
        "interval": "wilson", "level": 0.95, "power": 0.8,
    }  # fmt: skip
    return {
        "criterion": "AC-01",
        "basis": "Earlier versions.",
        "assumptions": {**assumptions, **changes},
        "observations": observations,
        "units": units,
    }


def _margin(**changes: Any) -> Callable[[Any], None]:
    plain = {
        "id": "CC-01",
        "requirements": ["REQ-01"],
        "metric": "recall",
        "class": "cell",
        "iou": 0.5,
        "aim": "non_inferiority",
        "margin": 0.05,
        "rationale": "r",
    }
    margin = {name: value for name, value in {**plain, **changes}.items() if value is not None}
    return _set("comparison", {"change": "c", "impact": "i", "margins": [margin]})


SCALE = {"severities": ["minor", "serious"], "acceptable_up_to": "minor", "source": "RMP-1"}
RISK = {"id": "RISK-01", "hazard": "h", "harm": "h", "severity": "s"}
REQUIREMENT = {"id": "REQ-01", "text": "t"}
CELL = {"name": "cell", "description": "d", "value": 2}

ANSWERS = {
    **dict.fromkeys(("presence", "area", "separate", "trace", "tracking"), "not_needed"),
    **dict.fromkeys(("hazard", "overlap", "small", "clutter", "kpi", "frame_rate"), "none"),
    "count": "needed",
    "together": "does_not_apply",
    "decision": "image",
    "place": "server",
    "touching": "often",
    "annotation": "items",
    "review": "each_item",
}
MEASURED = {
    "test_set": "TS-T1",
    "manifest_digest": "sha256:" + "0" * 64,
    "cases": 1,
    "overall": {
        "objects": 2,
        "touching": 2,
        "components": 1,
        "count_error": -1,
        "absolute_count_error": 1,
        "cases_counted_exactly": 0,
    },
    "classes": [],
}


def _choice(**changes: Any) -> Callable[[Any], None]:
    """Give the method a questionnaire; answers among the changes are those that differ."""
    answers = {**ANSWERS, **changes.pop("answers", {})}
    kept = {name: one for name, one in answers.items() if one}
    choice = {"rules": 1, "answers": kept, "recommended": "instance", **changes}
    return _set("method.choice", choice)


INSTANCE: list[tuple[str, str, str, Callable[[Any], None]]] = [
    # level, path, part of what is said, change
    ("warning", "method.choice.rules", "under rules version 9", _choice(rules=9)),
    ("error", "method.choice.answers.count", "count has no answer three",
     _choice(answers={"count": "three"})),
    ("error", "method.choice.answers.colour", "no question is named colour",
     _choice(answers={"colour": "blue"})),
    ("error", "method.choice.answers", "place is not answered", _choice(answers={"place": ""})),
    ("error", "method.choice.recommended", "instance does not follow from the answers, panoptic",
     _choice(answers={"area": "needed"})),
    ("error", "method.choice", "the method is instance, and semantic is recommended",
     _choice(answers={"count": "not_needed", "area": "needed"}, recommended="semantic")),
    ("warning", "method.choice.decided_otherwise", "instance is what is recommended",
     _choice(decided_otherwise="Because.")),
    ("warning", "method.choice.answers", "annotation: class_masks (R32) excludes instance",
     _choice(answers={"annotation": "class_masks"}, recommended=None, decided_otherwise="Why.")),
    ("error", "method.choice.measured.test_set", "test set OTHER was measured",
     _choice(measured={**MEASURED, "test_set": "OTHER"})),
    ("error", "method.choice.measured.classes", "the classes that were measured",
     _choice(measured=MEASURED)),
    ("error", "requirements.1", "REQ-01 stands twice", _set("requirements.1", REQUIREMENT)),
    ("error", "risks.1", "RISK-01 stands twice", _set("risks.1", RISK)),
    ("error", "criteria.1", "AC-01 stands twice", _add(id="AC-01")),
    ("error", "signatories.1", "author stands twice",
     _set("signatories.1", {"role": "author", "title": "t", "meaning": "m"})),
    ("error", "subgroups.1", "site stands twice", _set("subgroups", ["site", "site"])),
    ("error", "subgroups.1", "a subgroup named size has the address of another figure",
     _set("subgroups", ["site", "size"])),
    ("error", "requirements.0.risks.0", "no risk has the id RISK-9",
     _set("requirements.0.risks", ["RISK-9"])),
    ("error", "criteria.1.requirements.0", "no requirement has the id REQ-9",
     _add(requirements=["REQ-9"])),
    ("error", "requirements.1", "no criterion tests REQ-02",
     _set("requirements.1", {"id": "REQ-02", "text": "t"})),
    ("warning", "risks.1", "no requirement controls RISK-02",
     _set("risks.1", {**RISK, "id": "RISK-02"})),
    ("error", "criteria.1.metric", "no metric has the id recal", _add(metric="recal")),
    ("error", "criteria.1.metric", "not a figure of instance evidence",
     _add(metric="dice", iou=None)),
    ("error", "criteria.1", "recall needs a class", _add(**{"class": None})),
    ("error", "criteria.1.class", "not given by class",
     _add(metric="latency_p95_ms", iou=None, judged_on="value", direction="at_most")),
    ("error", "criteria.1.class", "no class is named tissue", _add(**{"class": "tissue"})),
    ("error", "criteria.1.iou", "has no IoU threshold", _add(metric="count_bias", iou=0.5)),
    ("error", "criteria.1", "recall needs an IoU threshold", _add(iou=None)),
    ("error", "criteria.1.iou", "0.6 is not evaluated", _add(iou=0.6)),
    ("error", "criteria.1.iou", "0.62 is not evaluated",
     _add(metric="average_precision_at", iou=0.62)),
    ("error", "criteria.1.size", "count_bias is not given by size",
     _add(metric="count_bias", iou=None, size="small", judged_on="value")),
    ("error", "criteria.1.metric", "is given where there are several classes",
     _add(metric="recall_pooled_over_classes", **{"class": None})),
    ("error", "criteria.1.size", "precision is not given by size",
     _add(metric="precision", size="large")),
    ("error", "criteria.1", "average_precision needs a class",
     _add(metric="average_precision", iou=None, **{"class": None})),
    ("error", "criteria.1.bound", "outside the range of recall, 0 to 1", _add(bound=85)),
    ("error", "criteria.1.bound", "every result meets this bound", _add(bound=0)),
    ("error", "criteria.1.judged_on", "has no confidence interval",
     _add(metric="latency_p95_ms", iou=None, judged_on="upper_limit", direction="at_most",
          **{"class": None})),
    ("error", "criteria.1.subgroup", "camera is not among the subgroups",
     _add(subgroup={"camera": "x"})),
    ("error", "criteria.1.subgroup", "timings are not given by subgroup",
     _add(metric="latency_p95_ms", iou=None, judged_on="value", direction="at_most",
          subgroup={"site": "A"}, **{"class": None})),
    ("error", "criteria.1.judged_on", "rewards uncertainty", _add(judged_on="upper_limit")),
    ("error", "criteria.1.judged_on", "rewards uncertainty",
     _add(metric="false_positives_per_case", direction="at_most")),
    ("warning", "criteria.1.judged_on", "ignores its uncertainty", _add(judged_on="value")),
    ("error", "analysis", "needs `matching:`",
     lambda values: values["analysis"].pop("matching")),
    ("error", "analysis.presence_minimum_area_px", "semantic evidence",
     _set("analysis.presence_minimum_area_px", 5)),
    ("error", "analysis.surface_tolerance_px", "figures of semantic evidence",
     _set("analysis.surface_tolerance_px", 2)),
    ("error", "analysis.pair_distances_in", "micrometres need the size of a pixel",
     _both(_set("analysis.pair_distances_in", "um"),
           lambda values: values["test_set"].pop("pixel_spacing_um", None))),
    ("error", "criteria.1.metric", "needs `pair_distances_in`",
     _add(metric="matched_hausdorff_95_px", direction="at_most", bound=5,
          judged_on="upper_limit")),
    ("error", "criteria.1.metric", "asks for distances of pairs in px",
     _both(_add(metric="matched_hausdorff_95_um_pooled_over_classes", direction="at_most",
                bound=5, judged_on="upper_limit", **{"class": None}),
           _set("analysis.pair_distances_in", "px"))),
    ("error", "test_set.reference_standard.format", "does not tell objects apart",
     _set("test_set.reference_standard.format", "class_map")),
    ("error", "test_set.reference_standard.format", "objects of one class only",
     _set("classes.1", {**CELL, "name": "tissue"})),
    ("error", "test_set.reference_standard.file", "`file` is given for the format `coco`",
     _set("test_set.reference_standard.format", "coco")),
    ("error", "test_set.reference_standard.file", "`file` is given for the format `coco`",
     _set("test_set.reference_standard.file", "a.json")),
    ("error", "ignore_value", "only class maps", _set("ignore_value", 255)),
    ("error", "model.format", "are not instance predictions",
     _set("model", {**PREDICTIONS, "format": "class_maps"})),
    ("error", "criteria.1.metric", "have no latency",
     _both(_set("model", PREDICTIONS),
           _add(metric="latency_p95_ms", iou=None, judged_on="value", direction="at_most",
                **{"class": None}))),
    ("error", "model.postprocess.kind", "threshold does not make instance predictions",
     _set("model", {**ONNX, "postprocess": THRESHOLD})),
    ("error", "model.postprocess.class", "no class is named nucleus",
     _set("model", {**ONNX, "postprocess": {**ONNX["postprocess"], "class": "nucleus"}})),
    ("error", "model.preprocess.scaling.low", "must be below",
     _both(_set("model", ONNX), _set("model.preprocess", {
         "channels": "gray", "scaling": {**ONNX["preprocess"]["scaling"], "low": 99.5}}))),
    ("error", "model.preprocess.scaling.clip_low", "must be below",
     _both(_set("model", ONNX), _set("model.preprocess", {
         "channels": "gray", "scaling": {**ONNX["preprocess"]["scaling"], "clip_low": 2}}))),
    ("error", "test_set.folders.0", "leads out of the root",
     _set("test_set.folders", ["../other", "references"])),
    ("error", "test_set.folders.1", "not a relative path",
     _set("test_set.folders", ["images", "/etc"])),
    ("error", "test_set.folders.0", "not a relative path",
     _set("test_set.folders", ["images\\a", "references"])),
    ("error", "test_set.root", "not a relative path", _set("test_set.root", "C:/data")),
    ("error", "test_set.case_table", "not a relative path", _set("test_set.case_table", "/c.csv")),
    ("error", "model.file", "not a relative path", _set("model.file", "/m.py")),
    ("error", "model.location", "not a relative path",
     _set("model", {**PREDICTIONS, "location": "/p"})),
    ("error", "analysis.matching.further_iou_thresholds.0", "0.5 stands twice",
     _set("analysis.matching.further_iou_thresholds", [0.5])),
    ("error", "test_set.exclusions.1.cases.0", "C1 is excluded twice",
     _set("test_set.exclusions", [{"cases": ["C1"], "reason": one} for one in ("r", "q")])),
    ("error", "signatories.1.distinct_from.0", "no signatory before approver has the role head",
     _set("signatories.1.distinct_from", ["head"])),
    ("error", "signatories.0.distinct_from.0", "no signatory before author has the role approver",
     _set("signatories.0.distinct_from", ["approver"])),
    ("warning", "signatories", "one person may give every signature",
     _set("signatories.1.distinct_from", [])),
    ("warning", "signatories", "nobody but its signer",
     _set("signatories", [{"role": "author", "title": "Tester", "meaning": "I wrote this"}])),
    ("warning", "analysis.replicates", "fewer than 1,000", _set("analysis.replicates", 500)),
    ("warning", "criteria", "how well found objects are outlined",
     _set("criteria.0", _criterion(id="AC-01"))),
    ("error", "criteria.1.bound", "no confidence limit reaches 1", _add(bound=1)),
    ("error", "criteria.1.bound", "no confidence limit reaches 0",
     _add(metric="false_positives_per_case", direction="at_most", bound=0,
          judged_on="upper_limit")),
    ("warning", "criteria.1.bound", "a result without any error", _add(bound=1, judged_on="value")),
    ("error", "criteria.1.direction", "recall is the better the higher it is",
     _add(direction="at_most", judged_on="upper_limit")),
    ("error", "criteria.1.direction", "false_positives_per_case is the better the lower it is",
     _add(metric="false_positives_per_case", bound=2)),
    ("warning", "criteria.1", "AC-02 is met wherever AC-03 is",
     _both(_add(bound=0.6), _add(id="AC-03", bound=0.7))),
    ("warning", "criteria.1", "AC-02 is met wherever AC-01 is",
     _add(metric="segmentation_quality", bound=0.5)),
    ("error", "criteria.2.bound", "AC-03 cannot be met together with AC-02",
     _both(_add(metric="count_bias", iou=None, bound=0.5),
           _add(id="AC-03", metric="count_bias", iou=None, bound=0.5, direction="at_most",
                judged_on="upper_limit"))),
    ("warning", "criteria.1.bound", "a model that finds nothing has an error of 1",
     _add(metric="count_absolute_relative_error", iou=None, direction="at_most", bound=1.2,
          judged_on="upper_limit")),
    ("warning", "criteria.1.judged_on", "a limit of an error's size, which ends at 0",
     _add(metric="count_absolute_relative_error", iou=None, direction="at_most", bound=0.1,
          judged_on="upper_limit")),
    ("warning", "criteria", "a model that finds nothing could meet every criterion",
     _set("criteria.0", _criterion(metric="false_positives_per_case", direction="at_most",
                                   bound=2, judged_on="upper_limit"))),
    ("warning", "analysis.replicates", "fewer than 5,000 replicates make coarse limits",
     _both(_set("analysis.confidence_level", 0.99), _set("analysis.replicates", 4999))),
    ("warning", "requirements.0.risks.1", "REQ-01 names RISK-01 twice",
     _set("requirements.0.risks", ["RISK-01", "RISK-01"])),
    ("warning", "criteria.1.requirements.1", "AC-02 names REQ-01 twice",
     _add(requirements=["REQ-01", "REQ-01"])),
    ("error", "risk_acceptance.severities.1", "the severity minor stands twice",
     _set("risk_acceptance", {"severities": ["minor", "minor"], "source": "s"})),
    ("error", "risk_acceptance.acceptable_up_to", "small is not among the severities",
     _set("risk_acceptance", {"severities": ["minor"], "acceptable_up_to": "small",
                              "source": "s"})),
    ("error", "risks.0.severity", "RISK-01 has a severity that the scale does not have: minor",
     _set("risk_acceptance", {"severities": ["Minor"], "source": "s"})),
    ("error", "risks.1", "no requirement with a criterion controls RISK-02 (serious)",
     _both(_set("risks.1", {**RISK, "id": "RISK-02", "severity": "serious"}),
           _set("risk_acceptance", SCALE))),
    ("warning", "risks.1", "no requirement controls RISK-02",
     _both(_set("risks.1", {**RISK, "id": "RISK-02", "severity": "minor"}),
           _set("risk_acceptance", SCALE))),
    ("warning", "document.history", "the history ends with revision 0",
     _set("document.history", [{"revision": "0", "date": "2026", "change": "c"}])),
    ("warning", "test_set", "training data not provided",
     lambda values: values["test_set"].pop("training_data", None)),
    ("error", "test_set.training_data", "folder and none_because is given",
     _set("test_set.training_data", {"folder": "f", "none_because": "n", "on_leak": "report"})),
    ("error", "test_set.training_data", "what follows from a leak is not stated",
     _set("test_set.training_data", {"folder": "f"})),
    ("error", "test_set.training_data.subjects", "subjects is given without a folder",
     _set("test_set.training_data", {"none_because": "n", "subjects": "s.csv"})),
    ("error", "test_set.training_data.manifest", "`lock` is written by `segval lock`",
     _set("test_set.training_data", {"manifest": "lock/t.csv", "on_leak": "report"})),
    ("error", "analysis.sample_size.0.units", "follow 48 units, not 47",
     _set("analysis.sample_size", [_size(units=47)])),
    ("error", "analysis.sample_size.0.observations", "follow 48 observations, not 49",
     _set("analysis.sample_size", [_size(observations=49)])),
    ("error", "analysis.sample_size.0.assumptions", "0.4 does not lie above the bound 0.5",
     _set("analysis.sample_size", [_size(expected=0.4)])),
    ("error", "analysis.sample_size.0.criterion", "no criterion has the id AC-07",
     _set("analysis.sample_size", [{**_size(), "criterion": "AC-07"}])),
    ("error", "analysis.sample_size.0.assumptions.level", "intervals have 0.95",
     _set("analysis.sample_size", [_size(level=0.9)])),
    ("error", "analysis.sample_size.0.assumptions.bound", "the bound is 0.55",
     _set("analysis.sample_size", [_size(bound=0.55)])),
    ("error", "analysis.sample_size.0.assumptions.design", "met on the other side",
     _set("analysis.sample_size", [_size(direction="at_most", expected=0.3)])),
    ("error", "analysis.sample_size.0.assumptions.design", "is judged on its value",
     _both(_set("criteria.0.judged_on", "value"), _set("analysis.sample_size", [_size()]))),
    ("error", "analysis.sample_size.0.assumptions.interval", "the interval is wilson",
     _both(_set("analysis.proportion_interval", "clopper_pearson"),
           _set("analysis.sample_size", [_size()]))),
    ("error", "comparison.margins.0", "AC-01 stands twice among the criteria and margins",
     _margin(id="AC-01")),
    ("error", "comparison.margins.0.requirements.0", "no requirement has the id REQ-09",
     _margin(requirements=["REQ-09"])),
    ("error", "comparison.margins.0.metric", "no metric has the id recal", _margin(metric="recal")),
    ("error", "comparison.margins.0.metric", "not a figure of instance evidence",
     _margin(metric="dice", iou=None)),
    ("error", "comparison.margins.0.class", "no class is named disc", _margin(**{"class": "disc"})),
    ("error", "comparison.margins.0.iou", "0.6 is not evaluated", _margin(iou=0.6)),
    ("error", "comparison.margins.0.subgroup", "ward is not among the subgroups",
     _margin(subgroup={"ward": "A"})),
    ("error", "comparison.margins.0.metric", "count_bias is neither better nor worse",
     _margin(metric="count_bias", iou=None)),
    ("error", "comparison.margins.0.metric", "latency_p95_ms has no confidence interval",
     _margin(metric="latency_p95_ms", iou=None, **{"class": None})),
    ("error", "comparison.margins.0.margin", "non-inferiority has no margin", _margin(margin=0)),
    ("error", "comparison.margins.0.margin", "3 is as wide as the range of recall, 1",
     _margin(margin=3)),
    ("warning", "comparison", "the comparison does not say the impact",
     _both(_margin(), _set("comparison.impact", None))),
]  # fmt: skip

SEMANTIC: list[tuple[str, str, str, Callable[[Any], None]]] = [
    ("error", "classes.2", "cell stands twice", _set("classes.2", CELL)),
    ("warning", "criteria.1.bound", "the same answer for every image has 0.5",
     _add(metric="presence_balanced_accuracy", iou=None, bound=0.5)),
    ("error", "classes.2.value", "the value 7 is given to two classes",
     _set("classes.2", {**CELL, "name": "tissue", "value": 7})),
    ("error", "analysis.matching", "has no matching",
     _set("analysis.matching", {
         "algorithm": "optimal", "iou_threshold": 0.5, "score_threshold": 0,
         "maximum_detections": 9, "merge_split_fraction": 0.75})),
    ("error", "test_set.reference_standard.format", "semantic evidence is read from",
     _both(_set("test_set.reference_standard.format", "coco"),
           _set("test_set.reference_standard.file", "a.json"))),
    ("error", "ignore_value", "is the value of a class", _set("ignore_value", 7)),
    ("error", "model.format", "are not semantic predictions", _set("model", PREDICTIONS)),
    ("error", "model.postprocess.channel_classes.2", "no class is named tissue",
     _set("model", {**ONNX, "postprocess": ARGMAX})),
    ("error", "criteria.1.metric", "needs `presence_minimum_area_px`",
     _both(_add(metric="presence_sensitivity", iou=None),
           lambda values: values["analysis"].pop("presence_minimum_area_px"))),
    ("error", "criteria.1.metric", "needs `surface_tolerance_px`",
     _add(metric="hausdorff_95_px", iou=None, direction="at_most", bound=5,
          judged_on="upper_limit")),
    ("error", "criteria.1.metric", "needs `surface_tolerance_px` or `surface_tolerance_um`",
     _add(metric="boundary_iou", iou=None)),
    ("error", "criteria.1.metric", "needs objects; a class map has none",
     _both(_add(metric="touching_share", iou=None, direction="at_most", judged_on="upper_limit"),
           _set("test_set.reference_standard.format", "class_map"))),
    ("error", "analysis.surface_tolerance_um", "the tolerance is given twice",
     _both(_set("analysis.surface_tolerance_px", 2), _set("analysis.surface_tolerance_um", 2),
           _set("test_set.pixel_spacing_um", 0.5))),
    ("error", "analysis.surface_tolerance_um", "need the size of a pixel",
     _set("analysis.surface_tolerance_um", 2)),
    ("error", "analysis.pair_distances_in", "figures of instance evidence",
     _set("analysis.pair_distances_in", "px")),
    ("error", "analysis.boundary_distance_px", "are not asked for",
     _set("analysis.boundary_distance_px", 2)),
    ("error", "classes.0.role", "things and stuff are panoptic; the method is semantic",
     _set("classes.0.role", "thing")),
    ("error", "ignore_value", "0 is the background", _set("ignore_value", 0)),
    ("error", "test_set.reference_standard.format", "those are read for nothing else",
     _set("test_set.reference_standard.format", "panoptic_map")),
]  # fmt: skip


CELL_1 = {**CELL, "value": 1, "role": "thing"}
PANOPTIC: list[tuple[str, str, str, Callable[[Any], None]]] = [
    ("error", "classes.0", "cell is neither thing nor stuff", _set("classes.0", {**CELL})),
    ("error", "classes.0.value", "a class of things is at most 64", _set("classes.0.value", 65)),
    ("error", "classes.1.value", "a class of stuff is at most 999", _set("classes.1.value", 1000)),
    ("error", "classes", "no class is stuff", _set("classes", [CELL_1])),
    ("error", "classes", "no class is thing", _set("classes", [
        {**CELL_1, "role": "stuff"}, {**CELL_1, "name": "spot", "value": 7, "role": "stuff"},
    ])),
    ("error", "analysis", "a panoptic protocol needs `matching:`", _set("analysis.matching", None)),
    ("error", "analysis.matching.algorithm", "no scores to be paired by",
     _set("analysis.matching.algorithm", "greedy_by_score")),
    ("error", "analysis.matching.score_threshold", "objects of a panoptic map have no scores",
     _set("analysis.matching.score_threshold", 0.5)),
    ("error", "test_set.reference_standard.format", "is read from panoptic maps",
     _set("test_set.reference_standard.format", "class_map")),
    ("error", "model.format", "label_maps are not panoptic predictions",
     _set("model", PREDICTIONS)),
    ("error", "model.adapter", "no post-processing of a network makes a panoptic map",
     _set("model", ONNX)),
    ("error", "ignore_value", "the ignore value is the value of a class", _set("ignore_value", 7)),
    ("error", "ignore_value", "the ignore value is the value of an object",
     _set("ignore_value", 1005)),
    ("error", "criteria.1.class", "recall is a figure of objects, and spot is stuff",
     _add(**{"class": "spot"})),
    ("error", "criteria.1.metric", "average_precision is not a figure of panoptic evidence",
     _add(metric="average_precision", iou=None)),
    ("error", "criteria.1.metric", "is given where there are several classes",
     _add(metric="recall_mean_over_classes", **{"class": None})),
    ("error", "criteria.1.class", "pq_all is not given by class", _add(metric="pq_all", iou=None)),
    ("warning", "criteria", "no criterion judges how well found objects are outlined",
     _set("criteria", [_criterion()])),
]  # fmt: skip
"""Of the tiny study: cells are things with the value 1, spots stuff with the value 7."""


def _remarks(tiny: Any, values: Any) -> tuple[Any, list[str]]:
    content = tiny.to_yaml(values)
    source = parse(content, "p.yaml")
    return check(protocol_from(source), source, metric_terms()), content.decode().splitlines()


@pytest.mark.parametrize(
    ("kind", "level", "path", "what", "change"),
    [("instance", *one) for one in INSTANCE]
    + [("semantic", *one) for one in SEMANTIC]
    + [("panoptic", *one) for one in PANOPTIC],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_contradiction_is_found_at_its_line(  # noqa: PLR0917 - the columns of a table
    tiny: Any,
    make_study: Any,
    kind: str,
    level: str,
    path: str,
    what: str,
    change: Callable[[Any], None],
) -> None:
    values = make_study(kind).values
    assert not [one for one in _remarks(tiny, values)[0] if what in one.problem.what]
    change(values)
    remarks, lines = _remarks(tiny, values)
    found = [one for one in remarks if what in one.problem.what]
    assert [one.level for one in found] == [level], [str(one.problem) for one in remarks]
    where = found[0].problem.where
    assert where.endswith(f"({path})")
    line = lines[int(where.split(" ")[0].split(":")[1]) - 1]
    names = [part for part in path.split(".") if not part.isdigit()]
    parent = names[-2] if len(names) > 1 else ""
    assert f"{names[-1]}:" in line or f"{parent}:" in line or line.strip().startswith("-"), line


@pytest.mark.parametrize(
    "change",
    [
        _add(size="small"),
        _add(metric="average_precision", iou=None, size="large"),
        _add(metric="average_recall", iou=None, size="medium", subgroup={"site": "A"}),
    ],
)
def test_a_criterion_can_name_a_size(
    tiny: Any, make_study: Any, change: Callable[[Any], None]
) -> None:
    values = make_study("instance").values
    change(values)
    assert not [one for one in _remarks(tiny, values)[0] if one.level == "error"]


def test_a_sample_size_that_follows_is_no_contradiction(tiny: Any, make_study: Any) -> None:
    from validation.plan.sample_size.reading import read_design
    from validation.plan.sample_size.sizing import size

    values = make_study("instance").values
    needed = size(read_design(_size()["assumptions"])).units
    _set("analysis.sample_size", [_size(needed, needed)])(values)
    assert [one for one in _remarks(tiny, values)[0] if one.level == "error"] == []


def test_a_size_that_does_not_exist_is_refused_at_its_line(tiny: Any, make_study: Any) -> None:
    values = make_study("instance").values
    _add(size="tiny")(values)
    with pytest.raises(ProtocolError) as caught:
        protocol_from(parse(tiny.to_yaml(values), "p.yaml"))
    [problem] = caught.value.problems
    assert "(criteria.1.size)" in problem.where
    assert "small" in f"{problem.what} {problem.fix}"


def test_several_classes_have_figures_over_all_of_them(tiny: Any, make_study: Any) -> None:
    values = make_study("instance").values
    _set("classes.1", {**CELL, "name": "tissue"})(values)
    _set("test_set.reference_standard.format", "coco")(values)
    _set("test_set.reference_standard.file", "a.json")(values)
    _add(metric="average_precision", iou=None, **{"class": None})(values)
    _add(id="AC-03", metric="f1_mean_over_classes", **{"class": None})(values)
    _add(id="AC-04", metric="recall_pooled_over_classes", size="small", **{"class": None})(values)
    assert _remarks(tiny, values)[0] == ()


@pytest.mark.parametrize("void", [0, 255, 999, 65535])
def test_void_of_a_panoptic_map_can_have_any_value_of_no_class(
    tiny: Any, make_study: Any, void: int
) -> None:
    values = make_study("panoptic").values
    _set("ignore_value", void)(values)
    _add(metric="pq_all", iou=None, **{"class": None})(values)
    _add(id="AC-03", metric="pq", iou=None, **{"class": "spot"})(values)
    _add(id="AC-04", metric="dice", iou=None, **{"class": "spot"})(values)
    assert _remarks(tiny, values)[0] == ()


def test_every_rule_is_tested_here(tiny: Any, make_study: Any) -> None:
    fired = set()
    tables = {"instance": INSTANCE, "semantic": SEMANTIC, "panoptic": PANOPTIC}
    for kind, table in tables.items():
        plain = make_study(kind, kind).values
        for *_, change in table:
            values = deepcopy(plain)
            change(values)
            fired |= {one.rule for one in _remarks(tiny, values)[0]}
    about_cases = (
        attainable,
        subgroups,
        independence,
        enough_units,
    )  # tests/plan/test_plan_judgement.py
    elsewhere = {one for subject in (answers, files, sections, *about_cases)
                 for one in vars(subject).values() if isinstance(one, Rule)}  # fmt: skip
    assert {one.id for one in rules()} - fired == {one.id for one in elsewhere}


def test_rules_have_ids_of_their_own_and_say_why() -> None:
    known = rules()
    assert len({one.id for one in known}) == len(known)
    for one in known:
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+", one.id)
        assert one.why.endswith(".")
        assert one.source


def test_all_contradictions_are_told_at_once_in_the_order_of_lines(tiny: Any, study: Any) -> None:
    for change in (_add(metric="recal"), _set("ignore_value", 255), _set("test_set.root", "/d")):
        change(study.values)
    remarks, _ = _remarks(tiny, study.values)
    lines = [int(one.problem.where.split(" ")[0].split(":")[1]) for one in remarks]
    assert len([one for one in remarks if one.level == "error"]) == 3
    assert lines == sorted(lines)


@pytest.mark.parametrize("kind", ["instance", "semantic", "panoptic"])
def test_the_tiny_protocols_lack_nothing_but_companions(
    tiny: Any, make_study: Any, kind: str
) -> None:
    told = [one.problem.what for one in _remarks(tiny, make_study(kind).values)[0]]
    assert all("(Metrics Reloaded)" in one for one in told)


@pytest.mark.parametrize("path", WORKED, ids=lambda path: path.parent.name)
def test_the_worked_protocols_have_no_errors(path: Path) -> None:
    assert [one for one in read_protocol(path).remarks if one.level == "error"] == []


def test_protocols_fit_the_published_schema(make_study: Any) -> None:
    import jsonschema
    import yaml

    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for values in (make_study("instance").values, yaml.safe_load(WORKED[0].read_text("utf-8"))):
        validator.validate(values)
    assert not validator.is_valid({"format": "segval/protocol/1"})


def test_a_protocol_keeps_its_bytes_through_json(study: Any) -> None:
    protocol = read_protocol(study.path).protocol
    assert Protocol.from_json(protocol.to_json()) == protocol
