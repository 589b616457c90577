#!/usr/bin/env bash
# Installs what is missing, builds everything and runs the suite.
#
#   ./run_tests.sh [--yes] [--no-install] [--slow] [--skip-client NAME]… [-- CTEST_ARGUMENTS]
#
#   --yes               install missing packages without asking (CI=true in the environment means the same)
#   --no-install        print what is missing and stop there
#   --slow              the long proofs in full; the ordinary run takes a seeded sample of each
#   --skip-client NAME  do without a test client: python, node, bq, go or java (also: BQCDC_SKIP_CLIENTS=bq,go)
#
# BQCDC_SEED repeats a run's random tests; the seed of each run is printed.
set -euo pipefail
cd "$(dirname "$0")"

setup=()
slow=false
skipped=${BQCDC_SKIP_CLIENTS:-}
while [ $# -gt 0 ]; do
  case $1 in
    --yes|--no-install) setup+=("$1") ;;
    --slow) slow=true ;;
    --skip-client)
      [ $# -ge 2 ] || { echo "run_tests.sh: --skip-client wants a name" >&2; exit 2; }
      skipped+=${skipped:+,}$2
      shift ;;
    --) shift; break ;;
    -h|--help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) echo "run_tests.sh: unknown argument $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done
export BQCDC_SKIP_CLIENTS=$skipped
export BQCDC_SEED=${BQCDC_SEED:-$(date +%s)}

step() { printf '\n== %s\n' "$*"; }

step "Install what is missing"
scripts/setup "${setup[@]}"
# Before the build, so that a missing client is known in seconds.
step "Test clients"
tests/clients/setup
step "Build"
scripts/build
if [ $slow = true ]; then
  step "Slow proofs in full (seed $BQCDC_SEED)"
  selection=(--label-regex '^slow$')
else
  step "Test (seed $BQCDC_SEED)"
  selection=(--label-exclude '^slow$')
fi
ctest --test-dir build --parallel "${BQCDC_JOBS:-2}" --output-on-failure --no-tests=error "${selection[@]}" "$@"
