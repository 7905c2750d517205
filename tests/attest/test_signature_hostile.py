"""Hostile files and hostile time-stamp authorities: an outcome that is said, and soon.

And what only the audit trail can find: a changed byte in the room of the last signature.
"""

import contextlib
import io
import random
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validation.attest import time_stamps
from validation.attest.audit_file import append, load
from validation.attest.audit_trail import Draft, Subject, Trail
from validation.attest.signed_pdf import read_signed
from validation.attest.time_stamps import HttpTimeStamper
from validation.attest.trail_check import check_signatures_against
from validation.attest.verification import Check, Checks
from validation.errors import SignatureError

LEVELS = ("B-B", "B-T", "B-LTA")


def _against(content: bytes, trail: Trail) -> list[Check]:
    checks = Checks()
    check_signatures_against(read_signed(content), trail, checks)
    return [one for one in checks.all() if one.outcome != "held"]


@pytest.fixture(scope="module")
def known(
    world: Any, signing: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[bytes, Trail]]:
    """Return a document that both signed at a level, and the trail that knows of it."""
    made: dict[str, tuple[bytes, Trail]] = {}

    def at(level: str) -> tuple[bytes, Trail]:
        if level not in made:
            folder = tmp_path_factory.mktemp("trail") / "audit"
            made[level] = _signed_and_told(level, world, signing, folder / "audit.jsonl")
        return made[level]

    return at


def _signed_and_told(level: str, world: Any, signing: Any, path: Path) -> tuple[bytes, Trail]:
    from validation.attest.certificates import fingerprint
    from validation.record import digest

    content = signing.document()
    stamper = None if level == "B-B" else world.clock()
    for number, someone in enumerate((world.author, world.approver), start=1):
        about = Subject(kind="document", id="VP-1", revision="A", digest=digest(content))
        stated = world.manifestation(content, someone, number)
        details = {"role": stated.role, "certificate": fingerprint(someone.certificate)}
        draft = Draft(action="sign.intent", about=about, details=details)
        intent = append(path, draft, user=stated.user)
        named = {"sequence": intent.sequence, "event": intent.digest, "trail_id": intent.trail_id}
        content = world.signed(content, someone, number, level=level, time_stamper=stamper, **named)
        details = {"signed": digest(content)}
        append(
            path,
            Draft(action="sign.completed", about=about, details=details),
            user=stated.user,
        )
    return content, load(path)


@pytest.mark.parametrize("level", LEVELS)
def test_the_trail_knows_the_files_as_they_were_signed(level: str, known: Any) -> None:
    assert _against(*known(level)) == []


@pytest.mark.parametrize("level", LEVELS)
def test_in_the_room_of_the_last_signature_the_trail_finds_any_change(
    level: str, known: Any
) -> None:
    content, trail = known(level)
    document = read_signed(content)
    every = [one.embedded for one in document.signatures] + list(document.time_stamps)
    last = max(every, key=lambda one: int(one.byte_range[1]))
    room = range(int(last.byte_range[1]) + 1, int(last.byte_range[2]) - 1)
    found = 0
    for place in random.Random(4).sample(room, 60):  # noqa: S311 - places, no secrets
        changed = bytearray(content)
        changed[place] ^= 1
        with contextlib.suppress(SignatureError):  # found by being no signature any more
            wrong = _against(bytes(changed), trail)
            assert "altered" in {one.failure for one in wrong}, place
            found += 1
    assert found > 20


@pytest.mark.parametrize("level", LEVELS)
def test_one_more_time_stamp_that_the_trail_does_not_know(
    level: str, known: Any, world: Any
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfTimeStamper

    content, trail = known(level)
    out = io.BytesIO()
    PdfTimeStamper(world.clock()).timestamp_pdf(
        IncrementalPdfFileWriter(io.BytesIO(content)), "sha256", output=out
    )
    assert {one.failure for one in _against(out.getvalue(), trail)} == {"altered"}


@pytest.fixture(scope="module")
def signed(world: Any, signing: Any) -> bytes:
    return bytes(world.both(signing.document()))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_reading_ends_in_an_error_of_ours_or_in_a_document(data: Any, signed: bytes) -> None:
    content = bytearray(signed)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "double", "insert"]))
        length = data.draw(st.integers(1, 40))
        if kind == "set":
            content[place] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del content[place : place + length]
        elif kind == "double":
            content[place:place] = content[place : place + length]
        else:
            content[place:place] = data.draw(st.binary(max_size=length))
        content = content or bytearray(b" ")
    with contextlib.suppress(SignatureError):
        read_signed(bytes(content))


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 10_000_000), which=st.integers(0, 400))
def test_any_number_in_the_file_replaced_is_an_outcome(
    number: int, which: int, signed: bytes, told: Any
) -> None:
    numbers = list(re.finditer(rb"(?<![\w.<])\d+(?![\w.>])", signed))
    one = numbers[which % len(numbers)]
    content = signed[: one.start()] + str(number).encode() + signed[one.end() :]
    if content != signed:
        assert told(content).outcome != "held"


