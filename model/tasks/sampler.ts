/**
 * Images drawn from a diffusion model: its velocity, integrated from noise at t = 1 to t = 0, for a class, with or
 * without guidance. All of it runs on the device; one submit is one batch of images.
 *
 * @module
 */
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  type Alternating,
  createTensor,
  destroyTensor,
  downloadFloats,
  type Element,
  type Tensor,
  upload,
} from "../../kernels/gpu/tensor.ts";
import { type ImageSizes, patchLength } from "../../kernels/image/images.ts";
import {
  sampleCondition,
  sampleGuide,
  sampleMove,
  sampleNoise,
} from "../../kernels/image/sample.ts";
import { vec4s } from "../../kernels/sizes.ts";
import { forward } from "../forward.ts";
import type { Trainer } from "../trainer.ts";
import { type DiffusionKernels, diffusionOf } from "./diffusion_kernels.ts";

/** How images are drawn. */
export interface Sampling {
  /** Euler takes one velocity a step, Heun two */
  solver: "euler" | "heun";
  /** steps of equal length from t = 1 to t = 0 */
  steps: number;
  /** v = v_none + guidance (v_class − v_none); at 1 the velocity of no class is not computed */
  guidance: number;
}

/** The images to draw: image i starts from noise that follows from seed and first + i alone. */
export interface Wanted {
  /** seed of the noise */
  seed: number;
  /** number of the first image */
  first: number;
  /** a class for each image; the number of classes itself: no class, without guidance */
  classes: readonly number[];
}

/**
 * Pixels of images from rows of patches.
 *
 * @param rows (images · T, stride) floats
 * @returns (images, channels, side, side), about −1 … 1
 */
export function fromPatches(
  rows: Float32Array,
  stride: number,
  images: number,
  of: ImageSizes,
): Float32Array {
  const { channels, side, patch } = of, across = side / patch, area = patch * patch;
  const out = new Float32Array(images * channels * side * side);
  for (let i = 0; i < images; i++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const token = Math.floor(y / patch) * across + Math.floor(x / patch);
          const inside = channel * area + y % patch * patch + x % patch;
          out[((i * channels + channel) * side + y) * side + x] =
            rows[(i * across * across + token) * stride + inside];
        }
      }
    }
  }
  return out;
}

/** Bytes of pixels, as the data has them: −1 is 0, 1 is 255, what lies beyond is held there. */
export function bytesOfPixels(pixels: Float32Array): Uint8Array {
  return Uint8Array.from(pixels, (v) => Math.min(255, Math.max(0, Math.round((v + 1) * 127.5))));
}

/** Checks how images are to be drawn. */
function checkSampling({ solver, steps, guidance }: Sampling): void {
  const fail = (what: string): never => {
    throw new RangeError(`Cannot draw images: ${what}`);
  };
  if (solver !== "euler" && solver !== "heun") fail(`${solver} is no solver, want euler or heun`);
  if (!Number.isInteger(steps) || steps < 1) fail(`steps = ${steps} is not a whole number >= 1`);
  if (!Number.isFinite(guidance)) fail(`guidance = ${guidance} is not finite`);
}

/** Draws images from a trainer's replicas as they stand; of no use after the trainer's next step. */
export class Sampler {
  /** images of one submit */
  readonly batch: number;
  readonly #device: Device;
  readonly #trainer: Trainer;
  readonly #task: DiffusionKernels;
  readonly #at: number;
  readonly #owned: Tensor[] = [];
  readonly #x: Alternating;
  readonly #state: Alternating;
  readonly #asked: Tensor;
  readonly #program: Program;
  readonly #steps: number;

