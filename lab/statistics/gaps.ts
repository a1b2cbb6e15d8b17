/**
 * Sweeps in which some runs were never made: seeds at some places of the grid and not at others.
 *
 * A seed's own part can be told from the noise only where seeds stand at several places. Where too few do, or
 * where they fall into groups that share none, it is left in the noise: wider, and still true. A diverged run is
 * no gap: it is where its seed was, and says that the rate is too high.
 *
 * Error: over 300 trials a case (3 to 5 seeds, a third of the runs missing, tests/lab/table/coverage_test.ts).
 *
 * @module
 */
import { mean, type Split, split } from "./resample.ts";

type Table = readonly (readonly (number | null)[])[];

/** Cells, points and degrees of freedom of a window, with and without a part of each seed's own. */
function freedoms(loss: Table): { alone: number; paired: number } {
  const seeds = loss[0]?.length ?? 0;
  const present = loss.map((row) => row.flatMap((v, k) => v === null ? [] : [k]));
  const cells = present.reduce((sum, row) => sum + row.length, 0);
  const used = new Set(present.flat());
  // seeds that stand at one place together are of one group
  const group = Array.from({ length: seeds }, (_, k) => k);
  const root = (k: number): number => group[k] === k ? k : root(group[k]);
  for (const row of present) for (const k of row) group[root(k)] = root(row[0]);
  const groups = new Set([...used].map(root)).size;
  return {
    alone: cells - loss.length,
    paired: groups === 1 ? cells - loss.length - (used.size - 1) : 0,
  };
}

/**
 * Splits losses as `split` does, where runs are missing that were never made.
 *
 * The noise at a place is pooled over its neighbours within two, and taken from all places where those have one run
 * each; divided by the degrees of freedom that are left once each place, and each seed where it has a part, is
 * fitted.
 *
 * @param loss `[grid point][seed]`, null = missing or diverged; every grid point has at least one value
 * @returns `freedom` 0 where no place has two runs
 */
export function splitGaps(
  loss: Table,
  from: number,
  to: number,
  pooled: readonly [from: number, to: number] | null = null,
): Split {
  const { alone, paired } = freedoms(loss.slice(from, to));
  const counts = loss.map((row) => row.filter((v) => v !== null).length);
  const byParts = paired >= Math.max(2, alone / 2);
  const bare = (): Pick<Split, "curve" | "seedEffect" | "residual"> => {
    const curve = loss.map((row) => mean(row.filter((v) => v !== null)));
    return {
      curve,
      seedEffect: loss[0].map(() => 0),
      residual: loss.map((row, g) => row.map((v) => v === null ? 0 : v - curve[g])),
    };
  };
  const { curve, seedEffect, residual } = byParts ? split(loss, from, to, pooled) : bare();
  const freedom = byParts ? paired : alone;
  // what the seeds' parts took of the residuals
  const taken = freedom > 0 ? alone / freedom : 1;
  const pool = (least: number, most: number): number | null => {
    let squares = 0, free = 0;
    for (let j = least; j <= most; j++) {
      if (counts[j] < 2) continue;
      for (const r of residual[j]) squares += r * r;
      free += counts[j] - 1;
    }
    return free > 0 ? Math.sqrt(squares / free * taken) : null;
  };
  const all = pool(0, loss.length - 1) ?? 0;
  const noise = loss.map((_, g) => {
    const own = pooled !== null && g >= pooled[0] && g < pooled[1];
    const [least, most] = own ? [pooled[0], pooled[1] - 1] : [0, loss.length - 1];
    return pool(Math.max(least, g - 2), Math.min(most, g + 2)) ?? all;
  });
  return {
    curve,
    seedEffect,
    // one run at a place says nothing of its noise
    residual: residual.map((row, g) => counts[g] > 1 ? row : row.map(() => 0)),
    counts,
    noise,
    freedom,
    scattered: true,
  };
}
