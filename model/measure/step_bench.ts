/**
 * The reference workloads of `deno task bench:kernels`: training steps of both tasks and the three products;
 * grouped products and replicas are in ratio_bench.ts.
 *
 * @module
 */
import { gemm, type Layout } from "../../kernels/gemm/gemm.ts";
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, type Tensor, upload } from "../../kernels/gpu/tensor.ts";
import {
  ratioOf,
  timeInterleaved,
  type TimerOptions,
  timeWork,
  type Timing,
  type Work,
} from "../../kernels/gpu/timer.ts";
import { initialParameters, type InitStd } from "../init.ts";
import { WSD } from "../schedule.ts";
import { layoutOf, type ModelShape } from "../shape.ts";
import { TENSOR_KINDS } from "../../rule/rule.ts";
import type { Task, TaskData } from "../task.ts";
import { diffusion } from "../tasks/diffusion.ts";
import { DIGITS, tokensOf } from "../tasks/image_facts.ts";
import { uploadImages } from "../tasks/images.ts";
import { language } from "../tasks/language.ts";
import { uploadText } from "../tasks/text.ts";
import { Trainer } from "../trainer.ts";

/** A batch of a step. */
type Batch = ConstructorParameters<typeof Trainer>[2];

/** d = 64, L = 2, 4 heads. */
const BASE = { width: 64, depth: 2, headWidth: 16 };
/** 1024 tokens of a text of bytes a step, or as near to it as whole digits come: 21 of 49 patches. */
const BATCHES: Readonly<Record<string, Batch>> = {
  language: { sequences: 16, seq: 64 },
  diffusion: { sequences: 21, seq: tokensOf(DIGITS) },
};

/** FFNs of the models whose steps are timed. */
const FFNS: Readonly<Record<string, ModelShape["ffn"]>> = {
  "dense-h128": { kind: "dense", hidden: 128 },
  "16e4a-h32": {
    kind: "moe",
    experts: 16,
    active: 4,
    expertWidth: 32,
    shared: 0,
    groups: 1,
    gate: "sigmoid",
  },
};

/** What a diffusion step is called beside the language step of equal size. */
export const onImages = (name: string): string => `diffusion-${name}`;

/** Shapes whose step is timed, by name: the language task's, then the diffusion task's of equal size. */
export const STEPS: Readonly<Record<string, ModelShape>> = {
  ...mapped((name) => name, language()),
  ...mapped(onImages, diffusion()),
};

function mapped(called: (name: string) => string, task: Task): Record<string, ModelShape> {
  return Object.fromEntries(
    Object.entries(FFNS).map(([name, ffn]) => [called(name), { ...BASE, task, ffn }]),
  );
}

/** More steps than a timing takes even where one lasts 50 us. */
export const STEPS_OF_A_TIMING = 200_000;
/** Most steps encoded into one submit. */
const SUBMIT = 200;

/** A trainer that frees its data too. */
class StepTrainer extends Trainer {
  constructor(readonly data: TaskData, ...rest: TrainerArguments) {
    super(...rest, data);
  }

  override destroy(): void {
    super.destroy();
    this.data.destroy();
  }
}

type TrainerArguments = ConstructorParameters<typeof Trainer> extends [...infer First, unknown]
  ? First
  : never;

/** Made-up data whose bytes are uniform: a text, or digits of noise. */
function noise(device: Device, task: string): TaskData {
  const { channels, side, classes } = DIGITS, area = channels * side * side;
  const images = task === "diffusion" ? 100 : 0, bytes = new Uint8Array(images * area || 1 << 16);
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  if (!images) return uploadText(device, bytes, bytes.length);
  const labels = Uint8Array.from({ length: images }, (_, i) => i % classes);
  return uploadImages(device, { channels, side, pixels: bytes, labels, trained: images });
}

