/**
 * From the points of a latency record to what its charts draw: which dense layer stands beside which
 * MoE layer, at which place of which axis, and times as multiples of the dense layer's. Pure: no
 * chart library is named here.
 *
 * @module
 */
import {
  LATENCY_PASSES,
  type LatencyPanel,
  type LatencyPass,
  type LatencyPoint,
  type LatencyRecord,
  type LatencySeries,
} from "../lab/record/latency_record.ts";
import type { Interval } from "../../lab/record/record.ts";
import { distinct } from "./series.ts";

/** What the axis of a panel is called. */
export const AXIS: Record<LatencyPanel, string> = {
  experts: "experts N",
  granularity: "granularity H/h",
  active: "activated experts a",
  tokens: "tokens",
  width: "width d",
  routing: "routing",
};

/** Where a MoE point stands on the axis of its panel; null on an axis of names. */
export function placeOf(point: LatencyPoint): number | null {
  switch (point.panel) {
    case "experts":
      return point.experts;
    case "granularity":
    case "active":
      return point.active;
    case "tokens":
      return point.tokens;
    case "width":
      return point.width;
    case "routing":
      return null;
  }
}

/** The MoE points of a panel in the order of its axis. */
export function moePoints(
  record: LatencyRecord,
  panel: LatencyPanel,
  pass?: LatencyPass,
): LatencyPoint[] {
  return record.points.filter((point) =>
    point.series === "moe" && point.panel === panel && (pass === undefined || point.pass === pass)
  ).sort((a, b) => (placeOf(a) ?? 0) - (placeOf(b) ?? 0));
}

/** The passes that were timed, forward first. */
export function passesOf(record: LatencyRecord): LatencyPass[] {
  return LATENCY_PASSES.filter((pass) => record.points.some((point) => point.pass === pass));
}

/** The pass that stands for a training step: with backward where that was timed. */
export function stepPass(record: LatencyRecord): LatencyPass {
  return passesOf(record).at(-1) ?? "forward";
}

/** The panels that have points, in the order of {@link AXIS}. */
export function latencyPanels(record: LatencyRecord): LatencyPanel[] {
  const present = new Set(record.points.map((point) => point.panel));
  return (Object.keys(AXIS) as LatencyPanel[]).filter((panel) => present.has(panel));
}

/**
 * The dense layer that stands beside a MoE layer: the one whose `matches` name it, at the same number
 * of tokens and the same pass; one that was timed in the same rounds is preferred, then one of the
 * same panel. Null when none was timed.
 */
export function denseBeside(
  record: LatencyRecord,
  moe: LatencyPoint,
  series: Exclude<LatencySeries, "moe">,
): LatencyPoint | null {
  const like = record.points.filter((point) =>
    point.series === series && point.tokens === moe.tokens && point.pass === moe.pass &&
    point.matches?.includes(moe.configuration)
  );
  return like.find((point) => point.group === moe.group) ??
    like.find((point) => point.panel === moe.panel) ?? like[0] ?? null;
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

/** The distinct numbers of activated experts of a panel, ascending. */
export function activesOf(points: LatencyPoint[]): number[] {
  return distinct(points.map((point) => point.active).filter((a) => a !== null))
    .sort((a, b) => a - b);
}
