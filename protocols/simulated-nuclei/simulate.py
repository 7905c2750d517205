"""Simulate the bundled specimen set: fluorescence images of nuclei with exact truth.

A specimen is made in three steps: nuclei are placed one upon another on a field larger
than the camera's (`place`), their light is formed into an image (`expose`), and the
outlines inside the field of view become the label map (`crop`). What differs between
donors and between sites stands in two tables, `DONORS` and `SITES`; which case holds how
many nuclei is decided in `case_designs`, before any image is made.

Every label is one 4-connected object of at least `MIN_AREA_PX` pixels of which at least
`MIN_VISIBLE` can be seen. This is guaranteed by placement, not by repair: a nucleus whose
arrival would break the rule, for itself or for one beneath it, is drawn anew. So nothing is
cut out of the truth afterwards, and each pixel of nucleus inside the field has a label.

Lengths are in pixels, light is in 8-bit gray levels, axes are (row, column).

Example:
    python protocols/simulated-nuclei/simulate.py --out fresh-set
"""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import click
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SEED = 20251125
FIELD_PX = 256
MARGIN_PX = 32
"""Ring around the field of view that nuclei cut by its border, and stray light, come from."""

CANVAS_PX = FIELD_PX + 2 * MARGIN_PX

MIN_AREA_PX = 30
"""Least visible area of a nucleus inside the field of view."""

MIN_VISIBLE = 0.5
"""Least part of a nucleus's area inside the field of view that no other nucleus hides."""

MAX_DRAWS = 20_000
"""Draws after which a field counts as too full for its design."""

COLUMNS = ("case_id", "image", "reference", "subject_id", "site", "density")

Light = NDArray[np.float64]
Mask = NDArray[np.bool_]
LabelMap = NDArray[np.int32]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Scalar = TypeVar("Scalar", bound=np.generic)
Density = Literal["empty", "sparse", "dense"]
Kind = Literal["interphase", "mitotic", "pyknotic", "dim"]


@dataclass(frozen=True)
class Site:
    """The optics and the camera that images were taken with."""

    psf_sigma_px: float
    """Standard deviation of the Gaussian core of the point spread function, in focus."""

    stray_fraction: float
    """Part of the light that the wide tail of the point spread function takes."""

    focus_spread_px: float
    """Typical extra blur of a single nucleus that lies above or below the focal plane."""

    misfocus_rate: float
    """Part of the images taken clearly out of focus."""

    black_level: float
    """Gray level of no light."""

    gray_per_electron: float
    """Camera gain: variance of the shot noise per gray level of light."""

    read_noise: float
    """Standard deviation of the noise without light, in gray levels."""

    vignetting: float
    """Part of the light lost in the corners of the field."""

    haze: float
    """Typical background light that is not from a nucleus in the field, in gray levels."""


@dataclass(frozen=True)
class Donor:
    """The biology of one subject and the densities of its images."""

    subject_id: str
    site: str
    fields: str
    """One letter an image: s sparse, d dense, e empty, E empty but for debris."""

    sparse_nuclei: float
    """Mean number of nuclei in a sparse image."""

    dense_nuclei: float
    """Mean number of nuclei in a dense image."""

    diameter_px: float
    """Median diameter of an interphase nucleus."""

    diameter_spread: float
    """Standard deviation of the logarithm of the diameter."""

    axis_ratio: float
    """Median ratio of the long to the short axis."""

    alignment: float
    """How far long axes follow one direction: 0 not at all, 1 all of them."""

    irregularity: float
    """Amplitude of the Fourier terms that bend the outline, relative to the radius."""

    flatness: float
    """Fall of light towards the rim: 2 for a sphere, larger for a flat disk."""

    brightness: float
    """Median light of an interphase nucleus at its centre, in gray levels."""

    brightness_spread: float
    """Standard deviation of the logarithm of the brightness."""

    chromatin: float
    """Contrast of the chromatin texture: standard deviation of the logarithm of light."""

    clumping: float
    """Part of that contrast in coarse clumps instead of fine grain, 0 to 1."""

    clustering: float
    """Probability that a nucleus lies against another one instead of alone."""

    mitotic: float
    """Part of nuclei in mitosis: condensed, bright, oblong."""

    pyknotic: float
    """Part of nuclei that shrank: small, round, bright."""

    dim: float
    """Part of nuclei that took up little stain."""

    cytoplasm: float
    """Light of the cell around a nucleus relative to that of the nucleus."""

    debris: float
    """Mean number of specks in an image; they are no nuclei and not in the truth."""


