/**
 * Data of the diffusion task: images as bytes with their classes, their split, and the batches drawn from
 * them. Training images are drawn with replacement from the first part; held-out images stand evenly spaced in the
 * rest.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Program } from "../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, type Tensor, upload } from "../../kernels/gpu/tensor.ts";
import { drawImages, type ImageSizes } from "../../kernels/image/images.ts";
import type { Sizes } from "../../kernels/sizes.ts";
import type { Counters, Draws, TaskData } from "../task.ts";
import type { DiffusionFacts } from "./image_facts.ts";

/** Images on the device, 4 bytes to a u32, and their classes. */
export class DeviceImages implements TaskData {
  readonly task = "diffusion";

  /** @param host the same in memory */
  constructor(
    readonly host: PixelData,
    readonly corpus: Tensor,
    readonly labels: Tensor,
  ) {}

  destroy(): void {
    destroyTensor(this.corpus);
    destroyTensor(this.labels);
  }
}

/** Images in memory: `count` of (channels, side, side) bytes, and as many classes. */
export interface PixelData extends Pick<ImageSizes, "channels" | "side"> {
  pixels: Uint8Array;
  labels: Uint8Array;
  /** images 0 … trained − 1 are for training */
  trained: number;
}

/** Uploads images. */
export function uploadImages(device: Device, of: PixelData): DeviceImages {
  const padded = new Uint8Array(Math.ceil(of.pixels.length / 4) * 4);
  padded.set(of.pixels);
  const corpus = createTensor(device, "images", "u32", padded.length / 4);
  const labels = createTensor(device, "labels", "u32", of.labels.length);
  upload(device, corpus, new Uint32Array(padded.buffer));
  upload(device, labels, Uint32Array.from(of.labels));
  return new DeviceImages(of, corpus, labels);
}

/** Where a batch goes; see DiffusionKernels. */
interface Batch {
  batch: { xt: Tensor; target: Tensor };
  of: { picked: Tensor; time: Tensor; classes: Tensor };
}

/**
 * The images of a data set.
 *
 * @throws {TypeError} for another task's data, or images of another size
 */
export function imagesFor(data: TaskData, { channels, side }: ImageSizes): DeviceImages {
  if (!(data instanceof DeviceImages)) {
    throw new TypeError(`Cannot draw images: the data is for ${data.task}`);
  }
  const { host } = data;
  if (host.channels !== channels || host.side !== side) {
    throw new TypeError(
      `Cannot draw images of ${channels} × ${side} × ${side}: the data has ${host.channels} × ${host.side} × ${host.side}`,
    );
  }
  return data;
}

/**
 * Appends the draw of a training batch, by (seed, step, row).
 *
 * @throws {TypeError} for another task's data, or images of another size
 */
export function drawTrainingImages(
  program: Program,
  sizes: Sizes,
  facts: DiffusionFacts,
  data: TaskData,
  at: Counters,
  to: Batch,
): void {
  const { corpus, labels, host: { trained } } = imagesFor(data, facts);
  drawImages(program, sizes, facts, {
    first: 0,
    range: trained,
    spacing: 0,
    none: facts.classes,
    drop: facts.classDropout,
    times: facts.times,
  }, { corpus, labels, ...at, ...to.batch, ...to.of });
}

/**
 * Appends the draw of held-out batch number `state` of `batches`: each image with its class, one time and one noise
 * of its own, however the images are cut into batches.
 *
 * @throws {TypeError} as {@link drawTrainingImages}
 * @throws {RangeError} when there are fewer held-out images
 */
export function drawHeldOutImages(
  program: Program,
  sizes: Sizes,
  facts: DiffusionFacts,
  data: TaskData,
  batches: number,
  { state }: Pick<Counters, "state">,
  to: Batch,
): void {
  const { corpus, labels, host: { trained, labels: all } } = imagesFor(data, facts);
  const held = all.length - trained;
  const wanted = batches * sizes.tokens / sizes.seq, spacing = Math.floor(held / wanted);
  if (spacing < 1) {
    throw new RangeError(`Cannot draw ${wanted} held-out images: there are ${held}`);
  }
  drawImages(program, sizes, facts, {
    first: trained,
    range: 0,
    spacing,
    none: facts.classes,
    drop: 0,
    times: facts.times,
  }, {
    corpus,
    labels,
    seeds: state, // not read: the noise is the same for every seed
    state,
    ...to.batch,
    ...to.of,
  });
}

/** Images and where they came from. */
export interface Images extends PixelData {
  name: string;
  classes: number;
  hash: string;
  licence: string;
  /** what they were read from, as it was given; absent for built-in data */
  file?: string;
}

/**
 * Whether images are enough for a plan; needs no device.
 *
 * @param seq tokens of an image in the model
 * @returns null: nothing to warn of
 * @throws {RangeError} naming the images, how many there are and what is wanted
 */
export function checkImages(
  { name: given, file, labels, trained }: Pick<Images, "name" | "file" | "labels" | "trained">,
  seq: number,
  { seq: planned, sequences, evaluationBatches }: Draws,
): null {
  const name = file ?? given, held = labels.length - trained;
  const wanted = sequences * evaluationBatches;
  if (planned !== seq) {
    throw new RangeError(
      `Cannot train on ${name}: its images are ${seq} patches each, the plan has sequences of ${planned}`,
    );
  }
  if (trained < sequences) {
    throw new RangeError(
      `Cannot train on ${name}: ${trained} images to train on, want ${sequences}, as many as a step has`,
    );
  }
  if (held < wanted) {
    const all = Math.ceil(wanted * labels.length / held);
    const enough = held > 0 ? `, and of ${all} split alike enough would be` : "";
    throw new RangeError(
      `Cannot validate on ${wanted} images of ${name}: ${held} of ${labels.length} are held out${enough}`,
    );
  }
  return null;
}
