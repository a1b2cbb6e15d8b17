/**
 * The rows of the loss chart: means, bands, optima, the transferred value, and what lies above the
 * axis. Pure data; how it is drawn stands in `loss_curves.ts`.
 *
 * @module
 */
import type { Interval } from "../../lab/record/findings.ts";
import type { AnySwept } from "../../lab/record/swept.ts";
import { extent, fixed, known } from "../words/format.ts";
import { distinct, lossUnit } from "../words/phrases.ts";
import { lineNames, type Panel, panelsOf, referencesOf, type TransferRecord } from "./series.ts";
import { BREAK } from "./theme.ts";

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
  const ends = curves.flat().flatMap(({ loss, error }) => [loss - error, loss + error]);
  const [low, high] = extent(ends) ?? [0, 1];
  const best = curves.map((curve) => curve.reduce((a, b) => b.loss < a.loss ? b : a));
  const rises = curves.map((curve, index) =>
    median(
      curve.filter((point) => point !== best[index] && Math.abs(point.x - best[index].x) <= 3)
        .map((point) => point.loss - best[index].loss),
    )
  );
  const [, worst] = extent(best.map((point) => point.loss)) ?? [low, high];
  const reach = Math.max(0.025 * Math.abs(worst), 3 * median(rises));
  const top = Math.min(high, worst + reach);
  const margin = 0.04 * (top - low) || 0.025 * Math.abs(low) || 1;
  const [from, to] = [roundLoss(low - margin), roundLoss(top + margin)];
  return from < to ? [from, to] : [from - 1, to + 1]; // losses too small for twenty decimals
}

/** The middle value, the lower of two; 0 of none. */
function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

/** Three decimals, more where a loss is so small that it takes them for four digits. */
export function roundLoss(value: number): number {
  const size = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return Number(value.toFixed(Math.min(20, Math.max(3, 3 - size))));
}

/** The range of the swept value as log2: what was tried, with room beside it. */
export function sweptDomain(panels: Panel[]): [number, number] {
  const [first, last] =
    extent(panels.flatMap((panel) => panel.points.map((point) => point.log2x))) ?? [-1, 0];
  return [first - 0.6, last + 0.6];
}

const clamp = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, value));

/** The rows the chart draws. */
export function lossRows(record: TransferRecord, swept: AnySwept): LossRow[] {
  const panels = panelsOf(record, swept);
  const domain = lossDomain(panels), across = sweptDomain(panels), unit = lossUnit(record);
  const step = 0.045 * (domain[1] - domain[0]);
  return panels.flatMap((panel) => {
    const title = panel.title.join(BREAK);
    const stacked = new Map<number, number>();
    const atTop = (log2x: number): number => {
      const below = stacked.get(log2x) ?? 0;
      stacked.set(log2x, below + 1);
      return roundLoss(domain[1] - step * (0.6 + below));
    };
    const points = panel.points.flatMap((point): LossRow[] => {
      const { line, log2x, mean, standardError: error, seeds, diverged } = point;
      const base = { panel: title, label: line, x: 2 ** log2x };
      const note = `${seeds + diverged} seeds, ${diverged} diverged`, rows: LossRow[] = [];
      if (mean !== null) {
        const band = error === null
          ? {}
          : { lo: roundLoss(mean - error), hi: roundLoss(mean + error) };
        rows.push({ kind: "mean", ...base, loss: roundLoss(mean), ...band, note });
      }
      if (mean !== null && mean > domain[1]) {
        const above = `${fixed(mean, 3)} ${unit}, above the axis`;
        rows.push({ kind: "above", ...base, at: atTop(log2x), note: above });
      }
      if (diverged > 0) rows.push({ kind: "diverged", ...base, at: atTop(log2x), note });
      return rows;
    });
    return [
      ...transferred(record, panel, swept, across),
      ...points,
      ...optima(record, panel, swept, across, domain),
    ];
  });
}

/** Where an interval of log2 x stands on the axis: what lies beside it is held at its end. */
function placed({ estimate, lo, hi }: Interval, across: [number, number]) {
  return {
    x: 2 ** clamp(estimate, across),
    x_lo: 2 ** clamp(lo, across),
    x_hi: 2 ** clamp(hi, across),
  };
}

function transferred(
  record: TransferRecord,
  panel: Panel,
  swept: AnySwept,
  across: [number, number],
): LossRow[] {
  return referencesOf(record.evidence.optima, panel.panel, swept).flatMap((reference) => {
    const log2x = known(reference.log2x);
    return log2x === null ? [] : [{
      kind: "transferred" as const,
      panel: panel.title.join(BREAK),
      ...placed(log2x, across),
      note: `transferred: 2^${fixed(log2x.estimate, 2)}`,
    }];
  });
}

/** The stars: each inside the frame, however sharp the bowl whose minimum was fitted. */
function optima(
  record: TransferRecord,
  panel: Panel,
  swept: AnySwept,
  across: [number, number],
  domain: [number, number],
): LossRow[] {
  const own = record.evidence.optima.filter((optimum) =>
    optimum.role !== "reference" && optimum.swept === swept && panel.shows(optimum)
  );
  const name = lineNames(record),
    references = referencesOf(record.evidence.optima, panel.panel, swept);
  return [...references, ...own].flatMap((optimum) => {
    const log2x = known(optimum.log2x), loss = known(optimum.loss);
    if (log2x === null || loss === null) return [];
    const inside = clamp(log2x.estimate, across) === log2x.estimate &&
      clamp(loss.estimate, domain) === loss.estimate;
    return [{
      kind: "optimum" as const,
      panel: panel.title.join(BREAK),
      label: name(optimum),
      ...placed(log2x, across),
      loss: clamp(roundLoss(loss.estimate), domain),
      note: `optimum 2^${fixed(log2x.estimate, 2)}${optimum.atEdge ? ", edge of grid" : ""}${
        inside ? "" : ", outside the axes"
      }`,
    }];
  });
}
