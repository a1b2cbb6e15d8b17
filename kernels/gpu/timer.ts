/**
 * The one timer: warm-up until stable, compile time apart, then rounds of samples in an order that
 * changes from round to round, medians with 95% intervals, GPU timestamps beside the wall clock, and
 * a closed list of warnings (timing_warnings.ts).
 *
 * The wall clock is the measure: it holds whatever a user waits for. A sample is long enough that
 * the queue's sync (10 ms at most on lavapipe) stays under a few percent of it.
 *
 * @module
 */
import type { Device } from "./device.ts";
import { watchHost } from "./host_load.ts";
import { type Interval3, median, medianInterval } from "./order_statistics.ts";
import { Timestamps } from "./timestamps.ts";
import { warningsOf } from "./timing_warnings.ts";

/** What was measured of one work. */
export interface Timing {
  /** seconds per repetition */
  median_s: number;
  /** 95% interval of the median; the range where there are fewer than 6 samples (and a warning) */
  lo_s: number;
  hi_s: number;
  /** seconds per repetition of each sample, in the order of the rounds */
  samples: number[];
  /** repetitions per sample */
  repetitions: number;
  /** seconds the first call took longer than the second; null when 20 ms or less: nothing compiled */
  compile_s: number | null;
  /** median seconds per repetition by GPU timestamps; null without them */
  device_s: number | null;
  /** see timing_warnings.ts */
  warnings: string[];
}

/** Something to time. */
export interface Work {
  name: string;
  /**
   * Submits n repetitions and resolves when the device has done them.
   *
   * @param stamps to be passed to the compute pass, if all repetitions are in one; else left alone
   */
  run(repetitions: number, stamps?: GPUComputePassTimestampWrites): Promise<void>;
}

/** How many samples of which length, seconds. */
export interface TimerOptions {
  samples?: number;
  sample_s?: number;
}

/** Seconds of one batch of the warm-up, where samples are not shorter. */
const WARM_S = 0.15;
/** Most batches of the warm-up. */
const WARM_BATCHES = 10;
/** Two batches in a row that differ by less count as stable. */
const STABLE = 0.1;
/** A first call is slower than a steady one when it takes this much longer: twice the queue's wait. */
const COMPILED_S = 0.02;

/** Seconds that a call takes. */
async function seconds(call: () => Promise<void>): Promise<number> {
  const t0 = performance.now();
  await call();
  return (performance.now() - t0) / 1000;
}

/** What the warm-up found. */
interface Warm {
  repetitions: number;
  compile_s: number | null;
  stable: boolean;
}

/** Runs a work until its time is stable, and says how many repetitions fill a sample. */
async function warmUp(work: Work, sample_s: number): Promise<Warm> {
  const first = await seconds(() => work.run(1));
  let one = await seconds(() => work.run(1)), stable = false;
  const compile = first - one;
  for (let i = 0; i < WARM_BATCHES && !stable; i++) {
    // at least twice where a run is short: one alone would be mostly the queue's wait
    const n = Math.max(one < WARM_S ? 2 : 1, Math.round(Math.min(WARM_S, sample_s) / one));
    const next = await seconds(() => work.run(n)) / n;
    stable = Math.abs(next - one) <= STABLE * one;
    one = next;
  }
  return {
    repetitions: Math.max(1, Math.round(sample_s / one)),
    compile_s: compile > COMPILED_S ? compile : null,
    stable,
  };
}

/**
 * Order of the works in a round: rotated by one every second round, reversed in between, so that
 * over 2·count rounds each stands equally often at each place and before each of the others.
 */
export function orderOf(round: number, count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => (i + (round >> 1)) % count);
  return round & 1 ? order.reverse() : order;
}

/** Times works in rounds of one sample each. */
async function measure(
  device: Device | null,
  works: Work[],
  { samples = 7, sample_s = 0.6 }: TimerOptions,
): Promise<Timing[]> {
  if (!(Number.isInteger(samples) && samples > 0)) {
    throw new RangeError(`Cannot take ${samples} samples`);
  }
  const stamps = device && Timestamps.open(device);
  try {
    const warm: Warm[] = [];
    for (const work of works) warm.push(await warmUp(work, sample_s));
    const wall: number[][] = works.map(() => []), gpu: number[][] = works.map(() => []);
    const busy = watchHost();
    for (let round = 0; round < samples; round++) {
      for (const i of orderOf(round, works.length)) {
        const { repetitions } = warm[i];
        stamps?.mark();
        wall[i].push(
          await seconds(() => works[i].run(repetitions, stamps?.writes)) / repetitions,
        );
        const device_s = await stamps?.read();
        if (typeof device_s === "number") gpu[i].push(device_s / repetitions);
      }
    }
    const busyElsewhere = busy();
    return works.map((_, i): Timing => {
      const { repetitions, compile_s, stable } = warm[i], interval = medianInterval(wall[i]);
      const stamped = gpu[i].length === samples ? gpu[i] : null;
      return {
        median_s: interval.estimate,
        lo_s: interval.lo,
        hi_s: interval.hi,
        samples: wall[i],
        repetitions,
        compile_s,
        device_s: stamped && median(stamped),
        warnings: warningsOf({
          samples: wall[i],
          repetitions,
          device: stamped,
          warm: stable,
          busyElsewhere,
        }),
      };
    });
  } finally {
    stamps?.destroy();
  }
}

/**
 * Times one work by itself.
 *
 * @param run the work, see {@link Work.run}; its first calls compile and are not counted
 * @param samples counted samples @param sample_s seconds each should take
 * @param device where given and able, GPU timestamps are taken too
 * @throws {RangeError} for no samples
 */
export async function timeWork(
  run: Work["run"],
  samples?: number,
  sample_s?: number,
  device?: Device,
): Promise<Timing> {
  return (await measure(device ?? null, [{ name: "work", run }], { samples, sample_s }))[0];
}

/**
 * Times several works side by side: each round takes one sample of each, in an order that changes
 * from round to round, so that a machine that slows down slows all of them, and {@link ratioOf} can
 * pair them by round.
 *
 * @returns one timing per work, in the order given
 * @throws {RangeError} for no samples
 */
export function timeInterleaved(
  device: Device,
  works: Work[],
  options: TimerOptions = {},
): Promise<Timing[]> {
  return measure(device, works, { samples: 9, sample_s: 0.3, ...options });
}

/**
 * Ratio of two works timed in the same rounds: median of the rounds' ratios and its 95% interval
 * (the range where there are fewer than 6 rounds). A drift that both share drops out.
 *
 * @throws {RangeError} when their numbers of rounds differ: they were not timed together
 */
export function ratioOf(
  numerator: Timing,
  denominator: Timing,
): Interval3 {
  const rounds = numerator.samples.length;
  if (rounds !== denominator.samples.length) {
    throw new RangeError(
      `Cannot pair timings by round: ${rounds} rounds against ${denominator.samples.length}`,
    );
  }
  const { estimate, lo, hi } = medianInterval(
    numerator.samples.map((s, i) => s / denominator.samples[i]),
  );
  return { estimate, lo, hi };
}

/** Amount per second, e.g. operations or bytes, when a repetition does `amount` of it. */
export function rateOf(timing: Timing, amount: number): Interval3 {
  const { median_s, lo_s, hi_s } = timing;
  return { estimate: amount / median_s, lo: amount / hi_s, hi: amount / lo_s };
}
