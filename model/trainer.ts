/**
 * Trains R replicas of one shape in one dispatch stream; everything stays on the device, the host
 * encodes many steps per submit and reads the loss log at the end. What is drawn, what a loss is and what is
 * held out are the task's.
 *
 * @module
 */
import { type Device, settle, UntrustedError } from "../kernels/gpu/device.ts";
import { Program } from "../kernels/gpu/program.ts";
import {
  type Alternating,
  bytesOf,
  createTensor,
  destroyTensor,
  download,
  downloadFloats,
  type Element,
  type Tensor,
  upload,
} from "../kernels/gpu/tensor.ts";
import { logStep } from "../kernels/optimizer/log_step.ts";
import {
  adamw,
  clipNorm,
  clipScratch,
  ratesLength,
  ratesTable,
} from "../kernels/optimizer/optimizer.ts";
import { updateBias } from "../kernels/routing/selection.ts";
import { backward } from "./backward.ts";
import { forward } from "./forward.ts";
import { type Multipliers, Network } from "./network.ts";
import { type RouterFacts, RouterSamples } from "./router_samples.ts";
import { type Schedule, scheduleTable } from "./schedule.ts";
import { BLOCK_FLOATS } from "./layout_builder.ts";
import type { ModelShape } from "./shape.ts";
import type { TensorKind } from "../rule/rule.ts";
import type { TaskData } from "./task.ts";

/** AdamW's hyperparameters of one tensor kind. */
export interface TensorHyperParameters {
  lr: number;
  weightDecay: number;
  eps: number;
}

/** What one replica trains with. */
export interface Replica {
  /** seed of the data order */
  seed: number;
  /** stored parameters, see init.ts */
  parameters: Float32Array;
  hyperParameters: Record<TensorKind, TensorHyperParameters>;
  multipliers: Multipliers;
  beta1: number;
  beta2: number;
}

/** What all replicas of a group share. */
export interface TrainingOptions {
  steps: number;
  schedule: Schedule;
  /** clipping of the global gradient norm; 0: none */
  clipNorm: number;
  balanceCoef: number;
  zCoef: number;
}

/** What the device logged at one step of one replica. */
export interface StepLog {
  /** mean over the step's tokens, in the unit of the task's loss */
  loss: number;
  balanceLoss: number;
  zLoss: number;
  gradNorm: number;
}

/** What every replica was given, as the device holds it. */
interface Given {
  /** betas, hyperparameters and which tensor each part of the parameters is of; before them, what a step writes */
  rates: Float32Array;
  schedule: Float32Array;
  seeds: Uint32Array;
}

/** A group of replicas in training. */
export class Trainer {
  readonly network: Network;
  readonly options: TrainingOptions;
  /** steps done */
  step = 0;
  #device: Device;
  #owned: Tensor[] = [];
  #moments: { m: Alternating; v: Alternating };
  #state: Alternating;
  #log: Tensor;
  #rates: Tensor;
  #schedule: Tensor;
  #seeds: Tensor;
  #data: TaskData | null;
  #program: Program;
  /** what every replica was given, as the device holds it */
  #given: Given;

