"""What every stored thing is made of: closed, frozen records and digests.

This module knows values and bytes, not files: `validation.workspace` writes them.
"""

import hashlib
import json
import unicodedata
from typing import Annotated, Any, Self

import rfc8785
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""A digest that names its algorithm, e.g. ``sha256:9f86d0…``."""


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"


def one_line(text: str) -> str:
    """Return `text`; ValueError where it has a line break or another control character."""
    if any(map(_is_control, text)):
        raise ValueError("must be one line without control characters")
    return text


def _without_controls(text: str) -> str:
    if any(map(_is_control, text.replace("\n", "").replace("\t", ""))):
        raise ValueError("must hold no control characters but line breaks and tabs")
    return text


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(one_line),
]
"""A short printable text on one line: a name, a title, an id."""

Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000),
    AfterValidator(_without_controls),
]
"""A text of one or more paragraphs."""


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
"""Without them words of Persian and of languages of India are spelt another way."""


def printable(text: str) -> str:
    r"""Return `text` with what steers a terminal or has no appearance spelt out.

    Names of files can hold anything, also bytes that are no text at all.

    >>> printable("a\x1b[2J\u202eb\udcff")
    'a\\x1b[2J\\u202eb\\udcff'
    """
    return "".join(ascii(one)[1:-1] if _is_unseen(one) else one for one in text)


def unseen(text: str) -> str:
    """Return the first character of `text` without appearance, as ``U+202E``; empty: none.

    >>> unseen("REQ\u200b1"), unseen("REQ-1")
    ('U+200B', '')
    """
    found = (one for one in text if unicodedata.category(one) in _UNSEEN)
    return next((f"U+{ord(one):04X}" for one in found), "")


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN and character not in _JOINERS


Printable = Annotated[str, BeforeValidator(printable)]
"""A text of any origin, with what does not print spelt out."""


class Record(BaseModel):
    """The base of everything stored: frozen, closed, without NaN or infinity.

    Undefined is ``None`` beside a named reason: pydantic would write NaN as ``null``
    without a word, so NaN is refused here.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        populate_by_name=True,
        serialize_by_alias=True,
    )

    def to_json(self) -> bytes:
        """Return the record as readable JSON: UTF-8, two spaces, LF, fields in order."""
        return readable_json(self.model_dump(mode="json"))

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Return the record that `content` holds.

        Raises:
            pydantic.ValidationError: The bytes are not such a record.
        """
        return cls.model_validate_json(content)


def readable_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    r"""Return `value` as JSON for people and programs: UTF-8, two spaces, LF at the end.

    Floats are written shortest round-trip; NaN and infinity raise ValueError.

    >>> readable_json({"dice": 0.1})
    b'{\n  "dice": 0.1\n}\n'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    return text.encode() + b"\n"


def without_empty(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return `values` without those of `names` that hold nothing.

    For fields that a format got later: where they say nothing, the bytes are as they were before.

    >>> without_empty({"verdict": "met", "subset": None}, "subset")
    {'verdict': 'met'}
    """
    return {name: one for name, one in values.items() if one or name not in names}


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the one JSON text of `value`, by RFC 8785, for digests of values.

    >>> canonical_json({"b": 1, "a": 0.5})
    b'{"a":0.5,"b":1}'
    """
    return rfc8785.dumps(value)


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` as ``sha256:`` and 64 hexadecimal digits.

    >>> digest(b"")[:22]
    'sha256:e3b0c44298fc1c1'
    """
    return "sha256:" + hashlib.sha256(content).hexdigest()
