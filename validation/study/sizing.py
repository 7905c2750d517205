"""Writing a sample size as a document, and its curve as a table beside it."""

import os
from collections.abc import Mapping
from pathlib import Path

import validation
from validation import workspace
from validation.errors import RecordError
from validation.plan.sample_size.designs import Design
from validation.plan.sample_size.statement import (
    STATEMENT_FILE,
    PilotFigures,
    SizeStatement,
    TestSetSize,
)
from validation.record import digest
from validation.record_folder import RECORD_FILE
from validation.report.company import FOLDER
from validation.report.documents import render_size
from validation.report.view.documents.size import SizeContents
from validation.study.opening import OpenProtocol
from validation.study.piloting import Pilot
from validation.study.planned_criterion import PlannedCriterion
from validation.study.templates import read_templates


def statement_of(
    design: Design,
    *,
    criterion: str | None,
    basis: str | None,
    pilot: Pilot | None,
    planned: PlannedCriterion | None,
) -> SizeStatement:
    """Return what a document is made from.

    Raises:
        pydantic.ValidationError: A text cannot be printed, or an id is none.
    """
    return SizeStatement(
        criterion=criterion,
        basis=basis,
        assumptions=design,
        pilot=_figures(pilot) if pilot else None,
        test_set=_test_set(planned, design) if planned else None,
    )


def _figures(pilot: Pilot) -> PilotFigures:
    return PilotFigures.model_validate(
        {
            "record_id": pilot.record_id,
            "metric": pilot.metric,
            "class_name": pilot.class_name,
            "unit": pilot.unit,
            "level": pilot.level,
            **{name: float(f"{value:.6g}") for name, value in _numbers(pilot).items()},
            "units": pilot.found.units,
            "observations": pilot.found.observations,
        }
    )


def _numbers(pilot: Pilot) -> dict[str, float]:
    one = pilot.found
    return {
        "mean": one.mean,
        "sd": one.sd,
        "mean_size": one.mean_size,
        "size_cv": one.size_cv,
        "icc": one.icc,
        "lower": one.lower,
        "upper": one.upper,
        "variance_ratio": one.variance_ratio,
    }


def _test_set(planned: PlannedCriterion, design: Design) -> TestSetSize:
    return TestSetSize.model_validate(
        {
            "criterion": planned.criterion.id,
            "unit": planned.unit,
            "units": planned.units,
            "cases": planned.cases,
            "remarks": planned.remarks(design.design),
        }
    )


def require_new(out: Path) -> None:
    """Refuse a name under which nothing can be written, before anything is computed.

    Raises:
        RecordError: It does not end in .pdf, its folder is not there or that of a record, or a
            file exists.
    """
    if out.suffix.lower() != ".pdf":
        fix = "give a name that ends in .pdf"
        raise RecordError("the document is a PDF", where=str(out), fix=fix)
    for path in (out, out.with_suffix(".csv")):
        if os.path.lexists(path):
            fix = "give another name by --out"
            raise RecordError("a file of that name exists", where=str(path), fix=fix)
    if not out.parent.is_dir():
        raise RecordError("the folder of the document does not exist", where=str(out.parent))
    if any((folder / RECORD_FILE).is_file() for folder in out.resolve().parents):
        fix = "give a file outside of it by --out"
        raise RecordError("a record is never added to", where=str(out), fix=fix)


def write_size(
    statement: SizeStatement, opened: OpenProtocol | None, out: Path
) -> Mapping[str, str]:
    """Write the document, and the curve as CSV beside it; return their digests by path.

    Args:
        statement: What it is made from.
        opened: The protocol whose numbers and company's design it takes; None: none.
        out: The PDF; must be new, as must the CSV of the same name.

    Raises:
        RecordError: A file exists or cannot be written.
        RenderError: The document cannot be rendered.
        SampleSizeError: No number follows from the assumptions.
    """
    require_new(out)
    files = {STATEMENT_FILE: statement.to_json()}
    if opened is not None:
        company = read_templates(opened)
        files |= {"protocol.yaml": opened.content}
        files |= {f"{FOLDER}{name}": content for name, content in company.items()}
    pdf, curve = render_size(
        SizeContents(
            statement=statement,
            protocol=opened.protocol if opened else None,
            files=files,
            digests={name: digest(one) for name, one in files.items()},
            tool_version=validation.__version__,
        )
    )
    made = {out: pdf, out.with_suffix(".csv"): curve}
    for path, content in made.items():
        workspace.write_new(path, content)
    return {str(path): digest(content) for path, content in made.items()}
