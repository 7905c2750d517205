"""Every metric, once: what it is, how it is computed, when it is undefined, where it is from.

The report's definitions, `segval metrics`, the checks of a protocol and the reference pages
are all made from this list. TP, FP, FN and TN are counted over pixels for semantic metrics,
over objects for instance metrics and over segments for panoptic quality, as
`validation.evidence.semantic`, `validation.evidence.instance` and `validation.evidence.panoptic`
say; R is a reference object, P a predicted one, |·| an area in pixels, Σ a sum over cases.
"""

from typing import Literal

from validation.record import Record

Kind = Literal["semantic", "instance", "panoptic", "timing"]


class MetricDefinition(Record):
    """One metric."""

    id: str
    """Name in protocols, ``metrics.json`` and tables."""
    name: str
    """Name for people."""
    definition: str
    """How it is computed, in words and symbols."""
    unit: str
    """``ratio`` or a unit of measurement."""
    lower: float | None
    """Least possible value; None: there is none."""
    upper: float | None
    """Largest possible value; None: there is none."""
    better: Literal["higher", "lower", "zero", "neither"]
    """Which way is better; ``neither`` for counts that describe the sample."""
    aggregation: Literal[
        "pooled",
        "mean over cases",
        "mean over classes",
        "spread over cases",
        "count",
        "quantile",
    ]
    """How cases become one figure: their sums taken first, or their values averaged."""
    methods: tuple[Kind, ...]
    """Methods that it is computed for; timings are taken for every method."""
    needs_class: bool
    """True: it is given for each class; False: over all."""
    needs_iou: bool
    """True: it is given at IoU thresholds."""
    has_class_mean: bool = False
    """True: where there are several classes it is given as their mean, too."""
    has_sizes: bool = False
    """True: it is given for each size stratum, too."""
    n_of: Literal["objects", "predictions", "segments", "cases", "pixels"]
    """What `MetricValue.n` counts."""
    edge_case: str
    """When it is undefined or needs care, and what is done then."""
    source: str
    """Publication, standard or code that defines it."""
    asked_by: tuple[str, ...] = ()
    """Fields of the analysis plan of which one has to be given for it; none: always there."""
    needs_several_classes: bool = False
    """True: given only where the protocol has several classes."""
    needs_objects: bool = False
    """True: the reference standard has to tell objects apart, whatever the method."""

    @property
    def is_of_reference_alone(self) -> bool:
        """True: it follows from the reference standard, so that every method has it."""
        return {"semantic", "instance"} <= set(self.methods)

    @property
    def is_share_of_cases(self) -> bool:
        """True: images with an outcome / images, so that a binomial interval may be right.

        >>> definition("presence_sensitivity").is_share_of_cases
        True
        """
        name = self.id.removesuffix(POOLED_OVER_CLASSES)
        return name in _SHARES_OF_CASES

    @property
    def range(self) -> str:
        """Return the possible values in words.

        >>> definition("recall").range
        '0 to 1'
        >>> definition("count_bias").range
        'any number'
        """
        if self.lower is None and self.upper is None:
            return "any number"
        if self.upper is None:
            return f"{self.lower:g} or more"
        if self.lower is None:
            return f"{self.upper:g} or less"
        return f"{self.lower:g} to {self.upper:g}"


_RELOADED = "Maier-Hein et al., Metrics reloaded, Nature Methods 21, 2024"
_KIRILLOV = "Kirillov et al., Panoptic segmentation, CVPR 2019"
_COCO = "Lin et al., Microsoft COCO, ECCV 2014; pycocotools.COCOeval"
_DICE = "Dice, Measures of the amount of ecologic association, Ecology 26, 1945"
_EVERINGHAM = "Everingham et al., The PASCAL Visual Object Classes challenge, IJCV 88, 2010"
_FDA = "FDA, Statistical guidance on reporting results of diagnostic tests, 2007"
_BLAND = "Bland and Altman, Statistical methods for assessing agreement, Lancet 327, 1986"
_WILLMOTT = "Willmott and Matsuura, Advantages of the MAE, Climate Research 30, 2005"
_FROC = (
    "Bunch et al., A free-response approach, SPIE 127, 1977; Niemeijer et al., On combining "
    "computer-aided detection systems, IEEE TMI 30, 2011"
)
_ANY_CLASS = "segval, validation.evidence.class_confusion; pairs are pycocotools' useCats = 0"
_SEVERAL = "Given where there are several classes."
_HERE = "segval, validation.evidence.merges_splits"
_COUNTED = "segval, validation.evidence"
_NIKOLOV = "Nikolov et al., Deep learning for head and neck anatomy, arXiv:1809.04430, 2018"
_CHENG = "Cheng et al., Boundary IoU, CVPR 2021"
_HD95 = "Maier-Hein et al., Metrics reloaded, 2024; larger directed percentile, as MONAI has it"
_HEIMANN = "Heimann et al., Comparison and evaluation of methods for liver segmentation, TMI 2009"
_LONG = "Long et al., Fully convolutional networks for semantic segmentation, CVPR 2015"
_HYNDMAN = "Hyndman and Fan, Sample quantiles in statistical packages, type 7, 1996"

_INSTANCE_ALONE = (
    "average_",
    "froc_",
    "segmentation_quality",
    "panoptic_quality",
    "matched_hausdorff_95_",
)
"""Beginnings of the ids of figures of objects that a panoptic protocol does not have: its
objects have no scores, its quality is that of segments, and distances of pairs are not asked."""


