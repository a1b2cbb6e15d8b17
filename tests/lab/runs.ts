/** A finished run and a record as short as their schema allows. */
import { decide } from "../../lab/judge/decide.ts";
import { sealed } from "../../lab/record/hash.ts";
import { type BenchRecord, type Environment, SCHEMA } from "../../lab/record/record.ts";
import { type Cell, type Run, signed } from "../../lab/record/run.ts";
import type { Placed } from "../../lab/train/job.ts";
import type { TrainingPlan } from "../../lab/train/plan.ts";
import { parseConfiguration } from "../../rule/configuration.ts";

/** A run with this key. */
export function runWith(key: string): Run {
  return signed({
    key,
    cell: {
      panel: "transfer",
      configuration: "16e4a:d=64,L=2,h=16",
      label: "16e4a",
      rule: "complete-mue",
      role: "target",
      swept: "lr",
      log2x: -6,
      seed: 0,
    },
    base: {
      lr: 2 ** -6,
      weightDecay: 0.1,
      eps: 1e-8,
      beta1: 0.9,
      beta2: 0.95,
      initStd: 0.02,
      embedInitStd: 1,
      unembedInitStd: 0,
    },
    rows: { wq: { initStd: 0.02, lr: 0.01, weightDecay: 0.1, eps: 1e-8 } },
    multipliers: { residual: 1, outputMultiplier: 1, routeScale: 1, logits: 1 },
    parameters: 1000,
    steps: 2,
    batchTokens: 512,
    trainLoss: [5.5, 5.1],
    validationLoss: 5,
    divergedAtStep: null,
    expertLoad: null,
    router: null,
    trainZLoss: null,
    wall_s: 1.5,
    replicas: 3,
  });
}

/** A machine as short as its schema allows. */
export const ENVIRONMENT: Environment = {
  adapter: "llvmpipe",
  vendor: "mesa",
  architecture: "",
  software: true,
  backend: "vulkan",
  profile: "core",
  tuning: "none",
  identity: "llvmpipe/software/texture",
  driver: null,
  features: [],
  limits: {},
  deno: "2.9.6",
  v8: "15",
  lock: null,
  load: null,
  os: "linux",
  cpus: 2,
  gitCommit: null,
  version: "0.1.0",
  kernelsVersion: "2",
};

/** A record of one run. */
export function recordOf(run: Run): BenchRecord {
  const text = "as planned";
  return sealed<Omit<BenchRecord, "checksum">>({
    schema: SCHEMA,
    createdAt: "2026-01-01T00:00:00Z",
    suite: {
      id: "activated-experts",
      title: text,
      figure: text,
      claim: text,
      heldFixed: text,
      varied: text,
      measured: text,
      passesIf: text,
      control: text,
      source: text,
    },
    task: { id: "language", loss: { name: "cross-entropy", unit: "nats" } },
    plan: {
      profile: "smoke",
      version: "1",
      decided: { seeds: [0] },
      hash: "0",
      exploratory: false,
    },
    environment: ENVIRONMENT,
    data: {
      name: "sotu",
      hash: "0",
      unit: "tokens",
      trainUnits: 10,
      heldOutUnits: 1,
      licence: "public domain",
      file: null,
    },
    evidence: { kind: "transfer", runs: [run], optima: [] },
    findings: { panels: [], points: [], judgements: [], tables: [], caveats: [] },
    ...decide([]),
    decisions: {},
    incomplete: false,
    cost: {
      wall_s: 1,
      trainedRuns: 1,
      reusedRuns: 0,
      trainedTokens: 1024,
      workers: 1,
      coresBusy: 0.5,
      peakDevice_bytes: 4096,
      peakRss_bytes: null,
    },
    trust: { canary: { before: "0", after: "0" }, trainedAgain: 1 },
    warnings: [],
  });
}

/** A target under complete-mue at a learning rate, log2. */
export const targetCell = (configuration: string, log2x: number, seed: number): Cell => ({
  panel: "p",
  configuration,
  label: configuration,
  rule: "complete-mue",
  role: "target",
  swept: "lr",
  log2x,
  seed,
});

/** A cell with its configurations read. */
export function placed(cell: Cell, plan: Pick<TrainingPlan, "reference">): Placed {
  const from = parseConfiguration(plan.reference);
  return { cell, from, to: parseConfiguration(cell.configuration, from) };
}
