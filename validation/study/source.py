"""What is run: the text of a protocol, which is exploratory, or a signed protocol document."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from validation import workspace
from validation.attest.approval_check import APPROVAL_FILE, DOCUMENT_FILE
from validation.attest.audit_trail import Subject
from validation.errors import ApprovalError, RunError
from validation.plan.approval import Approval
from validation.record import digest
from validation.study.approval import (
    SignedProtocol,
    approved_inputs,
    is_document,
    read_signed_protocol,
)
from validation.study.identity_store import pinned_trust
from validation.study.inputs import Inputs, read_inputs
from validation.study.opening import OpenProtocol, opened_protocol, read_case_table
from validation.study.study_folder import study_of
from validation.testset.cases import Case
from validation.testset.picking import Asked, picked


@dataclass(frozen=True)
class Ready:
    """A run whose every input is checked."""

    inputs: Inputs
    approval: Approval | None = None
    """None: the protocol is not approved, and the run exploratory."""
    document: bytes = b""
    """The signed protocol document; empty where there is none."""

    def files(self) -> dict[str, bytes]:
        """Return what the record keeps of the approval, by name."""
        if self.approval is None:
            return {}
        return {DOCUMENT_FILE: self.document, APPROVAL_FILE: self.approval.to_json()}


@dataclass(frozen=True)
class Source:
    """What the user asks to run, read once."""

    content: bytes
    opened: OpenProtocol
    document: SignedProtocol | None
    """None: the text of a protocol."""

    @property
    def study(self) -> Path:
        """Folder of the study."""
        return self.opened.folder

    @property
    def name_in_record(self) -> str:
        """Name under which a record keeps it."""
        return "protocol.yaml" if self.document is None else DOCUMENT_FILE

    @property
    def asked(self) -> Subject:
        """What the audit trail is told of a run that is refused."""
        document = self.opened.protocol.document
        return Subject(kind="protocol", id=document.number, digest=digest(self.content))

    def picked(self, asked: Asked) -> tuple[Case, ...]:
        """Return the cases that are asked for; none where all are.

        Raises:
            ApprovalError: It is signed: what was approved is the whole.
            ToolError: The case table cannot be read, or does not have these cases.
        """
        if asked == Asked():
            return ()
        if self.document is not None:
            raise ApprovalError(
                "a signed protocol is run on every case: what was approved is the whole",
                where=str(self.document.path),
                fix="leave --cases and --limit out; for development, run the text of the protocol",
            )
        table, _ = read_case_table(self.opened)
        return picked(table, asked, self.opened.protocol.test_set.case_table)

    def checked(
        self,
        data: Path | None,
        trust: Path | None,
        at: datetime,
        progress: workspace.Progress,
    ) -> Ready:
        """Return everything that the run needs, checked.

        Args:
            data: Folder of the test set, if it does not lie where the protocol says.
            trust: Folder of the certificates that signers are held against; None: the study's.
            at: When signatures are checked.
            progress: Told how many files of the test set are hashed.

        Raises:
            ToolError: The protocol has errors, or test set or model are not what it names.
            ApprovalError: It is signed and not approved, or the study is not what it approves.
        """
        if self.document is None:
            return Ready(read_inputs(self.opened, data, progress))
        found = approved_inputs(
            self.document,
            trust=pinned_trust(self.study, trust),
            at=at,
            data=data,
            progress=progress,
        )
        return Ready(found.inputs, found.approval, self.content)


def read_source(path: Path, study: Path | None) -> Source:
    """Return what a file is: the text of a protocol, or a protocol document.

    Args:
        path: The file.
        study: Folder of the study, for a document that does not lie in it.

    Raises:
        ToolError: It cannot be read, or is neither.
        RunError: A study is named for the text of a protocol, which lies in its own.
    """
    content = workspace.read(path, "the protocol")
    if not is_document(content):
        if study is not None:
            raise RunError(
                "the text of a protocol lies in its study",
                where=str(path),
                fix="leave --study out, or give the signed protocol document",
            )
        return Source(content, opened_protocol(path, content), None)
    document = read_signed_protocol(path, content, study_of(path, study))
    return Source(content, document.opened, document)
