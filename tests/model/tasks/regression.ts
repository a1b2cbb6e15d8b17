/**
 * A second task, for tests alone: from four numbers per token to four numbers per token, of which half is the
 * mean over the whole sequence, before and after. Squared error, bidirectional, no norm before the output, so that
 * nothing of the language task is left: no table of entries, no counts of bytes, no gain of the task's.
 *
 *     x = a winᵀ        v = multiplier · z woutᵀ        loss = mean over tokens and 4 numbers of (v − y)²
 *
 * @module
 */
import { f32, type KernelSpec, u32, vec4, when } from "../../../kernels/gpu/kernel.ts";
import pcg3d from "../../../kernels/pcg3d.wgsl" with { type: "text" };
import drawSource from "./vectors_draw.wgsl" with { type: "text" };
import errorSource from "./squared_error.wgsl" with { type: "text" };
import { ropeTable } from "../../../kernels/attention/attention.ts";
import type { Device } from "../../../kernels/gpu/device.ts";
import type { Program } from "../../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, type Tensor, upload } from "../../../kernels/gpu/tensor.ts";
import { lanes, roundUp, u32s } from "../../../kernels/sizes.ts";
import { normals } from "../../../model/init.ts";
import { rowRuns } from "../../../model/layout_builder.ts";
import type {
  Counters,
  Dataset,
  Task,
  TaskData,
  TaskKernels,
  TaskLayout,
  TaskNetwork,
} from "../../../model/task.ts";
import { SLOT_STRIDE, SLOTS } from "../../../model/workspace.ts";

/** Numbers of a token. */
const FEATURES = 4;

/**
 * The task.
 *
 * @param divergedAbove squared error of a run that counts as diverged
 * @param causal whether a token sees only those before it
 */
export function regression(
  { divergedAbove = 1e4, causal = false }: { divergedAbove?: number; causal?: boolean } = {},
): Task {
  return {
    id: "regression",
    facts: { features: FEATURES, mask: causal ? "causal" : "none" },
    tensors: "language",
    init: {},
    modulated: false,
    ids: false,
    output: "values",
    loss: { name: "squared error", unit: "squares", title: "validation error" },
    divergedAbove,
    causal,
    positions: (seq, headWidth) => ropeTable(seq, headWidth),
    parameters: {
      input(all, { width: d }) {
        const win = all.store("embed", roundUp(d, 4), FEATURES);
        all.name(
          "win",
          "embed",
          [d, FEATURES],
          rowRuns(d, FEATURES, (r) => win.offset + r * FEATURES),
        );
        return { win };
      },
      output(all, { width: d }) {
        const dp = roundUp(d, 4), wout = all.store("unembed", FEATURES, dp);
        all.name(
          "wout",
          "unembed",
          [FEATURES, d],
          rowRuns(FEATURES, d, (r) => wout.offset + r * dp),
        );
        return { wout };
      },
    },
    cost: ({ width }) => ({ work: 2 * width * FEATURES, floats: FEATURES }),
    open: (net) => new RegressionKernels(net),
  };
}

const DRAW: KernelSpec = {
  name: "vectors_draw",
  source: drawSource,
  includes: { pcg3d },
  inputs: { vectors: vec4("first + range"), seeds: u32("R"), state: u32("R") },
  outputs: { a: vec4("R", "rows"), y: vec4("R", "rows") },
  dims: u32s("tokens rows seq first range"),
};

const SQUARED_ERROR: KernelSpec = {
  name: "squared_error",
  source: errorSource,
  inputs: {
    v: vec4("R", "rows"),
    y: vec4("R", "rows"),
    scales: when("GRADIENT", f32("R", "scale_stride")),
  },
  outputs: { loss: f32("R", "rows"), dv: when("GRADIENT", vec4("R", "rows")) },
  dims: u32s("tokens rows scale_slot scale_stride", "inv_tokens"),
};

/** The task on a network. */
class RegressionKernels implements TaskKernels {
  readonly loss: Tensor;
  readonly result: TaskKernels["result"];
  readonly ids = null;
  readonly gains = [];
  readonly modulation = null;
  readonly #layout: TaskLayout;
  /** (R, rows) vec4: what is given, what is wanted, what is predicted, the gradient of that */
  readonly #a: Tensor;
  readonly #y: Tensor;
  readonly #v: Tensor;
  #dv: Tensor | null = null;

