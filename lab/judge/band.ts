/**
 * Did a layer get slower? Its time beside earlier records', against the band that A/A runs (the same
 * program, the same machine) give.
 *
 * The log of a layer's time is taken as its mean, what all layers of a run share (a machine that is
 * faster that day), and a rest. The share is the median over layers and is taken away, so that it hides
 * no single layer and is judged by itself. The rest's spread comes from runs of one program: the earlier
 * records among themselves, and the passes of this bench among themselves. Per layer that is few
 * numbers, so they are shrunk to what layers have in common; nor is it less than what the samples of the
 * pass itself say. A layer is beyond when it is slower than
 *
 *     exp(max(t_{ν, α/layers} · s · √(1 + 1/records), log FLOOR))
 *
 * Source: G. Smyth, "Linear models and empirical Bayes methods", Stat. Appl. Genet. Mol. Biol. 3, 2004
 * (the shrinking); Bonferroni over layers.
 * Error: false alarms over simulated and over measured A/A runs, tests/lab/judge/band_test.ts, docs/ci.md.
 *
 * @module
 */
import type { TimeChange, TimesAgainst } from "../record/against.ts";
import type { LatencyEvidence } from "../record/evidence.ts";
import { mean, median } from "../statistics/resample.ts";
import { tUpper } from "../statistics/student.ts";

/** Share of A/A benches in which a first look may suspect any layer. */
const ALPHA = 0.05;
/** Less is no regression to anyone. */
const FLOOR = 1.05;
/** All layers together: as {@link FLOOR}, wider since nothing stands beside them. */
const TOGETHER_FLOOR = 1.1;
/** With too few records to know how all layers together vary from run to run. */
const TOGETHER_ASSUMED = 1.5;
/** Records from which that is known. */
const ENOUGH = 3;
/** Degrees of freedom that layers lend each other. */
const SHARED_FREEDOM = 4;
/** Least spread of a layer: that of the clock; and where one record alone cannot tell it from day to day. */
const LEAST_SPREAD = 0.01, ASSUMED_SPREAD = 0.05;

/** What one run says of its layers. */
export interface TimedRun {
  /** per layer: log of its median seconds, and the standard error of that by its samples */
  layers: Map<string, { log: number; error: number }>;
  /** log of the measured multiply-add rate */
  ceiling: number;
}

/** Layers of a record; a dense layer with two roles is timed once and counts once. */
export function timedRunOf({ points, roofline }: LatencyEvidence): TimedRun {
  const layers: TimedRun["layers"] = new Map(), groups = new Map<string, string[]>();
  for (const { panel, pass, group, configuration, tokens, routing, time_s } of points) {
    // a layer may stand in several groups of a panel, each with its own rounds
    const place = `${panel}, ${pass}`, known = groups.get(place) ?? [];
    groups.set(place, known.includes(group) ? known : [...known, group]);
    const at = groups.get(place)!.indexOf(group);
    const name = `${configuration}, ${tokens} tokens${routing ? `, ${routing}` : ""}, ${place}` +
      (at > 0 ? ` (${at + 1})` : "");
    layers.set(name, {
      log: Math.log(time_s.estimate),
      error: Math.log(time_s.hi / time_s.lo) / 3.92,
    });
  }
  return { layers, ceiling: Math.log(roofline.fma_flops.estimate) };
}

const squares = (values: number[]) => {
  const middle = mean(values);
  return values.reduce((sum, v) => sum + (v - middle) ** 2, 0);
};

/** A run's logs in the order of `names`, over `from`, and what they share. */
function apart({ layers }: TimedRun, names: string[], from: number[]) {
  const over = names.map((name, w) => layers.get(name)!.log - from[w]), shared = median(over);
  return { shared, rest: over.map((v) => v - shared) };
}

