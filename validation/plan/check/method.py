"""Analysis and classes fit the method: semantic, instance or panoptic."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Matching, Protocol

_PANOPTIC = "segval, docs/how-to/panoptic-study.md"
_PROTOCOL = "segval, docs/reference/protocol.md"

NO_MATCHING = Rule(
    "analysis.no-matching",
    "error",
    "Which predicted object stands for which reference object is the author's to say.",
    "Maier-Hein et al., Metrics reloaded, Nature Methods 21, 2024",
)
MATCHING_UNUSED = Rule(
    "analysis.matching-unused",
    "error",
    "Semantic evidence pairs no objects: a rule that is not applied misleads its reader.",
    _PROTOCOL,
)
PRESENCE_UNUSED = Rule(
    "analysis.presence-unused",
    "error",
    "Instance evidence has no figure of presence by area.",
    _PROTOCOL,
)
PANOPTIC_MATCHING = Rule(
    "analysis.panoptic-matching",
    "error",
    "Objects of a panoptic map have no scores to be paired or left out by.",
    "Kirillov et al., Panoptic segmentation, CVPR 2019",
)
ROLE_UNUSED = Rule(
    "class.role-unused", "error", "Things and stuff are told apart in panoptic evidence.", _PANOPTIC
)
ROLE_MISSING = Rule(
    "class.role-missing",
    "error",
    "Whether objects of the class are told apart decides what is computed for it.",
    _PANOPTIC,
)
VALUE_TOO_LARGE = Rule(
    "class.value-too-large",
    "error",
    "Objects take 1000 values each of the 16 bits of a panoptic map.",
    _PANOPTIC,
)
ONE_ROLE_ALONE = Rule(
    "class.one-role-alone",
    "error",
    "Panoptic quality of things or of stuff would be undefined in every run.",
    _PANOPTIC,
)


def _analysis_fits_the_method(protocol: Protocol, _: Metrics) -> Found:
    matching, method = protocol.analysis.matching, protocol.method
    if method.is_by_object and matching is None:
        article = "an" if method.kind == "instance" else "a"
        what = f"{article} {method.kind} protocol needs `matching:`"
        yield NO_MATCHING.at(("analysis",), what, "add it")
    if not method.is_by_object and matching is not None:
        what = "a semantic protocol has no matching"
        yield MATCHING_UNUSED.at(("analysis", "matching"), what, "remove it")
    if not method.is_by_pixel and protocol.analysis.presence_minimum_area_px:
        path = ("analysis", "presence_minimum_area_px")
        what = "presence by area is a figure of semantic evidence"
        yield PRESENCE_UNUSED.at(path, what, "remove it")
    if method.kind == "panoptic" and matching is not None:
        yield from _has_no_scores(matching)


def _has_no_scores(matching: Matching) -> Found:
    path = ("analysis", "matching")
    if matching.algorithm != "optimal":
        what = "objects of a panoptic map have no scores to be paired by"
        yield PANOPTIC_MATCHING.at((*path, "algorithm"), what, "give `optimal`")
    if matching.score_threshold != 0:
        what = "objects of a panoptic map have no scores"
        yield PANOPTIC_MATCHING.at((*path, "score_threshold"), what, "give 0")


def _classes_fit_the_method(protocol: Protocol, _: Metrics) -> Found:
    """Roles, and values that tell every object of a panoptic map from those of other classes."""
    if protocol.method.kind == "panoptic":
        yield from _classes_have_roles(protocol)
        return
    for position, one in enumerate(protocol.classes):
        if one.role is not None:
            what = f"things and stuff are panoptic; the method is {protocol.method.kind}"
            yield ROLE_UNUSED.at(("classes", position, "role"), what, "remove it")


def _classes_have_roles(protocol: Protocol) -> Found:
    for position, one in enumerate(protocol.classes):
        path = ("classes", position)
        if one.role is None:
            what = f"{one.name} is neither thing nor stuff"
            yield ROLE_MISSING.at(path, what, "add `role:`")
        elif one.value > _LARGEST_CLASS[one.role]:
            most = _LARGEST_CLASS[one.role]
            what = f"the value of a class of {_ROLES[one.role]} is at most {most} in a panoptic map"
            yield VALUE_TOO_LARGE.at((*path, "value"), what, "give the class a smaller value")
    roles = {one.role for one in protocol.classes}
    for role, plural in _ROLES.items():
        if role not in roles and None not in roles:
            what = f"no class is {role}: there is no quality of {plural}"
            fix = "with one of the two alone the method is `instance` or `semantic`"
            yield ONE_ROLE_ALONE.at(("classes",), what, fix)


_ROLES = {"thing": "things", "stuff": "stuff"}
_LARGEST_CLASS = {"thing": 64, "stuff": 999}
"""Value of a class by role: objects take 1000 values each, of the 16 bits that there are."""

FINDERS: tuple[Finder, ...] = (_analysis_fits_the_method, _classes_fit_the_method)
