/**
 * What a latency suite declares, and the works that follow from it: layers that are timed in the same
 * rounds stand in one group.
 *
 * @module
 */
import { formatConfiguration, labelOf } from "../../rule/configuration.ts";
import type { ImposedRouting } from "../../model/imposed_routing.ts";
import type { RooflineOptions } from "../../model/measure/roofline.ts";
import {
  LATENCY_PASSES,
  type LatencyLimits,
  type LatencyPanel,
  type LatencyPass,
  type LatencySeries,
} from "../record/latency_record.ts";
import type { SuiteFacts } from "../record/record.ts";
import type { ProfileName } from "../suite.ts";

/** How a plan names the load of the experts. `trained` is measured by another suite. */
export type RoutingName = "uniform" | "zipf" | "hot" | "trained";

/** An MoE layer: N, a, h. */
export interface MoeSize {
  experts: number;
  active: number;
  expertWidth: number;
}

/** A latency suite at one size: every panel varies one thing and holds the others. */
export interface LatencyProfile {
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

/** A latency suite. */
export interface LatencySuite extends SuiteFacts {
  kind: "latency";
  /** raised with every change of the declaration: records of two versions are not compared */
  suiteVersion: string;
  limits: LatencyLimits;
  profiles: Record<ProfileName, LatencyProfile>;
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

const name = (width: number, ffn: LatencyWork["ffn"]) => {
  const c = {
    width,
    depth: 1,
    ffn: ffn.kind === "dense" ? ffn : { ...ffn, shared: 0, groups: 1 },
    batchTokens: null,
    tokens: null,
    headWidth: width % 16 === 0 ? 16 : width,
  };
  return { configuration: formatConfiguration(c), label: labelOf(c) };
};

/** An MoE at a place. */
type Place = MoeSize & { width: number; tokens: number; routing: RoutingName };

/**
 * MoEs and the dense layers beside them; a dense layer wanted twice is timed once.
 *
 * @param parameters whether dense layers of equal parameters are timed too
 */
export function worksOf(places: Place[], parameters: boolean): LatencyWork[] {
  const moe = places.map((p): LatencyWork => {
    const ffn = {
      kind: "moe" as const,
      experts: p.experts,
      active: p.active,
      expertWidth: p.expertWidth,
    };
    return {
      ...name(p.width, ffn),
      width: p.width,
      tokens: p.tokens,
      ffn,
      routing: p.routing,
      roles: [{ series: "moe", matches: null }],
    };
  });
  const dense: LatencyWork[] = [];
  const beside = (series: LatencySeries, hiddenOf: (p: Place) => number) =>
    places.forEach((p, i) => {
      const ffn = { kind: "dense" as const, hidden: hiddenOf(p) }, names = name(p.width, ffn);
      let work = dense.find((w) =>
        w.configuration === names.configuration && w.tokens === p.tokens
      );
      if (!work) {
        work = { ...names, width: p.width, tokens: p.tokens, ffn, routing: null, roles: [] };
        dense.push(work);
      }
      let role = work.roles.find((r) => r.series === series);
      if (!role) work.roles.push(role = { series, matches: [] });
      const { configuration } = moe[i];
      if (!role.matches!.includes(configuration)) role.matches!.push(configuration);
    });
  beside("dense, equal active FLOPs", (p) => p.active * p.expertWidth);
  if (parameters) beside("dense, equal parameters", (p) => p.experts * p.expertWidth);
  return [...moe, ...dense];
}

/** Everything a profile times, in order. Dense layers of equal parameters stand beside the a that is claimed. */
export function groupsOf(p: LatencyProfile): LatencyGroup[] {
  const at = (size: MoeSize, more: Partial<Place> = {}): Place => ({
    experts: size.experts,
    active: size.active,
    expertWidth: size.expertWidth,
    width: p.width,
    tokens: p.tokens,
    routing: "uniform",
    ...more,
  });
  const { granularity: g, active: a, tokensOf: t, widthOf: w } = p;
  const panels: { panel: LatencyPanel; title: string; works: LatencyWork[] }[] = [
    ...p.experts.active.map((active) => ({
      panel: "experts" as const,
      title: `experts, a = ${active}`,
      works: worksOf(
        p.experts.experts.map((experts) => at({ ...p.experts, experts, active })),
        active === Math.max(...p.experts.active),
      ),
    })),
    {
      panel: "granularity",
      title: "granularity",
      works: worksOf(
        g.splits.map((s) =>
          at({ experts: g.experts * s, active: g.active * s, expertWidth: g.expertWidth / s })
        ),
        true,
      ),
    },
    ...(a
      ? [{
        panel: "active" as const,
        title: "activated experts",
        works: worksOf(a.active.map((active) => at({ ...a, active })), true),
      }]
      : []),
    ...(t
      ? [{
        panel: "tokens" as const,
        title: "tokens",
        works: worksOf(t.tokens.map((tokens) => at(t, { tokens })), true),
      }]
      : []),
    ...(w
      ? [{
        panel: "width" as const,
        title: "width",
        works: worksOf(w.widths.map((width) => at(w, { width })), true),
      }]
      : []),
    {
      panel: "routing",
      title: "routing",
      works: worksOf(p.routingOf.routings.map((routing) => at(p.routingOf, { routing })), false),
    },
  ];
  return panels.flatMap((panel) => LATENCY_PASSES.map((pass) => ({ ...panel, pass })));
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

/** The load of a routing's name; `trained` is given. */
export function imposedBy(
  routing: RoutingName | null,
  trained: number[] | null,
): ImposedRouting | null {
  return routing === "trained" ? trained : routing;
}

/**
 * Declares a suite; checks what the types cannot.
 *
 * @throws {RangeError} for experts that do not split, sizes no layer has, or a panel of one point
 */
export function defineLatencySuite(suite: LatencySuite): LatencySuite {
  for (const [profile, p] of Object.entries(suite.profiles)) {
    const bad = (what: string) =>
      new RangeError(`Cannot define ${suite.id}: profile ${profile}, ${what}`);
    const split = p.granularity.splits.find((s) => p.granularity.expertWidth % s);
    if (split) throw bad(`experts of ${p.granularity.expertWidth} do not split by ${split}`);
    for (const { title, works } of groupsOf(p)) {
      const moe = works.filter((w) => w.ffn.kind === "moe");
      if (moe.length < 2) throw bad(`${title}: one point is no axis`);
      const wrong = moe.find(({ ffn }) => ffn.kind === "moe" && ffn.active > ffn.experts);
      if (wrong) throw bad(`${title}: ${wrong.label} has too few experts`);
    }
  }
  return suite;
}
