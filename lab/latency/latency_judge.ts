/**
 * Verdicts of the latency suite: capacity costs almost nothing, granularity a little, dense widening
 * a lot; and would dense widening have been noticed?
 *
 * All ratios are medians over rounds of the ratio within a round, with the 95% interval of that median
 * (kernels/gpu/order_statistics.ts), so that a machine that slows down slows both sides.
 *
 * @module
 */
import { medianInterval } from "../../kernels/gpu/order_statistics.ts";
import {
  LATENCY_PASSES,
  type LatencyJudgement,
  type LatencyLimits,
  type LatencyPass,
  type LatencyPoint,
} from "../record/latency_record.ts";
import type { LatencyProfile } from "./latency_suite.ts";
import type { Interval, Verdict } from "../record/record.ts";

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

const times = ({ estimate, lo, hi }: Interval) =>
  `${estimate.toFixed(2)} [${lo.toFixed(2)}, ${hi.toFixed(2)}]`;

/** `pass` when the whole interval is at most the limit, `fail` when it is above it. */
function atMost(ratio: Interval, limit: number): Verdict {
  return ratio.hi <= limit ? "pass" : ratio.lo > limit ? "fail" : "inconclusive";
}

const WORDS: Record<string, string> = {
  pass: "within",
  fail: "above",
  inconclusive: "not surely within",
};

/** A judgement by an upper limit. */
function judgeAtMost(
  claim: LatencyJudgement["claim"],
  quantity: string,
  ratio: Interval | null,
  limit: number,
): LatencyJudgement {
  if (!ratio) {
    return { claim, quantity, ratio, limit, verdict: "inconclusive", reason: "a point is missing" };
  }
  const verdict = atMost(ratio, limit);
  const reason = `${times(ratio)} times, ${WORDS[verdict]} the limit ${limit.toFixed(2)}`;
  return { claim, quantity, ratio, limit, verdict, reason };
}

/** The points of two planned places; null when either was left out: another never takes its place. */
function pairOf(
  points: LatencyPoint[],
  by: (p: LatencyPoint) => number | null,
  [from, to]: [number, number],
): { first: LatencyPoint; last: LatencyPoint } | null {
  const first = points.find((p) => by(p) === from), last = points.find((p) => by(p) === to);
  return first && last ? { first, last } : null;
}

/** Smallest and largest of what is planned. */
const endsOf = (planned: number[]): [number, number] => [
  Math.min(...planned),
  Math.max(...planned),
];

/** Growth of N at fixed a and h: the largest a carries the claim. */
function judgeCapacity(
  points: LatencyPoint[],
  pass: LatencyPass,
  limit: number,
  { experts, active }: LatencyProfile["experts"],
): LatencyJudgement[] {
  const claimed = Math.max(...active), ends = endsOf(experts);
  return active.toSorted((a, b) => b - a).map((a) => {
    const same = points.filter((p) =>
      p.panel === "experts" && p.series === "moe" && p.pass === pass && p.active === a
    );
    const two = pairOf(same, (p) => p.experts, ends);
    return judgeAtMost(
      a === claimed ? "capacity" : "beyond",
      `time of ${ends[1]}e${a}a over ${ends[0]}e${a}a, ${pass}`,
      two && ratioOfPoints(two.last, two.first),
      limit,
    );
  });
}

/** Dense layers of equal parameters between two numbers of experts: their ratio, and its growth. */
function wideningOf(
  points: LatencyPoint[],
  pass: LatencyPass,
  ends: [number, number],
  expertWidth: number,
) {
  const dense = points.filter((p) =>
    p.panel === "experts" && p.series === "dense, equal parameters" && p.pass === pass
  );
  const [from, to] = ends.map((n) => n * expertWidth);
  const two = pairOf(dense, (p) => p.hidden, [from, to]);
  return {
    ratio: two && ratioOfPoints(two.last, two.first),
    growth: to / from,
    quantity: `time of dense H = ${to} over H = ${from}, ${pass}`,
  };
}

type Widening = ReturnType<typeof wideningOf>;

/** Dense widening must cost at least a share of the growth in parameters. */
function judgeWidening(widening: Widening, share: number): LatencyJudgement {
  const { ratio, growth, quantity } = widening, limit = Math.max(1, share * growth);
  if (!ratio) {
    const reason = "a point is missing";
    return { claim: "widening", quantity, ratio, limit, verdict: "inconclusive", reason };
  }
  const verdict = ratio.lo >= limit ? "pass" : ratio.hi < limit ? "fail" : "inconclusive";
  const word = { pass: "at least", fail: "below", inconclusive: "not surely" }[verdict];
  const reason = `${times(ratio)} times for ${growth.toFixed(1)} times the parameters, ${word} ${
    limit.toFixed(2)
  }`;
  return { claim: "widening", quantity, ratio, limit, verdict, reason };
}

