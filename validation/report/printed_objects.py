"""Which objects are printed one by one, and which cases are pictured for them.

All evidence is attached whatever is printed. One rule serves the run, which makes the pictures,
and the report, which lists the objects, so that each listed object has its picture.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from validation.plan.protocol import Protocol
from validation.report.contents import Row

FAILURES = ("merged", "split", "missed", "false_positive")
"""Outcomes that are failures, in the order in which the report lists them."""

MOST_OBJECTS = 1500
"""Failed objects printed; the others are in the attached file, and the report says so."""

MOST_CASES = 200
"""Cases whose failed objects are printed, and cases pictured for the sample; the same."""


@dataclass(frozen=True)
class PrintedObjects:
    """The objects that are printed one by one, in the order of ``instances.csv``."""

    failed: tuple[Row, ...]
    """Objects that failed."""
    sampled: tuple[Row, ...]
    """A sample of the matched ones; empty where the protocol asks for none."""
    pictured: tuple[str, ...]
    """Cases that have a picture for them, by id."""


def printed_objects(instance_rows: Sequence[Row], protocol: Protocol) -> PrintedObjects:
    """Return the objects that are printed one by one.

    Args:
        instance_rows: Rows of ``instances.csv``, by case.
        protocol: For what is printed and for the seed of the sample.
    """
    failed = tuple(_first([row for row in instance_rows if row["outcome"] in FAILURES]))
    sampled = _sample(instance_rows, protocol)
    of_failed = dict.fromkeys(row["case_id"] for row in failed)
    of_sample = dict.fromkeys(row["case_id"] for row in sampled if row["case_id"] not in of_failed)
    pictured = sorted([*of_failed, *list(of_sample)[:MOST_CASES]])
    return PrintedObjects(failed, sampled, tuple(pictured))


def _first(failed: Sequence[Row]) -> Iterator[Row]:
    cases: set[str] = set()
    for row in failed[:MOST_OBJECTS]:
        cases.add(row["case_id"])
        if len(cases) > MOST_CASES:
            return
        yield row


def _sample(instance_rows: Sequence[Row], protocol: Protocol) -> tuple[Row, ...]:
    """Return the matched objects that come first by a digest of the seed and their names.

    A digest, and no generator of random numbers, so that every machine draws the same in years.
    """
    if protocol.report.objects != "sampled":
        return ()
    seed = protocol.analysis.seed
    matched = [row for row in instance_rows if row["outcome"] == "matched"]
    lots = {
        place: hashlib.sha256(f"{seed}/{row['case_id']}/{row['reference_id']}".encode()).digest()
        for place, row in enumerate(matched)
    }
    drawn = sorted(lots, key=lots.__getitem__)[: protocol.report.sampled_objects]
    return tuple(matched[place] for place in sorted(drawn))
