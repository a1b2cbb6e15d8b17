/**
 * Parity cases: models with given weights whose loss, gradients and ten AdamW steps were computed
 * in float64 by PyTorch (fixtures/parity/README.md), run on our kernels.
 *
 * @module
 */
import { z } from "zod";
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import { download, downloadFloats, upload } from "../../kernels/gpu/tensor.ts";
import { forward } from "../forward.ts";
import type { Network } from "../network.ts";
import { type Layout, layoutOf, type ModelShape } from "../shape.ts";
import { pack, unpack } from "../stored.ts";
import { TENSOR_KINDS, type TensorKind } from "../../rule/rule.ts";
import { language, languageOf } from "../tasks/language.ts";
import { Trainer } from "../trainer.ts";

const numbers = z.array(z.number());
const caseSchema = z.object({
  schema: z.literal("parity-case/1"),
  name: z.string(),
  model: z.object({
    task: z.literal("lm"),
    vocab: z.number(),
    seqLen: z.number(),
    width: z.number(),
    depth: z.number(),
    headWidth: z.number(),
    ffn: z.union([
      z.object({ kind: z.literal("dense"), hidden: z.number() }),
      z.object({
        kind: z.literal("moe"),
        experts: z.number(),
        active: z.number(),
        expertWidth: z.number(),
        shared: z.number().default(0),
        groups: z.number().default(1),
        router: z.enum(["sigmoid", "softmax"]),
      }),
    ]),
    multipliers: z.object({
      residual: z.number(),
      outputMultiplier: z.number(),
      routeScale: z.number(),
      logits: z.number(),
    }),
  }),
  adamw: z.object({
    lr: z.number(),
    weightDecay: z.number(),
    beta1: z.number(),
    beta2: z.number(),
    eps: z.number(),
    clipNorm: z.number().nullish(),
    balanceCoef: z.number(),
    zCoef: z.number(),
  }),
  tokens: z.array(z.array(numbers.min(2)).min(1)).min(1),
  weights: z.record(z.string(), z.object({ shape: numbers, f32: z.string() })),
  expect: z.object({
    crossEntropy_nats: z.number(),
    balanceLoss: z.number(),
    zLoss: z.number(),
    gradNorm: z.number(),
    load: z.array(numbers),
    logits_f32: z.string(),
    grads_f32: z.record(z.string(), z.string()),
    trajectory_nats: numbers,
    crossEntropyAfter_nats: z.number(),
  }),
});
/** A parsed case. */
export type ParityCase = z.infer<typeof caseSchema>;

/** One compared quantity. */
export interface ParityLine {
  quantity: string;
  error: number;
  bound: number;
  /** what the error is: `relative`, `nats`, `share of tokens` */
  unit: string;
}

/** A case that cannot be read or run as it is: its author's mistake. */
export class ParityCaseError extends TypeError {}

/**
 * Reads a case.
 *
 * @throws {ParityCaseError} naming what is wrong with the file
 */
export function parseParityCase(text: string, file: string): ParityCase {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ParityCaseError(`Cannot read the parity case ${file}: it is not whole JSON`);
  }
  const parsed = caseSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new ParityCaseError(
    `Cannot read the parity case ${file}: ${path.join(".") || "file"}: ${message}`,
  );
}

/**
 * Little-endian float32 of a base64 text.
 *
 * @throws {ParityCaseError} when it is none
 */
