"""The one file that knows paths: it reads, creates and never replaces.

A file is written whole under a temporary name, flushed to the disk and then given its own
name, so that an interruption at any moment leaves either the file or nothing.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from validation.errors import LockError, Problem, RecordError, TestSetError, ToolError
from validation.testset.lock import Entry

Progress = Callable[[int, int], None]
"""Called with the number done and the number in all."""

_BLOCK_BYTES = 1 << 20
_TEMPORARY = ".new-"
"""How the names of files begin whose writing is not done."""


def read(path: Path, what: str, *, at_most: int | None = None) -> bytes:
    """Return the bytes of a file.

    Args:
        path: The file.
        what: What it is, for the message, e.g. ``the protocol``.
        at_most: Bytes to read of a longer one; None: all.

    Raises:
        ToolError: It cannot be read; the message says why.
    """
    try:
        with path.open("rb") as file:
            return file.read(at_most)
    except FileNotFoundError as error:
        raise ToolError(f"{what} is not there", where=str(path)) from error
    except IsADirectoryError as error:
        raise ToolError(f"{what} is a folder, not a file", where=str(path)) from error
    except OSError as error:
        raise ToolError(f"{what} cannot be read: {error.strerror}", where=str(path)) from error


def write_new(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Create a file whole, or not at all; an existing one is never replaced.

    Args:
        path: The file.
        content: Its bytes.
        secret: Whether its owner alone may read it.

    Raises:
        RecordError: It exists, or cannot be written (full disk, no permission).
    """
    _write(path, content, lambda temporary: os.link(temporary, path), secret=secret)


def write_again(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file whole, in place of an earlier one of the same unfinished work.

    Args:
        path: The file.
        content: Its bytes.
        secret: Whether its owner alone may read it.

    Raises:
        RecordError: It cannot be written; the earlier one is as it was.
    """
    _write(path, content, lambda temporary: temporary.replace(path), secret=secret)


def _write(
    path: Path, content: bytes, give_name: Callable[[Path], object], *, secret: bool
) -> None:
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path.parent, content, secret=secret)
        try:
            give_name(temporary)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def _temporary(folder: Path, content: bytes, *, secret: bool = False) -> Path:
    """Return a file that is whole and on the disk, under a temporary name."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=_TEMPORARY)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o600 if secret else 0o644)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


@contextlib.contextmanager
def staged_files(folder: Path, files: Mapping[str, bytes]) -> Iterator[Callable[[], None]]:
    """Write files under temporary names, and give what lets them take their own.

    All that can fail for want of room has then been done. The names are given one after the
    other, in the order of `files`, in place of earlier files.

    Args:
        folder: Where they go.
        files: Bytes by name.

    Raises:
        RecordError: One cannot be written; the earlier ones are as they were.
    """
    staged: dict[str, Path] = {}
    try:
        for name, content in files.items():
            with _told(folder / name):
                staged[name] = _temporary(folder, content)
        yield lambda: _give_names(folder, staged)
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)


def _give_names(folder: Path, staged: Mapping[str, Path]) -> None:
    for name, temporary in staged.items():
        with _told(folder / name):
            temporary.replace(folder / name)
            sync_folder(folder)


