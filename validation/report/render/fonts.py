"""The layout library with the bundled fonts, and with no font of the machine."""

import atexit
import importlib
import io
import os
import shutil
import tempfile
import threading
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from validation.errors import RenderError

_PANGO_MISSING = """\
install Pango and start again:
         Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
         macOS:          brew install pango
         Windows:        install MSYS2, then: pacman -S mingw-w64-ucrt-x86_64-pango"""

_LOADING = threading.Lock()
_CONFIGURATIONS: dict[Path, Path] = {}
_FONTCONFIG = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
  <alias><family>serif</family><prefer><family>IBM Plex Serif</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>IBM Plex Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>IBM Plex Mono</family></prefer></alias>
  <match target="pattern">
    <edit name="family" mode="append_last" binding="weak">
      <string>IBM Plex Sans</string>
      <string>IBM Plex Sans Hebrew</string>
      <string>Noto Naskh Arabic</string>
      <string>DejaVu Sans</string>
      <string>Noto Sans Devanagari</string>
      <string>Noto Sans Bengali</string>
      <string>Noto Sans Gurmukhi</string>
      <string>Noto Sans Gujarati</string>
      <string>Noto Sans Oriya</string>
      <string>Noto Sans Tamil</string>
      <string>Noto Sans Telugu</string>
      <string>Noto Sans Kannada</string>
      <string>Noto Sans Malayalam</string>
      <string>Noto Sans Sinhala</string>
      <string>Noto Sans Thai</string>
      <string>Noto Sans Lao</string>
      <string>Noto Sans Khmer</string>
      <string>Noto Sans Myanmar</string>
      <string>Noto Sans Ethiopic</string>
      <string>Droid Sans Fallback</string>
      <string>NanumGothicCoding</string>
    </edit>
  </match>
</fontconfig>
"""


def _isolate_fonts(folder: Path) -> None:
    """Point fontconfig at a configuration that knows no font but those of a folder.

    Side effects: sets ``FONTCONFIG_FILE`` of this process and leaves it set, since Pango
    reads it in a thread of its own.
    """
    configuration = _CONFIGURATIONS.get(folder)
    if configuration is None or not configuration.is_file():
        configuration = _CONFIGURATIONS[folder] = _write_configuration(folder)
    if os.environ.get("FONTCONFIG_FILE") != str(configuration):
        os.environ["FONTCONFIG_FILE"] = str(configuration)


def _write_configuration(folder: Path) -> Path:
    home = Path(tempfile.mkdtemp(prefix="segval-fonts-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    text = _FONTCONFIG.format(
        folder=escape(str(folder / "fonts" / "fallback")),
        cache=escape(str(home / "cache")),
    )
    # fontconfig takes a half-written file for none and falls back to the system's fonts.
    draft, final = home / "fonts.conf.draft", home / "fonts.conf"
    draft.write_text(text, encoding="utf-8")
    draft.replace(final)
    return final


def load_weasyprint(folder: Path) -> tuple[Any, Any]:
    """Return WeasyPrint and a font configuration that holds the bundled fonts alone."""
    with _LOADING:
        _isolate_fonts(folder)
        try:
            # WeasyPrint prints a banner before it fails; stdout belongs to the caller.
            with redirect_stdout(io.StringIO()):
                weasyprint = importlib.import_module("weasyprint")
                fonts = importlib.import_module("weasyprint.text.fonts")
                libraries = importlib.import_module("weasyprint.text.ffi")
        except OSError as error:
            raise RenderError(
                "a system library that prints PDF documents is missing",
                where=str(error).splitlines()[0],
                fix=_PANGO_MISSING,
            ) from error
        if libraries.harfbuzz_subset is None or not libraries.harfbuzz.hb_version_atleast(4, 1, 0):
            # Then fontTools cuts the fonts, slowly, and would date each of them today.
            os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
        return weasyprint, fonts.FontConfiguration()
