/** What a program refuses, and that the refusals of the GPU itself are seen. */
import assert from "node:assert/strict";
import { boundsOf } from "../../../kernels/gpu/bounds.ts";
import { type Device, DeviceError, settle } from "../../../kernels/gpu/device.ts";
import { f32, kernelOf, type KernelSpec, vec4, when } from "../../../kernels/gpu/kernel.ts";
import { compile, Program } from "../../../kernels/gpu/program.ts";
import {
  bytesOf,
  createTensor,
  destroyTensor,
  download,
  isBuffered,
  LARGE,
  ROW,
  upload,
} from "../../../kernels/gpu/tensor.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";

const DOUBLE: KernelSpec = {
  name: "double",
  source: `@compute @workgroup_size(64)
fn double(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < dims.n) { store_y(id.x, load_x(id.x) * dims.factor + \${ADD}.0); }
}`,
  inputs: { x: f32("n") },
  outputs: { y: f32("n") },
  dims: { n: "u32", factor: "f32" },
  constants: { ADD: 1 },
};

function tensors(device: Device) {
  return {
    x: createTensor(device, "x", "f32", 5),
    y: createTensor(device, "y", "f32", 5),
    wide: createTensor(device, "wide", "f32x4", 5),
  };
}

Deno.test("a program computes what its kernel says, for both storages", () =>
  onEveryProfile(async (device) => {
    const { x, y } = tensors(device), program = new Program(device);
    upload(device, x, Float32Array.of(1, 2, 3, 4, 5));
    program.add(DOUBLE, { x, y }, { n: 5, factor: 2 }, [1, 1, 1]);
    program.submit();
    assert.deepEqual([...new Float32Array(await download(device, y))], [3, 5, 7, 9, 11]);
  }));

Deno.test("a pair alternates: each step reads what the step before wrote", () =>
  onEveryProfile(async (device) => {
    const { x, y } = tensors(device), program = new Program(device), z = { pair: [x, y] };
    upload(device, x, Float32Array.of(1, 2, 3, 4, 5));
    const both = z as { pair: [typeof x, typeof y] };
    program.add(DOUBLE, { x: both, y: both }, { n: 5, factor: 2 }, [1, 1, 1]);
    program.submit(3);
    // 1 → 3 → 7 → 15, and three steps end in the odd half
    assert.deepEqual([...new Float32Array(await download(device, y))], [15, 23, 31, 39, 47]);
    program.submit(1, 1);
    assert.deepEqual([...new Float32Array(await download(device, x))], [31, 47, 63, 79, 95]);
  }));

/** y[first .. first + n] = 2 x + 1, of vec4. */
const PART: KernelSpec = {
  name: "part",
  source: `@compute @workgroup_size(64)
fn part(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < dims.n) { store_y(dims.first + id.x, load_x(dims.first + id.x) * 2.0 + 1.0); }
}`,
  inputs: { x: vec4("first + n") },
  outputs: { y: vec4("first + n") },
  dims: { n: "u32", first: "u32" },
};