/** Splitting experts costs at most the limit, and less than dense widening. */
function judgeGranularity(
  points: LatencyPoint[],
  pass: LatencyPass,
  limit: number,
  { experts, active, expertWidth, splits }: LatencyProfile["granularity"],
  widening: Widening,
): LatencyJudgement {
  const moe = points.filter((p) =>
    p.panel === "granularity" && p.series === "moe" && p.pass === pass
  );
  const ends = endsOf(splits),
    [from, to] = ends.map((n) => `${experts * n}e${active * n}a h = ${expertWidth / n}`);
  const two = pairOf(moe, (p) => p.experts, [experts * ends[0], experts * ends[1]]);
  const ratio = two && ratioOfPoints(two.last, two.first);
  const quantity = `time of ${to} over ${from}, ${pass}`;
  const own = judgeAtMost("granularity", quantity, ratio, limit);
  if (!ratio || !widening.ratio) {
    const reason = `${own.reason}; no dense widening to compare with`;
    return { ...own, verdict: own.verdict === "fail" ? "fail" : "inconclusive", reason };
  }
  const under = ratio.hi < widening.ratio.lo, over = ratio.lo > widening.ratio.hi;
  const verdict = own.verdict === "fail" || over
    ? "fail"
    : own.verdict === "pass" && under
    ? "pass"
    : "inconclusive";
  const word = under ? "below" : over ? "above" : "not surely below";
  return {
    ...own,
    verdict,
    reason: `${own.reason}; ${word} dense widening's ${times(widening.ratio)}`,
  };
}

/**
 * Judges every claim for both passes.
 *
 * - `capacity`: at `active`, time at the largest N over the smallest; `pass` when the
 *   interval is within the limit, `fail` when above it. `beyond`: the same at other a, shown beside it
 * - `granularity`: time of the finest experts over the coarsest, the same way, and it must also lie
 *   below dense widening's interval
 * - `widening`: time of the widest dense layer of equal parameters over the narrowest; `pass` when the
 *   interval is at least wideningShare times the growth in parameters, `fail` when below
 * - `control`: the narrowest dense layer of equal parameters against the next, timed in the same rounds
 *   as the claimed capacity, judged by capacity's limit: it must `fail`
 *
 * All ends are the plan's. A missing point makes a judgement `inconclusive`.
 */
export function judgeLatency(
  points: LatencyPoint[],
  limits: LatencyLimits,
  profile: Pick<LatencyProfile, "experts" | "granularity">,
): LatencyJudgement[] {
  const { experts, expertWidth } = profile.experts, sorted = experts.toSorted((a, b) => a - b);
  return LATENCY_PASSES.flatMap((pass) => {
    const widening = wideningOf(points, pass, endsOf(experts), expertWidth);
    const next = wideningOf(points, pass, [sorted[0], sorted[1]], expertWidth);
    return [
      ...judgeCapacity(points, pass, limits.capacity, profile.experts),
      judgeGranularity(points, pass, limits.granularity, profile.granularity, widening),
      judgeWidening(widening, limits.wideningShare),
      judgeAtMost(
        "control",
        `${next.quantity}, by capacity's limit`,
        next.ratio,
        limits.capacity,
      ),
    ];
  });
}

/**
 * Verdict on the suite, first that holds: a claim fails: `fail`; a control is not seen to fail:
 * `cannot tell at this size`; a claim is undecided: `inconclusive`; else `pass`. What lies beyond the
 * paper decides nothing.
 */
export function decideLatency(
  judgements: LatencyJudgement[],
): { verdict: Verdict; reason: string } {
  const claims = judgements.filter((j) => j.claim !== "control" && j.claim !== "beyond");
  const controls = judgements.filter((j) => j.claim === "control");
  const say = (list: LatencyJudgement[]) =>
    list.map((j) => `${j.claim}: ${j.quantity}: ${j.reason}`).join("; ");
  const of = (verdict: Verdict) => claims.filter((j) => j.verdict === verdict);
  const failed = of("fail"), blind = controls.filter((j) => j.verdict !== "fail");
  if (failed.length > 0) {
    return {
      verdict: "fail",
      reason: `${failed.length} of ${claims.length} claims fail: ${say(failed)}`,
    };
  }
  if (controls.length === 0 || blind.length > 0) {
    const why = controls.length ? say(blind) : "there is none";
    return {
      verdict: "cannot tell at this size",
      reason: `the control is not seen to fail: ${why}`,
    };
  }
  const undecided = claims.filter((j) => j.verdict !== "pass");
  if (undecided.length > 0) {
    return {
      verdict: "inconclusive",
      reason: `${undecided.length} of ${claims.length} claims are undecided: ${say(undecided)}`,
    };
  }
  return {
    verdict: "pass",
    reason: `${claims.length} of ${claims.length} claims hold and the control fails on ` +
      `${controls.length} of ${controls.length}`,
  };
}
