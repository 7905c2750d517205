"""From a template and a view to HTML, and from HTML to an archivable PDF.

This room knows Jinja, WeasyPrint and fonts and nothing of validation: what a document
says is for `validation.report` to prepare. A PDF made here is PDF/A-3a, tagged, carries
its attachments once each, and depends on nothing but the arguments: no clock, no network,
no font of the machine.
"""

from validation.report.render.attachments import Attachment, Relationship
from validation.report.render.coverage import spell_out_uncovered, uncovered_characters
from validation.report.render.directions import isolated
from validation.report.render.fetching import BASE_URL, media_type
from validation.report.render.fitting import fitted
from validation.report.render.pdf import render_page, render_pdf
from validation.report.render.sandbox import TEMPLATE_SUFFIX
from validation.report.render.templates import (
    BUNDLED,
    COMPANY_STYLE,
    LOGOS,
    NO_FILES,
    environment,
    has_templates,
    render_html,
    template_folder,
)

__all__ = [
    "BASE_URL",
    "BUNDLED",
    "COMPANY_STYLE",
    "LOGOS",
    "NO_FILES",
    "TEMPLATE_SUFFIX",
    "Attachment",
    "Relationship",
    "environment",
    "fitted",
    "has_templates",
    "isolated",
    "media_type",
    "render_html",
    "render_page",
    "render_pdf",
    "spell_out_uncovered",
    "template_folder",
    "uncovered_characters",
]
