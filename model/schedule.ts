/**
 * Learning-rate schedules as factors of the peak, in float64 on the host.
 *
 * @module
 */

/** Warm-up, then stable and linear decay (WSD, the authors' choice), or cosine. */
export interface Schedule {
  kind: "wsd" | "cosine" | "constant";
  /** share of the steps that warm up linearly from 0 */
  warmup: number;
  /** wsd: share of the steps, at the end, that decay linearly to 0 */
  decay: number;
}

/** The suites' schedule: 10% warm-up, last 20% linear to 0. */
export const WSD: Schedule = { kind: "wsd", warmup: 0.1, decay: 0.2 };

/**
 * Factor of the peak learning rate at a step, in [0, 1].
 *
 * @param step 0-based @param steps of the whole run
 */
export function scheduleFactor(s: Schedule, step: number, steps: number): number {
  const warm = Math.round(s.warmup * steps);
  if (step < warm) return (step + 1) / warm;
  if (s.kind === "constant") return 1;
  if (s.kind === "cosine") {
    return 0.5 * (1 + Math.cos(Math.PI * (step - warm) / Math.max(1, steps - warm)));
  }
  const decay = Math.round(s.decay * steps), left = steps - step;
  return left > decay ? 1 : left / Math.max(1, decay);
}

/** Rows of the device's schedule table: (factor, 1/(1-beta1^t), 1/(1-beta2^t), 0), t = step + 1. */
export function scheduleTable(
  s: Schedule,
  steps: number,
  beta1: number,
  beta2: number,
): Float32Array {
  const table = new Float32Array(steps * 4);
  for (let i = 0; i < steps; i++) {
    table.set([
      scheduleFactor(s, i, steps),
      1 / (1 - beta1 ** (i + 1)),
      1 / (1 - beta2 ** (i + 1)),
      0,
    ], i * 4);
  }
  return table;
}
