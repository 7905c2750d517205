"""Studies at the edges of what a document has to hold: long names, other scripts, one case, many.

Each is the tiny study with something pushed to its limit. As a command, this draws, locks and
runs them and writes every document of each, to be looked at::

    python tests/report/extreme_studies.py FOLDER [NAME ...]
"""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

LONG_NAME = "Maximiliana Konstantina von Hohenlohe-Waldenburg-Schillingsf"
"""Sixty characters, in few words."""
UNBROKEN = "Phosphatidylethanolaminmethyltransferaseinhibitorbestimmung-"
"""Sixty characters without a place to break a line."""
JAPANESE = "蛍光画像における細胞核の計数と面積の測定"
ARABIC = "عدّ نوى الخلايا وقياس مساحتها في صور الفلورة"


def tiny_study() -> ModuleType:
    """Return the script that draws the tiny study."""
    path = Path(__file__).resolve().parents[1] / "study" / "tiny_study.py"
    spec = importlib.util.spec_from_file_location("tiny_study", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def letter(study: Any) -> None:
    """Paper of the United States, with the appendix on standards and guidance."""
    study.change("document.page_size", "Letter")
    study.change("report", {"coverage": True})


def long_names(study: Any) -> None:
    """Names of sixty characters wherever a document has one."""
    study.change("document.organisation", LONG_NAME)
    study.change("document.title", f"{UNBROKEN} and {LONG_NAME}")
    study.change("document.number", "VP-" + "0123456789" * 6)
    study.change("device.name", UNBROKEN)
    study.change("test_set.title", UNBROKEN)
    study.change("risks.0.harm", UNBROKEN)
    for number, one in enumerate(study.values["signatories"]):
        study.change(f"signatories.{number}", {**one, "name": LONG_NAME, "title": UNBROKEN})


def scripts(study: Any) -> None:
    """Japanese and Arabic, in titles, names and running text."""
    study.change("document.title", JAPANESE)
    study.change("document.organisation", ARABIC)
    study.change("device.name", "核カウンター")
    study.change("device.intended_use", f"{JAPANESE}。{ARABIC}.")
    study.change("risks.0.hazard", f"{ARABIC} (REQ-01, 12 %)")
    study.change("limits", f"{JAPANESE}\n\n{ARABIC}")
    first, second = study.values["signatories"]
    study.change("signatories.0", {**first, "name": "田中 美咲", "title": "検証技術者"})
    study.change("signatories.1", {**second, "name": "د. ليلى حدّاد", "title": "مديرة الجودة"})


def one_case(study: Any) -> None:
    """A single image of a single subject."""
    _keep(study, {"C2"})


def no_findings(study: Any) -> None:
    """Everything matched, nothing missed, nothing false."""
    _keep(study, {"C1", "C3"})


def _keep(study: Any, case_ids: set[str]) -> None:
    for row in study.rows:
        if row["case_id"] not in case_ids:
            (study.root / row["image"]).unlink()
            (study.root / row["reference"]).unlink()
    study.rows = [row for row in study.rows if row["case_id"] in case_ids]
    study.write()


def many(study: Any) -> None:
    """Twenty classes and forty criteria."""
    classes = range(1, 21)
    names = [f"tissue class {number:02d}" for number in classes]
    study.source = (
        "def classify(image):\n"
        "    import numpy as np\n"
        "    return np.where(image == 253, 3, image // 12).astype(np.int32)\n"
    )
    rng = np.random.default_rng(5)
    tiny = sys.modules["tiny_study"]
    for row in study.rows:
        places = rng.permutation(64)[:48]
        labels = np.zeros((64, 64), np.uint8)
        for place, number in zip(places, np.resize(list(classes), 48), strict=True):
            labels[place // 8 * 8 : place // 8 * 8 + 6, place % 8 * 8 : place % 8 * 8 + 7] = number
        image = labels * 12
        image[rng.random(image.shape) < 0.06] = 253
        study.put(row["image"], tiny.png(image))
        study.put(row["reference"], tiny.png(labels))
    study.values["classes"] = [
        {"name": name, "description": f"Pixels of {name}", "value": number}
        for name, number in zip(names, classes, strict=True)
    ]
    first = study.values["criteria"][0]
    study.values["criteria"] = [
        {**first, "id": f"AC-{place:02d}", "metric": metric, "class": name, "bound": bound}
        for place, (metric, bound, name) in enumerate(
            [("dice", 0.93, name) for name in names] + [("iou", 0.5, name) for name in names], 1
        )
    ]
    study.write()


EXTREMES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "letter": ("instance", letter),
    "long-names": ("instance", long_names),
    "scripts": ("instance", scripts),
    "one-case": ("instance", one_case),
    "no-findings": ("instance", no_findings),
    "many": ("semantic", many),
    "panoptic": ("panoptic", letter),
    "semantic": ("semantic", letter),
}
"""Kind of evidence and change, by name."""


def drawn(folder: Path, name: str) -> Any:
    """Return an extreme study, written and not yet locked."""
    kind, change = EXTREMES[name]
    study = tiny_study().Study(folder, kind)
    change(study)
    return study


def documents_of(folder: Path) -> None:
    """Write every document of a study that was run, beside its record."""
    protocol, record = folder / "protocol.yaml", folder / "record"
    made: list[list[str | Path]] = [
        ["protocol", protocol, "--out", folder / "protocol.pdf"],
        ["audit", folder, "--pdf", folder / "audit.pdf"],
        ["verify", record, "--pdf", folder / "verification.pdf"],
        *(
            ["document", kind, source, "--out", folder / f"{kind}-{source.stem}.pdf"]
            for source in (protocol, record)
            for kind in ("test-set", "method", "traceability")
        ),
    ]
    for arguments in made:
        subprocess.run([sys.executable, "-m", "validation", *arguments], check=True)


def main() -> None:
    """Write every document of the studies that are named."""
    folder, *names = sys.argv[1:]
    for name in names or EXTREMES:
        place = Path(folder).resolve() / name
        place.mkdir(parents=True)
        study = drawn(place, name).lock()
        study.run()
        documents_of(place)
        sys.stdout.write(f"{place}\n")


if __name__ == "__main__":
    main()
