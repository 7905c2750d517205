"""A protocol's YAML: read by the 1.2 rules, refused where it could surprise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.errors import ProtocolError
from validation.plan.source import MAXIMUM_BYTES, MAXIMUM_DEPTH, parse, protocol_from


def _values(text: str) -> Any:
    return parse(text.encode(), "p.yaml").values


def _refused(content: bytes | str) -> ProtocolError:
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(ProtocolError) as caught:
        parse(content, "p.yaml")
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("2026-02-01", "2026-02-01"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-5", -5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("12345678901234567890", 12345678901234567890.0),
        ("'no'", "no"),
        ('"true"', "true"),
        ("'5'", "5"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_plain_values_are_read_by_yaml_1_2(text: str, value: Any) -> None:
    found = _values(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("text", "value"), [(".inf", "inf"), ("-.INF", "-inf"), (".NaN", "nan")])
def test_what_is_not_finite_is_a_number_that_fields_refuse(text: str, value: str) -> None:
    assert repr(_values(f"a: {text}")["a"]) == value


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    (problem,) = _refused("a: 1\nb: 2\na: 3\n").problems
    assert (problem.where, problem.what) == ("p.yaml:3", "'a' stands twice (first in line 1)")


def test_aliases_are_refused() -> None:
    (problem,) = _refused("a: &x [1]\nb: *x\n").problems
    assert problem.where == "p.yaml:2"
    assert "alias" in problem.what
    assert _refused("a: &x 1\nb: *x\n").problems  # of a plain value, too


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert len(_refused("\n".join(lines)).problems) == 110


def test_an_alias_to_what_holds_it_ends() -> None:
    assert _refused("a: &x\n  b: *x\n").problems


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!mine 5",
        "!mine {a: 1}",
        "!mine [1]",
        "!!binary aGVsbG8=",
        "!!set {a, b}",
        "!!str 5",
        "!!timestamp 2026-02-01",
    ],
)
def test_tags_are_refused_whatever_they_stand_at(value: str) -> None:
    (problem,) = _refused(f"x: 1\na: {value}\n").problems
    assert problem.where == "p.yaml:2"
    assert "tag" in problem.what


def test_all_that_is_refused_is_told_at_once_in_the_order_of_lines() -> None:
    error = _refused("a: &x [1]\na: 2\nb: *x\n" + "c: 1\n" * 9 + "d: !t 1\n? [k]\n: v\n")
    lines = [int(one.where.split(":")[1]) for one in error.problems]
    assert lines == sorted(lines)
    assert lines == [2, 3, *range(5, 13), 13, 14]


def test_what_is_not_utf_8_is_refused() -> None:
    error = _refused("title: Zürich\n".encode("latin-1"))
    assert "not UTF-8" in error.what
    assert "UTF-8" in error.fix


@pytest.mark.parametrize("content", ["", "\n\n", "# only a comment\n", "---\n"])
def test_an_empty_protocol_is_refused(content: str) -> None:
    if content == "---\n":
        with pytest.raises(ProtocolError, match="form"):
            protocol_from(parse(content.encode(), "p.yaml"))
    else:
        assert "empty" in _refused(content).what


def test_a_huge_protocol_is_refused_unread() -> None:
    assert f"{MAXIMUM_BYTES:,}" in _refused(b"#" * (MAXIMUM_BYTES + 1)).what


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ("{a: ", "}")])
@pytest.mark.parametrize("depth", [MAXIMUM_DEPTH + 1, 20_000])
def test_deep_nesting_is_refused(open_: str, close: str, depth: int) -> None:
    assert "nested too deeply" in _refused("a: " + open_ * depth + close * depth).what


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("a: b: c\n", "p.yaml:1:5"),
        ("a: [1\nb: 2\n", "p.yaml:2:2"),
        ("a:\n\t- 1\n", "p.yaml:2:1"),
        ("a: 1\n---\nb: 2\n", "p.yaml:2:1"),
        ("a: 1\nb: \x00\n", "p.yaml:2"),
        ("a: *nowhere\n", "p.yaml:1:4"),
        ("a: @x\n", "p.yaml:1:4"),
    ],
)
def test_what_is_not_yaml_is_refused_with_its_place(content: str, where: str) -> None:
    error = _refused(content)
    assert "not valid YAML" in error.what
    assert error.where == where


def test_a_byte_order_mark_and_crlf_are_read() -> None:
    assert parse("\ufeffa: 1\r\nb: 2\r\n".encode(), "p.yaml").values == {"a": 1, "b": 2}


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        parse(content, "p.yaml")
    except ProtocolError as error:
        assert str(error)  # noqa: PT017 - other errors are what must not happen


# Fields


@pytest.fixture
def problems_of(tiny: Any, study: Any) -> Any:
    """Return the problems of the tiny protocol after a change of its values or text."""

    def of(change: Any = None, text: tuple[str, str] | None = None) -> Any:
        if change is not None:
            change(study.values)
        content = tiny.to_yaml(study.values).decode()
        if text is not None:
            assert text[0] in content
            content = content.replace(*text)
        with pytest.raises(ProtocolError) as caught:
            protocol_from(parse(content.encode(), "p.yaml"))
        return caught.value.problems, content.splitlines()

    return of


def test_every_problem_of_every_field_is_told_at_once_with_its_line(problems_of: Any) -> None:
    def change(values: Any) -> None:
        del values["device"]["users"]
        values["document"]["titel"] = "misspelt"
        values["method"]["kind"] = "volumetric"
        values["analysis"]["replicates"] = 5
        values["analysis"]["confidence_level"] = "high"
        values["classes"][0]["value"] = 0
        values["criteria"][0]["id"] = "AC 1"
        values["signatories"] = []
        values["risks"] = "none"
        values["model"]["digest"] = "md5:1"

    problems, lines = problems_of(change)
    found = {}
    for one in problems:
        place, _, path = one.where.partition(" ")
        found[path.strip("()")] = (int(place.split(":")[1]), one)
    assert set(found) == {
        "device.users",
        "document.titel",
        "method.kind",
        "analysis.replicates",
        "analysis.confidence_level",
        "classes.0.value",
        "criteria.0.id",
        "signatories",
        "risks",
        "model.digest",
    }
    for path, (line, one) in found.items():
        shown = "device" if path == "device.users" else path.rpartition(".")[2]
        assert f"{shown}:" in lines[line - 1], (path, lines[line - 1])
        assert one.what
    order = [line for line, _ in found.values()]
    assert order == sorted(order)
    assert found["device.users"][1].fix == "add `users:`; there is no default for it"
    assert "spelling" in found["document.titel"][1].fix


REQUIRED = [
    *("format", "document", "device", "method", "model", "test_set", "classes", "requirements"),
    *("risks", "analysis", "criteria", "limits", "signatories"),
    *("document.number", "document.report_number", "document.revision", "document.title"),
    *("document.organisation", "device.name", "device.version", "device.intended_use"),
    *("device.use_environment", "device.users", "method.kind", "method.justification"),
    *("method.not_chosen", "model.adapter", "model.name", "model.version", "model.file"),
    *("model.digest", "model.callable", "test_set.id", "test_set.title", "test_set.root"),
    *("test_set.case_table", "test_set.folders", "test_set.reference_standard"),
    *("test_set.reference_standard.format", "test_set.reference_standard.standing"),
    *("test_set.reference_standard.origin", "test_set.reference_standard.annotators"),
    *("test_set.reference_standard.uncertainty", "test_set.provenance"),
    *("test_set.independence", "test_set.licence", "test_set.simulated"),
    *("classes.0.name", "classes.0.description", "classes.0.value", "requirements.0.id"),
    *("requirements.0.text", "risks.0.id", "risks.0.hazard", "risks.0.harm", "risks.0.severity"),
    *("analysis.confidence_level", "analysis.interval_method", "analysis.resampling_unit"),
    *("analysis.replicates", "analysis.seed", "analysis.undefined_values"),
    *("analysis.failed_cases", "analysis.rationale", "analysis.sample_size_rationale"),
    *("analysis.matching.algorithm", "analysis.matching.iou_threshold"),
    *("analysis.matching.score_threshold", "analysis.matching.maximum_detections"),
    *("analysis.matching.merge_split_fraction", "criteria.0.id", "criteria.0.requirements"),
    *("criteria.0.metric", "criteria.0.direction", "criteria.0.bound", "criteria.0.judged_on"),
    *("criteria.0.rationale", "signatories.0.role", "signatories.0.title"),
    "signatories.0.meaning",
]


def _place(values: Any, dotted: str) -> tuple[Any, Any]:
    *above, last = [int(one) if one.isdigit() else one for one in dotted.split(".")]
    for part in above:
        values = values[part]
    return values, last


@pytest.mark.parametrize("dotted", REQUIRED)
def test_a_field_without_default_has_to_be_there(dotted: str, problems_of: Any) -> None:
    def change(values: Any) -> None:
        place, last = _place(values, dotted)
        del place[last]

    problems, _ = problems_of(change)
    (problem,) = problems
    if dotted == "model.adapter":
        assert problem.where.endswith("(model)")
    else:
        assert problem.where.endswith(f"({dotted})")
        assert problem.what == f"{dotted.rpartition('.')[2]} is missing"


@pytest.mark.parametrize("dotted", REQUIRED)
def test_a_field_of_another_type_is_told_once(dotted: str, problems_of: Any) -> None:
    def change(values: Any) -> None:
        place, last = _place(values, dotted)
        place[last] = {"no": {"such": "thing"}}

    problems, _ = problems_of(change)
    assert all(f"({dotted}" in one.where or dotted == "model.adapter" for one in problems)


def test_a_number_that_has_to_be_a_text_is_quoted_as_it_is_written(problems_of: Any) -> None:
    problems, _ = problems_of(text=("version: '1'", "version: 1.10"))
    assert problems[0].fix == 'put it in quotes: "1.10"'


def test_a_value_of_several_types_is_told_once(problems_of: Any) -> None:
    def change(values: Any) -> None:
        values["model"]["parameters"] = {"a": [1], "b": None}

    problems, _ = problems_of(change)
    paths = [one.where.partition(" ")[2] for one in problems]
    assert paths == ["(model.parameters.a)", "(model.parameters.b)"]


def test_fields_below_a_tagged_choice_have_their_own_line(problems_of: Any) -> None:
    def change(values: Any) -> None:
        values["model"] = {
            "adapter": "onnx",
            "name": "n",
            "version": "1",
            "file": "m.onnx",
            "digest": "sha256:" + "0" * 64,
            "preprocess": {"channels": "gray", "scaling": {"kind": "divide", "by": 0}},
            "postprocess": {"kind": "threshold", "class": "cell", "channel": 0, "threshold": 2},
        }

    problems, lines = problems_of(change)
    assert [one.where.partition(" ")[2] for one in problems] == [
        "(model.preprocess.scaling.by)",
        "(model.postprocess.threshold)",
    ]
    for one in problems:
        line = lines[int(one.where.split(":")[1].split(" ")[0]) - 1].strip()
        assert line in {"by: 0", "threshold: 2"}


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x85b", "\ud800"])
def test_control_characters_and_half_characters_are_refused(text: str, problems_of: Any) -> None:
    escaped = text.encode("unicode_escape").decode()
    for field in (
        "title: Bright discs on a dark ground",
        "limits: Shows nothing but that the tool works.",
    ):
        name = field.partition(":")[0]
        problems, _ = problems_of(text=(field, f'{name}: "{escaped}"'))
        assert len(problems) == 1


def test_a_path_with_a_null_byte_is_refused(problems_of: Any) -> None:
    problems, _ = problems_of(text=("root: data", 'root: "da\\0ta"'))
    assert problems[0].where.endswith("(test_set.root)")
