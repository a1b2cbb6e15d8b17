/**
 * Panels and tables of what experts follow.
 *
 * @module
 */
import type { FindingsTable, Panel, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { meanInterval } from "../statistics/paired.ts";
import { mean } from "../statistics/resample.ts";
import { type Choice, type Choices, evenness, NAMES, over, VARIABLES } from "./expert_choice.ts";

/** Names of the panels. */
export const PANELS = {
  bits: "information",
  before: "untrained",
  load: "balance",
  bins: "load by t",
};

/** The block whose choice follows time the most, from 0. */
const mostTimed = (blocks: readonly Choice[]) =>
  blocks.reduce((best, c, l) => c.bits.time > blocks[best].bits.time ? l : best, 0);

/** Most experts that are drawn, as many as there are colours. */
const DRAWN = 8;

/** The experts whose load spans most over the bins, from 0, in their order. */
function mostMoved(loads: readonly number[][]): number[] {
  const span = (e: number) => {
    const own = loads.map((load) => load[e]);
    return Math.max(...own) - Math.min(...own);
  };
  const experts = (loads[0] ?? []).map((_, e) => e);
  return experts.toSorted((a, b) => span(b) - span(a)).slice(0, DRAWN).sort((a, b) => a - b);
}

/**
 * Panels and points.
 *
 * @param limit of what is told, bits
 */
export function drawChoices(
  { trained, untrained }: Choices,
  { seeds, limit }: { seeds: readonly number[]; limit: number },
): { panels: Panel[]; points: Point[] } {
  const x = { title: "block", scale: "linear" } as const, points: Point[] = [];
  const line = (panel: string, name: string, l: number, values: number[]) =>
    points.push(pointOf(panel, name, l + 1, mean(values), meanInterval(values)));
  const runs = trained.flatMap(({ blocks }) => blocks ? [blocks] : []);
  const states = [[PANELS.bits, "trained", runs], [PANELS.before, "untrained", untrained]] as const;
  for (const [panel, state, of] of states) {
    (of[0] ?? []).forEach((_, l) => {
      for (const name of VARIABLES) line(panel, NAMES[name], l, of.map((b) => b[l].bits[name]));
      line(PANELS.load, state, l, of.map((b) => b[l].variation));
    });
  }
  const first = trained[0].blocks, block = first ? mostTimed(first) : 0;
  const loads = first?.[block].loadByTime ?? [], shown = mostMoved(loads.map(({ load }) => load));
  for (const { time, load } of loads) {
    for (const e of shown) points.push(pointOf(PANELS.bins, `expert ${e + 1}`, time, load[e]));
  }
  const told = { title: "what a pick of an expert tells, bits", scale: "linear" } as const;
  return {
    panels: [
      panelOf({
        name: PANELS.bits,
        title: "After training",
        chart: "information",
        x,
        y: told,
        rules: [{ y: limit, label: "limit" }],
      }),
      panelOf({
        name: PANELS.before,
        title: "Before the first step",
        chart: "information",
        decides: false,
        x,
        y: told,
      }),
      panelOf({
        name: PANELS.load,
        title: "How uneven the load is",
        chart: "balance",
        x,
        y: { title: "standard deviation of the experts' load over its mean", scale: "log2" },
      }),
      panelOf({
        name: PANELS.bins,
        title: `Experts of block ${block + 1} whose load moves most with t, seed ${seeds[0]}`,
        chart: "load-by-time",
        decides: false,
        x: { title: "t, mean of as many images each (0: image, 1: noise)", scale: "linear" },
        y: { title: "share of the picks over the even share 1/N", scale: "linear" },
        rules: [{ y: 1, label: "even" }],
      }),
    ],
    points,
  };
}

/** Means over models, a line per block. */
export function blocksTable({ trained, untrained }: Choices): FindingsTable {
  const states = [["trained", trained.map(({ blocks }) => blocks)], [
    "untrained",
    untrained,
  ]] as const;
  return {
    title: "What a pick tells, block by block",
    columns: [
      column("models"),
      column("block", "", 0),
      ...VARIABLES.map((v) => column(NAMES[v], "bits", 3)),
      column("variation of the load", "", 3),
    ],
    rows: states.flatMap(([name, of]) =>
      untrained[0].map((_, l) => {
        const known = of.flatMap((blocks) => blocks ? [blocks[l]] : []);
        const cell = (value: (c: Choice) => number) =>
          known.length === of.length ? meanInterval(known.map(value)) : null;
        return [
          name,
          l + 1,
          ...VARIABLES.map((v) => cell((c) => c.bits[v])),
          cell((c) => c.variation),
        ];
      })
    ),
    note:
      "Mean over the models with its 95% interval. What permuted labels tell on average is taken off everywhere, so that 0 is nothing. Variation: standard deviation of the experts' load over its mean.",
  };
}

/** Every seed that is trained. */
export function seedsTable(
  { trained }: Choices,
  unit: string,
  seeds: readonly number[],
): FindingsTable {
  return {
    title: "Every seed",
    columns: [
      column("seed", "", 0),
      column("training loss at the end", unit, 3),
      ...VARIABLES.map((v) => column(NAMES[v], "bits", 3)),
      column("variation of the load, block by block", "", 2),
      column("its change over depth", "octaves", 2),
    ],
    rows: trained.map(({ blocks, loss }, k) => [
      seeds[k],
      loss,
      ...VARIABLES.map((v) => blocks && over(blocks, (c) => c.bits[v])),
      blocks && blocks.map((c) => c.variation),
      blocks && evenness(blocks),
    ]),
    note: "Bits are means over the blocks.",
  };
}
