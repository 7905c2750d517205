#!/usr/bin/env bash
# Sets up segval in this checkout: system libraries, .venv, and the package itself.
#
#   bash scripts/setup.sh          to use it
#   bash scripts/setup.sh --dev    to use it and to run its tests
#
# Running it again is harmless and quick. PYTHON names an interpreter to use, e.g.
# PYTHON=/opt/python3.12/bin/python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

extra="run"
case "${1:-}" in
  "") ;;
  --dev) extra="dev" ;;
  *)
    echo "usage: bash scripts/setup.sh [--dev]" >&2
    exit 2
    ;;
esac

venv=".venv"
stamp="$venv/segval-setup"
system="$(uname -s)"

say() { printf 'setup: %s\n' "$*" >&2; }

# fail WHAT [FIX...]: one line of what is wrong, then one a way to mend it.
fail() {
  printf 'setup: %s\n' "$1" >&2
  shift
  if [ "$#" -gt 0 ]; then printf '       %s\n' "$@" >&2; fi
  exit 3
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- system packages ------------------------------------------------------------------

# The words to put before apt-get: nothing for root, sudo where it asks no password.
root_prefix=()
can_install() {
  has apt-get || return 1
  if [ "$(id -u)" -eq 0 ]; then return 0; fi
  if has sudo && sudo -n true 2>/dev/null; then
    root_prefix=(sudo -n)
    return 0
  fi
  return 1
}

updated=""
apt_get_update() {
  if [ -n "$updated" ]; then return 0; fi
  "${root_prefix[@]}" apt-get update -qq >&2 || say "apt-get update failed; trying with what is known"
  updated="yes"
}

apt_get_install() {
  say "installing $* (apt-get)"
  apt_get_update
  "${root_prefix[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}

# apt_install WHY PACKAGE...: installs, or says what to install and stops.
apt_install() {
  local why="$1"
  shift
  can_install || fail "$why" "install it with: sudo apt-get install $*" "then run this again"
  apt_get_install "$@" ||
    fail "apt-get could not install: $*" "see its message above; then run this again"
}

# --- Python ---------------------------------------------------------------------------

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Sets `python` to the first interpreter that is new enough.
find_python() {
  local candidate candidates=(python3.13 python3.12 python3.11 python3)
  if [ -n "${PYTHON:-}" ]; then candidates=("$PYTHON"); fi
  for candidate in "${candidates[@]}"; do
    if has "$candidate" && is_new_enough "$candidate"; then
      python="$candidate"
      return 0
    fi
  done
  return 1
}

require_python() {
  find_python && return 0
  if [ -n "${PYTHON:-}" ]; then fail "PYTHON=$PYTHON is no Python 3.11 or later"; fi
  if [ "$system" = "Darwin" ]; then
    fail "there is no Python 3.11 or later" "install it with: brew install python@3.12"
  fi
  has apt-get || fail "there is no Python 3.11 or later" \
    "install it, with its venv module, by your system's package manager"
  apt_install "there is no Python 3.11 or later" python3 python3-venv
  find_python || fail "this system's python3 is older than 3.11" \
    "Debian 12, Ubuntu 24.04 and later bring a new enough one;" \
    "or install another and name it: PYTHON=/path/to/python3 bash scripts/setup.sh"
}

require_venv_module() {
  "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return 0
  local package="python3-venv"
  case "$(basename "$python")" in python3.*) package="$(basename "$python")-venv" ;; esac
  has apt-get || fail "the venv module of $python is missing" \
    "install it by your system's package manager"
  apt_install "the venv module of $python is missing" "$package"
}

# --- libraries and tools --------------------------------------------------------------

loads() {
  "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" >/dev/null 2>&1
}

require_linux_packages() {
  local missing=()
  loads libpango-1.0.so.0 || missing+=(libpango-1.0-0)
  loads libpangoft2-1.0.so.0 || missing+=(libpangoft2-1.0-0)
  loads libharfbuzz-subset.so.0 || missing+=(libharfbuzz-subset0)
  if [ "$extra" = "dev" ]; then
    has pdftotext || missing+=(poppler-utils)
    has qpdf || missing+=(qpdf)
    has openssl || missing+=(openssl)
    has softhsm2-util || missing+=(softhsm2)
    has pkcs11-tool || missing+=(opensc)
  fi
  if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
  has apt-get || fail "system packages are missing: ${missing[*]} (names of Debian and Ubuntu)" \
    "install them by your system's package manager, e.g. on Fedora: dnf install pango harfbuzz" \
    "then run this again"
  apt_install "system packages are missing" "${missing[@]}"
}

require_macos_packages() {
  has brew || fail "Homebrew is missing, which brings Pango for the PDF documents" \
    "install Homebrew and run this again"
  local lib missing=()
  lib="$(brew --prefix)/lib"
  [ -e "$lib/libpango-1.0.dylib" ] || missing+=(pango)
  if [ "$extra" = "dev" ]; then
    has pdftotext || missing+=(poppler)
    has qpdf || missing+=(qpdf)
    has softhsm2-util || missing+=(softhsm)
    has pkcs11-tool || missing+=(opensc)
  fi
  if [ "${#missing[@]}" -gt 0 ]; then
    say "installing ${missing[*]} (brew)"
    brew install "${missing[@]}" >&2 || fail "brew could not install: ${missing[*]}"
  fi
  loads libpango-1.0.dylib ||
    say "if PDF documents fail: export DYLD_FALLBACK_LIBRARY_PATH=$lib"
}

require_system_packages() {
  case "$system" in
    Linux) require_linux_packages ;;
    Darwin) require_macos_packages ;;
    *)
      fail "this script knows Linux and macOS, not $system" \
        "on Windows use WSL (Ubuntu 24.04), or by hand: install Pango by MSYS2, then" \
        "py -m venv .venv && .venv\\Scripts\\pip install -e ."
      ;;
  esac
}