def _instance(
    metric: str,
    name: str,
    text: str,
    edge_case: str,
    source: str,
    *,
    unit: str = "ratio",
    lower: float | None = 0,
    upper: float | None = 1,
    better: Literal["higher", "lower", "zero", "neither"] = "higher",
    aggregation: Literal["pooled", "mean over cases", "spread over cases", "count"] = "pooled",
    needs_iou: bool = False,
    has_class_mean: bool = False,
    has_sizes: bool = False,
    n_of: Literal["objects", "predictions", "cases"] = "objects",
    asked_by: tuple[str, ...] = (),
) -> MetricDefinition:
    return MetricDefinition(
        id=metric,
        name=name,
        definition=text,
        unit=unit,
        lower=lower,
        upper=upper,
        better=better,
        aggregation=aggregation,
        methods=("instance",) if metric.startswith(_INSTANCE_ALONE) else ("instance", "panoptic"),
        needs_class=True,
        needs_iou=needs_iou,
        has_class_mean=has_class_mean,
        has_sizes=has_sizes,
        n_of=n_of,
        edge_case=edge_case,
        source=source,
        asked_by=asked_by,
    )


def _confusion(
    metric: str,
    name: str,
    text: str,
    edge_case: str,
    *,
    unit: str = "ratio",
    upper: float | None = 1,
    better: Literal["higher", "lower", "neither"] = "higher",
    aggregation: Literal["pooled", "count"] = "pooled",
    needs_class: bool = False,
) -> MetricDefinition:
    return MetricDefinition(
        id=metric,
        name=name,
        definition=text,
        unit=unit,
        lower=0,
        upper=upper,
        better=better,
        aggregation=aggregation,
        methods=("instance",),
        needs_class=needs_class,
        needs_iou=False,
        n_of="cases" if aggregation == "count" else "objects",
        edge_case=f"{edge_case} {_SEVERAL}",
        source=_ANY_CLASS,
        needs_several_classes=True,
    )


def _semantic(
    metric: str,
    name: str,
    text: str,
    edge_case: str,
    source: str,
    *,
    unit: str = "ratio",
    lower: float | None = 0,
    upper: float | None = 1,
    better: Literal["higher", "lower", "zero", "neither"] = "higher",
    aggregation: Literal[
        "pooled", "mean over cases", "mean over classes", "spread over cases", "count"
    ] = "pooled",
    needs_class: bool = True,
    n_of: Literal["cases", "pixels"] = "pixels",
    asked_by: tuple[str, ...] = (),
) -> MetricDefinition:
    return MetricDefinition(
        id=metric,
        name=name,
        definition=text,
        unit=unit,
        lower=lower,
        upper=upper,
        better=better,
        aggregation=aggregation,
        methods=("semantic", "panoptic"),
        needs_class=needs_class,
        needs_iou=False,
        n_of=n_of,
        edge_case=edge_case,
        source=source,
        asked_by=asked_by,
    )


def _separability(
    metric: str,
    name: str,
    text: str,
    edge_case: str,
    *,
    unit: str = "ratio",
    lower: float | None = 0,
    upper: float | None = 1,
    better: Literal["higher", "lower", "zero", "neither"] = "lower",
    aggregation: Literal["pooled", "mean over cases", "count"] = "pooled",
    n_of: Literal["objects", "cases"] = "objects",
    needs_objects: bool = True,
) -> MetricDefinition:
    return MetricDefinition(
        id=metric,
        name=name,
        definition=text,
        unit=unit,
        lower=lower,
        upper=upper,
        better=better,
        aggregation=aggregation,
        methods=("semantic", "instance", "panoptic"),
        needs_class=True,
        needs_iou=False,
        needs_objects=needs_objects,
        n_of=n_of,
        edge_case=edge_case,
        source="segval, validation.evidence.separability",
    )


def _timing(metric: str, name: str, text: str) -> MetricDefinition:
    return MetricDefinition(
        id=metric,
        name=name,
        definition=text,
        unit="ms",
        lower=0,
        upper=None,
        better="lower",
        aggregation="quantile",
        methods=("timing",),
        needs_class=False,
        needs_iou=False,
        n_of="cases",
        edge_case="Undefined when no case was timed; cases that failed have no latency. "
        "No interval: one run on one machine.",
        source=_HYNDMAN,
    )


def _object_count(metric: str, name: str, text: str, better: str = "neither") -> MetricDefinition:
    return _instance(
        metric,
        name,
        text,
        "0 when there is none; a count has no interval.",
        _COUNTED,
        unit="events" if metric.endswith("_events") else "objects",
        upper=None,
        better=better,  # type: ignore[arg-type]
        aggregation="count",
        n_of="cases",
    )


def _case_count(
    metric: str, name: str, text: str, better: Literal["higher", "lower"]
) -> MetricDefinition:
    return _semantic(
        metric,
        name,
        text,
        "0 when there is none; a count has no interval. Cases without an evaluated pixel are "
        "left out.",
        _FDA,
        unit="cases",
        upper=None,
        better=better,
        aggregation="count",
        n_of="cases",
    )