for (const length of [LARGE - 1, LARGE, ROW, 2 * ROW + 5]) {
  Deno.test(`what kernels write of ${length} vec4 is what the next reads and the host sees`, () =>
    onEveryProfile(async (device) => {
      const make = (name: string) => createTensor(device, name, "f32x4", length);
      const x = make("x"), y = make("y"), z = make("z"), program = new Program(device);
      const made = [x, y, z], values = Float32Array.from({ length: 4 * length }, (_, i) => i % 97);
      const buffers = device.profile.storage === "buffer";
      assert.equal(isBuffered(device, x), buffers || length >= LARGE);
      upload(device, x, values);
      upload(device, y, new Float32Array(4 * length).fill(7));
      // two parts of y by two dispatches, the rest as it was; then all of it is read
      const add = (from: typeof x, to: typeof x, first: number, n: number) =>
        program.add(PART, { x: from, y: to }, { n, first }, [Math.ceil(n / 64), 1, 1]);
      add(x, y, 0, 3);
      add(x, y, 10, length - 10);
      add(y, z, 0, length);
      program.submit(2);
      const want = (i: number) => i >= 12 && i < 40 ? 7 : values[i] * 2 + 1;
      const found = new Float32Array(await download(device, z));
      assert.equal(found.findIndex((v, i) => v !== want(i) * 2 + 1), -1);
      const part = new Float32Array(await download(device, y, length - 2, 2));
      assert.deepEqual([...part], [...values.subarray(-8)].map((v) => v * 2 + 1));
      // what the host writes over it is read too
      upload(device, y, new Float32Array(4).fill(5));
      program.dispatches.splice(0, 2);
      program.submit();
      const after = new Float32Array(await download(device, z));
      assert.deepEqual([...after.subarray(0, 5)], [11, 11, 11, 11, want(4) * 2 + 1]);
      const before = device.memory.alive_bytes, held = made.reduce((sum, t) => sum + bytesOf(t), 0);
      made.forEach(destroyTensor);
      assert.equal(before - device.memory.alive_bytes, held);
    }));
}

Deno.test("a missing, superfluous or ill-typed tensor is a type error that names it", () =>
  withDevice({}, (device) => {
    const { x, y, wide } = tensors(device), program = new Program(device);
    const dims = { n: 5, factor: 2 };
    const refuse = (t: Parameters<Program["add"]>[1], message: RegExp) =>
      assert.throws(() => program.add(DOUBLE, t, dims, [1, 1, 1]), { name: "TypeError", message });
    refuse({ x }, /Cannot bind double\.y: no tensor given/);
    refuse({ y }, /Cannot bind double\.x: no tensor given/);
    refuse({ x, y, wide }, /Cannot bind double\.wide: not declared/);
    refuse({ x: wide, y }, /Cannot bind double\.x: want f32, found f32x4/);
    refuse({ x, y: { pair: [y, wide] } }, /Cannot bind double\.y: want f32, found f32x4/);
    refuse({ x, y: { pair: [wide, y] } }, /Cannot bind double\.y: want f32, found f32x4/);
    assert.equal(program.dispatches.length, 0);
    return Promise.resolve();
  }));

Deno.test("a tensor that is too short is a range error that says what is wanted; a longer one is not", () =>
  withDevice({}, (device) => {
    const { x, y } = tensors(device), program = new Program(device);
    const pairs: KernelSpec = { ...DOUBLE, inputs: { x: f32("R", "n - 2", "ADD + 1") } };
    const add = (spec: KernelSpec, t: Parameters<Program["add"]>[1], n: number, z = 1) =>
      program.add(spec, t, { n, factor: 2 }, [1, 1, z]);
    const refuse = (run: () => void, message: string) =>
      assert.throws(run, { name: "RangeError", message });
    refuse(() => add(DOUBLE, { x, y }, 6), "Cannot run double: x has 5 f32, want [n] = 6");
    const short = createTensor(device, "short", "f32", 4);
    refuse(() => add(DOUBLE, { x, y: short }, 5), "Cannot run double: y has 4 f32, want [n] = 5");
    // in either half of a pair
    for (const pair of [[y, short], [short, y]] as [typeof x, typeof x][]) {
      refuse(
        () => add(DOUBLE, { x, y: { pair } }, 5),
        "Cannot run double: y has 4 f32, want [n] = 5",
      );
    }
    const want = "Cannot run double: x has 5 f32, want [R, n - 2, ADD + 1] =";
    refuse(() => add(pairs, { x, y }, 5), `${want} 6`);
    refuse(() => add(pairs, { x, y }, 3, 3), `${want} 6`);
    assert.equal(program.dispatches.length, 0);
    add(DOUBLE, { x, y }, 5);
    add(DOUBLE, { x, y }, 1);
    add(pairs, { x, y }, 4);
    return Promise.resolve();
  }));

