"""segval: the validation of a segmentation model as a record that an auditor can check.

Three calls are what everything else (command line, pytest plugin, page) is made of:

- `validation.run` takes a protocol through its locked test set to a record with a report,
- `validation.measure` turns per-case tables into evidence,
- `validation.verify` checks a lock, a record, a signed document or a study and writes nothing.

The rooms follow the data: `plan` (what was promised), `testset` (on what), `inference` (what
was done), `evidence` (what was measured), `judge` (what it means), `report` (how it is told),
`attest` (who stands by it), and `study`, which leads the data through them.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from validation.evidence.measure import measure
    from validation.study.running import run
    from validation.study.verifying import verify

try:
    __version__ = version("segval")
except PackageNotFoundError:  # a checkout that was not installed
    __version__ = "0+unknown"

__all__ = ["__version__", "measure", "run", "verify"]

_HOMES = {
    "run": "validation.study.running",
    "measure": "validation.evidence.measure",
    "verify": "validation.study.verifying",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of the three calls
    """Import a call when it is first used, so that importing a room stays quick."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
