/**
 * The language task: the next of `vocab` entries from those before it in its sequence.
 *
 *     x = embed[token]        logits = multiplier · rms_norm(z, norm) unembedᵀ
 *     loss = mean over tokens of logsumexp(logits) − logits[target], nats
 *
 * Causal attention, rotary positions. Equations as in fixtures/parity/README.md; where the tokens come
 * from is in text.ts.
 *
 * @module
 */
import { ropeTable } from "../../kernels/attention/attention.ts";
import type { Program } from "../../kernels/gpu/program.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { rmsNorm, rmsNormBackward } from "../../kernels/norm/norm.ts";
import { roundUp, vec4s } from "../../kernels/sizes.ts";
import { embed, embedBackward } from "../../kernels/text/embedding.ts";
import { crossEntropy } from "../../kernels/text/loss.ts";
import { type LayoutBuilder, rowRuns } from "../layout_builder.ts";
import type { Network } from "../network.ts";
import type {
  Counters,
  Dataset,
  Task,
  TaskData,
  TaskKernels,
  TaskLayout,
  TaskNetwork,
} from "../task.ts";
import { SLOT_STRIDE, SLOTS } from "../workspace.ts";
import { checkText, drawHeldOut, drawTraining, type Text, uploadText } from "./text.ts";

/** Entries of a task on bytes. */
export const BYTES = 256;

/** The language task of some vocabulary. */
export interface Language extends Task {
  readonly facts: { readonly vocab: number };
}

/** `vocab` rows of width d, those of the padding zero. */
function table(
  all: LayoutBuilder,
  name: "embed" | "unembed",
  vocab: number,
  stored: number,
  d: number,
) {
  const dp = roundUp(d, 4), made = all.store(name, stored, dp);
  all.name(name, name, [vocab, d], rowRuns(vocab, d, (r) => made.offset + r * dp));
  return made;
}

/**
 * The task for a vocabulary.
 *
 * @param vocab entries, 2 or more; {@link BYTES} for text as it is
 * @throws {RangeError} for fewer than 2, or a number that is not whole
 */
export function language(vocab: number = BYTES): Language {
  if (!Number.isInteger(vocab) || vocab < 2) {
    throw new RangeError(`Cannot build the model: vocab = ${vocab} is not a whole number >= 2`);
  }
  return {
    id: "language",
    facts: { vocab },
    tensors: "language",
    init: {},
    output: "logits",
    loss: { name: "cross-entropy", unit: "nats", title: "validation loss" },
    divergedAbove: Infinity,
    causal: true,
    modulated: false,
    ids: true,
    positions: (seq, headWidth) => ropeTable(seq, headWidth),
    parameters: {
      input: (all, { width: d }) => ({ embed: table(all, "embed", vocab, vocab, d) }),
      output: (all, { width: d }) => ({
        norm: all.vector("norm", "norm", d, roundUp(d, 4)),
        unembed: table(all, "unembed", vocab, roundUp(vocab, 4), d),
      }),
    },
    cost: ({ width }) => ({ work: width * vocab, floats: roundUp(vocab, 4) }),
    open: (net) => new LanguageKernels(net, vocab),
  };
}

/** The language task on a network. */
export class LanguageKernels implements TaskKernels {
  /** (R, rows) u32 */
  readonly tokens: Tensor;
  /** (R, rows) u32, the entry after each token */
  readonly targets: Tensor;
  /** (R, rows, vec4s(vocab)) vec4, the multiplier included */
  readonly logits: Tensor;
  /** nats */
  readonly loss: Tensor;
  readonly result: TaskKernels["result"];
  readonly gains: TaskKernels["gains"];
  readonly modulation = null;
  /** the last norm's output (R, rows, d4) vec4 and factor (R, rows) */
  readonly #final: { u: Tensor; rstd: Tensor };
  readonly #layout: TaskLayout;
  #backward: { dlogits: Tensor; first: Tensor; order: Tensor } | null = null;

