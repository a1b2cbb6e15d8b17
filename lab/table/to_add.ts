/**
 * Which runs would tell what a table leaves open: the exact values, as they are written there.
 *
 * @module
 */
import type { Judgement } from "../record/findings.ts";
import type { RunsToAdd } from "../record/table.ts";
import { type Sweep, sweepOptimum } from "../statistics/optimum.ts";
import type { TableLine } from "./sweeps.ts";

/** With fewer seeds no interval is to be trusted. */
const LEAST_SEEDS = 3;
/** Octaves around the reference's optimum in which a target should have been tried. */
const REACH = 1;
/** What is asked for nearer than this to another is asked for once, octaves. */
const NEAR = 0.2;

const finite = (row: Sweep["loss"][number]): number[] =>
  row.filter((v): v is number => typeof v === "number" && Number.isFinite(v));

/** Places of a sweep with the mean of what trained there, ascending; null where the majority diverged. */
function curveOf({ log2x, loss }: Sweep): { x: number; mean: number | null }[] {
  return log2x.map((x, g) => {
    const own = finite(loss[g]), ran = loss[g].filter((v) => v !== undefined).length;
    const sum = own.reduce((a, b) => a + b, 0);
    return { x, mean: own.length > ran / 2 ? sum / own.length : null };
  }).sort((a, b) => a.x - b.x);
}

/**
 * The next place beyond an end of a grid: by the step before the end's, so that 1, 3, 10 goes on with 30 and halves
 * go on as halves.
 */
function beyond(grid: readonly number[], high: boolean): number {
  const sorted = high ? grid : grid.map((x) => -x).toReversed(), n = sorted.length;
  const step = n > 2 ? sorted[n - 2] - sorted[n - 3] : n > 1 ? sorted[n - 1] - sorted[n - 2] : 1;
  const next = sorted[n - 1] + step;
  return high ? next : -next;
}

/** Places that a sweep lacks for an optimum to be fitted, and why; none where it has one. */
function forOptimum(sweep: Sweep): { why: string; at: number[] } | null {
  const curve = curveOf(sweep), grid = curve.map(({ x }) => x);
  const trained = curve.flatMap(({ x, mean }) => mean === null ? [] : [{ x, mean }]);
  if (trained.length === 0) {
    const low = grid[0];
    return { why: "everything diverged", at: [low - 3, low - 2, low - 1] };
  }
  const best = trained.reduce((a, b) => b.mean < a.mean ? b : a), at = grid.indexOf(best.x);
  const below = curve[at - 1], above = curve[at + 1], added: number[] = [];
  if (below === undefined) added.push(beyond(grid, false));
  else if (below.mean === null) added.push((below.x + best.x) / 2);
  if (above === undefined) added.push(beyond(grid, true));
  else if (above.mean === null) added.push((above.x + best.x) / 2);
  if (trained.length < 3) {
    // two neighbours of the best one that trained
    for (const high of [false, true]) {
      const own = high ? above : below;
      if (trained.length + added.length >= 3) break;
      if (own !== undefined && own.mean !== null) added.push(beyond(grid, high));
    }
    return { why: `a fit needs three places that trained, it has ${trained.length}`, at: added };
  }
  if (added.length === 0) {
    const { log2x } = sweepOptimum(sweep);
    return log2x !== null ? null : {
      why: "around its best place the loss is not convex",
      at: [(below.x + best.x) / 2, (above.x + best.x) / 2],
    };
  }
  const why = below === undefined || above === undefined
    ? "its best place is the edge of what was tried"
    : "its best place lies beside diverged runs";
  return { why, at: added };
}

/** Places around the best one, where seeds tell most. */
function aroundBest(sweep: Sweep): number[] {
  const trained = curveOf(sweep).flatMap(({ x, mean }) => mean === null ? [] : [{ x, mean }]);
  const best = trained.reduce((b, one, i) => one.mean < trained[b].mean ? i : b, 0);
  const from = Math.max(0, Math.min(best - 2, trained.length - 5));
  return trained.slice(from, from + 5).map(({ x }) => x);
}

/** Least number of runs at a place of a sweep around its best one. */
const seedsAt = (sweep: Sweep): number => {
  const around = aroundBest(sweep);
  const counts = sweep.log2x.flatMap((x, g) =>
    around.includes(x) ? [sweep.loss[g].filter((v) => v !== undefined).length] : []
  );
  return counts.length === 0 ? 0 : Math.min(...counts);
};

/**
 * The runs to add, sweep by sweep.
 *
 * @param lines the reference's first
 * @param judgements of the others, in their order
 */
export function runsToAdd(
  lines: readonly TableLine[],
  judgements: readonly Judgement[],
): RunsToAdd[] {
  const [reference, ...others] = lines, added: RunsToAdd[] = [];
  // an optimum at an edge is none that others could be tried at
  const home = forOptimum(reference.sweep) === null
    ? sweepOptimum(reference.sweep).log2x?.estimate ?? null
    : null;
  for (const line of lines) {
    const { sweep, label: configuration, rule, factor } = line;
    const judged = judgements[others.indexOf(line)];
    const add = (why: string, at: readonly number[], seeds: number) => {
      const values = [...new Set(at)].sort((a, b) => a - b).map((x) => 2 ** x / factor);
      if (values.length > 0) added.push({ configuration, rule, why, values, seeds });
    };
    const has = seedsAt(sweep), seeds = Math.max(LEAST_SEEDS, has);
    const lacking = forOptimum(sweep);
    if (lacking !== null) add(lacking.why, lacking.at, seeds);
    const grid = [...sweep.log2x].sort((a, b) => a - b);
    const outside = home !== null && line !== reference &&
      (home < grid[0] || home > grid[grid.length - 1]);
    if (outside) {
      const asked = lacking?.at ?? [];
      const at = [home - REACH, home, home + REACH].filter((x) =>
        (x < grid[0] || x > grid[grid.length - 1]) && !asked.some((y) => Math.abs(x - y) < NEAR)
      );
      add("the transferred value was not tried", at, seeds);
    }
    if (has > 0 && has < LEAST_SEEDS) {
      const one = has === 1 ? "one seed has no interval" : "two seeds give a wide interval";
      if (has === 1 || judged === undefined || judged.verdict === "inconclusive") {
        add(one, aroundBest(sweep), LEAST_SEEDS);
      }
    }
    const decisive = judged?.verdict === "inconclusive" ? judged.needs?.decisive ?? null : null;
    if (decisive !== null && decisive > seeds) {
      add(`by this noise ${decisive} seeds would decide it`, aroundBest(sweep), decisive);
    } else if (
      judged?.verdict === "inconclusive" && judged.open === null && lacking === null && !outside
    ) {
      const at = [beyond(grid, false), beyond(grid, true)];
      add("what is left of its interval is no noise: a wider grid bounds it", at, seeds);
    }
  }
  return added;
}