# --- the package ----------------------------------------------------------------------

# What the environment depends on: the declared packages, and the place (it is not movable).
wanted_state() {
  { pwd && cat pyproject.toml; } |
    "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

is_set_up() {
  [ -f "$stamp" ] && is_new_enough "$venv/bin/python" || return 1
  case "$(cat "$stamp")" in
    "$1 dev") return 0 ;;
    "$1 run") [ "$extra" = "run" ] ;;
    *) return 1 ;;
  esac
}

make_venv() {
  if is_new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    return 0
  fi
  say "making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv" || fail "$python could not make $venv"
}

install_package() {
  local what="."
  if [ "$extra" = "dev" ]; then what=".[dev]"; fi
  say "installing segval and what it needs into $venv (a minute or two the first time)"
  rm -f "$stamp"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --root-user-action=ignore -e "$what" </dev/null >&2 ||
    fail "pip could not install segval" "see its message above; is there a network or a mirror?"
}

# --- a browser for tests --------------------------------------------------------------

starts_browser() { "$venv/bin/python" tests/report/browser.py; }

# Whether apt-get has a browser of its own. Ubuntu has none: its package fetches a snap, which
# sees no files of tests.
has_browser_package() {
  local depends
  depends="$(apt-cache depends chromium 2>/dev/null)" || return 1
  case "$depends" in "" | *snapd*) return 1 ;; esac
}

# Tests of report.html need a Chromium that starts. Without one they are skipped and say why: no
# reason to stop. What could not be installed once is not tried again each time.
offer_browser() {
  local tried="$venv/segval-no-browser" why
  if [ "$system" != "Linux" ] || why="$(starts_browser)"; then return 0; fi
  if [ ! -f "$tried" ] && can_install; then
    apt_get_update
    if has_browser_package && apt_get_install chromium && why="$(starts_browser)"; then return 0; fi
    printf '%s\n' "$why" >"$tried"
  fi
  say "the tests of report.html in a browser will be skipped: $why"
  say "to run them: install a Chromium that is no snap (Debian: apt-get install chromium)"
}

require_python
require_venv_module
require_system_packages
state="$(wanted_state)"
if ! is_set_up "$state"; then
  make_venv
  install_package
  printf '%s %s\n' "$state" "$extra" >"$stamp"
  say "ready"
fi
if [ "$extra" = "dev" ]; then offer_browser; fi