def test_cut_anywhere(signed: bytes, told: Any) -> None:
    for end in range(0, len(signed), 331):
        found = told(signed[:end])
        # Cut at the end of a revision, it is what it was before.
        assert found.outcome != "held"


def _loop(signed: bytes) -> bytes:
    place = signed.rindex(b"startxref")
    start = int(signed[place + 9 :].split()[0])
    return re.sub(rb"/Prev \d+", b"/Prev %d" % start, signed)


def _hybrid(signed: bytes) -> bytes:
    return re.sub(rb"/Prev (\d+)", rb"/XRefStm \1 /Prev \1", signed)


def _bomb() -> bytes:
    import zlib

    body = zlib.compress(b"\0" * 4_000_000, 9)
    head = b"%PDF-1.7\n1 0 obj\n<</Type/XRef/W[1 2 1]/Index[0 999999]/Size 999999/Root 1 0 R"
    return (
        head
        + b"/Filter/FlateDecode/Length %d>>\nstream\n" % len(body)
        + body
        + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    )


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "four million zeros": lambda _: b"\0" * 4_000_000,
    "zeros after it": lambda signed: signed + b"\0" * 4_000_000,
    "zeros after a head": lambda _: b"%PDF-1.7\n" + b"\0" * 4_000_000 + b"\nstartxref\n9\n%%EOF",
    "a table that names itself": _loop,
    "a hybrid table": _hybrid,
    "a table of a million objects": lambda _: (
        b"%PDF-1.7\nxref\n0 1000000\n" + b"0000000009 00000 n \n" * 1_000_000
        + b"trailer <</Size 1000000/Root 1 0 R>>\nstartxref\n9\n%%EOF"
    ),
    "a table that unpacks to much": lambda _: _bomb(),
    "ten thousand brackets": lambda _: (
        b"%PDF-1.7\n1 0 obj\n" + b"[" * 10_000 + b"\nendobj\nxref\n0 2\n"
        b"0000000000 65535 f \n0000000009 00000 n \ntrailer <</Size 2/Root 1 0 R>>\n"
        b"startxref\n10026\n%%EOF"
    ),
    "ends only": lambda _: b"%PDF-1.7\n" + b"%%EOF\n" * 200_000,
    "many ranges": lambda signed: signed + b"\n/ByteRange" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_an_outcome_and_takes_seconds(
    kind: str, signed: bytes, told: Any
) -> None:
    before = time.process_time()
    found = told(HOSTILE[kind](signed))
    assert found.outcome != "held"
    assert time.process_time() - before < 30


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is not installed")
def test_what_pdfsig_calls_valid_can_have_been_added_to(
    at_level: Any, told: Any, tmp_path: Path
) -> None:
    """Why a reviewer needs more than a reader that says "valid"."""
    content = at_level("B-B") + b"\n% anything\n"
    (tmp_path / "more.pdf").write_bytes(content)
    done = subprocess.run(
        ["pdfsig", "-nocert", "more.pdf"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout.count("Signature is Valid.") == 2
    assert told(content).failures == {"altered"}


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
@pytest.mark.parametrize("level", LEVELS)
def test_qpdf_finds_no_fault_in_a_signed_file(level: str, at_level: Any, tmp_path: Path) -> None:
    (tmp_path / "signed.pdf").write_bytes(at_level(level))
    done = subprocess.run(
        ["qpdf", "--check", "signed.pdf"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"


@contextlib.contextmanager
def _authority(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one request on the loopback with whatever an answer sends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                client, _ = server.accept()
                with client:
                    heard = b""
                    while b"\r\n\r\n0" not in heard:  # the request, DER, begins with a 0
                        heard += client.recv(65536)
                    answer(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)


def _drip(client: socket.socket) -> None:
    client.sendall(OK + b"Content-Length: 5000\r\n\r\n")
    for _ in range(50):
        client.sendall(b"0")
        time.sleep(0.1)


def _short(client: socket.socket) -> None:
    client.sendall(OK + b"Content-Length: 5000\r\n\r\nabc")


def _endless(client: socket.socket) -> None:
    client.sendall(OK + b"\r\n")
    for _ in range(40):
        client.sendall(b"0" * 65536)


ANSWERS: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    "no HTTP": (lambda client: client.sendall(b"\x15\x03\x01\r\n\r\n"), "cannot be reached"),
    "nothing": (lambda client: client.close(), "cannot be reached"),
    "less than it says": (_short, "something else than a time stamp|cannot be reached"),
    "one byte after another": (_drip, "took more than"),
    "more than any time stamp has": (_endless, "has more than"),
    "a redirection to a file": (
        lambda client: client.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
        ),
        "status 302|cannot be reached",
    ),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_hostile_time_stamp_authority_is_an_error_of_ours(
    kind: str, world: Any, signing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, said = ANSWERS[kind]
    monkeypatch.setattr(time_stamps, "_TIMEOUT_S", 2)
    with _authority(answer) as url:
        stamper = HttpTimeStamper(url, datetime.now(UTC))
        with pytest.raises(SignatureError, match=said):
            world.signed(signing.document(), world.author, 1, level="B-T", time_stamper=stamper)