_NO_REFERENCE = "Undefined when there is no reference object of the class."
_NO_OBJECT = "Undefined when there is neither a reference nor a predicted object of the class."
_ABSENT = "Undefined when the class has no pixel in reference and prediction, over all cases."
_ABSENT_CASES = (
    "A case without a pixel of the class in reference and prediction has no value: it is left "
    "out and counted beside the figure. Undefined when that is every case."
)
_UNEVALUATED = (
    "Cases without an evaluated pixel are left out and counted; undefined when that is every case."
)
_SPREAD = (
    "Undefined with fewer than two cases. 95 % of the differences of single cases lie between the "
    "limits if they are normal; the interval is that of the limit, by the bootstrap."
)
_SIZES = (
    "By size, too: mask areas up to 32² px (small), 32² to 96² (medium), from 96² (large), both "
    "ends included."
)
_PAIR_DISTANCE = (
    "ΣHD95 of the pairs / ΣTP, HD95 the larger of the two directed 95th percentiles of the "
    "distance of a border pixel to the nearest border pixel of the partner, percentiles linearly "
    "interpolated. Border pixels have one of four neighbours outside the object; the edge of the "
    "image is a border."
)
_PAIR_DISTANCE_EDGE = (
    "Undefined when there is no pair; objects that were missed do not enter, so it is to be read "
    "beside recall. A pair always has both borders."
)
_TOLERANCES = ("surface_tolerance_px", "surface_tolerance_um")
_BORDERS = (
    "Border pixels have one of four neighbours outside the class; the edge of the image is a "
    "border, that of a region not evaluated is none."
)
_NO_BORDERS = (
    "Undefined when there is no border in reference and prediction. An image where the class is "
    f"in one of them alone counts as wholly wrong. {_BORDERS}"
)
_NO_BORDERS_CASES = (
    "A case without a border of the class in reference and prediction has no value: it is left "
    "out and counted beside the figure. 0 where the class is in one of them alone. Undefined "
    f"when no case has a value. {_BORDERS}"
)
_NO_DISTANCE = (
    "A case with the class in reference or prediction alone, or in neither, has no distance: it "
    "is left out and counted beside the figure, so the figure says nothing of classes that were "
    "missed; surface_missed_cases and surface_spurious_cases tell them apart. Undefined when "
    f"no case has both borders. {_BORDERS}"
)
_CLASS_MAP = "Undefined for class maps, which do not tell objects apart."
_OPERATING = "at the operating score threshold and the IoU threshold"

