"""The protocol: intended use, method, model, test set, analysis and acceptance criteria.

Everything later on the data's path quotes the protocol and nothing later changes it.
There is no default where the choice is a regulatory or clinical one: confidence level,
treatment of undefined values and of failed cases, resampling unit and matching rule are
the author's to state. This module knows words and bounds; `validation.plan.source` reads
them from YAML, `validation.plan.check` holds them against one another.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from validation.plan.accepted_warnings import AcceptedWarning
from validation.plan.comparison import ComparisonPlan
from validation.plan.identifiers import TracedId
from validation.plan.method import Kind, MethodChoice
from validation.plan.names import ClassName as ClassName  # noqa: PLC0414 - for those who have it from here
from validation.plan.names import Identifier as Identifier  # noqa: PLC0414 - the same
from validation.plan.names import Size
from validation.plan.origin import RequirementSource
from validation.plan.risk_acceptance import RiskAcceptance
from validation.plan.sample_size.entries import SampleSize
from validation.record import Digest, Line, Prose, Record, one_line

FORMAT = "segval/protocol/1"

RelativePath = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(one_line)
]
"""A path with forward slashes, relative to the file or folder named in its description."""

Ratio = Annotated[float, Field(ge=0, le=1)]
OpenRatio = Annotated[float, Field(gt=0, lt=1)]


Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"),
]
"""A language as BCP 47 names it, e.g. ``de`` or ``pt-BR``."""


class CompanyTemplates(Record):
    """The folder in which a company keeps how its documents look and what things are called."""

    folder: RelativePath
    """The folder, relative to the protocol's folder."""
    digest: Digest
    """SHA-256 of the manifest of its files (`segval check` says it); other files are refused."""


class Revision(Record):
    """A revision of the protocol, and what it changed (ISO 13485 4.2.4)."""

    revision: Identifier
    """The revision, as in ``revision``."""
    date: Line
    """Date of issue, e.g. ``2026-02-01``."""
    change: Prose
    """What was changed, and why."""


class Document(Record):
    """How the protocol and its report are filed."""

    number: Identifier
    """Number of the protocol in the quality system, e.g. ``VP-001``."""

    report_number: Identifier
    """Number under which the report is filed, e.g. ``VR-001``."""

    revision: Identifier
    """Revision of the protocol."""

    title: Line
    """Title, as it stands on the first page."""

    organisation: Line
    """Company or department whose record this is."""

    page_size: Literal["A4", "Letter"] = "A4"
    """Paper the documents are laid out for."""

    language: Language = "en"
    """Language of the documents, told to screen readers and search; other words than English
    ones come from the company's templates."""

    templates: CompanyTemplates | None = None
    """Logo, colours, wording and templates of the company; segval's own where there are none."""

    history: tuple[Revision, ...] = ()
    """Every revision so far, the present one last (ISO 13485 4.2.4)."""


class Reference(Record):
    """A document that the protocol refers to: specification, risk file, standard, publication."""

    id: Identifier
    """How the protocol's texts name it, e.g. ``REF-01``."""
    text: Prose
    """Number, title, revision or year, so that it can be found."""


class Device(Record):
    """The product that the model is part of."""

    name: Line
    """Name of the device or product."""

    version: Line
    """Version of the product for which this validation is made."""

    intended_use: Prose
    """What the result is used for, by whom, on what."""

    use_environment: Prose
    """Conditions of use that the test set has to represent."""

    users: Line
    """Who acts on the result."""

    population: Prose | None = None
    """Patients or specimens that the device is meant for, and those that it is not meant for
    (FDA 2025, CLAIM 2024)."""


class Method(Record):
    """Semantic, instance or panoptic segmentation, and why."""

    kind: Kind
    """Evidence per class and pixel, per object, or both on one map of segments."""

    justification: Prose
    """Why this kind of evidence answers the intended use."""

    not_chosen: Prose
    """Why another kind was not chosen, and what is given up."""

    choice: MethodChoice | None = None
    """The questionnaire behind it, as `segval choose` writes it."""

    @property
    def is_by_pixel(self) -> bool:
        """True where there are figures per class and pixel."""
        return self.kind != "instance"

    @property
    def is_by_object(self) -> bool:
        """True where there are figures per object."""
        return self.kind != "semantic"


