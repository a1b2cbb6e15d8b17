/**
 * The reference workloads of `deno task bench:kernels`: two training steps and the three products;
 * grouped products and replicas are in ratio_bench.ts.
 *
 * @module
 */
import { gemm, type Layout } from "../../kernels/gemm/gemm.ts";
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, type Tensor, upload } from "../../kernels/gpu/tensor.ts";
import {
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
import type { TaskData } from "../task.ts";
import { language } from "../tasks/language.ts";
import { uploadText } from "../tasks/text.ts";
import { Trainer } from "../trainer.ts";

/** The language task on bytes, d = 64, L = 2, 4 heads; 16 sequences of 64 tokens a step. */
const BASE = { task: language(), width: 64, depth: 2, headWidth: 16 };
const BATCH = { sequences: 16, seq: 64 };

/** Shapes whose step is timed, by name. */
export const STEPS: Record<string, ModelShape> = {
  "dense-h128": { ...BASE, ffn: { kind: "dense", hidden: 128 } },
  "16e4a-h32": {
    ...BASE,
    ffn: {
      kind: "moe",
      experts: 16,
      active: 4,
      expertWidth: 32,
      shared: 0,
      groups: 1,
      gate: "sigmoid",
    },
  },
};

/** More steps than a timing takes even where one lasts 50 us. */
export const STEPS_OF_A_TIMING = 200_000;
/** Most steps encoded into one submit. */
const SUBMIT = 200;

/** A trainer that frees its text too. */
class StepTrainer extends Trainer {
  constructor(readonly text: TaskData, ...rest: TrainerArguments) {
    super(...rest, text);
  }

  override destroy(): void {
    super.destroy();
    this.text.destroy();
  }
}

type TrainerArguments = ConstructorParameters<typeof Trainer> extends [...infer First, unknown]
  ? First
  : never;

/** A trainer on a made-up text whose bytes are uniform, so that routing is near uniform too. */
export function stepTrainer(
  device: Device,
  shape: ModelShape,
  replicas = 1,
  batch: { sequences: number; seq: number } = BATCH,
): Trainer {
  const bytes = new Uint8Array(1 << 16);
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  const layout = layoutOf(shape);
  const std = Object.fromEntries(
    TENSOR_KINDS.map((kind) => [kind, kind === "embed" ? 1 : 1 / Math.sqrt(shape.width)]),
  ) as InitStd;
  const hyperParameters = Object.fromEntries(
    TENSOR_KINDS.map((kind) => [kind, { lr: 0.001, weightDecay: 0.1, eps: 1e-8 }]),
  ) as ConstructorParameters<typeof Trainer>[3][number]["hyperParameters"];
  return new StepTrainer(
    uploadText(device, bytes, bytes.length),
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

/** Time of one training step of each named shape, all in the same rounds. */
export async function timeSteps(
  device: Device,
  options: TimerOptions = { samples: 9, sample_s: 0.5 },
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
