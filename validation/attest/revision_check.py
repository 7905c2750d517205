"""Checking that a signature was added to what was presented, and nothing else with it.

A signature covers all bytes before it, and says nothing of how they came to be there: a signer
could add a page over the one that was presented, sign both, and state the digest of what was
presented. So the revision that holds the signature has to follow the presented one directly, and
to hold nothing but what signing a field needs.
"""

import re

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DocInfoRule,
    DSSCompareRule,
    FormUpdatingRule,
    MetadataUpdateRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
    WhitelistRule,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.constants import ACROFORM_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.fields import MDPPerm

from validation.attest.quiet_library import quiet_library
from validation.attest.signed_pdf import FoundSignature, SignedDocument, end_of

# The first signature enters itself into the catalog, as the one that certifies (/Perms).
_CATALOG = frozenset(("/AcroForm", "/DSS", "/Extensions", "/Metadata", "/Perms", "/Version"))


def _policy(*more: WhitelistRule) -> StandardDiffPolicy:
    """Return what a revision may hold that adds a signature to a field that was there."""
    rules: list[WhitelistRule] = [
        DocInfoRule(),
        XrefStreamRule(),
        ObjectStreamRule(),
        MetadataUpdateRule(),  # type: ignore[no-untyped-call]  # the library's omission
        *more,
    ]
    return StandardDiffPolicy(
        global_rules=[
            CatalogModificationRule(ignored_keys=_CATALOG),  # type: ignore[no-untyped-call]  # the same
            *(rule.as_qualified(ModificationLevel.LTA_UPDATES) for rule in rules),
        ],
        # A field that is made in passing can draw over the whole page: none may be.
        form_rule=FormUpdatingRule(
            field_rules=[SigFieldModificationRule()],
            # That there are signatures now, which a first one has to say.
            ignored_acroform_keys=ACROFORM_EXEMPT_STRICT_COMPARISON | {"/SigFlags"},
        ),
    )


_FIRST = _policy()
"""What a first signature may bring with it: no certificates for later, which follow in a revision
of their own."""
_LATER = _policy(DSSCompareRule())
_START = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")


def addition_problem(
    one: FoundSignature, document: SignedDocument, content: bytes, *, compare: bool = True
) -> str:
    """Return what was added with a signature that is no part of it; empty if nothing was.

    Args:
        one: The signature.
        document: All of them.
        content: Bytes of the PDF.
        compare: Whether what the revision holds is looked into, which takes seconds.
    """
    reader = one.embedded.reader
    base = _revision_at(reader, content[: one.start])
    if base is None or one.embedded.signed_revision != base + 1:
        return "between what was presented and the signature lies another revision"
    before = _before(one, document)
    if before is not None and base != before:
        return "between it and the signature or time stamp before it lies another revision"
    if not compare:
        return ""
    return _difference(reader, base, one.field, _FIRST if before is None else _LATER)


def _difference(reader: PdfFileReader, base: int, field: str, policy: StandardDiffPolicy) -> str:
    """Return what a revision adds to the one before but a signature in a field."""
    with quiet_library():
        try:
            found = policy.apply(
                reader.get_historical_resolver(base),
                reader.get_historical_resolver(base + 1),
                doc_mdp=MDPPerm.FILL_FORMS,
            )
        except SuspiciousModification as error:
            return " ".join(str(error).split())
        except Exception as error:  # noqa: BLE001 - whatever a hostile revision makes it raise
            return f"it cannot be compared: {type(error).__name__}: {error}"
    if found.modification_level > ModificationLevel.FORM_FILLING:
        return found.modification_level.name.lower().replace("_", " ")
    others = found.changed_form_fields - {field}
    return f"it fills other fields: {', '.join(sorted(others))}" if others else ""


def _revision_at(reader: PdfFileReader, presented: bytes) -> int | None:
    """Return the number of the revision that ends where the presented bytes do."""
    place = presented.rfind(b"startxref")
    found = _START.match(presented, place) if place >= 0 else None
    if found is None or presented[found.end() :].strip(b"\r\n"):
        return None
    numbers = range(reader.xrefs.total_revisions)
    starts = {reader.xrefs.get_startxref_for_revision(one): one for one in numbers}
    return starts.get(int(found[1]))


def _before(one: FoundSignature, document: SignedDocument) -> int | None:
    """Return the revision of the signature or time stamp before one; None: it is the first."""
    every = [*(found.embedded for found in document.signatures), *document.time_stamps]
    earlier = [found for found in every if end_of(found) <= int(one.embedded.byte_range[1])]
    return max((found.signed_revision for found in earlier), default=None)
