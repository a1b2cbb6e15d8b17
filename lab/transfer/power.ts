/**
 * What is known of a shift's interval before a bench: for a reader of the plan.
 *
 * @module
 */
import type { ProfileName } from "../suite.ts";

/**
 * Half width of a shift's interval in octaves in the quick profile of docs/results.md with three seeds: median of 34
 * claims, half of which lie between 0.50 and 0.59, with four of 1.2 and more where an optimum was left
 * unbounded; and what is left of it without noise, the model error of a sweep of three points beside a reference of
 * six (±0.42 of five points).
 */
const ASSUMED: Partial<Record<ProfileName, { half: number; seeds: number; rest: number }>> = {
  quick: { half: 0.52, seeds: 3, rest: 0.25 },
};

/**
 * What a number of seeds makes of a shift, for a reader of the plan; none where no noise is known. Noise and model error add
 * up in quadrature, since resampling draws both; where a rest is no draw but a bound (lab/statistics/power.ts), the larger
 * counts.
 */
export function shiftLines(profile: ProfileName, seeds: number, tolerance: number): string[] {
  const known = ASSUMED[profile];
  if (known === undefined || seeds < 2) return [];
  const { half, rest } = known, noise = Math.sqrt(half ** 2 - rest ** 2);
  const of = (n: number) => Math.hypot(rest, noise * Math.sqrt(known.seeds / n)).toFixed(2);
  return [
    `power: ${seeds} seeds give a shift to about ±${of(seeds)} octaves (tolerance ${tolerance}), ` +
    `${2 * seeds} to ±${of(2 * seeds)}; no seed takes away ±${rest}, the model error of the fit; ` +
    "assumed from docs/results.md",
  ];
}
