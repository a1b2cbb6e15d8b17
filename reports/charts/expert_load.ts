/**
 * Share of held-out tokens per expert, as a multiple of the uniform share a/N, experts sorted by
 * load: a flat line at 1 is a balanced router, a line that falls to 0 has idle experts.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Run, Swept } from "../../lab/record/run.ts";
import { extent } from "../words/format.ts";
import { distinct } from "../words/phrases.ts";
import { legendOf, lineNames, panelsOf, rivalPanels, type TrainedRecord } from "./series.ts";
import type { ChartHead, ChartSpec } from "../words/caption.ts";
import { apart, BREAK, DASHED, facets, frame, inline, PALETTE, SHAPES } from "./theme.ts";

/** One row of the chart's data: one expert rank of one block of one configuration. */
interface LoadRow {
  /** two lines: configuration and panel, rule */
  place: string;
  /** `block 1` is the first */
  block: string;
  /** 1 is the busiest expert */
  rank: number;
  /** mean over seeds of the load of the expert of this rank, in units of a/N */
  load: number;
}

/**
 * Sorted load of one block, as multiples of the uniform share.
 *
 * @param shares share of tokens that select each expert; their sum is a, so their mean is a/N
 * @returns multiples of the mean, largest first
 */
export function loadMultiples(shares: number[]): number[] {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return shares.map((share) => mean === 0 ? 0 : share / mean).sort((a, b) => b - a);
}

/** The rows: for every MoE configuration the load at the best grid point of its sweep. */
function loadRows(record: TrainedRecord, swept: Swept): LoadRow[] {
  const name = lineNames(record), compared = rivalPanels(record);
  return panelsOf(record, swept).flatMap((panel) =>
    legendOf(record, swept).flatMap((line) => {
      const tried = panel.points.filter((point) =>
        point.line === line && point.role !== "reference" && point.mean !== null
      );
      if (tried.length === 0) return [];
      const best = tried.reduce((a, b) => b.mean! < a.mean! ? b : a);
      const runs = record.evidence.runs.filter(({ cell, expertLoad, validationLoss }) =>
        panel.shows(cell) && cell.role !== "reference" && name(cell) === line &&
        cell.swept === swept && cell.log2x === best.log2x && expertLoad !== null &&
        validationLoss !== null
      );
      return runs.length === 0 ? [] : rowsOf(
        runs,
        compared.includes(panel.panel)
          ? `${line}${BREAK}${runs[0].cell.label}, ${panel.panel}`
          : `${line}, ${panel.panel}${BREAK}${panel.title[1]}`,
      );
    })
  );
}

function rowsOf(runs: Run[], place: string): LoadRow[] {
  return runs[0].expertLoad!.flatMap((shares, block) => {
    const sorted = runs.map((run) => loadMultiples(run.expertLoad![block]));
    return shares.map((_, rank) => ({
      place,
      block: `block ${block + 1}`,
      rank: rank + 1,
      load: Math.round(sorted.reduce((sum, one) => sum + one[rank], 0) / sorted.length * 1e4) / 1e4,
    }));
  });
}

/**
 * The chart: one cell per configuration and rule, one line per block.
 *
 * @param swept the sweep whose best grid point is shown
 * @returns a Vega-Lite spec, or null when no configuration has experts
 */
export function expertLoad(
  record: TrainedRecord,
  swept: Swept,
  head: ChartHead,
): ChartSpec | null {
  const rows = loadRows(record, swept);
  if (rows.length === 0) return null;
  const blocks = distinct(rows.map((row) => row.block));
  const places = distinct(rows.map((row) => row.place));
  const columns = Math.min(4, distinct(places.map((place) => place.split(/, | \| /)[0])).length);
  const [, ranks] = extent(rows.map((row) => row.rank)) ?? [1, 1];
  const width = columns > 3 ? 140 : 190;
  const style = (range: string[]) =>
    apart("block", blocks, blocks.map((_, i) => range[i % range.length]), { title: "block" });
  return {
    ...frame(head, [
      "Held-out tokens at each configuration's best value, mean over seeds of the sorted loads; " +
      "dashed: uniform",
    ]),
    data: inline(rows),
    ...facets("place", places, columns, 14),
    spacing: { column: 20, row: 16 },
    spec: {
      width,
      height: 90,
      layer: [
        { mark: DASHED, encoding: { y: { datum: 1 } } },
        {
          mark: { type: "line", strokeWidth: 1.6, point: { size: 22 } },
          encoding: {
            x: {
              field: "rank",
              type: "quantitative",
              title: "expert (rank by load)",
              scale: { domain: [0.4, ranks + 0.6], nice: false },
              axis: { values: rankTicks(ranks), format: "d" },
            },
            y: {
              field: "load",
              type: "quantitative",
              title: "load (× a/N)",
              scale: { zero: true },
              axis: { tickCount: 4 },
            },
            color: style(PALETTE.slice(1)),
            shape: style(SHAPES),
            tooltip: [{ field: "block" }, { field: "rank" }, { field: "load", format: ".2f" }],
          },
        },
      ],
    },
  } satisfies TopLevelSpec;
}

function rankTicks(ranks: number): number[] {
  const step = Math.max(1, Math.round(ranks / 4));
  return [
    1,
    ...[1, 2, 3, 4].map((part) => part * step).filter((rank) => rank > 1 && rank <= ranks),
  ];
}
