/**
 * A target judged, with what would decide it where it is undecided.
 *
 * @module
 */
import type { Unjudged } from "../judge/decide.ts";
import type { Judgement } from "../record/findings.ts";
import type { Sweep } from "../statistics/optimum.ts";
import { judgeTarget, type TransferLimits } from "./judge.ts";
import { needsOfTarget } from "./needs.ts";

/**
 * Judges one sweep against its reference's: does the optimum stay? Near-optimal is one of two, each with a 95%
 * interval over resampled seeds: a shift of the optimum within ±tolerance, or a regret of the transferred value
 * within its limit (judgeTarget in lab/transfer/judge.ts has the formulas). What is undecided, or a control
 * that passes, says under `needs` how many seeds would tell.
 *
 * Losses are compared as they are: both sweeps stand on one scale of x, the reference's, so that a rule that
 * transfers perfectly has its optimum where the reference has it.
 *
 * @param names what is judged: the panel it stands in, subject, variant, and its role (`claim`, `control`, …)
 * @param reference the sweep that was tuned; three seeds or more at five points or more decide most
 * @param target the sweep that is judged; column k of `loss` is the same seed in both where they have as many
 * @param limits what counts as kept
 * @param unit of the losses, e.g. `nats`
 * @returns its verdict `pass`, `fail` or `inconclusive`, with the measures it rests on: the shift in octaves,
 * the regret in `unit`; `open` says why nothing can be decided (one seed, an optimum at the edge of its grid)
 * @throws {RangeError} for ragged sweeps, repeated grid points, or a negative limit
 */
export function judgeSweep(
  names: Pick<Unjudged, "panel" | "subject" | "variant" | "role">,
  reference: Sweep,
  target: Sweep,
  limits: TransferLimits,
  unit: string,
): Judgement {
  const judged = judgeTarget(names, reference, target, limits, unit);
  const needs = needsOfTarget(judged, reference, target, limits, unit);
  return needs === null ? judged : { ...judged, needs };
}
