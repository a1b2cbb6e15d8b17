/**
 * Times as multiples of the dense layer of equal active FLOPs: all that two machines, sizes and number
 * formats have in common.
 *
 * @module
 */
import { denseBeside, quotient } from "../record/beside.ts";
import type { Interval } from "../record/findings.ts";
import type { LatencyPoint } from "../record/timed.ts";

/** From a percentage of dense to times dense. */
const inverse = (percent: Interval): Interval =>
  quotient({ estimate: 100, lo: 100, hi: 100 }, percent);

/** An MoE point's time as a multiple of the dense layer's; paired where the point has the pair. */
export function timesDense(points: LatencyPoint[], moe: LatencyPoint): Interval | null {
  if (moe.percentOfDense !== null) return inverse(moe.percentOfDense);
  const dense = denseBeside(points, moe, "dense, equal active FLOPs");
  return dense && quotient(moe.time_s, dense.time_s);
}

/**
 * The multiple of the dense layer of equal parameters beside an MoE point: paired by round where both
 * dense layers, and no other of equal active FLOPs, were timed in the same rounds.
 */
export function widenedTimesDense(points: LatencyPoint[], moe: LatencyPoint): Interval | null {
  const wide = denseBeside(points, moe, "dense, equal parameters");
  const dense = denseBeside(points, moe, "dense, equal active FLOPs");
  if (wide === null || dense === null) return null;
  const inGroup = points.filter((p) => p.group === wide.group && p.series === dense.series);
  return wide.percentOfDense !== null && inGroup.length === 1 && inGroup[0] === dense
    ? inverse(wide.percentOfDense)
    : quotient(wide.time_s, dense.time_s);
}
