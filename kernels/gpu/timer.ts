/**
 * Timing of submitted work by the wall clock: warm-up until stable, then samples long enough that
 * the queue's sync (10 ms on lavapipe) stays under 2% of each.
 *
 * @module
 */

/** Seconds per repetition. */
export interface Timing {
  median_s: number;
  /** first and third quartile of the samples */
  lo_s: number;
  hi_s: number;
  samples: number[];
  /** repetitions per sample */
  repetitions: number;
}

/** Value at a share of the sorted samples. */
function at(sorted: number[], share: number): number {
  const position = share * (sorted.length - 1), low = Math.floor(position);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) *
      (position - low);
}

/**
 * Times `run(n)`, which submits n repetitions and resolves when the device has done them.
 *
 * @param run the work; its first calls compile and are not counted
 * @param samples counted samples @param sample_s seconds each should take
 */
export async function timeWork(
  run: (repetitions: number) => Promise<void>,
  samples = 7,
  sample_s = 0.6,
): Promise<Timing> {
  const measure = async (n: number) => {
    const t0 = performance.now();
    await run(n);
    return (performance.now() - t0) / 1000 / n;
  };
  await measure(1);
  let previous = await measure(1), one = previous;
  for (let i = 0; i < 8; i++) {
    const n = Math.max(1, Math.round(0.1 / previous));
    one = await measure(n);
    if (Math.abs(one - previous) <= 0.1 * previous) break;
    previous = one;
  }
  const repetitions = Math.max(1, Math.round(sample_s / one)), times: number[] = [];
  for (let i = 0; i < samples; i++) times.push(await measure(repetitions));
  const sorted = [...times].sort((a, b) => a - b);
  return {
    median_s: at(sorted, 0.5),
    lo_s: at(sorted, 0.25),
    hi_s: at(sorted, 0.75),
    samples: times,
    repetitions,
  };
}
