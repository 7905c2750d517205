"""What a PDF of ours embeds."""

import io

import pikepdf


def attachments_of(content: bytes) -> dict[str, bytes] | None:
    """Return the files that a document embeds, by path in the record; None if it is no PDF.

    The path stands at the head of each attachment's description, as names are flat. None, too,
    where two attachments claim one path: which of them a reader sees is not known.
    """
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            found = [
                (one.description.partition(": ")[0], one.get_file().read_bytes())
                for one in pdf.attachments.values()
            ]
    except pikepdf.PdfError:
        return None
    return dict(found) if len({name for name, _ in found}) == len(found) else None
