#!/usr/bin/env bash
# One bench, as the variables MUE_* say (docs/ci.md). On GitHub it always ends well and leaves its exit
# code in `exit-code`, so that what was measured is uploaded before the job fails; elsewhere it ends with it.
set -uo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
out=${MUE_OUT:-mue-bench-out}
case $out in /*) ;; *) out=$PWD/$out ;; esac
baseline=${MUE_BASELINE:-}
case $baseline in "" | /*) ;; *) baseline=$PWD/$baseline ;; esac

options=(--profile "${MUE_PROFILE:-quick}" --out "$out")
[ -n "${MUE_TASK:-}" ] && options+=(--task "$MUE_TASK")
# a part of a bench trains what is its part, however long that takes
[ -n "${MUE_BUDGET:-}" ] && [ -z "${MUE_SHARD:-}" ] && options+=(--budget "$MUE_BUDGET")
[ -n "${MUE_SHARD:-}" ] && options+=(--shard "$MUE_SHARD")
[ -n "$baseline" ] && options+=(--baseline "$baseline")
[ "${MUE_STRICT:-false}" = true ] && options+=(--strict)
read -r -a suites <<< "${MUE_SUITES:-}"

cd "$here" || exit 2
code=0
npx -y deno@2.9.6 task bench ${suites[@]+"${suites[@]}"} "${options[@]}" || code=$?
echo "the bench ended with exit code $code"

[ -n "${GITHUB_OUTPUT:-}" ] || exit "$code"
{
  echo "exit-code=$code"
  echo "out=$out"
  echo "junit=$out/junit.xml"
  echo "summary=$out/summary.md"
  echo "report=$out/report.html"
} >> "$GITHUB_OUTPUT"