class PercentileScaling(Record):
    """Gray values scaled so that two percentiles of the image map to 0 and 1."""

    kind: Literal["percentiles"]
    low: Annotated[float, Field(ge=0, le=100)]
    """Percentile that maps to 0."""
    high: Annotated[float, Field(ge=0, le=100)]
    """Percentile that maps to 1."""
    clip_low: float
    """Scaled values below are set to this."""
    clip_high: float
    """Scaled values above are set to this."""


class DivisionScaling(Record):
    """Values divided by a constant."""

    kind: Literal["divide"]
    by: Annotated[float, Field(gt=0)]
    """Divisor, e.g. 255."""


class Preprocess(Record):
    """From the decoded image to the network's input."""

    channels: Literal["gray", "rgb"]
    """Colour channels that the network takes."""
    scaling: Annotated[PercentileScaling | DivisionScaling, Field(discriminator="kind")]
    """Scaling of the values."""
    pad_to_multiple_of: Annotated[int, Field(ge=1, le=1024)] = 1
    """Sides are padded by reflection at the lower right to a multiple of this, in pixels."""


class ThresholdPostprocess(Record):
    """A class is where its probability exceeds a threshold (semantic)."""

    kind: Literal["threshold"]
    class_name: Annotated[ClassName, Field(alias="class")]
    """Class that the pixels are given to."""
    channel: Annotated[int, Field(ge=0)]
    """Channel of the output to threshold."""
    threshold: OpenRatio
    """Pixels with a value above it belong to the class."""
    complement: bool = False
    """Threshold one minus the channel (for a background channel)."""
    fill_holes: bool = False
    """Fill background that the class encloses."""


class ArgmaxPostprocess(Record):
    """The channel with the largest value gives the class (semantic)."""

    kind: Literal["argmax"]
    channel_classes: tuple[ClassName | Literal["background"], ...]
    """Class of each output channel, in order."""


class WatershedPostprocess(Record):
    """Objects by distance transform and watershed on three-class output (instance).

    Foreground is where 1 - p(background) exceeds the threshold, holes filled. Markers are
    the peaks of the smoothed distance transform; the watershed floods p(interior) plus a
    small share of the distance. The score of an object is its mean p(interior).
    """

    kind: Literal["watershed"]
    class_name: Annotated[ClassName, Field(alias="class")]
    """Class that the objects are given."""
    background_channel: Annotated[int, Field(ge=0)]
    interior_channel: Annotated[int, Field(ge=0)]
    foreground_threshold: OpenRatio
    distance_sigma_px: Annotated[float, Field(ge=0)]
    """Standard deviation of the Gaussian that smooths the distance transform, in pixels."""
    peak_distance_px: Annotated[int, Field(ge=1)]
    """Least distance between two markers, in pixels."""
    distance_weight: Annotated[float, Field(ge=0)]
    """Share of the distance transform added to p(interior)."""
    minimum_area_px: Annotated[int, Field(ge=0)]
    """Objects with fewer pixels are dropped."""


class OnnxModel(Record):
    """A network in ONNX, run by ONNX Runtime."""

    adapter: Literal["onnx"]
    name: Line
    """Name of the model under test."""
    version: Line
    """Version under test."""
    file: RelativePath
    """The network, relative to the protocol's folder."""
    digest: Digest
    """SHA-256 of the file; another file is refused."""
    preprocess: Preprocess
    """From the decoded image to the input."""
    postprocess: Annotated[
        ThresholdPostprocess | ArgmaxPostprocess | WatershedPostprocess,
        Field(discriminator="kind"),
    ]
    """From the output to classes or objects."""


class PythonModel(Record):
    """A Python callable that segments one image."""

    adapter: Literal["python"]
    name: Line
    version: Line
    file: RelativePath
    """Python source file that holds the callable, relative to the protocol's folder."""
    digest: Digest
    """SHA-256 of that file; another file is refused."""
    callable: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """Name of the callable in the file: image array in, segmentation out."""
    parameters: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Keyword arguments handed to the callable."""


class PredictionsModel(Record):
    """Predictions made elsewhere, read from files."""

    adapter: Literal["predictions"]
    name: Line
    version: Line
    format: Literal["label_maps", "class_maps", "panoptic_maps", "coco_results"]
    """Instance label images, class-value images, images of segments, or a COCO results file."""
    location: RelativePath
    """Folder with one PNG a case (``<case_id>.png``), or the COCO results file; relative to
    the protocol's folder."""
    digest: Digest
    """SHA-256 of the results file, or of the manifest of the folder's files."""
    produced_by: Prose
    """How, where and when the predictions were made."""


