"""The files that a document embeds, as attachments of its PDF."""

from collections.abc import Mapping

from validation.report.render import Attachment
from validation.report.view.appendices import attachment_name, file_kind


def attachments(files: Mapping[str, bytes]) -> tuple[Attachment, ...]:
    """Return files of a record or study as attachments, by sorted name.

    Args:
        files: Their bytes, by name in the record.
    """
    return tuple(
        Attachment(
            name=attachment_name(name),
            content=content,
            description=f"{name}: {file_kind(name).description}",
            mime_type=file_kind(name).mime_type,
            relationship=file_kind(name).relationship,
        )
        for name, content in sorted(files.items())
    )
