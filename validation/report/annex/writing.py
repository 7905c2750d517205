"""Writing a document with objects that only exist as text.

A tagged table of 36,000 rows has 400,000 elements of structure. In the memory of a PDF library
each takes a kilobyte; as the text that stands in the file they take fifty bytes.
"""

import hashlib
import zlib
from collections.abc import Iterator, MutableMapping

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


def written(document: pikepdf.Pdf, texts: MutableMapping[int, str]) -> bytes:
    """Return a document as a file of one revision; the same arguments give the same bytes.

    Args:
        document: The document, with numbers as it has them now.
        texts: Text of further objects, and of objects to stand for others, by number; each is
            let go when it is written, so that they are not twice in memory.
    """
    file = _File(max([len(document.objects), *texts]) + 1)
    for number, content in _objects(document, texts):
        if isinstance(content, pikepdf.Stream):
            file.put(number, _stream(_entries(content), content.read_raw_bytes()))
        else:
            file.pack(number, content)
    return file.finished(document.trailer)


def _objects(
    document: pikepdf.Pdf, texts: MutableMapping[int, str]
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
        yield number, texts.pop(number).encode("ascii")


def _entries(stream: pikepdf.Stream) -> bytes:
    entries = dict(stream.stream_dict.items())
    entries.pop("/Length", None)
    return pikepdf.Dictionary(entries).unparse(resolved=True)[2:-2].strip()


def _stream(entries: bytes, content: bytes) -> bytes:
    length = f"/Length {len(content)}".encode("ascii")
    return b"<< " + entries + b" " + length + b" >>\nstream\n" + content + b"\nendstream"


class _File:
    """The bytes of a file and where its objects are (ISO 32000-1, 7.5.7 and 7.5.8)."""

    def __init__(self, free: int) -> None:
        self._content = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._free = free
        """The first number that no object has."""
        self._table = bytearray(_entry(0, 0, 65535) * free)
        """Entries of the cross-reference stream."""
        self._packed: list[tuple[int, bytes]] = []

    def put(self, number: int, content: bytes) -> None:
        """Write an object."""
        self._set(number, _entry(1, len(self._content), 0))
        self._content += f"{number} 0 obj\n".encode("ascii") + content + b"\nendobj\n"

    def pack(self, number: int, content: bytes) -> None:
        """Write an object into a compressed stream of objects."""
        self._packed.append((number, content))
        if len(self._packed) == _A_STREAM:
            self._put_packed()

    def _put_packed(self) -> None:
        heads: list[str] = []
        body = bytearray()
        for place, (number, content) in enumerate(self._packed):
            heads.append(f"{number} {len(body)}")
            body += content + b"\n"
            self._set(number, _entry(2, self._free, place))
        head = (" ".join(heads) + "\n").encode("ascii")
        entries = f"/Type /ObjStm /N {len(heads)} /First {len(head)} /Filter /FlateDecode"
        content = zlib.compress(head + bytes(body))
        self.put(self._free, _stream(entries.encode("ascii"), content))
        self._free += 1
        self._packed.clear()

    def finished(self, trailer: pikepdf.Object) -> bytes:
        """Return the file with its cross-reference stream."""
        if self._packed:
            self._put_packed()
        number, start = self._free, len(self._content)
        self._set(number, _entry(1, start, 0))
        identity = bytes(trailer.ID[0]).hex()
        changed = hashlib.sha256(self._content).hexdigest()[:32]
        info = f" /Info {reference(trailer.Info.objgen[0])}" if "/Info" in trailer else ""
        entries = (
            f"/Type /XRef /Size {number + 1} /W [1 5 2] /Root {reference(trailer.Root.objgen[0])}"
            f"{info} /ID [<{identity}> <{changed}>] /Filter /FlateDecode"
        )
        self.put(number, _stream(entries.encode("ascii"), zlib.compress(self._table)))
        self._content += f"startxref\n{start}\n%%EOF\n".encode("ascii")
        return bytes(self._content)

    def _set(self, number: int, entry: bytes) -> None:
        start = number * len(entry)
        self._table[start : start + len(entry)] = entry


def _entry(kind: int, place: int, index: int) -> bytes:
    """Return an entry of the cross-reference stream."""
    return kind.to_bytes(1) + place.to_bytes(5) + index.to_bytes(2)
