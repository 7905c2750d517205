"""A world to sign in, a time-stamp authority by OpenSSL, documents signed at each level."""

import importlib.util
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from validation.attest.signature_check import check_signatures
from validation.attest.time_stamps import HttpTimeStamper
from validation.attest.verification import Check, Checks, Verification


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def signing() -> ModuleType:
    """The script with authority, persons and small documents."""
    return _loaded("signing_world")


@pytest.fixture(scope="session")
def world(signing: ModuleType) -> Any:
    """An authority and what it issued; its present is ours, so that OpenSSL's clock agrees."""
    return signing.World(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="session")
def clock(world: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A time-stamp authority on the loopback; OpenSSL makes its answers."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    authority = _loaded("openssl_clock").Clock(world, tmp_path_factory.mktemp("clock"))
    thread = threading.Thread(target=authority.serve_forever, daemon=True)
    thread.start()
    yield authority
    authority.shutdown()
    authority.server_close()
    thread.join()


@pytest.fixture(scope="session")
def stamper(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Return a time-stamp authority for a level; None where it needs none."""

    def of(level: str) -> Any:
        if level == "B-B":
            return None
        return HttpTimeStamper(request.getfixturevalue("clock").url, datetime.now(UTC))

    return of


@pytest.fixture(scope="session")
def give(world: Any, stamper: Any) -> Callable[..., bytes]:
    """Return a document with one more signature at a level: by the author, by the approver."""

    def given(level: str, content: bytes, number: int, someone: Any = None) -> bytes:
        someone = someone or (world.author, world.approver)[number - 1]
        # The time stamp is of the present, however long the session lasts by now.
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        options = {"level": level, "time_stamper": stamper(level), "at": at}
        return bytes(world.signed(content, someone, number, **options))

    return given


@pytest.fixture(scope="session")
def at_level(signing: ModuleType, give: Any) -> Callable[..., bytes]:
    """Return the small document, signed by author and approver at a level; once a session."""
    made: dict[tuple[str, int], bytes] = {}

    def made_now(level: str, count: int) -> bytes:
        if count == 0:
            return bytes(signing.attached())
        return bytes(give(level, signed(level, count - 1), count))

    def signed(level: str, count: int = 2) -> bytes:
        if (level, count) not in made:
            made[level, count] = made_now(level, count)
        return made[level, count]

    return signed


class Told:
    """What checking the signatures of a file said."""

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self.checks = checks
        self.outcome = Verification(path="x", kind="report", checks=checks).outcome

    @property
    def failures(self) -> set[str]:
        return {one.failure for one in self.checks if one.failure is not None}

    @property
    def unmade(self) -> list[Check]:
        return [one for one in self.checks if one.outcome == "could_not_be_checked"]

    @property
    def broken(self) -> str:
        """What did not hold, one line for each."""
        return "\n".join(
            f"{one.failure}: {one.what}: {one.detail}"
            for one in self.checks
            if one.outcome == "did_not_hold"
        )


@pytest.fixture(scope="session")
def told(world: Any, signing: ModuleType) -> Callable[..., Told]:
    """Return what checking the signatures of a file says."""

    def of(content: bytes, **options: Any) -> Told:
        checks = Checks()
        check_signatures(
            content,
            options.get("signatories", signing.SIGNATORIES),
            options.get("trust", world.trust),
            at=options.get("at", datetime.now(UTC)),
            checks=checks,
        )
        return Told(checks.all())

    return of
