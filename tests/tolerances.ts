/** Every tolerance of the GPU tests, with its reason. */
import type { Device } from "../kernels/gpu/device.ts";

interface Tolerance {
  /** largest ‖x − reference‖ / ‖reference‖ on a software adapter */
  bound: number;
  reason: string;
}

/** By what is compared. float32 rounds to 6e-8. */
export const TOLERANCES = {
  product: {
    bound: 1e-6,
    reason: "sums of up to 200 float32 products: about 2e-7; documented bound",
  },
  swiglu: { bound: 1e-6, reason: "a product, then exp and a division" },
  norm: { bound: 1e-6, reason: "a sum of squares, a root and a division per row" },
  rotary: { bound: 1e-6, reason: "norm, then a rotation by a float32 table" },
  columnSum: { bound: 1e-6, reason: "sums of up to 200 numbers, part of which cancel" },
  attention: { bound: 2e-6, reason: "streaming softmax rescales its sums once per key" },
  attentionBackward: {
    bound: 5e-6,
    reason: "dp − D cancels: the rest carries the rounding of both",
  },
  noise: {
    bound: 2e-6,
    reason: "Box-Muller: a logarithm, a root and a turn; then a sigmoid of it",
  },
  crossEntropy: { bound: 1e-6, reason: "log of a sum of exps, about 4 in size" },
  gate: { bound: 1e-6, reason: "exp, a sum over the selected and a division" },
  routeBackward: { bound: 5e-6, reason: "dgate − Σ dgate·gate cancels" },
  layer: { bound: 5e-6, reason: "two products, SwiGLU and gates; the router's part cancels" },
  combine: { bound: 1e-6, reason: "sums of at most 8 rows" },
  optimizer: {
    bound: 1e-6,
    reason: "powers of beta come from float64; one root and two divisions",
  },
  implementations: {
    bound: 5e-7,
    reason:
      "losses of ten steps by two compilers of the same text: a float32 at 4 nats is rounded to " +
      "1.2e-7, and the last bits of ten updates move it by a few of those",
  },
  copy: { bound: 1e-30, reason: "a copy moves bits and rounds nothing" },
} satisfies Record<string, Tolerance>;

/**
 * The bound on this adapter. A GPU's exp and division may round to 2.5 to 4 ulp (WGSL, accuracy of
 * built-in functions): ten times wider there.
 */
export function tolerance(device: Device, what: keyof typeof TOLERANCES): number {
  return TOLERANCES[what].bound * (device.adapter.software ? 1 : 10);
}
