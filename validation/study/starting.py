"""Starting a study: a folder with a protocol, a model and a tiny test set that runs as it is.

The texts are templates; the images are drawn here, always alike: bright discs on a dark
ground with noise and specks, and the truth that they were drawn from. Everything is made beside the
folder's place and gets its name at the end, so that there is a whole study or none.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from validation import workspace
from validation.errors import RecordError, ToolError
from validation.record import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["semantic", "instance", "panoptic"]

_TEXTS = {"protocol.yaml": "protocol.yaml.jinja", "README.md": "README.md.jinja",
          ".gitignore": "gitignore.jinja"}  # fmt: skip
_MODEL = "model.py"
_LONGEST = 300

_SIDE_PX = 64
_SEED = 20260201
_SPECIMENS = (("S1", "A"), ("S2", "A"), ("S3", "A"), ("S4", "B"), ("S5", "B"), ("S6", "B"))
"""Specimen and site of each image."""
_NOISE = {"A": 9.0, "B": 14.0}
"""Standard deviation of the noise by site, in gray levels."""
_GROUND = 40.0


class Started(NamedTuple):
    """A new study."""

    folder: Path
    files: tuple[str, ...]
    """Every file, relative to the folder, sorted."""


def start_study(folder: Path, *, kind: Kind, title: str, organisation: str) -> Started:
    """Write a study to start from and return where it lies.

    Args:
        folder: Where; it must not exist, or be empty.
        kind: What the protocol measures.
        title: Title of the protocol.
        organisation: Whose record it is.

    Raises:
        ToolError: The folder holds something, a text cannot be printed, or the folder cannot
            be written.

    Side effects: writes the folder, whole or not at all.
    """
    _require_printable("the title", title)
    _require_printable("the organisation", organisation)
    final = folder.resolve()
    _require_free(final, folder)
    files = dict(_files(kind, title.strip(), organisation.strip()))
    with _beside(final) as staging:
        for name, content in files.items():
            workspace.write_new(staging / name, content)
        _make_way(final)
        workspace.finish(staging, final)
    return Started(folder, tuple(sorted(files)))


class _beside:  # noqa: N801 - used like a function
    """A folder to build in, on the same disk as its place, gone afterwards."""

    def __init__(self, final: Path) -> None:
        self._final = final

    def __enter__(self) -> Path:
        parent = self._final.parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._around = Path(tempfile.mkdtemp(dir=parent, prefix=f".{self._final.name}.new-"))
            staging = self._around / self._final.name
            staging.mkdir()
        except OSError as error:
            raise RecordError(
                f"the study cannot be written: {error.strerror}",
                where=str(self._final),
                fix="choose a folder that you may write to",
            ) from error
        return staging

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._around, ignore_errors=True)


def _make_way(final: Path) -> None:
    """Remove the folder of that name, which is empty."""
    try:
        if final.is_dir():
            final.rmdir()
    except OSError as error:
        raise RecordError(
            f"the empty folder cannot be replaced: {error.strerror}", where=str(final)
        ) from error


def _require_free(final: Path, named: Path) -> None:
    if final == Path.cwd():
        raise RecordError(
            "the study cannot take the place of the folder you are in",
            where=str(named),
            fix="name a new folder, e.g. `segval init my-study`",
        )
    try:
        taken = final.exists() and not (final.is_dir() and not any(final.iterdir()))
    except OSError as error:
        raise RecordError(f"it cannot be read: {error.strerror}", where=str(named)) from error
    if taken:
        raise RecordError(
            "there is something already, and nothing is overwritten",
            where=str(named),
            fix="name a folder that does not exist yet, or an empty one",
        )


def _require_printable(what: str, text: str) -> None:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST:
        raise ToolError(
            f"{what} cannot be printed on one line",
            where=repr(text[:60]),
            fix=f"give 1 to {_LONGEST} printable characters",
        )


def _files(kind: Kind, title: str, organisation: str) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a study by its path."""
    model = _rendered(f"{_MODEL}.jinja", {"kind": kind})
    view = {
        "kind": kind,
        "title": title,
        "organisation": organisation,
        "model_digest": digest(model),
    }
    yield _MODEL, model
    for name, template in _TEXTS.items():
        yield name, _rendered(template, view)
    rows = ["case_id,image,reference,subject_id,site"]
    for number, (specimen, site) in enumerate(_SPECIMENS, start=1):
        name = f"C{number:02d}"
        image, labels = draw_case(number, noise=_NOISE[site])
        yield f"data/images/{name}.png", _png(image)
        yield f"data/reference/{name}.png", _png(_reference(labels, kind))
        rows.append(f"{name},images/{name}.png,reference/{name}.png,{specimen},{site}")
    yield "cases.csv", ("\n".join(rows) + "\n").encode()


def _reference(labels: "NDArray[np.uint8]", kind: Kind) -> "NDArray[np.uint8 | np.uint16]":
    """Return the truth of an image in the form of a method."""
    import numpy as np

    if kind == "instance":
        return labels
    if kind == "semantic":
        return (labels > 0).astype(np.uint8)
    return np.where(labels > 0, np.uint16(1999) + labels, np.uint16(1))


def draw_case(number: int, *, noise: float) -> "tuple[NDArray[np.uint8], NDArray[np.uint8]]":
    """Return an image of discs and its label map, the same ones for the same number.

    Discs do not overlap, but some touch; their brightness varies, and the faintest are hard
    to see. Small bright specks are no discs. A pixel belongs to a disc when its centre does.

    Args:
        number: Number of the image.
        noise: Standard deviation of the noise, in gray levels.

    Returns:
        Image and label map, uint8, shape (64, 64); labels are 0 for the ground, then 1 to n.
    """
    import numpy as np

    generator = np.random.Generator(np.random.PCG64((_SEED, number)))
    down, across = np.mgrid[:_SIDE_PX, :_SIDE_PX]
    light = np.full((_SIDE_PX, _SIDE_PX), _GROUND)
    labels = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    taken = np.zeros(labels.shape, np.bool_)
    discs, specks = 8 + number % 4, 1 + number % 3
    drawn = 0
    while drawn < discs + specks:
        is_disc = drawn < discs
        radius = generator.uniform(4.0, 6.5) if is_disc else generator.uniform(2.4, 3.0)
        row, column = generator.uniform(radius, _SIDE_PX - radius, size=2)
        distance = np.hypot(down - row, across - column)
        inside = distance <= radius
        if taken[inside].any():
            continue
        drawn += 1
        taken |= inside
        if is_disc:
            labels[inside] = drawn
        brightness = generator.uniform(25.0, 150.0)
        light += brightness * np.clip(radius - distance + 0.5, 0.0, 1.0)
    seen = light + generator.normal(0.0, noise, size=light.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8), labels


def _png(values: "NDArray[np.uint8 | np.uint16]") -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG")
    return stream.getvalue()


def _rendered(template: str, view: dict[str, str]) -> bytes:
    """Return a text of the study; values come as quoted YAML where a template says so."""
    import json

    import jinja2

    from validation.report.render import template_folder

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder() / "study"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, Markdown and Python, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # A JSON string of printable characters is a double-quoted YAML scalar.
    environment.filters["quoted"] = lambda text: json.dumps(text, ensure_ascii=False)
    try:
        return environment.get_template(template).render(view).encode()
    except jinja2.TemplateError as error:
        raise ToolError(
            f"a template of the study cannot be used: {error}",
            where=str(template_folder() / "study" / template),
            fix="install segval again",
        ) from error
