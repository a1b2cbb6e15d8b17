/**
 * What a suite says of runs that are finished, trained nowhere: the way of a bench from runs to findings, without a
 * device. By it a record is checked, and shards become one record.
 *
 * @module
 */
import type { BenchRecord, Environment } from "./record/record.ts";
import type { Run } from "./record/run.ts";
import { decidePanels, decideSuite } from "./judge/decide.ts";
import type { Bench, Measured, ProfileName, Suite, SuiteInputs } from "./suite.ts";
import type { Context } from "./train/job.ts";
import { FinishedModels, MissingRuns, NeedsDevice } from "./train/models.ts";

/** What can be said of finished runs. */
export type Derived =
  /** all that was planned is finished */
  | { kind: "whole"; measured: Measured; warnings: string[] }
  /** some runs are missing; null where nothing can be said without them */
  | { kind: "partial"; measured: Measured | null; missing: number }
  /** its findings rest on models that are looked into on a device, not on runs alone */
  | { kind: "needs device" };

const NO_INPUTS: SuiteInputs = { histogram: null, folders: [] };

/**
 * Judges finished runs as their bench would.
 *
 * @param runs by key
 * @param context of the bench that trained them, of which their keys are
 * @param environment of that bench
 */
export async function derive(
  suite: Suite,
  profile: ProfileName,
  runs: ReadonlyMap<string, Run>,
  context: Context,
  environment: Environment,
): Promise<Derived> {
  const pool = new FinishedModels(runs, context);
  const warnings: string[] = [];
  let partial: () => Measured | null = () => null;
  const bench: Bench = {
    get device(): never {
      throw new NeedsDevice();
    },
    environment,
    inputs: NO_INPUTS,
    signal: new AbortController().signal,
    pool,
    open() {
      throw new NeedsDevice();
    },
    progress() {},
    warn: (text) => void warnings.push(text),
    ifStopped: (give) => void (partial = give),
  };
  try {
    const measured = await suite.measure(profile, bench);
    return { kind: "whole", measured, warnings: [...warnings, ...pool.warnings] };
  } catch (error) {
    if (error instanceof NeedsDevice) return { kind: "needs device" };
    if (!(error instanceof MissingRuns)) throw error;
    return { kind: "partial", measured: partial(), missing: error.missing.length };
  }
}

/** What follows from findings alone. */
export function decidedFrom(
  { findings }: Pick<Measured, "findings">,
  incomplete: boolean,
): Pick<BenchRecord, "verdict" | "reason" | "decisions"> {
  return { ...decideSuite(findings, incomplete), decisions: decidePanels(findings, incomplete) };
}
