"""A criterion names a figure that the catalogue has, in the terms that the figure is given in."""

from validation.plan.check.metric_terms import Finder, Metrics, MetricTerms
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.plan.source import Path

_CATALOGUE = "segval, catalogue of metrics (docs/reference/metrics.md)"

UNKNOWN_METRIC = Rule(
    "criterion.unknown-metric",
    "error",
    "No figure would be held against the bound.",
    _CATALOGUE,
)
WRONG_METHOD = Rule(
    "criterion.wrong-method",
    "error",
    "The method of the protocol does not give the figure.",
    _CATALOGUE,
)
SEVERAL_CLASSES = Rule(
    "criterion.one-class-only",
    "error",
    "A figure over several classes is not given where there is one.",
    _CATALOGUE,
)
NEEDS_CLASS = Rule(
    "criterion.needs-class",
    "error",
    "The figure is given for each class, and the criterion names none.",
    _CATALOGUE,
)
NO_CLASS = Rule(
    "criterion.not-by-class",
    "error",
    "The figure is not given for a class alone.",
    _CATALOGUE,
)
UNKNOWN_CLASS = Rule(
    "criterion.unknown-class",
    "error",
    "The model does not segment such a class.",
    "segval, docs/reference/protocol.md",
)
CLASS_IS_STUFF = Rule(
    "criterion.class-is-stuff",
    "error",
    "Stuff has no objects, so that no figure of objects is given for it.",
    "Kirillov et al., Panoptic segmentation, CVPR 2019",
)
NO_IOU = Rule(
    "criterion.not-by-iou",
    "error",
    "The figure does not depend on an IoU threshold.",
    _CATALOGUE,
)
NEEDS_IOU = Rule(
    "criterion.needs-iou",
    "error",
    "Without its IoU threshold it is not fixed which figure is judged.",
    _CATALOGUE,
)
IOU_NOT_EVALUATED = Rule(
    "criterion.iou-not-evaluated",
    "error",
    "The figure is not computed at this threshold.",
    "segval, validation.evidence.instance; pycocotools.COCOeval for average precision",
)
NO_SIZES = Rule(
    "criterion.not-by-size",
    "error",
    "The figure is not given by size of the objects.",
    _CATALOGUE,
)
UNKNOWN_SUBGROUP = Rule(
    "criterion.unknown-subgroup",
    "error",
    "Figures are given by the columns under `subgroups:` alone.",
    "segval, docs/reference/protocol.md",
)
TIMING_BY_SUBGROUP = Rule(
    "criterion.timing-by-subgroup",
    "error",
    "Timings are given over all cases.",
    _CATALOGUE,
)

_COCO_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def _criteria_fit_the_catalogue(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        path: Path = ("criteria", position)
        terms = metrics.get(criterion.metric)
        if terms is None:
            what = f"no metric has the id {criterion.metric}"
            yield UNKNOWN_METRIC.at((*path, "metric"), what, "`segval metrics` lists them")
            continue
        yield from _metric_fits(protocol, criterion, terms, path)
        yield from _class_fits(protocol, criterion, terms, path)
        yield from _iou_fits(protocol, criterion, terms, path)
        yield from _subgroup_fits(protocol, criterion, terms, path)


def _metric_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    kind = protocol.method.kind
    if not terms.methods & {kind, "timing"}:
        what = f"{criterion.metric} is not a figure of {kind} evidence"
        yield WRONG_METHOD.at((*path, "metric"), what)
    if terms.needs_several_classes and len(protocol.thing_names()) == 1:
        what = f"{criterion.metric} is given where there are several classes"
        yield SEVERAL_CLASSES.at((*path, "metric"), what, "name the figure of the one class")
    if criterion.size is not None and not terms.has_sizes:
        what = f"{criterion.metric} is not given by size"
        yield NO_SIZES.at((*path, "size"), what, "remove `size:`")


def _class_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    named = criterion.class_name
    is_mean = terms.has_class_mean and len(protocol.classes) > 1
    if terms.needs_class and named is None and not is_mean:
        yield NEEDS_CLASS.at(path, f"{criterion.metric} needs a class", "add `class:`")
    if not terms.needs_class and named is not None:
        what = f"{criterion.metric} is not given by class"
        yield NO_CLASS.at((*path, "class"), what, "remove `class:`")
    if named is not None and named not in protocol.class_names():
        listed = f"the classes are: {', '.join(protocol.class_names())}"
        yield UNKNOWN_CLASS.at((*path, "class"), f"no class is named {named}", listed)
    elif named is not None and terms.is_of_objects and named not in protocol.thing_names():
        what = f"{criterion.metric} is a figure of objects, and {named} is stuff"
        fix = "name a class of things, or a figure of segments or pixels"
        yield CLASS_IS_STUFF.at((*path, "class"), what, fix)


def _iou_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    if not terms.needs_iou:
        if criterion.iou is not None:
            what = f"{criterion.metric} has no IoU threshold"
            yield NO_IOU.at((*path, "iou"), what, "remove `iou:`")
        return
    matching = protocol.analysis.matching
    planned = set(_COCO_THRESHOLDS) if criterion.metric == "average_precision_at" else set()
    if matching is not None and criterion.metric != "average_precision_at":
        planned = {matching.iou_threshold, *matching.further_iou_thresholds}
    if criterion.iou is None:
        yield NEEDS_IOU.at(path, f"{criterion.metric} needs an IoU threshold", "add `iou:`")
    elif planned and criterion.iou not in planned:
        listed = f"the thresholds are: {', '.join(str(one) for one in sorted(planned))}"
        yield IOU_NOT_EVALUATED.at((*path, "iou"), f"{criterion.iou} is not evaluated", listed)


def _subgroup_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    for column in criterion.subgroup:
        if column not in protocol.subgroups:
            what = f"{column} is not among the subgroups"
            fix = "add the column under `subgroups:`"
            yield UNKNOWN_SUBGROUP.at((*path, "subgroup"), what, fix)
    if "timing" in terms.methods and criterion.subgroup:
        what = "timings are not given by subgroup"
        yield TIMING_BY_SUBGROUP.at((*path, "subgroup"), what, "remove it")


FINDERS: tuple[Finder, ...] = (_criteria_fit_the_catalogue,)