/** A trainer on made-up data whose bytes are uniform, so that routing is near uniform too. */
export function stepTrainer(
  device: Device,
  shape: ModelShape,
  replicas = 1,
  batch: Batch = BATCHES[shape.task.id],
): Trainer {
  const layout = layoutOf(shape);
  const std = Object.fromEntries(
    TENSOR_KINDS.map((kind) => [kind, kind === "embed" ? 1 : 1 / Math.sqrt(shape.width)]),
  ) as InitStd;
  const hyperParameters = Object.fromEntries(
    TENSOR_KINDS.map((kind) => [kind, { lr: 0.001, weightDecay: 0.1, eps: 1e-8 }]),
  ) as ConstructorParameters<typeof Trainer>[3][number]["hyperParameters"];
  return new StepTrainer(
    noise(device, shape.task.id),
    device,
    shape,
    batch,
    Array.from({ length: replicas }, (_, z) => ({
      seed: z,
      parameters: initialParameters(layout, z, std),
      hyperParameters,
      multipliers: {
        residual: 1,
        outputMultiplier: 1,
        routeScale: shape.ffn.kind === "moe" ? shape.ffn.active : 1,
        logits: 1,
      },
      beta1: 0.9,
      beta2: 0.95,
    })),
    { steps: STEPS_OF_A_TIMING, schedule: WSD, clipNorm: 1, balanceCoef: 0.01, zCoef: 0.001 },
  );
}

/** Seconds from shaders as text to the end of the first step, in a process that compiled nothing yet. */
export async function firstStep(device: Device, shape: ModelShape): Promise<number> {
  const t0 = performance.now(), trainer = stepTrainer(device, shape);
  await trainer.run(1);
  const seconds = (performance.now() - t0) / 1000;
  trainer.destroy();
  return seconds;
}

/** Training steps of a trainer as something to time. */
export function stepsOf(name: string, trainer: Trainer): Work {
  return {
    name,
    async run(n, stamps) {
      // a submit of many steps is cut; timestamps hold for one
      const whole = n <= SUBMIT ? stamps : undefined;
      for (; n > SUBMIT; n -= SUBMIT) await trainer.run(SUBMIT);
      await trainer.run(n, whole);
    },
  };
}

/** Steps of a diffusion model beside those of the language model of equal size. */
export interface TaskRatio {
  /** of the language model in {@link STEPS} */
  name: string;
  /** tokens a second of the diffusion step over those of the language step, paired by round */
  tokensRatio: number;
  /** 95% interval */
  lo: number;
  hi: number;
}

/** Tokens of a step in {@link STEPS}. */
function tokensOfStep(name: string): number {
  const { sequences, seq } = BATCHES[STEPS[name].task.id];
  return sequences * seq;
}

/**
 * Task against task, for every language model of {@link STEPS}.
 *
 * @param steps timings of all steps, taken in the same rounds
 */
export function taskRatios(steps: ReadonlyMap<string, Timing>): TaskRatio[] {
  return Object.keys(FFNS).map((name) => {
    const other = onImages(name), share = tokensOfStep(other) / tokensOfStep(name);
    const { estimate, lo, hi } = ratioOf(steps.get(name)!, steps.get(other)!);
    return { name, tokensRatio: share * estimate, lo: share * lo, hi: share * hi };
  });
}

/** Time of one training step of each named shape, all in the same rounds. */
export async function timeSteps(
  device: Device,
  options: TimerOptions = { samples: 15, sample_s: 0.4 },
): Promise<Map<string, Timing>> {
  const trainers = Object.values(STEPS).map((shape) => stepTrainer(device, shape));
  try {
    const works = Object.keys(STEPS).map((name, i) => stepsOf(name, trainers[i]));
    const timings = await timeInterleaved(device, works, options);
    return new Map(works.map(({ name }, i) => [name, timings[i]]));
  } finally {
    trainers.forEach((trainer) => trainer.destroy());
  }
}