def remove_temporaries(folder: Path) -> None:
    """Remove what an interrupted writing left directly in a folder."""
    for one in folder.glob(f"{_TEMPORARY}*"):
        one.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Create a folder that must not be there yet, and the folders above it.

    Raises:
        RecordError: It exists, or cannot be made.
    """
    with _told(path):
        path.mkdir(parents=True)


def finish(staging: Path, final: Path) -> None:
    """Give a folder that is complete its own name.

    Raises:
        RecordError: A folder of that name exists, or the disk objects.
    """
    if os.path.lexists(final):
        raise RecordError(
            "something of that name exists and is never replaced",
            where=str(final),
            fix="give another name by --out",
        )
    with _told(final):
        for folder, _, _ in os.walk(staging):
            sync_folder(Path(folder))
        staging.rename(final)
        sync_folder(final.parent)


def remove(folder: Path) -> None:
    """Remove a folder of unfinished work."""
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the operating system's objections into sentences."""
    try:
        yield
    except FileExistsError as error:
        raise RecordError(
            "a file of that name exists and is never replaced", where=str(path)
        ) from error
    except OSError as error:
        fixes = {
            errno.ENOSPC: "make room and try again (a run: by --resume); nothing is half-written",
            errno.EROFS: "choose a folder that can be written to",
            errno.EACCES: "choose a folder that you may write to",
            errno.EPERM: "choose a folder that you may write to",
        }
        raise RecordError(
            f"it cannot be written: {error.strerror}",
            where=str(path),
            fix=fixes.get(error.errno or 0, ""),
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as lasting as the content of its files."""
    if sys.platform == "win32":  # Windows has no handle of a folder to flush
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_to_append(path: Path) -> int:
    """Return a descriptor of a file that is added to; the file is made where there is none.

    Raises:
        OSError: It cannot be opened.
    """
    # O_BINARY: Windows would write CRLF and so move every offset.
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    return os.open(path, flags, 0o644)


def hold(descriptor: int, *, wait: bool) -> None:
    """Hold a file for this process; the system lets go when the process ends.

    Args:
        descriptor: From `open_to_append`.
        wait: Whether to wait where another process holds it.

    Raises:
        OSError: Another process holds it, and `wait` is false.
    """
    if sys.platform == "win32":
        import msvcrt

        # Windows forbids others to read what is locked, so a byte far beyond is taken.
        os.lseek(descriptor, 2**30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def append_whole(descriptor: int, line: bytes) -> None:
    """Add a line to a file and flush it to the disk; what was written in part is taken back.

    Raises:
        OSError: The disk is full or failed; the file is as it was before.
    """
    before = os.fstat(descriptor).st_size
    try:
        _write_whole(descriptor, line)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)
        raise


def _write_whole(descriptor: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        written = os.write(descriptor, rest)
        if written == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def walk(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """Return every file in the folders under the root, as sorted relative paths.

    Raises:
        TestSetError: A folder is not there, or something in it is neither a file nor a
            folder (symbolic links are refused: what they name can change); all at once.
    """
    found: list[str] = []
    problems: list[Problem] = []
    for folder in folders:
        start = root / folder
        if _has_link(root, start):
            problems.append(Problem(str(start), "is a symbolic link", "put the files there"))
        elif not start.is_dir():
            problems.append(Problem(str(start), "the folder is not there"))
        else:
            _walk_below(root, start, found, problems)
    if problems:
        raise TestSetError("the test set cannot be read", where=str(root), problems=problems)
    return tuple(sorted(set(found)))


def _has_link(root: Path, folder: Path) -> bool:
    """Tell whether the folder, or one between it and the root, is a symbolic link."""
    while folder != root and folder.is_relative_to(root):
        if folder.is_symlink():
            return True
        folder = folder.parent
    return False


def _walk_below(root: Path, start: Path, found: list[str], problems: list[Problem]) -> None:
    def object_to(error: OSError) -> None:
        problems.append(Problem(repr(error.filename), f"cannot be listed: {error.strerror}"))

    for folder, subfolders, names in os.walk(start, onerror=object_to, followlinks=False):
        subfolders.sort()
        for name in [*subfolders, *names]:
            path = Path(folder) / name
            shown = path.relative_to(root).as_posix()
            if path.is_symlink():
                problems.append(Problem(repr(shown), "is a symbolic link", "put the file there"))
            elif path.is_file():
                found.append(shown)
            elif not path.is_dir():
                problems.append(Problem(repr(shown), "is neither a file nor a folder", "remove it"))


def hash_files(
    root: Path, paths: Iterable[str], *, progress: Progress | None = None
) -> tuple[Entry, ...]:
    """Return digest and size of files, read in parallel, in the order of their paths.

    Raises:
        LockError: Files cannot be read; all are named.
    """
    ordered = sorted(paths)
    entries: list[Entry] = []
    problems: list[Problem] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for done, result in enumerate(pool.map(lambda one: _hashed(root, one), ordered), start=1):
            (entries if isinstance(result, Entry) else problems).append(result)  # type: ignore[arg-type]
            if progress is not None:
                progress(done, len(ordered))
    if problems:
        raise LockError("files cannot be read", where=str(root), problems=problems)
    return tuple(entries)


def _hashed(root: Path, path: str) -> Entry | Problem:
    sha256 = hashlib.sha256()
    size = 0
    try:
        # What is no plain file may never end, and a link can name something else tomorrow.
        if not stat.S_ISREG((root / path).lstat().st_mode):
            return Problem(path, "is not a plain file", "put the file itself there")
        with (root / path).open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                sha256.update(block)
                size += len(block)
    except OSError as error:
        return Problem(path, f"cannot be read: {error.strerror}")
    return Entry(path, sha256.hexdigest(), size)


def files_below(folder: Path) -> tuple[str, ...]:
    """Return everything below a folder but folders as sorted relative paths.

    Links to folders are among it, unfollowed.
    """
    found = [
        path.relative_to(folder).as_posix()
        for parent, subfolders, names in os.walk(folder, followlinks=False)
        for name in [*subfolders, *names]
        if (path := Path(parent) / name).is_symlink() or not path.is_dir()
    ]
    return tuple(sorted(found))
