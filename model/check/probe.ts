/**
 * Looks into a group of replicas: activations and picks on held-out batches that never change, whatever has
 * been trained between two looks, and the gradient of the last step. Read to the host without padding.
 *
 * @module
 */
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  download,
  downloadFloats,
  type Tensor,
  upload,
} from "../../kernels/gpu/tensor.ts";
import { slotsPerToken } from "../../kernels/routing/router.ts";
import { forward } from "../forward.ts";
import type { Network } from "../network.ts";
import { unpack } from "../stored.ts";
import type { TaskData } from "../task.ts";
import type { Trainer } from "../trainer.ts";

/** One block of one replica; T tokens. */
export interface BlockActivations {
  /** (T, d) the stream the block gets */
  input: Float32Array;
  /** (T, d) what the FFN adds to the stream, all multipliers included */
  ffn: Float32Array;
  /** (T, N) logits of the router; null for dense */
  router: Float32Array | null;
  /** (T, a) gates of the experts picked, each token's sum is 1; null for dense */
  gates: Float32Array | null;
}

/** One replica. */
export interface Activations {
  blocks: BlockActivations[];
  /** (T, n) what the task makes of the last stream: a language model's logits, multiplier included */
  output: Float32Array;
}

/** Rows of every replica: `cols` of the `stride` floats of each of its `tokens` rows. */
async function rowsOf(
  net: Network,
  tensor: Tensor,
  cols: number,
  stride: number,
): Promise<Float32Array[]> {
  const all = await downloadFloats(net.device, tensor), { replicas, rows, tokens } = net.sizes;
  return Array.from({ length: replicas }, (_, z) => {
    const out = new Float32Array(tokens * cols);
    for (let t = 0; t < tokens; t++) {
      const at = (z * rows + t) * stride;
      out.set(all.subarray(at, at + cols), t * cols);
    }
    return out;
  });
}

/**
 * Activations as the last forward pass of a network left them.
 *
 * @returns one per replica. The FFN's output is what the stream gained: float32 rounds it to 6e-8 of
 *   the stream, not of itself
 */
export async function readActivations(net: Network): Promise<Activations[]> {
  const { layout, router } = net,
    d = layout.shape.width,
    of = (tensor: Tensor) => rowsOf(net, tensor, d, layout.width);
  const { tensor, cols, stride } = net.task.result;
  const results = await rowsOf(net, tensor, cols, stride);
  const read: Activations[] = results.map((output) => ({ blocks: [], output }));
  let inputs = await of(net.z0);
  for (const block of net.blocks) {
    const middle = await of(block.middle), after = await of(block.after);
    const routed = router && block.routed && {
      logits: await rowsOf(net, block.routed.logits, router.experts, layout.experts),
      gates: await rowsOf(net, block.routed.routing.gate, router.active, router.active),
    };
    read.forEach(({ blocks }, z) =>
      blocks.push({
        input: inputs[z],
        ffn: after[z].map((x, i) => x - middle[z][i]),
        router: routed?.logits[z] ?? null,
        gates: routed?.gates[z] ?? null,
      })
    );
    inputs = after;
  }
  return read;
}

/** Gradient of every named parameter as the last backward pass left it; one map per replica. */
export async function readGradients(net: Network): Promise<Map<string, Float32Array>[]> {
  const { layout, sizes } = net, all = await downloadFloats(net.device, net.gradient);
  return Array.from({ length: sizes.replicas }, (_, z) => {
    const stored = all.subarray(z * layout.floats, (z + 1) * layout.floats);
    return new Map(layout.parameters.map((p) => [p.name, unpack(p, stored)]));
  });
}

/**
 * Tokens every expert got in the last forward pass.
 *
 * @returns `[replica][block][expert]`, each block's sum is T a
 * @throws {TypeError} for a dense network
 */
