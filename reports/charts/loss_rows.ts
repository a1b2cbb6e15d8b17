/**
 * The rows of the loss chart: means, bands, optima, the transferred value, and what lies above the
 * axis. Pure data; how it is drawn stands in `loss_curves.ts`.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { fixed } from "../words/format.ts";
import { distinct, lineNames, type Panel, panelsOf, referencesOf, type Swept } from "./series.ts";

/** One row of the chart's data; which fields it has depends on `kind`. */
export interface LossRow {
  /** what the row is drawn as */
  kind: "mean" | "above" | "diverged" | "optimum" | "transferred";
  /** title of its panel, lines separated by ` | ` */
  panel: string;
  /** the line: its configuration, or its rule where rules are compared */
  label?: string;
  /** the swept value, not its logarithm */
  x: number;
  /** lower end of its 95% interval */
  x_lo?: number;
  /** upper end of its 95% interval */
  x_hi?: number;
  /** mean over seeds, or the fitted loss of an optimum */
  loss?: number;
  /** mean minus one standard error */
  lo?: number;
  /** mean plus one standard error */
  hi?: number;
  /** where a mark stands that has no loss on the axis */
  at?: number;
  /** words for the tooltip */
  note?: string;
}

/** What separates the lines of a panel's title. */
export const BREAK = " | ";

/**
 * The range of the loss axis: from the lowest band up to whichever is lower, the highest band or
 * the highest curve's minimum plus three times the typical height of a curve (the median over
 * curves of the median rise above the minimum within three octaves). Medians, because a few
 * diverging runs must not set the scale.
 */
export function lossDomain(panels: Panel[]): [number, number] {
  const curves = panels.flatMap((panel) =>
    distinct(panel.points.map((point) => point.line)).map((line) =>
      panel.points.filter((point) => point.line === line && point.mean !== null).map((
        point,
      ) => ({ x: point.log2x, loss: point.mean!, error: point.standardError ?? 0 }))
    )
  ).filter((curve) => curve.length > 0);
  if (curves.length === 0) return [0, 1];
  const all = curves.flat();
  const low = Math.min(...all.map((point) => point.loss - point.error));
  const high = Math.max(...all.map((point) => point.loss + point.error));
  const best = curves.map((curve) => curve.reduce((a, b) => b.loss < a.loss ? b : a));
  const rises = curves.map((curve, index) =>
    median(
      curve.filter((point) => point !== best[index] && Math.abs(point.x - best[index].x) <= 3)
        .map((point) => point.loss - best[index].loss),
    )
  );
  const reach = Math.max(0.05, 3 * median(rises));
  const top = Math.min(high, Math.max(...best.map((point) => point.loss)) + reach);
  const margin = 0.04 * (top - low);
  return [round(low - margin), round(top + margin)];
}

/** The middle value, the lower of two; 0 of none. */
function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** The rows the chart draws. */
export function lossRows(record: BenchRecord, swept: Swept): LossRow[] {
  const panels = panelsOf(record, swept);
  const domain = lossDomain(panels);
  const step = 0.045 * (domain[1] - domain[0]);
  return panels.flatMap((panel) => {
    const title = panel.title.join(BREAK);
    const stacked = new Map<number, number>();
    const atTop = (log2x: number): number => {
      const below = stacked.get(log2x) ?? 0;
      stacked.set(log2x, below + 1);
      return round(domain[1] - step * (0.6 + below));
    };
    const points = panel.points.flatMap((point): LossRow[] => {
      const base = { panel: title, label: point.line, x: 2 ** point.log2x };
      const mean = point.mean;
      const error = point.standardError;
      const band = mean === null || error === null
        ? {}
        : { lo: round(mean - error), hi: round(mean + error) };
      const seeds = `${point.seeds + point.diverged} seeds, ${point.diverged} diverged`;
      return [
        ...(mean === null
          ? []
          : [{ kind: "mean" as const, ...base, loss: round(mean), ...band, note: seeds }]),
        ...(mean !== null && mean > domain[1]
          ? [{
            kind: "above" as const,
            ...base,
            at: atTop(point.log2x),
            note: `${fixed(mean, 3)} nats, above the axis`,
          }]
          : []),
        ...(point.diverged > 0
          ? [{ kind: "diverged" as const, ...base, at: atTop(point.log2x), note: seeds }]
          : []),
      ];
    });
    return [...transferred(record, panel, swept), ...points, ...optima(record, panel, swept)];
  });
}

function transferred(record: BenchRecord, panel: Panel, swept: Swept): LossRow[] {
  return referencesOf(record.optima, panel.panel, swept).flatMap((reference) => {
    if (reference.log2x === null) return [];
    const { estimate, lo, hi } = reference.log2x;
    return [{
      kind: "transferred" as const,
      panel: panel.title.join(BREAK),
      x: 2 ** estimate,
      x_lo: 2 ** lo,
      x_hi: 2 ** hi,
      note: `transferred: 2^${fixed(estimate, 2)}`,
    }];
  });
}

function optima(record: BenchRecord, panel: Panel, swept: Swept): LossRow[] {
  const own = record.optima.filter((optimum) =>
    optimum.role !== "reference" && optimum.swept === swept && panel.shows(optimum)
  );
  const name = lineNames(record);
  return [...referencesOf(record.optima, panel.panel, swept), ...own].flatMap((optimum) => {
    if (optimum.log2x === null || optimum.loss === null) return [];
    return [{
      kind: "optimum" as const,
      panel: panel.title.join(BREAK),
      label: name(optimum),
      x: 2 ** optimum.log2x.estimate,
      x_lo: 2 ** optimum.log2x.lo,
      x_hi: 2 ** optimum.log2x.hi,
      loss: round(optimum.loss.estimate),
      note: `optimum 2^${fixed(optimum.log2x.estimate, 2)}${
        optimum.atEdge ? ", edge of grid" : ""
      }`,
    }];
  });
}
