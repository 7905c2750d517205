"""What a study's audit trail is told: before the act and after it, and when it goes wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from validation.attest.audit_file import append, load, trail_path
from validation.attest.audit_trail import Draft, Event, Subject, Trail
from validation.attest.openings import openings_of, openings_of_set
from validation.errors import AuditError, ToolError
from validation.study.operator import operator
from validation.testset.openings import Opening, Openings

_LONGEST_REASON = 2_000
_UNCOUNTED = "how often the test set was opened is not known"


class KnownOpenings(NamedTuple):
    """Runs on a test set that a trail knows."""

    trail_id: str
    """Id of the trail; empty where there is none."""
    openings: tuple[Opening, ...]
    """In the order of beginning."""


def _text(value: str) -> str:
    """Return text that can be written: names of files may hold bytes that are none."""
    return value.encode("utf-8", "backslashreplace").decode()


class StudyTrail:
    """The audit trail of the study that a protocol lies in."""

    def __init__(self, study: Path) -> None:
        self._path = trail_path(study)

    @property
    def path(self) -> Path:
        """File of the trail."""
        return self._path

    def tell(
        self,
        action: str,
        about: Subject,
        *,
        reason: str = "",
        details: dict[str, str] | None = None,
        old: str | None = None,
        new: str | None = None,
        user: str | None = None,
    ) -> Event:
        """Write an event; when this returns, it is on the disk.

        Args:
            action: What was done, e.g. ``run.started``.
            about: What it was done to.
            reason: Why; what is longer than 2,000 characters is cut.
            details: What else belongs to it, by name.
            old: Value before, where the act changes one.
            new: Value after.
            user: User id of the identity that acts; the user at the machine where it is none.

        Raises:
            AuditError: It cannot be written: what was to follow must not be done.
        """
        draft = Draft(
            action=action,
            about=about,
            reason=_text(reason)[:_LONGEST_REASON],
            details={name: _text(one) for name, one in (details or {}).items()},
            old=old,
            new=new,
        )
        return append(self._path, draft, user=user or operator())

    def knows_run(self, record_id: str) -> bool:
        """Tell whether an event says that a run began.

        Raises:
            AuditError: The trail cannot be read.
        """
        events = load(self._path).events
        return any(one.action == "run.started" and one.about.id == record_id for one in events)

    def openings(self, record_id: str) -> Openings:
        """Return the runs on the test set of a run.

        Raises:
            AuditError: The trail was altered, or does not know the run.
        """
        trail = self.sound("bring back the true file, and resume the run", what=_UNCOUNTED)
        try:
            return openings_of(trail, record_id)
        except ValueError as error:
            raise AuditError(str(error), where=str(self._path)) from error

    def openings_of_set(self, test_set: str, manifest: str) -> "KnownOpenings":
        """Return the runs on a test set, whichever they are.

        Raises:
            AuditError: The trail was altered.
        """
        trail = self.sound("bring back the true file", what=_UNCOUNTED)
        return KnownOpenings(
            trail.events[0].trail_id if trail.events else "",
            openings_of_set(trail, test_set=test_set, manifest=manifest),
        )

    def sound(self, fix: str, *, what: str = "nothing can be built on it") -> Trail:
        """Return the trail.

        Args:
            fix: What to do where it was altered.
            what: What then is not possible.

        Raises:
            AuditError: It was altered, or cannot be read.
        """
        trail = load(self._path)
        if trail.problems:
            raise AuditError(
                f"the audit trail was altered: {what}",
                where=str(self._path),
                fix=fix,
                problems=trail.problems,
            )
        return trail

    @contextmanager
    def failure(self, about: Subject, *, failed: str, aborted: str) -> Iterator[None]:
        """Write an event where the block does not come to its end.

        Args:
            about: What the block works on.
            failed: Action of the event where the tool could not do its work.
            aborted: Action of the event for all else: an interruption, a fault of the tool.
        """
        try:
            yield
        except AuditError:
            raise  # the trail itself is what cannot be written
        except ToolError as error:
            self.tell(failed, about, reason=str(error))
            raise
        except BaseException as error:
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            self.tell(aborted, about, reason=what)
            raise