Model = Annotated[OnnxModel | PythonModel | PredictionsModel, Field(discriminator="adapter")]


class Exclusion(Record):
    """Cases of the case table that are left out, fixed before the run."""

    cases: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """Ids of the cases, as in the case table."""
    reason: Prose
    """Why they are left out."""


class ReferenceStandard(Record):
    """What counts as true, and how far."""

    format: Literal["label_map", "class_map", "panoptic_map", "coco"]
    """Label image with one id an object, class-value image, image of segments (a value of stuff
    is that of the class, a value of an object 1000 times the class and its number from 0 to 999,
    as the ``instanceIds`` of Cityscapes have it), or one COCO file."""
    file: RelativePath | None = None
    """The COCO file, relative to the test set's root; only for format ``coco``."""
    standing: Literal["exact_truth", "reference_standard", "non_reference_standard"]
    """``exact_truth`` by construction, a reference standard, or an annotation for which
    "agreement" is the word rather than "sensitivity" (FDA 2007)."""
    origin: Prose
    """How the reference was made."""
    annotators: tuple[Line, ...]
    """Who annotated, with qualification; empty where no person did."""
    uncertainty: Prose
    """What is known of its errors and of agreement between annotators."""


class ReferenceQuality(Record):
    """Why the reference standard was chosen, and how good it is (CLAIM 2024).

    It may be stated more fully after the lock, which holds what the reference standard is.
    """

    rationale: Prose | None = None
    """Why this reference was chosen before others that could have been had (CLAIM 2024)."""
    annotation: Prose | None = None
    """Instructions and tools of the annotators, whether they saw the model's results, and how
    disagreement was settled (CLAIM 2024, FDA 2025)."""
    inter_rater_variability: Prose | None = None
    """How far annotators differ from one another, as measured (CLAIM 2024)."""
    intra_rater_variability: Prose | None = None
    """How far an annotator differs from the own earlier work, as measured (CLAIM 2024)."""


class TrainingData(Record):
    """What the model was developed on, for the check of leakage: one of the first three."""

    manifest: RelativePath | None = None
    """List of the images of training, tuning and selection: the CSV that ``segval fingerprint``
    writes, or lines of ``sha256sum``; relative to the protocol's folder."""
    folder: RelativePath | None = None
    """Folder of these images, relative to the protocol's folder; every file in it is read when
    the test set is locked. ``--training`` overrides it."""
    none_because: Prose | None = None
    """Why there are no such images, e.g. a model without learned parameters."""
    folder_variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    """Environment variable that names the folder where it lies elsewhere."""
    subjects: RelativePath | None = None
    """CSV with the columns ``file`` and ``subject_id`` for the images of the folder, relative to
    the protocol's folder."""
    covers: Prose | None = None
    """What the list holds and what not, e.g. images of pre-training."""
    on_leak: Literal["report", "refuse"] | None = None
    """Where the test set shares an image or a subject with these: run and print the finding, or
    refuse to run. To be stated with a manifest or folder."""


class Acquisition(Record):
    """When, where and with what the images were taken (FDA 2025, CLAIM 2024)."""

    period: Line | None = None
    """First and last date, or the years."""
    sites: tuple[Line, ...] = ()
    """Places where the images were taken."""
    equipment: Prose | None = None
    """Devices with make and settings, and how specimens or patients were prepared."""


