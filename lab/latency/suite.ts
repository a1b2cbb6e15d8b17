/**
 * What a latency suite declares, and the suite that follows from it.
 *
 * @module
 */
import type { SuiteFacts } from "../record/record.ts";
import type { ProfileName, Suite } from "../suite.ts";
import { findLatency } from "./findings.ts";
import { loadOf } from "./load.ts";
import { measureLatency } from "./measure.ts";
import { casesOf, groupsOf, type LatencyProfile } from "./works.ts";

/** A suite's own words and sizes; `measured`, `passesIf` and `control` follow from the sizes. */
export interface LatencyDeclaration
  extends Omit<SuiteFacts, "measured" | "passesIf" | "control" | "options"> {
  /** raised when what it measures or how it judges changes */
  version: string;
  profiles: Record<ProfileName, LatencyProfile>;
}

/** The words that follow from the sizes. */
function wordsOf(
  profiles: Record<ProfileName, LatencyProfile>,
): Pick<SuiteFacts, "measured" | "passesIf" | "control"> {
  const { limits: { capacity, finerOverWider, granularity, wideningShare } } = profiles.paper;
  const each = (of: (p: LatencyProfile) => number) =>
    Object.entries(profiles).map(([name, p]) => `${of(p)} in ${name}`).join(", ");
  return {
    measured: "wall time (s) of forward and of forward + backward, works of a group in the same " +
      `rounds (${each((p) => p.rounds)})`,
    passesIf:
      `at the largest a (${each(({ experts }) => Math.max(...experts.active))}) time at the ` +
      `largest N ≤ ${capacity} × at the smallest; finest experts over coarsest ≤ ${finerOverWider} × widest dense layer of ` +
      "equal parameters over narrowest; dense widening ≥ " +
      `${wideningShare} × the growth in parameters (95% intervals, each ratio paired by round). ` +
      `Judged beside it, deciding nothing: smaller a; finest experts ≤ ${granularity} × the coarsest`,
    control:
      "the narrowest dense layer of equal parameters against the next, in the same rounds, " +
      `judged by capacity's limit (${capacity}), must fail; finer experts at the cost of widening ` +
      "and its last step once more, judged by their own limit, must fail",
  };
}

/** Refuses sizes that the types let through; see {@link defineLatency}. */
function check(id: string, profiles: Record<ProfileName, LatencyProfile>): void {
  for (const [name, p] of Object.entries(profiles)) {
    const bad = (what: string) => new RangeError(`Cannot define ${id}: profile ${name}, ${what}`);
    const { granularity: g, experts: e, limits } = p;
    const uneven = g.splits.find((s) => g.expertWidth % s);
    if (uneven) throw bad(`experts of ${g.expertWidth} do not split by ${uneven}`);
    const [finer, wider] = [g.splits, e.experts].map((n) => Math.max(...n) / Math.min(...n));
    if (wider > finer) {
      throw bad(`experts ${finer} times as fine against a dense layer ${wider} times as wide`);
    }
    if (JSON.stringify(limits) !== JSON.stringify(profiles.paper.limits)) {
      throw bad("other limits than profile paper's: the caption says them once");
    }
    for (const { title, works } of groupsOf(p)) {
      const moe = works.filter((w) => w.ffn.kind === "moe");
      if (moe.length < 2) throw bad(`${title}: one point is no axis`);
      const wrong = moe.find(({ ffn }) => ffn.kind === "moe" && ffn.active > ffn.experts);
      if (wrong) throw bad(`${title}: ${wrong.label} has too few experts`);
    }
  }
}

/**
 * Makes a suite that times feed-forward layers, from its declaration.
 *
 * @throws {RangeError} for experts that do not split, sizes no layer has, a panel of one point, a dense
 *   layer widened further than experts are split, or limits that differ between profiles
 */
export function defineLatency(declared: LatencyDeclaration): Suite<LatencyProfile> {
  const { id, version, profiles } = declared;
  check(id, profiles);
  const worksOf = (name: ProfileName) => groupsOf(profiles[name]);
  return {
    ...wordsOf(profiles),
    ...declared,
    task: null,
    ownRouting: "its routing is part of its claim",
    plan(name) {
      const { rounds, sample_s } = profiles[name], cases = casesOf(worksOf(name));
      const head = `${cases.length} points, ${rounds} rounds of ${sample_s} s samples ` +
        "(panel/series/configuration/tokens/routing/pass)";
      return { decided: { ...profiles[name], cases }, lines: [head, ...cases], trainings: [] };
    },
    estimate(name) {
      const { rounds, sample_s } = profiles[name];
      const works = worksOf(name).reduce((n, group) => n + group.works.length, 0);
      return { jobs: [], other_s: 0, timed_s: 1.4 * works * rounds * sample_s };
    },
    async prepare(name, inputs) {
      if (inputs.histogram !== null) await loadOf(inputs, profiles[name].routingOf);
    },
    refind(name, evidence) {
      if (evidence.kind !== "latency") {
        throw new TypeError(`Cannot find latency in ${evidence.kind}`);
      }
      return findLatency(evidence.points, profiles[name]);
    },
    measure: (name, bench) => measureLatency(version, profiles[name], bench),
    changed: (words, sizes) => defineLatency({ ...declared, ...words, profiles: sizes }),
  };
}
