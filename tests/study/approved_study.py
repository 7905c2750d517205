"""The tiny study with an authority, persons and a protocol document that they sign."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from tests.attest.signing_world import Someone, World
from tests.study.tiny_study import Study
from validation import clock
from validation.study.protocol_document import write_protocol_document

TITLES = {"author": ("Tester", "I wrote this"), "approver": ("Head of tests", "I approve this")}
ROLES = ("author", "approver")


class ApprovedStudy:
    """A locked study whose protocol can be rendered, signed and run."""

    def __init__(self, folder: Path, world: World | None = None) -> None:
        self.study = Study(folder, "instance").lock()
        self.folder = folder
        self.world = world or World(clock.now())
        self.pin()

    def pin(self) -> None:
        """Pin the authority and its revocation list."""
        trust = self.folder / "identities" / "trust"
        trust.mkdir(parents=True, exist_ok=True)
        (trust / "root.pem").write_bytes(self.world.root.public_bytes(Encoding.PEM))
        (trust / "authority.crl").write_bytes(self.world.crl())

    def render(self, name: str = "VP.pdf") -> Path:
        """Render the protocol document."""
        path = self.folder / name
        write_protocol_document(self.study.path, out=path)
        return path

    def sign(self, path: Path, someone: Someone, number: int, **changes: Any) -> Path:
        """Sign a document as the n-th signatory; the signed file is a new one."""
        role = changes.pop("role", ROLES[number - 1])
        title, meaning = TITLES[role]
        world = changes.pop("world", self.world)
        content = world.signed(
            path.read_bytes(),
            someone,
            number,
            role=role,
            title=title,
            meaning=meaning,
            document="VP-T1",
            **changes,
        )
        signed = path.with_name(f"{path.stem}-{number}.pdf")
        signed.write_bytes(content)
        return signed

    def signed(self) -> Path:
        """Return the protocol document, signed by author and approver."""
        once = self.sign(self.render(), self.world.author, 1)
        return self.sign(once, self.world.approver, 2)
