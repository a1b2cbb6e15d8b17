/**
 * The task seam: what a transformer is trained on, and for. Trainer, network, blocks, AdamW, probe and lab
 * know rows of width d that stand in sequences; everything before the first block and after the last,
 * the data, and what a loss is called are the task's.
 *
 * A {@link Task} is told before there is a device (parameters, names, costs); {@link Task.open} gives its
 * {@link TaskKernels} on one {@link TaskNetwork}, in the order of a step: draw → input → (blocks) → output →
 * (blocks backward) → inputGradient; held-out batches are drawn by heldOut and go through input and output.
 * Data is a {@link Dataset} on the host and a {@link TaskData} on the device.
 *
 * @module
 */
import { type InParameters, vec4s } from "../kernels/sizes.ts";
import type { Device } from "../kernels/gpu/device.ts";
import type { Bound, Program } from "../kernels/gpu/program.ts";
import type { Tensor } from "../kernels/gpu/tensor.ts";
import type { HyperParameters, RuleTask } from "../rule/rule.ts";
import type { LayoutBuilder } from "./layout_builder.ts";
import type { Stored } from "./stored.ts";
import type { Workspace } from "./workspace.ts";

/** Init stds that a task may know better than a plan: fan-ins that no width of the model decides. */
export type OwnInit = "patchInitStd" | "timeInitStd" | "modInitStd";

/** The words for what is minimized. */
export interface Loss {
  /** e.g. `cross-entropy` */
  name: string;
  /** unit of the number, e.g. `nats` */
  unit: string;
  /** what an axis of held-out losses is called, without unit, e.g. `validation loss` */
  title: string;
}

/** Stored tensors of a task by the name the task gave them. */
export type TaskLayout = Readonly<Record<string, Stored>>;

/** What a task's own tensors may depend on. */
export interface TaskSizes {
  /** d, not padded */
  width: number;
  /** blocks */
  depth: number;
}

/**
 * What a task may use of the network it is opened on. Sizes, multipliers, tensors, matrices and products are
 * those of {@link Workspace}.
 */
export interface TaskNetwork extends
  Pick<
    Workspace,
    "device" | "sizes" | "scales" | "alloc" | "allocShared" | "weight" | "rows" | "onto" | "product"
  > {
  readonly layout: {
    readonly shape: TaskSizes;
    /** d, padded: floats of a row of the stream */
    readonly width: number;
    /** the tensors its `parameters` gave */
    readonly task: TaskLayout;
  };
  /** Scratch of the backward pass; a task may write `du` (R, rows, d4) until its `output` ends. */
  readonly scratch: { readonly du: readonly [Tensor, Tensor] };
  /** Where a stored tensor lies in the parameters ("p", unless said) or in their gradient ("g"). */
  inParameters(s: Stored, from?: "p" | "g"): InParameters;
  /** Appends what is summed for entry `i` of the task's `gains`: dy · x · rstd over tokens. */
  gain(program: Program, i: number, t: { x: Tensor; dy: Tensor; rstd: Tensor }): void;
}

/** What a model is trained on, and for. */
export interface Task {
  /** its name in the registry, in plans and records */
  readonly id: string;
  /** whatever else fixes its parameters and arithmetic (e.g. `vocab`); with `id` part of a run's identity */
  readonly facts: Readonly<Record<string, number | string>>;
  /** the tensors it has, as the rules know them */
  readonly tensors: RuleTask;
  /** init std of its own tensors at the reference, where a plan leaves them to the task */
  readonly init: Readonly<Partial<Pick<HyperParameters, OwnInit>>>;
  readonly loss: Loss;
  /** what it makes of the last stream, e.g. `logits` */
  readonly output: string;
  /** a run whose loss exceeds this counts as diverged; Infinity: only one that is not finite */
  readonly divergedAbove: number;
  /** whether a token sees only those before it in its sequence */
  readonly causal: boolean;
  /**
   * Whether it shifts, scales and gates the branches of every block by sequence ({@link Modulation}); else the
   * norms of the blocks have gains.
   */
  readonly modulated: boolean;
  /** whether its tokens have ids, by which a hash can route; see {@link TaskKernels} */
  readonly ids: boolean;
  /**
   * Angles that turn q and k by position.
   *
   * @returns (seq, 2·RV vec4) = [cos | sin] as `ropeTable` gives; {@link unturned} where positions come with the input
   */
  positions(seq: number, headWidth: number): Float32Array;
  /** The tensors it adds to the layout: names, the kinds whose rows of a rule they train with, sizes. */
  readonly parameters: {
    /** before the blocks, what it may have for each of them among it */
    input(all: LayoutBuilder, of: TaskSizes): TaskLayout;
    /** after the blocks, the norm of the last stream among them */
    output(all: LayoutBuilder, of: TaskSizes): TaskLayout;
  };
  /** What it costs a token, for estimates and for how many replicas fit. */
  cost(of: TaskSizes): {
    /** multiply-adds of input and output, forward */
    work: number;
    /** floats of its widest tensor */
    floats: number;
  };
  /** Allocates its tensors on a network (`net.alloc`, which frees them too). */
  open(net: TaskNetwork): TaskKernels;
}