Deno.test("R is the grid's z unless the call says otherwise", () =>
  withDevice({}, (device) => {
    const { x, y } = tensors(device), program = new Program(device);
    const spec: KernelSpec = { ...DOUBLE, outputs: { y: f32("R", "n") } };
    assert.throws(() => program.add(spec, { x, y }, { n: 3, factor: 1 }, [1, 1, 2]), /= 6/);
    program.add(spec, { x, y }, { R: 1, n: 3, factor: 1 }, [1, 1, 2]);
    return Promise.resolve();
  }));

Deno.test("a variant overrides what it names, and an operand is bound where its condition holds", () => {
  const spec: KernelSpec = {
    ...DOUBLE,
    inputs: { x: f32("n"), more: when("MORE && ADD", f32("n")) },
    constants: { ADD: 1, MORE: 0 },
    variants: { gpu: { name: "double_block", constants: { ADD: 2 } } },
  };
  const software = kernelOf(spec, "software"), gpu = kernelOf(spec, "gpu", { MORE: 1 });
  assert.deepEqual([software.name, software.constants], ["double", { ADD: 1, MORE: 0 }]);
  assert.deepEqual([gpu.name, gpu.constants], ["double_block", { ADD: 2, MORE: 1 }]);
  assert.deepEqual([Object.keys(software.inputs), Object.keys(gpu.inputs)], [["x"], ["x", "more"]]);
  assert.equal(gpu.source, DOUBLE.source);
  assert.equal(kernelOf(spec, "gpu", { ADD: 0 }).constants?.ADD, 0, "the call's word is the last");
});

Deno.test("a bad grid is a range error", () =>
  withDevice({}, (device) => {
    const { x, y } = tensors(device), program = new Program(device);
    const grids: [number, number, number][] = [
      [0, 1, 1],
      [1, -1, 1],
      [1, 1, 1.5],
      [65536, 1, 1],
      [1, 1, NaN],
    ];
    for (const grid of grids) {
      assert.throws(() => program.add(DOUBLE, { x, y }, { n: 5, factor: 2 }, grid), {
        name: "RangeError",
        message: /Cannot dispatch double: grid/,
      });
    }
    return Promise.resolve();
  }));

Deno.test("a missing, unknown or unfit dim is refused by name", () =>
  withDevice({}, (device) => {
    const { x, y } = tensors(device), program = new Program(device);
    const refuse = (dims: Record<string, number>, name: string, message: RegExp) =>
      assert.throws(() => program.add(DOUBLE, { x, y }, dims, [1, 1, 1]), { name, message });
    refuse({ n: 5 }, "TypeError", /Cannot set double\.factor: no value/);
    refuse({ n: 5, factor: 1, m: 2 }, "TypeError", /Cannot set double\.m: no such dim/);
    refuse({ n: 2.5, factor: 1 }, "RangeError", /Cannot set double\.n: 2\.5 is not a u32/);
    refuse({ n: -1, factor: 1 }, "RangeError", /-1 is not a u32/);
    refuse({ n: 2 ** 32, factor: 1 }, "RangeError", /4294967296 is not a u32/);
    return Promise.resolve();
  }));

Deno.test("invalid WGSL surfaces as an error of the device, inside a scope and outside", async () => {
  const broken: KernelSpec = { ...DOUBLE, source: "fn double() { let a: f32 = 1u; }" };
  const add = (device: Device) => {
    const { x, y } = tensors(device);
    new Program(device).add(broken, { x, y }, { n: 5, factor: 2 }, [1, 1, 1]);
  };
  await withDevice({}, async (device) => {
    device.gpu.pushErrorScope("validation");
    add(device);
    const error = await device.gpu.popErrorScope();
    assert.ok(error, "no error in the scope");
  });
  await assert.rejects(
    withDevice({}, (device) => Promise.resolve(add(device))),
    /The GPU complained: validation/,
  );
});

Deno.test("withDevice passes on the body's own error and an error no scope caught", async () => {
  await assert.rejects(withDevice({}, () => Promise.reject(new RangeError("mine"))), {
    name: "RangeError",
    message: "mine",
  });
  await assert.rejects(
    withDevice({}, (device) => Promise.resolve(void device.errors.push("lost"))),
    /The GPU complained: lost/,
  );
});

