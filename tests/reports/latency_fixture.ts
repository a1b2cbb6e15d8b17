/**
 * A made-up latency record, deterministic, from a formula and not from any machine: time = FLOPs over
 * a rate, plus a cost per expert, per token and per dispatch. It serves to draw and to check what is
 * drawn; no number of it is a result.
 */
import {
  LATENCY_SCHEMA,
  type LatencyJudgement,
  type LatencyPoint,
  type LatencyRecord,
  latencyRecordSchema,
} from "../../lab/record/latency_record.ts";
import type { Interval } from "../../lab/record/record.ts";
import { noise } from "./fixture.ts";

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

interface Layer {
  width: number;
  tokens: number;
  /** null for dense */
  moe: { experts: number; active: number; expertWidth: number } | null;
  hidden: number;
  routing: string | null;
}

const SLOWER_BY_ROUTING: Record<string, number> = {
  uniform: 1,
  zipf: 1.06,
  hot: 1.31,
  trained: 1.1,
};
const PADDED_BY_ROUTING: Record<string, number> = {
  uniform: 0.04,
  zipf: 0.09,
  hot: 0.22,
  trained: 0.11,
};

const BUSIEST_BY_ROUTING: Record<string, number> = { uniform: 1, zipf: 6.2, hot: 8, trained: 1.9 };

function seconds(machine: MadeUp, { moe, routing }: Layer, flops: number): number {
  const rate = machine.ceiling_flops * machine.efficiency;
  const dense = flops / rate + 6 * machine.dispatch_s;
  if (moe === null) return dense;
  const finer = 1 + 0.6 / Math.sqrt(moe.expertWidth);
  const routed = flops / rate * finer * (SLOWER_BY_ROUTING[routing ?? "uniform"] ?? 1);
  return routed + moe.experts * machine.expert_s + 12 * machine.dispatch_s;
}

const nameOf = (width: number, moe: NonNullable<Layer["moe"]>): string =>
  `${moe.experts}e${moe.active}a:d=${width},h=${moe.expertWidth}`;

const around = (estimate: number, half: number): Interval => ({
  estimate,
  lo: estimate * (1 - half),
  hi: estimate * (1 + 1.3 * half),
});

function pointOf(
  machine: MadeUp,
  panel: LatencyPoint["panel"],
  series: LatencyPoint["series"],
  layer: Layer,
  pass: LatencyPoint["pass"],
  beside: { name: string; hidden: number },
): LatencyPoint {
  const { width, tokens, moe, hidden, routing } = layer;
  const passes = pass === "forward" ? 1 : 3;
  const flops = 6 * tokens * width * hidden * passes;
  const label = moe === null ? "dense" : `${moe.experts}e${moe.active}a`;
  const configuration = moe === null ? `dense:d=${width},H=${hidden}` : nameOf(width, moe);
  const key = [panel, series, configuration, tokens, routing, pass].join("/");
  const time = seconds(machine, layer, flops) * passes ** 0.02 * (1 + 0.02 * noise(key));
  const half = 0.012 + 0.008 * (1 + noise(key + "half"));
  const dense = { ...layer, moe: null, hidden: beside.hidden, routing: null };
  const denseTime = seconds(machine, dense, 6 * tokens * width * dense.hidden * passes);
  const rate = around(flops / time / 1e12, half);
  const scaled = (factor: number): Interval => ({
    estimate: rate.estimate * factor,
    lo: rate.lo * factor,
    hi: rate.hi * factor,
  });
  const parameters = 3 * width * (moe === null ? hidden : moe.experts * moe.expertWidth);
  return {
    key,
    group: [panel, beside.name, tokens, pass].join("/"),
    panel,
    series,
    configuration,
    label,
    width,
    tokens,
    experts: moe?.experts ?? null,
    active: moe?.active ?? null,
    expertWidth: moe?.expertWidth ?? null,
    hidden,
    matches: moe === null ? [beside.name] : null,
    parameters,
    routing,
    pass,
    time_s: around(time, half),
    samples_s: [time * (1 - half), time, time * (1 + half)],
    device_s: machine.software ? null : time * 0.97,
    compile_s: 0.4,
    flops,
    routerFlops: moe === null ? 0 : 2 * tokens * width * moe.experts * passes,
    tflops: rate,
    bytes: 4 * passes * (parameters + tokens * (2 * width + 3 * hidden)),
    percentOfDense: moe === null && hidden === beside.hidden
      ? { estimate: 100, lo: 100, hi: 100 }
      : around(100 * denseTime / time, 1.4 * half),
    percentOfCeiling: scaled(1e14 / machine.ceiling_flops),
    paddingShare: moe === null ? null : PADDED_BY_ROUTING[routing ?? "uniform"] ?? 0,
    busiestOverMean: moe === null ? null : BUSIEST_BY_ROUTING[routing ?? "uniform"] ?? 1,
    dispatches: (moe === null ? 4 : 9) * passes,
    warnings: key.endsWith("hot/forward") ? ["the clock drifted by 4% while this was timed"] : [],
  };
}

interface Case {
  panel: LatencyPoint["panel"];
  experts: number;
  active: number;
  expertWidth: number;
  width?: number;
  tokens?: number;
  routing?: string;
}

