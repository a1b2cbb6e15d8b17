/**
 * What `deno task bench` needs of a suite, whatever its kind: a kind of suite is one function that
 * gives this (transfer_runner.ts, latency_runner.ts), and a line in {@link runnerOf}'s module.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import type { Context } from "../lab/train/job.ts";
import type { Estimate } from "../lab/estimate.ts";
import type { Environment, Verdict } from "../lab/record/record.ts";
import type { ProfileName } from "../lab/suite.ts";
import type { ProgressLine } from "./progress.ts";

/** What the command line says that concerns the suites. */
export interface SuiteInputs {
  profile: ProfileName;
  /** folder of the whole bench; other suites' records may lie in it */
  out: string;
  /** file to train on, or null for the built-in text */
  text: string | null;
  /** record whose router's load is imposed, or null to look in `out` */
  histogram: string | null;
}

/** Where and on what a suite runs. */
export interface SuiteRun {
  device: Device;
  environment: Environment;
  /** this suite's folder */
  outDir: string;
  /** folder of the trained models, which suites share */
  storeDir: string;
  signal: AbortSignal;
  line: ProgressLine;
  /** what setting up had to say, for the record */
  warnings: string[];
}

/** What a suite left; its files are written. */
export interface Outcome {
  verdict: Verdict;
  /** stopped before the last planned work */
  incomplete: boolean;
  /** the error that ended it early; null also after an interruption */
  failure: unknown;
  /** the report's files a reader opens first */
  files: string[];
  /** the report in words, for a terminal */
  summary(columns: number, colour: boolean): string;
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

/**
 * Writes a suite's report, unless {@link keepsReport} says to leave the one that is there.
 *
 * @returns the files a reader opens first; none when nothing was written
 */
export async function writeFor(
  { outDir, line }: Pick<SuiteRun, "outDir" | "line">,
  incomplete: boolean,
  table: string,
  write: (onProblem: (problem: string) => void) => Promise<unknown>,
): Promise<string[]> {
  if (await keepsReport(outDir, incomplete)) {
    line.note("the finished report in this folder is kept; the same command goes on from here");
    return [];
  }
  await write((problem) => line.note(`warning: ${problem}`));
  return ["report.html", "summary.md", table];
}

/** A suite, ready to be planned and run. */
export interface SuiteRunner {
  id: string;
  claim: string;
  /** Reads what the suite needs, before any work. Throws for what cannot be used. */
  prepare(): Promise<void>;
  /** What would be done. */
  plan(): string;
  /** What it would train and measure, for the time it takes. */
  estimate(context?: Context): Estimate;
  /** Runs or resumes it and writes its report. */
  run(at: SuiteRun): Promise<Outcome>;
}
