/**
 * Parity cases: models with given weights whose loss, gradients and some AdamW steps were computed
 * in float64 by PyTorch (fixtures/parity/README.md), run on our kernels.
 *
 * @module
 */
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import { download, downloadFloats } from "../../kernels/gpu/tensor.ts";
import { forward } from "../forward.ts";
import type { Network } from "../network.ts";
import { type Layout, layoutOf } from "../shape.ts";
import { pack, unpack } from "../stored.ts";
import { TENSOR_KINDS, type TensorKind } from "../../rule/rule.ts";
import { Trainer } from "../trainer.ts";
import {
  type CaseOfTask,
  caseOfTask,
  floats,
  type ParityCase,
  ParityCaseError,
} from "./parity_case.ts";

export { type ParityCase, ParityCaseError, parseParityCase } from "./parity_case.ts";

/** One compared quantity. */
export interface ParityLine {
  quantity: string;
  error: number;
  bound: number;
  /** what the error is: `relative`, `nats`, `share of tokens` */
  unit: string;
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

/** What is the task's and the layout of a case's model; an impossible size is the case's fault. */
function layoutOfCase(c: ParityCase): { of: CaseOfTask; layout: Layout } {
  try {
    const of = caseOfTask(c);
    return { of, layout: layoutOf(of.shape) };
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
  const { of, layout } = layoutOfCase(c), { adamw: o, expect } = c;
  const stored = new Float32Array(layout.floats);
  for (const p of layout.parameters) {
    const given = c.weights[p.name];
    if (!given) {
      throw new ParityCaseError(`Cannot run the parity case ${c.name}: no weight ${p.name}`);
    }
    pack(p, floats(given.f32), stored);
  }
  const { shape, sequences, seq, steps, multipliers, words, expected, bounds } = of;
  const hp = Object.fromEntries(TENSOR_KINDS.map((kind) => [kind, {
    lr: o.lr,
    weightDecay: kind.toLowerCase().endsWith("norm") ? 0 : o.weightDecay,
    eps: o.eps,
  }])) as Record<TensorKind, { lr: number; weightDecay: number; eps: number }>;
  const trainer = new Trainer(
    device,
    shape,
    { sequences, seq },
    Array.from({ length: replicas }, () => ({
      seed: 0,
      parameters: stored,
      hyperParameters: hp,
      multipliers,
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
  const net = trainer.network, { rows, tokens } = net.sizes, z = replicas - 1;
  const lines: ParityLine[] = [], scale = device.adapter.software ? 1 : 10;
  const add = (quantity: string, error: number, bound: number, unit: string) =>
    lines.push({ quantity, error: Number.isFinite(error) ? error : Infinity, bound, unit });

  of.feed(device, net, 0);
  await trainer.run(1);
  const [first] = (await trainer.log())[z];
  const relative = (a: number, b: number) => b === 0 ? Math.abs(a) : Math.abs(a - b) / Math.abs(b);
  add(words.loss, relative(first.loss, expected.loss), bounds.loss * scale, "relative");
  add("balanceLoss", relative(first.balanceLoss, expect.balanceLoss), 1e-5 * scale, "relative");
  add("zLoss", relative(first.zLoss, expect.zLoss), 1e-5 * scale, "relative");
  add("gradNorm", relative(first.gradNorm, expect.gradNorm), 1e-5 * scale, "relative");
  const { tensor, cols, stride } = net.task.result, raw = await downloadFloats(device, tensor);
  const output = new Float32Array(tokens * cols);
  for (let t = 0; t < tokens; t++) {
    const at = (z * rows + t) * stride;
    output.set(raw.subarray(at, at + cols), t * cols);
  }
  const reference = floats(expected.output_f32);
  add(words.output, relativeError(output, reference), bounds.output * scale, "relative");
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
      bounds.gradient * scale,
      "relative",
    );
  }
  for (let i = 1; i < steps; i++) {
    of.feed(device, net, i);
    await trainer.run(1);
  }
  const log = (await trainer.log())[z];
  add(
    `trajectory of ${steps} steps`,
    Math.max(...log.map((s, i) => Math.abs(s.loss - expected.trajectory[i]))),
    bounds.trajectory * scale,
    words.unit,
  );
  of.feed(device, net, 0);
  const after = await lossNow(device, trainer);
  add(words.after, Math.abs(after[z] - expected.after), bounds.trajectory * scale, words.unit);
  trainer.destroy();
  return lines;
}

/** Mean loss of each replica on the batch now loaded, with the current weights. */
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
