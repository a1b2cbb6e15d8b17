/**
 * How large a job is: the work of training it, and how many of its shape an adapter holds.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import { layoutOf } from "../../model/shape.ts";
import { LabError } from "../record/failure.ts";
import type { Job } from "./job.ts";

/** Where more side by side trained no faster on llvmpipe. */
const MAX_REPLICAS = 15;

/** Memory the groups in training may take together; how many workers there are is decided by commands/workers.ts. */
const GROUP_BYTES = 6e9;

/**
 * Work of a job, a proxy for its time, in multiply-adds of its forward pass. What is added per token to those of the
 * matrices is what else takes time on llvmpipe: of a block, of its routing, of the ends; and per step that of the
 * optimizer. Fitted to the seconds of 896 runs of the quick profile, of 44 models; of 41 of them it is off by 7% in the median and
 * 30% at most, multiply-adds and a constant per token, which stood here before, by 13% and 51% (docs/time_left.ts).
 */
export function workOf({ shape, steps, sequences, seq }: Job): number {
  const { width: d, depth, ffn, task } = shape, moe = ffn.kind === "moe";
  const active = moe ? (ffn.active + ffn.shared) * ffn.expertWidth : ffn.hidden;
  const routing = moe ? 3600 + 20 * ffn.experts + (50 + 33 * d) * ffn.active : 0;
  const block = 4 * d * d + 3 * d * active + 5500 + 170 * d + routing;
  const optimizer = 175 * layoutOf(shape).count / (sequences * seq);
  return steps * sequences * seq *
    (depth * block + task.cost(shape).work + 14_000 + optimizer);
}

/**
 * How many runs of a shape the adapter holds side by side.
 *
 * @param groups how many groups train at a time
 * @throws {LabError} when a binding cannot hold one; memory alone refuses none
 */
export function replicasThatFit(device: Device, job: Job, groups = 1): number {
  const { ffn, task } = job.shape, layout = layoutOf(job.shape);
  const tokens = job.sequences * job.seq, ends = tokens * task.cost(job.shape).floats;
  // 64: the most rows a share is padded to (kernels/gemm)
  const rows = ffn.kind === "dense" ? tokens : tokens * ffn.active + 64 * ffn.experts;
  const h = ffn.kind === "dense" ? ffn.hidden : ffn.expertWidth;
  const branch = rows * Math.max(2 * h, layout.width);
  const largest = 4 * Math.max(
    layout.floats,
    branch,
    ends,
    tokens * 3 * layout.attention,
  );
  const binding = device.gpu.limits.maxStorageBufferBindingSize;
  // what kernels write of a texture is held twice, see kernels/gpu/tensor.ts
  const copies = device.profile.storage === "texture" ? 2 : 1;
  // parameters, gradient and moments, twice but the gradient; activations of all blocks, generously
  const all = 4 * copies * (7 * layout.floats +
    job.shape.depth * (2 * branch + tokens * (6 * layout.attention + 4 * layout.width)) +
    2 * ends);
  const fits = device.profile.storage === "texture" ? MAX_REPLICAS : Math.floor(binding / largest);
  if (fits < 1) {
    throw new LabError(
      `Cannot train ${job.cell.configuration}: it needs a binding of ${largest} bytes, the adapter allows ${binding}`,
    );
  }
  return Math.max(1, Math.min(MAX_REPLICAS, fits, Math.floor(GROUP_BYTES / groups / all)));
}
