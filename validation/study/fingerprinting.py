"""Listing the images of a folder by digest and fingerprint, several at a time.

The bytes that are hashed are the bytes that are decoded. What is no image by its name is listed by
its digest alone; what cannot be decoded, too, and the list says why.
"""

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from validation import workspace
from validation.errors import LockError, Problem, TestSetError
from validation.testset.case_table import path_objection
from validation.testset.fingerprints import fingerprint
from validation.testset.formats.images import decode_image
from validation.testset.training import ListedImage, parse_subjects

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})


def list_folder(
    folder: Path, *, subjects: Path | None = None, progress: workspace.Progress | None = None
) -> tuple[ListedImage, ...]:
    """Return every file below a folder with its digest, images with their fingerprint.

    Args:
        folder: The folder.
        subjects: CSV with the columns ``file`` and ``subject_id``; it has to name every image.
        progress: Told how many files are done.

    Raises:
        TestSetError: The folder is empty, holds links or names that cannot be written down,
            files cannot be read, or the subjects do not fit; all at once.
    """
    paths = _paths(folder)
    named = _subjects(subjects, paths) if subjects is not None else {}
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        found: list[ListedImage] = []
        problems: list[Problem] = []
        for done, one in enumerate(pool.map(lambda path: _listed(folder, path), paths), start=1):
            if isinstance(one, Problem):
                problems.append(one)
            else:
                found.append(one._replace(subject_id=named.get(one.file or "")))
            if progress is not None:
                progress(done, len(paths))
    if problems:
        raise TestSetError("files cannot be read", where=str(folder), problems=problems)
    return tuple(found)


def _paths(folder: Path) -> tuple[str, ...]:
    try:
        paths = workspace.walk(folder, ["."])
    except TestSetError as error:
        what = "the folder of images cannot be listed"
        raise TestSetError(what, where=str(folder), problems=error.problems) from error
    problems = [
        Problem(repr(path), objection, "rename the file")
        for path in paths
        if (objection := path_objection(path))
    ]
    if not paths:
        problems.append(Problem(str(folder), "the folder holds no file"))
    if problems:
        what = "the folder of images cannot be listed"
        raise TestSetError(what, where=str(folder), problems=problems)
    return paths


def _subjects(path: Path, paths: tuple[str, ...]) -> Mapping[str, str | None]:
    named = parse_subjects(workspace.read(path, "the list of subjects"), path.name)
    images = {one for one in paths if _is_image(one)}
    problems = [
        *(Problem(one, "is not in the folder") for one in sorted(named.keys() - set(paths))),
        *(
            Problem(one, "has no subject", "add a row; leave subject_id empty if it is unknown")
            for one in sorted(images - named.keys())
        ),
    ]
    if problems:
        what = "the list of subjects does not fit the folder"
        raise TestSetError(what, where=str(path), problems=problems)
    return named


def _is_image(path: str) -> bool:
    return Path(path).suffix.lower() in _SUFFIXES


def _listed(folder: Path, path: str) -> ListedImage | Problem:
    if not _is_image(path):
        try:
            (entry,) = workspace.hash_files(folder, [path])
        except LockError as error:
            return error.problems[0]
        return ListedImage(entry.sha256, path, note="no image by its name")
    try:
        content = (folder / path).read_bytes()
    except OSError as error:
        return Problem(path, f"cannot be read: {error.strerror}")
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        return ListedImage(sha256, path, fingerprint(decode_image(content)))
    except ValueError as error:
        return ListedImage(sha256, path, note=f"not decoded: {error}"[:300])
