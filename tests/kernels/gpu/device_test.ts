/** What a device is opened with: storage by the adapter's limits, subgroups where it has them. */
import assert from "node:assert/strict";
import {
  chooseStorage,
  MOST_BINDINGS,
  NoAdapterError,
  UnfitAdapterError,
} from "../../../kernels/gpu/device.ts";
import { withDevice } from "../../with_device.ts";
import { callsOf, everyKernel } from "../every_kernel.ts";

const limits = (buffers: number, textures: number) => ({
  maxStorageBuffersPerShaderStage: buffers,
  maxStorageTexturesPerShaderStage: textures,
});

Deno.test("tensors are buffers on GPUs and textures on software adapters, if as many bind", () => {
  assert.equal(chooseStorage("a", false, limits(32, 32)), "buffer");
  assert.equal(chooseStorage("a", true, limits(32, 32)), "texture");
  assert.equal(chooseStorage("a", false, limits(MOST_BINDINGS, 4)), "buffer");
  assert.equal(chooseStorage("a", false, limits(MOST_BINDINGS - 1, MOST_BINDINGS)), "texture");
  assert.equal(chooseStorage("a", true, limits(32, 4)), "buffer");
});

Deno.test("an adapter that binds neither is refused in one line", () => {
  for (const software of [true, false]) {
    assert.throws(
      () => chooseStorage("Toy", software, limits(MOST_BINDINGS - 1, 4)),
      (error) =>
        error instanceof UnfitAdapterError && error instanceof NoAdapterError &&
        error.exitCode === 3 && error.message === "Cannot use Toy: a kernel binds 8 tensors, " +
            "a shader there at most 7 storage buffers or 4 storage textures",
    );
  }
});

Deno.test("no kernel binds more tensors than WebGPU lets every adapter bind", () => {
  const bound = [...everyKernel()].flatMap((c) =>
    (["software", "gpu"] as const).flatMap((kernels) =>
      callsOf(c, kernels).map(({ kernel }) =>
        Object.keys(kernel.inputs).length + Object.keys(kernel.outputs).length
      )
    )
  );
  assert.equal(Math.max(...bound), MOST_BINDINGS);
  // maxStorageBuffersPerShaderStage of WebGPU's default limits
  assert.ok(MOST_BINDINGS <= 8);
});

Deno.test("gpu kernels get subgroups where the device has them, and the facts say so", () =>
  withDevice({ kernels: "gpu" }, async (device) => {
    const has = device.gpu.features.has("subgroups");
    assert.equal(device.adapter.features.includes("subgroups"), has);
    await device.gpu.queue.onSubmittedWorkDone();
  }));
