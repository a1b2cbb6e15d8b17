/**
 * Data of the language task: a text as bytes, its split, and the windows drawn from it. Training windows
 * begin anywhere in the first part; held-out windows stand evenly spaced in the rest.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Program } from "../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, type Tensor, upload } from "../../kernels/gpu/tensor.ts";
import type { Sizes } from "../../kernels/sizes.ts";
import { drawBatch } from "../../kernels/text/embedding.ts";
import type { Counters, Draws, TaskData } from "../task.ts";

/** A text and where it came from. */
export interface Text {
  name: string;
  bytes: Uint8Array;
  /** bytes 0 … trainBytes-1 are for training, the rest is held out */
  trainBytes: number;
  hash: string;
  licence: string;
  /** the file it was read from, as it was given; absent for built-in texts */
  file?: string;
}

/** A text on the device, 4 bytes to a u32. */
export class DeviceText implements TaskData {
  readonly task = "language";

  /** @param trainBytes where training ends @param bytes of all */
  constructor(readonly tensor: Tensor, readonly trainBytes: number, readonly bytes: number) {}

  destroy(): void {
    destroyTensor(this.tensor);
  }
}

/** Uploads a text. */
export function uploadText(device: Device, bytes: Uint8Array, trainBytes: number): DeviceText {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const tensor = createTensor(device, "text", "u32", padded.length / 4);
  upload(device, tensor, new Uint32Array(padded.buffer));
  return new DeviceText(tensor, trainBytes, bytes.length);
}

/** Where the tokens of a batch go: (R, rows) u32 each. */
interface Windows {
  tokens: Tensor;
  targets: Tensor;
}

function textOf(data: TaskData): DeviceText {
  if (data instanceof DeviceText) return data;
  throw new TypeError(`Cannot draw tokens: the data is for ${data.task}`);
}

/** Bytes of held-out text that so many windows need: their starts differ, and each has a next byte. */
function heldOutBytes(windows: number, seq: number): number {
  return windows + seq + 1;
}

/**
 * Appends the draw of `seq` bytes and the next of each from the training part, by (seed, step, row).
 *
 * @throws {TypeError} for another task's data
 * @throws {RangeError} for a training part too short for a sequence
 */
export function drawTraining(
  program: Program,
  sizes: Sizes,
  data: TaskData,
  at: Counters,
  to: Windows,
): void {
  const { tensor, trainBytes } = textOf(data), { seq } = sizes;
  if (trainBytes <= seq + 1) {
    throw new RangeError(
      `Cannot draw sequences of ${seq} tokens: the training text has ${trainBytes}`,
    );
  }
  drawBatch(program, sizes, { first: 0, range: trainBytes - seq, spacing: 0 }, {
    corpus: tensor,
    ...at,
    tokens: to.tokens,
    targets: to.targets,
  });
}

/**
 * Appends the draw of held-out batch number `state` of `batches`.
 *
 * @throws {TypeError} for another task's data
 * @throws {RangeError} when the held-out text has fewer windows
 */
export function drawHeldOut(
  program: Program,
  sizes: Sizes,
  data: TaskData,
  batches: number,
  { state }: Pick<Counters, "state">,
  to: Windows,
): void {
  const { tensor, trainBytes, bytes } = textOf(data), { seq } = sizes, held = bytes - trainBytes;
  const windows = batches * sizes.tokens / seq, spacing = Math.floor((held - seq - 1) / windows);
  if (spacing < 1) {
    throw new RangeError(
      `Cannot draw ${windows} held-out windows: the held-out text has ${held} bytes, want ${
        heldOutBytes(windows, seq)
      }`,
    );
  }
  drawBatch(program, sizes, { first: trainBytes, range: 0, spacing }, {
    corpus: tensor,
    seeds: state, // not read: the windows are the same for every seed
    state,
    tokens: to.tokens,
    targets: to.targets,
  });
}

/**
 * Whether a text is long enough for a plan; needs no device.
 *
 * @returns a warning when held-out windows overlap, or null
 * @throws {RangeError} naming the text, what it has and what is wanted
 */
export function checkText(
  { name: given, file, bytes, trainBytes }: Pick<Text, "name" | "file" | "bytes" | "trainBytes">,
  { seq, sequences, evaluationBatches }: Draws,
): string | null {
  const name = file ?? given;
  const held = bytes.length - trainBytes, windows = evaluationBatches * sequences;
  const least = seq + 2, wanted = heldOutBytes(windows, seq);
  // how long a text must be whose parts have the same shares
  const factor = Math.max(least / trainBytes, wanted / held);
  const whole = Number.isFinite(factor)
    ? `, as a text of about ${Math.ceil(factor * bytes.length)} bytes has`
    : "";
  if (trainBytes < least) {
    throw new RangeError(
      `Cannot draw sequences of ${seq} tokens from ${name}: its training part has ${trainBytes} of ${bytes.length} bytes, want ${least}${whole}`,
    );
  }
  if (held < wanted) {
    throw new RangeError(
      `Cannot validate on ${windows} windows of ${name}: its held-out part has ${held} of ${bytes.length} bytes, want ${wanted}${whole}`,
    );
  }
  return held / windows < seq ? "the held-out windows overlap: the held-out text is short" : null;
}
