r"""Text in CSV files that a spreadsheet must not run as a formula.

What begins with ``= + - @``, their full-width forms, a tab or a line break gets an apostrophe in
front, and so does text that begins with an apostrophe; reading takes it away again.
"""

_MADE_INERT = tuple("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")


def inert(text: str) -> str:
    """Return the text as it is written into a cell.

    >>> inert("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(_MADE_INERT) else text


def as_written(cell: str) -> str:
    """Return the text that `inert` was given."""
    return cell.removeprefix("'")
