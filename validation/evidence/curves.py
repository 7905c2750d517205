"""Figures of curves over all scores: average precision and recall, and the free-response curve.

They are no sums over cases, so their bootstrap is not that of `validation.evidence.ratios`:
every replicate weighs the ranked detections anew.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from validation.evidence import coco_replicates, coco_statistics, froc
from validation.evidence.coco_statistics import CocoPairing
from validation.evidence.froc import FreeResponse
from validation.evidence.object_pool import ObjectPool
from validation.evidence.overlap import Flags, Floats, Integers
from validation.evidence.pooled_outcomes import thresholds
from validation.plan.protocol import Matching

_NO_SCORES = "the predictions have no scores"


class CurveFigure(NamedTuple):
    """One figure."""

    metric: str
    class_name: str | None
    """Class; None: mean over classes."""
    iou: float | None
    size: str | None
    value: float | None
    n: int
    undefined: str
    """Why it has no value, where it has none."""


class Curves(NamedTuple):
    """Every detection of all cases, paired; None where predictions have no scores."""

    pool: ObjectPool
    class_names: tuple[str, ...]
    thresholds: tuple[float, ...]
    coco: CocoPairing | None
    response: FreeResponse | None


def curves(pool: ObjectPool, rule: Matching, class_names: tuple[str, ...]) -> Curves:
    """Return the pairing that the figures of any group of cases are read from.

    Args:
        pool: The objects of all cases in the figures.
        rule: The protocol's rule of pairing.
        class_names: Classes of the protocol.
    """
    planned = thresholds(rule)
    if not pool.has_scores:
        return Curves(pool, class_names, planned, None, None)
    return Curves(
        pool,
        class_names,
        planned,
        coco_statistics.pair_detections(pool, rule.maximum_detections),
        froc.free_response(pool, planned),
    )


@dataclass(frozen=True)
class CurveFigures:
    """The figures of some of the cases."""

    curves: Curves
    is_member: Flags
    """Cases that are looked at, shape (cases,)."""

    @cached_property
    def figures(self) -> tuple[CurveFigure, ...]:
        """All figures, in the order of the columns of `replicates`."""
        return (*self._coco_figures(), *self._froc_figures())

    def replicates(self, weights: Integers, cluster_of_case: Integers) -> Floats:
        """Return all figures for each re-weighting of the clusters; NaN where undefined.

        Args:
            weights: How often each cluster was drawn, shape (replicates, clusters).
            cluster_of_case: Index of the cluster of each case that is looked at.
        """
        coco, response = self.curves.coco, self.curves.response
        if coco is None or response is None:
            return np.full((len(weights), len(self.figures)), np.nan)
        found = froc.sensitivities(response, weights, cluster_of_case, self.is_member)
        return np.concatenate(
            [
                coco_replicates.replicates(coco, weights, cluster_of_case, self.is_member),
                found.reshape(len(weights), -1),
            ],
            axis=1,
        )

    def jackknife(self, cluster_count: int, cluster_of_case: Integers) -> Floats:
        """Return all figures without each cluster in turn; NaN where undefined.

        Args:
            cluster_count: Number of clusters.
            cluster_of_case: Index of the cluster of each case that is looked at.
        """
        coco, response = self.curves.coco, self.curves.response
        if coco is None or response is None:
            return np.full((cluster_count, len(self.figures)), np.nan)
        found = froc.jackknife(response, cluster_count, cluster_of_case, self.is_member)
        return np.concatenate(
            [
                coco_replicates.jackknife(coco, cluster_count, cluster_of_case, self.is_member),
                found.reshape(cluster_count, -1),
            ],
            axis=1,
        )

    def _coco_figures(self) -> list[CurveFigure]:
        names, coco = self.curves.class_names, self.curves.coco
        if coco is None:
            arrays = coco_statistics.undefined_arrays(self._reference_counts())
        else:
            arrays = coco_statistics.coco_arrays(coco, self.is_member)
        found = []
        for one in coco_statistics.figures(arrays):
            position = one.class_position
            name = None if position is None else names[position]
            found.append(
                CurveFigure(
                    one.metric,
                    name,
                    one.iou,
                    one.size,
                    one.value,
                    one.n,
                    _NO_SCORES if coco is None else _no_reference(name, one.size),
                )
            )
        return found

    def _froc_figures(self) -> list[CurveFigure]:
        names, response = self.curves.class_names, self.curves.response
        shape = (1, len(self.curves.thresholds), len(names), len(froc.METRICS))
        values = np.full(shape, np.nan)
        cases = int(self.is_member.sum())
        if response is not None:
            once = np.ones((1, cases), np.int64)
            values = froc.sensitivities(response, once, np.arange(cases), self.is_member)
        count = self._reference_counts()[:, 0].tolist()
        why = _NO_SCORES if response is None else _no_reference("class", None)
        return [
            CurveFigure(metric, name, iou, None, None if np.isnan(one) else one, count[number], why)
            for threshold, iou in enumerate(self.curves.thresholds)
            for number, name in enumerate(names)
            for metric, one in zip(froc.METRICS, values[0, threshold, number].tolist(), strict=True)
        ]

    def _reference_counts(self) -> Integers:
        return coco_statistics.reference_counts(self.curves.pool, self.is_member)


def _no_reference(class_name: str | None, size: str | None) -> str:
    stratum = "" if size is None else f"{size} "
    of = "" if class_name is None else " of the class"
    return f"no {stratum}reference object{of}"
