"""Every contradiction of a protocol at once, with line numbers.

`check` needs the protocol and the catalogue of metrics (handed in, as the catalogue belongs
to a later room); it opens no file. Errors forbid a run; warnings are for the author.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from validation.errors import Problem
from validation.plan.companions import missing_companions
from validation.plan.completeness import Asked, unanswered
from validation.plan.protocol import AcceptanceCriterion, Protocol
from validation.plan.source import Path, Source


class MetricTerms(NamedTuple):
    """What a protocol needs to know of a metric."""

    methods: frozenset[str]
    """``semantic``, ``instance``, ``panoptic``, ``timing``."""
    needs_class: bool
    needs_iou: bool
    lower: float | None
    """Least possible value; None: none."""
    upper: float | None
    has_interval: bool
    asked_by: tuple[str, ...] = ()
    """Fields of the analysis plan of which one has to be given; none: always there."""
    needs_objects: bool = False
    """True: the reference standard has to tell objects apart."""
    has_sizes: bool = False
    """True: given for each size stratum, too."""
    has_class_mean: bool = False
    """True: where there are several classes, given without a class as their mean, too."""
    needs_several_classes: bool = False
    """True: given only where there are several classes."""

    @property
    def is_of_objects(self) -> bool:
        """True: a class of stuff has no such figure."""
        return "instance" in self.methods


Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Remark:
    """A problem and whether it forbids a run."""

    level: Level
    problem: Problem


Metrics = Mapping[str, MetricTerms]
Found = Iterator[tuple[Path, str, str]]
"""Path of the entry, what is wrong, how to mend it."""
Finder = Callable[[Protocol, Metrics], Found]


def check(
    protocol: Protocol,
    source: Source,
    metrics: Mapping[str, MetricTerms],
    asked: Iterable[Asked] = (),
) -> tuple[Remark, ...]:
    """Return every contradiction of the protocol, in the order of its lines.

    Args:
        protocol: The protocol, its fields in form.
        source: Its text, for the line numbers.
        metrics: The metrics of the catalogue by id.
        asked: What standards and guidance ask a protocol to say.
    """
    found: list[tuple[int, Remark]] = []
    for level, finder in _FINDERS:
        for path, what, fix in finder(protocol, metrics):
            remark = Remark(level, Problem(source.where(path), what, fix))
            found.append((source.line(path), remark))
    for path, what, fix in unanswered(protocol, asked):
        missing = Remark("warning", Problem(source.where(path), what, fix))
        found.append((source.line(path), missing))
    return tuple(remark for _, remark in sorted(found, key=lambda pair: pair[0]))


_PARTS_OF_ADDRESSES = ("class", "iou", "size")
"""What the address of a figure names beside subgroups: `recall/class=cell/iou=0.5/size=small`."""


def _ids_are_unique(protocol: Protocol, _: Metrics) -> Found:
    for name, ids in (
        ("requirements", [one.id for one in protocol.requirements]),
        ("risks", [one.id for one in protocol.risks]),
        ("criteria", [one.id for one in protocol.criteria]),
        ("classes", [one.name for one in protocol.classes]),
        ("signatories", [one.role for one in protocol.signatories]),
        ("references", [one.id for one in protocol.references]),
    ):
        yield from _repeated(name, ids)
    values = [one.value for one in protocol.classes]
    for position, value in _later_occurrences(values):
        yield ("classes", position, "value"), f"the value {value} is given to two classes", ""
    for position, column in _later_occurrences(protocol.subgroups):
        yield ("subgroups", position), f"the column {column} stands twice", "remove one"
    for position, column in enumerate(protocol.subgroups):
        if column in _PARTS_OF_ADDRESSES:
            what = f"a subgroup named {column} has the address of another figure"
            yield ("subgroups", position), what, "give the column of the case table another name"


def _repeated(name: str, ids: Sequence[str]) -> Found:
    for position, one in _later_occurrences(ids):
        yield (name, position), f"{one} stands twice among the {name}", "give each its own id"


def _later_occurrences(values: Iterable[object]) -> Iterator[tuple[int, object]]:
    seen: set[object] = set()
    for position, value in enumerate(values):
        if value in seen:
            yield position, value
        seen.add(value)


def _references_exist(protocol: Protocol, _: Metrics) -> Found:
    risks = {one.id for one in protocol.risks}
    requirements = {one.id for one in protocol.requirements}
    for position, requirement in enumerate(protocol.requirements):
        for number, risk in enumerate(requirement.risks):
            if risk not in risks:
                path: Path = ("requirements", position, "risks", number)
                yield path, f"no risk has the id {risk}", "add it under `risks:`"
    for position, criterion in enumerate(protocol.criteria):
        for number, name in enumerate(criterion.requirements):
            if name not in requirements:
                path = ("criteria", position, "requirements", number)
                yield path, f"no requirement has the id {name}", "add it under `requirements:`"


def _every_requirement_has_a_criterion(protocol: Protocol, _: Metrics) -> Found:
    tested = {name for criterion in protocol.criteria for name in criterion.requirements}
    for position, requirement in enumerate(protocol.requirements):
        if requirement.id not in tested:
            yield (
                ("requirements", position),
                f"no criterion tests {requirement.id}",
                "add a criterion that names it, or take the requirement out of this protocol",
            )


def _every_risk_has_a_requirement(protocol: Protocol, _: Metrics) -> Found:
    controlled = {risk for one in protocol.requirements for risk in one.risks}
    for position, risk in enumerate(protocol.risks):
        if risk.id not in controlled:
            fix = "name it under `risks:` of a requirement, or say why it is not tested here"
            yield ("risks", position), f"no requirement controls {risk.id}", fix


def _criteria_fit_the_catalogue(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        path: Path = ("criteria", position)
        terms = metrics.get(criterion.metric)
        if terms is None:
            yield (
                (*path, "metric"),
                f"no metric has the id {criterion.metric}",
                "`segval metrics` lists them",
            )
            continue
        yield from _criterion_fits(protocol, criterion, terms, path)


def _criterion_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    kind = protocol.method.kind
    if not terms.methods & {kind, "timing"}:
        yield (*path, "metric"), f"{criterion.metric} is not a figure of {kind} evidence", ""
    yield from _class_fits(protocol, criterion, terms, path)
    yield from _iou_fits(protocol, criterion, terms, path)
    if criterion.size is not None and not terms.has_sizes:
        yield (*path, "size"), f"{criterion.metric} is not given by size", "remove `size:`"
    yield from _bound_fits(criterion, terms, path)
    if criterion.judged_on != "value" and not terms.has_interval:
        yield (
            (*path, "judged_on"),
            f"{criterion.metric} has no confidence interval",
            "judge it on `value`",
        )
    for column in criterion.subgroup:
        if column not in protocol.subgroups:
            yield (
                (*path, "subgroup"),
                f"{column} is not among the subgroups",
                "add the column under `subgroups:`",
            )
    if "timing" in terms.methods and criterion.subgroup:
        yield (*path, "subgroup"), "timings are not given by subgroup", "remove it"


def _class_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    named = criterion.class_name
    if terms.needs_several_classes and len(protocol.thing_names()) == 1:
        what = f"{criterion.metric} is given where there are several classes"
        yield (*path, "metric"), what, "name the figure of the one class"
    is_mean = terms.has_class_mean and len(protocol.classes) > 1
    if terms.needs_class and named is None and not is_mean:
        yield path, f"{criterion.metric} needs a class", "add `class:`"
    if not terms.needs_class and named is not None:
        yield (*path, "class"), f"{criterion.metric} is not given by class", "remove `class:`"
    if named is not None and named not in protocol.class_names():
        listed = ", ".join(protocol.class_names())
        yield (*path, "class"), f"no class is named {named}", f"the classes are: {listed}"
    elif named is not None and terms.is_of_objects and named not in protocol.thing_names():
        what = f"{criterion.metric} is a figure of objects, and {named} is stuff"
        yield (*path, "class"), what, "name a class of things, or a figure of segments or pixels"


_COCO_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def _iou_fits(
    protocol: Protocol, criterion: AcceptanceCriterion, terms: MetricTerms, path: Path
) -> Found:
    if not terms.needs_iou:
        if criterion.iou is not None:
            yield (*path, "iou"), f"{criterion.metric} has no IoU threshold", "remove `iou:`"
        return
    matching = protocol.analysis.matching
    planned = set(_COCO_THRESHOLDS) if criterion.metric == "average_precision_at" else set()
    if matching is not None and criterion.metric != "average_precision_at":
        planned = {matching.iou_threshold, *matching.further_iou_thresholds}
    if criterion.iou is None:
        yield path, f"{criterion.metric} needs an IoU threshold", "add `iou:`"
    elif planned and criterion.iou not in planned:
        listed = ", ".join(str(one) for one in sorted(planned))
        yield (*path, "iou"), f"{criterion.iou} is not evaluated", f"the thresholds are: {listed}"


def _bound_fits(criterion: AcceptanceCriterion, terms: MetricTerms, path: Path) -> Found:
    below = terms.lower is not None and criterion.bound < terms.lower
    above = terms.upper is not None and criterion.bound > terms.upper
    if below or above:
        lower = "-∞" if terms.lower is None else f"{terms.lower:g}"
        upper = "∞" if terms.upper is None else f"{terms.upper:g}"
        yield (
            (*path, "bound"),
            f"{criterion.bound:g} lies outside the range of {criterion.metric}, {lower} to {upper}",
            "give the bound in the metric's own unit",
        )
    least, most = (terms.lower, terms.upper)
    trivial = least if criterion.direction == "at_least" else most
    if trivial is not None and criterion.bound == trivial:
        yield (*path, "bound"), "every result meets this bound", "state a bound that can be missed"


def _limits_face_the_bound(protocol: Protocol, _: Metrics) -> Found:
    wrong = {"at_least": "upper_limit", "at_most": "lower_limit"}
    for position, criterion in enumerate(protocol.criteria):
        if criterion.judged_on == wrong[criterion.direction]:
            right = "lower_limit" if criterion.direction == "at_least" else "upper_limit"
            yield (
                ("criteria", position, "judged_on"),
                f"{criterion.direction} on the {criterion.judged_on} rewards uncertainty",
                f"judge it on the {right}",
            )


def _judged_on_values(protocol: Protocol, metrics: Metrics) -> Found:
    for position, criterion in enumerate(protocol.criteria):
        terms = metrics.get(criterion.metric)
        if criterion.judged_on == "value" and terms is not None and terms.has_interval:
            yield (
                ("criteria", position, "judged_on"),
                f"{criterion.id} is judged on the value and ignores its uncertainty",
                "judge it on a confidence limit, or say in the rationale why not",
            )


def _analysis_fits_the_method(protocol: Protocol, _: Metrics) -> Found:
    matching, method = protocol.analysis.matching, protocol.method
    if method.is_by_object and matching is None:
        article = "an" if method.kind == "instance" else "a"
        yield ("analysis",), f"{article} {method.kind} protocol needs `matching:`", "add it"
    if not method.is_by_object and matching is not None:
        yield ("analysis", "matching"), "a semantic protocol has no matching", "remove it"
    if not method.is_by_pixel and protocol.analysis.presence_minimum_area_px:
        path: Path = ("analysis", "presence_minimum_area_px")
        yield path, "presence by area is a figure of semantic evidence", "remove it"
    if method.kind == "panoptic" and matching is not None:
        if matching.algorithm != "optimal":
            what = "objects of a panoptic map have no scores to be paired by"
            yield ("analysis", "matching", "algorithm"), what, "give `optimal`"
        if matching.score_threshold != 0:
            what = "objects of a panoptic map have no scores"
            yield ("analysis", "matching", "score_threshold"), what, "give 0"


def _classes_fit_the_method(protocol: Protocol, _: Metrics) -> Found:
    """Roles, and values that tell every object of a panoptic map from those of other classes."""
    if protocol.method.kind != "panoptic":
        for position, one in enumerate(protocol.classes):
            if one.role is not None:
                what = f"things and stuff are panoptic; the method is {protocol.method.kind}"
                yield ("classes", position, "role"), what, "remove it"
        return
    for position, one in enumerate(protocol.classes):
        path: Path = ("classes", position)
        if one.role is None:
            yield path, f"{one.name} is neither thing nor stuff", "add `role:`"
        elif one.value > _LARGEST_CLASS[one.role]:
            most = _LARGEST_CLASS[one.role]
            what = f"the value of a class of {_ROLES[one.role]} is at most {most} in a panoptic map"
            yield (*path, "value"), what, "give the class a smaller value"
    roles = {one.role for one in protocol.classes}
    for role, plural in _ROLES.items():
        if role not in roles and None not in roles:
            fix = "with one of the two alone the method is `instance` or `semantic`"
            yield ("classes",), f"no class is {role}: there is no quality of {plural}", fix


_ROLES = {"thing": "things", "stuff": "stuff"}
_LARGEST_CLASS = {"thing": 64, "stuff": 999}
"""Value of a class by role: objects take 1000 values each, of the 16 bits that there are."""


def _surfaces_can_be_measured(protocol: Protocol, _: Metrics) -> Found:
    plan = protocol.analysis
    given = [
        name
        for name in ("surface_tolerance_px", "surface_tolerance_um")
        if getattr(plan, name) is not None
    ]
    for name in given:
        if not protocol.method.is_by_pixel:
            yield ("analysis", name), "distances of borders are figures of semantic evidence", ""
    if len(given) > 1:
        yield ("analysis", given[1]), "the tolerance is given twice", "keep one of the two"
    if plan.surface_tolerance_um is not None and protocol.test_set.pixel_spacing_um is None:
        yield (
            ("analysis", "surface_tolerance_um"),
            "micrometres need the size of a pixel",
            "add `pixel_spacing_um` under `test_set:`, or give `surface_tolerance_px`",
        )
    if plan.boundary_distance_px is not None and not given:
        yield (
            ("analysis", "boundary_distance_px"),
            "figures of borders are not asked for",
            "add `surface_tolerance_px`, or remove it",
        )


def _pair_distances_can_be_measured(protocol: Protocol, _: Metrics) -> Found:
    unit = protocol.analysis.pair_distances_in
    path: Path = ("analysis", "pair_distances_in")
    if unit is not None and protocol.method.kind != "instance":
        yield path, "distances of matched pairs are figures of instance evidence", "remove it"
    if unit == "um" and protocol.test_set.pixel_spacing_um is None:
        fix = "add `pixel_spacing_um` under `test_set:`, or ask for `px`"
        yield path, "micrometres need the size of a pixel", fix
    for position, criterion in enumerate(protocol.criteria):
        asked = re.match("matched_hausdorff_95_(px|um)", criterion.metric)
        if unit is not None and asked and asked[1] != unit:
            what = f"the plan asks for distances of pairs in {unit}"
            yield ("criteria", position, "metric"), what, f"matched_hausdorff_95_{unit}"


def _reference_fits_the_method(protocol: Protocol, _: Metrics) -> Found:
    reference = protocol.test_set.reference_standard
    path: Path = ("test_set", "reference_standard", "format")
    is_panoptic = protocol.method.kind == "panoptic"
    if is_panoptic != (reference.format == "panoptic_map"):
        what = "panoptic evidence is read from panoptic maps, and those are read for nothing else"
        yield path, what, "give `panoptic_map`" if is_panoptic else "give another format"
    if protocol.method.kind == "instance" and reference.format == "class_map":
        yield path, "a class map does not tell objects apart", "give label maps or a COCO file"
    if reference.format == "label_map" and len(protocol.classes) > 1:
        yield path, "a label map holds objects of one class only", "give a COCO file"
    if reference.format == "coco" and protocol.method.kind == "semantic":
        yield path, "semantic evidence is read from class maps or label maps", ""
    if (reference.format == "coco") != (reference.file is not None):
        yield (*path[:-1], "file"), "`file` is given for the format `coco`, and only then", ""
    yield from _ignore_value_fits(protocol)


def _ignore_value_fits(protocol: Protocol) -> Found:
    value, form = protocol.ignore_value, protocol.test_set.reference_standard.format
    path: Path = ("ignore_value",)
    if value is None:
        return
    if form not in ("class_map", "panoptic_map"):
        yield path, "only class maps and panoptic maps have an ignore value", "remove it"
    if value == 0 and form != "panoptic_map":
        yield path, "0 is the background, which is evaluated", "give the value of void pixels"
    if value in {one.value for one in protocol.classes}:
        yield path, "the ignore value is the value of a class", ""
    if value // 1000 in {one.value for one in protocol.classes if one.role == "thing"}:
        yield path, "the ignore value is the value of an object", ""


def _predictions_fit_the_method(protocol: Protocol, _: Metrics) -> Found:
    model, kind = protocol.model, protocol.method.kind
    if model.adapter != "predictions":
        return
    path: Path = ("model", "format")
    wanted = {
        "semantic": {"class_maps"},
        "instance": {"label_maps", "coco_results"},
        "panoptic": {"panoptic_maps"},
    }[kind]
    if model.format not in wanted:
        yield path, f"{model.format} are not {kind} predictions", f"give {_or(wanted)}"
    if model.format == "label_maps" and len(protocol.classes) > 1:
        fix = "give coco_results"
        yield path, "a label map holds objects of one class only", fix


def _postprocessing_fits_the_method(protocol: Protocol, _: Metrics) -> Found:
    model, kind = protocol.model, protocol.method.kind
    if model.adapter != "onnx":
        return
    post = model.postprocess
    path: Path = ("model", "postprocess")
    if kind == "panoptic":
        what = "no post-processing of a network makes a panoptic map here"
        fix = "use the adapter `python`, or `predictions` of the format panoptic_maps"
        yield ("model", "adapter"), what, fix
        return
    if (post.kind == "watershed") != (kind == "instance"):
        wanted = {"semantic": {"threshold", "argmax"}, "instance": {"watershed"}}[kind]
        what = f"{post.kind} does not make {kind} predictions"
        yield (*path, "kind"), what, f"give {_or(wanted)}"
    listed = f"the classes are: {', '.join(protocol.class_names())}"
    if post.kind != "argmax":
        if post.class_name not in protocol.class_names():
            yield (*path, "class"), f"no class is named {post.class_name}", listed
        return
    for channel, name in enumerate(post.channel_classes):
        if name not in {"background", *protocol.class_names()}:
            yield (*path, "channel_classes", channel), f"no class is named {name}", listed


def _scaling_is_a_range(protocol: Protocol, _: Metrics) -> Found:
    if protocol.model.adapter != "onnx":
        return
    scaling = protocol.model.preprocess.scaling
    if scaling.kind != "percentiles":
        return
    path: Path = ("model", "preprocess", "scaling")
    if scaling.low >= scaling.high:
        yield (*path, "low"), "`low` must be below `high`", "give the lower percentile first"
    if scaling.clip_low >= scaling.clip_high:
        yield (*path, "clip_low"), "`clip_low` must be below `clip_high`", ""


def _figures_can_be_had(protocol: Protocol, metrics: Metrics) -> Found:
    """Criteria that every run of this protocol would leave not evaluable."""
    for position, criterion in enumerate(protocol.criteria):
        path: Path = ("criteria", position, "metric")
        terms = metrics.get(criterion.metric)
        is_timing = terms is not None and "timing" in terms.methods
        if is_timing and protocol.model.adapter == "predictions":
            what = "predictions that are read from files have no latency"
            yield path, what, "remove the criterion, or run the model itself"
        asked_by = () if terms is None else terms.asked_by
        if asked_by and all(getattr(protocol.analysis, one) is None for one in asked_by):
            what = f"{criterion.metric} needs {_or(f'`{one}`' for one in asked_by)}"
            yield path, what, "add it under `analysis:`"
        on_objects = terms is not None and terms.needs_objects
        if on_objects and protocol.test_set.reference_standard.format == "class_map":
            yield path, f"{criterion.metric} needs objects; a class map has none", "remove it"
        has_minimum = protocol.analysis.presence_minimum_area_px is not None
        if criterion.metric.startswith("presence_") and not has_minimum:
            what = f"{criterion.metric} needs `presence_minimum_area_px`"
            yield path, what, "add it under `analysis:`"


def _or(words: Iterable[str]) -> str:
    return " or ".join(sorted(words))


def _paths_can_be_followed(protocol: Protocol, _: Metrics) -> Found:
    model, test_set = protocol.model, protocol.test_set
    named = "location" if model.adapter == "predictions" else "file"
    relative: dict[Path, str | None] = {
        ("test_set", "root"): test_set.root,
        ("test_set", "case_table"): test_set.case_table,
        ("model", named): model.location if model.adapter == "predictions" else model.file,
    }
    if training := test_set.training_data:
        relative["test_set", "training_data", "manifest"] = training.manifest
        relative["test_set", "training_data", "folder"] = training.folder
        relative["test_set", "training_data", "subjects"] = training.subjects
    inside: dict[Path, str | None] = {
        ("test_set", "folders", position): folder
        for position, folder in enumerate(test_set.folders)
    }
    inside["test_set", "reference_standard", "file"] = test_set.reference_standard.file
    for path, written in {**relative, **inside}.items():
        if written is None:
            continue
        if written.startswith("/") or "\\" in written or ":" in written:
            what = f"{written!r} is not a relative path with forward slashes"
            yield path, what, "a protocol has to work on other machines, too"
        elif path in inside and ".." in written.split("/"):
            yield path, f"{written!r} leads out of the root", "name what lies under `root:`"


def _training_data_are_stated_once(protocol: Protocol, _: Metrics) -> Found:
    stated = protocol.test_set.training_data
    if stated is None:
        return
    path: Path = ("test_set", "training_data")
    given = [
        name for name in ("manifest", "folder", "none_because") if getattr(stated, name) is not None
    ]
    if len(given) != 1:
        what = f"{' and '.join(given) or 'none of manifest, folder and none_because'} is given"
        yield path, what, "give one of manifest, folder and none_because"
    if stated.none_because is None and stated.on_leak is None:
        fix = "choose `report` (run and print the finding) or `refuse` (do not run)"
        yield path, "what follows from a leak is not stated (on_leak)", fix
    for name in ("subjects", "folder_variable"):
        if getattr(stated, name) is not None and stated.folder is None:
            fix = "remove it; a manifest has a column subject_id"
            yield (*path, name), f"{name} is given without a folder", fix
    if stated.manifest is not None and stated.manifest.split("/")[0] == "lock":
        fix = "put the list elsewhere; the lock keeps a copy"
        yield (*path, "manifest"), "the folder `lock` is written by `segval lock`", fix


def _training_data_are_missing(protocol: Protocol, _: Metrics) -> Found:
    if protocol.test_set.training_data is None:
        fix = (
            "give `training_data:` a manifest of `segval fingerprint`, a folder, or the reason "
            "why there are no training images"
        )
        yield ("test_set",), "training data not provided: leakage is not checked", fix


def _thresholds_are_distinct(protocol: Protocol, _: Metrics) -> Found:
    matching = protocol.analysis.matching
    if matching is None:
        return
    everyone = (matching.iou_threshold, *matching.further_iou_thresholds)
    for position, value in _later_occurrences(everyone):
        path: Path = ("analysis", "matching", "further_iou_thresholds", position - 1)
        yield path, f"the IoU threshold {value} stands twice", "remove one"


def _exclusions_are_distinct(protocol: Protocol, _: Metrics) -> Found:
    named = [
        (("test_set", "exclusions", position, "cases", number), case_id)
        for position, exclusion in enumerate(protocol.test_set.exclusions)
        for number, case_id in enumerate(exclusion.cases)
    ]
    for later, case_id in _later_occurrences(case_id for _, case_id in named):
        yield named[later][0], f"case {case_id} is excluded twice", "list it once"


def _distinct_roles_sign_before(protocol: Protocol, _: Metrics) -> Found:
    earlier: list[str] = []
    for position, one in enumerate(protocol.signatories):
        for number, role in enumerate(one.distinct_from):
            if role not in earlier:
                path: Path = ("signatories", position, "distinct_from", number)
                what = f"no signatory before {one.role} has the role {role}"
                yield path, what, f"roles before it: {', '.join(earlier) or 'none'}"
        earlier.append(one.role)


def _one_person_may_sign_alone(protocol: Protocol, _: Metrics) -> Found:
    if len(protocol.signatories) == 1:
        what = "one signature alone: nobody but its signer stands by the record"
        yield ("signatories",), what, "add a reviewer or approver, with `distinct_from:`"
    elif not any(one.distinct_from for one in protocol.signatories):
        what = "one person may give every signature"
        yield ("signatories",), what, "say under `distinct_from:` which roles need another person"


def _revision_is_in_the_history(protocol: Protocol, _: Metrics) -> Found:
    document = protocol.document
    if document.history and document.history[-1].revision != document.revision:
        what = f"the history ends with revision {document.history[-1].revision}"
        yield ("document", "history"), what, f"add revision {document.revision} at its end"


def _few_replicates(protocol: Protocol, _: Metrics) -> Found:
    if protocol.analysis.replicates < 1000:  # noqa: PLR2004 - customary least number
        yield (
            ("analysis", "replicates"),
            "fewer than 1,000 replicates make coarse limits",
            "use more",
        )


def _companions_are_missing(protocol: Protocol, _: Metrics) -> Found:
    for what, named in missing_companions(protocol):
        yield ("criteria",), what, f"add one on {named}, or say in `analysis.rationale` why not"


_ERRORS: tuple[Finder, ...] = (
    _ids_are_unique,
    _references_exist,
    _every_requirement_has_a_criterion,
    _criteria_fit_the_catalogue,
    _limits_face_the_bound,
    _analysis_fits_the_method,
    _classes_fit_the_method,
    _surfaces_can_be_measured,
    _pair_distances_can_be_measured,
    _reference_fits_the_method,
    _predictions_fit_the_method,
    _postprocessing_fits_the_method,
    _scaling_is_a_range,
    _figures_can_be_had,
    _paths_can_be_followed,
    _thresholds_are_distinct,
    _exclusions_are_distinct,
    _training_data_are_stated_once,
    _distinct_roles_sign_before,
)
_WARNINGS: tuple[Finder, ...] = (
    _training_data_are_missing,
    _every_risk_has_a_requirement,
    _judged_on_values,
    _few_replicates,
    _revision_is_in_the_history,
    _one_person_may_sign_alone,
    _companions_are_missing,
)
_FINDERS: tuple[tuple[Level, Finder], ...] = (
    *(("error", finder) for finder in _ERRORS),
    *(("warning", finder) for finder in _WARNINGS),
)
