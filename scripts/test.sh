#!/usr/bin/env bash
# Sets up what is missing and runs everything that CI runs. Arguments go to pytest.
#
#   bash scripts/test.sh
#   bash scripts/test.sh tests/report -k attachments
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash scripts/setup.sh --dev

bin="$PWD/.venv/bin"
failed=()

# check NAME COMMAND...: runs it and remembers a failure, so that one run shows all of them.
check() {
  local name="$1"
  shift
  printf '\n== %s\n' "$name"
  "$@" || failed+=("$name")
}

check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "mypy" "$bin/mypy" --strict
check "lint-imports" "$bin/lint-imports"
check "pytest" "$bin/python" -m pytest -n 2 "$@"

if [ "${#failed[@]}" -gt 0 ]; then
  printf '\nfailed: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
  exit 1
fi
