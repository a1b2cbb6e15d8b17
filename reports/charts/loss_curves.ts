/**
 * Loss against a swept hyperparameter, as in the paper's Fig. 2: a log2 axis, one line per
 * configuration, a band over seeds, a star at each fitted optimum, a rule at the transferred value,
 * the control in its own panel. Points above the axis are marked at its upper edge, so that a
 * diverging run cannot flatten the curves.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { AnySwept } from "../../lab/record/swept.ts";
import { distinct, inUnit, lossName, lossUnit, lossWords, sweptName } from "../words/phrases.ts";
import { lossDomain, type LossRow, lossRows, sweptDomain } from "./loss_rows.ts";
import { legendOf, panelsOf, rivalPanels, sweptRuns, type TransferRecord } from "./series.ts";
import type { ChartHead, ChartSpec } from "../words/caption.ts";
import {
  apart,
  axisFormat,
  BAND,
  BREAK,
  DASHED,
  facets,
  frame,
  inline,
  powerLabel,
  STAR,
  styleOf,
} from "./theme.ts";

/** The lines under the title that say what each mark is; only marks that occur are named. */
function lossKey(rows: LossRow[], seeds: number[]): string[] {
  const has = (kind: LossRow["kind"]) => rows.some((row) => row.kind === kind);
  const band = seeds.some((count) => count > 1)
    ? `Mean of ${distinct(seeds).sort((a, b) => a - b).join(" or ")} seeds, band ±1 standard error`
    : "One seed, no band";
  return [
    [band, ...(has("optimum") ? ["★ fitted optimum with its 95% interval"] : [])].join("; "),
    [
      ...(has("transferred") ? ["dashed: the reference's optimum, transferred (95% shaded)"] : []),
      ...(has("above") ? ["△ above the axis"] : []),
      ...(has("diverged") ? ["✕ a seed diverged"] : []),
    ].join("; "),
  ].filter((line) => line !== "");
}

/** Whole powers of two that were tried, or where none was, those among what was. */
function tickPowers(grid: readonly number[]): number[] {
  const whole = grid.filter(Number.isInteger);
  if (whole.length > 0 || grid.length === 0) return whole;
  const first = Math.ceil(grid[0]), count = Math.floor(grid[grid.length - 1]) - first + 1;
  const every = Math.max(1, Math.ceil(count / 9));
  return Array.from({ length: Math.max(0, Math.ceil(count / every)) }, (_, i) => first + i * every);
}