  constructor(readonly net: TaskNetwork) {
    const { rows } = net.sizes, row = (name: string) => net.alloc(name, "f32x4", rows);
    this.#a = row("a");
    this.#y = row("y");
    this.#v = row("v");
    this.loss = net.alloc("loss", "f32", rows);
    this.result = { tensor: this.#v, cols: FEATURES, stride: FEATURES };
    this.#layout = net.layout.task;
  }

  #draw(
    program: Program,
    data: TaskData,
    evaluate: boolean,
    at: Counters,
  ): void {
    if (!(data instanceof Vectors)) {
      throw new TypeError(`Cannot draw vectors: the data is for ${data.task}`);
    }
    const { sizes } = this.net, { tokens, rows, seq } = sizes;
    program.add(
      DRAW,
      { vectors: data.tensor, ...at, a: this.#a, y: this.#y },
      {
        tokens,
        rows,
        seq,
        first: evaluate ? data.trainVectors : 0,
        range: evaluate ? data.tensor.length - data.trainVectors : data.trainVectors,
      },
      lanes(tokens, sizes.replicas),
      { EVALUATE: +evaluate },
    );
  }

  draw(program: Program, data: TaskData, at: Counters): void {
    this.#draw(program, data, false, at);
  }

  heldOut(program: Program, data: TaskData, _: number, at: Pick<Counters, "state">): void {
    this.#draw(program, data, true, { state: at.state, seeds: at.state });
  }

  input(program: Program, x: Tensor): void {
    const { net } = this, d = net.layout.width;
    net.product(program, {
      layout: "NT",
      rows: net.sizes.tokens,
      cols: d,
      k: FEATURES,
      a: net.rows(this.#a, FEATURES),
      b: net.weight(this.#layout.win),
      c: net.rows(x, d),
    });
  }

  output(program: Program, z: Tensor, dz: Tensor | null): void {
    const { net } = this, { sizes } = net, d = net.layout.width, { wout } = this.#layout;
    net.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: FEATURES,
      k: d,
      a: net.rows(z, d),
      b: net.weight(wout),
      c: net.rows(this.#v, FEATURES),
    }, SLOTS.output);
    const dv = dz && (this.#dv ??= net.alloc("back.dv", "f32x4", sizes.rows));
    program.add(
      SQUARED_ERROR,
      { v: this.#v, y: this.#y, loss: this.loss, ...(dv ? { scales: net.scales, dv } : {}) },
      {
        tokens: sizes.tokens,
        rows: sizes.rows,
        scale_slot: SLOTS.output,
        scale_stride: SLOT_STRIDE,
        inv_tokens: 1 / sizes.tokens,
      },
      lanes(sizes.tokens, sizes.replicas),
      { GRADIENT: +!!dv },
    );
    if (!dz || !dv) return;
    net.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: d,
      k: FEATURES,
      a: net.rows(dv, FEATURES),
      b: net.weight(wout),
      c: net.rows(dz, d),
    });
    net.product(program, {
      layout: "TN",
      rows: FEATURES,
      cols: d,
      k: sizes.tokens,
      a: net.rows(dv, FEATURES),
      b: net.rows(z, d),
      c: net.weight(wout, "g"),
    });
  }

  inputGradient(program: Program, dx: Tensor): void {
    const { net } = this, d = net.layout.width;
    net.product(program, {
      layout: "TN",
      rows: d,
      cols: FEATURES,
      k: net.sizes.tokens,
      a: net.rows(dx, d),
      b: net.rows(this.#a, FEATURES),
      c: net.weight(this.#layout.win, "g"),
    });
  }
}

/** Vectors on the device; the first are for training. */
class Vectors implements TaskData {
  readonly task = "regression";

  constructor(readonly tensor: Tensor, readonly trainVectors: number) {}

  destroy(): void {
    destroyTensor(this.tensor);
  }
}

/**
 * Normal vectors of a seed as a data set.
 *
 * @param count vectors, a quarter of them held out
 */
export function vectors(task: Task = regression(), count = 4096, seed = 1): Dataset {
  const trainUnits = count - Math.floor(count / 4);
  return {
    task,
    name: `${count} normal vectors`,
    hash: `vectors-${seed}-${count}`,
    licence: "none, made up",
    unit: "vectors",
    trainUnits,
    heldOutUnits: count - trainUnits,
    check({ seq, sequences, evaluationBatches }) {
      const wanted = seq * sequences * evaluationBatches;
      if (count - trainUnits < seq) {
        throw new RangeError(
          `Cannot draw sequences of ${seq} from ${count} normal vectors: ${
            count - trainUnits
          } are held out`,
        );
      }
      return count - trainUnits < wanted ? "held-out vectors repeat" : null;
    },
    upload(device: Device): Vectors {
      const tensor = createTensor(device, "vectors", "f32x4", count);
      upload(device, tensor, normals(seed, "vectors", count * FEATURES));
      return new Vectors(tensor, trainUnits);
    },
  };
}
