/**
 * A made-up latency record, deterministic, from a formula and not from any machine: time = FLOPs over
 * a rate, plus a cost per expert, per token and per dispatch. It serves to draw and to check what is
 * drawn; no number of it is a result.
 */
import { decidePanels, decideSuite } from "../../lab/judge/decide.ts";
import { findLatency } from "../../lab/latency/findings.ts";
import type { LatencyProfile } from "../../lab/latency/works.ts";
import type { LatencyEvidence } from "../../lab/record/evidence.ts";
import type { Interval } from "../../lab/record/findings.ts";
import { sealed } from "../../lab/record/hash.ts";
import { type BenchRecord, recordSchema, SCHEMA } from "../../lab/record/record.ts";
import { factsOf } from "../../lab/suite.ts";
import { latency } from "../../suites/latency.ts";
import { madeUp } from "../lab/latency/points.ts";

/** A made-up machine. */
export interface MadeUp {
  adapter: string;
  software: boolean;
  /** operations per second of its ceiling */
  ceiling_flops: number;
  /** share of the ceiling that a dense layer reaches */
  efficiency: number;
  /** seconds for each expert and each dispatch */
  expert_s: number;
  dispatch_s: number;
}

/** A slow one, by default. */
export const SLOW: MadeUp = {
  adapter: "made-up software adapter",
  software: true,
  ceiling_flops: 60e9,
  efficiency: 0.4,
  expert_s: 2e-5,
  dispatch_s: 1e-4,
};

/** A fast one. */
export const FAST: MadeUp = {
  adapter: "made-up GPU",
  software: false,
  ceiling_flops: 50e12,
  efficiency: 0.35,
  expert_s: 2e-7,
  dispatch_s: 4e-6,
};

const moe = { experts: 32, active: 4, expertWidth: 64 };

/** Sizes of the made-up record. */
export const SIZES: LatencyProfile = {
  ...latency.profiles.quick,
  width: 256,
  rounds: 9,
  experts: { experts: [8, 16, 32, 64], active: [2, 4, 8], expertWidth: 64 },
  granularity: { experts: 8, active: 2, expertWidth: 256, splits: [1, 2, 4, 8, 16] },
  active: { experts: 32, active: [2, 4, 8, 16], expertWidth: 64 },
  tokensOf: { ...moe, tokens: [128, 512, 2048] },
  widthOf: { ...moe, widths: [64, 128, 256, 512] },
  routingOf: { ...moe, routings: ["uniform", "zipf", "hot", "trained"] },
};

const SLOWER: Record<string, number> = { uniform: 1, zipf: 1.06, hot: 1.31, trained: 1.1 };

const around = (estimate: number, half: number): Interval => ({
  estimate,
  lo: estimate * (1 - half),
  hi: estimate * (1 + 1.3 * half),
});

function evidenceOf(machine: MadeUp): LatencyEvidence {
  const rate = machine.ceiling_flops * machine.efficiency;
  const points = madeUp(
    SIZES,
    ({ ffn, width, tokens, routing }, _, pass) => {
      const hidden = ffn.kind === "moe" ? ffn.active * ffn.expertWidth : ffn.hidden;
      const flops_s = 6 * tokens * width * hidden * (pass === "forward" ? 1 : 3) / rate;
      if (ffn.kind === "dense") return flops_s + 6 * machine.dispatch_s;
      const finer = 1 + 0.6 / Math.sqrt(ffn.expertWidth);
      return flops_s * finer * SLOWER[routing!] + ffn.experts * machine.expert_s +
        12 * machine.dispatch_s;
    },
    0.02,
    machine.ceiling_flops,
  );
  return {
    kind: "latency",
    points,
    roofline: {
      fma_flops: around(machine.ceiling_flops, 0.01),
      read_bytes_s: around(machine.ceiling_flops / 8, 0.02),
      copy_bytes_s: around(machine.ceiling_flops / 11, 0.02),
      storage: machine.software ? "texture" : "buffer",
      warnings: [],
    },
  };
}

/** The record of a made-up machine; `change` overrides top-level fields. It satisfies the schema. */
export function latencyFixture(
  change: Partial<BenchRecord> = {},
  machine: MadeUp = SLOW,
): BenchRecord {
  const evidence = evidenceOf(machine), findings = findLatency(evidence.points, SIZES);
  return recordSchema.parse(sealed({
    schema: SCHEMA,
    createdAt: "2026-11-24T12:00:00.000Z",
    suite: factsOf(latency),
    task: null,
    plan: {
      profile: "quick",
      version: latency.version,
      decided: SIZES,
      hash: "5b1f0c9e77aa41d2",
      exploratory: false,
    },
    environment: {
      adapter: machine.adapter,
      vendor: "nobody",
      architecture: "",
      software: machine.software,
      backend: "vulkan",
      profile: "portable",
      tuning: "none",
      identity: "llvmpipe/software/texture",
      driver: null,
      features: ["timestamp-query"],
      limits: {},
      deno: "2.9.6",
      v8: "15",
      lock: null,
      load: null,
      os: "linux x86_64",
      cpus: 2,
      gitCommit: "0123456789abcdef",
      version: "0.1.0",
      kernelsVersion: "1",
    },
    data: null,
    evidence,
    findings,
    decisions: decidePanels(findings),
    ...decideSuite(findings, false),
    incomplete: false,
    cost: {
      wall_s: 412,
      trainedRuns: 0,
      reusedRuns: 0,
      trainedTokens: 0,
      workers: 1,
      coresBusy: 0.5,
      peakDevice_bytes: null,
      peakRss_bytes: null,
    },
    trust: { canary: { before: "9f0c", after: "9f0c" }, trainedAgain: 0 },
    warnings: ["another process took 12% of a processor while this was timed"],
    ...change,
  }));
}

/** A record of a suite that times layers, with its evidence. */
export type LatencyRecord = BenchRecord & { evidence: LatencyEvidence };

/** {@link latencyFixture} with other points; what was found is found anew. */
export function timedFixture(
  points: (points: LatencyEvidence["points"]) => LatencyEvidence["points"] = (all) => all,
  machine: MadeUp = SLOW,
): LatencyRecord {
  const record = latencyFixture({}, machine) as LatencyRecord;
  const evidence = { ...record.evidence, points: points(record.evidence.points) };
  const findings = findLatency(evidence.points, SIZES), decisions = decidePanels(findings);
  return { ...record, evidence, findings, decisions, ...decideSuite(findings, false) };
}
