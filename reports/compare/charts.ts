/**
 * The charts of a comparison: time against each axis, and the same layers as a share of each
 * machine's own measured ceiling. One colour and shape per machine.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LatencyPanel, LatencyPass, LatencyPoint } from "../lab/record/latency_record.ts";
import type { Chart } from "../words/caption.ts";
import type { ComparedPoint, NamedRecord } from "./rows.ts";
import { adapterName, interval, milliseconds, percent } from "../words/format.ts";
import { EQUAL_FLOPS, MOE, SERIES_DASH } from "../charts/latency_experts.ts";
import { AXIS, denseBeside, placeOf } from "../charts/latency_series.ts";
import { ends, linePlot, log2Axis, logTicks, type PlotRow, rangeOf } from "../charts/line_plot.ts";
import { type ChartSpec, frame, LEGENDS_IN_ROWS, PALETTE, SHAPES } from "../charts/theme.ts";

const PANELS: LatencyPanel[] = ["experts", "granularity", "active", "tokens", "width"];

/** Which quantity stands on the y axis. */
type Quantity = "time" | "ceiling";

/** The MoE layers of a panel on one line: those of the a (and pass) that most machines timed. */
function lineOf(rows: ComparedPoint[], panel: LatencyPanel, pass: LatencyPass): ComparedPoint[] {
  const inside = rows.filter(({ point }) =>
    point.panel === panel && point.pass === pass && point.series === "moe"
  );
  if (panel !== "experts") return inside;
  const byActive = [...Map.groupBy(inside, ({ point }) => point.active).values()];
  return byActive.toSorted((a, b) => b.length - a.length || b[0].point.active! - a[0].point.active!)
    .at(0) ?? [];
}

function rowsOf(records: NamedRecord[], line: ComparedPoint[], quantity: Quantity): PlotRow[] {
  const row = (name: string, point: LatencyPoint, x: number, series: string): PlotRow => {
    const { estimate, lo, hi } = point.time_s;
    const values = quantity === "time"
      ? ends({ estimate: 1e3 * estimate, lo: 1e3 * lo, hi: 1e3 * hi })
      : ends(point.percentOfCeiling);
    const note = quantity === "time"
      ? `${interval(point.time_s, milliseconds)} ms`
      : `${interval(point.percentOfCeiling, percent)}% of the ceiling`;
    return { x, ...values, line: name, series, note };
  };
  return records.flatMap(({ name, record }, index) =>
    line.flatMap(({ points }) => {
      const moe = points[index];
      if (moe === null) return [];
      const dense = denseBeside(record, moe, "dense, equal active FLOPs");
      const x = placeOf(moe)!;
      return [
        row(name, moe, x, MOE),
        ...(dense === null ? [] : [row(name, dense, x, EQUAL_FLOPS)]),
      ];
    })
  ).sort((a, b) => a.x - b.x);
}

function titleOf(panel: LatencyPanel, line: ComparedPoint[]): string {
  const [{ point }] = line;
  return panel === "experts" ? `experts, a = ${point.active}` : AXIS[panel].replace(/ \S+$/, "");
}

function draw(
  records: NamedRecord[],
  rows: ComparedPoint[],
  pass: LatencyPass,
  quantity: Quantity,
  words: { title: string; text: string },
): ChartSpec | null {
  const plots = PANELS.map((panel) => {
    const line = lineOf(rows, panel, pass);
    return { panel, line, rows: rowsOf(records, line, quantity) };
  }).filter(({ line }) => line.length > 0);
  if (plots.length === 0) return null;
  const all = plots.flatMap((plot) => plot.rows);
  const top = Math.max(...all.map((row) => row.hi ?? row.y));
  const lines = records.map(({ name }, index) => ({
    name,
    colour: PALETTE[1 + index % (PALETTE.length - 1)],
    shape: SHAPES[1 + index % (SHAPES.length - 1)],
  }));
  const head = {
    title: words.title,
    subtitle: records.map(({ name, record }) => `${name}: ${adapterName(record.environment)}`),
    description: words.text,
  };
  return {
    ...frame(head, [`${pass.replace("+", " + ")}, median and 95% interval`], LEGENDS_IN_ROWS),
    columns: Math.min(3, plots.length),
    spacing: 26,
    concat: plots.map((plot) => {
      const times = rangeOf(plot.rows, true);
      const y = quantity === "time"
        ? { title: "time (ms, log axis)", log: true, domain: times, values: logTicks(times) }
        : {
          title: "% of own ceiling",
          log: false,
          domain: [0, 1.05 * top] as [number, number],
        };
      return linePlot({
        title: titleOf(plot.panel, plot.line),
        width: 215,
        height: 180,
        rows: plot.rows,
        x: log2Axis(AXIS[plot.panel], plot.rows.map((row) => row.x)),
        y,
        lines,
        linesTitle: "machine",
        series: SERIES_DASH.filter(({ name }) => all.some((row) => row.series === name)),
      });
    }),
  } satisfies TopLevelSpec;
}

/** The charts of a comparison. */
export function compareCharts(records: NamedRecord[], rows: ComparedPoint[]): Chart[] {
  const passes = rows.map(({ point }) => point.pass);
  const pass = passes.includes("forward+backward") ? "forward+backward" : "forward";
  const chart = (name: string, title: string, quantity: Quantity, text: string): Chart[] => {
    const spec = draw(records, rows, pass, quantity, { title, text });
    return spec === null ? [] : [{ name, title, caption: text, spec }];
  };
  const same =
    "MoE layers and the dense layers of equal active FLOPs beside them; for the axis of " +
    "experts, the a with the most layers in common.";
  return [
    ...chart(
      "compare-time",
      "Time of the same layers on several machines",
      "time",
      `Time of the same layers on several machines, every plot with its own scale. ${same}`,
    ),
    ...chart(
      "compare-ceiling",
      "The same layers as a share of each machine's ceiling",
      "ceiling",
      "Rate of the same layers over the FMA rate measured on that machine in the same bench: how much " +
        `of its own machine the software uses. ${same}`,
    ),
  ];
}
