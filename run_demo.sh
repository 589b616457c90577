#!/usr/bin/env bash
# Plays a small story of change events into a BigQuery table, step by step, on a local BigQuery that it builds and starts.
#
#   ./run_demo.sh [--yes] [--no-install] [--project P]
#
#   --yes         install missing packages without asking (CI=true in the environment means the same)
#   --no-install  print what is missing and stop there
#   --project P   play it on the real BigQuery in project P with Application Default Credentials; the clock is not ours
#                 there, so watermark and age are printed and the end state alone is asserted
#
# Exit code 0 means that every step showed what it should.
set -euo pipefail
cd "$(dirname "$0")"

setup=()
project=
while [ $# -gt 0 ]; do
  case $1 in
    --yes|--no-install) setup+=("$1") ;;
    --project)
      [ $# -ge 2 ] || { echo "run_demo.sh: --project wants a project id" >&2; exit 2; }
      project=$2
      shift ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "run_demo.sh: unknown argument $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

table=demo_dataset.cdc_demo
story=examples/demo
bqcdc=build/bin/bqcdc

fail() { printf '\nrun_demo.sh: %s\n' "$*" >&2; exit 1; }
part() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[ -t 1 ] || part() { printf '\n== %s\n' "$*"; }
say() { printf '%s\n' "$*"; }

# Prints a command as a person would type it, then runs it. The endpoint stands in the environment.
run() {
  local shown="" word
  for word in "$@"; do
    case $word in *[\ \;\(\*\`]*) shown+=" '$word'" ;; *) shown+=" $word" ;; esac
  done
  printf '\n$ bqcdc%s\n' "$shown"
  "$bqcdc" "$@"
}

show_events() { sed 's/^/  /' "$1"; }

# The rows as CSV without the heading, for comparing.
rows() { "$bqcdc" query "SELECT id, name FROM $table ORDER BY id" --format csv | tail -n +2; }

expect() {
  local want=$1 got
  got=$(rows)
  [ "$got" = "$want" ] || fail "expected these rows:
$want
but the table holds:
$got"
}

part "Install what is missing"
scripts/setup "${setup[@]}"
part "Build"
scripts/build bqcdc bqcdc-serve

if [ -z "$project" ]; then
  source scripts/demo_server
  part "Start a local BigQuery"
  start_server
else
  export GOOGLE_CLOUD_PROJECT=$project
  unset BIGQUERY_EMULATOR_HOST
  pass_time() { :; }
  part "Use the real BigQuery, project $project"
fi

select="SELECT * FROM $table ORDER BY id"
watermark="SELECT table_name, upsert_stream_apply_watermark AS watermark,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), upsert_stream_apply_watermark, SECOND) AS age_seconds
  FROM demo_dataset.INFORMATION_SCHEMA.TABLES WHERE table_name = 'cdc_demo'"

part "1. A table with a primary key, allowed to lag 15 minutes"
run create-table $table --schema id:INT64,name:STRING --primary-key id --max-staleness 15m

part "2. The first events"
show_events $story/1-first.jsonl
run stream $table $story/1-first.jsonl
