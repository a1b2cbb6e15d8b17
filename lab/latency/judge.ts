/**
 * Judgements of the latency suite: do more experts cost almost nothing, finer ones less than widening
 * the dense layer, and widening a lot; and would a cost like widening's have been noticed?
 *
 * Every ratio is the median over rounds of the ratio within a round, with the 95% interval of that
 * median (kernels/gpu/order_statistics.ts), so that a machine that slows down slows both sides.
 *
 * @module
 */
import { medianInterval } from "../../kernels/gpu/order_statistics.ts";
import { judgeOne, type Single } from "../judge/decide.ts";
import { product, quotient } from "../record/beside.ts";
import type { Interval, Judgement } from "../record/findings.ts";
import {
  LATENCY_PASSES,
  type LatencyPass,
  type LatencyPoint,
  type LatencySeries,
} from "../record/timed.ts";
import { type LatencyProfile, split } from "./works.ts";

/** Panels that carry the claim, by pass. */
export const CLAIMED = {
  /** time against N: capacity, and the control */
  experts: (pass: LatencyPass): string => `experts, ${pass}`,
  /** time over the coarsest or narrowest: granularity, and widening */
  finer: (pass: LatencyPass): string => `finer or wider, ${pass}`,
};

/** What a profile's limits are applied to. */
export type Judged = Pick<LatencyProfile, "limits" | "experts" | "granularity">;

/** Time of a layer over another's, and how many times its size is the other's. */
export interface Grown {
  /** as `64e8a over 8e8a, forward` */
  subject: string;
  /** paired by round; null when either was not timed */
  ratio: Interval | null;
  /** by how much N, the granularity or H grew */
  times: number;
}

/**
 * Time of one point over another's, paired by round.
 *
 * @throws {RangeError} when they were not timed in the same rounds
 */
export function ratioOfPoints(numerator: LatencyPoint, denominator: LatencyPoint): Interval {
  const { samples_s: a, group } = numerator, b = denominator.samples_s;
  if (group !== denominator.group || a.length !== b.length) {
    throw new RangeError(
      `Cannot pair ${numerator.configuration} with ${denominator.configuration}: not of the same rounds`,
    );
  }
  const { estimate, lo, hi } = medianInterval(a.map((s, i) => s / b[i]));
  return { estimate, lo, hi };
}

/** The ratio of two planned layers; null when either was left out: another never takes its place. */
function ratioOf(
  points: LatencyPoint[],
  series: LatencySeries,
  [from, to]: Partial<LatencyPoint>[],
): Interval | null {
  const [first, last] = [from, to].map((size) =>
    points.find((p) =>
      p.series === series &&
      Object.entries(size).every(([name, value]) => p[name as keyof LatencyPoint] === value)
    )
  );
  return first && last ? ratioOfPoints(last, first) : null;
}

/** Growth of N at fixed h, for one a; to the largest N, or to another. */
export function moreExperts(
  points: LatencyPoint[],
  pass: LatencyPass,
  { experts }: LatencyProfile["experts"],
  active: number,
): Grown {
  const [from, to] = [Math.min(...experts), Math.max(...experts)];
  const sizes = [from, to].map((n) => ({ panel: "experts" as const, pass, active, experts: n }));
  const subject = `${to}e${active}a over ${from}e${active}a, ${pass}`;
  return { subject, ratio: ratioOf(points, "moe", sizes), times: to / from };
}

/** Experts split, from the coarsest into so many times as many. */
export function finerExperts(
  points: LatencyPoint[],
  pass: LatencyPass,
  g: LatencyProfile["granularity"],
  by = Math.max(...g.splits),
): Grown {
  const coarsest = Math.min(...g.splits), sizes = [coarsest, by].map((n) => split(g, n));
  const [from, to] = sizes.map((m) => `${m.experts}e${m.active}a h = ${m.expertWidth}`);
  const panel = "granularity" as const;
  const ratio = ratioOf(points, "moe", sizes.map((size) => ({ ...size, panel, pass })));
  return { subject: `${to} over ${from}, ${pass}`, ratio, times: by / coarsest };
}

