/**
 * Times as multiples of the dense layer of equal active FLOPs, ours beside the paper's: over capacity
 * (N/a) and over granularity (H/h). A multiple of its own dense layer is all that two machines, sizes
 * and number formats have in common; the paper's points are drawn as
 * crosses of a colour of their own, and named.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { LatencyPoint, LatencyRecord } from "../lab/record/latency_record.ts";
import type { Interval } from "../../lab/record/record.ts";
import { fixed, interval, significant } from "../words/format.ts";
import { EQUAL_PARAMETERS, linesByActive, MOE, seriesOf } from "./latency_experts.ts";
import { activesOf, denseBeside, moePoints, quotient, stepPass } from "./latency_series.ts";
import {
  type Block,
  ends,
  linePlot,
  log2Axis,
  logTicks,
  type PlotRow,
  rangeOf,
  type Rule,
  type Style,
} from "./line_plot.ts";
import { FIG_7 } from "../words/paper.ts";
import { type ChartSpec, frame, type Head, LEGENDS_IN_ROWS, PALETTE, SHAPES } from "./theme.ts";

const PAPER = `the paper's, ${FIG_7.adapter}`;
const PAPER_SERIES = { name: "the paper's MoE, between its first and last point", dash: [1, 3] };
const PAPER_COLOUR = "#8A3FA0";
const GRANULARITY: Style = { name: "a = H/h", colour: PALETTE[0], shape: SHAPES[0] };

/** From a percentage of dense to times dense. */
const inverse = ({ estimate, lo, hi }: Interval): Interval => ({
  estimate: 100 / estimate,
  lo: 100 / hi,
  hi: 100 / lo,
});

/** A MoE point's time as a multiple of the dense layer's; paired where the record has the pair. */
export function timesDense(record: LatencyRecord, moe: LatencyPoint): Interval | null {
  if (moe.percentOfDense !== null) return inverse(moe.percentOfDense);
  const dense = denseBeside(record, moe, "dense, equal active FLOPs");
  return dense === null ? null : quotient(moe.time_s, dense.time_s);
}

/**
 * The multiple of the dense layer of equal parameters beside a MoE point: paired by round where both
 * dense layers, and no other of equal active FLOPs, were timed in the same rounds.
 */
export function widenedTimesDense(record: LatencyRecord, moe: LatencyPoint): Interval | null {
  const wide = denseBeside(record, moe, "dense, equal parameters");
  const dense = denseBeside(record, moe, "dense, equal active FLOPs");
  if (wide === null || dense === null) return null;
  const inGroup = record.points.filter((point) =>
    point.group === wide.group && point.series === dense.series
  );
  return wide.percentOfDense !== null && inGroup.length === 1 && inGroup[0] === dense
    ? inverse(wide.percentOfDense)
    : quotient(wide.time_s, dense.time_s);
}

function row(x: number, ratio: Interval | null, line: string, series: string): PlotRow[] {
  if (ratio === null) return [];
  const note = `${interval(ratio, significant)} times dense`;
  return [{ x, ...ends(ratio), line, series, note }];
}

/** A row that holds a range open at a value. */
const rowAt = (y: number): PlotRow => ({ x: 1, y, line: "", series: "", note: "" });

/** Our rows over capacity N/a and over granularity H/h. */
export function relativeRows(
  record: LatencyRecord,
): { capacity: PlotRow[]; granularity: PlotRow[] } {
  const pass = stepPass(record);
  return {
    capacity: moePoints(record, "experts", pass).flatMap((moe) => {
      const x = moe.experts! / moe.active!;
      const line = `a = ${moe.active}`;
      return [
        ...row(x, timesDense(record, moe), line, MOE),
        ...row(x, widenedTimesDense(record, moe), line, EQUAL_PARAMETERS),
      ];
    }).sort((a, b) => a.x - b.x),
    granularity: moePoints(record, "granularity", pass).flatMap((moe) =>
      row(moe.active!, timesDense(record, moe), GRANULARITY.name, MOE)
    ),
  };
}

/** The paper's points as multiples of its dense layer. */
export function paperRows(): { capacity: PlotRow[]; granularity: PlotRow[]; widened: number } {
  const { dense_ms, capacity, capacityActive, granularity, widenedDense_ms, adapter } = FIG_7;
  const point = (x: number, ms: number): PlotRow => ({
    x,
    y: Number((ms / dense_ms).toPrecision(4)),
    line: PAPER,
    series: PAPER_SERIES.name,
    note: `the paper, ${adapter}: ${fixed(ms, 1)} ms over its dense ${fixed(dense_ms, 1)} ms`,
  });
  return {
    capacity: capacity.map(([experts, ms]) => point(experts / capacityActive, ms)),
    granularity: granularity.map(([g, ms]) => point(g, ms)),
    widened: Number((widenedDense_ms / dense_ms).toPrecision(4)),
  };
}

/** The chart; null when nothing was timed beside a dense layer. */
export function latencyRelative(record: LatencyRecord, head: Head): ChartSpec | null {
  const ours = relativeRows(record);
  if (ours.capacity.length + ours.granularity.length === 0) return null;
  const paper = paperRows();
  const capacity = [...ours.capacity, ...paper.capacity];
  const alone = capacity.filter((one) => one.series !== EQUAL_PARAMETERS);
  const granularity = [...ours.granularity, ...paper.granularity];
  const whole = rangeOf([...capacity, rowAt(1), rowAt(1.8 * paper.widened)], true, 0.07);
  const close = rangeOf([...alone, ...granularity, rowAt(1)], true, 0.12);
  const lines = [
    ...linesByActive(activesOf(moePoints(record, "experts"))),
    ...(ours.granularity.length > 0 ? [GRANULARITY] : []),
    { name: PAPER, colour: PAPER_COLOUR, shape: "cross" },
  ];
  const series = [...seriesOf([...capacity, ...granularity]), PAPER_SERIES];
  const draw = (
    title: string,
    axis: string,
    rows: PlotRow[],
    domain: [number, number],
    rules: Rule[] = [],
  ): Block =>
    linePlot({
      title,
      width: 215,
      height: 250,
      rows,
      x: log2Axis(axis, rows.map((one) => one.x)),
      y: { title: "times dense, equal active FLOPs", log: true, domain, values: logTicks(domain) },
      lines,
      linesTitle: "activated experts",
      series,
      rules: [{ at: 1 }, ...rules],
    });
  // the paper's widened layer is a rule and no point, because no N is known to which it belongs
  const widened = ["the paper's dense,", `widened: ${fixed(paper.widened, 2)}×`];
  return {
    ...frame(head, [
      `Ours: ${
        stepPass(record).replace("+", " + ")
      }, 95% interval; the paper's: ${FIG_7.adapter}, ` +
      "first and last point of each axis; log axes",
    ], LEGENDS_IN_ROWS),
    columns: 3,
    spacing: 26,
    concat: [
      draw("Capacity", "capacity N/a", capacity, whole, [
        { at: paper.widened, colour: PAPER_COLOUR, words: widened },
      ]),
      draw("Capacity, MoE alone", "capacity N/a", alone, close),
      draw("Granularity", "granularity H/h", granularity, close),
    ],
  } satisfies TopLevelSpec;
}