  /**
   * @throws {TypeError} for a model of another task
   * @throws {RangeError} for steps or a guidance that cannot be
   */
  constructor(device: Device, trainer: Trainer, how: Sampling) {
    checkSampling(how);
    const net = trainer.network, task = diffusionOf(net), { sizes } = net, { steps } = how;
    this.#device = device;
    this.#trainer = trainer;
    this.#task = task;
    this.#at = trainer.step;
    this.#steps = steps;
    this.batch = task.images.images;
    const length = patchLength(task.facts), R = sizes.replicas;
    const own = (label: string, element: Element, count: number): Tensor => {
      const tensor = createTensor(device, `sample.${label}`, element, count);
      this.#owned.push(tensor);
      return tensor;
    };
    const rows = (label: string) => own(label, "f32x4", R * sizes.rows * vec4s(length));
    this.#x = { pair: [rows("x.even"), rows("x.odd")] };
    this.#state = { pair: [own("state.even", "u32", R), own("state.odd", "u32", R)] };
    this.#asked = own("asked", "u32", task.images.rows);
    const times = own("times", "f32", steps + 1);
    upload(device, times, Float32Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps));
    const none = how.guidance === 1 ? undefined : rows("none");
    const slopes = how.solver === "heun" ? [rows("k1"), rows("k2")] : [rows("k1")];
    const program = this.#program = new Program(device);
    const at = { times, asked: this.#asked, state: this.#state };
    const x = { x: this.#x, times, state: this.#state };
    const velocity = (stage: 0 | 1, asked: boolean) => {
      const of = { steps, none: task.facts.classes, asked, stage };
      const { time, classes } = task.of;
      sampleCondition(program, sizes, of, { ...at, time, classes });
      forward(net, program, false);
    };
    try {
      trainer.still(() => {
        slopes.forEach((k, stage) => {
          const before = stage === 0 ? {} : { k1: slopes[0] };
          sampleMove(program, sizes, length, steps, { ...x, ...before, y: task.batch.xt }, false);
          if (none) {
            velocity(stage as 0 | 1, false);
            sampleGuide(program, sizes, length, 1, { v: task.velocity, k: none });
          }
          velocity(stage as 0 | 1, true);
          sampleGuide(program, sizes, length, how.guidance, { v: task.velocity, none, k });
        });
        const [k1, k2] = slopes;
        sampleMove(program, sizes, length, steps, { ...x, k1, k2, y: this.#x }, true);
      });
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /**
   * Draws images.
   *
   * @param signal aborted: stops before the next batch and throws its reason
   * @returns per replica (images, channels, side, side), about −1 … 1, not clamped
   * @throws {RangeError} for a class there is not, or after the trainer's next step
   */
  async draw({ seed, first, classes }: Wanted, signal?: AbortSignal): Promise<Float32Array[]> {
    const net = this.#trainer.network, { sizes } = net, { facts } = this.#task;
    const wrong = classes.find((c) => !Number.isInteger(c) || c < 0 || c > facts.classes);
    if (wrong !== undefined) {
      throw new RangeError(`Cannot draw class ${wrong}: there are ${facts.classes} from 0`);
    }
    if (this.#trainer.step !== this.#at) {
      throw new RangeError(
        `Cannot draw images: the model is at step ${this.#trainer.step}, the sampler was made at ${this.#at}`,
      );
    }
    const length = patchLength(facts), stride = 4 * vec4s(length);
    const pixels = facts.channels * facts.side ** 2, R = sizes.replicas;
    const out = Array.from({ length: R }, () => new Float32Array(classes.length * pixels));
    for (let from = 0; from < classes.length; from += this.batch) {
      signal?.throwIfAborted();
      const some = classes.slice(from, from + this.batch);
      upload(this.#device, this.#asked, Uint32Array.from(some));
      upload(this.#device, this.#state.pair[0], new Uint32Array(R));
      const start = new Program(this.#device);
      sampleNoise(start, sizes, length, { seed, first: first + from }, this.#x.pair[0]);
      start.submit();
      this.#program.submit(this.#steps);
      await settle(this.#device);
      start.destroy();
      const all = await downloadFloats(this.#device, this.#x.pair[this.#steps & 1]);
      out.forEach((images, z) => {
        const at = z * sizes.rows * stride, rows = all.subarray(at, at + sizes.tokens * stride);
        images.set(fromPatches(rows, stride, some.length, facts), from * pixels);
      });
    }
    return out;
  }

  /** Frees what is the sampler's own. */
  destroy(): void {
    this.#program.destroy();
    this.#owned.forEach(destroyTensor);
  }
}
