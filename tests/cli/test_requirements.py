"""``segval requirements``: from another tool's file into a protocol, and what drifted since."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from validation.cli import main

TEXT = "Cells shall be outlined:\n- yes\n\n- 1.0: no # comment"
SRS = f'ID;Text;Risks\nREQ-01;"{TEXT}";SYS/RISK 1\nREQ-02;- 1;\n'
RISKS = "ID,Hazard,Harm,Severity\nSYS/RISK 1,=1+1,Delay,1.0\n"


def segval(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["requirements", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    srs, risks = tmp_path / "srs.csv", tmp_path / "risks.csv"
    srs.write_text(SRS, encoding="utf-8")
    risks.write_text(RISKS, encoding="utf-8")
    return srs, risks


@pytest.fixture
def pasted(study: Any, files: tuple[Path, Path]) -> Path:
    """The tiny study's protocol with the printed YAML pasted in place of its own."""
    srs, risks = files
    done = segval(srs, "--risks", risks)
    assert done.exit_code == 0, done.output
    values = {**study.values}
    for name in ("requirements", "risks"):
        del values[name]
    values["criteria"][0]["requirements"] = ["REQ-01", "REQ-02"]
    rest = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    study.path.write_text(f"{rest}\n{done.stdout}", encoding="utf-8")
    return Path(study.path)


def test_what_is_printed_can_be_pasted_and_says_the_same(
    pasted: Path, files: tuple[Path, Path]
) -> None:
    from validation.plan.source import parse, protocol_from

    done = CliRunner().invoke(main, ["check", str(pasted)])
    assert "0 error(s)" in done.output
    protocol = protocol_from(parse(pasted.read_bytes(), "p"))
    assert [one.text for one in protocol.requirements] == [TEXT, "- 1"]
    assert protocol.requirements[0].risks == ("SYS/RISK 1",)
    assert (protocol.risks[0].hazard, protocol.risks[0].severity) == ("=1+1", "1.0")
    assert [one.name for one in protocol.requirement_sources] == ["srs.csv", "risks.csv"]
    same = segval(files[0], "--risks", files[1], "--against", pasted)
    assert (same.exit_code, "says what the source says" in same.output) == (0, True)


def test_drift_ends_with_1_and_says_what(pasted: Path, files: tuple[Path, Path]) -> None:
    srs, risks = files
    srs.write_text(SRS.replace("- 1;", "- 2;") + "REQ-03;new;\n", encoding="utf-8")
    done = segval(srs, "--risks", risks, "--against", pasted)
    assert done.exit_code == 1
    assert "requirement REQ-02: text changed\n  source:   - 2\n  protocol: - 1" in done.stdout
    assert "requirement REQ-03: not in the protocol" in done.stdout
    told = segval(srs, "--risks", risks, "--against", pasted, "--json", "--part")
    found = json.loads(told.stdout)
    assert (found["same"], [one["id"] for one in found["differences"]]) == (False, ["REQ-02"])


def test_the_protocol_says_how_its_sources_were_read(study: Any, tmp_path: Path) -> None:
    srs = tmp_path / "srs.csv"
    text = "Key,Name,Wording,State\nREQ-01,a,It counts.,ok\nREQ-02,b,It waits.,draft\n"
    srs.write_text(text, encoding="utf-8")
    options = ["--column", "text=Wording", "--only", "State=ok"]
    printed = json.loads(segval(srs, *options, "--json").stdout)
    study.change("requirements", [{**printed["requirements"][0], "risks": ["RISK-01"]}])
    study.change("requirement_sources", printed["requirement_sources"])
    assert segval(srs, "--against", study.path).exit_code == 0
    other = segval(srs, "--against", study.path, "--column", "text=Name", "--only", "State=ok")
    assert (other.exit_code, "text changed" in other.stdout) == (1, True)
    srs.write_text(text.replace("Wording", "Words"), encoding="utf-8")
    gone = segval(srs, "--against", study.path)
    assert (gone.exit_code, "no column is named 'Wording'" in gone.output) == (3, True)