/** Dense layers of equal parameters, from the smallest N's to the largest's, or between those of others. */
export function widerDense(
  points: LatencyPoint[],
  pass: LatencyPass,
  { experts, expertWidth }: LatencyProfile["experts"],
  { from = Math.min(...experts), to = Math.max(...experts) } = {},
): Grown {
  const widths = [from, to].map((n) => n * expertWidth);
  const sizes = widths.map((hidden) => ({ panel: "experts" as const, pass, hidden }));
  const ratio = ratioOf(points, "dense, equal parameters", sizes);
  const subject = `dense H = ${widths[1]} over H = ${widths[0]}, ${pass}`;
  return { subject, ratio, times: to / from };
}

/**
 * Judges every claim for both passes.
 *
 * - more experts, at the largest a: time at the largest N over the smallest, at most `capacity`; an
 *   aside at smaller a, which the paper did not time
 * - finer experts: time of the finest over the coarsest, over widening's ratio (timed in other rounds, so
 *   unpaired): at most `finerOverWider`. An aside by the limit that decided until version 4
 * - widening: time of the widest dense layer of equal parameters over the narrowest: at least
 *   `wideningShare` of the growth in parameters
 * - controls: the narrowest of them against the next, in the rounds of the claimed capacity and by its
 *   limit, must fail; and so must finer experts that cost one layer more than widening does (its ratio
 *   times that of its last step, over its ratio, by the claim's own statistic). No such MoE is timed: what
 *   this shows is that the claim's interval would not have hidden a cost of that size
 *
 * All ends are the plan's. A missing point leaves a judgement undecided.
 */
export function judgeLatency(
  points: LatencyPoint[],
  { limits, experts: e, granularity: g }: Judged,
): Judgement[] {
  const claimed = Math.max(...e.active), ascending = e.experts.toSorted((a, b) => a - b);
  return LATENCY_PASSES.flatMap((pass) => {
    const split = finerExperts(points, pass, g), wide = widerDense(points, pass, e);
    const next = widerDense(points, pass, e, { to: ascending[1] });
    const further = widerDense(points, pass, e, { from: ascending.at(-2) });
    const one = (
      panel: keyof typeof CLAIMED,
      { subject, ratio }: Grown,
      own: Pick<Single, "variant" | "role" | "limits"> & Partial<Single>,
    ) =>
      judgeOne({
        panel: CLAIMED[panel](pass),
        subject,
        name: "ratio of times",
        unit: "",
        value: ratio,
        missing: "a point is missing",
        ...own,
      });
    return [
      ...e.active.toSorted((a, b) => b - a).map((a) =>
        one("experts", moreExperts(points, pass, e, a), {
          variant: a === claimed ? "more experts" : "more experts, fewer active than the paper's",
          role: a === claimed ? "claim" : "aside",
          limits: { hi: limits.capacity },
        })
      ),
      one("experts", next, {
        variant: "a wider dense layer in the place of more experts",
        role: "control",
        limits: { hi: limits.capacity },
      }),
      one("finer", split, {
        variant: "finer experts",
        role: "claim",
        name: "ratio of times over a wider dense layer's",
        value: split.ratio && wide.ratio && quotient(split.ratio, wide.ratio),
        limits: { hi: limits.finerOverWider },
      }),
      one("finer", further, {
        variant: "a cost of one dense layer more than widening's, in the place of finer experts",
        role: "control",
        name: "ratio of times over a wider dense layer's",
        value: further.ratio && wide.ratio &&
          quotient(product(wide.ratio, further.ratio), wide.ratio),
        limits: { hi: limits.finerOverWider },
      }),
      one("finer", split, {
        variant: "finer experts, by the limit that decided until version 4",
        role: "aside",
        limits: { hi: limits.granularity },
      }),
      one("finer", wide, {
        variant: "a wider dense layer",
        role: "claim",
        limits: { lo: Math.max(1, limits.wideningShare * wide.times) },
      }),
    ];
  });
}
