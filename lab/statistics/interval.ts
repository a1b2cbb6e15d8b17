/**
 * Intervals of what follows from a quantity.
 *
 * @module
 */
import type { Interval } from "../record/findings.ts";

/** The interval of a rising function of a quantity, e.g. of a multiple or of 2 to its power. */
export function mapped({ estimate, lo, hi }: Interval, rising: (v: number) => number): Interval {
  return { estimate: rising(estimate), lo: rising(lo), hi: rising(hi) };
}

/** 2 to the power of a quantity. */
export const exp2 = (log2: Interval): Interval => mapped(log2, (v) => 2 ** v);
