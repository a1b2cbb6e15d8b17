/**
 * Identities: the keys of runs, and digests of what came out of them.
 *
 * @module
 */
import { hashOf } from "../record/hash.ts";

/** Everything that determines a run, and nothing else: no panel, no role, no wall time. */
export interface RunParts {
  /** the model, its task named with its sizes */
  shape: unknown;
  /** hyperparameters per tensor, as the rule gave them */
  rows: unknown;
  /** data order and init */
  seed: number;
  /** optimizer steps */
  steps: number;
  /** hash of the data trained and validated on */
  dataHash: string;
  /** version of the kernels, whose summation order the losses depend on */
  kernelsVersion: string;
  /** multipliers, betas, batch, sequence, schedule, clip: whatever else the task lets vary */
  [more: string]: unknown;
}

/**
 * Identity of a run: equal parts give equal keys whatever the order of the fields.
 *
 * @throws {TypeError} as {@link canonicalJson}
 */
export function runKey(parts: RunParts): string {
  return hashOf(parts);
}
