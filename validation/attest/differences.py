"""Comparing digests by name: what is missing, what was added, what has changed."""

from collections.abc import Mapping

from validation.attest.verification import Checks
from validation.testset.lock import compare

_MOST_NAMED = 10


def check_differences(
    of_what: str,
    stated: Mapping[str, str],
    found: Mapping[str, str],
    checks: Checks,
    *,
    clause: str,
) -> None:
    """Add the three checks that compare digests by name.

    Args:
        of_what: What the files are of, for the sentences, e.g. `` of the test set``.
        stated: Digest by name, as it was fixed.
        found: Digest by name, as it is now.
        checks: Where the checks are added.
        clause: Clause that they serve.
    """
    differences = compare(stated, found)
    total = f"{len(stated)} files"
    missing, extra, changed = differences.missing, differences.extra, differences.changed
    checks(
        f"no file{of_what} is missing",
        not missing,
        listed(missing) or total,
        failure="incomplete",
        clause=clause,
    )
    checks(f"no file{of_what} was added", not extra, listed(extra) or total, clause=clause)
    checks(f"no file{of_what} has changed", not changed, listed(changed) or total, clause=clause)


def listed(names: tuple[str, ...]) -> str:
    """Return names for a check's detail: the first ten, and how many more there are."""
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return shown + (f" and {more} more" if more > 0 else "")
