/**
 * One bench of the latency suite: roofline → groups that are missing → judgement → record.
 *
 * A group (an MoE ladder and the dense layers beside it) is timed in the same rounds and then one line
 * of `latency.jsonl`; a bench that was stopped goes on with the next group.
 *
 * @module
 */
import { z } from "zod";
import { type Device, DeviceError, settle } from "../../kernels/gpu/device.ts";
import { KERNELS_VERSION } from "../../kernels/version.ts";
import { measureRoofline } from "../../model/measure/roofline.ts";
import type { TrainedLoad } from "./histogram.ts";
import { decideLatency, judgeLatency } from "./latency_judge.ts";
import {
  LATENCY_SCHEMA,
  type LatencyPlan,
  type LatencyPoint,
  latencyPointSchema,
  type LatencyRecord,
  type RooflineFacts,
  rooflineSchema,
} from "../record/latency_record.ts";
import { timeGroup } from "./latency_group.ts";
import { casesOf, groupsOf, type LatencyGroup, type LatencySuite } from "./latency_suite.ts";
import { settlePlan } from "../transfer/lines.ts";
import { hashOf } from "../train/identity.ts";
import type { Environment } from "../record/record.ts";
import { openStoreOf, type StoreFormat } from "../train/store.ts";
import { factsOf, type ProfileName } from "../suite.ts";

/** One line of `latency.jsonl`: the ceilings, or a group. */
interface Item {
  key: string;
  /** null in a group */
  roofline: RooflineFacts | null;
  points: LatencyPoint[];
  /** works that could not be timed, each with its reason */
  leftOut: string[];
  /** what this line cost */
  wall_s: number;
}

const ITEMS: StoreFormat<Item> = {
  file: "latency.jsonl",
  noun: "group",
  lost: "that group is timed again",
  schema: z.object({
    key: z.string(),
    roofline: rooflineSchema.nullable(),
    points: z.array(latencyPointSchema),
    leftOut: z.array(z.string()),
    wall_s: z.number(),
  }),
};

/** What happened, for a progress line. */
export interface LatencyProgress {
  /** what is being timed */
  label: string;
  done: number;
  planned: number;
  /** share of the present group's samples that are taken */
  share: number;
  /** seconds left; null until one group was timed */
  left_s: number | null;
}

/** What to bench and where to put it. */
export interface LatencyOptions {
  suite: LatencySuite;
  profile: ProfileName;
  outDir: string;
  /** load of a trained router; null: those works are left out, and the record says so */
  trained: TrainedLoad | null;
  /** aborted: the running sample ends, what is finished is kept, the record says `incomplete` */
  signal: AbortSignal;
  /** what setting up had to say, for the record */
  warnings?: string[];
  onProgress(progress: LatencyProgress): void;
}

/** The plan of a profile; its hash covers the suite's version and all sizes. */
export function latencyPlanOf(suite: LatencySuite, profileName: ProfileName): LatencyPlan {
  const profile = suite.profiles[profileName];
  const facts = {
    profile: profileName,
    cases: casesOf(groupsOf(profile)),
    rounds: profile.rounds,
    sample_s: profile.sample_s,
    limits: suite.limits,
  };
  const decided = { ...facts, whole: profile, suite: suite.id, suiteVersion: suite.suiteVersion };
  return { ...facts, hash: hashOf(decided), exploratory: false };
}

/** A proxy of a group's seconds before any was measured: samples, and warm-up passes. */
function costOf(group: LatencyGroup, { rounds, sample_s }: LatencyPlan, flopsPerSecond: number) {
  return group.works.reduce((sum, { ffn, width, tokens }) => {
    const hidden = ffn.kind === "moe" ? ffn.active * ffn.expertWidth : ffn.hidden;
    const once = (group.pass === "forward" ? 6 : 18) * width * hidden * tokens / flopsPerSecond;
    return sum + rounds * Math.max(sample_s, once) + 2 * once + Math.max(0.3, once);
  }, 0);
}

/** What a bench leaves: its record (null when not even the roofline was measured), and what ended it. */
export interface LatencyResult {
  record: LatencyRecord | null;
  /** null also after an interruption; then the record is `incomplete` */
  failure: unknown;
}

/**
 * Runs or resumes a bench. What ends it early comes back as `failure` beside the record of what was
 * finished, so that the report is never lost.
 *
 * @returns the record, not written yet
 * @throws {LabError} when the output directory cannot be used
 */
