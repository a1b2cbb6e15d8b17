#!/usr/bin/env bash
# The bench's summary on the job's page. A page shows no picture of an artifact, so each becomes a link to
# the artifact that has it; what is longer than a page may be is left to the report.
set -euo pipefail
summary=${MUE_SUMMARY:-} url=${MUE_ARTIFACT_URL:-}
page=${GITHUB_STEP_SUMMARY:-/dev/stdout}
if [ ! -s "$summary" ]; then
  echo "mue-bench wrote no report; the log of its step says why." >> "$page"
  exit 0
fi
if [ -n "$url" ]; then
  sed -E "s#!\[([^]]*)\]\(([^)]*)\)#[Picture: \1]($url) (\2)#g" "$summary"
else
  sed -E 's#!\[([^]]*)\]\(([^)]*)\)#Picture: \1 (\2)#g' "$summary"
fi | head -c 900000 >> "$page"
[ -z "$url" ] || printf '\n[All reports, pictures and records](%s)\n' "$url" >> "$page"