/** The chart; the swept hyperparameter stands on the x axis. */
export function lossCurves(record: TransferRecord, swept: AnySwept, head: ChartHead): ChartSpec {
  const panels = panelsOf(record, swept);
  const rows = lossRows(record, swept);
  const labels = legendOf(record, swept);
  const linesAre = rivalPanels(record).length > 0 ? "rule" : "configuration";
  const grid = distinct(panels.flatMap((panel) => panel.points.map((point) => point.log2x)))
    .sort((a, b) => a - b);
  const domain = lossDomain(panels), words = lossWords(record);
  const runs = sweptRuns(record).filter(({ cell }) => cell.swept === swept);
  const lines = Map.groupBy(
    runs,
    ({ cell: { panel, configuration, rule, role } }) => [panel, configuration, rule, role].join(),
  );
  const seeds = [...lines.values()].map((of) => distinct(of.map(({ cell }) => cell.seed)).length);
  const columns = panels.length <= 3 ? Math.max(1, panels.length) : 2;
  const width = columns === 1 ? 420 : columns === 2 ? 300 : 215;
  const fade = { condition: { param: "pick", value: 1 }, value: 0.15 };
  const only = (kind: LossRow["kind"]) => [{ filter: `datum.kind === '${kind}'` }];
  const x = {
    field: "x",
    type: "quantitative" as const,
    title: `${sweptName(record, swept)} on the reference's scale (log₂ axis)`,
    scale: {
      type: "log" as const,
      base: 2,
      nice: false,
      domain: sweptDomain(panels).map((log2x) => 2 ** log2x),
    },
    axis: {
      values: tickPowers(grid).map((power) => 2 ** power),
      labelExpr: powerLabel(),
    },
  };
  const y = (field: keyof LossRow) => ({
    field,
    type: "quantitative" as const,
    title: `${lossName(record)}${words === "" ? "" : ` (${words})`}`,
    scale: { zero: false, nice: false, domain },
    axis: { format: axisFormat(domain, 2), tickCount: 6 },
  });
  const style = (part: "colour" | "shape") =>
    apart("label", labels, labels.map((_, index) => styleOf(index)[part]), {
      title: linesAre,
      ...(labels.length > 6 && columns < 3 ? { legend: { columns: 2 + 2 * columns } } : {}),
    });
  const color = style("colour"), shape = style("shape");
  const tooltip = (field: keyof LossRow, title: string) => [
    { field: "label", title: linesAre },
    { field: "x", title: sweptName(record, swept), format: ".4g" },
    ...(field === "note" ? [] : [{ field, title, format: ".3f" }]),
    { field: "note", title: field === "note" ? title : "seeds" },
  ];
  return {
    ...frame(head, lossKey(rows, seeds)),
    data: inline(rows),
    ...facets("panel", panels.map((panel) => panel.title.join(BREAK)), columns, 15),
    spacing: { column: 26, row: 26 },
    spec: {
      width,
      height: 230,
      encoding: { x },
      layer: [
        {
          transform: only("transferred"),
          mark: { type: "rect", color: BAND, clip: true },
          encoding: { x: { ...x, field: "x_lo" }, x2: { field: "x_hi" } },
        },
        {
          transform: only("transferred"),
          mark: { ...DASHED, strokeWidth: 1.3, clip: true },
          encoding: { tooltip: [{ field: "note" }] },
        },
        {
          transform: [{ filter: "datum.kind === 'mean' && isValid(datum.lo)" }],
          mark: { type: "area", clip: true },
          encoding: {
            y: y("lo"),
            y2: { field: "hi" },
            color,
            opacity: { condition: { param: "pick", value: 0.2 }, value: 0.04 },
          },
        },
        {
          params: [{ name: "pick", select: { type: "point", fields: ["label"] }, bind: "legend" }],
          transform: only("mean"),
          mark: { type: "line", strokeWidth: 1.6, clip: true },
          encoding: { y: y("loss"), color, opacity: fade },
        },
        {
          transform: only("mean"),
          mark: { type: "point", filled: true, size: 34, clip: true },
          encoding: {
            y: y("loss"),
            color,
            shape,
            opacity: fade,
            tooltip: tooltip("loss", inUnit("mean loss", lossUnit(record))),
          },
        },
        {
          transform: only("above"),
          mark: { type: "point", shape: "triangle-up", size: 46, strokeWidth: 1.4 },
          encoding: { y: y("at"), color, opacity: fade, tooltip: tooltip("note", "loss") },
        },
        {
          transform: only("diverged"),
          mark: { type: "point", shape: "M-1,-1L1,1M-1,1L1,-1", size: 30, strokeWidth: 1.8 },
          encoding: { y: y("at"), color, opacity: fade, tooltip: tooltip("note", "seeds") },
        },
        {
          transform: only("optimum"),
          mark: { type: "rule", strokeWidth: 1.6, clip: true },
          encoding: {
            x: { ...x, field: "x_lo" },
            x2: { field: "x_hi" },
            y: y("loss"),
            color,
            opacity: fade,
          },
        },
        {
          transform: only("optimum"),
          mark: {
            type: "point",
            filled: true,
            size: 240,
            shape: STAR,
            stroke: "white",
            strokeWidth: 0.9,
          },
          encoding: {
            y: y("loss"),
            color,
            opacity: fade,
            tooltip: [{ field: "label" }, { field: "note" }, { field: "loss", format: ".3f" }],
          },
        },
      ],
    },
  } satisfies TopLevelSpec;
}
