/** A bench without a pool, for suites that time: a store in a folder, what was told, what was warned. */
import type { Device } from "../../../kernels/gpu/device.ts";
import type { LatencyProfile } from "../../../lab/latency/works.ts";
import type { LatencyEvidence } from "../../../lab/record/evidence.ts";
import type { Findings } from "../../../lab/record/findings.ts";
import type { Environment } from "../../../lab/record/record.ts";
import type {
  Bench,
  Measured,
  ProfileName,
  Progress,
  Suite,
  SuiteInputs,
} from "../../../lab/suite.ts";
import { openStoreOf } from "../../../lab/train/store.ts";

/** What a stopped or finished bench leaves. */
export interface Timed {
  /** null when it was stopped before anything could be said */
  measured: Measured | null;
  /** the points, and what was found; empty without them */
  points: LatencyEvidence["points"];
  findings: Findings;
  /** the error that ended it, an interruption too */
  failure: unknown;
  warnings: string[];
  /** groups that were begun here */
  timed: string[];
  progress: Progress[];
}

const NOTHING: Findings = { panels: [], points: [], judgements: [], tables: [], caveats: [] };

/** Runs a suite in a folder, as `runBench` does for a suite without a task; `stopAfter` groups it is interrupted. */
export async function timeSuite(
  device: Device,
  suite: Suite<LatencyProfile>,
  profile: ProfileName,
  outDir: string,
  { inputs = { histogram: null, folders: [] }, stopAfter = Infinity }: {
    inputs?: SuiteInputs;
    stopAfter?: number;
  } = {},
): Promise<Timed> {
  const controller = new AbortController(), warnings = new Set<string>();
  const progress: Progress[] = [];
  let partial: () => Measured | null = () => null;
  using stack = new DisposableStack();
  const bench: Bench = {
    device,
    environment: { cpus: 2, deno: "0.0.0" } as Environment,
    inputs,
    signal: controller.signal,
    get pool(): never {
      throw new TypeError("Cannot train here: the suite has no task");
    },
    open: (format) => stack.use(openStoreOf(outDir, format)),
    progress(told) {
      progress.push(told);
      if (told.done >= stopAfter) controller.abort(new Error("stop"));
    },
    warn: (text) => void warnings.add(text),
    ifStopped: (give) => void (partial = give),
  };
  let measured: Measured | null = null, failure: unknown = null;
  try {
    measured = await suite.measure(profile, bench);
  } catch (error) {
    failure = error;
    measured = partial();
  }
  const evidence = measured?.evidence;
  return {
    measured,
    points: evidence?.kind === "latency" ? evidence.points : [],
    findings: measured?.findings ?? NOTHING,
    failure,
    warnings: [...warnings],
    timed: [...new Set(progress.map((p) => p.label.replace(/: \d+%$/, "")))],
    progress,
  };
}
