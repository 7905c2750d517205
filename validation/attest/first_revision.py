"""What the first signature of a document brought with it: itself, and nothing else.

Later signatures are compared with the first. What was changed together with the first is signed
by it, so that no comparison of signed revisions shows it: the unsigned document does.
"""

import io

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    FormUpdatingRule,
    GenericFieldModificationRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.constants import ACROFORM_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.fields import MDPPerm

from validation.attest.quiet_library import quiet_library

_LEVEL = ModificationLevel.LTA_UPDATES
_CATALOG = frozenset(("/AcroForm", "/DSS", "/Extensions", "/Metadata", "/Perms", "/Version"))
_POLICY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(ignored_keys=_CATALOG),  # type: ignore[no-untyped-call]  # its omission
        *(
            rule.as_qualified(_LEVEL)
            for rule in (
                DocInfoRule(),
                XrefStreamRule(),
                ObjectStreamRule(),
                MetadataUpdateRule(),  # type: ignore[no-untyped-call]  # the library's omission
            )
        ),
    ],
    form_rule=FormUpdatingRule(
        field_rules=[SigFieldModificationRule(), GenericFieldModificationRule()],
        # That there are signatures now, which a first one has to say.
        ignored_acroform_keys=ACROFORM_EXEMPT_STRICT_COMPARISON | {"/SigFlags"},
    ),
)
"""The library's own policy for what follows a signature, with what a first one adds, too."""


def changes_since(unsigned: bytes, signed: bytes) -> str:
    """Return what else was changed where a document was signed; empty if nothing was.

    Args:
        unsigned: The document as it was presented.
        signed: The same bytes, and the update that holds the signature.
    """
    try:
        with quiet_library():
            before = PdfFileReader(io.BytesIO(unsigned), strict=True)
            after = PdfFileReader(io.BytesIO(signed), strict=True)
            found = _POLICY.review_file(
                after, before.xrefs.total_revisions - 1, doc_mdp=MDPPerm.FILL_FORMS
            )
    except Exception as error:  # noqa: BLE001 - whatever a hostile file makes the library raise
        return f"it cannot be compared: {type(error).__name__}: {error}"
    return str(found) if isinstance(found, SuspiciousModification) else ""