class TestSet(Record):
    """The images on which the model is tested."""

    __test__ = False

    id: Identifier
    """Id under which the set is locked."""
    title: Line
    """What the set is."""
    root: RelativePath
    """Folder of the files, relative to the protocol's folder; ``--data`` overrides it."""
    root_variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    """Environment variable that names the folder where the user has to bring the data."""
    case_table: RelativePath
    """CSV with ``case_id, image, reference``, optionally ``region``, ``subject_id`` and any
    columns for subgroups; relative to the protocol's folder."""
    folders: Annotated[tuple[RelativePath, ...], Field(min_length=1)]
    """Folders under the root that are locked, every file in them."""
    reference_standard: ReferenceStandard
    """What counts as true."""
    reference_quality: ReferenceQuality = ReferenceQuality()
    """Why it was chosen, and how good it is."""
    provenance: Prose
    """Where the images come from, when, how they were selected."""
    representativeness: Prose | None = None
    """How far the set stands for the conditions of use, and what it leaves out (GMLP)."""
    inclusion_criteria: Prose | None = None
    """What a case had to be to be taken in (CLAIM 2024)."""
    exclusion_criteria: Prose | None = None
    """What kept a case out, before anything was predicted (CLAIM 2024)."""
    sampling: Prose | None = None
    """How cases were drawn: consecutive, at random, enriched; by whom, and what they knew."""
    acquisition: Acquisition = Acquisition()
    """When, where and with what the images were taken."""
    demographics: Prose | None = None
    """Characteristics of patients or specimens: age, sex, disease and its severity, tissue,
    batch (CLAIM 2024, STARD-AI 2025)."""
    de_identification: Prose | None = None
    """How the images were freed of what identifies a person (CLAIM 2024)."""
    missing_data: Prose | None = None
    """Images, annotations or attributes that are missing, and how that is dealt with
    (CLAIM 2024)."""
    independence: Prose
    """How the set is kept apart from the data that the model was developed on."""
    partition_level: Literal["site", "subject", "specimen", "image", "not_known"] | None = None
    """What is never in both test and development data: the level at which the partitions are
    disjoint (CLAIM 2024)."""
    training_data: TrainingData | None = None
    """The images that the model was developed on; without them leakage is not checked."""
    licence: Line
    """Terms under which the images are used."""
    simulated: bool
    """True when the specimens are simulated: every document says so."""
    exclusions: tuple[Exclusion, ...] = ()
    """Cases left out, with reasons."""
    pixel_spacing_um: Annotated[float, Field(gt=0)] | None = None
    """Side of a pixel in micrometres, where it is known and equal for all images."""


class SegmentedClass(Record):
    """A class that the model segments."""

    name: ClassName
    """Name, spelt alike wherever it occurs."""
    description: Line
    """What belongs to the class."""
    value: Annotated[int, Field(ge=1, le=65534)]
    """Pixel value in a class map, class number in a panoptic map, or category id in a COCO
    file; with ``label_map`` every object is of the one class, and the value names it in the
    predictions that are stored."""
    role: Literal["thing", "stuff"] | None = None
    """Whether objects of the class are told apart (``thing``) or its pixels are one segment of
    an image (``stuff``); given for panoptic protocols, and only there."""


class Requirement(Record):
    """A requirement on the device that this protocol tests."""

    id: TracedId
    """Id in the requirements specification."""
    text: Prose
    """The requirement."""
    risks: tuple[TracedId, ...] = ()
    """Risks that the requirement controls."""


class Risk(Record):
    """A hazard from the risk file (ISO 14971)."""

    id: TracedId
    """Id in the risk file."""
    hazard: Prose
    """The hazard, and how it comes about."""
    harm: Line
    """The harm that it can lead to."""
    severity: Line
    """Severity, in the words of the risk file."""


class Matching(Record):
    """How predicted and reference objects are paired (instance, panoptic)."""

    algorithm: Literal["greedy_by_score", "optimal"]
    """COCO's greedy rule by falling score, or the one-to-one assignment with most matches
    and then the largest summed IoU."""
    iou_threshold: Annotated[float, Field(ge=0.5, lt=1)]
    """Least IoU of a pair, for the rows of objects, counts of outcomes and PQ."""
    further_iou_thresholds: tuple[Annotated[float, Field(ge=0.5, lt=1)], ...] = ()
    """Further thresholds at which recall, precision and F1 are reported."""
    score_threshold: Ratio
    """Predicted objects with a lower score are left out at the operating point (not in AP)."""
    maximum_detections: Annotated[int, Field(ge=1)]
    """Most objects of a class in an image that AP looks at; COCO's 100 hides objects in
    crowded images."""
    merge_split_fraction: Annotated[float, Field(gt=0.5, le=1)]
    """Share of an object's area that has to lie in another for it to count as contained, in
    the rules for merged and split objects."""


