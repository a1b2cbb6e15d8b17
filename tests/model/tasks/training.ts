/**
 * Trainings of a task: what they give, and what must hold of them whatever the task.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device } from "../../../kernels/gpu/device.ts";
import { downloadFloats } from "../../../kernels/gpu/tensor.ts";
import type { ModelShape } from "../../../model/shape.ts";
import type { Dataset } from "../../../model/task.ts";
import { type Replica, Trainer, type TrainingOptions } from "../../../model/trainer.ts";

/** What is trained, and on what. */
export interface Given {
  device: Device;
  data: Dataset;
  shape: ModelShape;
  batch: { sequences: number; seq: number };
  options: TrainingOptions;
}

/** Trains replicas side by side, `pieces` steps at a time: their logs, held-out results and parameters. */
export async function train(
  { device, data: dataset, shape, batch, options }: Given,
  replicas: Replica[],
  pieces = [options.steps],
) {
  const data = dataset.upload(device);
  const trainer = new Trainer(device, shape, batch, replicas, options, data);
  for (const count of pieces) await trainer.run(count);
  const log = await trainer.log(), all = await downloadFloats(device, trainer.parameters);
  const held = await trainer.evaluate(4), { floats } = trainer.network.layout;
  trainer.destroy();
  data.destroy();
  return {
    log,
    held,
    parameters: replicas.map((_, z) => [...all.subarray(z * floats, (z + 1) * floats)]),
  };
}

export const mean = (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;

/**
 * Two replicas learn: they repeat to the bit however the steps are cut, are what each is alone, and end below 0.6 of
 * the loss they began with, held out too.
 *
 * @returns the mean of the first five losses of each
 */
export async function learns(given: Given, [a, b]: [Replica, Replica]): Promise<number[]> {
  const { steps } = given.options, first = await train(given, [a, b]);
  assert.deepEqual(await train(given, [a, b], [1, 20, steps - 21]), first);
  const alone = await train(given, [a]), other = await train(given, [b]);
  assert.deepEqual([alone.log[0], other.log[0]], first.log);
  assert.deepEqual([alone.parameters[0], other.parameters[0]], first.parameters);
  assert.deepEqual([alone.held[0], other.held[0]], first.held);
  assert.notDeepEqual(first.log[0], first.log[1]);
  return first.log.map((log, z) => {
    const losses = log.map((s) => s.loss), start = mean(losses.slice(0, 5));
    assert.ok(losses.every(Number.isFinite));
    assert.ok(mean(losses.slice(-5)) < 0.6 * start, `replica ${z}: ${losses}`);
    assert.ok(first.held[z].loss < 0.6 * start, `held out: ${first.held[z].loss}`);
    return start;
  });
}
