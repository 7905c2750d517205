"""What the options and the configuration file ask for, and the folders of a session."""

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from validation import clock

_MOST_WORKERS = 256
_RECORDS = ".segval-records"


class Settings(NamedTuple):
    """How the studies of a session are run."""

    root: Path
    """pytest's root directory, which the names of records follow."""
    data: Path | None
    records: tuple[Path, ...]
    """Records to be judged again; empty: protocols are run."""
    workers: int
    allow_missing: bool
    """Whether a study is skipped whose data the environment does not name."""


def settings(config: pytest.Config) -> Settings:
    """Return what the options ask for; those of the command line come first.

    Raises:
        pytest.UsageError: A folder is not there, or a number is none.
    """
    asked_workers = _asked(config, "workers") or "1"
    if not (asked_workers.isascii() and asked_workers.isdigit() and len(asked_workers) < len("1000")
            and 1 <= int(asked_workers) <= _MOST_WORKERS):  # fmt: skip
        raise pytest.UsageError(
            f"--segval-workers asks for a number from 1 to {_MOST_WORKERS}, not {asked_workers!r}"
        )
    data = _folder(config, "data")
    records = tuple(config.invocation_params.dir / one for one in config.getoption("segval_record"))
    for one in (*records, *([data] if data else [])):
        if not one.is_dir():
            raise pytest.UsageError(f"the folder {one} that segval is given is not there")
    missing = config.getoption("segval_allow_missing")
    if missing is None:
        missing = config.getini("segval_allow_missing")
    return Settings(config.rootpath, data, records, int(asked_workers), bool(missing))


def _asked(config: pytest.Config, name: str) -> str | None:
    return config.getoption(f"segval_{name}") or config.getini(f"segval_{name}") or None


def _folder(config: pytest.Config, name: str) -> Path | None:
    """Return a folder: of the command line relative to where that was given, else to the root."""
    if given := config.getoption(f"segval_{name}"):
        return Path(os.path.abspath(config.invocation_params.dir / given))  # noqa: PTH100 - links stay
    written = config.getini(f"segval_{name}")
    return config.rootpath / written if written else None


@dataclass(frozen=True)
class Folders:
    """The folders that every process of a session uses."""

    out: Path
    """Where its records go; made when the first study runs."""
    shared: Path
    """What the processes tell one another; gone at the end."""
    is_mine: bool
    """Whether this process made `shared`, and removes it."""
    is_default: bool
    """Whether `out` is the one that pytest's users did not name."""

    def told(self) -> dict[str, str | bool]:
        """Return what another process needs to know, as plain values."""
        return {"out": str(self.out), "shared": str(self.shared), "is_default": self.is_default}

    def close(self) -> None:
        """Remove what was shared."""
        if self.is_mine:
            shutil.rmtree(self.shared, ignore_errors=True)


def folders(config: pytest.Config, told: dict[str, str | bool] | None) -> Folders:
    """Return the folders of a session: those that the controller told, or new ones."""
    if told is not None:
        return Folders(
            Path(str(told["out"])), Path(str(told["shared"])), is_mine=False,
            is_default=bool(told["is_default"]),
        )  # fmt: skip
    given = _folder(config, "out")
    name = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    out = given or config.rootpath / _RECORDS / name
    return Folders(
        out, Path(tempfile.mkdtemp(prefix="segval-")), is_mine=True, is_default=given is None
    )
