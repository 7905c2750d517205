"""What a company makes of the documents: logo, colours, wording and templates of its own.

A company keeps them in a folder that the protocol names by its digest. Here they are files by
path, as read from that folder, from a record or from the attachments of a PDF.

- `files`: which files there may be, and every problem of them
- `wording`: what things are called, without losing a number
- `rewording`: a whole document in these words
- `palette`: its colours, also in drawings, and legible
- `overriding`: that names of templates and blocks are those of ours
- `completeness`: that templates leave out nothing of what the bundled ones print
- `documents`: from a template and a view to the document that is laid out
"""

from validation.report.company.documents import (
    document_html,
    own_texts,
    phrases_without_words,
    with_company_inside,
)
from validation.report.company.files import (
    FOLDER,
    company_files,
    digest_of,
    problems_of,
    require_usable,
)
from validation.report.company.wording import Wording, wording_of

__all__ = [
    "FOLDER",
    "Wording",
    "company_files",
    "digest_of",
    "document_html",
    "own_texts",
    "phrases_without_words",
    "problems_of",
    "require_usable",
    "with_company_inside",
    "wording_of",
]
