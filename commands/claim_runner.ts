/**
 * Runs suites of claims for `deno task bench`: models and probes, verdicts, report.
 *
 * @module
 */
import { claimPlanOf, runClaims } from "../lab/claims/claim_bench.ts";
import type { ClaimSuite } from "../lab/claims/claim_suite.ts";
import { claimTerminal } from "../reports/claim_terminal.ts";
import { writeClaimReport } from "../reports/claim_write.ts";
import { estimateOf } from "../lab/estimate.ts";
import type { SuiteInputs, SuiteRunner } from "./suite_runner.ts";
import { writeFor } from "./suite_runner.ts";
import { dataOf, trainingText } from "./transfer_runner.ts";

/** The runner of a suite of claims. */
export function claimRunner(suite: ClaimSuite, { profile, text }: SuiteInputs): SuiteRunner {
  let data: Awaited<ReturnType<typeof dataOf>>;
  return {
    id: suite.id,
    claim: suite.claim,
    async prepare() {
      data = await dataOf(text);
    },
    plan() {
      const { hash } = claimPlanOf(suite, profile, data.hash);
      const models = suite.wanted(suite.profiles[profile]).flatMap(({ wanted }) => wanted);
      const names = Map.groupBy(
        models,
        (w) =>
          `${w.configuration} ${w.rule}${w.log2lr === null ? "" : `, log2 lr ${w.log2lr}`}${
            w.multipliers ? `, ${JSON.stringify(w.multipliers)}` : ""
          }${w.training ? `, ${JSON.stringify(w.training)}` : ""}`,
      );
      return `${suite.id}, profile ${profile}, plan ${hash}: ${
        models.length ? `${models.length} models` : "probes of untrained and briefly trained models"
      }\n${[...names].map(([name, of]) => `  ${name} × ${of.length}`).join("\n")}\n`;
    },
    estimate: (context) => estimateOf(suite, profile, context),
    async run({ device, environment, outDir, storeDir, signal, line, warnings }) {
      let before = -1, last = -1;
      const { record, failure } = await runClaims(device, environment, data, {
        suite,
        profile,
        storeDir,
        signal,
        warnings,
        onProgress(p) {
          line.show(trainingText(p), p.runsDone !== before);
          before = p.runsDone;
        },
        onProbe({ label, share }) {
          const tenth = Math.floor(10 * share);
          line.show(`${suite.id} ${Math.round(100 * share)}% | ${label}`, tenth !== last);
          last = tenth;
        },
      });
      line.end();
      if (!record) {
        const summary = () =>
          `${suite.id}: stopped before everything was measured; the trained models are kept`;
        return { verdict: "inconclusive", incomplete: true, failure, files: [], summary };
      }
      const files = await writeFor(
        { outDir, line },
        record.incomplete,
        "points.csv",
        (onProblem) => writeClaimReport(record, outDir, { onProblem }),
      );
      return {
        verdict: record.verdict,
        incomplete: record.incomplete,
        failure,
        files,
        summary: (columns, colour) => claimTerminal(record, columns, colour),
      };
    },
  };
}