_LISTED: tuple[MetricDefinition, ...] = (
    _instance(
        "recall",
        "Object recall",
        f"ΣTP / Σ(TP + FN), {_OPERATING}: the share of reference objects that were found. {_SIZES}",
        _NO_REFERENCE,
        _RELOADED,
        needs_iou=True,
        has_sizes=True,
    ),
    _instance(
        "precision",
        "Object precision",
        f"ΣTP / Σ(TP + FP), {_OPERATING}: the share of predicted objects that are right.",
        "Undefined when there is no predicted object of the class.",
        _RELOADED,
        needs_iou=True,
        n_of="predictions",
    ),
    _instance(
        "f1",
        "Object F1 score",
        f"2ΣTP / Σ(2TP + FP + FN), {_OPERATING}; also called recognition quality.",
        _NO_OBJECT,
        _RELOADED,
        needs_iou=True,
    ),
    _instance(
        "segmentation_quality",
        "Segmentation quality (mean IoU of pairs)",
        "ΣIoU of the pairs / ΣTP: how well the objects that were found are outlined.",
        "Undefined when there is no pair; objects that were missed do not enter.",
        _KIRILLOV,
        needs_iou=True,
    ),
    _instance(
        "panoptic_quality",
        "Panoptic quality",
        "ΣIoU of the pairs / Σ(TP + FP/2 + FN/2); the product of F1 score and segmentation "
        "quality.",
        f"{_NO_OBJECT} Pairs need an IoU at or above the threshold; the publication asks for "
        "more than 0.5.",
        _KIRILLOV,
        needs_iou=True,
    ),
    _instance(
        "false_positives_per_case",
        "False positives per image",
        "ΣFP / number of images: predicted objects without a partner.",
        "Undefined when there is no case.",
        _RELOADED,
        unit="objects per image",
        upper=None,
        better="lower",
        needs_iou=True,
        n_of="cases",
    ),
    _instance(
        "matched_dice",
        "Mean Dice coefficient of pairs",
        "ΣDice of the pairs / ΣTP, Dice = 2|R∩P| / (|R| + |P|).",
        "Undefined when there is no pair; objects that were missed do not enter.",
        _DICE,
        needs_iou=True,
    ),
    _instance(
        "matched_hausdorff_95_px",
        "Mean Hausdorff distance of pairs, 95th percentile, in pixels",
        _PAIR_DISTANCE,
        _PAIR_DISTANCE_EDGE,
        _HD95,
        unit="px",
        upper=None,
        better="lower",
        needs_iou=True,
        asked_by=("pair_distances_in",),
    ),
    _instance(
        "matched_hausdorff_95_um",
        "Mean Hausdorff distance of pairs, 95th percentile, in micrometres",
        _PAIR_DISTANCE,
        _PAIR_DISTANCE_EDGE,
        _HD95,
        unit="µm",
        upper=None,
        better="lower",
        needs_iou=True,
        asked_by=("pair_distances_in",),
    ),
    _instance(
        "average_precision",
        "Average precision, IoU .50 to .95",
        "Mean over the IoU thresholds .50, .55, ..., .95 of the interpolated precision at the 101 "
        "recall levels 0, .01, ..., 1, over all scores, greedy matching. Over several classes: "
        f"the mean over those with a reference object. {_SIZES}",
        f"{_NO_REFERENCE} 0 when there are reference objects and no prediction. Undefined when the "
        "predictions have no scores. Only the protocol's maximum number of detections of an "
        "image is looked at, those with the highest score. Equal scores: by case id, then by "
        "object id.",
        _COCO,
        has_class_mean=True,
        has_sizes=True,
    ),
    _instance(
        "average_precision_at",
        "Average precision at one IoU threshold",
        f"As average precision, at one of the IoU thresholds .50, .55, ..., .95 alone. {_SIZES}",
        "As average precision.",
        _COCO,
        needs_iou=True,
        has_class_mean=True,
        has_sizes=True,
    ),
    _instance(
        "average_recall_1",
        "Average recall, one detection an image",
        "As average recall, of the detection with the highest score of the class in each image.",
        "As average precision.",
        _COCO,
        has_class_mean=True,
    ),
    _instance(
        "average_recall_10",
        "Average recall, ten detections an image",
        "As average recall, of the ten detections with the highest scores of the class in each "
        "image.",
        "As average precision.",
        _COCO,
        has_class_mean=True,
    ),
    _instance(
        "average_recall",
        "Average recall, IoU .50 to .95",
        "Mean over the IoU thresholds .50, .55, ..., .95 of the share of reference objects found "
        "by the protocol's maximum number of detections of the class in each image, greedy "
        f"matching; COCO's AR100 where that number is 100. {_SIZES}",
        "As average precision.",
        _COCO,
        has_class_mean=True,
        has_sizes=True,
    ),
    *(
        _instance(
            metric,
            f"Sensitivity at {rate} false positives an image",
            f"Largest share of reference objects found at a score threshold with at most {rate} "
            "false positives an image (free-response curve), greedy matching. Predictions of "
            "one score enter together.",
            f"{_NO_REFERENCE} Undefined when the predictions have no scores. Every prediction "
            "counts, whatever the operating point.",
            _FROC,
            needs_iou=True,
        )
        for metric, rate in (
            ("froc_sensitivity_0_125", "1/8"),
            ("froc_sensitivity_0_25", "1/4"),
            ("froc_sensitivity_0_5", "1/2"),
            ("froc_sensitivity_1", "1"),
            ("froc_sensitivity_2", "2"),
            ("froc_sensitivity_4", "4"),
            ("froc_sensitivity_8", "8"),
        )
    ),
    _instance(
        "froc_mean",
        "Mean sensitivity of the free-response curve",
        "Mean of the sensitivities at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false positives an image.",
        f"{_NO_REFERENCE} Undefined when the predictions have no scores.",
        _FROC,
        needs_iou=True,
    ),
    _instance(
        "count_bias",
        "Bias of the count",
        "Σ(predicted - reference objects) / number of images.",
        "Undefined when there is no case.",
        _BLAND,
        unit="objects per image",
        lower=None,
        upper=None,
        better="zero",
        aggregation="mean over cases",
        n_of="cases",
    ),
    _instance(
        "count_mean_absolute_error",
        "Mean absolute error of the count",
        "Σ|predicted - reference objects| / number of images.",
        "Undefined when there is no case.",
        _WILLMOTT,
        unit="objects per image",
        upper=None,
        better="lower",
        aggregation="mean over cases",
        n_of="cases",
    ),
    _instance(
        "count_exact_rate",
        "Share of images counted exactly",
        "Images with as many predicted as reference objects / number of images.",
        "Undefined when there is no case. Equal numbers need not be the same objects.",
        _COUNTED,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _instance(
        "count_lower_limit_of_agreement",
        "Lower limit of agreement of the count",
        "Mean - 1.96 standard deviations (n - 1) over images of predicted - reference objects.",
        _SPREAD,
        _BLAND,
        unit="objects per image",
        lower=None,
        upper=None,
        better="zero",
        aggregation="spread over cases",
        n_of="cases",
    ),
    _instance(
        "count_upper_limit_of_agreement",
        "Upper limit of agreement of the count",
        "Mean + 1.96 standard deviations (n - 1) over images of predicted - reference objects.",
        _SPREAD,
        _BLAND,
        unit="objects per image",
        lower=None,
        upper=None,
        better="zero",
        aggregation="spread over cases",
        n_of="cases",
    ),
    _instance(
        "count_relative_error",
        "Relative error of the total count",
        "Σ(predicted - reference objects) / Σ reference objects, with its sign; errors of "
        "different images can cancel.",
        _NO_REFERENCE,
        _COUNTED,
        lower=-1,
        upper=None,
        better="zero",
    ),
    _instance(
        "count_absolute_relative_error",
        "Size of the relative error of the total count",
        "|Σ(predicted - reference objects)| / Σ reference objects; errors of different images "
        "can cancel.",
        _NO_REFERENCE,
        _COUNTED,
        upper=None,
        better="lower",
    ),
    _instance(
        "merged_share",
        "Share of objects merged",
        "Reference objects in a merge / reference objects. A merge is a predicted object in which "
        "two or more reference objects of its class lie with at least the protocol's fraction "
        "of their area; objects in it that are matched as well are counted.",
        _NO_REFERENCE,
        _HERE,
        better="lower",
    ),
    _instance(
        "split_share",
        "Share of objects split",
        "Reference objects that are split / reference objects. A reference object is split when "
        "two or more predicted objects of its class lie in it with at least the protocol's "
        "fraction of their area, whether or not it is matched as well.",
        _NO_REFERENCE,
        _HERE,
        better="lower",
    ),
    _object_count(
        "reference_objects",
        "Reference objects",
        "Reference objects of the class, ignored regions not counted.",
    ),
    _object_count(
        "predicted_objects",
        "Predicted objects",
        "Predicted objects of the class at the operating score threshold, those absorbed by an "
        "ignored region not counted.",
    ),
    _object_count(
        "matched_objects",
        "Reference objects matched",
        "Reference objects with the outcome matched, at the protocol's IoU threshold.",
        "higher",
    ),
    _object_count(
        "merged_objects",
        "Reference objects lost in merges",
        "Reference objects with the outcome merged: unmatched, and in a merge.",
        "lower",
    ),
    _object_count(
        "split_objects",
        "Reference objects lost by splits",
        "Reference objects with the outcome split: unmatched, not in a merge, and split.",
        "lower",
    ),
    _object_count(
        "missed_objects",
        "Reference objects missed",
        "Reference objects with the outcome missed: unmatched, neither merged nor split.",
        "lower",
    ),
    _object_count(
        "ignored_objects",
        "Reference regions ignored",
        "Reference regions that are neither to be found nor to be penalised.",
    ),
    _object_count(
        "false_positive_objects",
        "False positives",
        "Predicted objects at the operating score threshold without a partner at the protocol's "
        "IoU threshold.",
        "lower",
    ),
    _object_count(
        "merge_events",
        "Merges",
        "Predicted objects that contain two or more reference objects of their class.",
        "lower",
    ),
    _object_count(
        "split_events",
        "Splits",
        "Reference objects that contain two or more predicted objects of their class.",
        "lower",
    ),
    _semantic(
        "iou",
        "Intersection over union (pooled)",
        "ΣTP / Σ(TP + FP + FN), pixels of all cases summed first.",
        _ABSENT,
        _EVERINGHAM,
    ),
    _semantic(
        "dice",
        "Dice coefficient (pooled)",
        "2ΣTP / Σ(2TP + FP + FN), pixels of all cases summed first.",
        f"{_ABSENT} n is the number of pixels of the class in reference or prediction.",
        _DICE,
    ),
    _semantic(
        "pixel_precision",
        "Pixel precision",
        "ΣTP / Σ(TP + FP).",
        "Undefined when no pixel was predicted as the class.",
        _RELOADED,
    ),
    _semantic(
        "pixel_recall",
        "Pixel recall",
        "ΣTP / Σ(TP + FN).",
        "Undefined when no pixel of the class is in the reference.",
        _RELOADED,
    ),
    _semantic(
        "pixel_specificity",
        "Pixel specificity",
        "ΣTN / Σ(TN + FP).",
        "Undefined when every evaluated pixel is of the class. Close to 1 for small objects "
        "whatever the model does.",
        _RELOADED,
    ),
    _semantic(
        "iou_mean_over_cases",
        "Intersection over union (mean over cases)",
        "Mean over cases of TP / (TP + FP + FN).",
        _ABSENT_CASES,
        _RELOADED,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "dice_mean_over_cases",
        "Dice coefficient (mean over cases)",
        "Mean over cases of 2TP / (2TP + FP + FN).",
        _ABSENT_CASES,
        _RELOADED,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "pixel_precision_mean_over_cases",
        "Pixel precision (mean over cases)",
        "Mean over cases of TP / (TP + FP).",
        "A case in which no pixel was predicted as the class has no value: it is left out and "
        "counted beside the figure. Undefined when that is every case.",
        _RELOADED,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "pixel_recall_mean_over_cases",
        "Pixel recall (mean over cases)",
        "Mean over cases of TP / (TP + FN).",
        "A case without a pixel of the class in the reference has no value: it is left out and "
        "counted beside the figure. Undefined when that is every case.",
        _RELOADED,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "pixel_specificity_mean_over_cases",
        "Pixel specificity (mean over cases)",
        "Mean over cases of TN / (TN + FP).",
        "A case in which every evaluated pixel is of the class has no value: it is left out and "
        "counted beside the figure. Undefined when that is every case.",
        _RELOADED,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "area_fraction_bias",
        "Bias of the area fraction",
        "Mean over cases of (predicted - reference pixels of the class) / evaluated pixels.",
        _UNEVALUATED,
        _BLAND,
        lower=-1,
        better="zero",
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "area_fraction_mean_absolute_error",
        "Mean absolute error of the area fraction",
        "Mean over cases of |predicted - reference pixels of the class| / evaluated pixels.",
        _UNEVALUATED,
        _WILLMOTT,
        better="lower",
        aggregation="mean over cases",
        n_of="cases",
    ),
    _semantic(
        "area_fraction_lower_limit_of_agreement",
        "Lower limit of agreement of the area fraction",
        "Mean - 1.96 standard deviations (n - 1) over cases of (predicted - reference pixels of "
        "the class) / evaluated pixels.",
        f"{_SPREAD} {_UNEVALUATED}",
        _BLAND,
        lower=None,
        upper=None,
        better="zero",
        aggregation="spread over cases",
        n_of="cases",
    ),
    _semantic(
        "area_fraction_upper_limit_of_agreement",
        "Upper limit of agreement of the area fraction",
        "Mean + 1.96 standard deviations (n - 1) over cases of (predicted - reference pixels of "
        "the class) / evaluated pixels.",
        f"{_SPREAD} {_UNEVALUATED}",
        _BLAND,
        lower=None,
        upper=None,
        better="zero",
        aggregation="spread over cases",
        n_of="cases",
    ),
    _semantic(
        "presence_sensitivity",
        "Sensitivity for presence in an image",
        "Images with the class in which it was found / images with the class; present means at "
        "least the protocol's minimum area.",
        f"Undefined when the class is present in no case. {_UNEVALUATED}",
        _FDA,
        n_of="cases",
    ),
    _semantic(
        "presence_specificity",
        "Specificity for presence in an image",
        "Images without the class in which it was not found / images without the class.",
        f"Undefined when the class is present in every case. {_UNEVALUATED} A failed case that "
        "counts as an empty prediction counts as not found.",
        _FDA,
        n_of="cases",
    ),
    _semantic(
        "presence_positive_predictive_value",
        "Positive predictive value for presence in an image",
        "Images with the class in which it was found / images in which it was found; holds for "
        "the prevalence of this test set.",
        f"Undefined when the class was found in no case. {_UNEVALUATED}",
        _FDA,
        n_of="cases",
    ),
    _semantic(
        "presence_negative_predictive_value",
        "Negative predictive value for presence in an image",
        "Images without the class in which it was not found / images in which it was not found; "
        "holds for the prevalence of this test set.",
        f"Undefined when the class was found in every case. {_UNEVALUATED}",
        _FDA,
        n_of="cases",
    ),
    _semantic(
        "presence_balanced_accuracy",
        "Balanced accuracy for presence in an image",
        "Mean of sensitivity and specificity for presence in an image.",
        f"Undefined when the class is present in every case or in none. {_UNEVALUATED}",
        _RELOADED,
        n_of="cases",
    ),
    _case_count(
        "presence_true_positives",
        "Images with the class, found",
        "Images with at least the minimum area of the class in reference and prediction.",
        "higher",
    ),
    _case_count(
        "presence_false_negatives",
        "Images with the class, not found",
        "Images with at least the minimum area of the class in the reference alone.",
        "lower",
    ),
    _case_count(
        "presence_false_positives",
        "Images without the class, found",
        "Images with at least the minimum area of the class in the prediction alone.",
        "lower",
    ),
    _case_count(
        "presence_true_negatives",
        "Images without the class, not found",
        "Images with less than the minimum area of the class in reference and prediction.",
        "higher",
    ),
    _semantic(
        "mean_iou",
        "Mean IoU over the classes",
        "Mean of the pooled IoU of every class of the protocol; the background is not among them.",
        "Undefined when a class has no pixel in reference and prediction: a mean over the other "
        "classes would be another figure.",
        _EVERINGHAM,
        aggregation="mean over classes",
        needs_class=False,
    ),
    _semantic(
        "frequency_weighted_iou",
        "Frequency-weighted IoU",
        "Σ over classes of (reference pixels of the class x its pooled IoU) / Σ over classes of "
        "reference pixels; the background is not among them.",
        "Undefined when no class has a pixel in the reference. A class without a reference "
        "pixel has no weight: what was predicted as it by mistake lowers the IoU of others.",
        _LONG,
        needs_class=False,
    ),
    _semantic(
        "pixel_accuracy",
        "Pixel accuracy",
        "Evaluated pixels with the right class, background included / evaluated pixels.",
        "Undefined when no pixel is evaluated. High for small objects whatever the model does.",
        _RELOADED,
        needs_class=False,
    ),
    _semantic(
        "pixel_accuracy_mean_over_cases",
        "Pixel accuracy (mean over cases)",
        "Mean over cases of evaluated pixels with the right class / evaluated pixels.",
        _UNEVALUATED,
        _RELOADED,
        aggregation="mean over cases",
        needs_class=False,
        n_of="cases",
    ),
    _semantic(
        "evaluated_pixels",
        "Evaluated pixels",
        "Pixels inside the region that is evaluated.",
        "A count has no interval.",
        _COUNTED,
        unit="pixels",
        upper=None,
        better="neither",
        aggregation="count",
        needs_class=False,
    ),
    _semantic(
        "ignored_pixels",
        "Pixels not evaluated",
        "Pixels outside the region, or marked in the reference as not to be evaluated.",
        "A count has no interval.",
        _COUNTED,
        unit="pixels",
        upper=None,
        better="neither",
        aggregation="count",
        needs_class=False,
    ),
    _semantic(
        "normalised_surface_distance",
        "Normalised surface distance (pooled)",
        "Border pixels of reference and prediction within the protocol's tolerance of the other "
        "border / all border pixels of both, summed over cases first.",
        _NO_BORDERS,
        _NIKOLOV,
        asked_by=_TOLERANCES,
    ),
    _semantic(
        "normalised_surface_distance_mean_over_cases",
        "Normalised surface distance (mean over cases)",
        "Mean over cases of border pixels within the protocol's tolerance of the other border / "
        "all border pixels.",
        _NO_BORDERS_CASES,
        _NIKOLOV,
        aggregation="mean over cases",
        n_of="cases",
        asked_by=_TOLERANCES,
    ),
    _semantic(
        "boundary_iou",
        "Boundary IoU (pooled)",
        "Pixels in the boundary of reference and prediction / pixels in either boundary, summed "
        "over cases first. The boundary is what an erosion by a square takes away, as wide as the "
        "protocol says, or else 2 % of the image's diagonal.",
        _NO_BORDERS,
        _CHENG,
        asked_by=_TOLERANCES,
    ),
    _semantic(
        "boundary_iou_mean_over_cases",
        "Boundary IoU (mean over cases)",
        "Mean over cases of pixels in both boundaries / pixels in either.",
        _NO_BORDERS_CASES,
        _CHENG,
        aggregation="mean over cases",
        n_of="cases",
        asked_by=_TOLERANCES,
    ),
    _semantic(
        "hausdorff_95_px",
        "Hausdorff distance, 95th percentile, in pixels",
        "Mean over cases of the larger of the two directed 95th percentiles of the distance of a "
        "border pixel to the nearest border pixel of the other mask, percentiles linearly "
        "interpolated.",
        _NO_DISTANCE,
        _HD95,
        unit="px",
        upper=None,
        better="lower",
        aggregation="mean over cases",
        n_of="cases",
        asked_by=("surface_tolerance_px",),
    ),
    _semantic(
        "average_surface_distance_px",
        "Average symmetric surface distance in pixels (mean over cases)",
        "Mean over cases of (Σ distances of the border pixels of the reference + Σ of those of the "
        "prediction, each to the nearest of the other) / border pixels of both.",
        _NO_DISTANCE,
        _HEIMANN,
        unit="px",
        upper=None,
        better="lower",
        aggregation="mean over cases",
        n_of="cases",
        asked_by=("surface_tolerance_px",),
    ),
    _semantic(
        "hausdorff_95_um",
        "Hausdorff distance, 95th percentile, in micrometres",
        "Mean over cases of the larger of the two directed 95th percentiles of the distance of a "
        "border pixel to the nearest border pixel of the other mask, percentiles linearly "
        "interpolated.",
        _NO_DISTANCE,
        _HD95,
        unit="µm",
        upper=None,
        better="lower",
        aggregation="mean over cases",
        n_of="cases",
        asked_by=("surface_tolerance_um",),
    ),
    _semantic(
        "average_surface_distance_um",
        "Average symmetric surface distance in micrometres (mean over cases)",
        "Mean over cases of (Σ distances of the border pixels of the reference + Σ of those of the "
        "prediction, each to the nearest of the other) / border pixels of both.",
        _NO_DISTANCE,
        _HEIMANN,
        unit="µm",
        upper=None,
        better="lower",
        aggregation="mean over cases",
        n_of="cases",
        asked_by=("surface_tolerance_um",),
    ),
    _semantic(
        "surface_missed_cases",
        "Images without distance: class missed",
        "Images with a border of the class in the reference alone: they have no distance and are "
        "in no mean of distances.",
        "0 when there is none; a count has no interval.",
        _COUNTED,
        unit="cases",
        upper=None,
        better="lower",
        aggregation="count",
        n_of="cases",
        asked_by=_TOLERANCES,
    ),
    _semantic(
        "surface_spurious_cases",
        "Images without distance: class found where it is not",
        "Images with a border of the class in the prediction alone: they have no distance and "
        "are in no mean of distances.",
        "0 when there is none; a count has no interval.",
        _COUNTED,
        unit="cases",
        upper=None,
        better="lower",
        aggregation="count",
        n_of="cases",
        asked_by=_TOLERANCES,
    ),
    _separability(
        "touching_share",
        "Share of reference objects that touch another",
        "Reference objects that touch (by an edge or a corner of a pixel) or overlap another of "
        "their class / reference objects: those that a mask of the class would merge.",
        f"{_NO_REFERENCE} {_CLASS_MAP}",
    ),
    _separability(
        "component_count_relative_error",
        "Relative error of counting connected components",
        "Σ(8-connected components of the reference's mask of the class - reference objects) / "
        "Σ reference objects: what counting on a perfect mask would cost. Merged objects and "
        "objects in several parts can cancel.",
        f"{_NO_REFERENCE} {_CLASS_MAP}",
        lower=-1,
        upper=None,
        better="zero",
    ),
    _separability(
        "component_count_mean_absolute_error",
        "Mean absolute error of counting connected components",
        "Σ|8-connected components of the reference's mask of the class - reference objects| / "
        "number of images.",
        f"Undefined when there is no case. {_CLASS_MAP}",
        unit="objects per image",
        upper=None,
        aggregation="mean over cases",
        n_of="cases",
    ),
    _separability(
        "component_count_exact_rate",
        "Share of images where connected components are as many as objects",
        "Images with as many 8-connected components of the reference's mask of the class as "
        "reference objects / number of images.",
        f"Undefined when there is no case. {_CLASS_MAP}",
        better="higher",
        aggregation="mean over cases",
        n_of="cases",
    ),
    _separability(
        "touching_objects",
        "Reference objects that touch another",
        "Reference objects that touch or overlap another of their class.",
        f"A count has no interval. {_CLASS_MAP}",
        unit="objects",
        upper=None,
        better="neither",
        aggregation="count",
        n_of="cases",
    ),
    _separability(
        "reference_components",
        "Connected components of the reference",
        "8-connected components of the reference's mask of the class, summed over cases.",
        "A count has no interval. Given for class maps, too.",
        unit="components",
        upper=None,
        better="neither",
        aggregation="count",
        n_of="cases",
        needs_objects=False,
    ),
    _timing(
        "latency_median_ms",
        "Median latency",
        "Median over cases of the time from reading to the finished prediction, linearly "
        "interpolated between order statistics.",
    ),
    _timing(
        "latency_p95_ms",
        "95th percentile of the latency",
        "95th percentile over cases of the time from reading to the finished prediction, linearly "
        "interpolated between order statistics.",
    ),
)

_SHARES_OF_CASES = frozenset(
    {
        *("presence_sensitivity", "presence_specificity"),
        *("presence_positive_predictive_value", "presence_negative_predictive_value"),
        *("count_exact_rate", "component_count_exact_rate"),
    }
)
POOLED_OVER_CLASSES, MEAN_OVER_CLASSES = "_pooled_over_classes", "_mean_over_classes"
"""Ends of the ids of figures over all classes."""

_PAIRED = (
    "recall",
    "precision",
    "f1",
    "segmentation_quality",
    "panoptic_quality",
    "matched_dice",
    "matched_hausdorff_95_px",
    "matched_hausdorff_95_um",
    "merged_share",
    "split_share",
)
_COUNTED_IN_IMAGES = (
    "count_bias",
    "count_mean_absolute_error",
    "count_exact_rate",
    "count_lower_limit_of_agreement",
    "count_upper_limit_of_agreement",
    "count_relative_error",
    "count_absolute_relative_error",
)


def _pooled_over_classes(one: MetricDefinition) -> MetricDefinition:
    if one.aggregation == "count":
        text = f"Sum over the classes of {one.id}."
    elif one.id in _COUNTED_IN_IMAGES:
        text = (
            f"As {one.id}, of the objects of all classes in an image counted together; an object "
            "that was given another class is no error of this count."
        )
    elif one.is_of_reference_alone:
        text = (
            f"As {one.id}, objects and components of all classes in an image counted together; the "
            "mask is still one of each class."
        )
    else:
        text = (
            f"As {one.id}, the sums taken over cases and classes: a class with many objects counts "
            "for more. Pairs, merges and splits are of objects of one class."
        )
    return one.model_copy(
        update={
            "id": one.id + POOLED_OVER_CLASSES,
            "name": f"{one.name}, classes pooled",
            "definition": text,
            "needs_class": False,
            "edge_case": f"{one.edge_case.replace(' of the class', '')} {_SEVERAL}",
            "needs_several_classes": True,
        }
    )


def _mean_over_classes(one: MetricDefinition) -> MetricDefinition:
    return one.model_copy(
        update={
            "id": one.id + MEAN_OVER_CLASSES,
            "name": f"{one.name}, mean over classes",
            "definition": f"Mean over the classes of the protocol that have objects of {one.id}, "
            "each class with the same weight.",
            "aggregation": "mean over classes",
            "needs_class": False,
            "edge_case": "Undefined when one of the classes has no value, and those are named: a "
            "mean over the others would be another figure. Replicates in which it is undefined "
            f"are left out of the interval. {_SEVERAL}",
            "needs_several_classes": True,
        }
    )


_POOLED = tuple(
    one
    for one in _LISTED
    if one.is_of_reference_alone
    or (
        "instance" in one.methods
        and (
            one.aggregation == "count"
            or one.id in (*_PAIRED, "false_positives_per_case", *_COUNTED_IN_IMAGES)
        )
    )
)

_CONFUSION = (
    _confusion(
        "class_agreement_of_matched",
        "Share of matched objects given the right class",
        "Pairs whose objects are of one class / pairs. Objects at the operating score threshold "
        "are paired regardless of class, by the protocol's rule and IoU threshold; what was "
        "missed or found where nothing is does not enter.",
        "Undefined when there is no pair. An ignored region absorbs predictions of every class.",
    ),
    _confusion(
        "class_recall_of_matched",
        "Share of matched objects of the class given the class",
        "Pairs whose objects are both of the class / pairs whose reference object is, paired "
        "regardless of class.",
        "Undefined when there is no pair whose reference object is of the class.",
        needs_class=True,
    ),
    _confusion(
        "class_precision_of_matched",
        "Share of matched predictions of the class that are of it",
        "Pairs whose objects are both of the class / pairs whose predicted object is, paired "
        "regardless of class.",
        "Undefined when there is no pair whose predicted object is of the class.",
        needs_class=True,
    ),
    _confusion(
        "matched_pairs_of_any_class",
        "Objects matched regardless of class",
        "Pairs of a reference and a predicted object, made regardless of class.",
        "0 when there is none; a count has no interval.",
        unit="objects",
        upper=None,
        aggregation="count",
    ),
    _confusion(
        "matched_pairs_of_two_classes",
        "Objects matched and given another class",
        "Pairs of objects of two classes, made regardless of class.",
        "0 when there is none; a count has no interval.",
        unit="objects",
        upper=None,
        better="lower",
        aggregation="count",
    ),
)


def _panoptic(
    metric: str,
    name: str,
    text: str,
    edge_case: str,
    *,
    better: Literal["higher", "lower"] = "higher",
    aggregation: Literal["pooled", "mean over classes", "count"] = "pooled",
) -> MetricDefinition:
    is_count = aggregation == "count"
    return MetricDefinition(
        id=metric,
        name=name,
        definition=text,
        unit="segments" if is_count else "ratio",
        lower=0,
        upper=None if is_count else 1,
        better=better,
        aggregation=aggregation,
        methods=("panoptic",),
        needs_class=aggregation != "mean over classes",
        needs_iou=False,
        n_of="cases" if is_count else "segments",
        edge_case=edge_case,
        source=f"{_KIRILLOV}; panopticapi, evaluation.py",
    )


_SEGMENTS = (
    "A segment is an object of a class of things, or all pixels of a class of stuff in an image; "
    "two of one class are matched when their IoU over the evaluated pixels is above 0.5."
)
_VOID = (
    "A predicted segment of which more than half lies in void, or in a region of its class where "
    "objects are not told apart, is no false positive. An IoU of exactly 0.5 is no match, unlike "
    "that of recall, precision and F1 at 0.5."
)
_NO_SEGMENT = "Undefined when the class has no segment in reference and prediction."
_QUALITIES = (
    _panoptic(
        "pq",
        "Panoptic quality of segments (PQ)",
        f"ΣIoU of matched segments / Σ(TP + FP/2 + FN/2); the product of SQ and RQ. {_SEGMENTS}",
        f"{_NO_SEGMENT} {_VOID}",
    ),
    _panoptic(
        "sq",
        "Segmentation quality of segments (SQ)",
        f"ΣIoU of matched segments / ΣTP: how well those that were found are outlined. {_SEGMENTS}",
        "Undefined when no segment of the class is matched, where panopticapi prints 0; segments "
        "that were missed do not enter.",
    ),
    _panoptic(
        "rq",
        "Recognition quality of segments (RQ)",
        f"ΣTP / Σ(TP + FP/2 + FN/2): the F1 score of segments. {_SEGMENTS}",
        f"{_NO_SEGMENT} {_VOID}",
    ),
)


def _mean_of_segments(one: MetricDefinition, ending: str, classes: str) -> MetricDefinition:
    return _panoptic(
        f"{one.id}_{ending}",
        f"{one.name}, mean over {classes}",
        f"Mean over the {classes} of the protocol of {one.id}, each class with the same weight.",
        "Undefined when one of the classes has no value, and those are named: a mean over the "
        "others, which panopticapi gives, would be another figure. Replicates in which it is "
        "undefined are left out of the interval.",
        aggregation="mean over classes",
    )


_PANOPTIC = (
    *_QUALITIES,
    *(
        _mean_of_segments(one, ending, classes)
        for one in _QUALITIES
        for ending, classes in (
            ("all", "classes"),
            ("things", "classes of things"),
            ("stuff", "classes of stuff"),
        )
    ),
    _panoptic(
        "matched_segments",
        "Matched segments",
        f"TP: matched pairs of segments of the class. {_SEGMENTS}",
        "0 when there is none; a count has no interval.",
        aggregation="count",
    ),
    _panoptic(
        "missed_segments",
        "Missed segments",
        f"FN: segments of the reference without a partner. {_SEGMENTS}",
        "0 when there is none; a count has no interval. Regions where objects are not told apart "
        "are not counted.",
        better="lower",
        aggregation="count",
    ),
    _panoptic(
        "false_positive_segments",
        "False positive segments",
        f"FP: predicted segments without a partner. {_SEGMENTS}",
        f"0 when there is none; a count has no interval. {_VOID}",
        better="lower",
        aggregation="count",
    ),
)

CATALOGUE: tuple[MetricDefinition, ...] = (
    *_PANOPTIC,
    *_LISTED,
    *_CONFUSION,
    *(_mean_over_classes(one) for one in _LISTED if one.id in _PAIRED),
    *(_pooled_over_classes(one) for one in _POOLED),
)
"""Every metric, in the order in which documents list them."""

_BY_ID = {one.id: one for one in CATALOGUE}


def is_listed(metric: str) -> bool:
    """Return whether there is such a metric."""
    return metric in _BY_ID


def definition(metric: str) -> MetricDefinition:
    """Return the definition of a metric.

    Raises:
        KeyError: There is no such metric.
    """
    return _BY_ID[metric]
