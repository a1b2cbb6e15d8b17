/**
 * What would decide a target that is undecided, or show a control that passes to fail.
 *
 * Two things widen the interval of a shift. Noise of the losses shrinks with the seeds; the model error, which is there
 * because a bowl is no quadratic, does not. So both sweeps are drawn towards their mean curves as more seeds
 * would (lab/statistics/shrink.ts), fitted and judged again by the same limits, until a number of seeds decides in
 * four of five benches; what is left of the interval without any noise stands beside it.
 *
 * Error: over 200 simulated trials a case (noise 0.01-0.02 nats, sweeps of eight points) the named seeds decided in 79-90%,
 * and in 64% where the model error nearly reaches the limit (tests/lab/transfer/needs_test.ts runs 60). On three
 * seeds the mean curve is itself uncertain: the number is an order.
 *
 * A control that passes with any number of seeds needs a longer axis: were its miss m to grow evenly with the
 * octaves of the axis and its regret as m², it would leave both limits at
 *
 *     max((tolerance + half width) / |m|, √((limit + r − r_lo) / r))
 *
 * times as many. Where its shift cannot be told from 0, nothing says how far that is.
 *
 * @module
 */
import { judge } from "../judge/decide.ts";
import type { Judgement, Needs } from "../record/findings.ts";
import { REGRET, SHIFT } from "../record/measure_names.ts";
import { shiftBetween, type Sweep } from "../statistics/optimum.ts";
import { withSeeds } from "../statistics/shrink.ts";
import { type Compared, compared, measuresOf, type TransferLimits } from "./judge.ts";

/** Numbers of seeds that are tried. */
const TRIED = [3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, 48];

/** Both sweeps with another number of seeds; 3 and 4 are streams of draws that nobody else has (judge.ts: 1, 2). */
function grown(
  { from, to, place, walls }: Compared,
  seeds: number,
  likely: boolean,
): Compared | null {
  // a reference that has more seeds keeps them
  const own = from.source?.parts.seedEffect.length ?? 0;
  const a = withSeeds(from, Math.max(own, seeds), likely, 3), b = withSeeds(to, seeds, likely, 4);
  return a && b && { from: a, to: b, place, walls };
}

/** How many times as far a control would have to be; null where its miss cannot be told from none. */
function furtherOf({ measures }: Judgement, tolerance: number): number | null {
  const of = (name: string) => measures.find((m) => m.name === name);
  const shift = of(SHIFT)?.value, regret = of(REGRET);
  if (!shift || !regret?.value || shift.lo * shift.hi <= 0) return null;
  const miss = Math.abs(shift.estimate);
  const towards = miss - Math.min(Math.abs(shift.lo), Math.abs(shift.hi));
  const { estimate, lo } = regret.value, limit = regret.limits.hi!;
  if (!(estimate > 0)) return null;
  return Math.max(1, (tolerance + towards) / miss, Math.sqrt((limit + estimate - lo) / estimate));
}

/**
 * What an undecided target or a passing control needs.
 *
 * @param judged the judgement of the same sweeps by judgeTarget (judge.ts)
 * @returns null where it is decided, open, or was not resampled
 */
export function needsOfTarget(
  judged: Judgement,
  reference: Sweep,
  target: Sweep,
  limits: TransferLimits,
  unit: string,
): Needs | null {
  const passing = judged.role === "control" && judged.verdict === "pass";
  if (judged.open !== null || (judged.verdict !== "inconclusive" && !passing)) return null;
  const found = compared(reference, target), bare = grown(found, Infinity, false);
  if (bare === null) return null;
  const seeds = found.to.source!.parts.seedEffect.length;
  const left = shiftBetween(bare.from, bare.to);
  let decided: Pick<Needs, "decisive" | "verdict"> = { decisive: null, verdict: "fail" };
  for (const n of TRIED.filter((tried) => tried > seeds)) {
    const measures = measuresOf(grown(found, n, true)!, limits, unit);
    const { verdict } = judge({ ...judged, measures, need: "any" });
    if (verdict === "fail" || (verdict === "pass" && !passing)) {
      decided = { decisive: n, verdict };
      break;
    }
  }
  return {
    seeds,
    ...decided,
    tried: TRIED.at(-1)!,
    rest: left === null ? 0 : (left.hi - left.lo) / 2,
    ...(passing ? { further: furtherOf(judged, limits.tolerance_octaves) } : {}),
  };
}
