"""Bytes of a text file as text: UTF-8, or UTF-16 with its mark; never a guess."""

import codecs

from validation.errors import RequirementsError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decoded(content: bytes, name: str) -> str:
    """Return the text of a file, by its mark or as UTF-8.

    Raises:
        RequirementsError: It is neither, or is empty.
    """
    mark = next((one for one in _MARKS if content.startswith(one)), b"")
    try:
        text = content.decode(_MARKS.get(mark, "utf-8"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} (line {line}) is no {'UTF-16' if mark else 'UTF-8'}"
        fix = "save it as UTF-8: spreadsheets call that CSV UTF-8"
        raise RequirementsError(what, where=name, fix=fix) from error
    if "\0" in text:
        what = "it holds zero bytes: UTF-16 without its mark, or no text at all"
        raise RequirementsError(what, where=name, fix="save it as UTF-8")
    if not text.strip():
        raise RequirementsError("it is empty", where=name)
    return text
