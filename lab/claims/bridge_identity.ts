/**
 * Bridge I as numbers: a Dense MoE (a = N) whose router is zero is the dense FFN of width H = N·h with the
 * experts' weights side by side.
 *
 * Zero router weights make every gate 1/N, R = N makes every expert's weight 1, and A and W_down's init
 * depend on H_act = N·h alone; so FFN outputs, logits, loss and the gradients of all tensors both models
 * have are equal, and so are whole trainings while the router stays at zero. The router's own gradient
 * has no counterpart and is not compared.
 *
 * Gradients are not clipped here: the router's counts in the MoE's norm, and that alone sets two
 * trainings apart.
 *
 * @module
 */
import { readActivations, readGradients } from "../../model/check/probe.ts";
import { type Layout, layoutOf } from "../../model/shape.ts";
import { pack, type Parameter, unpack } from "../../model/stored.ts";
import { type Replica, Trainer } from "../../model/trainer.ts";
import type { Workbench } from "./models.ts";
import {
  type ProbePlan,
  replicaOf,
  shapeOfText,
  type Start,
  startOf,
  type Variant,
} from "./probe_models.ts";

/** The pair to compare, and what does not start at zero in both. */
export interface IdentityCase extends Start {
  /** e.g. `dense:d=16,H=64` */
  dense: string;
  /** e.g. `4e4a:d=16,h=16` */
  moe: string;
  /** steps of the compared trainings */
  steps: number;
}

/** What was compared, the worst over seeds (and tensors of the kind). */
export interface Difference {
  quantity: string;
  /** a tensor's difference is relative, a loss's in its unit */
  of: "tensor" | "loss";
  error: number;
}

/**
 * An MoE's tensor in the dense layout: experts one after the other. W_gate and W_up lie so already;
 * W_down (N, d, h) becomes (d, N·h).
 */
export function sideBySide(p: Parameter, values: Float32Array): Float32Array {
  if (p.kind !== "wdown" || p.shape.length !== 3) return values;
  const [n, d, h] = p.shape, out = new Float32Array(values.length);
  for (let e = 0; e < n; e++) {
    for (let i = 0; i < d; i++) {
      out.set(values.subarray((e * d + i) * h, (e * d + i + 1) * h), i * n * h + e * h);
    }
  }
  return out;
}

/** ‖x − y‖ / ‖y‖ over all; infinite for what is not finite, and where y is zero: that would prove nothing. */
export function difference(x: Float32Array, y: Float32Array): number {
  let rest = 0, norm = 0;
  for (let i = 0; i < y.length; i++) {
    rest += (x[i] - y[i]) ** 2;
    norm += y[i] ** 2;
  }
  const error = Math.sqrt(rest / norm);
  return norm > 0 && Number.isFinite(error) && x.length === y.length ? error : Infinity;
}

/** The dense replica with an MoE's weights, and that MoE with its router at zero for good. */
function pairOf(dense: Replica, moe: Replica, from: Layout, to: Layout): [Replica, Replica] {
  const stored = new Float32Array(to.floats), routed = moe.parameters.slice();
  const byName = new Map(to.parameters.map((p) => [p.name, p]));
  for (const p of from.parameters) {
    if (p.kind === "wrouter") {
      pack(p, new Float32Array(p.shape.reduce((a, b) => a * b, 1)), routed);
    } else pack(byName.get(p.name)!, sideBySide(p, unpack(p, moe.parameters)), stored);
  }
  const hyperParameters = {
    ...moe.hyperParameters,
    wrouter: { ...moe.hyperParameters.wrouter, lr: 0 },
  };
  return [{ ...dense, parameters: stored }, { ...moe, parameters: routed, hyperParameters }];
}

/**
 * Trains both side by side and compares them.
 *
 * @param variant of the MoE; the dense model is its rule's without changes
 * @returns outputs, logits, loss and gradients of the first step; losses of all steps
 * @throws {RangeError} when H is not N·h or a is not N
 */
export async function compareBridge(
  shared: ProbePlan,
  c: IdentityCase,
  variant: Variant,
  { device, pool }: Pick<Workbench, "device" | "pool">,
): Promise<Difference[]> {
  const plan = { ...shared, base: { ...shared.base, ...startOf(c) } }, { task } = pool.context;
  const shapes = [c.dense, c.moe].map((text) => shapeOfText(text, plan, task));
  const [dense, moe] = shapes.map((s) => s.ffn);
  if (
    dense.kind !== "dense" || moe.kind !== "moe" || moe.active !== moe.experts || moe.shared > 0 ||
    dense.hidden !== moe.experts * moe.expertWidth
  ) {
    throw new RangeError(`Cannot cross Bridge I from ${c.dense} to ${c.moe}: want a = N, H = N h`);
  }
  const [to, from] = shapes.map(layoutOf);
  const pairs = plan.seeds.map((seed) =>
    pairOf(
      replicaOf(plan, c.dense, { name: variant.name, rule: variant.rule }, seed, task),
      replicaOf(plan, c.moe, variant, seed, task),
      from,
      to,
    )
  );
  const training = { ...plan.training, clipNorm: 0, balanceCoef: 0, zCoef: 0, steps: c.steps };
  const trainers: Trainer[] = [];
  try {
    for (const i of [0, 1] as const) {
      const replicas = pairs.map((pair) => pair[i]);
      trainers.push(new Trainer(device, shapes[i], plan, replicas, training, pool.data));
      await trainers[i].run(1);
    }
    const [d, m] = trainers.map((t) => t.network), worst = new Map<string, number>();
    const see = (quantity: string, error: number) =>
      worst.set(quantity, Math.max(worst.get(quantity) ?? 0, error));
    const [da, ma] = [await readActivations(d), await readActivations(m)];
    const [dg, mg] = [await readGradients(d), await readGradients(m)];
    plan.seeds.forEach((_, z) => {
      da[z].blocks.forEach((b, l) => see("FFN outputs", difference(ma[z].blocks[l].ffn, b.ffn)));
      see(task.output, difference(ma[z].output, da[z].output));
      for (const p of from.parameters) {
        if (p.kind === "wrouter") continue;
        const kind = ["wgate", "wup", "wdown"].includes(p.kind) ? p.kind : "other tensors";
        see(
          `gradients of ${kind}`,
          difference(sideBySide(p, mg[z].get(p.name)!), dg[z].get(p.name)!),
        );
      }
    });
    for (const trainer of trainers) await trainer.run(c.steps - 1);
    const [dl, ml] = [await trainers[0].log(), await trainers[1].log()];
    let loss = 0, later = 0;
    dl.forEach((log, z) =>
      log.forEach((s, i) => {
        const gap = Math.abs(s.loss - ml[z][i].loss);
        if (i === 0) loss = Math.max(loss, gap);
        later = Math.max(later, Number.isFinite(gap) ? gap : Infinity);
      })
    );
    return [
      ...[...worst].map(([quantity, error]): Difference => ({ quantity, of: "tensor", error })),
      { quantity: "loss of the first step", of: "loss", error: loss },
      { quantity: `losses of ${c.steps} steps`, of: "loss", error: later },
    ];
  } finally {
    trainers.forEach((t) => t.destroy());
  }
}
