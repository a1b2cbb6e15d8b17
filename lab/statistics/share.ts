/**
 * Shares: how many of several yes-or-no answers are yes.
 *
 * @module
 */
import type { Interval } from "../record/findings.ts";
import { meanInterval } from "./paired.ts";

/**
 * A share with Wilson's 95% interval, which stays within 0 … 1 and holds for few answers too.
 *
 * Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
 *
 * @param yes answers that are yes, of `all`
 * @returns null for no answers
 * @throws {RangeError} for counts that cannot be
 */
export function shareInterval(yes: number, all: number): Interval | null {
  if (!(Number.isInteger(yes) && Number.isInteger(all) && yes >= 0 && yes <= all)) {
    throw new RangeError(`Cannot take a share: ${yes} of ${all}`);
  }
  if (all === 0) return null;
  const z2 = 1.959963984540054 ** 2, p = yes / all, scale = 1 / (1 + z2 / all);
  const centre = scale * (p + z2 / (2 * all));
  const half = scale * Math.sqrt(z2 * (p * (1 - p) / all + z2 / (4 * all * all)));
  return {
    estimate: p,
    lo: Math.max(0, Math.min(p, centre - half)),
    hi: Math.min(1, Math.max(p, centre + half)),
  };
}

/**
 * The share over trainings: of one, over its answers alone; of several, over the trainings, whose shares hold the noise of
 * their answers too.
 *
 * @param yes per training, its answers
 * @returns null for no answers
 */
export function shareOver(yes: readonly (readonly boolean[])[]): Interval | null {
  if (yes.length === 0) return null;
  if (yes.length === 1) return shareInterval(yes[0].filter((v) => v).length, yes[0].length);
  if (yes.some((of) => of.length === 0)) return null;
  return meanInterval(yes.map((of) => of.filter((v) => v).length / of.length));
}
