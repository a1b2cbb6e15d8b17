/** The count of bytes on a device: entered when made, struck once when destroyed, peak kept. */
import assert from "node:assert/strict";
import { Memory } from "../../../kernels/gpu/memory.ts";
import { f32 } from "../../../kernels/gpu/kernel.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import {
  bytesOf,
  createTensor,
  destroyTensor,
  download,
  ROW,
} from "../../../kernels/gpu/tensor.ts";
import { onEveryProfile } from "../../with_device.ts";

Deno.test("alive bytes follow what is entered and struck; the peak stays until it is reset", () => {
  const memory = new Memory(), strike = memory.enter(100), other = memory.enter(50);
  assert.deepEqual([memory.alive_bytes, memory.peak_bytes], [150, 150]);
  strike();
  strike(); // a second time does nothing
  assert.deepEqual([memory.alive_bytes, memory.peak_bytes], [50, 150]);
  memory.enter(60);
  assert.deepEqual([memory.alive_bytes, memory.peak_bytes], [110, 150]);
  memory.resetPeak();
  assert.equal(memory.peak_bytes, 110);
  other();
  memory.resetPeak();
  assert.deepEqual([memory.alive_bytes, memory.peak_bytes], [60, 60]);
});

Deno.test("tensors, uniforms and read-backs are counted at their size on every storage", () =>
  onEveryProfile(async (device) => {
    const { memory } = device;
    assert.equal(memory.alive_bytes, 0);
    const tensor = createTensor(device, "x", "f32", 5000);
    // rows of ROW floats, at least 3; or 16-byte steps
    assert.equal(bytesOf(tensor), device.profile.storage === "texture" ? 3 * ROW * 4 : 20000);
    assert.equal(memory.alive_bytes, bytesOf(tensor));
    const program = new Program(device);
    program.add(
      {
        name: "one",
        source: "@compute @workgroup_size(8) fn one() { store_x(0u, 1.0); }",
        inputs: {},
        outputs: { x: f32("n") },
        dims: { n: "u32" },
      },
      { x: tensor },
      { n: 1 },
      [1, 1, 1],
    );
    assert.equal(program.bytes, 256);
    assert.equal(memory.alive_bytes, bytesOf(tensor) + 256);
    await download(device, tensor);
    assert.equal(memory.alive_bytes, bytesOf(tensor) + 256, "the read-back is still counted");
    assert.ok(memory.peak_bytes >= 2 * 20000 + 256, "the read-back was not counted");
    for (let i = 0; i < 2; i++) {
      program.destroy();
      destroyTensor(tensor);
    }
    assert.equal(memory.alive_bytes, 0);
  }));
