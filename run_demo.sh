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
# Exit code 0 means that every step showed what it should. With BQCDC_PROGRAMS=DIR the programs are taken from there and nothing is
# installed or built (the suite plays the demo so).
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
PATH=${BQCDC_PROGRAMS:-$PWD/build/bin}:$PATH
select_all="SELECT * FROM $table ORDER BY id"

# Headings and commands stand out on a terminal.
bold= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi
part() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
fail() { printf 'run_demo.sh: %s\n' "$*" >&2; exit 1; }

# Prints a command as a person would type it, then runs it. Where the local server is stands in BIGQUERY_EMULATOR_HOST.
run() {
  local shown='' word
  for word in "$@"; do
    case $word in *[\ \;\(\*\<]*) shown+=" \"$word\"" ;; *) shown+=" $word" ;; esac
  done
  printf '\n%s$%s%s\n' "$bold" "$shown" "$plain"
  "$@" || fail "the command above ended with exit code $?"
}

# send FILE: shows the events of a file and streams them.
send() {
  printf '\nThe events:\n'
  sed 's/^/  /' "$1"
  run bqcdc stream $table "$1"
}

# expect WANT: shows the table by a query and compares its rows with WANT (id,name lines). On the real service only the end state is
# a promise: until the staleness has passed, it may show either.
expect() {
  run bqcdc query "$select_all"
  local got
  got=$(bqcdc query "$select_all" --format csv | tail -n +2 | tr -d '"\r')
  if [ "$got" = "$1" ]; then
    return
  elif [ "${2:-}" = final ] || [ -z "$project" ]; then
    fail "expected the rows [${1//$'\n'/; }], got [${got//$'\n'/; }]"
  fi
}

# How far the changes have been applied to the table itself; on the real service also how long ago that was.
show_watermark() {
  local columns="upsert_stream_apply_watermark"
  [ -z "$project" ] ||
    columns+=", TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), upsert_stream_apply_watermark, SECOND) AS age_seconds"
  run bqcdc query "SELECT $columns FROM demo_dataset.INFORMATION_SCHEMA.TABLES WHERE table_name = 'cdc_demo'"
}

# A server of our own with a clock that moves on command, and a data directory that ends with the demo.
start_server() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/bqcdc-demo-XXXXXX")
  trap stop_server EXIT
  local flags=(--project demo-project --data-dir "$scratch/data" --http-port 0 --grpc-port 0 --clock manual --admin)
  printf '\n%s$ bqcdc serve %s &%s\n' "$bold" "${flags[*]}" "$plain"
  bqcdc-serve "${flags[@]}" --endpoints-file "$scratch/endpoints.json" >"$scratch/log" 2>&1 &
  server=$!
  local tries
  for ((tries = 0; tries < 300; ++tries)); do
    [ -s "$scratch/endpoints.json" ] && break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/log" >&2; fail "the local server did not start"; }
    sleep 0.1
  done
  [ -s "$scratch/endpoints.json" ] || { cat "$scratch/log" >&2; fail "the local server was not ready within 30 s"; }
  local rest
  rest=$(endpoint rest)
  printf 'ready: REST %s, gRPC %s, admin %s\n' "$rest" "$(endpoint storage)" "$(endpoint admin)"
  export BIGQUERY_EMULATOR_HOST=$rest GOOGLE_CLOUD_PROJECT=demo-project
}
endpoint() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" "$scratch/endpoints.json"; }
stop_server() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  rm -rf "$scratch"
}

# Lets the server's clock go on; the real service's clock is not ours.
pass_minutes() {
  if [ -n "$project" ]; then
    printf '\n(the real clock goes on by itself)\n'
  else
    run bqcdc admin clock advance "${1}m"
  fi
}

if [ -z "${BQCDC_PROGRAMS:-}" ]; then
  part "Install what is missing"
  scripts/setup "${setup[@]}"
  part "Build"
  scripts/build bqcdc bqcdc-serve
fi

if [ -z "$project" ]; then
  part "Start a local BigQuery"
  start_server
else
  part "Use the real BigQuery, project $project"
  unset BIGQUERY_EMULATOR_HOST
  export GOOGLE_CLOUD_PROJECT=$project
fi

part "1. Create a table with a primary key that may lag 15 minutes"
# On the real service the table stays from play to play, with the staleness 0 of the last step.
[ -z "$project" ] || bqcdc set-staleness $table 15m 2>/dev/null || true
run bqcdc create-table $table --schema id:INT64,name:STRING --primary-key id --max-staleness 15m

part "2. Stream the first part: Alice and Carol arrive"
send $story/1-first.jsonl
pass_minutes 15
printf '\nBy now they have been applied to the table itself, the baseline:\n'
expect $'1,Alice\n3,Carol'
show_watermark

part "3. Stream the second part: Alice goes and comes back, Bob arrives, Carol is renamed and goes"
send $story/2-second.jsonl
printf '\nThe table may lag 15 minutes, so a query right now still shows the old baseline:\n'
expect $'1,Alice\n3,Carol'

part "4. 15 minutes later the same query shows the merged rows"
pass_minutes 15
expect $'1,Alice Restored\n2,Bob'
show_watermark

part "5. Late, repeated and shuffled events change nothing"
send $story/3-late-repeated-shuffled.jsonl

part "6. Staleness 0: each query merges what has arrived"
run bqcdc set-staleness $table 0
expect $'1,Alice Restored\n2,Bob' final
[ -z "$project" ] || show_watermark

part "Every step showed what it should; this is the table"
run bqcdc query "SELECT * FROM $table"