Deno.test("settle throws the first error nobody caught", () =>
  withDevice({}, async (device) => {
    await settle(device);
    device.errors.push("first line\nsecond line", "another");
    await assert.rejects(settle(device), (error: Error) => {
      assert.ok(error instanceof DeviceError);
      assert.equal(error.message, "The GPU refused work: first line");
      return true;
    });
    device.errors.length = 0;
  }));

Deno.test("a kernel is compiled once per device, code and constants", () =>
  withDevice({}, (device) => {
    const once = compile(device, DOUBLE);
    assert.equal(compile(device, { ...DOUBLE }), once);
    assert.notEqual(compile(device, { ...DOUBLE, constants: { ADD: 2 } }), once);
    return Promise.resolve();
  }));

Deno.test("tensors of many sizes come back as they were written", () =>
  onEveryProfile(async (device) => {
    for (
      const [element, numbers] of [["f32", 1], ["f32", 4097], ["f32x4", 4 * 67], [
        "u32",
        8192,
      ]] as const
    ) {
      const length = element === "f32x4" ? numbers / 4 : numbers;
      const tensor = createTensor(device, element, element, length);
      const values = element === "u32"
        ? Uint32Array.from({ length: numbers }, (_, i) => 0xffffffff - i)
        : Float32Array.from({ length: numbers }, (_, i) => i + 0.5);
      upload(device, tensor, values);
      const back = await download(device, tensor);
      assert.deepEqual(element === "u32" ? new Uint32Array(back) : new Float32Array(back), values);
      if (length > 4) {
        const part = new Uint32Array(await download(device, tensor, length - 3, 2));
        const all = new Uint32Array(back), per = numbers / length;
        assert.deepEqual(part, all.slice((length - 3) * per, (length - 1) * per));
      }
      assert.throws(() => upload(device, tensor, new Float32Array(numbers + 4)), {
        name: "RangeError",
        message: /Cannot upload/,
      });
    }
    for (const length of [0, -1, 1.5]) {
      assert.throws(() => createTensor(device, "bad", "f32", length), { name: "RangeError" });
    }
  }));

Deno.test("dims that loops and branches of all lanes follow from are told from the others", () => {
  const found = boundsOf(`
    fn k(id: vec3<u32>) {
      let base = dims.base; let count: u32 = min(dims.rows, base + 8u);
      if (id.x >= dims.tokens) { return; }
      if (dims.residual > 0u) { store_y(dims.other, 1.0); }
      for (var i = dims.first; i < count; i += dims.stride) { store_y(i * dims.width, 1.0); }
      // for (;; dims.comment) {
    }`);
  assert.deepEqual([...found].sort(), ["base", "first", "residual", "rows", "stride"]);
});

Deno.test("bounds assigned after their declaration are found, and comparisons are no assignments", () => {
  const found = boundsOf(`
    fn k(id: vec3<u32>) {
      var last = 0u; var span: vec2<u32>; var step = 1u; var sum = 0.0;
      if (id.x > 3u) { last = dims.a; }
      last += dims.b;
      span.y = dims.c; span[1] >>= dims.d;
      if (last == dims.none || step <= dims.neither) { sum = f32(dims.sum); }
      for (var i = 0u; i < last; i += step) { sum += dims.scale; }
      while (step < span.y) { step = step << 1u; }
      store_y(id.x, sum);
    }`);
  assert.deepEqual([...found].sort(), ["a", "b", "c", "d"]);
});

Deno.test("where there is a loop, which any if may leave, every dim is a bound", () => {
  const found = boundsOf(`
    fn k(id: vec3<u32>) {
      var i = id.x;
      loop { if (i >= dims.a) { break; } i += dims.b; }
      store_y(id.x, dims.c); // dims.comment
    }`);
  assert.deepEqual([...found].sort(), ["a", "b", "c"]);
  assert.deepEqual([...boundsOf("fn k() { let loops = dims.a; // loop {\n }")], []);
});
