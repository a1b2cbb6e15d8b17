/** Made-up tables of the shapes people have, with known optima. */
import type { Random } from "../../../lab/statistics/resample.ts";
import { type Bowl, commonParts } from "../statistics/bowls.ts";

/** How a table is laid out. */
export interface Shape {
  /** what it is */
  name: string;
  /** rates */
  grid: number[];
  /** seeds of the reference and of the target */
  seeds: [number, number];
  /** share of the runs that were never made */
  gaps?: number;
  /** every run has a seed of its own */
  unpaired?: boolean;
}

const octaves = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => 2 ** (from + i * step));

export const SHAPES: Shape[] = [
  { name: "octaves, 3 seeds", grid: octaves(-9, -2), seeds: [3, 3] },
  { name: "half decades, 3 seeds", grid: [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3], seeds: [3, 3] },
  { name: "uneven, 4 seeds", grid: [2e-3, 1e-2, 0.02, 0.03, 0.05, 0.1, 0.25], seeds: [4, 4] },
  { name: "half octaves, 3 seeds", grid: octaves(-8, -3, 0.5), seeds: [3, 3] },
  { name: "a third missing, 4 seeds", grid: octaves(-9, -2), seeds: [4, 4], gaps: 1 / 3 },
  { name: "half missing, 5 seeds", grid: octaves(-9, -2), seeds: [5, 5], gaps: 1 / 2 },
  { name: "no seed twice, 3 runs", grid: octaves(-9, -2), seeds: [3, 3], unpaired: true },
  { name: "5 seeds against 3", grid: octaves(-9, -2), seeds: [5, 3] },
];

/** One row of a table. */
export interface Row {
  lr: number;
  width: number;
  seed: number;
  val_loss: number;
}

/** A table of a reference (width 64) and a target (width 128), whose optima lie at these log2 of the rate. */
export function tableOf(
  { grid, seeds, gaps = 0, unpaired = false }: Shape,
  bowls: [Bowl, Bowl],
  optima: [number, number],
  sd: number,
  stream: Random,
): Row[] {
  const common = commonParts(Math.max(...seeds), stream), rows: Row[] = [];
  [64, 128].forEach((width, i) => {
    for (const lr of grid) {
      for (let seed = 0; seed < seeds[i]; seed++) {
        const part = unpaired ? 0.005 * stream.normal() : common[seed];
        const noise = sd * stream.normal(), made = stream.uniform() >= gaps;
        const val_loss = 2.02 + bowls[i](Math.log2(lr) - optima[i]) + part + noise;
        if (made) rows.push({ lr, width, seed: unpaired ? rows.length : seed, val_loss });
      }
    }
  });
  return rows;
}