export async function runLatency(
  device: Device,
  environment: Environment,
  options: LatencyOptions,
): Promise<LatencyResult> {
  const { suite, outDir, signal, trained } = options;
  using store = openStoreOf(outDir, ITEMS);
  const plan = settlePlan(
    outDir,
    suite.id,
    latencyPlanOf(suite, options.profile),
    store.items.size > 0,
  );
  const profile = suite.profiles[options.profile], groups = groupsOf(profile);
  const machine = {
    adapter: device.adapter.description,
    ...device.profile,
    cpus: environment.cpus,
    deno: environment.deno,
    kernels: KERNELS_VERSION,
  };
  const keyOf = (group: LatencyGroup) =>
    hashOf({
      group,
      rounds: plan.rounds,
      sample_s: plan.sample_s,
      machine,
      suiteVersion: suite.suiteVersion,
      trained: group.panel === "routing" ? trained?.shares ?? null : null,
    });
  const rooflineKey = hashOf({ roofline: profile.roofline, machine });
  const missing = () => groups.filter((g) => !store.items.has(keyOf(g)));
  let failure: unknown = null, stopped = false;
  const measured = { cost: 0, seconds: 0 };
  try {
    const known = store.items.get(rooflineKey)?.roofline;
    const tell = (label: string, share: number, left_s: number | null) =>
      options.onProgress({
        label,
        done: groups.length - missing().length,
        planned: groups.length,
        share,
        left_s,
      });
    if (!known) {
      tell("ceilings of the adapter", 0, null);
      const t0 = performance.now();
      const roofline = await measureRoofline(device, profile.roofline ?? {});
      const wall_s = (performance.now() - t0) / 1000;
      store.append({ key: rooflineKey, roofline, points: [], leftOut: [], wall_s });
    }
    const roofline = store.items.get(rooflineKey)!.roofline!;
    const rate = 0.2 * roofline.fma_flops.estimate;
    for (const group of missing()) {
      signal.throwIfAborted();
      const t0 = performance.now(), mine = costOf(group, plan, rate);
      const later = missing().reduce((sum, g) => sum + costOf(g, plan, rate), 0);
      const label = `${group.title}, ${group.pass}`, pace = measured.seconds / measured.cost;
      const left = (share: number) => measured.cost > 0 ? pace * (later - share * mine) : null;
      tell(label, 0, left(0));
      const result = await timeGroup(
        device,
        group,
        {
          key: keyOf(group),
          roofline,
          rounds: plan.rounds,
          sample_s: plan.sample_s,
          trained: trained?.shares ?? null,
          signal,
          onSample: (share) => tell(label, share, left(share)),
        },
      );
      const wall_s = (performance.now() - t0) / 1000;
      store.append({ key: keyOf(group), roofline: null, ...result, wall_s });
      measured.cost += mine;
      measured.seconds += wall_s;
      tell(label, 1, measured.seconds / measured.cost * (later - mine));
    }
    await settle(device);
  } catch (error) {
    stopped = true;
    if (!signal.aborted || error !== signal.reason) failure = error;
  }
  const ceilings = store.items.get(rooflineKey), roofline = ceilings?.roofline;
  if (!ceilings || !roofline) return { record: null, failure };
  const items = groups.flatMap((g) => store.items.get(keyOf(g)) ?? []);
  const points = items.flatMap((item) => item.points);
  const incomplete = stopped || items.length < groups.length;
  const judgements = judgeLatency(points, suite.limits, profile);
  const decision = decideLatency(judgements);
  const record: LatencyRecord = {
    schema: LATENCY_SCHEMA,
    createdAt: new Date().toISOString(),
    suite: factsOf(suite),
    suiteVersion: suite.suiteVersion,
    plan,
    environment,
    roofline,
    points,
    judgements,
    verdict: incomplete ? "inconclusive" : decision.verdict,
    reason: incomplete
      ? `stopped before the last group, with ${items.length} of ${groups.length} timed`
      : decision.reason,
    incomplete,
    cost: { wall_s: items.reduce((sum, item) => sum + item.wall_s, ceilings.wall_s) },
    warnings: [
      ...options.warnings ?? [],
      ...store.warnings,
      ...(plan.exploratory
        ? ["the points in this directory were begun under another plan: exploratory"]
        : []),
      trained
        ? `trained load: ${trained.source}`
        : "no load of a trained router was found: that routing is left out",
      ...items.flatMap((item) => item.leftOut.map((what) => `left out: ${what}`)),
      ...failure instanceof DeviceError ? [`the device failed: ${failure.message}`] : [],
    ],
  };
  return { record, failure };
}
