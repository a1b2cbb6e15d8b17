/**
 * What the routers of a model do on held-out text: load, gates, logits and drops of every block,
 * sampled between batches.
 *
 * @module
 */
import type { Program } from "../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  download,
  downloadFloats,
  type Tensor,
} from "../kernels/gpu/tensor.ts";
import { routerStats } from "../kernels/routing/selection.ts";
import type { Network } from "./network.ts";

/** An expert is dead when fewer than this share of the mean load picks it. */
export const DEAD_SHARE = 0.1;

/** One number per block, over the sampled batches. */
export interface RouterFacts {
  /** mean over tokens of −Σ q ln q, q = gates over their sum: 0 … ln a; a token without gate gives 0 */
  gateEntropy_nats: number[];
  /** largest |router logit| */
  maxLogit: number[];
  /** share of the picks that a capacity dropped */
  dropRate: number[];
  /** share of the tokens that no routed expert serves */
  unserved: number[];
  /** experts whose load is below {@link DEAD_SHARE} of the mean load a/N */
  deadExperts: number[];
}

/** What one replica's routers did. */
export interface Routed {
  /** share of tokens that select each expert, per block; sums to the active experts */
  load: number[][];
  router: RouterFacts;
}

/** Experts whose load is below {@link DEAD_SHARE} of the mean. */
export function deadExperts(load: number[]): number {
  const mean = load.reduce((a, b) => a + b, 0) / load.length;
  return load.filter((x) => x < DEAD_SHARE * mean).length;
}

/** Sums of what was sampled so far, [replica][block]. */
export class RouterSamples {
  #net: Network;
  #stats: Tensor[];
  #sums: { load: number[]; entropy: number; peak: number; dropped: number; unserved: number }[][];
  #count = 0;

  /** Appends one kernel per block to a program whose forward pass stands before. */
  constructor(net: Network, program: Program) {
    const router = net.router;
    if (!router) throw new TypeError("Cannot sample the routers: the model is dense");
    this.#net = net;
    this.#stats = net.blocks.map((block, l) => {
      const { logits, routing: { ids, gate, place } } = block.routed!;
      const stats = createTensor(net.device, `block${l}.stats`, "f32x4", net.sizes.replicas);
      routerStats(program, net.sizes, router, { logits, ids, gate, place, stats });
      return stats;
    });
    this.#sums = Array.from({ length: net.sizes.replicas }, () =>
      net.blocks.map(() => ({
        load: new Array<number>(router.experts).fill(0),
        entropy: 0,
        peak: 0,
        dropped: 0,
        unserved: 0,
      })));
  }

  /** Adds what the program's last run left. */
  async take(): Promise<void> {
    const { device, router, sizes } = this.#net, n = router!.experts;
    this.#count++;
    for (const [l, block] of this.#net.blocks.entries()) {
      const counts = new Uint32Array(await download(device, block.routed!.routing.counts));
      const stats = await downloadFloats(device, this.#stats[l]);
      for (let z = 0; z < sizes.replicas; z++) {
        const sum = this.#sums[z][l], [entropy, peak, dropped, unserved] = stats.subarray(4 * z);
        for (let e = 0; e < n; e++) sum.load[e] += counts[z * n + e] / sizes.tokens;
        sum.entropy += entropy / sizes.tokens;
        sum.peak = Math.max(sum.peak, peak);
        sum.dropped += dropped / (sizes.tokens * router!.active);
        sum.unserved += unserved / sizes.tokens;
      }
    }
  }

  /** Means over the samples (of |logit| the largest), per replica. */
  result(): Routed[] {
    return this.#sums.map((blocks) => {
      const load = blocks.map((b) => b.load.map((x) => x / this.#count));
      return {
        load,
        router: {
          gateEntropy_nats: blocks.map((b) => b.entropy / this.#count),
          maxLogit: blocks.map((b) => b.peak),
          dropRate: blocks.map((b) => b.dropped / this.#count),
          unserved: blocks.map((b) => b.unserved / this.#count),
          deadExperts: load.map(deadExperts),
        },
      };
    });
  }

  /** Frees the tensors. */
  destroy(): void {
    this.#stats.forEach(destroyTensor);
  }
}
