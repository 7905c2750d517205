"""Names that lead nowhere but to a file of their own folder."""

import unicodedata


def require_plain_path(name: str) -> None:
    """Raise ValueError where a name is not a plain relative path of printable characters."""
    parts = name.split("/")
    unprintable = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in name)
    if unprintable or "\\" in name or ":" in name or {"", ".", ".."} & set(parts):
        raise ValueError(f"not a plain relative path: {name!r}")
