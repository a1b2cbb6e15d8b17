/**
 * How many seeds would tell? From the noise of a mean over seeds and its distance to a limit: the half width
 * of its 95% interval with any number of seeds, the chance that this decides, and the number that does.
 *
 * With n seeds the standard error is s/√n and the interval ± t_ν·s/√n, ν growing with n − 1. A mean at distance δ
 * from its limit is decided when its interval does not reach it, which four of five benches see when
 *
 *     δ ≥ max(t_{ν,97.5%}·s/√n, rest) + t_{ν,80%}·s/√n
 *
 * where `rest` is a part of the interval that is no noise and no seed takes away. What is expected of an
 * interval alone (δ ≥ its half width) would decide every other time.
 *
 * Error: where noise and distance are the true ones, means of normal values with the named seeds were decided in
 * 80-84% of 4000 trials a case, in up to 97% where as few as four suffice; with half of the seeds in 27-51%. With the noise
 * that three seeds measured they were in 62%, with that of eight in 74% (tests/lab/statistics/power_test.ts).
 * Source: J. Cohen, "Statistical power analysis for the behavioral sciences", 1988, ch. 2.
 *
 * @module
 */
import type { Interval, Limits, Needs } from "../record/findings.ts";
import { tQuantile80, tQuantile975 } from "./resample.ts";

/** The most seeds that are tried. */
export const MOST_SEEDS = 200;

/** The noise of a mean over seeds. */
export interface SeedNoise {
  /** standard error of the mean with `seeds` seeds, in the unit of the value */
  error: number;
  /** paired seeds, or other independent repeats, at least two */
  seeds: number;
  /** degrees of freedom of the standard error, which grow with seeds − 1 */
  freedom: number;
  /** half width of the interval that is no noise, in the unit of the value */
  rest: number;
  /** it is the noise of the value's log2, as of a geometric mean */
  log2?: boolean;
}

/** A quantity, its limits and its noise. */
export interface Noisy {
  value: Interval;
  limits: Limits;
  noise: SeedNoise;
}

function check({ error, seeds, freedom, rest }: SeedNoise): void {
  const cannot = (why: string) => new RangeError(`Cannot plan seeds: ${why}`);
  if (!(Number.isInteger(seeds) && seeds >= 2)) throw cannot(`${seeds} seeds have no noise`);
  if (!(error >= 0 && Number.isFinite(error))) throw cannot(`the standard error is ${error}`);
  if (!(freedom >= 1)) throw cannot(`${freedom} degrees of freedom, below 1`);
  if (!(rest >= 0 && Number.isFinite(rest))) throw cannot(`the rest of the interval is ${rest}`);
}

/**
 * The noise of one seed's value, as it is known before a bench.
 *
 * @param sd of one seed's value, paired
 * @throws {RangeError} for fewer than two seeds, and a noise that is negative or not finite
 */
export function noiseOfSeed(sd: number, seeds: number, rest = 0): SeedNoise {
  const noise = { error: sd / Math.sqrt(seeds), seeds, freedom: seeds - 1, rest };
  check(noise);
  return noise;
}

/**
 * The noise behind a symmetrical Student interval.
 *
 * @param freedom of its standard error; absent: those of the seeds alone
 * @throws {RangeError} as {@link noiseOfSeed}
 */
export function noiseOfInterval(
  { lo, hi }: Pick<Interval, "lo" | "hi">,
  seeds: number,
  freedom = seeds - 1,
  rest = 0,
): SeedNoise {
  const noise = { error: 0, seeds, freedom, rest };
  check(noise);
  const whole = { ...noise, error: (hi - lo) / 2 / tQuantile975(freedom) };
  check(whole);
  return whole;
}

/** The standard error with other seeds. */
function errorAt(noise: SeedNoise, seeds: number): { error: number; freedom: number } {
  check(noise);
  if (!(Number.isInteger(seeds) && seeds >= 2)) {
    throw new RangeError(`Cannot plan seeds: ${seeds} seeds have no noise`);
  }
  return {
    error: noise.error * Math.sqrt(noise.seeds / seeds),
    freedom: noise.freedom * (seeds - 1) / (noise.seeds - 1),
  };
}

/**
 * Half width of the 95% interval with other seeds, in the unit of the value.
 *
 * @throws {RangeError} as {@link noiseOfSeed}
 */
export function halfWidth(noise: SeedNoise, seeds = noise.seeds): number {
  const { error, freedom } = errorAt(noise, seeds);
  return Math.max(tQuantile975(Math.max(1, freedom)) * error, noise.rest);
}

/** Distance that four of five benches with these seeds can tell from 0, in the unit of the value. */
export function resolves(noise: SeedNoise, seeds = noise.seeds): number {
  const { error, freedom } = errorAt(noise, seeds);
  return halfWidth(noise, seeds) + tQuantile80(Math.max(1, freedom)) * error;
}

/**
 * The least seeds that tell a distance in four of five benches.
 *
 * @param distance of the value to its limit, in its unit
 * @returns null when none up to {@link MOST_SEEDS} does
 * @throws {RangeError} for a negative distance, and as {@link noiseOfSeed}
 */
export function seedsFor(distance: number, noise: SeedNoise): number | null {
  if (!(distance >= 0)) throw new RangeError(`Cannot plan seeds: the distance is ${distance}`);
  if (distance <= noise.rest) return null;
  for (let n = 2; n <= MOST_SEEDS; n++) if (resolves(noise, n) <= distance) return n;
  return null;
}

/** Where a value lies: within its limits or outside, and how far from the nearest one. */
function placeOf({ estimate }: Interval, { lo, hi }: Limits, log2 = false) {
  const at = (x: number) => log2 ? Math.log2(x) : x, value = at(estimate);
  const gaps = [...(lo === null ? [] : [value - at(lo)]), ...(hi === null ? [] : [at(hi) - value])];
  if (!gaps.every(Number.isFinite) || gaps.length === 0) {
    throw new RangeError(`Cannot plan seeds: ${estimate} has no distance to ${lo} and ${hi}`);
  }
  const least = Math.min(...gaps);
  return { verdict: least >= 0 ? "pass" as const : "fail" as const, distance: Math.abs(least) };
}

/**
 * What would decide a judgement of several quantities. Where it needs all, the first that is expected to fail
 * decides it, and if none is, the slowest to pass. Where any suffices, with pass and fail the other way round.
 *
 * @throws {RangeError} for none, values or limits that are not finite, and as {@link noiseOfSeed}
 */
export function needsOf(quantities: readonly Noisy[], need: "all" | "any"): Needs {
  if (quantities.length === 0) throw new RangeError("Cannot plan seeds: nothing was measured");
  const { seeds, rest } = quantities[0].noise;
  const each = quantities.map(({ value, limits, noise }) => {
    const { verdict, distance } = placeOf(value, limits, noise.log2);
    return { verdict, seeds: seedsFor(distance, noise) };
  });
  const alone = need === "all" ? "fail" : "pass",
    deciding = each.filter((e) => e.verdict === alone);
  const found = (deciding.length > 0 ? deciding : each).map((e) => e.seeds ?? Infinity);
  const decisive = deciding.length > 0 ? Math.min(...found) : Math.max(...found);
  return {
    seeds,
    decisive: Number.isFinite(decisive) ? decisive : null,
    verdict: deciding.length > 0 ? alone : need === "all" ? "pass" : "fail",
    tried: MOST_SEEDS,
    rest,
  };
}
