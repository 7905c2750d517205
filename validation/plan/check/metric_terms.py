"""What a protocol needs to know of the catalogue of metrics, which belongs to a later room."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from validation.plan.check.objections import Found
from validation.plan.protocol import Protocol


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
    is_share_of_cases: bool = False
    """True: images with an outcome / images, each a yes or no."""

    better: Literal["higher", "lower", "zero", "neither"] = "higher"
    """Which way is better; ``neither`` for counts that describe the sample."""

    @property
    def is_of_objects(self) -> bool:
        """True: a class of stuff has no such figure."""
        return "instance" in self.methods


Metrics = Mapping[str, MetricTerms]
Finder = Callable[[Protocol, Metrics], Found]
"""Yields every objection of its subject."""
