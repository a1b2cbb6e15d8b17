/**
 * Axes of panels: which points they have a place for, their ranges, their ticks.
 *
 * @module
 */
import type { Panel, Point, Scale } from "../../lab/record/findings.ts";
import { extent } from "../words/format.ts";

/** Both ends of an axis. */
export type Domain = [low: number, high: number];

const isLog = (scale: Scale): boolean => scale === "log" || scale === "log2";

/** Numbers further from 1 than this are no measurement of anything, and leave no room for an axis. */
const EXTREME = 1e100;

/** Whether an axis has a place for a number: a log axis has none at 0 or below. */
export function fits(value: number | null, scale: Scale): value is number {
  return value !== null && Math.abs(value) < EXTREME && (!isLog(scale) || value > 1 / EXTREME);
}

/** Whether the axes of a panel can show a point. */
export function shown({ x, y }: Panel, point: Point): boolean {
  return fits(point.y, y.scale) &&
    (x.scale === "nominal" || (typeof point.x === "number" && fits(point.x, x.scale)));
}

/** A title with how its axis is divided: `time (ms, log axis)`, `experts N (log₂ axis)`. */
export function axisTitle(title: string, scale: Scale): string {
  if (!isLog(scale)) return title;
  const word = scale === "log" ? "log axis" : "log₂ axis";
  return title.endsWith(")") ? `${title.slice(0, -1)}, ${word})` : `${title} (${word})`;
}

/**
 * The ranges along y of panels that show one quantity. A linear axis is the same for all of them; log
 * axes have their own place but the same number of octaves, so that equal slopes look equal.
 *
 * @returns a range per panel, limits included
 */
export function domainsOf(panels: { panel: Panel; points: Point[] }[]): Domain[] {
  const log = isLog(panels[0].panel.y.scale);
  const scaled = (value: number) => log ? Math.log2(value) : value;
  const ranges = panels.map(({ panel, points }): Domain => {
    const values = [
      ...points.flatMap(({ y, lo, hi }) => [y, lo ?? y, hi ?? y]),
      ...panel.rules.map((rule) => rule.y),
    ].filter((value) => fits(value, panel.y.scale)).map(scaled);
    return extent(values) ?? [0, 1];
  });
  const round = (value: number) => Number((log ? 2 ** value : value).toPrecision(4));
  if (!log) {
    const [low, high] = extent(ranges.flat()) ?? [0, 1];
    const margin = 0.08 * (high - low || Math.abs(high) || 1);
    return ranges.map(() => [round(low - margin), round(high + margin)]);
  }
  const span = Math.max(1, ...ranges.map(([low, high]) => high - low)) * 1.16;
  return ranges.map(([low, high]) => {
    const middle = (low + high) / 2;
    return [round(middle - span / 2), round(middle + span / 2)];
  });
}

/** Whole powers of two inside a range, at most seven of them. */
export function powers([low, high]: Domain): number[] {
  const [first, last] = [Math.ceil(Math.log2(low) - 1e-9), Math.floor(Math.log2(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first + 1) / 7));
  const inside = [];
  for (let power = Math.ceil(first / step) * step; power <= last; power += step) {
    inside.push(2 ** power);
  }
  return inside;
}

/** Ticks of a log axis: powers of ten and, the narrower it is, the more multiples of them. */
export function logTicks([low, high]: Domain): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const octaves = Math.log2(high / low);
  const steps = octaves > 13
    ? [1]
    : octaves > 4
    ? [1, 2, 5]
    : octaves > 1.5
    ? [1, 1.5, 2, 3, 4, 5, 7]
    : [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    .flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(3))))
    .filter((value) => value >= low && value <= high);
}
