/**
 * One suite of `deno task bench`: measure, judge, write, say.
 *
 * @module
 */
import { runBench } from "../lab/bench.ts";
import type { Earlier } from "../lab/judge/against.ts";
import type { Against } from "../lab/record/against.ts";
import type { Verdict } from "../lab/record/findings.ts";
import type { Suite } from "../lab/suite.ts";
import type { BenchOptions, BenchResult } from "../lab/bench.ts";
import { againstSentence, withAgainst } from "../reports/sections/against.ts";
import { reportOf } from "../reports/sections/index.ts";
import { duration } from "../reports/words/format.ts";
import { progressText } from "../reports/words/progress.ts";
import { reasonSentence } from "../reports/words/reason.ts";
import { VERDICT_MARK, verdictPhrase } from "../reports/words/verdict.ts";
import { writeReport } from "../reports/write.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import { holdAgainst, refuseIdle } from "./baseline.ts";
import type { ProgressLine } from "./progress.ts";
import { printSummary } from "./terminal.ts";
import { TimeLeft } from "./time_left.ts";

/** What a suite left; its files are written. */
export interface Outcome {
  verdict: Verdict;
  /** stopped before the last planned work */
  incomplete: boolean;
  /** the error that ended it early; null also after an interruption */
  failure: unknown;
  /** the report's files a reader opens first; none when nothing was written */
  files: string[];
  /** whether it got worse than the baseline; null where it was held against none */
  worse: boolean | null;
}

/** The line of a finished suite. */
export function finishedText(record: BenchRecord): string {
  const { suite: { id }, verdict, cost } = record;
  const why = reasonSentence(record, record.findings.judgements, false);
  return `${id}: ${VERDICT_MARK[verdict]} ${verdictPhrase(record)}, ${why}; ${
    duration(cost.wall_s)
  }`;
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

/** How one suite is run, beside what every bench takes. */
export interface SuiteRun extends Omit<BenchOptions, "onProgress"> {
  /** earlier records it is held against; none: it is held against none */
  earlier?: Earlier[];
  /** the time left of all suites */
  left?: TimeLeft;
}

/** Runs or resumes a suite, writes its report and prints it. */
export async function benchSuite(
  suite: Suite,
  line: ProgressLine,
  { earlier = [], left = new TimeLeft([]), ...options }: SuiteRun,
): Promise<Outcome> {
  const { outDir } = options, now_s = () => performance.now() / 1000;
  const run = (name: string, more: Partial<BenchOptions> = {}) =>
    runBench(suite, {
      ...options,
      ...more,
      onProgress: (progress) =>
        line.show(progressText(name, progress, left.all(progress.left_s, now_s()))),
    }).finally(() => line.end());
  left.start(now_s());
  const { record, failure } = await run(suite.id);
  if (!record) {
    console.log(`${suite.id}: stopped before anything could be judged; what is trained is kept`);
    return { verdict: "inconclusive", incomplete: true, failure, files: [], worse: null };
  }
  const { verdict, incomplete } = record;
  if (await keepsReport(outDir, incomplete)) {
    printSummary(reportOf(record));
    line.note("the finished report in this folder is kept; the same command goes on from here");
    return { verdict, incomplete, failure, files: [], worse: null };
  }
  const onProblem = (problem: string) => line.note(`warning: ${problem}`);
  await writeReport(record, outDir, { onProblem });
  let against: Against | null = null, second: BenchResult | null = null;
  if (earlier.length > 0 && !incomplete) {
    refuseIdle(record, options.storeDir);
    against = await holdAgainst(earlier, record, outDir, async (folder, suspects) => {
      const why = suspects.length > 0 ? `suspected: ${suspects.join("; ")}` : "one earlier record";
      line.note(`${suite.id}: run again from nothing (${why})`);
      second = await run(`${suite.id} again`, { outDir: folder, storeDir: folder, later: [] });
      const { record } = second;
      if (record === null || record.incomplete) return null;
      await writeReport(record, folder, { onProblem });
      return record;
    });
    if (against !== null) await writeReport(record, outDir, { onProblem }, against);
  }
  left.end(now_s());
  printSummary(withAgainst(reportOf(record), against));
  line.note(finishedText(record) + (against === null ? "" : `; ${againstSentence(against)}`));
  const stopped = earlier.length > 0 && against === null;
  return {
    verdict,
    incomplete: incomplete || stopped,
    failure: failure ?? failureOf(second),
    files: ["report.html", "summary.md", "judgements.csv"],
    worse: against?.worse ?? null,
  };
}

const failureOf = (result: BenchResult | null): unknown => result?.failure ?? null;
