#!/usr/bin/env bash
# The main job on the bundled study: sets up what is missing, validates the model, and says
# where the report lies. Running it again shows the record that is there.
#
# Exit status: 0 when there is a record, whatever its verdict; otherwise that of segval.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$#" -gt 0 ]; then
  echo "usage: bash scripts/demo.sh" >&2
  exit 2
fi

bash scripts/setup.sh

protocol="protocols/nuclei-count/protocol.yaml"
record="records/nuclei-count"

# segval STATUS 1 says that a criterion is not met, which is a result and no failure.
segval() {
  local status=0
  .venv/bin/segval "$@" || status="$?"
  if [ "$status" -gt 1 ]; then
    echo "demo: segval $1 could not be done (exit status $status)" >&2
    exit "$status"
  fi
}

if [ -f "$record/record.json" ]; then
  echo "The record is there already: $record"
  segval verify "$record"
else
  resume=()
  if [ -d "$record" ]; then resume=(--resume); fi
  segval run "$protocol" --out "$record" ${resume[@]+"${resume[@]}"}
fi
echo
echo "The report: $PWD/$record/report.pdf"
echo "To run it anew, move $record away first; a record is never overwritten."
