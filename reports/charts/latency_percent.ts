/**
 * How much of the dense layer's speed a MoE layer of equal active FLOPs keeps, against the number of
 * experts and against granularity: 100% is as fast as dense.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LatencyPass, LatencyRecord } from "../lab/record/latency_record.ts";
import { interval, percent } from "../words/format.ts";
import { linesByActive } from "./latency_experts.ts";
import { activesOf, AXIS, moePoints, passesOf, placeOf } from "./latency_series.ts";
import { type Block, ends, linePlot, log2Axis, type PlotRow, type Style } from "./line_plot.ts";
import { type ChartSpec, frame, type Head, PALETTE, SHAPES } from "./theme.ts";

const GRANULARITY: Style = { name: "a = H/h, H fixed", colour: PALETTE[0], shape: SHAPES[0] };
const PANELS = ["experts", "granularity"] as const;

/** The rows of one panel and pass: percent of the dense layer of equal active FLOPs. */
export function percentRows(
  record: LatencyRecord,
  panel: typeof PANELS[number],
  pass: LatencyPass,
): PlotRow[] {
  return moePoints(record, panel, pass).filter((point) => point.percentOfDense !== null).map(
    (point) => ({
      x: placeOf(point)!,
      ...ends(point.percentOfDense!),
      line: panel === "experts" ? `a = ${point.active}` : GRANULARITY.name,
      series: "MoE",
      note: `${interval(point.percentOfDense, percent)}% of dense`,
    }),
  );
}

/** The chart; null when nothing was timed beside a dense layer of equal active FLOPs. */
export function latencyPercent(record: LatencyRecord, head: Head): ChartSpec | null {
  const plots = passesOf(record).flatMap((pass) =>
    PANELS.map((panel) => ({ pass, panel, rows: percentRows(record, panel, pass) }))
  ).filter(({ rows }) => rows.length > 0);
  if (plots.length === 0) return null;
  const all = plots.flatMap(({ rows }) => rows);
  const top = Math.max(105, ...all.map((row) => row.hi ?? row.y)) * 1.03;
  const lines = [
    ...linesByActive(activesOf(moePoints(record, "experts"))),
    ...(plots.some(({ panel }) => panel === "granularity") ? [GRANULARITY] : []),
  ];
  const draw = ({ pass, panel, rows }: typeof plots[number]): Block =>
    linePlot({
      title: `against ${panel === "experts" ? "experts" : panel}, ${pass.replace("+", " + ")}`,
      width: 290,
      height: 160,
      rows,
      x: log2Axis(
        `${AXIS[panel]} (log₂ axis)`,
        plots.filter((plot) => plot.panel === panel).flatMap((plot) =>
          plot.rows.map((row) => row.x)
        ),
      ),
      y: { title: "% of dense, equal FLOPs", log: false, domain: [0, top] },
      lines,
      linesTitle: "activated experts",
      series: [{ name: "MoE", dash: [1, 0] }],
      rules: [{ at: 100 }],
    });
  return {
    ...frame(head, [
      "Time of the dense layer H = a·h over the MoE layer's, timed in the same rounds, with 95% interval",
    ]),
    columns: 2,
    spacing: 30,
    concat: plots.map(draw),
  } satisfies TopLevelSpec;
}
