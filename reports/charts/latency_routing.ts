/**
 * Time of one MoE layer under several routings, a row each, with the dense layer of equal active
 * FLOPs as a dashed line and the share of padded rows beside it.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LatencyPass, LatencyRecord } from "../lab/record/latency_record.ts";
import { milliseconds, NOT_MEASURED, percent } from "../words/format.ts";
import { denseBeside, moePoints, passesOf } from "./latency_series.ts";
import { ends } from "./line_plot.ts";
import { distinct } from "./series.ts";
import { type ChartSpec, frame, type Head, PALETTE } from "./theme.ts";

type Block = Extract<TopLevelSpec, { hconcat: unknown }>["hconcat"][number];

/** One routing of one layer. */
export interface RoutingRow {
  /** configuration and routing */
  row: string;
  /** median, ms, and its 95% interval */
  y: number;
  lo: number;
  hi: number;
  /** of the dense layer of equal active FLOPs, ms; null when it was not timed */
  dense_ms: number | null;
  /** time and padding in words */
  text: string;
}

/** The rows of a pass, in the order of the record. */
export function routingRows(record: LatencyRecord, pass: LatencyPass): RoutingRow[] {
  const points = moePoints(record, "routing", pass);
  const several = distinct(points.map((point) => point.label)).length > 1;
  return points.map((point) => {
    const { estimate, lo, hi } = point.time_s;
    const dense = denseBeside(record, point, "dense, equal active FLOPs");
    const padding = point.paddingShare === null
      ? NOT_MEASURED
      : `${percent(100 * point.paddingShare)}%`;
    return {
      row: (several ? `${point.label}, ` : "") + (point.routing ?? NOT_MEASURED),
      ...ends({ estimate: 1e3 * estimate, lo: 1e3 * lo, hi: 1e3 * hi }),
      dense_ms: dense === null ? null : Number((1e3 * dense.time_s.estimate).toPrecision(5)),
      text: `${milliseconds(estimate)} ms, padding ${padding}`,
    };
  });
}

/** The chart; null when no routing was compared. */
export function latencyRouting(record: LatencyRecord, head: Head): ChartSpec | null {
  const plots = passesOf(record).map((pass) => ({ pass, rows: routingRows(record, pass) }))
    .filter(({ rows }) => rows.length > 0);
  if (plots.length === 0) return null;
  return {
    ...frame(head, [
      "Median and 95% interval; dashed: the dense layer of equal active FLOPs",
      "padding: share of the computed rows that hold no token",
    ]),
    spacing: 22,
    vconcat: plots.map(({ pass, rows }) => block(pass, rows)),
  } satisfies TopLevelSpec;
}

function block(pass: string, rows: RoutingRow[]): Block {
  const top = 1.04 * Math.max(...rows.map((row) => Math.max(row.hi, row.dense_ms ?? 0)));
  const y = {
    field: "row",
    type: "nominal",
    title: null,
    sort: null,
    scale: { domain: rows.map((row) => row.row) },
    axis: { minExtent: 90, labelLimit: 220, ticks: false, domain: false, grid: true },
  };
  const x = (field: string) => ({
    field,
    type: "quantitative",
    title: "time (ms)",
    scale: { domain: [0, top], nice: false },
  });
  const [colour] = PALETTE.slice(1);
  const points = [
    {
      mark: { type: "rule", strokeWidth: 2.4, color: colour },
      encoding: { x: x("lo"), x2: { field: "hi" }, y },
    },
    {
      mark: { type: "point", filled: true, size: 60, opacity: 1, color: colour, shape: "square" },
      encoding: { x: x("y"), y, tooltip: [{ field: "row" }, { field: "text" }] },
    },
    {
      mark: { type: "text", align: "left", fontSize: 11 },
      encoding: { x: { value: 430 }, y, text: { field: "text" } },
    },
  ];
  const dense = {
    transform: [{ filter: "isValid(datum.dense_ms)" }],
    mark: { type: "rule", color: "#444", strokeDash: [5, 3] },
    encoding: { x: { ...x("dense_ms"), aggregate: "mean" } },
  };
  return {
    title: { text: pass.replace("+", " + "), fontSize: 12, offset: 6, frame: "group" },
    width: 420,
    height: 24 * rows.length,
    data: { values: rows },
    layer: [dense, ...points],
  } as unknown as Block;
}
