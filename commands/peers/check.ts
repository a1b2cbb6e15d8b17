/**
 * The check before the clock: a contender's results against float64, or for training steps against
 * our own trainer, which the parity cases hold to PyTorch's float64.
 *
 * @module
 */
import { DeviceError } from "../../kernels/gpu/device.ts";
import type { Layout } from "../../kernels/gemm/gemm.ts";
import { relativeError } from "../../model/check/parity.ts";
import type { Case, GemmCase, Prepared, Results, SwigluCase } from "./peer.ts";

/** Steps trained before weights are compared: enough for the moments' corrections to differ. */
export const CHECKED_STEPS = 3;

/** Largest error let pass, ‖x − ref‖ / ‖ref‖. */
export const BOUNDS = {
  /** f32 sums of 512 products stay under 1e-6 */
  gemm: 1e-5,
  /** three products and an exp in a row */
  swiglu: 1e-5,
  /** loss, relative */
  loss: 1e-5,
  /**
   * a weight's change over the steps: AdamW divides by the gradient's size, so that its rounding
   * counts more where there is little gradient; peers stay under 2e-5 on a software adapter, and a
   * part of AdamW left out moves weights by 3e-3 and more (tests/commands/peers_test.ts)
   */
  change: 5e-4,
} as const;

/** C (m, n) of a layout in float64. */
function product(
  layout: Layout,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let q = 0; q < k; q++) {
      const x = layout === "TN" ? a[q * m + i] : a[i * k + q];
      if (layout === "NT") { for (let j = 0; j < n; j++) c[i * n + j] += x * b[j * k + q]; }
      else for (let j = 0; j < n; j++) c[i * n + j] += x * b[q * n + j];
    }
  }
  return c;
}

/** Results of a layer in float64. */
function swiglu(c: SwigluCase): Record<string, Float64Array> {
  const { tokens: t, width: d, hidden: h, x, wgate, wup, wdown, dy } = c;
  const g = product("NT", x, wgate, t, h, d), u = product("NT", x, wup, t, h, d);
  const sigmoid = g.map((z) => 1 / (1 + Math.exp(-z)));
  const hidden = g.map((z, i) => z * sigmoid[i] * u[i]);
  const dhidden = product("NN", dy, wdown, t, h, d);
  const dg = dhidden.map((z, i) => z * u[i] * sigmoid[i] * (1 + g[i] * (1 - sigmoid[i])));
  const du = dhidden.map((z, i) => z * g[i] * sigmoid[i]);
  const byGate = product("NN", dg, wgate, t, d, h), byUp = product("NN", du, wup, t, d, h);
  return {
    y: product("NT", hidden, wdown, t, d, h),
    dx: byGate.map((z, i) => z + byUp[i]),
    dwgate: product("TN", dg, x, h, d, t),
    dwup: product("TN", du, x, h, d, t),
    dwdown: product("TN", dy, hidden, d, h, t),
  };
}

/**
 * What a case must give.
 *
 * @param ours our own contender's work, for a step; it is advanced by {@link CHECKED_STEPS}
 */
export async function expected(c: GemmCase | SwigluCase): Promise<Results>;
export async function expected(c: Case, ours: Prepared): Promise<Results>;
export async function expected(c: Case, ours?: Prepared): Promise<Results> {
  if (c.kind === "step") {
    await ours!.run(CHECKED_STEPS);
    return await ours!.results();
  }
  const exact = c.kind === "swiglu" ? swiglu(c) : { c: product(c.layout, c.a, c.b, c.m, c.n, c.k) };
  return Object.fromEntries(
    Object.entries(exact).map(([name, values]) => [name, Float32Array.from(values)]),
  );
}

/** Error and bound of the result that comes nearest to its bound, or passes it by most. */
export interface Worst {
  result: string;
  error: number;
  bound: number;
}

/** Compares results; a missing, superfluous, short or non-finite one has an infinite error. */
export function worstOf(c: Case, found: Results, want: Results): Worst {
  let worst: Worst = { result: "", error: -1, bound: 1 };
  const before = c.kind === "step"
    ? new Map(c.weights.map((w) => [w.name, w.values]))
    : new Map<string, Float32Array>();
  for (const result of new Set([...Object.keys(want), ...Object.keys(found)])) {
    const bound = c.kind !== "step"
      ? BOUNDS[c.kind]
      : BOUNDS[result === "loss" ? "loss" : "change"];
    const x = found[result], ref = want[result], start = before.get(result);
    let error = Infinity;
    if (x && ref) {
      error = start
        ? relativeError(x.map((v, i) => v - start[i]), ref.map((v, i) => v - start[i]))
        : relativeError(x, ref);
    }
    if (error / bound > worst.error / worst.bound) worst = { result, error, bound };
  }
  return worst;
}

/**
 * Runs a contender's work once (a step {@link CHECKED_STEPS} times) and compares.
 *
 * @throws {WrongError} when a result is over its bound
 */
export async function check(c: Case, work: Prepared, want: Results): Promise<Worst> {
  await work.run(c.kind === "step" ? CHECKED_STEPS : 1);
  const worst = worstOf(c, await work.results(), want);
  if (!(worst.error <= worst.bound)) {
    throw new WrongError(
      `wrong: ${worst.result} is off by ${worst.error.toExponential(1)}, bound ${
        worst.bound.toExponential(0)
      }`,
    );
  }
  return worst;
}

/** A contender's result is not what the case asks for: it is not timed. */
export class WrongError extends DeviceError {
  override readonly name = "WrongError";
}