class AnalysisPlan(Record):
    """How the evidence is computed, fixed before the run."""

    confidence_level: Annotated[float, Field(ge=0.5, lt=1)]
    """Level of the two-sided intervals."""
    interval_method: Literal["percentile_bootstrap", "bca_bootstrap"]
    """Interval of the cluster bootstrap: by percentiles, or bias-corrected and accelerated."""
    proportion_interval: Literal["wilson", "clopper_pearson", "bootstrap"] | None = None
    """Interval of a share of cases, where each independent unit has one case; the bootstrap
    where it has more, or none is named."""
    resampling_unit: Literal["subject", "case"]
    """What is drawn with replacement: whole subjects, or cases where each is independent."""
    replicates: Annotated[int, Field(ge=200, le=100_000)]
    """Number of bootstrap replicates."""
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    """Seed of the bootstrap's generator (PCG64)."""
    undefined_values: Literal["leave_out"]
    """Cases for which a figure averaged over cases is undefined are left out of it, and their
    number is printed beside it."""
    failed_cases: Literal["count_as_empty", "leave_out"]
    """A case for which the model failed counts as an empty prediction, or is left out; either
    way it is a finding and the verdict cannot be ``met``."""
    presence_minimum_area_px: Annotated[int, Field(ge=1)] | None = None
    """A class is present in an image from this area on (semantic, panoptic)."""
    surface_tolerance_px: Annotated[float, Field(ge=0)] | None = None
    """Distance between borders that is no error, in pixels; asks for figures of borders
    (semantic, panoptic)."""
    surface_tolerance_um: Annotated[float, Field(ge=0)] | None = None
    """The same in micrometres, where the size of a pixel is known; one of the two."""
    boundary_distance_px: Annotated[int, Field(ge=1)] | None = None
    """Width of the boundary for boundary IoU, in pixels; 2 % of the image's diagonal if none
    is named."""
    pair_distances_in: Literal["px", "um"] | None = None
    """Asks for the Hausdorff distance (95th percentile) of matched pairs, in pixels, or in
    micrometres where the size of a pixel is known (instance)."""
    matching: Matching | None = None
    """Pairing of objects (instance, panoptic)."""
    rationale: Prose
    """Why these choices."""
    sample_size_rationale: Prose
    """Why this number of cases, subjects and objects is enough."""
    sample_size: Annotated[tuple[SampleSize, ...], Field(max_length=50)] = ()
    """The same in numbers, as `segval plan-size` prints them; they have to follow from their
    assumptions."""
    repeatability: Prose | None = None
    """How far the same input, or the same specimen taken again, gives the same result, and by
    which evidence (FDA 2025)."""
    reproducibility: Prose | None = None
    """The same across sites, devices, operators and machines (FDA 2025)."""
    robustness: Prose | None = None
    """What is tested of changed conditions: noise, focus, artefacts, wrong input (CLAIM 2024)."""


class ExecutionPlan(Record):
    """How the test is carried out, and what follows from its result (IEC 62304 5.7)."""

    procedure: Prose | None = None
    """The steps of the test, so that another person can repeat it (IEC 62304 5.7.1)."""
    conditions: Prose | None = None
    """Place, machine and settings under which it is carried out (IEC 62304 5.7.5)."""
    tools: Prose | None = None
    """Software and equipment used for the test, and how it is validated for that
    (ISO 13485 4.1.6 and 7.6)."""
    testers: Prose | None = None
    """Who carries it out, with qualification and independence from development."""
    deviations: Prose | None = None
    """How deviations, failed cases and anomalies are recorded and resolved (IEC 62304 5.7.2)."""
    actions: Prose | None = None
    """What follows where a criterion is not met or cannot be evaluated (ISO 13485 7.3.6
    and 7.3.7)."""


