"""The words of the report: verdicts, names of metrics, directions, stages.

Where the reference is no true standard the report speaks of *agreement* and not of
sensitivity or specificity (FDA guidance on diagnostic tests, 2007): `Words` picks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from validation.evidence.catalogue import (
    MEAN_OVER_CLASSES,
    POOLED_OVER_CLASSES,
    MetricDefinition,
)
from validation.evidence.metric_values import Scope
from validation.judge.findings import Findings
from validation.report.formatting import number
from validation.report.view.elements import Verdict

VERDICTS: Mapping[str, Verdict] = {
    "met": Verdict("met", "met", "✓", "Met"),
    "not_met": Verdict("not_met", "not met", "\u00d7", "Not met"),
    "not_evaluable": Verdict("not_evaluable", "not evaluable", "\u2013", "Not evaluable"),
    "incomplete": Verdict("incomplete", "incomplete", "\u2013", "Incomplete"),
}


def verdict_of(findings: Findings) -> Verdict:
    """Return the verdict of a record as it is printed: never without its deviations."""
    plain, more = VERDICTS[findings.verdict], findings.with_deviations
    return replace(plain, word=f"{plain.word}{more}", headline=f"{plain.headline}{more}")


DIRECTIONS: Mapping[str, str] = {"at_least": "at least", "at_most": "at most"}

JUDGED_ON: Mapping[str, str] = {
    "lower_limit": "lower limit",
    "upper_limit": "upper limit",
    "value": "value",
}

STAGES: Mapping[str, str] = {
    "read": "reading",
    "preprocess": "pre-processing",
    "inference": "inference",
    "postprocess": "post-processing",
    "prediction": "checking the prediction",
    "measure": "measuring",
}

OUTCOMES: Mapping[str, str] = {
    "merged": "merged",
    "split": "split",
    "missed": "missed",
    "false_positive": "false positive",
}
"""Outcomes that are failures, in the order in which the report lists them."""

INTERVAL_METHODS: Mapping[str, str] = {
    "percentile_bootstrap": "percentile bootstrap",
    "bca_bootstrap": "bias-corrected and accelerated (BCa) bootstrap",
}

METHODS: Mapping[str, str] = {
    "instance": "instance segmentation",
    "semantic": "semantic segmentation",
    "panoptic": "panoptic segmentation",
}

NOT_CHOSEN: Mapping[str, str] = {
    "instance": METHODS["semantic"],
    "semantic": METHODS["instance"],
    "panoptic": "semantic or instance segmentation alone",
}
"""What a protocol decided against, by its method."""

Standing = Literal["exact_truth", "reference_standard", "non_reference_standard"]

_STANDINGS: Mapping[str, str] = {
    "exact_truth": "Exact truth, by construction",
    "reference_standard": "Reference standard",
    "non_reference_standard": (
        "Annotation that is not a reference standard; figures state agreement with it"
    ),
}

_AGREEMENT_NAMES: Mapping[str, str] = {
    "recall": "Share of annotated objects found (agreement)",
    "precision": "Share of predicted objects annotated (agreement)",
    **{
        f"froc_sensitivity_{rate}": f"Share of annotated objects found at {words} false positives "
        "an image (agreement)"
        for rate, words in (
            ("0_125", "1/8"),
            ("0_25", "1/4"),
            ("0_5", "1/2"),
            *((one, one) for one in "1248"),
        )
    },
    "froc_mean": "Mean share found of the free-response curve (agreement)",
    "pixel_precision": "Share of predicted pixels annotated (agreement)",
    "pixel_recall": "Positive agreement of pixels",
    "pixel_specificity": "Negative agreement of pixels",
    "pixel_accuracy": "Overall agreement of pixels",
    "presence_sensitivity": "Positive agreement on presence in an image",
    "presence_specificity": "Negative agreement on presence in an image",
    "presence_balanced_accuracy": "Mean of positive and negative agreement on presence",
    "presence_positive_predictive_value": "Share of images found that are annotated",
    "presence_negative_predictive_value": "Share of images not found that are not annotated",
}


_ENDINGS: Mapping[str, str] = {
    "_mean_over_cases": " (mean over cases)",
    POOLED_OVER_CLASSES: ", classes pooled",
    MEAN_OVER_CLASSES: ", mean over classes",
}


@dataclass(frozen=True)
class Words:
    """The vocabulary that the standing of the reference asks for."""

    standing: Standing

    @property
    def is_agreement(self) -> bool:
        """True where the report must not speak of truth."""
        return self.standing == "non_reference_standard"

    @property
    def reference(self) -> str:
        """What the predictions are compared with."""
        return "annotation" if self.is_agreement else "reference standard"

    @property
    def standing_sentence(self) -> str:
        """The standing in words."""
        return _STANDINGS[self.standing]

    def metric(self, definition: MetricDefinition) -> str:
        """Return the name of a metric."""
        if not self.is_agreement:
            return definition.name
        for ending, words in _ENDINGS.items():
            one = definition.id.removesuffix(ending)
            if one != definition.id and one in _AGREEMENT_NAMES:
                return _AGREEMENT_NAMES[one] + words
        return _AGREEMENT_NAMES.get(definition.id, definition.name)


def scope_words(scope: Scope) -> str:
    """Return what a figure is about, e.g. ``nucleus, IoU 0.5, site A``."""
    parts = [scope.class_name or ""]
    if scope.iou is not None:
        parts.append(f"IoU\u00a0{number(scope.iou)}")
    if scope.size is not None:
        parts.append(f"{scope.size} objects")
    parts.extend(f"{column}\u00a0{value}" for column, value in scope.subgroup.items())
    return ", ".join(part for part in parts if part)


def joined(parts: list[str]) -> str:
    """Return an enumeration.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    if len(parts) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(words: str) -> str:
    """Return words with a capital letter in front.

    >>> sentence("pre-processing")
    'Pre-processing'
    """
    return words[:1].upper() + words[1:]