  constructor(readonly net: TaskNetwork, readonly vocab: number) {
    const { rows } = net.sizes, stride = roundUp(vocab, 4);
    this.tokens = net.alloc("tokens", "u32", rows);
    this.targets = net.alloc("targets", "u32", rows);
    this.logits = net.alloc("logits", "f32x4", rows * stride / 4);
    this.loss = net.alloc("loss", "f32", rows);
    this.#final = {
      u: net.alloc("u", "f32x4", rows * net.layout.width / 4),
      rstd: net.alloc("rstd", "f32", rows),
    };
    this.result = { tensor: this.logits, cols: vocab, stride };
    this.#layout = net.layout.task;
    this.gains = [this.#layout.norm];
  }

  get ids(): Tensor {
    return this.tokens;
  }

  /** Tensors only the backward pass needs; made on first use. */
  get #scratch() {
    const { net, vocab } = this, { rows } = net.sizes;
    return this.#backward ??= {
      dlogits: net.alloc("back.dlogits", "f32x4", rows * vec4s(vocab)),
      first: net.alloc("back.first", "u32", vocab + 1),
      order: net.alloc("back.order", "u32", rows),
    };
  }

  draw(program: Program, data: TaskData, at: Counters): void {
    drawTraining(program, this.net.sizes, data, at, this);
  }

  heldOut(program: Program, data: TaskData, batches: number, at: Pick<Counters, "state">): void {
    drawHeldOut(program, this.net.sizes, data, batches, at, this);
  }

  input(program: Program, x: Tensor): void {
    const { net } = this;
    embed(program, net.sizes, net.layout.width / 4, net.inParameters(this.#layout.embed), {
      tokens: this.tokens,
      x,
    });
  }

  output(program: Program, z: Tensor, dz: Tensor | null): void {
    const { net, vocab } = this, { sizes, layout } = net, d = layout.width, v = this.result.stride;
    const { norm, unembed } = this.#layout, { u, rstd } = this.#final, real = layout.shape.width;
    rmsNorm(program, sizes, real, d / 4, net.inParameters(norm), { x: z, y: u, rstd });
    net.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: v,
      k: d,
      a: net.rows(u, d),
      b: net.weight(unembed),
      c: net.rows(this.logits, v),
    }, SLOTS.output);
    const { logits, targets, loss } = this, scale = { slot: SLOTS.output, stride: SLOT_STRIDE };
    if (!dz) {
      crossEntropy(program, sizes, vocab, scale, { logits, targets, scales: net.scales, loss });
      return;
    }
    const { dlogits } = this.#scratch, [du] = net.scratch.du;
    crossEntropy(program, sizes, vocab, scale, {
      logits,
      targets,
      scales: net.scales,
      loss,
      dlogits,
    });
    net.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: d,
      k: v,
      a: net.rows(dlogits, v),
      b: net.weight(unembed),
      c: net.rows(du, d),
    });
    net.product(program, {
      layout: "TN",
      rows: v,
      cols: d,
      k: sizes.tokens,
      a: net.rows(dlogits, v),
      b: net.rows(u, d),
      c: net.weight(unembed, "g"),
    });
    rmsNormBackward(program, sizes, real, d / 4, net.inParameters(norm), {
      x: z,
      dy: du,
      rstd,
      dz,
    });
    net.gain(program, 0, { x: z, dy: du, rstd });
  }

  inputGradient(program: Program, dx: Tensor): void {
    const { net } = this, { first, order } = this.#scratch;
    embedBackward(
      program,
      net.sizes,
      net.layout.width / 4,
      this.vocab,
      net.inParameters(this.#layout.embed, "g"),
      { tokens: this.tokens, first, order, dx },
    );
  }
}

/** A text as data of the language task on bytes. */
export function textDataset(text: Text): Dataset {
  const { name, hash, licence, file, bytes, trainBytes } = text;
  return {
    task: language(BYTES),
    name,
    hash,
    licence,
    file,
    unit: "tokens",
    trainUnits: trainBytes,
    heldOutUnits: bytes.length - trainBytes,
    check: (draws) => checkText(text, draws),
    upload: (device) => uploadText(device, bytes, trainBytes),
  };
}

/**
 * The language task's part of a network, for what writes tokens or reads logits itself.
 *
 * @throws {TypeError} for a network of another task
 */
export function languageOf(net: Network): LanguageKernels {
  if (net.task instanceof LanguageKernels) return net.task;
  throw new TypeError(
    `Cannot read tokens and logits: the model is for ${net.layout.shape.task.id}`,
  );
}
