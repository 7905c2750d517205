"""What became of each object of a case.

Outcome of a reference object, exclusive, in this order: ``ignored`` (the reference standard
does not evaluate it), ``matched`` (paired at the protocol's IoU threshold), ``merged``
(unmatched, and in a merge), ``split`` (unmatched, and split), ``missed``. A predicted object
at the operating point that is neither paired nor absorbed by an ignored region is a
``false_positive``.
"""

from dataclasses import dataclass
from typing import Literal

from validation.evidence.matching import ClassObjects, Pairing, class_objects, match
from validation.evidence.merges_splits import MergesAndSplits, merges_and_splits
from validation.evidence.overlap import OverlapTable
from validation.plan.protocol import Matching

ReferenceOutcome = Literal["ignored", "matched", "merged", "split", "missed"]
Outcome = ReferenceOutcome | Literal["false_positive"]


@dataclass(frozen=True)
class ClassOutcomes:
    """The objects of one class in one case and what became of them."""

    objects: ClassObjects
    """Objects at the operating point."""
    pairing: Pairing
    """Pairs at the protocol's IoU threshold."""
    events: MergesAndSplits
    of_references: tuple[ReferenceOutcome, ...]
    """Outcome of each reference object, in the order of `objects.references`."""
    below_threshold: int
    """Predictions left out because they score below the operating point."""

    @property
    def false_positives(self) -> tuple[int, ...]:
        """Rows of unmatched predictions, in the order of `objects.predictions`."""
        explained = set(self.pairing.partner.values()) | self.pairing.absorbed
        return tuple(row for row in range(len(self.objects.predictions)) if row not in explained)


def class_outcomes(table: OverlapTable, class_index: int, rule: Matching) -> ClassOutcomes:
    """Return what became of the objects of one class in one case.

    Args:
        table: Overlaps of the case.
        class_index: Index of the class, 1 for the first of the protocol.
        rule: The protocol's rule of pairing.
    """
    every = class_objects(table, class_index)
    objects = every.at_operating_point(rule.score_threshold)
    pairing = match(objects, rule.iou_threshold, rule.algorithm)
    events = merges_and_splits(objects, pairing, rule.merge_split_fraction)
    return ClassOutcomes(
        objects=objects,
        pairing=pairing,
        events=events,
        of_references=tuple(
            _outcome(column, objects, pairing, events) for column in range(len(objects.references))
        ),
        below_threshold=len(every.predictions) - len(objects.predictions),
    )


def _outcome(
    reference: int, objects: ClassObjects, pairing: Pairing, events: MergesAndSplits
) -> ReferenceOutcome:
    if objects.is_ignored[reference]:
        return "ignored"
    if reference in pairing.partner:
        return "matched"
    if reference in events.merged:
        return "merged"
    if reference in events.splits:
        return "split"
    return "missed"
