/**
 * Parts of findings, with what nearly all suites share said once.
 *
 * @module
 */
import type { Column, Interval, Panel, Point } from "./findings.ts";

/** A panel that carries the claim; unless said otherwise it shows lines, and none across. */
export function panelOf(
  own: Pick<Panel, "name" | "title" | "chart" | "x" | "y"> & Partial<Panel>,
): Panel {
  return { decides: true, mark: "line", rules: [], ...own };
}

/** A place of a line, with its interval where it has one that ends. */
export function pointOf(
  panel: string,
  line: string,
  x: Point["x"],
  y: number,
  interval: Pick<Interval, "lo" | "hi"> | null = null,
): Point {
  const { lo, hi } = interval && Number.isFinite(interval.hi) ? interval : { lo: null, hi: null };
  return { panel, line, series: null, x, y, lo, hi };
}

/** A column of a table; without decimals: words, or three significant digits. */
export function column(name: string, unit = "", decimals: number | null = null): Column {
  return { name, unit, decimals };
}
