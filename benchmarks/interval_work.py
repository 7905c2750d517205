"""What the intervals benchmark measures at COCO scale: the evidence is made, then its intervals.

The seconds that count are those from the figures of all cases to their intervals. The peer
draws images and lets the evaluator accumulate again; its matching is made once and not counted.
"""

import contextlib
import io
import time
from typing import Any, Literal

import numpy as np

from benchmarks.instance_work import NAMES, RULE, counted, figures
from validation.evidence import coco_replicates
from validation.evidence.curves import CurveFigures, curves
from validation.evidence.estimates import metric_values
from validation.evidence.intervals import weight_blocks
from validation.plan.protocol import AnalysisPlan

SEED = 1


def intervals(
    reference: str,
    results: str,
    method: Literal["percentile_bootstrap", "bca_bootstrap"],
    replicates: str,
) -> dict[str, dict[str, float]]:
    """Return CPU seconds and number of intervals, of figures of sums and of curves."""
    pool, counts = counted(reference, results)
    unit_of_case = [f"{one:06d}" for one in range(pool.case_count)]
    of_curves = CurveFigures(curves(pool, RULE, NAMES), np.ones(pool.case_count, bool))
    plan = AnalysisPlan.model_construct(
        confidence_level=0.95,
        interval_method=method,
        proportion_interval="bootstrap",
        resampling_unit="case",
        replicates=int(replicates),
        seed=SEED,
    )
    cost = {}
    for name, of_sums, chosen in (
        ("figures of sums", figures(pool, counts), None),
        ("AP, AR and FROC", [], of_curves),
    ):
        started = time.process_time()
        found = metric_values(of_sums, chosen, unit_of_case=unit_of_case, plan=plan, subgroup={})
        cost[name] = {
            "cpu_s": time.process_time() - started,
            "intervals": sum(one.interval is not None for one in found),
        }
    return cost


def ours_of_replicates(reference: str, results: str, replicates: str) -> list[float]:
    """Return AP, mean over classes, in the first replicates."""
    pool, _ = counted(reference, results)
    coco = curves(pool, RULE, NAMES).coco
    if coco is None:
        return []
    weights = next(weight_blocks(pool.case_count, int(replicates), SEED))
    found = coco_replicates.replicates(coco, weights, np.arange(pool.case_count))
    return [float(one) for one in found[:, 0]]


def loop(reference: str, results: str, replicates: str) -> dict[str, Any]:
    """Return AP in the first replicates from pycocotools, and CPU seconds of one of them."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(reference)
        one = COCOeval(truth, truth.loadRes(results), "segm")
        one.evaluate()
        images = len(one.params.imgIds)
        of_images = np.array(one.evalImgs, object).reshape(-1, images)
        found = []
        started = time.process_time()
        for weights in next(weight_blocks(images, int(replicates), SEED)):
            drawn = np.repeat(np.arange(images), weights)
            one.evalImgs = of_images[:, drawn].ravel().tolist()
            one.accumulate()
            precision = one.eval["precision"][:, :, :, 0, -1]
            found.append(float(precision[precision > -1].mean()))
    return {"values": found, "cpu_s": (time.process_time() - started) / int(replicates)}
