"""The peers of the instance benchmark: each evaluates two COCO files in this very process.

A peer returns its twelve statistics. pycocotools is the reference; the others are drop-in
replacements that compute the same numbers.
"""

import contextlib
import io
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def pycocotools(reference: Path, results: Path) -> list[float]:
    """Return the twelve statistics of pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    return _statistics(COCO, COCOeval, reference, results)


def faster_coco_eval(reference: Path, results: Path) -> list[float]:
    """Return the twelve statistics of faster-coco-eval."""
    from faster_coco_eval import COCO, COCOeval_faster

    return _statistics(COCO, COCOeval_faster, reference, results)


def hotcoco(reference: Path, results: Path) -> list[float]:
    """Return the twelve statistics of hotcoco, on as many threads as it likes."""
    from hotcoco import COCO, COCOeval

    return _statistics(COCO, COCOeval, reference, results)


PEERS: dict[str, Callable[[Path, Path], list[float]]] = {
    "pycocotools": pycocotools,
    "faster-coco-eval": faster_coco_eval,
    "hotcoco": hotcoco,
}
"""By the name of the distribution on PyPI."""


def installed_version(name: str) -> str | None:
    """Return the version of a distribution; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _statistics(
    coco: Callable[[str], Any], evaluation: Callable[..., Any], reference: Path, results: Path
) -> list[float]:
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco(str(reference))
        found = (
            truth.loadRes(str(results))
            if hasattr(truth, "loadRes")
            else truth.load_res(str(results))
        )
        one = evaluation(truth, found, "segm")
        one.evaluate()
        one.accumulate()
        one.summarize()
    return [float(value) for value in one.stats]


def imports(name: str) -> None:
    """Import a peer, so that its import is not part of what is measured."""
    __import__({"pycocotools": "pycocotools.cocoeval"}.get(name, name))
