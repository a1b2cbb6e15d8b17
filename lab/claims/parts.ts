/**
 * Parts of findings, with what nearly all claims share said once.
 *
 * @module
 */
import { judge, type Measured, type Unjudged } from "../judge/decide.ts";
import type { Column, Interval, Judgement, Panel, Point } from "../record/findings.ts";

/** A subject and the one quantity it is judged by. */
export type Single = Omit<Unjudged, "measures" | "need" | "open"> & Measured;

/**
 * Judges a subject by one quantity.
 *
 * @throws {RangeError} without any limit
 */
export function judgeOne({ panel, subject, variant, role, ...measure }: Single): Judgement {
  return judge({ panel, subject, variant, role, measures: [measure] });
}

/** A panel that carries the claim; unless said otherwise it shows lines, and none across. */
export function panelOf(
  own: Pick<Panel, "name" | "title" | "chart" | "x" | "y"> & Partial<Panel>,
): Panel {
  return { decides: true, mark: "line", rules: [], ...own };
}

/** A place of a line, with its interval where it has one. */
export function pointOf(
  panel: string,
  line: string,
  x: Point["x"],
  y: number,
  interval: Pick<Interval, "lo" | "hi"> | null = null,
): Point {
  return { panel, line, series: null, x, y, lo: interval?.lo ?? null, hi: interval?.hi ?? null };
}

/** A column of a table; without decimals: words, or three significant digits. */
export function column(name: string, unit = "", decimals: number | null = null): Column {
  return { name, unit, decimals };
}