  /**
   * @param data of the shape's task; null: the caller writes each batch into the task's tensors itself
   * @throws {RangeError} for an impossible shape, no replicas, or data shorter than a sequence
   * @throws {TypeError} for another task's data
   */
  constructor(
    device: Device,
    shape: ModelShape,
    batch: { sequences: number; seq: number },
    replicas: Replica[],
    options: TrainingOptions,
    data: TaskData | null,
  ) {
    if (!replicas.length) throw new RangeError("Cannot train: no replicas given");
    this.#device = device;
    this.options = options;
    this.#data = data;
    const net = this.network = new Network(
      device,
      shape,
      batch.sequences,
      batch.seq,
      replicas.length,
    );
    this.#program = new Program(device);
    const { layout, sizes } = net, n4 = layout.floats / 4, tensors = layout.stored.length;
    const own = (label: string, element: Element, length: number): Tensor => {
      const tensor = createTensor(device, label, element, length);
      this.#owned.push(tensor);
      return tensor;
    };
    const pair = (label: string, element: Element, length: number): Alternating => ({
      pair: [own(`${label}.even`, element, length), own(`${label}.odd`, element, length)],
    });
    const R = replicas.length;
    this.#moments = { m: pair("m", "f32x4", R * n4), v: pair("v", "f32x4", R * n4) };
    this.#state = pair("state", "u32", R);
    this.#log = own("log", "f32x4", R * options.steps);
    this.#rates = own("rates", "f32x4", ratesLength(R, tensors, n4));
    this.#schedule = own("schedule", "f32x4", R * options.steps);
    this.#seeds = own("seeds", "u32", R);
    const partial = own("clip.partial", "f32", R * clipScratch(n4));

    try {
      if (data) net.task.draw(this.#program, data, { seeds: this.#seeds, state: this.#state });
      forward(net, this.#program, true);
      backward(net, this.#program, { balance: options.balanceCoef, z: options.zCoef });
      clipNorm(this.#program, R, { n4, steps: options.steps }, options.clipNorm, {
        g: net.gradient,
        partial,
        schedule: this.#schedule,
        state: this.#state,
        rates: this.#rates,
      });
      adamw(this.#program, R, { n4, tensors }, {
        p: net.parameters,
        m: this.#moments.m,
        v: this.#moments.v,
        g: net.gradient,
        rates: this.#rates,
      });
      logStep(this.#program, sizes, options.steps, net.aux ? shape.depth : 0, {
        loss: net.task.loss,
        clip: this.#rates,
        state: this.#state,
        log: this.#log,
        ...(net.aux ? { aux: net.aux } : {}),
      });
      for (const { routed } of net.blocks) {
        if (!routed?.bias) continue;
        const { routing: { counts }, bias } = routed;
        updateBias(this.#program, sizes, net.router!, { counts, bias });
      }
      this.#given = this.#load(replicas);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** Writes weights, hyperparameters and the step counter of every replica. */
  #load(replicas: Replica[]): Given {
    const { layout } = this.network, tensors = layout.stored.length, R = replicas.length;
    const parameters = new Float32Array(R * layout.floats);
    const schedule = new Float32Array(R * this.options.steps * 4);
    const tensorOf = new Uint32Array(layout.floats / BLOCK_FLOATS);
    layout.stored.forEach((s) =>
      tensorOf.fill(
        s.tensor,
        s.offset / BLOCK_FLOATS,
        Math.ceil((s.offset + s.rows * s.cols) / BLOCK_FLOATS),
      )
    );
    const rates = replicas.map((replica, z) => {
      if (replica.parameters.length !== layout.floats) {
        throw new RangeError(
          `Cannot load replica ${z}: ${replica.parameters.length} floats for a layout of ${layout.floats}`,
        );
      }
      parameters.set(replica.parameters, z * layout.floats);
      const hp = new Float32Array(tensors * 4), { beta1, beta2 } = replica;
      layout.stored.forEach((s) => {
        const { lr, weightDecay, eps } = replica.hyperParameters[s.kind];
        hp.set([lr, weightDecay, eps, 0], s.tensor * 4);
      });
      schedule.set(
        scheduleTable(this.options.schedule, this.options.steps, beta1, beta2),
        z * this.options.steps * 4,
      );
      return { betas: [beta1, 1 - beta1, beta2, 1 - beta2], hp };
    });
    upload(this.#device, this.network.parameters.pair[0], parameters);
    const table = ratesTable(rates, tensors, layout.floats / 4, tensorOf);
    upload(this.#device, this.#rates, table);
    upload(this.#device, this.#schedule, schedule);
    const seeds = Uint32Array.from(replicas, (r) => r.seed);
    upload(this.#device, this.#seeds, seeds);
    upload(this.#device, this.#state.pair[0], new Uint32Array(R));
    this.network.setMultipliers(replicas.map((r) => r.multipliers));
    return { rates: table, schedule, seeds };
  }

  /** Kernels in one training step. */
  get dispatches(): number {
    return this.#program.dispatches.length;
  }

  /** The kernels of one step, in order. */
  get program(): Program {
    return this.#program;
  }

  /**
   * Compares what the device holds of every replica with what it was given and how often it was to train.
   *
   * @throws {DeviceError} naming the replica and what is off
   */
  async verify(): Promise<void> {
    const R = this.network.sizes.replicas, { rates, schedule, seeds } = this.#given;
    const hp = 4 * this.network.layout.stored.length;
    // what is compared, from which of the tensor's words on, and how many are a replica's
    const held: [string, Tensor, Float32Array | Uint32Array, from: number, each: number][] = [
      ["steps", this.#state.pair[this.step & 1], new Uint32Array(R).fill(this.step), 0, 1],
      ["seed", this.#seeds, seeds, 0, 1],
      ["betas", this.#rates, rates.slice(8 * R, 12 * R), 8 * R, 4],
      ["hyperparameters", this.#rates, rates.slice(12 * R, (12 + hp) * R), 12 * R, hp],
      ["tensor", this.#rates, rates.slice((12 + hp) * R), (12 + hp) * R, Infinity],
      ["schedule", this.#schedule, schedule, 0, schedule.length / R],
    ];
    const read = new Map<Tensor, Promise<ArrayBuffer>>();
    for (const [what, tensor, want, from, each] of held) {
      const buffer = read.get(tensor) ?? download(this.#device, tensor);
      read.set(tensor, buffer);
      const words = new Uint32Array(want.buffer);
      const found = new Uint32Array(await buffer).slice(from, from + words.length);
      const at = words.findIndex((word, i) => word !== found[i]);
      if (at < 0) continue;
      const floats = want instanceof Float32Array ? new Float32Array(found.buffer) : found;
      throw new UntrustedError(
        `Cannot trust what replica ${Math.floor(at / each)} of ${R} trained: the device holds ` +
          `${what} ${floats[at]}, it should be ${want[at]}`,
      );
    }
  }

  /** The current weights. */
  get parameters(): Tensor {
    return this.network.parameters.pair[this.step & 1];
  }

  /**
   * Runs `count` steps in one submit; returns when the device has done them.
   *
   * @param stamps timestamps to take around the submit's pass
   * @throws {RangeError} past the last step of the schedule
   * @throws {DeviceError} when the GPU refused work
   */
  async run(count: number, stamps?: GPUComputePassTimestampWrites): Promise<void> {
    if (this.step + count > this.options.steps) {
      throw new RangeError(
        `Cannot run ${count} steps: ${this.options.steps - this.step} of the schedule are left`,
      );
    }
    this.#program.submit(count, (this.step & 1) as 0 | 1, undefined, stamps);
    this.step += count;
    await settle(this.#device);
  }

  /** The log of every replica so far. */
  async log(): Promise<StepLog[][]> {
    const raw = await downloadFloats(this.#device, this.#log);
    return Array.from(
      { length: this.network.sizes.replicas },
      (_, z) =>
        Array.from({ length: this.step }, (_, i) => {
          const at = (z * this.options.steps + i) * 4;
          return {
            loss: raw[at],
            balanceLoss: raw[at + 1],
            zLoss: raw[at + 2],
            gradNorm: raw[at + 3],
          };
        }),
    );
  }

  /**
   * Builds a program with a counter of its own: weights and biases stay where the last step left them while that
   * counter alternates. It holds until the next step is run.
   */
  still(build: () => void): void {
    const { network: net } = this, now = this.step & 1;
    const moving = [net.parameters, ...net.blocks.flatMap((b) => b.routed?.bias ?? [])];
    const pairs = moving.map((m) => m.pair);
    for (const m of moving) m.pair = [m.pair[now], m.pair[now]];
    try {
      build();
    } finally {
      moving.forEach((m, i) => m.pair = pairs[i]);
    }
  }

  /**
   * Mean loss on `batches` batches of held-out data, the same for every replica and configuration, and
   * what the routers did on some of them.
   *
   * @returns per replica: loss in the unit of the task's, load (blocks, experts) summing to the active
   * experts and further facts of the routers; null for dense
   * @throws {TypeError} for a trainer without data
   * @throws {RangeError} when the held-out data has fewer windows
   */
  async evaluate(
    batches: number,
  ): Promise<{ loss: number; load: number[][] | null; router: RouterFacts | null }[]> {
    const data = this.#data, { network: net } = this, { sizes } = net, R = sizes.replicas;
    if (!data) throw new TypeError("Cannot evaluate: the trainer has no data");
    const state: Alternating = {
      pair: [
        createTensor(this.#device, "evaluation.even", "u32", R),
        createTensor(this.#device, "evaluation.odd", "u32", R),
      ],
    };
    const log = createTensor(this.#device, "evaluation.log", "f32x4", R * batches);
    const program = new Program(this.#device);
    let samples: RouterSamples | null = null;
    try {
      this.still(() => {
        net.task.heldOut(program, data, batches, { state });
        forward(net, program, false);
        if (net.router) samples = new RouterSamples(net, program);
        logStep(program, sizes, batches, 0, { loss: net.task.loss, state, log });
      });
    } catch (error) {
      [...state.pair, log].forEach(destroyTensor);
      program.destroy();
      throw error;
    }
    const every = Math.max(1, Math.floor(batches / 8)), taken = samples as RouterSamples | null;
    for (let done = 0; done < batches;) {
      const count = Math.min(every, batches - done);
      program.submit(count, (done & 1) as 0 | 1);
      done += count;
      await taken?.take();
    }
    await settle(this.#device);
    const raw = await downloadFloats(this.#device, log);
    [...state.pair, log].forEach(destroyTensor);
    program.destroy();
    taken?.destroy();
    const routed = taken?.result();
    return Array.from({ length: R }, (_, z) => {
      let sum = 0;
      for (let i = 0; i < batches; i++) sum += raw[(z * batches + i) * 4];
      return {
        loss: sum / batches,
        load: routed?.[z].load ?? null,
        router: routed?.[z].router ?? null,
      };
    });
  }

  /** Device memory held, bytes: the network, moments, tables, log and uniforms; not the data. */
  get bytes(): number {
    const owned = this.#owned.reduce((sum, t) => sum + bytesOf(t), 0);
    return this.network.bytes + owned + this.#program.bytes;
  }

  /** Frees everything but the data. */
  destroy(): void {
    this.network.destroy();
    this.#owned.forEach(destroyTensor);
    this.#program.destroy();
  }
}
