/**
 * Training again: one run of those a bench trained is trained once more, alone and where possible in another process,
 * and must come out equal to the bit. A canary sees a fault that stays; this one sees what befell a run.
 *
 * @module
 */
import { UntrustedError } from "../../kernels/gpu/device.ts";
import type { Run } from "../record/run.ts";
import { isStray } from "./divergence.ts";
import { type Hand, HandLost } from "./hand.ts";
import type { Context, Job } from "./job.ts";

/** A run of this bench, and who trained it. */
export interface Trained {
  run: Run;
  job: Job;
  hand: Hand;
}

/** What a run is called in messages, e.g. `16e4a, complete-mue, log2 lr -5, seed 0`. */
function nameOf({ cell: { label, rule, swept, log2x, seed } }: Run): string {
  return `${label}, ${rule}, log2 ${swept} ${log2x}, seed ${seed}`;
}

/**
 * Which run to train again: one that diverged where its neighbours did not, or else any, by its digest, which is
 * as good as chance and the same when repeated.
 *
 * @returns null of none
 */
export function pickAgain(runs: readonly Run[]): Run | null {
  const stray = runs.filter((run) => isStray(run, runs)), from = stray.length ? stray : runs;
  return from.reduce<Run | null>(
    (least, run) => least === null || run.digest < least.digest ? run : least,
    null,
  );
}

/** Where two trainings of one run part, e.g. `from step 12 on: loss 2.5 and then 2.6`. */
function partingOf(first: Run, again: Run): string {
  const step = first.trainLoss.findIndex((loss, i) => loss !== again.trainLoss[i]);
  const at = step >= 0 ? step : Math.min(first.trainLoss.length, again.trainLoss.length);
  if (at < Math.max(first.trainLoss.length, again.trainLoss.length)) {
    const said = (run: Run) => run.trainLoss[at] ?? "not finite";
    return `from step ${at} on, loss ${said(first)} and then ${said(again)}`;
  }
  return first.validationLoss === again.validationLoss
    ? "in what was measured after its last step"
    : `in its held-out loss, ${first.validationLoss} and then ${again.validationLoss}`;
}

/**
 * Compares two trainings of one run.
 *
 * @throws {DeviceError} naming the run and where they part
 */
function compareAgain(first: Run, again: Run): void {
  if (first.digest === again.digest) return;
  throw new UntrustedError(
    `Cannot trust the runs: ${nameOf(first)} (run ${first.key}) was trained again and came out ` +
      `otherwise ${partingOf(first, again)}`,
  );
}

/**
 * Trains one run again, alone and by another hand where there is one.
 *
 * @param onSteps told of what trains again
 * @returns how many were trained again and came out equal, or a warning where a worker process ended meanwhile
 * @throws {DeviceError} naming the run, when it came out otherwise
 */
export async function trainAgain(
  trained: readonly Trained[],
  hands: readonly Hand[],
  context: Context,
  onSteps: (job: Job, step: number) => void,
  signal: AbortSignal,
): Promise<number | string> {
  const first = pickAgain(trained.map(({ run }) => run));
  if (first === null) return 0;
  const { job, hand } = trained.find(({ run }) => run === first)!;
  const other = hands.find((one) => one !== hand) ?? hand;
  try {
    const [again] = await other.train(context, [job], (step) => onSteps(job, step), signal);
    compareAgain(first, again);
    return 1;
  } catch (error) {
    if (!(error instanceof HandLost)) throw error;
    return `no run was trained again: a worker process was lost: ${error.message}`;
  }
}
