/**
 * The pages of an archive that goes with a paper: what is in it, how it is reproduced, and which badge of the ACM's
 * artifact review (version 1.1) each part speaks for.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { line } from "../media/markdown.ts";
import { distinct, many, runsOf } from "../words/phrases.ts";
import { verdictPhrase } from "../words/verdict.ts";

/** A record and the folder of its report in the archive. */
export interface Packed {
  /** from the archive's own folder, e.g. `bench/capacity`; no slash at its end */
  folder: string;
  record: BenchRecord;
}

const code = (text: string) => `\`${text.replaceAll("`", "'")}\``;

/** One line per suite. */
function suiteTable(packed: readonly Packed[]): string {
  const rows = packed.map(({ folder, record }) => {
    const { suite, plan } = record, count = distinct(runsOf(record).map(({ key }) => key)).length;
    const runs = count > 0 ? many(count, "run") : "what was timed or looked into";
    return `| [${line(suite.title)}](${folder}/summary.md) | ${
      line(suite.figure)
    } | ${plan.profile} | ` +
      `${line(verdictPhrase(record))} | ${runs} |`;
  });
  return ["| suite | figure | profile | verdict | rests on |", "|---|---|---|---|---|", ...rows]
    .join("\n");
}

/** `README.md` of the archive. */
export function readmePage(name: string, packed: readonly Packed[]): string {
  const [{ record: { environment: e } }] = packed;
  return `# ${name}

Results of mue-bench ${e.version}, git ${e.gitCommit ?? "unknown"}, on ${e.adapter}
(driver ${
    e.driver ?? "unknown"
  }, Deno ${e.deno}). Each suite is one claim, most of them of the paper
arXiv 2605.23893, with a control that must fail.

${suiteTable(packed)}

- ${code("bench/")}: the bench's folder. Of each suite ${
    code("record.json")
  } (plan, machine, every run,
  findings, verdict), ${code("report.html")}, ${
    code("summary.md")
  }, data as CSV, charts as Vega-Lite, SVG, PNG
  and PDF, and ${code("tables.tex")} for a paper; ${
    code("plan.json")
  }, which a bench writes before its first
  run, and ${code("runs.jsonl")} with every finished run.
- ${code("environment.json")}: the machine, its adapter with features and limits, and all versions.
- ${
    code("reproduce.sh")
  }: checks all hashes, derives every verdict again from the runs, and trains a sample of
  every suite again. It needs a checkout of mue-bench and takes minutes:
  ${code("./reproduce.sh PATH-OF-MUE-BENCH")}
- ${code("BADGES.md")}: which part speaks for which badge of an artifact review.
- ${code("SHA256SUMS")}: the hash of every file.
`;
}

/** `BADGES.md` of the archive. Source: ACM Artifact Review and Badging, version 1.1. */
export function badgesPage(packed: readonly Packed[]): string {
  const trained = packed.filter(({ record }) => runsOf(record).length > 0);
  const timed = packed.filter(({ record }) => record.task === null);
  return `# ACM artifact badges

By the terms of Artifact Review and Badging, version 1.1. A badge is given by reviewers; this says what they can look
at here, and what this archive cannot give.

| badge | what speaks for it here | what is left to the authors |
|---|---|---|
| Artifacts Available | everything a result rests on is in this one archive, with licences of the data in every record | a public archive with a DOI must hold it; a folder on a home page is not enough |
| Artifacts Evaluated: Functional | *documented*: README.md, and the plan in every record; *consistent*: ${
    code("deno task check bench")
  } derives every verdict from the runs; *complete*: all runs, also those that diverged; *exercisable*: reproduce.sh | a machine with a WebGPU adapter, or Mesa's software driver |
| Artifacts Evaluated: Reusable | the plan, the rule and the judge are modules of mue-bench, with documented types; the records are JSON with a schema | to say what a reader may do with it (mue-bench: MIT) |
| Results Reproduced | reproduce.sh trains ${
    trained.length ? "a sample of the runs" : "nothing: no suite here trains models"
  }: equal to the last bit on an equal machine, within stated limits elsewhere | somebody else must run it |
| Results Replicated | the same claims by other code: docs/validation.md of mue-bench has twins in PyTorch | somebody else's implementation |

${
    timed.length
      ? `Times (${
        timed.map(({ record }) => record.suite.id).join(", ")
      }) are of one machine and are not reproduced elsewhere; \`deno task compare\` puts another machine's beside them.\n`
      : ""
  }`;
}

/** Characters that a shell takes as they are. */
const PLAIN = /^[\w./@:+-]+$/;

const quoted = (text: string) => PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** `reproduce.sh` of the archive. */
export function reproduceScript(packed: readonly Packed[]): string {
  const [{ record: { environment: e } }] = packed;
  const commit = /^[0-9a-f]{40}/.exec(e.gitCommit ?? "")?.[0] ?? "";
  const deno = /^\d+\.\d+\.\d+$/.test(e.deno) ? e.deno : "2";
  const records = packed.filter(({ record }) => runsOf(record).length > 0).map(({ folder }) =>
    quoted(folder)
  );
  const own = packed.some(({ record: { data } }) => data !== null && data.file !== null);
  return `#!/usr/bin/env bash
# Checks this archive and trains a sample of every suite again.
# usage: ./reproduce.sh PATH-OF-MUE-BENCH [RUNS-PER-SUITE] [more options, e.g. --text FILE]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tool=\${1:?usage: ./reproduce.sh PATH-OF-MUE-BENCH [RUNS-PER-SUITE]}
cells=\${2:-3}
more=("\${@:3}")

cd "$here"
sha256sum --check --quiet SHA256SUMS
echo "all files are as they were packed"

cd "$tool"
commit=${commit}
if [ -n "$commit" ] && [ "$(git rev-parse HEAD 2>/dev/null)" != "$commit" ]; then
  echo "note: this checkout is not the one that made the results: git checkout $commit" >&2
fi
task() { npx -y deno@${deno} task "$@"; }
${
    own
      ? 'echo "note: it was trained on data of its own, give it by --text or --data" >&2\n'
      : ""
  }task check "$here/bench" \${more[@]+"\${more[@]}"}
status=0
${
    records.length
      ? `for record in ${records.join(" ")}; do
  task reproduce "$here/$record" --cells "$cells" \${more[@]+"\${more[@]}"} || status=$?
done
`
      : 'echo "no suite here trains models: nothing is trained again"\n'
  }exit $status
`;
}