class AcceptanceCriterion(Record):
    """One bound, fixed in advance, that the evidence has to meet."""

    id: Identifier
    """Name that report, findings and deviations quote, e.g. ``AC-03``."""
    requirements: Annotated[tuple[TracedId, ...], Field(min_length=1)]
    """Requirements that the criterion verifies."""
    metric: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    """Id of the metric in the catalogue (`segval metrics` lists them)."""
    class_name: Annotated[ClassName | None, Field(alias="class")] = None
    """Class concerned; none for a figure over all classes, for the mean over several classes of
    a metric that has one (average precision, average recall), or for a timing."""
    iou: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    """IoU threshold, for metrics that have one."""
    size: Size | None = None
    """Size of the reference objects, for metrics that are given by size; none for every size."""
    subgroup: Annotated[dict[str, Line], Field(max_length=1)] = Field(default_factory=dict)
    """One column of the case table and its value, e.g. ``{site: A}``."""
    direction: Literal["at_least", "at_most"]
    """Side of the bound that counts as met."""
    bound: float
    """Limit in the metric's own unit."""
    judged_on: Literal["lower_limit", "upper_limit", "value"]
    """What is held against the bound: a confidence limit, or the value itself."""
    rationale: Prose
    """Where the bound comes from."""


class Signatory(Record):
    """A signature that the documents need (21 CFR 11.50)."""

    role: Identifier
    """Role, e.g. ``author``."""
    title: Line
    """Function of the person, e.g. ``Validation engineer``."""
    meaning: Line
    """Meaning of the signature, e.g. ``I wrote this protocol``."""
    name: Line | None = None
    """Printed name, where it is known beforehand."""
    distinct_from: tuple[Identifier, ...] = ()
    """Roles that sign before this one and whose signers may not sign here, too: an author who
    approves the own work is no approval."""


class ReportPlan(Record):
    """What of the evidence is printed; all of it is always attached."""

    objects: Literal["failures", "all", "sampled"] = "failures"
    """Objects printed one by one (instance, panoptic): those that failed, all of them, or a
    sample of the matched ones beside those that failed."""
    sampled_objects: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Matched objects in the sample, drawn with the seed of the analysis."""
    coverage: bool = False
    """Print an appendix that says which section answers which item of standards and guidance."""


class Protocol(Record):
    """An approved plan: everything that is fixed before the test set is opened."""

    format: Literal["segval/protocol/1"]
    """Version of this file format."""
    document: Document
    """Numbers, revision and title."""
    device: Device
    """The product and its intended use."""
    method: Method
    """Semantic, instance or panoptic, and why."""
    model: Model
    """The model under test."""
    test_set: TestSet
    """The images, the reference standard and the cases."""
    classes: Annotated[tuple[SegmentedClass, ...], Field(min_length=1)]
    """Every class the model segments, background left out."""
    ignore_value: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Value in class maps and panoptic maps that marks pixels not evaluated; 0 only in
    panoptic maps, where it is the background otherwise."""
    requirements: Annotated[tuple[Requirement, ...], Field(min_length=1)]
    """Requirements that are tested."""
    risks: tuple[Risk, ...]
    """Risks that the requirements control."""
    requirement_sources: tuple[RequirementSource, ...] = ()
    """Files of other tools that requirements and risks were taken from, where they were."""
    risk_acceptance: RiskAcceptance | None = None
    """Which severities are acceptable without a control; every risk needs one where none is
    given."""
    analysis: AnalysisPlan
    """How the evidence is computed."""
    subgroups: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")], ...] = ()
    """Columns of the case table by which figures are given separately."""
    criteria: Annotated[tuple[AcceptanceCriterion, ...], Field(min_length=1)]
    """In the order in which the report lists them."""
    execution: ExecutionPlan = ExecutionPlan()
    """How the test is carried out, and what follows from its result."""
    limits: Prose
    """What this validation cannot show."""
    references: tuple[Reference, ...] = ()
    """Documents that the protocol refers to."""
    report: ReportPlan = ReportPlan()
    """What of the evidence is printed."""
    signatories: Annotated[tuple[Signatory, ...], Field(min_length=1)]
    """Signatures needed, in their order."""
    comparison: ComparisonPlan | None = None
    """Margins against the version before; none where no comparison was planned."""
    accepted_warnings: tuple[AcceptedWarning, ...] = ()
    """Warnings of `segval check` that the author answers."""

    def class_names(self) -> tuple[str, ...]:
        """Return the names of the classes, in the protocol's order."""
        return tuple(one.name for one in self.classes)

    def thing_names(self) -> tuple[str, ...]:
        """Return the names of the classes that have objects: all that are not stuff."""
        return tuple(one.name for one in self.classes if one.role != "stuff")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a protocol file, for editors."""
    schema = Protocol.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
