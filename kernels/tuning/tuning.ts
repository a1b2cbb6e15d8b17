/**
 * The autotuner: for each case it checks every candidate's result against the reference variant,
 * times those that are right, and chooses the fastest. It knows neither kernels nor files:
 * tuning_cases.ts and tuning_cache.ts do.
 *
 * @module
 */

/** What a case can do once it is on the device. */
export interface TuningBench {
  /** outputs of the reference variant, one after the other */
  expected(): Promise<Float32Array>;
  /**
   * Outputs of a candidate, from outputs that held NaN before.
   *
   * @throws when the adapter refuses it
   */
  outputs(candidate: string): Promise<Float32Array>;
  /** Submits n repetitions of a candidate and resolves when the device has done them. */
  run(candidate: string, n: number): Promise<void>;
  /** Frees what the case holds. */
  destroy(): void;
}

/** One thing to choose: a variant for one class of work. */
export interface TuningCase {
  /** key of the choice in a tuning */
  name: string;
  /** names of the variants, the default first */
  candidates: string[];
  /** puts the case on the device */
  open(): Promise<TuningBench>;
}

/** What became of one case. */
export interface CaseResult {
  choice: string;
  /** median seconds of one repetition; null for a candidate that was rejected */
  times_s: Record<string, number | null>;
  /** why candidates were rejected: refused by the adapter, or wrong */
  rejected: Record<string, string>;
}

/** Largest |x − reference| of one element, as a share of the reference's root mean square. */
const BOUND = 1e-3;
/** How much faster than the default a candidate must be, so that noise does not change a choice. */
const MARGIN = 0.05;
/** Seconds of a sample; the queue's sync takes up to 10 ms of it. */
const SAMPLE_S = 0.1;
/** Samples of a candidate. */
const ROUNDS = 3;
/** Most repetitions of a sample. */
const MOST = 10_000;

/** Why a result is wrong, or null when every element is near the reference's. */
export function faultOf(actual: Float32Array, expected: Float32Array): string | null {
  if (actual.length !== expected.length) {
    return `${actual.length} numbers instead of ${expected.length}`;
  }
  let squares = 0, worst = 0, at = -1;
  for (let i = 0; i < expected.length; i++) {
    squares += expected[i] ** 2;
    const off = Math.abs(actual[i] - expected[i]);
    if (!(off <= worst)) { // also NaN
      worst = Number.isNaN(off) ? Infinity : off;
      at = i;
    }
  }
  const scale = Math.sqrt(squares / expected.length);
  return worst <= BOUND * scale ? null : `element ${at} is ${actual[at]}, not ${expected[at]}`;
}

/** Why a candidate cannot be used, or null. */
async function rejection(
  bench: TuningBench,
  name: string,
  expected: Float32Array,
): Promise<string | null> {
  let outputs: Float32Array;
  try {
    outputs = await bench.outputs(name);
  } catch (error) {
    return `the adapter refused it: ${(error as Error).message.trim().split("\n")[0]}`;
  }
  const fault = faultOf(outputs, expected);
  return fault && `its result is wrong: ${fault}`;
}

/**
 * Checks an earlier choice again, without timing anything: a driver may have changed since. The
 * default is what runs without a tuning and is left alone.
 *
 * @returns the same result, or one whose choice is the default because the old one cannot be used
 */
export async function recheckCase(c: TuningCase, result: CaseResult): Promise<CaseResult> {
  const [first] = c.candidates, { choice } = result;
  if (choice === first) return result;
  const bench = await c.open();
  try {
    const why = await rejection(bench, choice, await bench.expected());
    return why === null ? result : {
      choice: first,
      times_s: { ...result.times_s, [choice]: null },
      rejected: { ...result.rejected, [choice]: why },
    };
  } finally {
    bench.destroy();
  }
}

/** Seconds of one repetition, and the repetitions that fill a sample. */
async function calibrate(bench: TuningBench, name: string, clock: () => number): Promise<number> {
  await bench.run(name, 1); // compiled and warm after this
  for (let n = 1;;) {
    const t0 = clock();
    await bench.run(name, n);
    const time = clock() - t0;
    if (time >= SAMPLE_S || n >= MOST) return n;
    n = Math.min(MOST, Math.max(2 * n, Math.ceil(n * SAMPLE_S / Math.max(time, 1e-3))));
  }
}

/**
 * Chooses for one case. The samples of the candidates are taken in turns, so that a device that
 * slows down slows all of them.
 *
 * @param clock seconds
 * @returns the default where no candidate is right, or none is 5% faster than it
 */
export async function tuneCase(c: TuningCase, clock: () => number): Promise<CaseResult> {
  const bench = await c.open();
  try {
    const expected = await bench.expected(), rejected: Record<string, string> = {};
    for (const name of c.candidates) {
      const why = await rejection(bench, name, expected);
      if (why) rejected[name] = why;
    }
    const right = c.candidates.filter((name) => !(name in rejected));
    const counts = new Map<string, number>(), samples = new Map<string, number[]>();
    for (const name of right) {
      counts.set(name, await calibrate(bench, name, clock));
      samples.set(name, []);
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of round & 1 ? right.toReversed() : right) {
        const n = counts.get(name)!, t0 = clock();
        await bench.run(name, n);
        samples.get(name)!.push((clock() - t0) / n);
      }
    }
    const times_s: Record<string, number | null> = {};
    for (const name of c.candidates) {
      times_s[name] = samples.get(name)?.sort((a, b) => a - b)[ROUNDS >> 1] ?? null;
    }
    const [first] = c.candidates, time = (name: string) => times_s[name] ?? Infinity;
    const best = right.reduce((a, b) => time(b) < time(a) ? b : a, first);
    return {
      choice: time(best) < (1 - MARGIN) * time(first) ? best : first,
      times_s,
      rejected,
    };
  } finally {
    bench.destroy();
  }
}

/** One line per rejected candidate. */
export function warningsOf(cases: Record<string, CaseResult>): string[] {
  return Object.entries(cases).flatMap(([name, { choice, rejected }]) =>
    Object.entries(rejected).map(([candidate, why]) =>
      `autotuner: ${name}: ${candidate} is not used, ${why}` +
      (candidate === choice ? "; no other is right either, so it stays: run the self-test" : "")
    )
  );
}
