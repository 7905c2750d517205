"""The command line with a report that takes no time, and a kill where a test asks for one.

As a program: ``python quick_deviations.py KILL ARGUMENT…``. KILL is empty; ``begun``: killed when
the trail was told and nothing written; a number: killed before that file gets its name; ``end``:
killed when everything is written and the trail is not told.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from validation.record import canonical_json, digest
from validation.report.contents import RecordContents
from validation.report.report import Report


def quick_report(contents: RecordContents) -> Report:
    """Return a report that follows from the record, and holds nothing."""
    said = digest(canonical_json(dict(contents.digests))).encode()
    return Report(html=b"<!-- " + said + b" -->", pdf=b"%PDF-1.7 " + said)


def _die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _killed_at(when: str) -> None:
    from validation.study import deviations

    if when == "begun":
        deviations.render_report = _die  # type: ignore[attr-defined]
    elif when == "end":
        deviations._tell_end = _die
    elif when:
        replace, left = Path.replace, [int(when)]

        def counted(path: Path, target: Any) -> Any:
            left[0] -= 1
            return _die() if left[0] == 0 else replace(path, target)

        Path.replace = counted  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    from validation.cli import main
    from validation.study import deviations

    deviations.render_report = quick_report  # type: ignore[attr-defined]
    _killed_at(sys.argv[1])
    main(sys.argv[2:])
