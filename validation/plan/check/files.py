"""Rules about the files beside a protocol, which `validation.study` reads."""

from validation.plan.check.objections import Rule

FORM = Rule(
    "protocol.form",
    "error",
    "What cannot be read cannot be judged.",
    "segval, docs/reference/protocol.md",
)
TEMPLATES = Rule(
    "templates.refused",
    "error",
    "Documents would look otherwise than was agreed.",
    "segval, docs/how-to/company-templates.md",
)
CASE_TABLE = Rule(
    "case-table.refused",
    "error",
    "The cases, and what is independent among them, have to be known before the run.",
    "segval, docs/how-to/own-test-set.md",
)
LOCK = Rule(
    "lock.refused",
    "error",
    "The test set is another than the one that was locked.",
    "docs/adr/0004-whole-folders-are-locked.md",
)
NOT_LOCKED = Rule(
    "lock.missing",
    "warning",
    "A test set that is not locked can still be changed after its results were seen.",
    "docs/adr/0004-whole-folders-are-locked.md",
    can_be_accepted=False,
)
