/**
 * The ratios of `deno task bench:kernels`: grouped products against dense ones of equal active size,
 * and replicas side by side against runs one after the other. Each pair is timed in the same rounds.
 *
 * @module
 */
import { type Device, settle } from "../../kernels/gpu/device.ts";
import type { Interval3 } from "../../kernels/gpu/order_statistics.ts";
import { ratioOf, timeInterleaved, type TimerOptions, type Work } from "../../kernels/gpu/timer.ts";
import { FeedForward, type LayerCase } from "../feed_forward.ts";
import type { ModelShape } from "../shape.ts";
import { language } from "../tasks/language.ts";
import { stepTrainer } from "./step_bench.ts";

/** MoE layers whose grouped products are timed, h = 32: experts and active ones, by name. */
const GROUPED = { "16e4a": [16, 4], "64e8a": [64, 8] } as const;
/** How their tokens pick experts. */
const ROUTINGS = ["uniform", "zipf"] as const;

/** Size of a layer of the grouped products. */
export interface GroupedSize {
  width: number;
  tokens: number;
  expertWidth: number;
}

/** d = 64, 1024 tokens, h = 32. */
export const GROUPED_SIZE: GroupedSize = { width: 64, tokens: 1024, expertWidth: 32 };

/** Grouped products of one configuration and routing. */
export interface GroupedRatio {
  config: keyof typeof GROUPED;
  routing: typeof ROUTINGS[number];
  /** rate of the experts' products as a share of the dense products', percent */
  percentOfDense: number;
  /** 95% interval */
  lo: number;
  hi: number;
  /** time over that with a uniform router, same rounds; null for the uniform router itself */
  timeOverUniform: Interval3 | null;
  /** rows of the experts' tiles without a token, over all their rows */
  paddingShare: number | null;
  warnings: string[];
}

/**
 * The experts' products (forward, dX and dW) as a share of the dense layer's, which has H = a·h and so
 * the same operations. Router, gates and combining are left out: the suite `latency` times those.
 */
export async function timeGrouped(
  device: Device,
  config: keyof typeof GROUPED,
  options: TimerOptions = { samples: 15, sample_s: 0.25 },
  { width, tokens, expertWidth }: GroupedSize = GROUPED_SIZE,
): Promise<GroupedRatio[]> {
  const [experts, active] = GROUPED[config], layers: FeedForward[] = [];
  const make = (ffn: LayerCase["ffn"], routing?: LayerCase["routing"]) => {
    const layer = new FeedForward(device, { width, tokens, ffn, routing }, "forward+backward");
    layers.push(layer);
    return layer;
  };
  try {
    make({ kind: "dense", hidden: active * expertWidth });
    for (const routing of ROUTINGS) make({ kind: "moe", experts, active, expertWidth }, routing);
    const works = layers.map((layer, i): Work => ({
      name: i ? `${config} ${ROUTINGS[i - 1]}` : "dense",
      async run(n, stamps) {
        layer.products.submit(n, 0, undefined, stamps);
        await settle(device);
      },
    }));
    const [dense, ...grouped] = await timeInterleaved(device, works, options);
    const ratios: GroupedRatio[] = [];
    for (const [i, routing] of ROUTINGS.entries()) {
      const { estimate, lo, hi } = ratioOf(dense, grouped[i]);
      ratios.push({
        config,
        routing,
        percentOfDense: 100 * estimate,
        lo: 100 * lo,
        hi: 100 * hi,
        timeOverUniform: i ? ratioOf(grouped[i], grouped[0]) : null,
        paddingShare: await layers[i + 1].paddingShare(),
        warnings: [
          // once: both routings were timed against the same dense samples
          ...(i ? [] : dense.warnings.map((w) => `${config} dense: ${w}`)),
          ...grouped[i].warnings.map((w) => `${config} ${routing}: ${w}`),
        ],
      });
    }
    return ratios;
  } finally {
    layers.forEach((layer) => layer.destroy());
  }
}

/** The configurations of {@link timeGrouped}. */
export const GROUPED_CONFIGS = Object.keys(GROUPED) as (keyof typeof GROUPED)[];

/** d = 32, L = 2, H = 32; 16 sequences of 32 tokens a step. */
const SMALL: ModelShape = {
  task: language(),
  width: 32,
  depth: 2,
  headWidth: 16,
  ffn: { kind: "dense", hidden: 32 },
};
const SMALL_BATCH = { sequences: 16, seq: 32 };

/** Replicas side by side. */
export interface ReplicasRatio {
  replicas: number;
  /** time of a step of all side by side over that of all one after the other */
  timeOverSeparate: number;
  /** 95% interval */
  lo: number;
  hi: number;
  /** seconds of a step of all, side by side and one after the other */
  together_s: number;
  separate_s: number;
  warnings: string[];
}

/**
 * A step of R replicas in one dispatch stream, against R trainers of one replica each, one after the
 * other. The separate ones are submitted without waiting in between: what their runs would lose to R
 * waits instead of one is not counted against them.
 */
export async function timeReplicas(
  device: Device,
  replicas = 8,
  options: TimerOptions = { samples: 15, sample_s: 0.3 },
): Promise<ReplicasRatio> {
  const together = stepTrainer(device, SMALL, replicas, SMALL_BATCH);
  const separate = Array.from(
    { length: replicas },
    () => stepTrainer(device, SMALL, 1, SMALL_BATCH),
  );
  const works: Work[] = [[together], separate].map((trainers, i) => ({
    name: i ? "one after the other" : "side by side",
    async run(n) {
      for (const trainer of trainers) trainer.program.submit(n);
      await settle(device);
    },
  }));
  try {
    const [a, b] = await timeInterleaved(device, works, options);
    const { estimate, lo, hi } = ratioOf(a, b);
    return {
      replicas,
      timeOverSeparate: estimate,
      lo,
      hi,
      together_s: a.median_s,
      separate_s: b.median_s,
      warnings: [a, b].flatMap((t, i) => t.warnings.map((w) => `${works[i].name}: ${w}`)),
    };
  } finally {
    [together, ...separate].forEach((trainer) => trainer.destroy());
  }
}
