"""Latencies, by stage."""

from validation.evidence.metric_values import metric_id
from validation.report.figures import Strip, dot_strips
from validation.report.formatting import plural
from validation.report.view.elements import Figure
from validation.report.view.results.teller import BlockView, Teller
from validation.report.view.wording import STAGES, sentence


def timing(teller: Teller) -> BlockView | None:
    """Return the latencies, by stage."""
    run = teller.contents.run
    if not run.timing:
        return None
    heading = teller.numbering.subsection("Timing", "timing")
    processes = plural(run.workers, "process", "processes")
    tables = (teller.list_of("Latency of a case, from reading to the prediction", run.timing),)
    words = ((f"Measured on the machine named above, with {processes}."),)
    return BlockView(heading, words, tables, _latency_figures(teller, tables[0].label))


def _latency_figures(teller: Teller, table: str) -> tuple[Figure, ...]:
    timings = teller.contents.run.case_timings
    if not timings:
        return ()
    median = metric_id("latency_median_ms")
    mark = teller.addresses.figure(median).value if median in teller.addresses else None
    said = teller.addresses.result(median).words if median in teller.addresses else "not known"
    strips = [
        Strip(sentence(STAGES[stage]), tuple(getattr(one, f"{stage}_ms") for one in timings))
        for stage in ("read", "preprocess", "inference", "postprocess")
    ]
    strips.append(Strip("Total", tuple(one.total_ms for one in timings), mark))
    drawing = dot_strips(
        strips,
        alt=f"Dot plot of the latency of {plural(len(timings), 'case')} by stage: reading, "
        f"pre-processing, inference, post-processing and total. Median of the total {said}.",
        axis_label="milliseconds",
        low=0.0,
        mark_label="median",
    )
    marks = "bars count cases" if strips[0].is_binned else "each dot is a case"
    numbers = f"{table} and run.json"
    return (teller.drawn(f"Latency by stage; {marks}.", drawing, numbers=numbers),)