/** Where a step's batch is counted. */
export interface Counters {
  /** (R) u32, the seed of each replica's data order */
  seeds: Bound;
  /** (R) u32, the step; alternates */
  state: Bound;
}

/**
 * A row for each sequence of what its tokens' branches are shifted, scaled and gated by: of every block
 * [shift, scale, gate] of attention, then of the FFN, d each; then what the task keeps for itself.
 */
export interface Modulation {
  /** (R, rows, m4) vec4, written by `input` */
  readonly m: Tensor;
  /** the loss' gradient by m: the network writes the columns of the blocks, the task its own */
  readonly dm: Tensor;
  /** sequences of a step, rounded up to 4 */
  readonly rows: number;
  readonly m4: number;
}

/** A task on one network: the kernels of a step, in their order. R replicas, `rows` rows each, stride d4 vec4. */
export interface TaskKernels {
  /** (R, rows) f32: the loss of each row; a step's loss is their mean over the tokens */
  readonly loss: Tensor;
  /** what it makes of the last stream, by row: `cols` real floats of `stride` */
  readonly result: { tensor: Tensor; cols: number; stride: number };
  /** (R, rows) u32 that a router which picks by hash hashes; null: such a router is refused */
  readonly ids: Bound | null;
  /**
   * Gains of norms over whole rows, d each: the network sums their gradients with those of the blocks. `output`
   * gives what is summed by `net.gain(program, i, …)`, i the index in this list.
   */
  readonly gains: readonly Stored[];
  /** what the blocks are modulated by; null where they have gains */
  readonly modulation: Modulation | null;

  /**
   * Writes a training batch, a function of (seed, step, row) alone.
   *
   * @throws {TypeError} for another task's data
   * @throws {RangeError} when the data is too short for one sequence
   */
  draw(program: Program, data: TaskData, at: Counters): void;
  /**
   * Writes held-out batch number `state` of `batches`: evenly spaced, the same for every replica, seed and shape.
   *
   * @throws {TypeError} for another task's data
   * @throws {RangeError} when the held-out data has fewer windows
   */
  heldOut(program: Program, data: TaskData, batches: number, at: Pick<Counters, "state">): void;
  /** The batch → x (R, rows, d4), the stream the first block reads. */
  input(program: Program, x: Tensor): void;
  /**
   * z (R, rows, d4), the last stream → `result` and `loss`.
   *
   * @param dz (R, rows, d4) given: also the gradient of the mean loss by z, by its own parameters
   *   (into `net.gradient`) and what `gains` need; null: evaluation
   */
  output(program: Program, z: Tensor, dz: Tensor | null): void;
  /** dx (R, rows, d4), the gradient by `input`'s x → the gradients of the parameters before the blocks. */
  inputGradient(program: Program, dx: Tensor): void;
}

/** What a group of runs draws from a data set; fields of a training plan. */
export interface Draws {
  /** tokens per sequence */
  seq: number;
  /** sequences per step */
  sequences: number;
  /** held-out batches a run is validated on */
  evaluationBatches: number;
}

/** Data of a task on the device, for any number of trainers. */
export interface TaskData {
  /** id of the task it is for */
  readonly task: string;
  /** Frees it. */
  destroy(): void;
}

/** Data of a task on the host, with where it came from. */
export interface Dataset {
  /** the task it is for, at its size (for a text of bytes: 256 entries) */
  readonly task: Task;
  readonly name: string;
  /** of all units, in order */
  readonly hash: string;
  readonly licence: string;
  /** the file it was read from, as it was given; absent for built-in data */
  readonly file?: string;
  /** what is counted below, e.g. `tokens` */
  readonly unit: string;
  readonly trainUnits: number;
  readonly heldOutUnits: number;
  /**
   * Whether it is enough for a plan; needs no device.
   *
   * @returns a warning for the record, or null
   * @throws {RangeError} naming the data and the size wanted
   */
  check(draws: Draws): string | null;
  upload(device: Device): TaskData;
}

/** A position table that turns nothing: cos 1, sin 0. */
export function unturned(seq: number, headWidth: number): Float32Array {
  const half = vec4s(headWidth / 2) * 4;
  return Float32Array.from({ length: seq * 2 * half }, (_, i) => +(i % (2 * half) < half));
}
