"""A Chromium without a window, spoken to over a pipe (Chrome DevTools Protocol, no network).

As a command it says whether there is one that starts: its path and exit status 0, or why not and 1.
``scripts/setup.sh --dev`` asks it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
_SECONDS = 120
_WORD = "it-starts"


class Found(NamedTuple):
    """A browser, or why there is none."""

    path: str
    """Empty: there is none that can be spoken to here."""
    why_not: str


@cache
def found() -> Found:
    """Return the first browser that starts and opens a file.

    One that is installed may do neither: Ubuntu's package is a stub for a snap, and a snap sees
    no files of tests.
    """
    if sys.platform != "linux" or shutil.which("bash") is None:
        return Found("", "a Chromium is only spoken to on Linux, by way of bash")
    refused = []
    for path in dict.fromkeys(path for name in NAMES if (path := shutil.which(name))):
        if not (problem := _problem(path)):
            return Found(path, "")
        refused.append(f"{path} does not start without a window: {problem}")
    return Found("", "; ".join(refused) or "there is no Chromium (chromium, google-chrome)")


def _problem(path: str) -> str:
    """Return why a browser cannot open a file; empty: it can."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f"<p>{_WORD}</p>", encoding="utf-8")
        try:
            said = dumped(path, page, Path(folder) / "profile")
        except (OSError, subprocess.SubprocessError) as error:
            told = getattr(error, "stderr", None) or str(error)
            return (str(told).strip().splitlines() or [type(error).__name__])[-1][:200]
    return "" if _WORD in said else "it shows another page than the one that it is given"


def dumped(path: str, page: Path, profile: Path) -> str:
    """Return what a page has become once its scripts ran.

    Raises:
        OSError: The browser is no program.
        subprocess.SubprocessError: It fails, or takes too long.
    """
    done = subprocess.run(
        [path, *SWITCHES, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        check=True,
        text=True,
        timeout=_SECONDS,
    )
    return done.stdout


class Page:
    """A page of a browser, and all that it asked for and complained of."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._rest = b""
        self._number = 0
        self._session = ""
        self._waiting: list[dict[str, Any]] = []
        self.requests: list[str] = []
        """Addresses that were asked for."""
        self.complaints: list[str] = []
        """What the console says, dialogs, and errors of scripts."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what a method of the protocol answers."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def open(self, path: Path, *, width: int = 1280) -> None:
        """Open a file in a window of a width, and wait until it is loaded."""
        self.requests.clear()
        self.complaints.clear()
        self.resize(width)
        self._waiting.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(one.get("method") == "Page.loadEventFired" for one in self._waiting):
            self._next()

    def resize(self, width: int) -> None:
        """Make the window as wide as given."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )

    def value(self, script: str) -> Any:
        """Return the value of an expression on the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, text: str) -> None:
        """Press a key where the focus is."""
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if kind == "keyDown" else {}
            code = ord(text)
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **typed
            )

    def _next(self) -> dict[str, Any]:
        limit = time.monotonic() + _SECONDS
        while b"\0" not in self._rest:
            assert time.monotonic() < limit, "the browser says nothing"
            part = os.read(self._read, 1 << 20)
            assert part, "the browser ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        event: dict[str, Any] = json.loads(message)
        self._waiting.append(event)
        self._keep(event.get("method", ""), event.get("params", {}))
        return event

    def _keep(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(told["entry"]["text"])
        elif method in {"Runtime.exceptionThrown", "Runtime.consoleAPICalled"}:
            self.complaints.append(json.dumps(told))
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {told['message']}")


@contextmanager
def opened_browser(folder: Path) -> Iterator[Page]:
    """Yield a page of a new browser that keeps its files in a folder."""
    path = found().path
    assert path
    their_read, write = os.pipe()
    read, their_write = os.pipe()
    command = [
        path,
        *SWITCHES,
        "--remote-debugging-pipe",
        f"--user-data-dir={folder}",
        "about:blank",
    ]
    # The browser reads from file 3 and writes to file 4.
    shell = f'exec "$@" 3<&{their_read} 4>&{their_write}'
    process = subprocess.Popen(
        ["bash", "-c", shell, "bash", *command],
        pass_fds=(their_read, their_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(their_read)
    os.close(their_write)
    try:
        yield Page(write, read)
    finally:
        process.terminate()
        process.wait(timeout=_SECONDS)
        os.close(write)
        os.close(read)


if __name__ == "__main__":
    sys.stdout.write(f"{found().path or found().why_not}\n")
    sys.exit(not found().path)
