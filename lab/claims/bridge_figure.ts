/**
 * What the figure of the bridges shows: panels, points and a table.
 *
 * @module
 */
import type { FindingsTable, Panel, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { arithmeticMean, geometricMean } from "../statistics/slope.ts";
import type { Difference } from "./bridge_identity.ts";
import type { BridgeLimits } from "./bridge_limits.ts";
import { GROUPS, type Sparsity } from "./bridge_sparsity.ts";

/** Names of the panels. */
export const PANELS = {
  identity: "Bridge I: difference",
  share: "Bridge II: tokens per expert",
  drift: "Bridge II: first order",
  noise: "Bridge II: gradient noise",
  ratio: "Bridge II: noise over signal",
} as const;

/** Panels of the figure. */
export function panelsOf(limits: BridgeLimits, unit: string): Panel[] {
  const log2 = "log2" as const, x = { title: "a/N, share of experts active", scale: log2 };
  return [
    panelOf({
      name: PANELS.identity,
      title: "Dense MoE against the dense FFN of the same weights",
      chart: "bridge-i-difference",
      mark: "points",
      x: { title: "quantity", scale: "nominal" },
      y: { title: `relative difference, or ${unit}`, scale: log2 },
      rules: [
        { y: limits.tensor, label: "bound of tensors" },
        { y: limits.loss, label: `bound of losses, ${unit}` },
      ],
    }),
    panelOf({
      name: PANELS.share,
      title: "Share of tokens of the most and least used expert, over a/N",
      chart: "bridge-ii-tokens-per-expert",
      x,
      y: { title: "share over a/N", scale: log2 },
      rules: [{ y: 1, label: "a/N" }],
    }),
    panelOf({
      name: PANELS.drift,
      title: "Correction that an expert's own batch and duration ask for",
      chart: "bridge-ii-first-order",
      x,
      y: { title: "|log2 q| that nine experts in ten stay within, octaves", scale: "linear" },
      rules: [{ y: limits.q_octaves, label: "limit" }],
    }),
    panelOf({
      name: PANELS.noise,
      title: "Noise of the mean gradient of an expert's tokens",
      chart: "bridge-ii-gradient-noise",
      x,
      y: { title: "standard deviation, in units of a token's gradient", scale: log2 },
    }),
    panelOf({
      name: PANELS.ratio,
      title: "Noise of a batch's gradient over its size",
      chart: "bridge-ii-noise-over-signal",
      x,
      y: { title: "noise / signal", scale: log2 },
    }),
  ];
}

/** Points of Bridge I: what differs at all. */
export function drawIdentity(line: string, found: Difference[]): Point[] {
  return found.filter(({ error }) => error > 0 && Number.isFinite(error))
    .map(({ quantity, error }) => pointOf(PANELS.identity, line, quantity, error));
}

/** Points of Bridge II: means over seeds with t intervals; on log2 axes geometric. */
export function drawSparsity(all: Sparsity[]): Point[] {
  const point = (
    panel: string,
    line: string,
    x: number,
    values: number[],
    log: boolean,
  ): Point[] => {
    if (!values.every((v) => Number.isFinite(v) && (v > 0 || !log))) return [];
    const interval = log ? geometricMean(values) : arithmeticMean(values);
    return [pointOf(panel, line, x, interval.estimate, interval)];
  };
  return all.flatMap((s) => [
    ...point(PANELS.share, "most used, first step", s.share, s.largest.first, true),
    ...point(PANELS.share, "most used, last quarter", s.share, s.largest.last, true),
    ...point(PANELS.share, "least used, first step", s.share, s.smallest.first, true),
    ...point(PANELS.share, "least used, last quarter", s.share, s.smallest.last, true),
    ...point(PANELS.drift, "q = √(ρ_B/ρ_D)", s.share, s.q_octaves, false),
    ...point(PANELS.drift, "q = √ρ_B, batch alone", s.share, s.batchAlone_octaves, false),
    ...GROUPS.flatMap((group) => [
      ...point(PANELS.noise, group, s.share, s.noise[group], true),
      ...point(PANELS.ratio, group, s.share, s.ratio[group], true),
    ]),
  ]);
}

/** Bridge II in numbers. */
export function tableOf(all: Sparsity[]): FindingsTable {
  // a noise without signal has no ratio, and one seed no interval
  const cell = (values: number[]) => {
    const found = arithmeticMean(values);
    return Number.isFinite(found.hi) ? found : values.every(Number.isFinite) ? values : null;
  };
  return {
    title: "Bridge II",
    columns: [
      column("configuration"),
      column("a/N"),
      column("most used", "", 2),
      column("least used", "", 2),
      column("|log2 q|", "octaves", 2),
      ...GROUPS.map((group) => column(`noise/signal, ${group}`, "", 2)),
    ],
    rows: all.map((s) => [
      s.configuration,
      s.share,
      cell(s.largest.last),
      cell(s.smallest.last),
      cell(s.q_octaves),
      ...GROUPS.map((group) => cell(s.ratio[group])),
    ]),
    note:
      "most and least used: an expert's share of the tokens over a/N in the last quarter of the steps, mean over blocks; q that nine experts in ten stay within; noise of a batch's gradient over its size, at init. Means over seeds with 95% intervals",
  };
}
