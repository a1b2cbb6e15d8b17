/** What a device is opened with: storage by the adapter's limits, subgroups where it has them. */
import assert from "node:assert/strict";
import {
  chooseStorage,
  MOST_BINDINGS,
  NoAdapterError,
  UnfitAdapterError,
} from "../../../kernels/gpu/device.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import { STEPS, stepTrainer } from "../../../model/measure/step_bench.ts";
import { withDevice } from "../../with_device.ts";

const limits = (buffers: number, textures: number) => ({
  maxStorageBuffersPerShaderStage: buffers,
  maxStorageTexturesPerShaderStage: textures,
});

Deno.test("tensors are buffers on GPUs and textures on software adapters, if as many bind", () => {
  assert.equal(chooseStorage("a", false, limits(32, 32)), "buffer");
  assert.equal(chooseStorage("a", true, limits(32, 32)), "texture");
  assert.equal(chooseStorage("a", false, limits(MOST_BINDINGS, 4)), "buffer");
  assert.equal(chooseStorage("a", false, limits(8, MOST_BINDINGS)), "texture");
  assert.equal(chooseStorage("a", true, limits(32, 4)), "buffer");
});

Deno.test("an adapter that binds neither is refused in one line", () => {
  for (const software of [true, false]) {
    assert.throws(
      () => chooseStorage("Toy", software, limits(MOST_BINDINGS - 1, 4)),
      (error) =>
        error instanceof UnfitAdapterError && error instanceof NoAdapterError &&
        error.exitCode === 3 && error.message === "Cannot use Toy: a kernel binds 13 tensors, " +
            "a shader there at most 12 storage buffers or 4 storage textures",
    );
  }
});

Deno.test("no kernel of a step binds more tensors than adapters are asked for", () =>
  withDevice({}, async (device) => {
    const add = Program.prototype.add, bound: number[] = [];
    Program.prototype.add = function (spec, ...rest) {
      bound.push(Object.keys(spec.inputs).length + Object.keys(spec.outputs).length);
      add.call(this, spec, ...rest);
    };
    try {
      for (const shape of Object.values(STEPS)) stepTrainer(device, shape).destroy();
    } finally {
      Program.prototype.add = add;
    }
    assert.equal(Math.max(...bound), MOST_BINDINGS);
    await device.gpu.queue.onSubmittedWorkDone();
  }));

Deno.test("gpu kernels get subgroups where the device has them, and the facts say so", () =>
  withDevice({ kernels: "gpu" }, async (device) => {
    const has = device.gpu.features.has("subgroups");
    assert.equal(device.adapter.features.includes("subgroups"), has);
    await device.gpu.queue.onSubmittedWorkDone();
  }));
