/**
 * One suite of `deno task bench`: measure, judge, write, say.
 *
 * @module
 */
import { runBench } from "../lab/bench.ts";
import type { Verdict } from "../lab/record/findings.ts";
import type { Suite } from "../lab/suite.ts";
import type { BenchOptions } from "../lab/bench.ts";
import { terminalSummary } from "../reports/media/terminal.ts";
import { reportOf } from "../reports/sections/index.ts";
import { progressText } from "../reports/words/progress.ts";
import { writeReport } from "../reports/write.ts";
import type { ProgressLine } from "./progress.ts";

/** What a suite left; its files are written. */
export interface Outcome {
  verdict: Verdict;
  /** stopped before the last planned work */
  incomplete: boolean;
  /** the error that ended it early; null also after an interruption */
  failure: unknown;
  /** the report's files a reader opens first; none when nothing was written */
  files: string[];
}

/**
 * Whether an interrupted run must leave the folder's report alone: one is there, and it is whole. (The
 * same command trains or times anew after an update of the kernels, of Deno or of the tuning.)
 */
export async function keepsReport(outDir: string, incomplete: boolean): Promise<boolean> {
  if (!incomplete) return false;
  try {
    return JSON.parse(await Deno.readTextFile(`${outDir}/record.json`)).incomplete === false;
  } catch {
    return false; // none there, or damaged
  }
}

/** Runs or resumes a suite, writes its report and prints it. */
export async function benchSuite(
  suite: Suite,
  line: ProgressLine,
  options: Omit<BenchOptions, "onProgress">,
): Promise<Outcome> {
  const { outDir } = options;
  let before = "";
  const { record, failure } = await runBench(suite, {
    ...options,
    onProgress(progress) {
      const { done, planned, unit } = progress;
      const mark = unit === "%" ? `${Math.floor(10 * done / planned)}` : `${done} ${unit}`;
      line.show(progressText(progress), mark !== before);
      before = mark;
    },
  });
  line.end();
  if (!record) {
    console.log(`${suite.id}: stopped before anything could be judged; what is trained is kept`);
    return { verdict: "inconclusive", incomplete: true, failure, files: [] };
  }
  const { verdict, incomplete } = record;
  const columns = Deno.stdout.isTerminal() ? Math.min(120, Deno.consoleSize().columns) : 100;
  const colour = Deno.stdout.isTerminal() && !Deno.noColor;
  if (await keepsReport(outDir, incomplete)) {
    console.log(terminalSummary(reportOf(record), columns, colour));
    line.note("the finished report in this folder is kept; the same command goes on from here");
    return { verdict, incomplete, failure, files: [] };
  }
  await writeReport(record, outDir, { onProblem: (problem) => line.note(`warning: ${problem}`) });
  console.log(terminalSummary(reportOf(record), columns, colour));
  return { verdict, incomplete, failure, files: ["report.html", "summary.md", "judgements.csv"] };
}
