"""Everything that a run needs, read and checked: also what a protocol document vouches for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from validation import workspace
from validation.errors import RecordError
from validation.judge.acceptance import subset_of
from validation.judge.findings import Subset
from validation.plan.protocol import Protocol
from validation.report.company import FOLDER
from validation.study.leakage import leakage_of_run
from validation.study.opening import (
    LockedTestSet,
    ModelContent,
    OpenProtocol,
    differences_from_lock,
    read_case_table,
    read_lock,
    read_model,
    require_locked_cases,
    require_no_errors,
    require_unchanged,
    test_set_root,
)
from validation.study.templates import read_templates
from validation.testset.cases import Case, CaseTable
from validation.testset.leakage_record import Leakage


@dataclass(frozen=True)
class Inputs:
    """A protocol with its cases, lock, test set and model, all of which fit one another."""

    opened: OpenProtocol
    table: CaseTable
    locked: LockedTestSet
    root: Path
    model: ModelContent
    leakage: Leakage
    """What the test set shares with the images that the model was developed on."""
    templates: Mapping[str, bytes]
    """Files of the company's template folder, by path; empty where the protocol names none."""
    picked: tuple[Case, ...] = ()
    """The cases that run, where they are not all; empty: every case."""

    @property
    def evaluated(self) -> tuple[Case, ...]:
        """The cases that the model is run on."""
        return self.picked or self.table.evaluated

    @property
    def subset(self) -> Subset | None:
        """The cases that run, where they are not all."""
        every = (one.case_id for one in self.table.evaluated)
        return subset_of(every, (one.case_id for one in self.evaluated))

    def template_files(self) -> dict[str, bytes]:
        """Return the company's templates by their name in a record."""
        return {f"{FOLDER}{name}": content for name, content in self.templates.items()}

    @property
    def protocol(self) -> Protocol:
        """The protocol itself."""
        return self.opened.protocol

    def require_outside(self, out: Path, what: str) -> None:
        """Refuse to write inside the locked folders, which would change the test set.

        Raises:
            RecordError: `out` lies in one of them.
        """
        for folder in self.locked.lock.folders:
            if out.resolve().is_relative_to((self.root / folder).resolve()):
                raise RecordError(
                    f"the {what} would lie in the locked test set",
                    where=str(out),
                    fix="give a folder outside of it by --out",
                )


def read_inputs(opened: OpenProtocol, data: Path | None, progress: workspace.Progress) -> Inputs:
    """Return what a protocol names, every file of the test set and the model hashed.

    Raises:
        ProtocolError: The protocol has errors.
        TestSetError: Folder or case table cannot be read.
        LockError: There is no lock, or protocol or test set differ from it.
        RunError: The model is another one.
        RenderError: The company's templates are others, or cannot be used.
        LeakageError: The test set shares images or subjects with development, and the protocol
            refuses that.
    """
    require_no_errors(opened)
    table, table_content = read_case_table(opened)
    locked = read_lock(opened)
    require_locked_cases(opened, locked, table, table_content)
    leakage = leakage_of_run(opened, locked)
    model = read_model(opened)
    templates = read_templates(opened)
    root = test_set_root(opened, data)
    require_unchanged(differences_from_lock(root, locked, progress), root)
    return Inputs(opened, table, locked, root, model, leakage, templates)
