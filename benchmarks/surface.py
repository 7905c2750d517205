"""HD95 and normalised surface distance, against the full distance transform of SciPy.

    python -m benchmarks.surface [--json] [--images N] [--side N] [--repeat N] [--regions]

Ours returns distances, counts within the tolerance and boundary IoU of every class; printed
beside it is what the distances take alone. The time is that of the computation on decoded
class maps.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.comparison import Peer, Report, compare, show

CLASSES, TOLERANCE_PX = 4, 2


def main() -> None:
    """Run the benchmark and print what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3, help="fewest CPU seconds of so many")
    parser.add_argument("--regions", action="store_true", help="classes that fill the image")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maps.npy"
        write_maps(path, chosen.images, chosen.side, regions=chosen.regions)
        report = _report(chosen, path)
    show(report, as_json=chosen.json, per=chosen.images, what="image")


def _report(chosen: argparse.Namespace, path: Path) -> Report:
    here = "benchmarks.surface"
    return compare(
        {
            "images": chosen.images,
            "size": f"{chosen.side}x{chosen.side}",
            "classes": CLASSES,
            "shapes": "regions that fill the image" if chosen.regions else "blobs",
            "tolerance": f"{TOLERANCE_PX} px",
        },
        f"{here}:ours",
        [Peer("full distance transform, SciPy", "scipy", f"{here}:scipy", _same)],
        [str(path)],
        repeat=chosen.repeat,
        further={
            "segval, with boundary IoU": f"{here}:ours_with_boundary_iou",
        },
    )


def _same(ours: Any, theirs: Any) -> str:  # noqa: ANN401 - any result
    return "equal to the last bit" if ours == theirs else "NOT EQUAL"


def write_maps(path: Path, images: int, side: int, *, regions: bool) -> None:
    """Write pairs of class maps: smooth shapes, and a prediction that errs at their edges.

    Args:
        path: Where to, as ``.npy``; shape (images, 2, side, side).
        images: Number of pairs.
        side: Rows and columns.
        regions: True: the classes divide the whole image; False: each is one blob, an eighth
            of the side across, as organs in a section are.
    """
    maps = np.zeros((images, 2, side, side), np.uint8)
    for number in range(images):
        generator = np.random.default_rng(number)
        draw = _regions if regions else _blobs
        maps[number] = draw(generator, side)
    np.save(path, maps)


def _regions(generator: np.random.Generator, side: int) -> np.ndarray:
    fields = generator.normal(size=(CLASSES + 1, 8, 8)).astype(np.float32)
    errors = fields + generator.normal(0, 0.2, fields.shape).astype(np.float32)
    return np.stack(
        [
            np.argmax(
                [cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in some],
                axis=0,
            )
            for some in (fields, errors)
        ]
    )


def _blobs(generator: np.random.Generator, side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    pair = np.zeros((2, side, side), np.uint8)
    for number in range(1, CLASSES + 1):
        quarter = np.array(divmod(number - 1, 2))
        centre = (quarter + generator.uniform(0.35, 0.65, 2)) * side / 2
        for one in range(2):
            waves = generator.normal(0, 0.03, 6) + 1e-9
            angle = np.arctan2(rows - centre[0], columns - centre[1])
            bumps = sum(w * np.cos((k + 2) * angle + k) for k, w in enumerate(waves))
            radius = side / 16 * (1 + bumps)
            pair[one][np.hypot(rows - centre[0], columns - centre[1]) <= radius] = number
    return pair


def imports(name: str) -> None:
    """Import what a function needs, before its time is taken."""
    if name.startswith("ours"):
        import validation.evidence.surface  # noqa: F401
    else:
        import scipy.ndimage  # noqa: F401


def ours(path: str) -> list[Any]:
    """Return HD95 and the counts within the tolerance of every class and image."""
    from validation.evidence.border_distances import two_way_distances
    from validation.evidence.surface import borders

    found: list[Any] = []
    for pair in np.load(path):
        of_both = [borders(one, None, CLASSES)[1:] for one in pair]
        for one in two_way_distances(list(zip(*of_both, strict=True)), pair.shape[2]):
            if one is None:
                found.append(None)
                continue
            within = [some.within(TOLERANCE_PX**2) for some in one]
            found.append([one.hausdorff_95_px(), *within])
    return found


def ours_with_boundary_iou(path: str) -> list[Any]:
    """Return everything that the record has of borders."""
    from validation.evidence.surface import SurfaceTerms, surface_table
    from validation.testset.annotations import ClassMap

    terms = SurfaceTerms("px", 1.0, TOLERANCE_PX**2, None)
    return [
        surface_table("", ClassMap(truth), ClassMap(found), CLASSES, terms).to_dict()
        for truth, found in np.load(path)
    ]


def scipy(path: str) -> list[Any]:
    """Return the same by erosion and distance transform of the whole image."""
    from scipy import ndimage

    result: list[Any] = []
    for truth, prediction in np.load(path):
        for number in range(1, CLASSES + 1):
            borders = [
                mask & ~ndimage.binary_erosion(mask)
                for mask in (truth == number, prediction == number)
            ]
            if not all(border.any() for border in borders):
                result.append(None)
                continue
            there = ndimage.distance_transform_edt(~borders[1])[borders[0]]
            back = ndimage.distance_transform_edt(~borders[0])[borders[1]]
            hd95 = max(float(np.percentile(one, 95)) for one in (there, back))
            within = [int((one <= TOLERANCE_PX).sum()) for one in (there, back)]
            result.append([hd95, *within])
    return result


if __name__ == "__main__":
    main()
