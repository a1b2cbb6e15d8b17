/**
 * One plot of lines with intervals over a log2 axis, the brick of the latency charts: a mark per
 * measured point, a rule for its 95% interval, colour and shape by line, dashes by series. Plots set
 * side by side share their legends because they are given the same lines and series.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Interval } from "../../lab/record/record.ts";

/** One measured point. */
export interface PlotRow {
  /** place on the x axis */
  x: number;
  /** estimate on the y axis */
  y: number;
  /** lower end of its 95% interval, where there is one */
  lo?: number;
  /** upper end of its 95% interval, where there is one */
  hi?: number;
  /** decides colour and shape */
  line: string;
  /** decides the dashes */
  series: string;
  /** words for the tooltip */
  note: string;
}

/** Colour and shape of a line, or dashes of a series. */
export interface Style {
  /** as the rows and the legend call it */
  name: string;
  /** CSS colour */
  colour: string;
  /** point shape */
  shape: string;
}

/** An axis: its title, range and ticks. */
export interface Axis {
  /** with its unit */
  title: string;
  /** both ends */
  domain: [number, number];
  /** where ticks stand; the renderer's choice when left out */
  values?: number[];
  /** a Vega expression that writes a tick */
  labelExpr?: string;
}

/** What a plot shows. */
export interface Plot {
  /** over the plot */
  title: string;
  width: number;
  height: number;
  rows: PlotRow[];
  /** log2 unless told otherwise */
  x: Axis;
  /** `log` has a base-10 log axis */
  y: Axis & { log: boolean };
  /** every line of the chart, in the legend's order */
  lines: Style[];
  /** title of their legend */
  linesTitle: string;
  /** every series of the chart and its dashes, in the legend's order */
  series: { name: string; dash: number[] }[];
  /** the series have no legend of their own, because the lines' says the same */
  oneLegend?: boolean;
  /** horizontal rules under the lines */
  rules?: Rule[];
}

/** A horizontal rule, with words above its left end. */
export interface Rule {
  /** place on the y axis */
  at: number;
  /** CSS colour; dark grey when left out */
  colour?: string;
  /** lines of its words */
  words?: string[];
}

/** A view of a concatenation. */
export type Block = Extract<TopLevelSpec, { concat: unknown }>["concat"][number];

/** The values of an interval rounded to five digits, as row fields. */
export function ends({ estimate, lo, hi }: Interval): { y: number; lo: number; hi: number } {
  const short = (value: number) => Number(value.toPrecision(5));
  return { y: short(estimate), lo: short(lo), hi: short(hi) };
}

/** The range of all rows with a margin: a factor on a log axis, a share of the range on another. */
export function rangeOf(rows: PlotRow[], log: boolean, margin = 0.08): [number, number] {
  const values = rows.flatMap((row) => [row.y, row.lo ?? row.y, row.hi ?? row.y]);
  if (values.length === 0) return log ? [1, 10] : [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!log) return [low - margin * (high - low), high + margin * (high - low)];
  const factor = Math.max(1.05, (high / low) ** margin);
  return [Number((low / factor).toPrecision(4)), Number((high * factor).toPrecision(4))];
}

/** Ticks of a log axis: powers of ten and, the narrower it is, the more multiples of them. */
export function logTicks([low, high]: [number, number]): number[] {
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

/** The x axis of powers of two that covers the places of some points. */
export function log2Axis(title: string, places: number[]): Axis {
  const sorted = [...new Set(places)].sort((a, b) => a - b);
  const [low, high] = [sorted[0] ?? 1, sorted.at(-1) ?? 2];
  return { title, domain: [low / 1.25, high * 1.25], values: sorted };
}

/** The plot as a view of a concatenation. */
export function linePlot(plot: Plot): Block {
  const { rows, x, y, lines, series } = plot;
  const xOf = {
    field: "x",
    type: "quantitative",
    title: x.title,
    scale: { type: "log", base: 2, domain: x.domain, nice: false },
    axis: { values: x.values, format: "~r", labelOverlap: "greedy", grid: true },
  };
  const yOf = (field: string) => ({
    field,
    type: "quantitative",
    title: y.title,
    scale: y.log
      ? { type: "log", domain: y.domain, nice: false }
      : { type: "linear", domain: y.domain, nice: false, zero: false },
    axis: {
      grid: true,
      ...(y.values === undefined ? { tickCount: 6 } : { values: y.values }),
      ...(y.labelExpr === undefined ? { format: "~r" } : { labelExpr: y.labelExpr }),
    },
  });
  const byLine = (range: (style: Style) => string) => ({
    field: "line",
    type: "nominal",
    title: plot.linesTitle,
    scale: { domain: lines.map(({ name }) => name), range: lines.map(range) },
    legend: { labelLimit: 420 },
  });
  const color = byLine(({ colour }) => colour);
  const strokeDash = {
    field: "series",
    type: "nominal",
    title: "layer",
    scale: { domain: series.map(({ name }) => name), range: series.map(({ dash }) => dash) },
    legend: plot.oneLegend || series.length < 2
      ? null
      : { symbolType: "stroke", symbolSize: 400, labelLimit: 420 },
  };
  const ruleLayers = ({ at, colour = "#444", words = [] }: Rule) => {
    const encoding = { y: { ...yOf("y"), field: undefined, datum: at } };
    const data = { values: [{}] };
    return [
      { data, mark: { type: "rule", color: colour, strokeDash: [5, 3] }, encoding },
      ...words.map((text, index) => ({
        data,
        mark: {
          type: "text",
          align: "left",
          dx: 6,
          dy: -6 - 13 * (words.length - 1 - index),
          text,
        },
        encoding: { ...encoding, x: { value: 0 }, color: { value: colour } },
      })),
    ];
  };
  return {
    title: { text: plot.title, fontSize: 12, offset: 6, anchor: "middle", frame: "group" },
    width: plot.width,
    height: plot.height,
    data: { values: rows },
    layer: [
      ...(plot.rules ?? []).flatMap(ruleLayers),
      {
        transform: [{ filter: "isValid(datum.lo)" }],
        mark: { type: "rule", strokeWidth: 3.5, opacity: 0.35, clip: true },
        encoding: { x: xOf, y: yOf("lo"), y2: { field: "hi" }, color },
      },
      {
        mark: { type: "line", strokeWidth: 1.6, clip: true },
        encoding: { x: xOf, y: yOf("y"), color, strokeDash },
      },
      {
        mark: { type: "point", filled: true, size: 34, opacity: 1, clip: true },
        encoding: {
          x: xOf,
          y: yOf("y"),
          color,
          shape: byLine(({ shape }) => shape),
          tooltip: [
            { field: "line", title: plot.linesTitle },
            { field: "series", title: "layer" },
            { field: "x", title: x.title },
            { field: "y", title: y.title, format: ".4~r" },
            { field: "note", title: "interval" },
          ],
        },
      },
    ],
  } as unknown as Block;
}
