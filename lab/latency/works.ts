/**
 * The size of a latency suite, and the works that follow from it: layers that are timed in the same
 * rounds stand in one group.
 *
 * @module
 */
import { formatConfiguration, labelOf } from "../../rule/configuration.ts";
import type { RooflineOptions } from "../../model/measure/roofline.ts";
import {
  LATENCY_PASSES,
  type LatencyPanel,
  type LatencyPass,
  type LatencySeries,
} from "../record/timed.ts";

/** How a plan names the load of the experts. `trained` is measured by another suite. */
export type RoutingName = "uniform" | "zipf" | "hot" | "trained";

/** An MoE layer: N, a, h. */
export interface MoeSize {
  experts: number;
  active: number;
  expertWidth: number;
}

/** What ratios of times may be. */
export interface LatencyLimits {
  /** most that the largest N may take over the smallest */
  capacity: number;
  /** most that the finest experts over the coarsest may be of the widest dense layer over the narrowest */
  finerOverWider: number;
  /** most that the finest experts were to take over the coarsest until version 4; shown, decides nothing */
  granularity: number;
  /** least share of its growth in parameters that a widened dense layer must cost */
  wideningShare: number;
}

/** A latency suite at one size: every panel varies one thing and holds the others. */
export interface LatencyProfile {
  limits: LatencyLimits;
  /** d and tokens wherever they are not varied */
  width: number;
  tokens: number;
  /** rounds per group, one sample of every work each */
  rounds: number;
  /** seconds of a sample */
  sample_s: number;
  /** how the ceilings are measured; null: as `deno task bench roofline` does */
  roofline: RooflineOptions | null;
  /** N grows at fixed a and h, one group per a */
  experts: { experts: number[]; active: number[]; expertWidth: number };
  /** experts are split: N and a times, h divided by each of `splits` */
  granularity: MoeSize & { splits: number[] };
  /** a grows at fixed N and h; null: not at this size */
  active: { experts: number; active: number[]; expertWidth: number } | null;
  /** one MoE at several numbers of tokens, in several widths, under several loads */
  tokensOf: (MoeSize & { tokens: number[] }) | null;
  widthOf: (MoeSize & { widths: number[] }) | null;
  routingOf: MoeSize & { routings: RoutingName[] };
}

/** One layer to be timed, and what it stands for. */
export interface LatencyWork {
  configuration: string;
  label: string;
  width: number;
  tokens: number;
  ffn: { kind: "dense"; hidden: number } | ({ kind: "moe" } & MoeSize);
  /** null for dense */
  routing: RoutingName | null;
  /** series it is a point of; a dense layer also names the MoEs it stands beside */
  roles: { series: LatencySeries; matches: string[] | null }[];
}

/** Works timed in the same rounds. */
export interface LatencyGroup {
  panel: LatencyPanel;
  pass: LatencyPass;
  /** for a progress line, e.g. `experts, a = 2` */
  title: string;
  works: LatencyWork[];
}

/** Configuration and label of a layer. */
function named(width: number, ffn: LatencyWork["ffn"]): { configuration: string; label: string } {
  const c = {
    width,
    depth: 1,
    ffn: ffn.kind === "dense" ? ffn : { ...ffn, shared: 0, groups: 1 },
    batchTokens: null,
    tokens: null,
    headWidth: width % 16 === 0 ? 16 : width,
  };
  return { configuration: formatConfiguration(c), label: labelOf(c) };
}

/** An MoE at a place. */
type Place = MoeSize & { width: number; tokens: number; routing: RoutingName };

/**
 * MoEs and the dense layers beside them; a dense layer wanted twice is timed once.
 *
 * @param parameters whether dense layers of equal parameters are timed too
 */
export function worksOf(places: Place[], parameters: boolean): LatencyWork[] {
  const moe = places.map((
    { width, tokens, routing, experts, active, expertWidth },
  ): LatencyWork => {
    const ffn = { kind: "moe" as const, experts, active, expertWidth };
    const roles = [{ series: "moe" as const, matches: null }];
    return { ...named(width, ffn), width, tokens, ffn, routing, roles };
  });
  const dense = new Map<string, LatencyWork>();
  const beside = (series: LatencySeries, hiddenOf: (p: Place) => number) =>
    places.forEach((p, i) => {
      const { width, tokens } = p, ffn = { kind: "dense" as const, hidden: hiddenOf(p) };
      const names = named(width, ffn), key = `${names.configuration}, ${tokens}`;
      const work = dense.get(key) ?? { ...names, width, tokens, ffn, routing: null, roles: [] };
      dense.set(key, work);
      let role = work.roles.find((r) => r.series === series);
      if (!role) work.roles.push(role = { series, matches: [] });
      const { configuration } = moe[i];
      if (!role.matches!.includes(configuration)) role.matches!.push(configuration);
    });
  beside("dense, equal active FLOPs", (p) => p.active * p.expertWidth);
  if (parameters) beside("dense, equal parameters", (p) => p.experts * p.expertWidth);
  return [...moe, ...dense.values()];
}

/** Everything a profile times, in order. Dense layers of equal parameters stand beside the a that is claimed. */
export function groupsOf(p: LatencyProfile): LatencyGroup[] {
  const groups = (
    panel: LatencyPanel,
    title: string,
    sizes: (MoeSize & Partial<Place>)[],
    parameters = true,
  ): LatencyGroup[] => {
    const places = sizes.map(({ experts, active, expertWidth, ...at }): Place => ({
      experts,
      active,
      expertWidth,
      width: at.width ?? p.width,
      tokens: at.tokens ?? p.tokens,
      routing: at.routing ?? "uniform",
    }));
    const works = worksOf(places, parameters);
    return LATENCY_PASSES.map((pass) => ({ panel, pass, title, works }));
  };
  const { experts: e, granularity: g, active: a, tokensOf: t, widthOf: w, routingOf: r } = p;
  return [
    ...e.active.flatMap((active) =>
      groups(
        "experts",
        `experts, a = ${active}`,
        e.experts.map((experts) => ({ ...e, experts, active })),
        active === Math.max(...e.active),
      )
    ),
    ...groups("granularity", "granularity", g.splits.map((s) => split(g, s))),
    ...a ? groups("active", "activated experts", a.active.map((active) => ({ ...a, active }))) : [],
    ...t ? groups("tokens", "tokens", t.tokens.map((tokens) => ({ ...t, tokens }))) : [],
    ...w ? groups("width", "width", w.widths.map((width) => ({ ...w, width }))) : [],
    ...groups("routing", "routing", r.routings.map((routing) => ({ ...r, routing })), false),
  ];
}

/** The MoE whose experts are each split into so many. */
export function split({ experts, active, expertWidth }: MoeSize, by: number): MoeSize {
  return { experts: experts * by, active: active * by, expertWidth: expertWidth / by };
}

/** `panel/series/configuration/tokens/routing/pass` of every point, in order. */
export function casesOf(groups: LatencyGroup[]): string[] {
  return groups.flatMap(({ panel, pass, works }) =>
    works.flatMap((w) =>
      w.roles.map(({ series }) =>
        [panel, series, w.configuration, w.tokens, w.routing ?? "-", pass].join("/")
      )
    )
  );
}
