"""``segval sign`` with a key on a token (SoftHSM): it signs, and a wrong PIN is an attempt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pkcs11 = pytest.importorskip("pkcs11", reason="the extra `token` is not installed")

from tests.attest.test_key_token import LIBRARY, PIN, TOOLS, _fill  # noqa: E402 - after the skip

pytestmark = pytest.mark.skipif(
    LIBRARY is None or not TOOLS,
    reason="tokens are tried with SoftHSM: install softhsm2 and opensc",
)


@pytest.fixture
def library(signing: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library of a token that holds Ada's key and certificate."""
    (tmp_path / "tokens").mkdir()
    settings = tmp_path / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    ada = signing.keys.persons["ada"]
    _fill(tmp_path, "hers", ("ada", "01", ada.key, ada.certificate))
    assert LIBRARY is not None
    return LIBRARY


def test_a_token_signs_and_a_wrong_pin_is_an_attempt(
    terminal: Callable[..., Any], signing: Any, library: Path
) -> None:
    def sign(pin: str, status: int) -> Any:
        ended = terminal(
            "sign", signing.document, "--role", "author", "--token-library", library, "--token",
            "hers", answers=("y", pin), cwd=signing.folder,
        )  # fmt: skip
        assert ended.status == status, ended.everything
        assert pin not in ended.everything
        return ended

    said = sign("000000000", 3)
    assert "the PIN does not open" in said.stderr
    assert "token hers (its PIN)" in said.shown
    told = signing.events[-1]
    assert (told.action, told.reason) == ("sign.attempt_failed", "wrong PIN")
    assert told.details == {"key": "token hers"}
    sign(PIN, 0)
    assert signing.actions[-2:] == ["sign.intent", "sign.completed"]
    assert signing.events[-2].details["key"] == "token hers"
    assert [one.failure for one in signing.failed(signing.signed(1))] == ["incomplete"]
