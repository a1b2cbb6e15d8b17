/** Synthetic sweeps with a known optimum, shared by the tests of lab/. */
import type { Sweep } from "../../../lab/statistics/optimum.ts";
import type { Random } from "../../../lab/statistics/resample.ts";

/** Loss above the minimum, nats, u octaves from it. */
export type Bowl = (u: number) => number;

/** +0.01 nats one octave off, +0.05 two octaves off. */
export const symmetric: Bowl = (u) => 0.00917 * u * u + 0.00083 * u ** 4;
/** Steeper above the optimum: +0.0086 and +0.0125 one octave off, +0.042 and +0.068 two. */
export const asymmetric: Bowl = (u) =>
  u < 0 ? 0.008 * u * u + 0.0006 * u ** 4 : 0.011 * u * u + 0.0015 * u ** 4;
/** Twice the curvature above the optimum: the worst shape tried. */
export const kinked: Bowl = (u) => u < 0 ? 0.007 * u * u : 0.014 * u * u + 0.001 * u ** 3;

/** As flat as a sweep that still has an optimum: +0.003 nats one octave off, +0.012 two. */
export const flat: Bowl = (u) => 0.003 * u * u;
/** Fitted to a 16e4a of width 64 after 600 steps: +0.037 and +0.031 one octave off, +0.15 and +0.11 two. */
export const measured: Bowl = (u) => u < 0 ? 0.037 * u * u : 0.034 * u * u - 0.0035 * u ** 3;

/** Whole octaves. */
export const GRID = [-9, -8, -7, -6, -5, -4, -3, -2];

/** How runs of one configuration differ between seeds. */
export interface Noise {
  /** standard deviation at log2 x = −5, nats */
  sd: number;
  /** correlation between neighbouring grid points */
  rho?: number;
  /** octaves over which the noise doubles (absent: constant) */
  doubling?: number;
}

/** What a seed does to every configuration alike, nats; sd 0.02. */
export function commonParts(seeds: number, stream: Random): number[] {
  return Array.from({ length: seeds }, () => 0.02 * stream.normal());
}

/** A sweep of bowl(log2 x − optimum) + 2.02 + common part + noise. */
export function sweepOf(
  bowl: Bowl,
  optimum: number,
  common: number[],
  { sd, rho = 0, doubling = Infinity }: Noise,
  stream: Random,
  grid: number[] = GRID,
): Sweep {
  const loss: number[][] = grid.map(() => []);
  for (const part of common) {
    let e = stream.normal();
    grid.forEach((x, g) => {
      if (g > 0) e = rho * e + Math.sqrt(1 - rho * rho) * stream.normal();
      loss[g].push(2.02 + bowl(x - optimum) + part + sd * 2 ** ((x + 5) / doubling) * e);
    });
  }
  return { log2x: grid, loss };
}
