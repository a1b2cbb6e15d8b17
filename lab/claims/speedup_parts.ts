/**
 * Parts of speed-ups that the claim and what stands beside it share.
 *
 * @module
 */
import type { Interval, Panel, Point } from "../record/findings.ts";
import { panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import { type Phase, smoothed, type Speedups } from "../statistics/curves.ts";
import { exp2 } from "../statistics/interval.ts";
import { meanInterval } from "../statistics/paired.ts";
import { noiseOfInterval, type SeedNoise } from "../statistics/power.ts";

/** Why a line has no curves over the phase; undefined where it has. */
export function lostIn(of: readonly Run[], { to }: Phase): string | undefined {
  const lost = of.filter((run) => run.trainLoss.length < to).length;
  return lost === 0 ? undefined : `${lost} of ${of.length} runs diverged in the stable phase`;
}

/** Smoothed losses of the phase, one curve per seed; null where a run diverged in it. */
export function curvesOf(of: readonly Run[], phase: Phase, octaves: number): number[][] | null {
  return lostIn(of, phase) ? null : of.map((run) => smoothed(run.trainLoss, phase, octaves));
}

/** The noise of a mean speed-up, of its log2; null for one seed. */
export function noiseOf(log2: number[]): SeedNoise | null {
  const found = meanInterval(log2);
  return found && { ...noiseOfInterval(found, log2.length), log2: true };
}

/** Mean speed-up over seeds from its log2; null for one seed. */
export function speedupOf(log2: number[]): Interval | null {
  const found = meanInterval(log2);
  return found && exp2(found);
}

/** A panel of speed-ups by loss. */
export const panelWith = (
  name: string,
  title: string,
  unit: string,
  { y = `speed-up in ${name}`, ...own }: { y?: string; decides?: boolean } = {},
): Panel =>
  panelOf({
    ...own,
    name,
    title,
    chart: name.replaceAll(" ", "-"),
    x: { title: `training loss (${unit})`, scale: "linear" },
    y: { title: y, scale: "log2" },
    rules: [{ y: 1, label: "dense" }],
  });

/** The speed-ups of a line by loss, as points of a panel. */
export function pointsOf(
  found: Speedups | null,
  panel: string,
  line: string,
  over = speedupOf,
): Point[] {
  return (found?.log2 ?? []).flatMap((row, i) => {
    const interval = over(row);
    return interval ? [pointOf(panel, line, found!.levels[i], interval.estimate, interval)] : [];
  });
}
