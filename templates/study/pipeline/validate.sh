#!/bin/sh
# Validate a model in a pipeline: check the plan, check the lock and run, gate.
# Usage: validate.sh PROTOCOL FOLDER
#
# Writes FOLDER/record, FOLDER/criteria.xml (JUnit) and FOLDER/summary.md. Exit status 0: every
# criterion is met; 1: not; 3: it could not be run, and FOLDER has no record.
set -eu
protocol=$1
folder=$2
mkdir -p "$folder"
segval check "$protocol"
# The run first holds every file of the test set against its lock, and refuses what differs.
status=0
segval run "$protocol" --out "$folder/record" || status=$?
if [ ! -f "$folder/record/record.json" ]; then
    exit "$status"
fi
segval gate "$folder/record" --junit "$folder/criteria.xml" --markdown "$folder/summary.md"
