"""Writing a document with objects that only exist as text.

A tagged table of 36,000 rows has 400,000 elements of structure. In the memory of a PDF library
each takes a kilobyte; as the text that stands in the file they take fifty bytes.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping

import pikepdf

_A_STREAM = 200
"""Objects in an object stream: few, so that a reader finds one quickly."""
_OF_THE_FILE = frozenset({"/ObjStm", "/XRef"})


class Objects:
    """Objects of a document by number, as text: new ones, and ones that replace others."""

    def __init__(self, document: pikepdf.Pdf) -> None:
        self.texts: dict[int, str] = {}
        self._next = len(document.objects) + 1

    def reserve(self) -> int:
        """Return the number of an object whose text comes later."""
        self._next += 1
        return self._next - 1

    def add(self, text: str) -> int:
        """Return the number of a new object."""
        number = self.reserve()
        self.texts[number] = text
        return number


def reference(number: int) -> str:
    """Return how one object names another.

    >>> reference(12)
    '12 0 R'
    """
    return f"{number} 0 R"


def written(document: pikepdf.Pdf, texts: Mapping[int, str]) -> bytes:
    """Return a document as a file of one revision; the same arguments give the same bytes.

    Args:
        document: The document, with numbers as it has them now.
        texts: Text of further objects, and of objects to stand for others, by number.
    """
    file = _File()
    packed: list[tuple[int, bytes]] = []
    for number, content in _objects(document, texts):
        if isinstance(content, pikepdf.Stream):
            file.put(number, _stream(_entries(content), content.read_raw_bytes()))
        else:
            packed.append((number, content))
    file.pack(packed)
    return file.finished(document.trailer)


def _objects(
    document: pikepdf.Pdf, texts: Mapping[int, str]
) -> Iterator[tuple[int, bytes | pikepdf.Stream]]:
    for one in document.objects:
        number = one.objgen[0]
        if number in texts or not number:
            continue
        if not isinstance(one, pikepdf.Stream):
            yield number, one.unparse(resolved=True)
        elif str(one.get("/Type")) not in _OF_THE_FILE:
            yield number, one
    for number in sorted(texts):
        yield number, texts[number].encode("ascii")


def _entries(stream: pikepdf.Stream) -> bytes:
    entries = dict(stream.stream_dict.items())
    entries.pop("/Length", None)
    return pikepdf.Dictionary(entries).unparse(resolved=True)[2:-2].strip()


def _stream(entries: bytes, content: bytes) -> bytes:
    length = f"/Length {len(content)}".encode("ascii")
    return b"<< " + entries + b" " + length + b" >>\nstream\n" + content + b"\nendstream"


class _File:
    """The bytes of a file and where its objects are (ISO 32000-1, 7.5.7 and 7.5.8)."""

    def __init__(self) -> None:
        self._content = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._places: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}

    def put(self, number: int, content: bytes) -> None:
        """Write an object."""
        self._places[number] = (1, len(self._content), 0)
        self._content += f"{number} 0 obj\n".encode("ascii") + content + b"\nendobj\n"

    def pack(self, objects: list[tuple[int, bytes]]) -> None:
        """Write objects into compressed streams of objects."""
        free = max([*self._places, *(number for number, _ in objects)]) + 1
        for place in range(0, len(objects), _A_STREAM):
            self._pack(free, objects[place : place + _A_STREAM])
            free += 1

    def _pack(self, stream: int, objects: list[tuple[int, bytes]]) -> None:
        heads: list[str] = []
        body = bytearray()
        for place, (number, content) in enumerate(objects):
            heads.append(f"{number} {len(body)}")
            body += content + b"\n"
            self._places[number] = (2, stream, place)
        head = (" ".join(heads) + "\n").encode("ascii")
        entries = f"/Type /ObjStm /N {len(objects)} /First {len(head)} /Filter /FlateDecode"
        self.put(stream, _stream(entries.encode("ascii"), zlib.compress(head + bytes(body))))

    def finished(self, trailer: pikepdf.Object) -> bytes:
        """Return the file with its cross-reference stream."""
        number, start = max(self._places) + 1, len(self._content)
        self._places[number] = (1, start, 0)
        identity = bytes(trailer.ID[0]).hex()
        changed = hashlib.sha256(self._content).hexdigest()[:32]
        info = f" /Info {reference(trailer.Info.objgen[0])}" if "/Info" in trailer else ""
        entries = (
            f"/Type /XRef /Size {number + 1} /W [1 5 2] /Root {reference(trailer.Root.objgen[0])}"
            f"{info} /ID [<{identity}> <{changed}>] /Filter /FlateDecode"
        )
        self.put(number, _stream(entries.encode("ascii"), zlib.compress(self._table(number + 1))))
        return bytes(self._content) + f"startxref\n{start}\n%%EOF\n".encode("ascii")

    def _table(self, size: int) -> bytes:
        table = bytearray()
        for number in range(size):
            kind, place, index = self._places.get(number, (0, 0, 65535))
            table += kind.to_bytes(1) + place.to_bytes(5) + index.to_bytes(2)
        return bytes(table)
