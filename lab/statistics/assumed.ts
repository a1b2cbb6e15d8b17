/**
 * What a plan can decide, before it is run: noise that an earlier run measured, and what a number of seeds makes
 * of it.
 *
 * @module
 */
import { halfWidth, noiseOfSeed, resolves, seedsFor } from "./power.ts";

/** Noise that a plan assumes, and what it expects. */
export interface Assumed {
  /** what is judged, e.g. `the sum of the slopes` */
  what: string;
  unit: string;
  /** standard deviation of one seed's value, in the unit; of paired values, of their difference */
  sd: number;
  /** half width of the interval that no seed takes away, in the unit */
  rest?: number;
  /** distance to the limit that is expected, in the unit; absent: nothing is */
  distance?: number;
  /** seeds it is judged on; absent: the profile's */
  seeds?: number;
  /** where the numbers are from */
  from: string;
}

const short = (x: number) => `${Number(x.toPrecision(2))}`.replace("-", "−");

/**
 * One line for a reader of the plan.
 *
 * @param ofProfile seeds of the profile
 * @throws {RangeError} for fewer than two seeds, and a noise or distance that is none
 */
export function assumedLine(assumed: Assumed, ofProfile: number): string {
  const { what, unit, sd, rest = 0, distance, from, seeds = ofProfile } = assumed;
  const noise = noiseOfSeed(sd, seeds, rest), of = unit === "" ? "" : ` ${unit}`;
  const stays = rest > 0 ? `, of which no seed takes away ±${short(rest)}` : "";
  const told =
    `power: ${seeds} seeds give ${what} to ±${short(halfWidth(noise))}${of}${stays} and tell ` +
    `it from its limit at a distance of ${short(resolves(noise))} in four of five benches`;
  const base = `assumed: ${short(sd)}${of} a seed, ${from}`;
  if (distance === undefined) return `${told}; ${base}`;
  const enough = seedsFor(distance, noise);
  return `${told}; ${short(distance)} is expected, for which ${
    enough === null ? "no number of seeds is enough" : `${enough} are enough`
  }; ${base}`;
}