function floats(base64: string): Float32Array {
  try {
    return new Float32Array(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
  } catch {
    throw new ParityCaseError(
      "Cannot run the parity case given: an array in it is no base64 of float32",
    );
  }
}

/**
 * ‖x − ref‖ / max(‖ref‖, floor); infinite for anything not finite.
 *
 * @param floor what counts as zero: a router that selects one expert has a gradient of 0 that
 * float64 renders as 1e-19
 */
export function relativeError(x: Float32Array, ref: Float32Array, floor = 0): number {
  let difference = 0, norm = 0;
  for (let i = 0; i < ref.length; i++) {
    difference += (x[i] - ref[i]) ** 2;
    norm += ref[i] ** 2;
  }
  const scale = Math.max(Math.sqrt(norm), floor);
  const error = Math.sqrt(difference) / (scale === 0 ? 1 : scale);
  return Number.isFinite(error) && x.length === ref.length ? error : Infinity;
}

/** The shape of a case's model in the project's terms. */
function shapeOf({ model: m }: ParityCase): ModelShape {
  const { ffn } = m;
  return {
    task: language(m.vocab),
    width: m.width,
    depth: m.depth,
    headWidth: m.headWidth,
    ffn: ffn.kind === "dense" ? ffn : {
      kind: "moe",
      experts: ffn.experts,
      active: ffn.active,
      expertWidth: ffn.expertWidth,
      shared: ffn.shared,
      groups: ffn.groups,
      gate: ffn.router,
    },
  };
}

/** Shape and layout of a case's model; an impossible size is the case's fault. */
function layoutOfCase(c: ParityCase): { shape: ModelShape; layout: Layout } {
  try {
    const shape = shapeOf(c);
    return { shape, layout: layoutOf(shape) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ParityCaseError(`Cannot run the parity case ${c.name}: ${error.message}`);
  }
}

/**
 * Runs a case with `replicas` copies side by side and compares the last one.
 *
 * @returns one line per quantity, in the order of the README
 * Error bounds: fixtures/parity/README.md; ten times wider on a GPU
 */
export async function runParityCase(
  device: Device,
  c: ParityCase,
  replicas = 1,
): Promise<ParityLine[]> {
  const { shape, layout } = layoutOfCase(c), { model, adamw: o, expect } = c;
  const stored = new Float32Array(layout.floats);
  for (const p of layout.parameters) {
    const given = c.weights[p.name];
    if (!given) {
      throw new ParityCaseError(`Cannot run the parity case ${c.name}: no weight ${p.name}`);
    }
    pack(p, floats(given.f32), stored);
  }
  const sequences = c.tokens[0].length, steps = c.tokens.length;
  const hp = Object.fromEntries(TENSOR_KINDS.map((kind) => [kind, {
    lr: o.lr,
    weightDecay: kind.toLowerCase().endsWith("norm") ? 0 : o.weightDecay,
    eps: o.eps,
  }])) as Record<TensorKind, { lr: number; weightDecay: number; eps: number }>;
  const trainer = new Trainer(
    device,
    shape,
    { sequences, seq: model.seqLen },
    Array.from({ length: replicas }, () => ({
      seed: 0,
      parameters: stored,
      hyperParameters: hp,
      multipliers: model.multipliers,
      beta1: o.beta1,
      beta2: o.beta2,
    })),
    {
      steps,
      schedule: { kind: "constant", warmup: 0, decay: 0 },
      clipNorm: o.clipNorm ?? 0,
      balanceCoef: o.balanceCoef,
      zCoef: o.zCoef,
    },
    null,
  );
  const net = trainer.network, { rows } = net.sizes, z = replicas - 1, text = languageOf(net);
  const feed = (batch: number[][]) => {
    const tokens = new Uint32Array(replicas * rows), targets = new Uint32Array(replicas * rows);
    for (let r = 0; r < replicas; r++) {
      batch.forEach((sequence, s) => {
        tokens.set(sequence.slice(0, -1), r * rows + s * model.seqLen);
        targets.set(sequence.slice(1), r * rows + s * model.seqLen);
      });
    }
    upload(device, text.tokens, tokens);
    upload(device, text.targets, targets);
  };
  const lines: ParityLine[] = [], scale = device.adapter.software ? 1 : 10;
  const add = (quantity: string, error: number, bound: number, unit: string) =>
    lines.push({ quantity, error: Number.isFinite(error) ? error : Infinity, bound, unit });

  feed(c.tokens[0]);
  await trainer.run(1);
  const [first] = (await trainer.log())[z];
  const relative = (a: number, b: number) => b === 0 ? Math.abs(a) : Math.abs(a - b) / Math.abs(b);
  add(
    "crossEntropy",
    relative(first.loss, expect.crossEntropy_nats),
    2e-6 * scale,
    "relative",
  );
  add("balanceLoss", relative(first.balanceLoss, expect.balanceLoss), 1e-5 * scale, "relative");
  add("zLoss", relative(first.zLoss, expect.zLoss), 1e-5 * scale, "relative");
  add("gradNorm", relative(first.gradNorm, expect.gradNorm), 1e-5 * scale, "relative");
  const raw = await downloadFloats(device, text.logits);
  const tokens = net.sizes.tokens, logits = new Float32Array(tokens * model.vocab);
  for (let t = 0; t < tokens; t++) {
    const at = (z * rows + t) * text.result.stride;
    logits.set(raw.subarray(at, at + model.vocab), t * model.vocab);
  }
  add("logits", relativeError(logits, floats(expect.logits_f32)), 1e-5 * scale, "relative");
  for (const [l, block] of net.blocks.entries()) {
    if (!block.routed) continue;
    const counts = new Uint32Array(await download(device, block.routed.routing.counts));
    const n = net.router!.experts;
    const worst = Math.max(
      ...expect.load[l].map((x, e) => Math.abs(counts[z * n + e] / tokens - x)),
    );
    // shares are multiples of 1/tokens: half of one separates equal from unequal
    add(
      `load of block ${l}`,
      worst,
      device.adapter.software ? 0.5 / tokens : 1.5 / tokens,
      "share",
    );
  }
  const gradient = (await downloadFloats(device, net.gradient)).subarray(
    z * layout.floats,
    (z + 1) * layout.floats,
  );
  for (const p of layout.parameters) {
    const given = expect.grads_f32[p.name];
    if (given === undefined) {
      throw new ParityCaseError(`Cannot run the parity case ${c.name}: no gradient ${p.name}`);
    }
    const reference = floats(given);
    add(
      `gradient ${p.name}`,
      relativeError(unpack(p, gradient), reference, 1e-9 * expect.gradNorm),
      1e-5 * scale,
      "relative",
    );
  }
  for (const batch of c.tokens.slice(1)) {
    feed(batch);
    await trainer.run(1);
  }
  const log = (await trainer.log())[z];
  add(
    `trajectory of ${steps} steps`,
    Math.max(...log.map((s, i) => Math.abs(s.loss - expect.trajectory_nats[i]))),
    2e-5 * scale,
    "nats",
  );
  feed(c.tokens[0]);
  const after = await lossNow(device, trainer);
  add(
    "crossEntropyAfter",
    Math.abs(after[z] - expect.crossEntropyAfter_nats),
    2e-5 * scale,
    "nats",
  );
  trainer.destroy();
  return lines;
}

/** Mean loss of each replica on the tokens now loaded, with the current weights. */
async function lossNow(device: Device, trainer: Trainer): Promise<number[]> {
  const net: Network = trainer.network, program = new Program(device);
  forward(net, program, false);
  program.submit(1, (trainer.step & 1) as 0 | 1);
  await settle(device);
  const loss = await downloadFloats(device, net.task.loss), { rows, tokens, replicas } = net.sizes;
  program.destroy();
  return Array.from(
    { length: replicas },
    (_, z) => loss.subarray(z * rows, z * rows + tokens).reduce((a, b) => a + b, 0) / tokens,
  );
}
