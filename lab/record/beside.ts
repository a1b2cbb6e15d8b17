/**
 * Which timed layers stand beside each other, and how two times become one ratio.
 *
 * @module
 */
import type { Interval } from "./findings.ts";
import type { LatencyPanel, LatencyPoint, LatencySeries } from "./timed.ts";

/** What the axis of a panel is called. */
export const AXIS: Record<LatencyPanel, string> = {
  experts: "experts N",
  granularity: "granularity H/h",
  active: "activated experts a",
  tokens: "tokens",
  width: "width d",
  routing: "routing",
};

/** Where an MoE point stands on the axis of its panel: a number, or the name of its routing. */
export function placeOf(point: LatencyPoint): number | string {
  const { panel, experts, active, tokens, width, routing } = point;
  return { experts, granularity: active, active, tokens, width, routing }[panel] ?? "";
}

/**
 * The dense layer that stands beside an MoE layer: the one whose `matches` name it, at the same number
 * of tokens and the same pass; one that was timed in the same rounds is preferred, then one of the
 * same panel. Null when none was timed.
 */
export function denseBeside(
  points: readonly LatencyPoint[],
  moe: LatencyPoint,
  series: Exclude<LatencySeries, "moe">,
): LatencyPoint | null {
  const like = points.filter((p) =>
    p.series === series && p.tokens === moe.tokens && p.pass === moe.pass &&
    p.matches?.includes(moe.configuration)
  );
  return like.find((p) => p.group === moe.group) ?? like.find((p) => p.panel === moe.panel) ??
    like[0] ?? null;
}

/**
 * A time as a multiple of another, both with their own interval: the interval of the quotient takes
 * the ends that are furthest apart, which is wider than a paired one.
 */
export function quotient(numerator: Interval, denominator: Interval): Interval {
  return {
    estimate: numerator.estimate / denominator.estimate,
    lo: numerator.lo / denominator.hi,
    hi: numerator.hi / denominator.lo,
  };
}

/** A multiple of a multiple, of two measurements: the ends that are furthest apart, as {@link quotient}. */
export function product(a: Interval, b: Interval): Interval {
  return { estimate: a.estimate * b.estimate, lo: a.lo * b.lo, hi: a.hi * b.hi };
}
