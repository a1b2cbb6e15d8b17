/** Grids of one lane per element, also where one axis is too short for them. */
import assert from "node:assert/strict";
import { embed } from "../../kernels/text/embedding.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  downloadFloats,
  type Element,
  upload,
} from "../../kernels/gpu/tensor.ts";
import { lanes } from "../../kernels/sizes.ts";
import { withDevice } from "../with_device.ts";

const KERNELS = new URL("../../kernels/", import.meta.url);

Deno.test("a grid of lanes holds every element on axes of at most 65535 workgroups", () => {
  for (const count of [1, 64, 65, 4_194_240, 4_194_241, 8_388_608, 100_000_000]) {
    const [x, y, z] = lanes(count, 3);
    assert.ok(x >= 1 && x <= 65535 && y >= 1 && y <= 65535 && z === 3, `${count}: ${x} x ${y}`);
    assert.ok(x * y * 64 >= count && (x * y - x) * 64 < count, `${count}: ${x} x ${y} groups`);
    // lane_of() counts 32768 workgroups to a row, so a grid with rows must have that many
    assert.ok(y === 1 || x === 32768, `${count}: rows of ${x} groups`);
  }
  assert.deepEqual(lanes(4_194_240, 1), [65535, 1, 1]);
  assert.deepEqual(lanes(4_194_241, 1), [32768, 2, 1]);
});

Deno.test("every kernel of one lane per element asks lane_of for it", async () => {
  for await (const { name } of Deno.readDir(KERNELS)) {
    // the roofline's kernels have grids of their own and loop over the rest
    if (!name.endsWith(".wgsl") || name.startsWith("roofline")) continue;
    const text = await Deno.readTextFile(new URL(name, KERNELS));
    if (!/workgroup_size\(64\)[\s\S]*global_invocation_id/.test(text)) continue;
    assert.ok(text.includes("lane_of(id)"), `${name} does not ask lane_of(id)`);
    assert.doesNotMatch(text, /\bid\.[xy]\b/, `${name} reads id itself`);
  }
});

Deno.test("4,198,400 vec4, more than one axis of workgroups holds, are all written", async () => {
  await withDevice({}, async (device) => {
    const tokens = 16400, d4 = 256, vocab = 7;
    const own = (element: Element, length: number) => createTensor(device, "t", element, length);
    const tensors = {
      tokens: own("u32", tokens),
      p: own("f32x4", vocab * d4),
      x: own("f32x4", tokens * d4),
    };
    const id = (t: number) => (t * 5 + 3) % vocab;
    const weight = (i: number) => 1 + i % 9973;
    upload(device, tensors.tokens, Uint32Array.from({ length: tokens }, (_, t) => id(t)));
    upload(device, tensors.p, Float32Array.from({ length: vocab * d4 * 4 }, (_, i) => weight(i)));
    const program = new Program(device);
    const sizes = { replicas: 1, tokens, seq: tokens, rows: tokens };
    embed(program, sizes, d4, { tensor: tensors.p, base: 0, replica: vocab * d4 }, {
      tokens: tensors.tokens,
      x: tensors.x,
    });
    assert.deepEqual(program.dispatches[0].grid, [32768, 3, 1]);
    program.submit();
    // the whole would be 67 MB; both sides of every fold, and the end
    for (const t of [0, 8191, 8192, 16382, 16383, 16384, tokens - 1]) {
      const row = await downloadFloats(device, tensors.x, t * d4, d4);
      for (let i = 0; i < row.length; i++) {
        assert.equal(row[i], weight(id(t) * d4 * 4 + i), `token ${t}, float ${i}`);
      }
    }
    program.destroy();
    Object.values(tensors).forEach(destroyTensor);
  });
});
