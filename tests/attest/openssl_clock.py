"""A time-stamp authority over HTTP whose answers `openssl ts` makes: independent of pyHanko."""

import http.server
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

CONFIGURATION = """
[tsa]
default_tsa = clock
[clock]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
ess_cert_id_alg = sha256
"""


class Clock(http.server.ThreadingHTTPServer):
    """Answers on a free port of the loopback.

    `mood` says how: ``right``, or wrong in one way.
    """

    daemon_threads = True

    def __init__(self, world: Any, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.folder = folder
        self.mood = "right"
        pem = world.tsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "tsa.key").write_bytes(pem)
        (folder / "tsa.pem").write_bytes(world.tsa.public_bytes(Encoding.PEM))
        (folder / "root.pem").write_bytes(world.root.public_bytes(Encoding.PEM))
        for name, digests in (("right", "sha256"), ("rejected", "sha512")):
            text = CONFIGURATION.format(folder=folder, digests=digests)
            (folder / f"{name}.conf").write_text(text)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def reply(self, request: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(request)
        if self.mood == "other nonce":
            asked["nonce"] = secrets.randbits(60)
        if self.mood == "other digest":
            asked["message_imprint"]["hashed_message"] = secrets.token_bytes(32)
        return self.answer(asked.dump(force=True))

    def answer(self, request: bytes) -> bytes:
        query, reply = self.folder / "query.tsq", self.folder / "reply.tsr"
        query.write_bytes(request)
        name = "rejected" if self.mood == "rejected" else "right"
        command = ["openssl", "ts", "-reply", "-config", self.folder / f"{name}.conf"]
        if self.mood == "wrong clock":
            command = ["faketime", "-f", "+1h", *command]
        done = [*command, "-queryfile", query, "-out", reply]
        subprocess.run(done, check=True, capture_output=True, cwd=self.folder, timeout=60)
        return reply.read_bytes()


def can_be_wrong() -> bool:
    """Return whether the clock of a process can be set here."""
    return shutil.which("faketime") is not None


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Clock

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"]))
        mood = self.server.mood
        if mood == "error":
            self.send_error(503)
            return
        content = b"<html>log in</html>" if mood == "page" else self.server.reply(request)
        if mood == "torn":
            content = content[:-40]
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
