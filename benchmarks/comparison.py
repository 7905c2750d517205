"""What the benchmarks of figures per image share: run in turn, compare, print."""

import importlib.metadata
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.fresh import Measured, best_of

Report = dict[str, Any]


class Peer(NamedTuple):
    """A piece of work to compare with."""

    name: str
    package: str
    """Distribution whose version is printed, and without which the peer is skipped."""
    function: str
    """``module:function``."""
    agrees: Callable[[Any, Any], str]
    """From our result and the peer's to how closely they agree."""
    version_of: Callable[[str], str] = importlib.metadata.version
    """Version of the package; `PackageNotFoundError` where it is not installed."""


def compare(
    workload: Mapping[str, Any],
    ours: str,
    peers: Sequence[Peer],
    arguments: Sequence[str],
    *,
    repeat: int,
    further: Mapping[str, str] | None = None,
) -> Report:
    """Return what we and each peer take, in the contract of the benchmarks.

    Args:
        workload: What is worked on, for the reader.
        ours: Our function, ``module:function``.
        peers: Those to compare with.
        arguments: What every function is given.
        repeat: Processes of each; the one with the fewest CPU seconds counts.
        further: More functions of ours, by name, whose costs are printed beside it.
    """
    best = best_of(repeat, ours, *arguments)
    return {
        "workload": dict(workload),
        "ours": _cost(best),
        "peers": [_peer(one, best, arguments, repeat) for one in peers],
        "further": {
            name: _cost(best_of(repeat, function, *arguments))
            for name, function in (further or {}).items()
        },
    }


def show(report: Report, *, as_json: bool, per: int, what: str) -> None:
    """Print a report; `per` pieces of work, each a `what`."""
    if as_json:
        print(json.dumps(report))
        return
    print(", ".join(f"{name}: {value}" for name, value in report["workload"].items()))
    rows = [("segval", report["ours"], ""), *report["further"].items()]
    for name, cost, *_ in rows:
        print(f"  {name:38} {1000 * cost['cpu_s'] / per:9.2f} CPU ms per {what}")
    for one in report["peers"]:
        if "skipped" in one:
            print(f"  {one['name']:38} skipped: {one['skipped']}")
            continue
        named = f"{one['name']} {one['version']}"
        took = f"{1000 * one['cpu_s'] / per:9.2f} CPU ms per {what}"
        print(f"  {named:38} {took}, {one['ratio']:.2f} times ours; {one['agrees']}")


def _peer(peer: Peer, ours: Measured, arguments: Sequence[str], repeat: int) -> Report:
    try:
        version = peer.version_of(peer.package)
    except importlib.metadata.PackageNotFoundError:
        return {"name": peer.name, "skipped": "not installed"}
    one = best_of(repeat, peer.function, *arguments)
    return {
        "name": peer.name,
        "version": version,
        **_cost(one),
        "ratio": one.cpu_s / ours.cpu_s,
        "agrees": peer.agrees(ours.result, one.result),
    }


def _cost(one: Measured) -> dict[str, float]:
    return {"cpu_s": one.cpu_s, "wall_s": one.wall_s, "peak_rss_mb": one.peak_rss_mb}