def test_a_protocol_document_is_compared_too(
    pasted: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "VP.pdf"
    for verb in (["lock", str(pasted)], ["protocol", str(pasted), "--out", str(out)]):
        done = CliRunner().invoke(main, verb)
        assert done.exit_code == 0, done.output
    assert segval(files[0], "--risks", files[1], "--against", out).exit_code == 0


def test_a_new_file_is_written_and_never_replaced(files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "requirements.yaml"
    assert segval(files[0], "--out", out).exit_code == 0
    before = out.read_bytes()
    assert yaml.safe_load(before)["requirements"][0]["text"] == TEXT
    again = segval(files[0], "--out", out)
    assert (again.exit_code, out.read_bytes()) == (3, before)
    assert "never replaced" in again.output


def test_notes_go_to_stderr_and_json_to_stdout(tmp_path: Path) -> None:
    srs = tmp_path / "srs.csv"
    srs.write_text("A title,\nID,Text\nREQ-1,one\n", encoding="utf-8")
    done = segval(srs, "--json", "--baseline", "Rev. C")
    assert "rows above the header in row 2" in done.stderr
    found = json.loads(done.stdout)
    assert found["requirements"] == [{"id": "REQ-1", "text": "one", "risks": []}]
    assert found["requirement_sources"][0]["baseline"] == "Rev. C"


def test_a_folder_of_doorstop_is_read_with_its_digest(tmp_path: Path) -> None:
    reqs = tmp_path / "reqs"
    (reqs / "more").mkdir(parents=True)
    (reqs / "child").mkdir()
    (reqs / ".doorstop.yml").write_text("settings: {prefix: REQ}\n", encoding="utf-8")
    (reqs / "child/.doorstop.yml").write_text("settings: {prefix: REQ}\n", encoding="utf-8")
    for path in ("REQ001.yml", "more/REQ002.yml", "child/REQ003.yml"):
        (reqs / path).write_text("text: yes\n", encoding="utf-8")
    before = json.loads(segval(reqs, "--json").stdout)
    assert [(one["id"], one["text"]) for one in before["requirements"]] == [
        ("REQ001", "yes"),
        ("REQ002", "yes"),
    ]
    (reqs / "more/REQ002.yml").write_text("text: no\n", encoding="utf-8")
    after = json.loads(segval(reqs, "--json").stdout)
    digests = [one["requirement_sources"][0]["digest"] for one in (before, after)]
    assert digests[0] != digests[1]
    assert before["requirement_sources"][0]["name"] == "reqs"
    assert not [one for one in reqs.rglob("*") if "REQ" in one.name and one.suffix != ".yml"]


@pytest.mark.parametrize("packed", [False, True])
def test_reqif_alone_and_packed(packed: bool, tmp_path: Path) -> None:
    import zipfile

    from tests.plan.imports.reqif_sample import reqif

    source = tmp_path / ("srs.reqifz" if packed else "srs.reqif")
    if packed:
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr("srs.reqif", reqif())
    else:
        source.write_text(reqif(), encoding="utf-8")
    options = ["--only", "TYPE=Requirement", "--risk-only", "TYPE=Risk"]
    options += ["--risk-column", "id=IDENTIFIER"]
    done = segval(source, "--risks", source, *options, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [one["risks"] for one in found["requirements"]] == [["_r1"], []]
    assert found["requirement_sources"][0]["columns"] == ["id=ReqIF.ForeignID", "text=ReqIF.Text"]


def plain_folder(folder: Path) -> Path:
    return folder


def link_to_nowhere(folder: Path) -> Path:
    reqs = folder / "reqs"
    reqs.mkdir()
    (reqs / ".doorstop.yml").write_text("settings: {prefix: REQ}\n", encoding="utf-8")
    (reqs / "REQ001.yml").symlink_to("nowhere.yml")
    return reqs


def unknown(folder: Path) -> Path:
    (folder / "srs.doc").write_bytes(b"text")
    return folder / "srs.doc"


def old_workbook(folder: Path) -> Path:
    (folder / "srs.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    return folder / "srs.xlsx"


def other_archive(folder: Path) -> Path:
    import zipfile

    with zipfile.ZipFile(folder / "srs.zip", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    return folder / "srs.zip"


def endless(_: Path) -> Path:
    return Path("/dev/zero")


@pytest.mark.parametrize(
    "source", [plain_folder, link_to_nowhere, unknown, old_workbook, other_archive, endless]
)
def test_what_is_no_source_is_refused(source: Callable[[Path], Path], tmp_path: Path) -> None:
    done = segval(source(tmp_path))
    assert done.exit_code == 3
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "options",
    [["--out", "a", "--against", __file__], ["--part"], ["--sheet", "X"], ["--column", "x"]],
)
def test_options_that_do_not_go_together_are_refused(
    options: list[str], files: tuple[Path, Path]
) -> None:
    done = segval(files[0], *options)
    assert done.exit_code in {2, 3}
    assert "Traceback" not in done.output
