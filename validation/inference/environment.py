"""Where a run was made: interpreter, packages, machine, and the state of the tool itself.

Host and user name are recorded because a device check needs them (21 CFR 11.10(h)); of the
environment variables only those that set threads are, as others may hold secrets.
"""

import ctypes
import getpass
import importlib.metadata
import locale
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

from validation.inference.run import THREAD_VARIABLES
from validation.record import Record

PACKAGES = (
    "jinja2",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pikepdf",
    "pillow",
    "pycocotools",
    "pydantic",
    "scikit-image",
    "scipy",
    "segval",
    "weasyprint",
)
"""Packages whose version can change a result or a document."""

_PANGO_LIBRARIES = (
    "libpango-1.0.so.0",
    "libpango-1.0.dylib",
    "libpango-1.0-0.dll",
)
_SECONDS = 10
"""Longest that a command may take to describe something."""


class Tool(Record):
    """The tool: version, and commit where it runs from a checkout."""

    version: str | None
    """Version of the installed package; None where it is not installed."""
    commit: str | None
    """Commit of the checkout; None where `no_commit` says why."""
    modified: bool | None
    """True where files of the checkout differ from the commit; None without commit."""
    no_commit: str | None
    """Why there is no commit."""


class Machine(Record):
    """What computed."""

    host_name: str
    architecture: str
    """E.g. ``x86_64``."""
    cpu_model: str
    cpu_count: int
    """Logical processors that this process may use."""
    memory_bytes: int | None
    """Physical memory; None where the system does not say."""
    gpus: tuple[str, ...]
    """Name and driver of each NVIDIA GPU; empty where there is none."""


class System(Record):
    """The operating system and its settings."""

    platform: str
    """System, release and architecture in one line."""
    kernel: str
    distribution: str | None
    """Name of the distribution; None where there is no ``os-release``."""
    user_name: str
    locale: str
    """Language and encoding, e.g. ``en_US.UTF-8``."""
    timezone: str
    """Names of the time zone, standard and daylight saving. Times in records are UTC."""


class Environment(Record):
    """Everything outside the protocol that a result can depend on."""

    format: Literal["segval/environment/1"] = "segval/environment/1"
    tool: Tool
    python_version: str
    python_implementation: str
    packages: dict[str, str | None]
    """Version by name; None where a package is not installed."""
    onnx_providers: tuple[str, ...]
    """What ONNX Runtime can compute with, its first choice first."""
    pango_version: str | None
    """Version of Pango, which sets the documents; None where it cannot be found."""
    system: System
    machine: Machine
    thread_settings: dict[str, str | None]
    """Variables that set the threads of native libraries; None where one is not set."""


def environment() -> Environment:
    """Return the environment of this process.

    Side effects: runs ``git`` and ``nvidia-smi`` where they are, to read only.
    """
    return Environment(
        tool=_tool(),
        python_version=platform.python_version(),
        python_implementation=platform.python_implementation(),
        packages={name: _version(name) for name in PACKAGES},
        onnx_providers=_onnx_providers(),
        pango_version=_pango_version(),
        system=_system(),
        machine=_machine(),
        thread_settings={name: os.environ.get(name) for name in THREAD_VARIABLES},
    )


def _tool() -> Tool:
    version = _version("segval")
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return Tool(version=version, commit=None, modified=None, no_commit="not a checkout")
    commit = _said("git", "-C", str(root), "rev-parse", "HEAD")
    status = _said("git", "-C", str(root), "--no-optional-locks", "status", "--porcelain")
    if commit is None or status is None:
        reason = "git cannot read the checkout, or it has no commit"
        return Tool(version=version, commit=None, modified=None, no_commit=reason)
    return Tool(version=version, commit=commit, modified=status != "", no_commit=None)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _onnx_providers() -> tuple[str, ...]:
    try:
        import onnxruntime
    except ImportError:
        return ()
    return tuple(onnxruntime.get_available_providers())


def _pango_version() -> str | None:
    for name in _PANGO_LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.pango_version_string.restype = ctypes.c_char_p
        return str(library.pango_version_string().decode())
    return None


def _system() -> System:
    return System(
        platform=platform.platform(),
        kernel=f"{platform.release()} {platform.version()}".strip(),
        distribution=_distribution(),
        user_name=_user_name(),
        locale=".".join(part or "C" for part in locale.getlocale()),
        timezone="/".join(time.tzname),
    )


def _machine() -> Machine:
    gpus = _said("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
    return Machine(
        host_name=platform.node(),
        architecture=platform.machine(),
        cpu_model=_cpu_model(),
        cpu_count=_cpu_count(),
        memory_bytes=_memory_bytes(),
        gpus=tuple(gpus.splitlines()) if gpus else (),
    )


def _distribution() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None


def _user_name() -> str:
    try:
        return getpass.getuser()
    # Without a password entry: KeyError until Python 3.12, OSError from 3.13 on.
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _cpu_model() -> str:
    if sys.platform == "darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def _said(command: str, *arguments: str) -> str | None:
    """Return what a command prints; None where it is missing or fails."""
    path = shutil.which(command)
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands, no shell
            [path, *arguments],
            capture_output=True,
            check=True,
            timeout=_SECONDS,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