export async function readCounts(net: Network): Promise<number[][][]> {
  const { router, sizes } = net;
  if (!router) throw new TypeError("Cannot count tokens per expert: the network is dense");
  const n = router.experts;
  const read: number[][][] = Array.from({ length: sizes.replicas }, () => []);
  for (const block of net.blocks) {
    const counts = new Uint32Array(await download(net.device, block.routed!.routing.counts));
    read.forEach((blocks, z) => blocks.push([...counts.subarray(z * n, (z + 1) * n)]));
  }
  return read;
}

/**
 * Experts that every token picked in the last forward pass.
 *
 * @returns `[replica][block]` (T, a) u32, in the order of the gates; with experts that pick (T, N), where 0xffffffff is none
 * @throws {TypeError} for a dense network
 */
export async function readPicks(net: Network): Promise<Uint32Array[][]> {
  const { router, sizes: { replicas, rows, tokens } } = net;
  if (!router) throw new TypeError("Cannot read the picks: the network is dense");
  const slots = slotsPerToken(router);
  const read: Uint32Array[][] = Array.from({ length: replicas }, () => []);
  for (const block of net.blocks) {
    const ids = new Uint32Array(await download(net.device, block.routed!.routing.ids));
    read.forEach((blocks, z) =>
      blocks.push(ids.slice(z * rows * slots, (z * rows + tokens) * slots))
    );
  }
  return read;
}

/** Looks at a trainer's replicas on held-out batches, the same for all unless each is given its own. */
export class Probe {
  #device: Device;
  #trainer: Trainer;
  #program: Program;
  #owned: Tensor[];
  #state: Tensor;
  #batches: number;

  /**
   * @param data the trainer's
   * @param batches that may be looked at, evenly spaced in the held-out data
   * @throws {RangeError} when the held-out data has fewer windows than the batches
   */
  constructor(device: Device, trainer: Trainer, data: TaskData, batches = 1) {
    this.#device = device;
    this.#trainer = trainer;
    this.#batches = batches;
    const net = trainer.network;
    // the number of a batch, which no kernel moves; zero as it is allocated
    this.#state = createTensor(device, "probe.state", "u32", net.sizes.replicas);
    this.#owned = [this.#state];
    this.#program = new Program(device);
    try {
      net.task.heldOut(this.#program, data, batches, { state: this.#state });
      forward(net, this.#program, false);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** The forward pass on a batch, or on one for each replica, under the current weights. */
  async #pass(batch: number | readonly number[]): Promise<void> {
    const { replicas } = this.#trainer.network.sizes;
    const all = typeof batch === "number" ? new Array<number>(replicas).fill(batch) : batch;
    const stray = all.find((b) => !(Number.isInteger(b) && b >= 0 && b < this.#batches));
    if (stray !== undefined) {
      throw new RangeError(`Cannot look at batch ${stray}: there are ${this.#batches}`);
    }
    if (all.length !== replicas) {
      throw new RangeError(`Cannot look: ${all.length} batches for ${replicas} replicas`);
    }
    upload(this.#device, this.#state, Uint32Array.from(all));
    this.#program.submit(1, (this.#trainer.step & 1) as 0 | 1);
    await settle(this.#device);
  }

  /**
   * Activations under the current weights, one per replica; moves no weight.
   *
   * @param batch for all replicas, or one for each
   * @throws {RangeError} for a batch that is not one of the probe's
   */
  async look(batch: number | readonly number[] = 0): Promise<Activations[]> {
    await this.#pass(batch);
    return await readActivations(this.#trainer.network);
  }

  /**
   * Picks under the current weights, as {@link readPicks} gives them; moves no weight.
   *
   * @param batch for all replicas, or one for each
   * @throws {RangeError} for a batch that is not one of the probe's
   * @throws {TypeError} for a dense network
   */
  async picks(batch: number | readonly number[] = 0): Promise<Uint32Array[][]> {
    await this.#pass(batch);
    return await readPicks(this.#trainer.network);
  }

  /** Frees what is the probe's own. */
  destroy(): void {
    this.#program.destroy();
    this.#owned.forEach(destroyTensor);
  }
}
