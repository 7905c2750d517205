"""The images of development are stated, and once."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol, TrainingData
from validation.plan.source import Path

_LEAKAGE = "docs/adr/0016-leakage.md"

NOT_ONE_SOURCE = Rule(
    "training-data.not-one-source",
    "error",
    "Which list is compared with the test set has to be fixed.",
    _LEAKAGE,
)
NO_CONSEQUENCE = Rule(
    "training-data.no-consequence",
    "error",
    "What follows from a leak is the author's to say before there is one.",
    _LEAKAGE,
)
WITHOUT_FOLDER = Rule(
    "training-data.without-folder", "error", "The field says how a folder is read.", _LEAKAGE
)
IN_THE_LOCK = Rule(
    "training-data.in-the-lock",
    "error",
    "Locking writes that folder, and would overwrite its own input.",
    _LEAKAGE,
)
NOT_PROVIDED = Rule(
    "training-data.not-provided",
    "warning",
    "A test image that the model was trained on flatters every figure, unseen.",
    "FDA, Good machine learning practice, 2021, principle 4; CLAIM 2024",
)


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
        yield NOT_ONE_SOURCE.at(path, what, "give one of manifest, folder and none_because")
    if stated.none_because is None and stated.on_leak is None:
        what = "what follows from a leak is not stated (on_leak)"
        fix = "choose `report` (run and print the finding) or `refuse` (do not run)"
        yield NO_CONSEQUENCE.at(path, what, fix)
    yield from _files_can_be_read(stated, path)


def _files_can_be_read(stated: TrainingData, path: Path) -> Found:
    for name in ("subjects", "folder_variable"):
        if getattr(stated, name) is not None and stated.folder is None:
            fix = "remove it; a manifest has a column subject_id"
            yield WITHOUT_FOLDER.at((*path, name), f"{name} is given without a folder", fix)
    if stated.manifest is not None and stated.manifest.split("/")[0] == "lock":
        what = "the folder `lock` is written by `segval lock`"
        fix = "put the list elsewhere; the lock keeps a copy"
        yield IN_THE_LOCK.at((*path, "manifest"), what, fix)


def _training_data_are_missing(protocol: Protocol, _: Metrics) -> Found:
    if protocol.test_set.training_data is None:
        what = "training data not provided: leakage is not checked"
        fix = (
            "give `training_data:` a manifest of `segval fingerprint`, a folder, or the reason "
            "why there are no training images"
        )
        yield NOT_PROVIDED.at(("test_set",), what, fix)


FINDERS: tuple[Finder, ...] = (_training_data_are_stated_once, _training_data_are_missing)