@dataclass(frozen=True)
class CaseDesign:
    """What one image is to hold, decided before it is made."""

    case_id: str
    donor: Donor
    site: Site
    density: Density
    nuclei: int
    has_debris: bool
    seed: tuple[int, int, int]
    """Seed of the case's own random numbers, so that each case can be made alone."""


@dataclass(frozen=True)
class Nucleus:
    """One nucleus: where it lies, its outline and its light. Later ones lie above."""

    row: float
    column: float
    radius_px: float
    axis_ratio: float
    angle: float
    """Direction of the long axis, in radians from the row axis."""

    bends: tuple[tuple[int, float, float], ...]
    """Fourier terms of the outline: order, relative amplitude, phase in radians."""

    brightness: float
    defocus_px: float


@dataclass(frozen=True)
class Specimen:
    """One simulated case."""

    design: CaseDesign
    image: NDArray[np.uint8]
    """Gray levels, shape (256, 256)."""

    label_map: NDArray[np.uint16]
    """Truth, shape (256, 256): 0 background, 1 to n the nuclei, lowest first."""


SITES = {
    "A": Site(
        psf_sigma_px=0.8,
        stray_fraction=0.06,
        focus_spread_px=0.6,
        misfocus_rate=0.05,
        black_level=11.0,
        gray_per_electron=0.025,
        read_noise=0.62,
        vignetting=0.10,
        haze=1.0,
    ),
    "B": Site(
        psf_sigma_px=1.05,
        stray_fraction=0.12,
        focus_spread_px=0.9,
        misfocus_rate=0.15,
        black_level=2.5,
        gray_per_electron=0.05,
        read_noise=0.32,
        vignetting=0.22,
        haze=1.6,
    ),
}

# Two lines a donor, in the order of the fields of `Donor`: subject, site, fields, nuclei in
# sparse and dense fields, diameter and spread, axis ratio, alignment, irregularity, flatness;
# brightness and spread, chromatin, clumping, clustering, mitotic, pyknotic, dim, cytoplasm,
# debris.
DONORS = (
    Donor("D01", "A", "ssdsdd", 12, 44, 15.5, 0.14, 1.15, 0.0, 0.05, 8.0,
          50, 0.22, 0.22, 0.30, 0.10, 0.03, 0.03, 0.05, 0.025, 1.5),
    Donor("D02", "A", "dsdesd", 18, 58, 13.0, 0.16, 1.30, 0.2, 0.08, 8.0,
          66, 0.28, 0.24, 0.35, 0.20, 0.02, 0.04, 0.06, 0.030, 2.5),
    Donor("D03", "A", "sdsdsd", 10, 34, 18.5, 0.20, 1.25, 0.1, 0.07, 10.0,
          42, 0.25, 0.26, 0.25, 0.12, 0.04, 0.02, 0.08, 0.040, 2.0),
    Donor("D04", "A", "sddsdE", 20, 62, 13.5, 0.15, 1.60, 0.8, 0.04, 6.0,
          85, 0.24, 0.16, 0.20, 0.15, 0.02, 0.02, 0.04, 0.045, 2.0),
    Donor("D05", "B", "dsedss", 14, 42, 17.0, 0.17, 1.15, 0.0, 0.08, 5.0,
          90, 0.30, 0.45, 0.65, 0.25, 0.02, 0.04, 0.06, 0.015, 2.0),
    Donor("D06", "B", "sdsdds", 18, 60, 14.0, 0.17, 1.20, 0.0, 0.07, 6.0,
          55, 0.32, 0.40, 0.60, 0.30, 0.03, 0.05, 0.08, 0.020, 3.0),
    Donor("D07", "B", "ddsEsd", 16, 50, 14.5, 0.15, 1.50, 0.6, 0.05, 6.0,
          125, 0.24, 0.22, 0.30, 0.16, 0.02, 0.03, 0.04, 0.040, 2.5),
    Donor("D08", "B", "sdsdsd", 10, 30, 20.0, 0.24, 1.25, 0.1, 0.08, 8.0,
          48, 0.30, 0.34, 0.40, 0.18, 0.05, 0.03, 0.10, 0.030, 1.5),
)  # fmt: skip

DENSITIES: dict[str, Density] = {"s": "sparse", "d": "dense", "e": "empty", "E": "empty"}


def case_designs() -> tuple[CaseDesign, ...]:
    """Return the design of every case, in the order of their ids."""
    return tuple(
        _case_design(donor_index, field_index)
        for donor_index, donor in enumerate(DONORS)
        for field_index in range(len(donor.fields))
    )


