/**
 * Runs transfer suites for `deno task bench`: training, verdicts, report.
 *
 * @module
 */
import { estimateOf } from "../lab/estimate.ts";
import { loadSotu, loadText } from "../fixtures/sotu.ts";
import { runBench } from "../lab/transfer/bench.ts";
import { planOf } from "../lab/transfer/lines.ts";
import type { BenchProgress } from "../lab/train/pool.ts";
import type { Suite } from "../lab/suite.ts";
import type { Dataset, Draws } from "../model/task.ts";
import { textDataset } from "../model/tasks/language.ts";
import { terminalSummary } from "../reports/terminal.ts";
import { writeReport } from "../reports/write.ts";
import { UsageError } from "./arguments.ts";
import { duration } from "./progress.ts";
import { type SuiteInputs, type SuiteRunner, writeFor } from "./suite_runner.ts";

/** One line of progress. */
export function trainingText(p: BenchProgress): string {
  const left = p.left_s === null ? "" : `, ${duration(p.left_s)} left`;
  const runs = `${p.replicas} run${p.replicas === 1 ? "" : "s"} side by side`;
  return `${p.runsDone}/${p.runsPlanned} runs${left} | ${p.label}: step ${p.step}/${p.steps}, ${runs}`;
}

/**
 * The data to train on: a text.
 *
 * @param draws what will be drawn from it: a text too short is refused here, before a device is opened
 * @throws {UsageError} for a text that cannot be read or is too short
 */
export async function dataOf(text: string | null, draws: Draws[] = []): Promise<Dataset> {
  const data = await read(text);
  try {
    for (const of of draws) data.check(of);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
  return data;
}

async function read(text: string | null): Promise<Dataset> {
  if (text === null) {
    try {
      return textDataset(await loadSotu());
    } catch (error) {
      throw new UsageError(
        `Cannot read the training text: ${(error as Error).message}; run \`deno ci\` first`,
      );
    }
  }
  try {
    return textDataset(await loadText(text));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message); // it is empty
    throw new UsageError(`Cannot read ${text}: ${(error as Error).message.split(":")[0]}`);
  }
}

/** The runner of a transfer suite. */
export function transferRunner(suite: Suite, { profile, text }: SuiteInputs): SuiteRunner {
  let data: Dataset;
  return {
    id: suite.id,
    claim: suite.claim,
    async prepare() {
      data = await dataOf(text);
    },
    plan() {
      const plan = planOf(suite, profile, data.hash);
      const grids = Object.entries(plan.grids).map(([line, grid]) =>
        `  ${line.padEnd(48)} log2 ${
          grid.length
            ? grid.join(" ")
            : "the reference's optimum and its neighbours, more where it is not bounded"
        }`
      );
      return `${suite.id}, profile ${profile}, plan ${plan.hash}: ${plan.steps} steps of ${plan.batchTokens} tokens, seeds ${
        plan.seeds.join(" ")
      }\n${grids.join("\n")}\n`;
    },
    estimate: (context) => estimateOf(suite, profile, context),
    async run({ device, environment, outDir, storeDir, signal, line, warnings }) {
      let before = -1;
      const { record, failure } = await runBench(device, environment, data, {
        suite,
        profile,
        storeDir,
        signal,
        warnings,
        onProgress(p) {
          line.show(trainingText(p), p.runsDone !== before);
          before = p.runsDone;
        },
      });
      line.end();
      const at = { outDir, line };
      const files = await writeFor(
        at,
        record.incomplete,
        "runs.csv",
        (onProblem) => writeReport(record, outDir, { onProblem }),
      );
      return {
        verdict: record.verdict,
        incomplete: record.incomplete,
        failure,
        files,
        summary: (columns, colour) => terminalSummary(record, columns, colour),
      };
    },
  };
}