const CASES: Case[] = [
  ...[2, 4, 8].flatMap((active) =>
    [8, 16, 32, 64].map((experts) => ({
      panel: "experts" as const,
      experts,
      active,
      expertWidth: 64,
    }))
  ),
  ...[2, 4, 8, 16, 32].map((g) => ({
    panel: "granularity" as const,
    experts: 4 * g,
    active: g,
    expertWidth: 512 / g,
  })),
  ...[2, 4, 8, 16].map((active) => ({
    panel: "active" as const,
    experts: 32,
    active,
    expertWidth: 64,
  })),
  ...[128, 512, 2048].map((tokens) => ({
    panel: "tokens" as const,
    experts: 32,
    active: 4,
    expertWidth: 64,
    tokens,
  })),
  ...[64, 128, 256, 512].map((width) => ({
    panel: "width" as const,
    experts: 32,
    active: 4,
    expertWidth: 64,
    width,
  })),
  ...["uniform", "zipf", "hot", "trained"].map((routing) => ({
    panel: "routing" as const,
    experts: 32,
    active: 4,
    expertWidth: 64,
    routing,
  })),
];

function pointsOf(machine: MadeUp): LatencyPoint[] {
  const points = new Map<string, LatencyPoint>();
  for (const { panel, width = 256, tokens = 1024, routing = "uniform", ...moe } of CASES) {
    for (const pass of ["forward", "forward+backward"] as const) {
      const hidden = moe.active * moe.expertWidth;
      const beside = { name: nameOf(width, moe), hidden };
      const dense = { width, tokens, moe: null, routing: null };
      const make = (series: LatencyPoint["series"], layer: Layer) => {
        const point = pointOf(machine, panel, series, layer, pass, beside);
        const known = points.get(point.key);
        if (known === undefined) points.set(point.key, point);
        else known.matches?.push(beside.name);
      };
      make("moe", { width, tokens, moe, hidden, routing });
      make("dense, equal active FLOPs", { ...dense, hidden });
      if (panel === "experts") {
        make("dense, equal parameters", { ...dense, hidden: moe.experts * moe.expertWidth });
      }
    }
  }
  return [...points.values()];
}

const JUDGEMENTS: LatencyJudgement[] = [
  {
    claim: "capacity",
    quantity: "time of 64e8a over 8e8a, forward+backward",
    ratio: { estimate: 1.08, lo: 1.05, hi: 1.12 },
    limit: 1.25,
    verdict: "pass",
    reason: "The interval lies below the limit",
  },
  {
    claim: "granularity",
    quantity: "time of 128e32a over 8e2a, forward+backward",
    ratio: { estimate: 1.41, lo: 1.22, hi: 1.63 },
    limit: 1.6,
    verdict: "inconclusive",
    reason: "The limit lies inside the interval",
  },
  {
    claim: "widening",
    quantity: "time of dense H = 4096 over dense H = 512, forward+backward",
    ratio: { estimate: 7.4, lo: 7.1, hi: 7.8 },
    limit: 4,
    verdict: "pass",
    reason: "The interval lies above the limit",
  },
  {
    claim: "widening",
    quantity: "time of dense H = 4096 over dense H = 256, forward+backward",
    ratio: null,
    limit: 8,
    verdict: "inconclusive",
    reason: "The narrower layer was not timed",
  },
  {
    claim: "control",
    quantity: "time of dense H = 4096 over dense H = 512, forward+backward",
    ratio: { estimate: 7.4, lo: 7.1, hi: 7.8 },
    limit: 1.25,
    verdict: "fail",
    reason: "The interval lies above the limit",
  },
];

/** The record of a made-up machine; `change` overrides top-level fields. It satisfies the schema. */
export function latencyFixture(
  change: Partial<LatencyRecord> = {},
  machine: MadeUp = SLOW,
): LatencyRecord {
  const points = pointsOf(machine);
  const record: LatencyRecord = {
    schema: LATENCY_SCHEMA,
    createdAt: "2026-11-24T12:00:00.000Z",
    suite: {
      id: "latency",
      title: "Latency of the MoE layer",
      figure: "Fig. 7",
      claim:
        "capacity costs almost nothing, granularity a little, widening the dense layer a lot of time",
      heldFixed: "width, tokens, activated experts, expert width, float32",
      varied: "experts, granularity, activated experts, tokens, width, routing",
      measured: "milliseconds per pass of one SwiGLU layer, median and 95% interval",
      passesIf: "the interval of each ratio lies on its side of the limit",
      control: "the dense layer of equal parameters, which must be slow",
      source: "arXiv 2605.23893, Fig. 7",
    },
    suiteVersion: "1",
    plan: {
      profile: "quick",
      cases: points.map((point) => point.key),
      rounds: 9,
      sample_s: 0.1,
      limits: { capacity: 1.25, granularity: 1.6, wideningShare: 0.5 },
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
      features: ["timestamp-query"],
      deno: "2.9.6",
      os: "linux x86_64",
      cpus: 2,
      gitCommit: "0123456789abcdef",
      version: "0.1.0",
    },
    roofline: {
      fma_flops: around(machine.ceiling_flops, 0.01),
      read_bytes_s: around(machine.ceiling_flops / 8, 0.02),
      copy_bytes_s: around(machine.ceiling_flops / 11, 0.02),
      storage: machine.software ? "texture" : "buffer",
      warnings: [],
    },
    points,
    judgements: JUDGEMENTS,
    verdict: "inconclusive",
    reason: "Capacity and widening hold; granularity's limit lies inside its interval",
    incomplete: false,
    cost: { wall_s: 412 },
    warnings: ["another process took 12% of a processor while this was timed"],
    ...change,
  };
  return latencyRecordSchema.parse(record);
}
