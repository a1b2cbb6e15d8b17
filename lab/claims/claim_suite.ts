/**
 * What a suite of claims declares, and the workbench it measures on.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { TaskData } from "../../model/task.ts";
import type { Findings } from "../record/claim_record.ts";
import type { Cell, Run, SuiteFacts } from "../record/record.ts";
import type { ProfileName, TrainingPlan } from "../suite.ts";

export type { TrainingPlan } from "../suite.ts";

/** One model to train at fixed hyperparameters. */
export interface Wanted {
  panel: string;
  /** in the command line's grammar; what it leaves out is the reference's */
  configuration: string;
  rule: string;
  role: Cell["role"];
  /** log2 of the reference's learning rate; null: the plan's `base.lr` */
  log2lr: number | null;
  seed: number;
  /** what a variant changes of the multipliers the rule gives, e.g. `{ routeScale: 1 }`: a twin that must fail */
  multipliers?: Partial<Run["multipliers"]>;
  /** coefficients of the router's losses instead of the plan's */
  training?: Partial<Pick<TrainingPlan["training"], "balanceCoef" | "zCoef">>;
}

/** Where a suite measures: the device, the text, and a pool that trains no model twice. */
export interface Workbench {
  device: Device;
  corpus: TaskData;
  /** aborted: stop between measurements by `signal.throwIfAborted()` */
  signal: AbortSignal;
  /**
   * Trains what the store does not hold yet, side by side where shapes allow.
   *
   * @returns one run per wanted model, in order
   */
  train(plan: TrainingPlan, wanted: Wanted[]): Promise<Run[]>;
  /** Tells how far a measurement other than training is; share 0 … 1 of the suite */
  progress(label: string, share: number): void;
  /** Adds a sentence a reader of the record must know. */
  warn(text: string): void;
}

/** A suite of claims; P is what a profile holds. */
export interface ClaimSuite<P = unknown> extends SuiteFacts {
  kind: "claims";
  /** raised when what it measures or how it judges changes */
  suiteVersion: string;
  /** seconds of what is not training, measured on 2 CPU cores */
  probes_s: Record<ProfileName, number>;
  profiles: Record<ProfileName, P>;
  /** every model the suite trains at a profile, for `--plan` and the time left; none for probes */
  wanted(profile: P): { plan: TrainingPlan; wanted: Wanted[] }[];
  /** Measures and judges. */
  measure(profile: P, at: Workbench): Promise<Findings>;
}

/** Declares a suite of claims; the type of its profiles stays inside. */
export function defineClaimSuite<P>(suite: ClaimSuite<P>): ClaimSuite {
  return suite as ClaimSuite<unknown> as ClaimSuite;
}
