/**
 * Time against the other axes: activated experts, tokens, width. One plot per axis and pass; the MoE
 * layer beside the dense layer of equal active FLOPs.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LatencyPanel, LatencyPass, LatencyRecord } from "../lab/record/latency_record.ts";
import { EQUAL_FLOPS, MOE, SERIES_DASH, timeRow } from "./latency_experts.ts";
import {
  AXIS,
  denseBeside,
  latencyPanels,
  moePoints,
  passesOf,
  placeOf,
} from "./latency_series.ts";
import { linePlot, log2Axis, logTicks, type PlotRow, rangeOf, type Style } from "./line_plot.ts";
import { type ChartSpec, frame, type Head, PALETTE, SHAPES } from "./theme.ts";

const LINES: Style[] = [
  { name: MOE, colour: PALETTE[1], shape: SHAPES[1] },
  { name: EQUAL_FLOPS, colour: PALETTE[0], shape: SHAPES[0] },
];

const NAME: Partial<Record<LatencyPanel, string>> = {
  active: "active",
  tokens: "tokens",
  width: "width",
};

/** The rows of one axis and pass, times in milliseconds. */
export function axisRows(
  record: LatencyRecord,
  panel: LatencyPanel,
  pass: LatencyPass,
): PlotRow[] {
  return moePoints(record, panel, pass).flatMap((moe) => {
    const dense = denseBeside(record, moe, "dense, equal active FLOPs");
    const x = placeOf(moe)!;
    return [
      timeRow(moe, x, MOE, MOE),
      ...(dense === null ? [] : [timeRow(dense, x, EQUAL_FLOPS, EQUAL_FLOPS)]),
    ];
  });
}

/** The chart; null when none of these axes was timed. */
export function latencyAxes(record: LatencyRecord, head: Head): ChartSpec | null {
  const panels = latencyPanels(record).filter((panel) =>
    (panel === "active" || panel === "tokens" || panel === "width") &&
    moePoints(record, panel).length > 0
  );
  if (panels.length === 0) return null;
  const plots = passesOf(record).flatMap((pass) =>
    panels.map((panel) => ({ pass, panel, rows: axisRows(record, panel, pass) }))
  );
  const used = plots.flatMap(({ rows }) => rows);
  const lines = LINES.filter(({ name }) => used.some((row) => row.line === name));
  const wide = panels.length > 2 ? 200 : 290;
  return {
    ...frame(head, [
      "Median and 95% interval; the dense layer has H = a·h of the MoE layer beside it",
    ]),
    columns: panels.length,
    spacing: 28,
    concat: plots.map(({ pass, panel, rows }) => {
      const domain = rangeOf(rows, true);
      return linePlot({
        title: `${NAME[panel]}, ${pass.replace("+", " + ")}`,
        width: wide,
        height: 170,
        rows,
        x: log2Axis(`${AXIS[panel]} (log₂ axis)`, rows.map((row) => row.x)),
        y: { title: "time (ms, log axis)", log: true, domain, values: logTicks(domain) },
        lines,
        linesTitle: "layer",
        oneLegend: true,
        series: SERIES_DASH.filter(({ name }) => lines.some((line) => line.name === name)),
      });
    }),
  } satisfies TopLevelSpec;
}
