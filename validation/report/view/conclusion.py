"""What the validation cannot show, and what follows from what it shows."""

from dataclasses import dataclass

from validation.plan.protocol import Protocol
from validation.report.contents import RecordContents
from validation.report.view import front
from validation.report.view.elements import Heading, Item, Numbering, paragraphs, prose_item
from validation.report.view.wording import joined


@dataclass(frozen=True)
class ProseView:
    """A section of text."""

    heading: Heading
    words: tuple[str, ...]


@dataclass(frozen=True)
class ConclusionView:
    """The verdict and what follows from it."""

    heading: Heading
    words: tuple[str, ...]
    actions: tuple[Item, ...]


def limits(protocol: Protocol, numbering: Numbering) -> ProseView:
    """Return what the validation cannot show."""
    return ProseView(numbering.section("Limits", "limits"), paragraphs(protocol.limits))


def conclusion(contents: RecordContents, numbering: Numbering) -> ConclusionView:
    """Return the verdict and what follows from it."""
    heading = numbering.section("Conclusion and actions", "conclusion")
    return ConclusionView(
        heading,
        (front.verdict_sentence(contents.findings), *_consequences(contents)),
        (prose_item("Actions, by the protocol", contents.protocol.execution.actions),),
    )


def _consequences(contents: RecordContents) -> list[str]:
    notices = [one.sentence for one in front.notices_of(contents)]
    unmet = {
        requirement
        for one in contents.findings.criteria
        if one.verdict != "met"
        for requirement in one.requirement_ids
    }
    listed = [one.id for one in contents.protocol.requirements if one.id in unmet]
    if listed:
        notices.append(
            f"Not verified by this evidence: {joined(listed)}. What follows from that is for the "
            "signatories to decide and to record; this report holds no action that was taken."
        )
    return notices