/** Time of one kernel's dispatches in a step. */
export interface KernelTime {
  kernel: string;
  dispatches: number;
  median_s: number;
}

/** Time of each kernel of a step by itself, longest first; their sum is not the step's time. */
export async function timeKernels(device: Device, shape: ModelShape): Promise<KernelTime[]> {
  const trainer = stepTrainer(device, shape), times: KernelTime[] = [];
  await trainer.run(1);
  const names = trainer.program.dispatches.map((d) => d.kernel);
  for (const kernel of new Set(names)) {
    const { median_s } = await timeWork(
      async (repetitions) => {
        trainer.program.submit(repetitions, 0, kernel);
        await settle(device);
      },
      3,
      0.2,
    );
    times.push({ kernel, dispatches: names.filter((n) => n === kernel).length, median_s });
  }
  trainer.destroy();
  return times.sort((a, b) => b.median_s - a.median_s);
}

/** The three layouts. */
export const LAYOUTS: Layout[] = ["NN", "NT", "TN"];

/** Operands of products m x n x k, and their values as the layouts store them. */
export interface Operands {
  m: number;
  n: number;
  k: number;
  /** m k numbers */
  a: Float32Array<ArrayBuffer>;
  /** n k numbers */
  b: Float32Array<ArrayBuffer>;
}

/** Products on the same tensors; sizes are multiples of 4. */
export class Products {
  readonly a: Tensor;
  readonly b: Tensor;
  /** (m, n), the last product's result */
  readonly c: Tensor;
  #device: Device;
  #sizes: Operands;
  #scales: Tensor;
  #programs: Program[] = [];

  constructor(device: Device, operands: Operands) {
    const { m, n, k, a, b } = operands;
    this.#device = device;
    this.#sizes = operands;
    this.a = createTensor(device, "a", "f32x4", m * k / 4);
    this.b = createTensor(device, "b", "f32x4", n * k / 4);
    this.c = createTensor(device, "c", "f32x4", m * n / 4);
    this.#scales = createTensor(device, "scales", "f32", 1);
    upload(device, this.a, a);
    upload(device, this.b, b);
    upload(device, this.#scales, Float32Array.of(1));
  }

  /** The program of one layout's product. */
  add(layout: Layout): Program {
    const { m, n, k } = this.#sizes, program = new Program(this.#device);
    this.#programs.push(program);
    gemm(program, {
      layout,
      rows: m,
      cols: n,
      k,
      replicas: 1,
      a: { tensor: this.a, stride: (layout === "TN" ? m : k) / 4, replica: 0 },
      b: { tensor: this.b, stride: (layout === "NT" ? k : n) / 4, replica: 0 },
      c: { tensor: this.c, stride: n / 4, replica: 0 },
      scales: this.#scales,
      scaleSlot: 0,
      scaleStride: 1,
    });
    return program;
  }

  destroy(): void {
    [this.a, this.b, this.c, this.#scales].forEach(destroyTensor);
    this.#programs.forEach((program) => program.destroy());
  }
}

/** Time of one m x n x k product in each layout, all in the same rounds. */
export async function timeGemms(
  device: Device,
  m: number,
  n: number,
  k: number,
  options: TimerOptions = { samples: 9, sample_s: 0.3 },
): Promise<Record<Layout, Timing>> {
  const products = new Products(device, {
    m,
    n,
    k,
    a: Float32Array.from({ length: m * k }, (_, i) => Math.sin(i)),
    b: Float32Array.from({ length: n * k }, (_, i) => Math.cos(i)),
  });
  const programs = LAYOUTS.map((layout) => products.add(layout));
  try {
    const works = programs.map((program, i): Work => ({
      name: LAYOUTS[i],
      async run(times, stamps) {
        program.submit(times, 0, undefined, stamps);
        await settle(device);
      },
    }));
    const [NN, NT, TN] = await timeInterleaved(device, works, options);
    return { NN, NT, TN };
  } finally {
    products.destroy();
  }
}
