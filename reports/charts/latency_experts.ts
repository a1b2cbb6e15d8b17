/**
 * Time against the number of experts, comparable to the paper's Fig. 7: MoE layers for several a, the
 * dense layer of equal active FLOPs (H = a·h) and the dense layer of equal parameters (H = N·h) on
 * one axis, a plot per pass.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LatencyPass, LatencyPoint, LatencyRecord } from "../lab/record/latency_record.ts";
import { interval, milliseconds } from "../words/format.ts";
import { activesOf, AXIS, denseBeside, moePoints, passesOf } from "./latency_series.ts";
import {
  ends,
  linePlot,
  log2Axis,
  logTicks,
  type PlotRow,
  rangeOf,
  type Style,
} from "./line_plot.ts";
import { type ChartSpec, frame, type Head, LEGENDS_IN_ROWS, PALETTE, SHAPES } from "./theme.ts";

/** The dashes of each series. */
export const SERIES_DASH: { name: string; dash: number[] }[] = [
  { name: "MoE", dash: [1, 0] },
  { name: "dense, equal active FLOPs (H = a·h)", dash: [6, 3] },
  { name: "dense, equal parameters (H = N·h)", dash: [2, 2] },
];

/** Their names. */
export const [MOE, EQUAL_FLOPS, EQUAL_PARAMETERS] = SERIES_DASH.map(({ name }) => name);
const ANY_A = "dense, any a";

/** The series that occur in some rows. */
export function seriesOf(rows: PlotRow[]): { name: string; dash: number[] }[] {
  return SERIES_DASH.filter(({ name }) => rows.some((row) => row.series === name));
}

/** The lines of a chart with one per a, colours and shapes after the reference's. */
export function linesByActive(actives: number[]): Style[] {
  return actives.map((a, index) => ({
    name: `a = ${a}`,
    colour: PALETTE[1 + index % (PALETTE.length - 1)],
    shape: SHAPES[1 + index % (SHAPES.length - 1)],
  }));
}

/** A point's time in milliseconds as a row. */
export function timeRow(point: LatencyPoint, x: number, line: string, series: string): PlotRow {
  const { estimate, lo, hi } = point.time_s;
  const ms = { estimate: 1e3 * estimate, lo: 1e3 * lo, hi: 1e3 * hi };
  return { x, ...ends(ms), line, series, note: `${interval(point.time_s, milliseconds)} ms` };
}

/** The rows of one pass, times in milliseconds. */
export function expertRows(record: LatencyRecord, pass: LatencyPass): PlotRow[] {
  const widened = new Set<number>();
  return moePoints(record, "experts", pass).flatMap((moe) => {
    const x = moe.experts!;
    const line = `a = ${moe.active}`;
    const dense = denseBeside(record, moe, "dense, equal active FLOPs");
    const wide = widened.has(x) ? null : denseBeside(record, moe, "dense, equal parameters");
    if (wide !== null) widened.add(x);
    return [
      timeRow(moe, x, line, MOE),
      ...(dense === null ? [] : [timeRow(dense, x, line, EQUAL_FLOPS)]),
      ...(wide === null ? [] : [timeRow(wide, x, ANY_A, EQUAL_PARAMETERS)]),
    ];
  });
}

/** The chart; null when no MoE layer was timed against N. */
export function latencyExperts(record: LatencyRecord, head: Head): ChartSpec | null {
  const points = moePoints(record, "experts");
  if (points.length === 0) return null;
  const passes = passesOf(record).filter((pass) => points.some((point) => point.pass === pass));
  const rows = passes.map((pass) => expertRows(record, pass));
  const domain = rangeOf(rows.flat(), true, 0.05);
  const series = seriesOf(rows.flat());
  const lines = [
    ...linesByActive(activesOf(points)),
    ...(rows.flat().some((row) => row.line === ANY_A)
      ? [{ name: ANY_A, colour: PALETTE[0], shape: SHAPES[0] }]
      : []),
  ];
  return {
    ...frame(head, ["Median and 95% interval, unseen where the mark is larger"], LEGENDS_IN_ROWS),
    columns: 2,
    spacing: 34,
    concat: passes.map((pass, index) =>
      linePlot({
        title: pass.replace("+", " + "),
        width: 290,
        height: 300,
        rows: rows[index],
        x: log2Axis(`${AXIS.experts} (log₂ axis)`, points.map((point) => point.experts!)),
        y: {
          title: "time (ms, log axis)",
          log: true,
          domain,
          values: logTicks(domain),
        },
        lines,
        linesTitle: "activated experts",
        series,
      })
    ),
  } satisfies TopLevelSpec;
}
