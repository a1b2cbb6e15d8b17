/**
 * Runs latency suites for `deno task bench`: roofline, timing, verdicts, report.
 *
 * @module
 */
import { estimateOf } from "../lab/estimate.ts";
import { type TrainedLoad, trainedLoad } from "../lab/latency/histogram.ts";
import { latencyPlanOf, type LatencyProgress, runLatency } from "../lab/latency/latency.ts";
import type { LatencySuite } from "../lab/latency/latency_suite.ts";
import { readRecord } from "../lab/record/read.ts";
import { LabError } from "../lab/train/store.ts";
import { latencyTerminal } from "../reports/latency_terminal.ts";
import { writeLatencyReport } from "../reports/latency_write.ts";
import { UsageError } from "./arguments.ts";
import { duration } from "./progress.ts";
import { type SuiteInputs, type SuiteRunner, writeFor } from "./suite_runner.ts";

/** One line of progress. */
function progressText(p: LatencyProgress): string {
  const left = p.left_s === null ? "" : `, ${duration(p.left_s)} left`;
  return `${p.done}/${p.planned} groups${left} | ${p.label}: ${Math.round(100 * p.share)}%`;
}

/**
 * The load of a trained router: from the file that was named, or else from a record in or beside
 * the bench's folder; null when there is none.
 *
 * @throws {LabError} when the named file is no record @throws {UsageError} when it has no such run
 */
async function loadOf(suite: LatencySuite, inputs: SuiteInputs): Promise<TrainedLoad | null> {
  const { experts, active } = suite.profiles[inputs.profile].routingOf;
  if (inputs.histogram !== null) {
    const load = trainedLoad(await readRecord(inputs.histogram), experts, active);
    if (load) return load;
    throw new UsageError(
      `Cannot use the load in ${inputs.histogram}: no finished target ${experts}e${active}a, ` +
        `which profile ${inputs.profile} times`,
    );
  }
  const { out } = inputs,
    folders = [`${out}/activated-experts`, `${out}/../activated-experts`, out];
  for (const folder of folders) {
    const path = `${folder}/record.json`;
    try {
      const load = trainedLoad(await readRecord(path), experts, active);
      if (load) return load;
    } catch (error) {
      if (!(error instanceof LabError)) throw error; // none there, or of another kind
    }
  }
  return null;
}

/** The runner of a latency suite. */
export function latencyRunner(suite: LatencySuite, inputs: SuiteInputs): SuiteRunner {
  return {
    id: suite.id,
    claim: suite.claim,
    async prepare() {
      if (inputs.histogram !== null) await loadOf(suite, inputs);
    },
    plan() {
      const { hash, cases, rounds, sample_s } = latencyPlanOf(suite, inputs.profile);
      return `${suite.id}, profile ${inputs.profile}, plan ${hash}: ${cases.length} points, ` +
        `${rounds} rounds of ${sample_s} s samples (panel/series/configuration/tokens/routing/pass)\n${
          cases.map((c) => `  ${c}`).join("\n")
        }\n`;
    },
    estimate: (context) => estimateOf(suite, inputs.profile, context),
    async run({ device, environment, outDir, signal, line, warnings }) {
      // a suite that ran just before may have left a load
      const trained = await loadOf(suite, inputs);
      let before = -1;
      const { record, failure } = await runLatency(device, environment, {
        suite,
        profile: inputs.profile,
        outDir,
        trained,
        signal,
        warnings,
        onProgress(p) {
          line.show(progressText(p), p.done !== before);
          before = p.done;
        },
      });
      line.end();
      if (!record) {
        const summary = () => `${suite.id}: stopped before anything was measured`;
        return { verdict: "inconclusive", incomplete: true, failure, files: [], summary };
      }
      const at = { outDir, line };
      const files = await writeFor(
        at,
        record.incomplete,
        "points.csv",
        (onProblem) => writeLatencyReport(record, outDir, { onProblem }),
      );
      return {
        verdict: record.verdict,
        incomplete: record.incomplete,
        failure,
        files,
        summary: (columns, colour) => latencyTerminal(record, columns, colour),
      };
    },
  };
}
