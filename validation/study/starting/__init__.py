"""Starting a study: a folder with a protocol, a model and a tiny test set that runs as it is.

The texts are templates; the images are drawn here, always alike: bright discs on a dark
ground with noise and specks, and the truth that they were drawn from. Everything is made beside the
folder's place and gets its name at the end, so that there is a whole study or none.
"""

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from validation import workspace
from validation.errors import RecordError, ToolError
from validation.record import digest
from validation.study.starting.drawing import NOISE, SPECIMENS, Kind, draw_case, marked, png
from validation.study.starting.example_models import found_discs, network
from validation.study.starting.texts import pipeline, rendered
from validation.testset.lock import Entry, manifest

if TYPE_CHECKING:
    from validation.plan.protocol import Protocol

Adapter = Literal["python", "onnx", "predictions"]
PageSize = Literal["A4", "Letter"]

ADAPTERS: tuple[Adapter, ...] = get_args(Adapter)
PAGE_SIZES: tuple[PageSize, ...] = get_args(PageSize)

_TEXTS = {"protocol.yaml": "protocol.yaml.jinja", "README.md": "README.md.jinja",
          ".gitignore": "gitignore.jinja"}  # fmt: skip
_LONGEST = 300


class Started(NamedTuple):
    """A new study."""

    folder: Path
    files: tuple[str, ...]
    """Every file, relative to the folder, sorted."""


def start_study(
    folder: Path,
    *,
    kind: Kind,
    title: str,
    organisation: str,
    page_size: PageSize = "A4",
    adapter: Adapter = "python",
) -> Started:
    """Write a study to start from and return where it lies.

    Args:
        folder: Where; it must not exist, or be empty.
        kind: What the protocol measures.
        title: Title of the protocol.
        organisation: Whose record it is.
        page_size: Paper that the documents are laid out for.
        adapter: How the model under test is reached: a callable, a network, or predictions.

    Raises:
        ToolError: No network gives what the method asks for, the folder holds something, a text
            cannot be printed, or the folder cannot be written.

    Side effects: writes the folder, whole or not at all.
    """
    require_printable("the title", title)
    require_printable("the organisation", organisation)
    require_adapter(kind, adapter)
    require_free(folder)
    final = folder.resolve()
    view = {
        "kind": kind,
        "title": title.strip(),
        "organisation": organisation.strip(),
        "page_size": page_size,
        "adapter": adapter,
    }
    files = dict(_files(kind, adapter, view))
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


def require_adapter(kind: Kind, adapter: Adapter) -> None:
    """Refuse a network where the method asks for panoptic maps.

    Raises:
        ToolError: As told.
    """
    if kind == "panoptic" and adapter == "onnx":
        raise ToolError(
            "the output of a network becomes classes or objects, and no panoptic map",
            fix="take the adapter python, which may run a network itself, or predictions",
        )


def require_free(named: Path) -> None:
    """Refuse a folder that is taken.

    Raises:
        RecordError: It holds something, is a file, or is the folder that one is in.
    """
    final = named.resolve()
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


def require_printable(what: str, text: str) -> None:
    """Refuse a text that does not fit on a line of a document.

    Raises:
        ToolError: As told.
    """
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST:
        raise ToolError(
            f"{what} cannot be printed on one line",
            where=repr(text[:60]),
            fix=f"give 1 to {_LONGEST} printable characters",
        )


def _files(kind: Kind, adapter: Adapter, view: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a study by its path."""
    from validation.plan.source import parse, protocol_from

    drawn = {
        f"C{number:02d}": draw_case(number, noise=NOISE[site])
        for number, (_, site) in enumerate(SPECIMENS, start=1)
    }
    rows = ["case_id,image,reference,subject_id,site"]
    for (name, (image, labels)), (specimen, site) in zip(drawn.items(), SPECIMENS, strict=True):
        yield f"data/images/{name}.png", png(image)
        yield f"data/reference/{name}.png", png(marked(labels, kind))
        rows.append(f"{name},images/{name}.png,reference/{name}.png,{specimen},{site}")
    yield "cases.csv", ("\n".join(rows) + "\n").encode()
    if adapter == "predictions":
        predicted = {f"{name}.png": png(marked(found_discs(image), kind))
                     for name, (image, _) in drawn.items()}  # fmt: skip
        model_digest = digest(manifest(_entries(predicted)))
        yield from ((f"predictions/{name}", content) for name, content in predicted.items())
    else:
        name = "model.py" if adapter == "python" else "model.onnx"
        model = rendered("model.py.jinja", view) if adapter == "python" else network(kind)
        model_digest = digest(model)
        yield name, model
    texts = {one: rendered(two, {**view, "model_digest": model_digest})
             for one, two in _TEXTS.items()}  # fmt: skip
    yield from texts.items()
    yield from pipeline("protocol.yaml", "validate.sh").items()
    protocol = protocol_from(parse(texts["protocol.yaml"], "protocol.yaml"))
    yield from _specification(protocol)


def _entries(files: dict[str, bytes]) -> Iterator[Entry]:
    for name, content in files.items():
        yield Entry(name, sha256(content).hexdigest(), len(content))


def _specification(protocol: "Protocol") -> Iterator[tuple[str, bytes]]:
    """Yield requirements and risks as tables, which stand for those of the quality system."""
    needed = [{"id": one.id, "text": one.text, "risks": " ".join(one.risks)}
              for one in protocol.requirements]  # fmt: skip
    feared = [{"id": one.id, "hazard": one.hazard, "harm": one.harm, "severity": one.severity}
              for one in protocol.risks]  # fmt: skip
    yield "specification/requirements.csv", _csv(needed)
    yield "specification/risks.csv", _csv(feared)


def _csv(rows: Iterable[dict[str, str]]) -> bytes:
    rows = list(rows)
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()
