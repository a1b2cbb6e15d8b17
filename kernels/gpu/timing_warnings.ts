/**
 * What can be wrong with a timing: a closed list of warnings, each with its finding and an advice.
 *
 * @module
 */
import { median, medianInterval, robustSd, trend } from "./order_statistics.ts";

/** Every warning there is, by the words it opens with, and what to do about it. */
export const TIMING_WARNINGS = {
  "too few samples": "take at least 6",
  "wide interval": "close other programs, or take more and longer samples",
  "outliers": "the speed of the machine jumped: repeat it on a quiet one",
  "slowing down": "the processor may be throttling: let it cool, and compare only paired ratios",
  "speeding up": "the machine was still waking up, or a load went away: repeat the run",
  "not warm": "repetitions still differed by more than 10% when the samples began: repeat the run",
  "short samples": "the queue's wait of up to 10 ms counts: ask for longer samples",
  "host busy":
    "other programs, or other guests of the machine, took processor time: repeat it quiet",
  "clocks disagree":
    "the host cannot keep the device busy, or the device's timestamps are not to be trusted",
} as const;

/** The words a warning opens with. */
export type TimingWarning = keyof typeof TIMING_WARNINGS;

/** What is known of a timing when it is judged. */
export interface TimingFacts {
  /** seconds per repetition, in the order they were taken */
  samples: readonly number[];
  /** repetitions per sample */
  repetitions: number;
  /** seconds per repetition by the device's timestamps, same order; null without them */
  device: readonly number[] | null;
  /** the warm-up ended with two rounds within 10% of each other */
  warm: boolean;
  /** share of all processors others took while sampling, 0 to 1; null where it cannot be read */
  busyElsewhere: number | null;
}

/** Widest 95% interval, as a share of the median, that goes without a warning. */
const WIDE = 0.2;
/** An outlier lies this many robust standard deviations, and this share of the median, away. */
const FAR = { deviations: 6, share: 0.1 };
/** A trend counts when chance makes it in 1% of series and it changes the time by 5%. */
const DRIFT = { z: 2.58, change: 0.05 };
/** Seconds below which the queue's wait (10 ms at most) is more than 10% of a sample. */
const SHORT_S = 0.1;
/** Largest share of the processors that others may take. */
const BUSY = 0.1;
/** Largest difference of wall clock and timestamps, per sample: a share, and the queue's wait. */
export const CLOCKS = { share: 0.1, wait_s: 0.015 };

const percent = (share: number) => `${(100 * share).toFixed(0)}%`;

/**
 * The warnings a timing deserves, each `words: finding; advice`.
 *
 * Error: each must and must not appear on made-up samples, tests/kernels/gpu/timing_warnings_test.ts.
 */
export function warningsOf(facts: TimingFacts): string[] {
  const { samples, repetitions, device } = facts, found: string[] = [];
  const warn = (words: TimingWarning, finding: string) =>
    found.push(`${words}: ${finding}; ${TIMING_WARNINGS[words]}`);
  const { estimate, lo, hi, coverage } = medianInterval(samples);
  if (coverage < 0.95) {
    warn("too few samples", `the range of ${samples.length} covers ${percent(coverage)}, not 95%`);
  }
  if (hi - lo > WIDE * estimate) {
    warn("wide interval", `the 95% interval spans ${percent((hi - lo) / estimate)} of the median`);
  }
  const far = Math.max(FAR.deviations * robustSd(samples), FAR.share * estimate);
  const outliers = samples.filter((s) => Math.abs(s - estimate) > far);
  if (samples.length > 2 && outliers.length) {
    const worst = outliers.reduce((a, b) =>
      Math.abs(a - estimate) > Math.abs(b - estimate) ? a : b
    );
    warn(
      "outliers",
      `${outliers.length} of ${samples.length} samples, the farthest ${
        (worst / estimate).toFixed(2)
      } of the median`,
    );
  }
  const { change, z } = trend(samples);
  if (Math.abs(z) > DRIFT.z && Math.abs(change) > DRIFT.change) {
    warn(
      change > 0 ? "slowing down" : "speeding up",
      `${percent(Math.abs(change))} from the first sample to the last`,
    );
  }
  if (!facts.warm) warn("not warm", "the warm-up did not settle");
  if (estimate * repetitions < SHORT_S) {
    warn("short samples", `one takes ${(1000 * estimate * repetitions).toFixed(1)} ms`);
  }
  if (facts.busyElsewhere !== null && facts.busyElsewhere > BUSY) {
    warn("host busy", `${percent(facts.busyElsewhere)} of the processors' time went elsewhere`);
  }
  if (device?.length) {
    const gap = median(samples.map((s, i) => (s - device[i]) * repetitions));
    if (Math.abs(gap) > CLOCKS.wait_s + CLOCKS.share * estimate * repetitions) {
      warn(
        "clocks disagree",
        `${(1000 * estimate).toPrecision(3)} ms by the wall clock, ${
          (1000 * median(device)).toPrecision(3)
        } ms by timestamps`,
      );
    }
  }
  return found;
}
