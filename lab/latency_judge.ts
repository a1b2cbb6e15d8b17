/**
 * Verdicts of the latency suite: capacity costs almost nothing, granularity a little, dense widening
 * a lot; and would dense widening have been noticed?
 *
 * All ratios are medians over rounds of the ratio within a round, with the 95% interval of that median
 * (kernels/gpu/order_statistics.ts), so that a machine that slows down slows both sides.
 *
 * @module
 */
import { medianInterval } from "../kernels/gpu/order_statistics.ts";
import {
  LATENCY_PASSES,
  type LatencyJudgement,
  type LatencyLimits,
  type LatencyPass,
  type LatencyPoint,
} from "./latency_record.ts";
import type { Interval, Verdict } from "./record.ts";

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

/** First and last of points by a number. */
function ends(points: LatencyPoint[], by: (p: LatencyPoint) => number | null) {
  const sorted = points.toSorted((a, b) => (by(a) ?? 0) - (by(b) ?? 0));
  const [first, last] = [sorted.at(0), sorted.at(-1)];
  return first && last && by(first) !== by(last) ? { first, last } : null;
}

/** Growth of N at fixed a and h. */
function judgeCapacity(points: LatencyPoint[], pass: LatencyPass, limit: number, active: number) {
  const moe = points.filter((p) => p.panel === "experts" && p.series === "moe" && p.pass === pass);
  const byActive = Map.groupBy(moe, (p) => p.active);
  const beyond = [...byActive.values()].filter((same) => same[0].active !== active);
  return [byActive.get(active) ?? [], ...beyond].map((same, i) => {
    const claim = i === 0 ? "capacity" : "beyond";
    const two = ends(same, (p) => p.experts);
    const quantity = two
      ? `time of ${two.last.label} over ${two.first.label}, ${pass}`
      : `experts at a = ${same[0]?.active ?? active}, ${pass}`;
    return judgeAtMost(claim, quantity, two && ratioOfPoints(two.last, two.first), limit);
  });
}

/** Dense widening: its ratio and the growth in parameters. */
function wideningOf(points: LatencyPoint[], pass: LatencyPass) {
  const dense = points.filter((p) =>
    p.panel === "experts" && p.series === "dense, equal parameters" && p.pass === pass
  );
  const two = ends(dense, (p) => p.hidden);
  return two && {
    ratio: ratioOfPoints(two.last, two.first),
    growth: two.last.parameters / two.first.parameters,
    quantity: `time of dense H = ${two.last.hidden} over H = ${two.first.hidden}, ${pass}`,
  };
}

type Widening = ReturnType<typeof wideningOf>;

/** Dense widening must cost at least a share of the growth in parameters. */
function judgeWidening(widening: Widening, pass: LatencyPass, share: number): LatencyJudgement {
  if (!widening) {
    const quantity = `dense widening, ${pass}`, reason = "a point is missing";
    return { claim: "widening", quantity, ratio: null, limit: 1, verdict: "inconclusive", reason };
  }
  const { ratio, growth, quantity } = widening, limit = Math.max(1, share * growth);
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
  widening: Widening,
): LatencyJudgement {
  const moe = points.filter((p) =>
    p.panel === "granularity" && p.series === "moe" && p.pass === pass
  );
  const two = ends(moe, (p) => p.experts);
  if (!two) return judgeAtMost("granularity", `granularity, ${pass}`, null, limit);
  const ratio = ratioOfPoints(two.last, two.first);
  const quantity =
    `time of ${two.last.label} h = ${two.last.expertWidth} over ${two.first.label} ` +
    `h = ${two.first.expertWidth}, ${pass}`;
  const own = judgeAtMost("granularity", quantity, ratio, limit);
  if (!widening) {
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
 * - `control`: that same ratio judged as if it were capacity's: it must `fail`
 *
 * A missing point makes a judgement `inconclusive`.
 *
 * @param active the a that capacity is claimed for: the largest of the profile
 */
export function judgeLatency(
  points: LatencyPoint[],
  limits: LatencyLimits,
  active: number,
): LatencyJudgement[] {
  return LATENCY_PASSES.flatMap((pass) => {
    const widening = wideningOf(points, pass);
    return [
      ...judgeCapacity(points, pass, limits.capacity, active),
      judgeGranularity(points, pass, limits.granularity, widening),
      judgeWidening(widening, pass, limits.wideningShare),
      judgeAtMost(
        "control",
        `${widening?.quantity ?? `dense widening, ${pass}`}, by capacity's limit`,
        widening?.ratio ?? null,
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