def _case_design(donor_index: int, field_index: int) -> CaseDesign:
    donor = DONORS[donor_index]
    letter = donor.fields[field_index]
    mean = {"s": donor.sparse_nuclei, "d": donor.dense_nuclei}.get(letter, 0.0)
    rng = np.random.default_rng((SEED, donor_index, field_index, 1))
    # Counts of cells a field vary more than by chance alone, hence the log-normal factor.
    nuclei = round(mean * float(np.exp(rng.normal(0.0, 0.2))))
    return CaseDesign(
        case_id=f"{donor.subject_id}-{field_index + 1:02d}",
        donor=donor,
        site=SITES[donor.site],
        density=DENSITIES[letter],
        nuclei=nuclei,
        has_debris=letter != "e",
        seed=(SEED, donor_index, field_index),
    )


def simulate(design: CaseDesign) -> Specimen:
    """Return the specimen of a design; the same design gives the same pixels."""
    rng = np.random.default_rng(design.seed)
    nuclei, labels = place(rng, design)
    light = expose(rng, design, nuclei)
    return Specimen(design, record(rng, crop(light), design.site), _number(crop(labels)))


def crop(canvas: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return the field of view of a canvas: shape (256, 256) out of its middle."""
    return canvas[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


def _number(labels: LabelMap) -> NDArray[np.uint16]:
    _, consecutive = np.unique(np.append(labels.ravel(), 0), return_inverse=True)
    return consecutive[:-1].reshape(labels.shape).astype(np.uint16)


# Placement: outlines, and who lies upon whom


def place(rng: np.random.Generator, design: CaseDesign) -> tuple[list[Nucleus], LabelMap]:
    """Lay nuclei one upon another until the field of view holds the designed number.

    Args:
        rng: Source of random numbers.
        design: The case; its count is of nuclei that show inside the field of view.

    Returns:
        The nuclei, lowest first, those around the field of view included, and the label
        map of the whole canvas, in which nucleus i of the list is i + 1.

    Raises:
        RuntimeError: The field is too full for the design.
    """
    labels = _canvas(np.int32)
    nuclei: list[Nucleus] = []
    full_area: list[int] = []
    direction = rng.uniform(0.0, np.pi)
    for _ in range(MAX_DRAWS):
        if np.count_nonzero(full_area) == design.nuclei:
            return nuclei, labels
        nucleus, is_alone = _draw_nucleus(rng, design, nuclei, direction)
        covered = normalised_radius(nucleus) < 1.0
        if is_alone and _is_crowded(nucleus, labels):
            continue
        stacked = np.where(covered, np.int32(len(nuclei) + 1), labels)
        areas = [*full_area, int(crop(covered).sum())]
        if _is_recognisable(stacked, labels[covered], areas):
            nuclei, labels, full_area = [*nuclei, nucleus], stacked, areas
    raise RuntimeError(f"{design.case_id}: no room for {design.nuclei} nuclei")


def _canvas(dtype: type[Scalar]) -> NDArray[Scalar]:
    return np.zeros((CANVAS_PX, CANVAS_PX), dtype)


def _is_crowded(nucleus: Nucleus, labels: LabelMap) -> bool:
    gap_px = 2.0
    return bool(labels[normalised_radius(nucleus) < 1.0 + gap_px / nucleus.radius_px].any())


def _is_recognisable(stacked: LabelMap, covered: LabelMap, full_area: list[int]) -> bool:
    """Say whether the newest nucleus and those it covers each still show as one object."""
    touched = {*np.unique(covered[covered > 0]).tolist(), len(full_area)}
    field = crop(stacked)
    return all(_shows_as_one(field == label, full_area[label - 1]) for label in touched)


def _shows_as_one(visible: Mask, full_area: int) -> bool:
    if full_area == 0:
        return True
    area = int(visible.sum())
    return (
        area >= max(MIN_AREA_PX, MIN_VISIBLE * full_area)
        and ndimage.label(visible)[1] == 1  # 4-connected: corners do not join
    )


def normalised_radius(nucleus: Nucleus) -> Light:
    """Return the distance from a nucleus's centre relative to its outline.

    The value is below 1 inside, 1 on the outline and `inf` far away. The outline is an
    ellipse whose radius is multiplied by exp(sum of a cos(k t + p)) over the `bends`.
    """
    radius = np.full((CANVAS_PX, CANVAS_PX), np.inf)
    reach = 2.5 * nucleus.radius_px * nucleus.axis_ratio**0.5
    rows, columns = (_span(c, reach) for c in (nucleus.row, nucleus.column))
    y, x = np.ogrid[rows, columns]
    along, across = _turn(y - nucleus.row, x - nucleus.column, nucleus.angle)
    stretch = nucleus.axis_ratio**0.5
    way = np.arctan2(across, along)
    bend = sum((a * np.cos(k * way + p) for k, a, p in nucleus.bends), np.zeros_like(way))
    ellipse = np.hypot(along / stretch, across * stretch) / nucleus.radius_px
    radius[rows, columns] = ellipse / np.exp(bend)
    return radius


def _turn(rows: Light, columns: Light, angle: float) -> tuple[Light, Light]:
    cos, sin = np.cos(angle), np.sin(angle)
    return rows * cos + columns * sin, columns * cos - rows * sin


def _span(centre: float, reach: float) -> slice:
    return slice(max(int(centre - reach), 0), max(min(int(centre + reach) + 2, CANVAS_PX), 0))


def _draw_nucleus(
    rng: np.random.Generator, design: CaseDesign, placed: list[Nucleus], direction: float
) -> tuple[Nucleus, bool]:
    """Draw a nucleus, and whether it keeps clear of the others."""
    donor = design.donor
    kind = _draw_kind(rng, donor)
    radius = donor.diameter_px / 2 * np.exp(rng.normal(0.0, donor.diameter_spread))
    radius *= {"mitotic": 0.8, "pyknotic": 0.65}.get(kind, 1.0)
    ratio = donor.axis_ratio * np.exp(rng.normal(0.0, 0.12))
    ratio = max(1.0, ratio * {"mitotic": 1.5, "pyknotic": 0.8}.get(kind, 1.0))
    brightness = donor.brightness * np.exp(rng.normal(0.0, donor.brightness_spread))
    brightness *= {"mitotic": 1.9, "pyknotic": 2.2, "dim": 0.4}.get(kind, 1.0)
    is_alone = not placed or rng.random() >= donor.clustering
    row, column = _draw_centre(rng, None if is_alone else placed, radius)
    angle = direction + (1.0 - donor.alignment) * rng.uniform(-np.pi / 2, np.pi / 2)
    bends = _draw_bends(rng, donor.irregularity * (0.4 if kind == "pyknotic" else 1.0))
    # A few focal depths, so that each depth is blurred once, not each nucleus.
    defocus = round(2 * abs(rng.normal(0.0, design.site.focus_spread_px))) / 2
    return Nucleus(row, column, radius, ratio, angle, bends, brightness, defocus), is_alone


def _draw_kind(rng: np.random.Generator, donor: Donor) -> Kind:
    kinds: tuple[Kind, ...] = ("mitotic", "pyknotic", "dim", "interphase")
    bounds = np.cumsum((donor.mitotic, donor.pyknotic, donor.dim))
    return kinds[int(np.searchsorted(bounds, rng.random(), side="right"))]


def _draw_centre(
    rng: np.random.Generator, neighbours: list[Nucleus] | None, radius: float
) -> tuple[float, float]:
    if neighbours is None:
        row, column = rng.uniform(0.0, CANVAS_PX, 2)
        return float(row), float(column)
    neighbour = neighbours[int(rng.integers(len(neighbours)))]
    distance = (radius + neighbour.radius_px) * rng.uniform(0.75, 1.15)
    way = rng.uniform(0.0, 2 * np.pi)
    return neighbour.row + distance * np.sin(way), neighbour.column + distance * np.cos(way)


def _draw_bends(
    rng: np.random.Generator, irregularity: float
) -> tuple[tuple[int, float, float], ...]:
    """Draw Fourier terms that weaken with their order, as those of real outlines do."""
    return tuple(
        (order, irregularity * rng.normal() * (2 / order) ** 1.5, rng.uniform(0.0, 2 * np.pi))
        for order in range(2, 8)
    )


# Light: from nuclei to the plane of the camera


def expose(rng: np.random.Generator, design: CaseDesign, nuclei: list[Nucleus]) -> Light:
    """Return the light that reaches the camera, before noise.

    The light of nuclei that overlap adds up, as it does in a widefield microscope; only the
    truth knows which one lies above.

    Args:
        rng: Source of random numbers.
        design: The case.
        nuclei: As placed, those around the field of view included.

    Returns:
        Light of the whole canvas in gray levels above the black level, shape (320, 320).
    """
    site, donor = design.site, design.donor
    stain = donor.brightness * np.exp(rng.normal(0.0, 0.12))
    misfocus = rng.uniform(1.0, 1.8) if rng.random() < site.misfocus_rate else 0.0
    depths: dict[float, Light] = {0.0: _canvas(np.float64)}
    for nucleus in nuclei:
        depth = depths.setdefault(nucleus.defocus_px, _canvas(np.float64))
        depth += nucleus_light(rng, nucleus, donor) * stain / donor.brightness
        depths[0.0] += _cytoplasm(rng, nucleus, donor.cytoplasm)
    if design.has_debris:
        depths[0.0] += _debris(rng, donor.debris, stain)
    sharp_px = np.hypot(site.psf_sigma_px, misfocus)
    light = _canvas(np.float64)
    for defocus_px in sorted(depths):
        light += ndimage.gaussian_filter(depths[defocus_px], np.hypot(sharp_px, defocus_px))
    stray = ndimage.gaussian_filter(light, 9.0)
    light += site.stray_fraction * (stray - light)
    return (light + _haze(rng, site.haze)) * _illumination(rng, site.vignetting)


def nucleus_light(rng: np.random.Generator, nucleus: Nucleus, donor: Donor) -> Light:
    """Return the light of one nucleus on the canvas, zero outside its outline."""
    radius = normalised_radius(nucleus)
    inside = radius < 1.0
    light = _canvas(np.float64)
    if not inside.any():
        return light
    rows, columns = ndimage.find_objects(inside.astype(np.int8))[0]
    depth = (1.0 - np.minimum(radius[rows, columns], 1.0) ** donor.flatness) ** 0.5
    texture = _chromatin(rng, depth.shape, donor)
    light[rows, columns] = nucleus.brightness * depth * texture
    return light


def _chromatin(rng: np.random.Generator, shape: tuple[int, ...], donor: Donor) -> Light:
    fine, coarse = _smooth_noise(rng, shape, 0.9), _smooth_noise(rng, shape, 2.0)
    blend = (1 - donor.clumping) * fine + donor.clumping * coarse
    texture: Light = np.exp(donor.chromatin * blend)
    return texture


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], sigma_px: float) -> Light:
    """Return a random field of mean 0 and standard deviation 1 with no grain below sigma."""
    pad = int(4 * sigma_px) + 1
    noise = rng.standard_normal(tuple(side + 2 * pad for side in shape))
    smooth: Light = ndimage.gaussian_filter(noise, sigma_px) * (2 * np.sqrt(np.pi) * sigma_px)
    return smooth[pad:-pad, pad:-pad]


def _blob(row: float, column: float, sigma: tuple[float, float], angle: float) -> Light:
    y, x = np.ogrid[:CANVAS_PX, :CANVAS_PX]
    along, across = _turn(y - row, x - column, angle)
    blob: Light = np.exp(-((along / sigma[0]) ** 2 + (across / sigma[1]) ** 2) / 2)
    return blob


def _cytoplasm(rng: np.random.Generator, nucleus: Nucleus, strength: float) -> Light:
    """Return the faint oblong glow of the cell around a nucleus."""
    level = nucleus.brightness * strength * np.exp(rng.normal(0.0, 0.6))
    reach = nucleus.radius_px * rng.uniform(1.5, 3.5)
    shift = nucleus.radius_px * rng.normal(0.0, 0.8, 2)
    angle = nucleus.angle + rng.normal(0.0, 0.3)
    centre = nucleus.row + float(shift[0]), nucleus.column + float(shift[1])
    glow: Light = level * _blob(*centre, (reach, nucleus.radius_px * 0.9), angle)
    return glow


def _debris(rng: np.random.Generator, mean: float, stain: float) -> Light:
    """Return specks: small, mostly faint, now and then as bright as a nucleus."""
    light = _canvas(np.float64)
    for _ in range(int(rng.poisson(mean))):
        row, column = rng.uniform(MARGIN_PX, MARGIN_PX + FIELD_PX, 2)
        size = rng.uniform(0.5, 1.4)
        level = stain * np.exp(rng.normal(-1.2, 0.8))
        oblong = (size * rng.uniform(1.0, 2.0), size)
        light += level * _blob(row, column, oblong, rng.uniform(0.0, np.pi))
    return light


def _haze(rng: np.random.Generator, level: float) -> Light:
    cloud = _smooth_noise(rng, (CANVAS_PX, CANVAS_PX), 40.0)
    haze: Light = level * np.exp(0.5 * cloud)
    return haze


def _illumination(rng: np.random.Generator, vignetting: float) -> Light:
    """Return the evenness of the lighting: 1 at its centre, which is not quite the field's."""
    y, x = np.ogrid[:CANVAS_PX, :CANVAS_PX]
    row, column = CANVAS_PX / 2 + rng.normal(0.0, 0.08 * FIELD_PX, 2)
    corner = FIELD_PX / np.sqrt(2)
    distance: Light = np.minimum(np.hypot(y - row, x - column) / corner, 1.3)
    return 1.0 - vignetting * distance**2


def record(rng: np.random.Generator, light: Light, site: Site) -> NDArray[np.uint8]:
    """Return the camera's image of light: shot noise, read noise, black level, 8 bits.

    Args:
        rng: Source of random numbers.
        light: Gray levels above the black level, at least 0.
        site: The camera.

    Returns:
        Gray levels 0 to 255, same shape; brighter light is clipped, as a camera clips it.
    """
    # Shot noise as a normal law: at these electron counts it is the Poisson law for all
    # that 8 bits can tell, and it uses up the same random numbers whatever the light is.
    shot = np.sqrt(site.gray_per_electron * light) * rng.standard_normal(light.shape)
    noisy = light + shot + site.read_noise * rng.standard_normal(light.shape) + site.black_level
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


# Files


def case_table() -> bytes:
    """Return the case table as CSV, UTF-8 with LF line ends, sorted by case id."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for design in case_designs():
        paths = f"images/{design.case_id}.png", f"labels/{design.case_id}.png"
        donor = design.donor
        writer.writerow((design.case_id, *paths, donor.subject_id, donor.site, design.density))
    return text.getvalue().encode()


def _files(specimen: Specimen) -> Iterator[tuple[str, Pixels]]:
    yield f"images/{specimen.design.case_id}.png", specimen.image
    yield f"labels/{specimen.design.case_id}.png", specimen.label_map


def write(folder: Path) -> int:
    """Write images, labels and the case table; the table comes last, as sign of the end.

    Returns:
        The number of cases.

    Raises:
        FileExistsError: A specimen set, or part of one, is there already.
    """
    for name in ("images", "labels", "cases.csv"):
        if (folder / name).exists():
            raise FileExistsError(f"{folder / name} is there already and is not replaced")
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for design in case_designs():
        for name, pixels in _files(simulate(design)):
            (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (folder / "cases.csv").write_bytes(case_table())
    return len(case_designs())


def differences(folder: Path) -> tuple[str, ...]:
    """Return the files under a folder that differ from what the simulator makes, by name.

    Pixels are compared, not PNG bytes: those depend on the compressor's version as well.
    """
    names = [
        name
        for design in case_designs()
        for name, pixels in _files(simulate(design))
        if not _holds(folder / name, pixels)
    ]
    table = folder / "cases.csv"
    if not table.is_file() or table.read_bytes() != case_table():
        names.append("cases.csv")
    return tuple(names)


def _holds(path: Path, pixels: Pixels) -> bool:
    if not path.is_file():
        return False
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return stored is not None and stored.dtype == pixels.dtype and np.array_equal(stored, pixels)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write a new set into.")
@click.option(
    "--check",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    is_flag=False,
    flag_value=str(Path(__file__).parent),
    help="Compare a set with a fresh one instead; without a folder, the one beside this script.",
)
def main(out: Path | None, check: Path | None) -> None:
    """Simulate fluorescence images of nuclei with exact truth.

    Exit status: 0 done; 1 the set differs; 2 wrong usage; 3 could not be done.

    \b
    Examples:
        python protocols/simulated-nuclei/simulate.py --out fresh-set
        python protocols/simulated-nuclei/simulate.py --check
    """  # noqa: D301 - click's own mark needs the escape
    if (out is None) == (check is None):
        raise click.UsageError("give either --out or --check")
    if out is not None:
        _write_and_say(out)
    elif check is not None:
        _compare_and_say(check)


def _write_and_say(folder: Path) -> None:
    try:
        cases = write(folder)
    except OSError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(3)
    click.echo(f"wrote {cases} cases to {folder}")


def _compare_and_say(folder: Path) -> None:
    names = differences(folder)
    for name in names:
        click.echo(f"differs: {name}")
    if names:
        sys.exit(1)
    click.echo(f"{len(case_designs())} cases are as the simulator makes them")


if __name__ == "__main__":
    main()
