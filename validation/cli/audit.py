"""``segval audit``: show, check and anchor the audit trail of a study."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validation.cli.options import ANYTHING, json_option, say_json, templates_option

if TYPE_CHECKING:
    from validation.attest.audit_trail import Event
    from validation.study.audit_review import Review

_SHOWN = ("level", "subset", "deviation", "intent", "signed")
"""Further details that are shown in the table; ``--json`` has all of every event."""
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("audit")
@click.argument("study", type=ANYTHING)
@click.option("--action", metavar="PATTERN", default="*", help="Only such events, e.g. 'run.*'.")
@click.option("--user", help="Only what this user did.")
@click.option("--since", metavar="DATE", help="Only from this day or moment on (UTC), inclusive.")
@click.option(
    "--against",
    type=ANYTHING,
    multiple=True,
    help="A record, a document or a checkpoint whose events must be in the trail; repeatable.",
)
@click.option("--checkpoint", type=_NEW_FILE, help="Write number and digest of the last event.")
@click.option("--pdf", type=_NEW_FILE, help="Write the events shown as a PDF.")
@templates_option
@click.option(
    "--leave-behind",
    metavar="REASON",
    help="Keep a damaged trail under another name and begin a new one that names it.",
)
@json_option
def audit_command(  # noqa: PLR0917 - click calls it by name
    study: Path,
    action: str,
    user: str | None,
    since: str | None,
    against: tuple[Path, ...],
    checkpoint: Path | None,
    pdf: Path | None,
    templates: Path | None,
    leave_behind: str | None,
    as_json: bool,
) -> None:
    """Show and check the audit trail of STUDY: the folder of a protocol, or the trail's file.

    Exit status 0: the chain holds and reaches every anchor; 1: it does not; 3: it cannot be
    read, or there is none.

    \b
    Example:
        segval audit protocols/nuclei-count
        segval audit protocols/nuclei-count --action 'run.*' --against records/nuclei-count
    """
    from validation.record import printable
    from validation.study import audit_review

    if leave_behind is not None:
        event = audit_review.leave_behind(study, leave_behind)
        click.echo(f"{event.about.id} is kept; the new trail begins with event {event.sequence}")
        return
    found = audit_review.review(study, against)
    shown = tuple(_matching(found.events, action, user, since))
    if checkpoint is not None:
        audit_review.write_checkpoint(found, checkpoint)
    if pdf is not None:
        audit_review.write_pdf(found, shown, pdf, _selection(action, user, since), templates)
    if as_json:
        say_json(
            {
                "path": printable(str(found.path)),
                "outcome": "held" if found.holds else "did_not_hold",
                "problems": [{"where": one.where, "what": one.what} for one in found.problems],
                "count": len(found.events),
                "events": [one.model_dump(mode="json") for one in shown],
            }
        )
    else:
        for line in _lines(found, shown):
            click.echo(line)
    if not found.holds:
        raise click.exceptions.Exit(1)


def _matching(
    events: Iterable["Event"], action: str, user: str | None, since: str | None
) -> Iterable["Event"]:
    for one in events:
        if (
            fnmatchcase(one.action, action)
            and (user is None or one.actor.user == user)
            and (since is None or one.at >= since)
        ):
            yield one


def _selection(action: str, user: str | None, since: str | None) -> str:
    """Return in words which events are shown; empty where all are."""
    parts = (
        f"action {action}" if action != "*" else "",
        f"user {user}" if user is not None else "",
        f"since {since}" if since is not None else "",
    )
    said = ", ".join(one for one in parts if one)
    return f"only those with {said}" if said else ""


def _lines(found: "Review", shown: tuple["Event", ...]) -> list[str]:
    users = max((len(one.actor.user) for one in shown), default=0)
    actions = max((len(one.action) for one in shown), default=0)
    lines = [
        f"{one.sequence:>5}  {one.at[:19]}Z  {one.actor.user:<{users}}  {one.action:<{actions}}  "
        f"{_about(one)}"
        for one in shown
    ]
    lines += [f"       {one.where}: {one.what}" for one in found.problems]
    lines += [f"       {one}" for one in found.remarks]
    head = found.events[-1] if found.events else None
    if head is not None:
        lines.append(f"       head {head.sequence} {head.digest}")
    word = "✓ held" if found.holds else "✗ did not hold"
    return [*lines, f"       {word}: {len(found.events)} events, {len(shown)} shown"]


def _about(event: "Event") -> str:
    from validation.record import printable

    parts = [f"{event.about.kind} {event.about.id}"]
    if event.about.revision:
        parts.append(f"revision {event.about.revision}")
    if event.action.startswith("sign.") and "role" in event.details:
        parts.append(f"as {event.details['role']}")
    if "verdict" in event.details:
        parts.append(f"verdict {event.details['verdict'].replace('_', ' ')}")
    parts += [f"{name} {event.details[name]}" for name in _SHOWN if name in event.details]
    if event.clock == "backwards":
        parts.append("(the clock went backwards)")
    if event.reason:
        parts.append(f"- {event.reason.splitlines()[0]}")
    # What a trail holds may have been written by anybody: no control characters to a terminal.
    return printable(" ".join(parts))
