/**
 * Training curves: the stable phase, a smoothed loss, the step that reaches a level, and speed-ups.
 *
 * @module
 */
import type { Schedule } from "../../model/schedule.ts";
import { mean } from "./resample.ts";

/** Steps of a run between warm-up and decay, first and last, counted from 1. */
export interface Phase {
  from: number;
  to: number;
}

/**
 * The stable phase of a WSD schedule, as model/schedule.ts rounds it.
 *
 * @throws {RangeError} for a schedule without one
 */
export function stablePhase({ kind, warmup, decay }: Schedule, steps: number): Phase {
  const from = Math.round(warmup * steps) + 1, to = steps - Math.round(decay * steps);
  if (kind !== "wsd" || to - from < 3) {
    throw new RangeError(
      `Cannot find the stable phase of ${kind} over ${steps} steps: it has ${
        kind === "wsd" ? Math.max(0, to - from + 1) : "no"
      } steps`,
    );
  }
  return { from, to };
}

/**
 * Smoothed training loss at every step of a phase: the value of a straight line in log2 of the step, least
 * squares over the steps of the phase within some octaves on each side. A loss falls about evenly in log2 of the
 * step, so the line has little bias, and its window grows where the loss hardly changes.
 *
 * @param losses one per step, from step 1; finite over the phase
 * @param reach octaves of the step on each side that a value rests on
 * @returns one per step of the phase
 */
export function smoothed(
  losses: readonly number[],
  { from, to }: Phase,
  reach: number,
): number[] {
  const count = to - from + 1;
  // prefix sums of 1, u, u², y, uy
  const sums = [[0], [0], [0], [0], [0]];
  const u = Array.from({ length: count }, (_, i) => Math.log2(from + i));
  for (let i = 0; i < count; i++) {
    const y = losses[from + i - 1];
    [1, u[i], u[i] ** 2, y, u[i] * y].forEach((v, j) => sums[j].push(sums[j][i] + v));
  }
  return u.map((at, i) => {
    const step = from + i;
    const a = Math.max(0, Math.ceil(step * 2 ** -reach) - from);
    const b = Math.min(count, Math.floor(step * 2 ** reach) - from + 1);
    const [n, su, suu, sy, suy] = sums.map((s) => s[b] - s[a]);
    const spread = suu - su * su / n;
    return spread > 1e-12 ? sy / n + (suy - su * sy / n) / spread * (at - su / n) : sy / n;
  });
}

/** The step, from 1 and between steps by a straight line, at which a curve first reaches a level. */
export interface Reached {
  step: number;
  /** `early`: before the phase; `late`: not within it, `step` is then its nearest end */
  when: "within" | "early" | "late";
}

/** First step of the phase at which the smoothed curve is at or below the level. */
export function firstReach(curve: readonly number[], { from, to }: Phase, level: number): Reached {
  const i = curve.findIndex((v) => v <= level);
  if (i === 0) return { step: from, when: curve[0] < level ? "early" : "within" };
  if (i < 0) return { step: to, when: "late" };
  const share = (curve[i - 1] - level) / (curve[i - 1] - curve[i]);
  return { step: from + i - 1 + share, when: "within" };
}

/** log2 of the speed-ups of one line against dense curves. */
export interface Speedups {
  /** dense steps, ascending */
  denseSteps: number[];
  /** mean over seeds of the levels, losses */
  levels: number[];
  /** `[level][seed]` */
  log2: number[][];
  /** mean over the levels of the last octave, one per seed */
  last: number[];
  /** levels of the last octave and seeds that were not reached within the phase, and all */
  outside: number;
  all: number;
}

/**
 * Speed-ups of curves over dense curves, paired by their order.
 *
 * For each pair and each of some dense steps T, spaced evenly in log2: the level is the lowest smoothed
 * loss of the dense curve until T; speed-up = dense steps / steps of the other until it first reaches the
 * level. A level that is not reached within the phase counts with the phase's last step, which is above no
 * speed-up of 1; one reached before it, with its first step: both understate a difference.
 *
 * @param dense smoothed losses of the phase, one curve per seed @param other likewise
 * @param perOctave levels per octave of dense steps
 */
export function speedups(
  dense: number[][],
  other: number[][],
  phase: Phase,
  perOctave: number,
): Speedups {
  const octaves = Math.log2(phase.to / phase.from), count = Math.floor(octaves * perOctave);
  const denseSteps = Array.from(
    { length: count + 1 },
    (_, i) => Math.round(phase.to * 2 ** ((i - count) / perOctave)),
  );
  const inLast = denseSteps.map((step) => step >= phase.to / 2);
  let outside = 0;
  const levelsBySeed = denseSteps.map((step) =>
    dense.map((curve) => Math.min(...curve.slice(0, step - phase.from + 1)))
  );
  const log2 = levelsBySeed.map((levels, i) =>
    levels.map((level, k) => {
      const mine = firstReach(other[k], phase, level);
      if (inLast[i] && mine.when !== "within") outside++;
      return Math.log2(firstReach(dense[k], phase, level).step / mine.step);
    })
  );
  const lastRows = log2.filter((_, i) => inLast[i]);
  return {
    denseSteps,
    levels: levelsBySeed.map(mean),
    log2,
    last: dense.map((_, k) => mean(lastRows.map((row) => row[k]))),
    outside,
    all: lastRows.length * dense.length,
  };
}
