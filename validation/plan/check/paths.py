"""Paths can be followed on another machine, and stay where they belong."""

from validation.plan.check.metric_terms import Finder, Metrics
from validation.plan.check.objections import Found, Rule
from validation.plan.protocol import Protocol
from validation.plan.source import Path

NOT_RELATIVE = Rule(
    "path.not-relative",
    "error",
    "Another person could not repeat the run on another machine.",
    "IEC 62304 5.7.5",
)
LEADS_OUT = Rule(
    "path.leads-out",
    "error",
    "What lies outside the root is not part of the test set that is locked.",
    "docs/adr/0004-whole-folders-are-locked.md",
)


def _paths_can_be_followed(protocol: Protocol, _: Metrics) -> Found:
    inside = _inside(protocol)
    for path, written in {**_relative(protocol), **inside}.items():
        if written is None:
            continue
        if written.startswith("/") or "\\" in written or ":" in written:
            what = f"{written!r} is not a relative path with forward slashes"
            yield NOT_RELATIVE.at(path, what, "a protocol has to work on other machines, too")
        elif path in inside and ".." in written.split("/"):
            what = f"{written!r} leads out of the root"
            yield LEADS_OUT.at(path, what, "name what lies under `root:`")


def _relative(protocol: Protocol) -> dict[Path, str | None]:
    """Return the paths that are relative to the protocol's folder."""
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
    return relative


def _inside(protocol: Protocol) -> dict[Path, str | None]:
    """Return the paths that are relative to the root, and stay below it."""
    inside: dict[Path, str | None] = {
        ("test_set", "folders", position): folder
        for position, folder in enumerate(protocol.test_set.folders)
    }
    inside["test_set", "reference_standard", "file"] = protocol.test_set.reference_standard.file
    return inside


FINDERS: tuple[Finder, ...] = (_paths_can_be_followed,)
