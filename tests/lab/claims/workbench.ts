/** A workbench of a device and a made-up text, for suites that probe and do not train through the pool. */
import type { Device } from "../../../kernels/gpu/device.ts";
import type { Progress } from "../../../lab/suite.ts";
import type { Workbench } from "../../../lab/claims/models.ts";
import type { Models } from "../../../lab/train/models.ts";
import { taskById } from "../../../model/tasks/registry.ts";
import { uploadText } from "../../../model/tasks/text.ts";
import { uniforms } from "../../random.ts";

/** 4000 bytes in which each is one of few that may follow the last. */
export function text(): Uint8Array {
  const u = uniforms(5);
  let last = 0;
  return Uint8Array.from({ length: 4000 }, () => last = (last * 7 + 1 + Math.floor(5 * u())) % 250);
}

/** The workbench; training fails, labels of progress are kept. */
export function workbench(device: Device): Workbench & { labels: string[] } {
  const labels: string[] = [], data = uploadText(device, text(), 3000);
  const task = { id: "language", loss: { name: "cross-entropy", unit: "nats" } };
  return {
    device,
    pool: { data, task, context: { task: taskById() } } as unknown as Models,
    signal: new AbortController().signal,
    train: () => Promise.reject(new Error("Cannot train: a probe has no pool")),
    progress({ label, done, planned }: Progress) {
      if (!(done >= 0 && done <= planned)) {
        throw new RangeError(`Cannot show ${done} of ${planned}`);
      }
      labels.push(label);
    },
    labels,
  } as unknown as Workbench & { labels: string[] };
}
