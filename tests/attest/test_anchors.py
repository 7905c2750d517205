"""Events that are named outside of the audit trail, by what was signed, printed or exported."""

from pathlib import Path
from typing import Any

import pytest

from validation.attest.anchors import anchors_in
from validation.errors import AuditError


def test_every_signature_of_a_document_names_an_event(at_level: Any, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(at_level("B-B"))
    found = anchors_in(path)
    assert [(one.head.sequence, one.trail_id) for one in found] == [(1, "0" * 32), (2, "0" * 32)]
    assert [one.source.removeprefix(f"{path}, ") for one in found] == ["signature-1", "signature-2"]


def test_a_document_that_nobody_signed_names_none(at_level: Any, tmp_path: Path) -> None:
    path = tmp_path / "unsigned.pdf"
    path.write_bytes(at_level("B-B", 0))
    with pytest.raises(AuditError, match="names no event"):
        anchors_in(path)


def test_a_damaged_document_is_said(at_level: Any, tmp_path: Path) -> None:
    path = tmp_path / "cut.pdf"
    path.write_bytes(at_level("B-B")[:-200])
    with pytest.raises(AuditError, match="cannot be read"):
        anchors_in(path)