/** Spread of each layer between runs of one program, and its degrees of freedom. */
function spreadsOf(sets: TimedRun[][], names: string[]): { spreads: number[]; freedom: number } {
  const freedom = sets.reduce((sum, runs) => sum + runs.length - 1, 0);
  const sums = names.map(() => 0);
  for (const runs of sets) {
    const middle = names.map((name) => mean(runs.map(({ layers }) => layers.get(name)!.log)));
    const rests = runs.map((run) => apart(run, names, middle).rest);
    names.forEach((_, w) => sums[w] += squares(rests.map((rest) => rest[w])));
  }
  if (freedom === 0) return { spreads: names.map(() => ASSUMED_SPREAD), freedom: SHARED_FREEDOM };
  // the median of χ² over its freedom, by Wilson and Hilferty
  const common = median(sums) / freedom / (1 - 2 / (9 * freedom)) ** 3;
  const all = SHARED_FREEDOM + freedom;
  return {
    spreads: sums.map((sum) => Math.sqrt((SHARED_FREEDOM * common + sum) / all)),
    freedom: all,
  };
}

/**
 * How all layers together compare: by their shared part in seconds, and in seconds times the multiply-add
 * rate, which a machine that is slower that day lowers too. Both must be beyond, so the lesser counts.
 */
function together(records: TimedRun[], passes: TimedRun[], names: string[], from: number[]) {
  const of = (run: TimedRun) => {
    const { shared } = apart(run, names, from);
    return { seconds: shared, both: [shared, shared + run.ceiling] };
  };
  const before = records.map(of), k = records.length;
  const middles = [0, 1].map((i) => mean(before.map(({ both }) => both[i])));
  const limits = k < ENOUGH
    ? [Math.log(TOGETHER_ASSUMED)]
    : [0, 1].map((i) =>
      tUpper(0.01, k - 1) * Math.sqrt(squares(before.map(({ both }) => both[i])) / (k - 1)) *
      Math.sqrt(1 + 1 / k)
    );
  const now = passes.map(of);
  return {
    excess: now.map(({ both }) => Math.min(...both.map((v, i) => v - middles[i]))),
    seconds: now[0].seconds - middles[0],
    limit: Math.max(Math.log(TOGETHER_FLOOR), ...limits),
  };
}

/** What follows from a log ratio per pass and its limit. */
function changeOf(name: string, excess: number[], limits: number[]): TimeChange {
  const beyond = excess.map((v, p) => v > limits[p]);
  const change = !beyond[0]
    ? excess[0] < -limits[0] ? "better" : "like"
    : beyond.length > 1 && beyond.every(Boolean)
    ? "worse"
    : "suspected";
  return {
    name,
    times: Math.exp(excess[0]),
    again: excess.length > 1 ? Math.exp(excess[1]) : null,
    limit: Math.exp(limits[0]),
    change,
  };
}

/**
 * Compares times. Worse is only what is beyond the band in every pass, of which there must be two.
 *
 * @param records earlier runs of one program, one at least
 * @param passes this bench, and the one that was run again
 * @returns null where they share no layer
 */
export function compareTimes(records: TimedRun[], passes: TimedRun[]): TimesAgainst | null {
  const [first, ...others] = [...records, ...passes];
  const names = [...first.layers.keys()].filter((name) => others.every((o) => o.layers.has(name)));
  if (names.length === 0) return null;
  const k = records.length, assumed = k === 1;
  const from = names.map((name) => mean(records.map(({ layers }) => layers.get(name)!.log)));
  const { spreads, freedom } = spreadsOf([records, passes], names);
  const t = tUpper(ALPHA / names.length, freedom), least = assumed ? ASSUMED_SPREAD : LEAST_SPREAD;
  const rests = passes.map((run) => apart(run, names, from).rest);
  const layers = names.map((name, w) => {
    const limits = passes.map(({ layers }) => {
      const spread = Math.max(least, spreads[w], layers.get(name)!.error);
      return Math.max(Math.log(FLOOR), t * spread * Math.sqrt(1 + 1 / k));
    });
    return changeOf(name, rests.map((rest) => rest[w]), limits);
  });
  const all = together(records, passes, names, from);
  const limits = passes.map(() => all.limit);
  return {
    layers,
    together: changeOf("all layers together", all.excess, limits),
    seconds: Math.exp(all.seconds),
    spread: Math.max(least, median(spreads)),
    assumed,
  };
}
