/**
 * A kernel touches nothing past the shapes its spec declares. Each runs twice on the same numbers: on
 * tensors of exactly those lengths, and on longer ones whose further elements are NaN (inputs) or a
 * pattern (outputs). Both runs must write the same bits, and the pattern must stay.
 */
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { f32, lengthOf } from "../../kernels/gpu/kernel.ts";
import { Program } from "../../kernels/gpu/program.ts";
import { createTensor, destroyTensor, download, upload } from "../../kernels/gpu/tensor.ts";
import { withDevice } from "../with_device.ts";
import { type Call, callsOf, everyKernel } from "./every_kernel.ts";

/** Elements past a shape. */
const PAST = 64;
/** What outputs hold before: neither a number nor an index. */
const PATTERN = 0xdeadbeef;

/** Element i of an index tensor, such that the kernel stays inside the others. */
function index(role: string, i: number, { kernel, dims }: Call): number {
  const { experts = 1, tile_rows = 8, vocab = 9, gate_replica = 1 } = dims;
  const values: Record<string, number> = {
    tokens: i % vocab,
    targets: i % (dims.vocab ?? 1),
    order: i % 12,
    first: i % (vocab + 1),
    // the last step a log or schedule has room for
    state: kernel.name === "draw_batch" ? 0 : (dims.steps ?? 1) - 1,
    ids: i % experts,
    place: i * 7 % (dims.d4 ? dims.x_replica / dims.d4 : 8),
    perm: i * 7 % gate_replica,
    tile_expert: i % experts,
    off: i % (experts + 1) * tile_rows,
    // few enough that the planned tiles have room
    bits: i % 3,
    mask: i % 5,
    counts: i % 4,
    seeds: i,
    corpus: i * 7919,
    // first partial sum, vec4 between chunks, heads, vec4 between heads, target
    table: [Math.floor(i / 5) % 5, 5, 1, 1, Math.floor(i / 5)][i % 5],
  };
  return values[role] ?? 0;
}

/** What the outputs of a call hold after it, with `past` elements more than their shapes. */
async function outputsOf(
  device: Device,
  call: Call,
  past: number,
): Promise<[string, Uint32Array][]> {
  const { spec, kernel, constants, dims, grid } = call, program = new Program(device);
  const made = Object.entries({ ...kernel.inputs, ...kernel.outputs }).map(([role, operand]) => {
    const { element } = operand, width = element === "f32x4" ? 4 : 1;
    const length = lengthOf(kernel, operand, dims, grid), numbers = length * width;
    const tensor = createTensor(device, role, element, length + past);
    const words = new Uint32Array(numbers + past * width).fill(PATTERN);
    const floats = new Float32Array(words.buffer);
    if (role in kernel.inputs) {
      for (let i = 0; i < numbers; i++) {
        if (element === "u32") words[i] = index(role, i, call);
        else floats[i] = (i * 7919 % 97 + 10) / 97;
      }
      if (element !== "u32") floats.fill(NaN, numbers);
    }
    upload(device, tensor, words);
    return { role, tensor, numbers };
  });
  program.add(
    spec,
    Object.fromEntries(made.map(({ role, tensor }) => [role, tensor])),
    dims,
    grid,
    constants,
  );
  program.submit();
  const outputs: [string, Uint32Array][] = [];
  for (const { role, tensor, numbers } of made) {
    if (role in kernel.outputs) {
      const words = new Uint32Array(await download(device, tensor));
      const stray = words.subarray(numbers).findIndex((word) => word !== PATTERN);
      assert.equal(stray, -1, `${role}: writes ${stray} numbers past its ${numbers}`);
      outputs.push([role, words.subarray(0, numbers)]);
    }
  }
  program.destroy();
  made.forEach(({ tensor }) => destroyTensor(tensor));
  return outputs;
}

/** Compares a call's outputs on exact and on longer tensors, and returns them. */
async function compare(
  device: Device,
  what: string,
  call: Call,
): Promise<[string, Uint32Array][]> {
  const exact = await outputsOf(device, call, 0), longer = await outputsOf(device, call, PAST);
  exact.forEach(([role, words], i) => {
    const at = words.findIndex((word, k) => word !== longer[i][1][k]);
    assert.equal(at, -1, `${what}: number ${at} of ${role} depends on what is past a shape`);
  });
  return exact;
}

/** One call of each kernel and form; products in their default tile, and one whose k is cut. */
function* forms(kernels: "software" | "gpu"): Generator<[string, Call]> {
  const seen = new Set<string>();
  for (const c of everyKernel()) {
    for (const call of callsOf(c, kernels)) {
      const { name } = call.kernel, { CUT = 0 } = call.kernel.constants ?? {};
      const form = /^gemm(_shared)?$/.test(name)
        ? CUT ? "cut" : c.name
        : JSON.stringify([call.roles, call.constants]);
      // what has no gpu variant of its own is the same kernel again
      if (kernels === "gpu" && !call.spec.variants?.gpu && name !== "gemm_reduce") continue;
      if (seen.has(`${name} ${form}`)) continue;
      seen.add(`${name} ${form}`);
      yield [`${name} in ${c.name}`, call];
    }
  }
}

/** Runs every form and returns how many there were. */
async function check(kernels: "software" | "gpu"): Promise<number> {
  let count = 0;
  await withDevice({ kernels, storage: "buffer" }, async (device) => {
    for (const [what, call] of forms(kernels)) {
      const exact = await compare(device, what, call);
      const written = exact.some(([, words]) => words.some((word) => word !== PATTERN));
      assert.ok(written, `${what} writes nothing`);
      count++;
    }
  });
  return count;
}

/** A call of a kernel that reads x and writes y at i + 1, for i below n, where the spec says n. */
function careless(past: "x" | "y"): Call {
  const at = (role: string) => role === past ? "id.x + 1u" : "id.x";
  const spec = {
    name: "shift",
    source: `@compute @workgroup_size(64) fn shift(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < dims.n) { store_y(${at("y")}, load_x(${at("x")})); }
}`,
    inputs: { x: f32("n") },
    outputs: { y: f32("n") },
    dims: { n: "u32" as const },
  };
  const roles = ["x", "y"], constants = {};
  return { spec, kernel: spec, constants, roles, dims: { n: 8 }, grid: [1, 1, 1] };
}

Deno.test("a kernel that reads or writes past its shapes is found out", () =>
  withDevice({ kernels: "software", storage: "buffer" }, async (device) => {
    await assert.rejects(compare(device, "shift", careless("x")), /number 7 of y depends on what/);
    await assert.rejects(compare(device, "shift", careless("y")), /y: writes 0 numbers past its 8/);
  }));

Deno.test("no software variant touches anything past its shapes", async () => {
  assert.ok(await check("software") > 100);
});

Deno.test("no gpu variant touches anything past its shapes", async () => {
  assert.ok(await check("gpu") > 80);
});
