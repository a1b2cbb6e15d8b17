/**
 * Held-out loss of a diffusion model by time: of every image its t and its loss, which a mean over all t hides.
 *
 * @module
 */
import { type Device, settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, downloadFloats, upload } from "../../kernels/gpu/tensor.ts";
import { forward } from "../forward.ts";
import type { TaskData } from "../task.ts";
import type { Trainer } from "../trainer.ts";
import { diffusionOf } from "./diffusion_kernels.ts";

/** Held-out images of one replica, in their order. */
export interface TimedLosses {
  /** t of each image, 0 … 1; the same for every model */
  time: Float32Array;
  /** loss of each image, the mean over its patches, in the unit of the task's */
  loss: Float32Array;
}

/**
 * Losses of held-out images with their times, by the weights as they stand; images, times and noise are those of
 * {@link Trainer.evaluate}.
 *
 * @param data the trainer's
 * @param signal aborted: stops before the next batch and throws its reason
 * @returns one per replica
 * @throws {TypeError} for a model of another task
 * @throws {RangeError} when there are fewer held-out images
 */
export async function timedLosses(
  device: Device,
  trainer: Trainer,
  data: TaskData,
  batches: number,
  signal?: AbortSignal,
): Promise<TimedLosses[]> {
  const net = trainer.network,
    { sizes } = net,
    task = diffusionOf(net),
    { images, rows } = task.images;
  const state = createTensor(device, "timed.state", "u32", sizes.replicas);
  const program = new Program(device);
  const out = Array.from({ length: sizes.replicas }, (): TimedLosses => ({
    time: new Float32Array(batches * images),
    loss: new Float32Array(batches * images),
  }));
  try {
    trainer.still(() => {
      task.heldOut(program, data, batches, { state });
      forward(net, program, false);
    });
    for (let batch = 0; batch < batches; batch++) {
      signal?.throwIfAborted();
      upload(device, state, new Uint32Array(sizes.replicas).fill(batch));
      program.submit();
      await settle(device);
      const times = await downloadFloats(device, task.of.time);
      const losses = await downloadFloats(device, task.loss);
      out.forEach(({ time, loss }, z) => {
        for (let i = 0; i < images; i++) {
          let sum = 0;
          for (let t = 0; t < sizes.seq; t++) sum += losses[z * sizes.rows + i * sizes.seq + t];
          time[batch * images + i] = times[z * rows + i];
          loss[batch * images + i] = sum / sizes.seq;
        }
      });
    }
  } finally {
    program.destroy();
    destroyTensor(state);
  }
  return out;
}
