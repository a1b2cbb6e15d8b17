/**
 * Measuring a latency suite: roofline → groups that are missing → findings.
 *
 * A group (an MoE ladder and the dense layers beside it) is timed in the same rounds and then one line
 * of `latency.jsonl`; a bench that was stopped goes on with the next group.
 *
 * @module
 */
import { z } from "zod";
import { settle } from "../../kernels/gpu/device.ts";
import { KERNELS_VERSION } from "../../kernels/version.ts";
import { measureRoofline } from "../../model/measure/roofline.ts";
import {
  type LatencyPoint,
  latencyPointSchema,
  type RooflineFacts,
  rooflineSchema,
} from "../record/timed.ts";
import type { Bench, Measured } from "../suite.ts";
import { hashOf } from "../record/hash.ts";
import type { StoreFormat } from "../train/store.ts";
import { findLatency } from "./findings.ts";
import { timeGroup } from "./group.ts";
import { loadOf } from "./load.ts";
import { groupsOf, type LatencyGroup, type LatencyProfile } from "./works.ts";

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

/** A proxy of a group's seconds before any was measured: samples, and warm-up passes. */
function costOf(
  group: LatencyGroup,
  { rounds, sample_s }: LatencyProfile,
  flops_s: number,
): number {
  return group.works.reduce((sum, { ffn, width, tokens }) => {
    const hidden = ffn.kind === "moe" ? ffn.active * ffn.expertWidth : ffn.hidden;
    const once = (group.pass === "forward" ? 6 : 18) * width * hidden * tokens / flops_s;
    return sum + rounds * Math.max(sample_s, once) + 2 * once + Math.max(0.3, once);
  }, 0);
}

/** Runs `body`; what it gives, with the seconds it took. */
async function timed<T>(body: () => Promise<T>): Promise<T & { wall_s: number }> {
  const started = performance.now(), result = await body();
  return { ...result, wall_s: (performance.now() - started) / 1000 };
}

/**
 * Times what the store lacks and judges all of it.
 *
 * @param version of the suite: layers timed under another are timed again
 * @throws the signal's reason when aborted; {LabError} when the disk takes no more
 * @throws {DeviceError} when the GPU refused work
 */
export async function measureLatency(
  version: string,
  profile: LatencyProfile,
  bench: Bench,
): Promise<Measured> {
  const { device, signal } = bench, { rounds, sample_s } = profile;
  const trained = await loadOf(bench.inputs, profile.routingOf);
  const store = bench.open(ITEMS), groups = groupsOf(profile);
  const machine = {
    adapter: device.adapter.description,
    ...device.profile,
    cpus: bench.environment.cpus,
    deno: bench.environment.deno,
    kernels: KERNELS_VERSION,
  };
  const keyOf = (group: LatencyGroup) =>
    hashOf({
      group,
      rounds,
      sample_s,
      machine,
      version,
      trained: group.panel === "routing" ? trained?.shares ?? null : null,
    });
  const rooflineKey = hashOf({ roofline: profile.roofline, machine });
  const missing = () => groups.filter((g) => !store.items.has(keyOf(g)));

  const finished = (): Measured | null => {
    const ceilings = store.items.get(rooflineKey), roofline = ceilings?.roofline;
    if (!ceilings || !roofline) return null;
    const items = groups.flatMap((g) => store.items.get(keyOf(g)) ?? []);
    const points = items.flatMap((item) => item.points), left = groups.length - items.length;
    bench.warn(
      trained
        ? `trained load: ${trained.source}`
        : "no load of a trained router was found, that routing is left out: run activated-experts first, or " +
          "give --histogram",
    );
    for (const what of items.flatMap((item) => item.leftOut)) bench.warn(`left out: ${what}`);
    if (left) bench.warn(`${items.length} of ${groups.length} groups are timed`);
    return {
      evidence: { kind: "latency", points, roofline },
      findings: findLatency(points, profile),
      wall_s: items.reduce((sum, item) => sum + item.wall_s, ceilings.wall_s),
    };
  };
  bench.ifStopped(finished);

  const tell = (label: string, left_s: number | null) =>
    bench.progress({
      label,
      done: groups.length - missing().length,
      planned: groups.length,
      unit: "groups",
      left_s,
    });
  if (!store.items.has(rooflineKey)) {
    tell("ceilings of the adapter", null);
    signal.throwIfAborted();
    const roofline = await timed(async () => ({
      roofline: await measureRoofline(device, profile.roofline ?? {}),
    }));
    store.append({ key: rooflineKey, points: [], leftOut: [], ...roofline });
  }
  const roofline = store.items.get(rooflineKey)!.roofline!;
  const rate = 0.2 * roofline.fma_flops.estimate, measured = { cost: 0, seconds: 0 };
  for (const group of missing()) {
    signal.throwIfAborted();
    const key = keyOf(group), mine = costOf(group, profile, rate);
    const later = missing().reduce((sum, g) => sum + costOf(g, profile, rate), 0);
    const name = `${group.title}, ${group.pass}`;
    const left_s = (share: number) =>
      measured.cost > 0 ? measured.seconds / measured.cost * (later - share * mine) : null;
    tell(name, left_s(0));
    const item = await timed(() =>
      timeGroup(device, group, {
        key,
        roofline,
        rounds,
        sample_s,
        trained: trained?.shares ?? null,
        signal,
        onSample: (share) => tell(`${name}: ${Math.round(100 * share)}%`, left_s(share)),
      })
    );
    store.append({ key, roofline: null, ...item });
    measured.cost += mine;
    measured.seconds += item.wall_s;
    tell(`${name}: 100%`, left_s(1));
  }
  await settle(device);
  return finished()!;
}
