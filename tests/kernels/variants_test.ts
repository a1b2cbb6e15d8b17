/**
 * The gpu variants of the kernels against the software variants, on the same random inputs: same
 * numbers, the same elements written and no others (outputs hold NaN before), and the same bits at
 * every run ({@link Stage.run} runs twice). Sizes are odd and cross every tile. That the software
 * variants are right is shown elsewhere, against float64.
 */
import assert from "node:assert/strict";
import { attention, attentionBackward, headVec4s } from "../../kernels/attention.ts";
import { type Epilogue, gemm, type Layout, type Product, tileRows } from "../../kernels/gemm.ts";
import type { Device, DeviceProfile } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { crossEntropy } from "../../kernels/loss.ts";
import { rmsNorm, rmsNormBackward } from "../../kernels/norm.ts";
import { maxTiles, route, routingLengths, type RoutingTensors } from "../../kernels/routing.ts";
import { roundUp, type Sizes, vec4s } from "../../kernels/sizes.ts";
import { relativeError } from "../compare.ts";
import { gaussians, uniforms } from "../random.ts";
import { tolerance, type TOLERANCES } from "../tolerances.ts";
import { withDevice } from "../with_device.ts";
import { floatsOf, matrixAt, placeOf, Stage } from "./stage.ts";

/** One output: its floats and which of them the kernel owes; the others stay NaN. */
interface Output {
  floats: Float32Array;
  owed: (i: number) => boolean;
}
type Outputs = Record<string, Output>;

/** Fails unless both wrote exactly what they owe, with a relative error within the bound. */
function judge(what: string, actual: Outputs, expected: Outputs, bound: number): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, { floats, owed }] of Object.entries(expected)) {
    const other = actual[name].floats;
    assert.equal(other.length, floats.length, `${what}.${name}: length`);
    const pair: [number[], number[]] = [[], []];
    for (let i = 0; i < floats.length; i++) {
      const found = `${what}.${name}[${i}]: software ${floats[i]}, gpu ${other[i]}`;
      if (owed(i)) {
        assert.ok(Number.isFinite(floats[i]) && Number.isFinite(other[i]), found);
        pair[0].push(other[i]);
        pair[1].push(floats[i]);
      } else {
        assert.ok(Number.isNaN(floats[i]) && Number.isNaN(other[i]), `not its own: ${found}`);
      }
    }
    assert.ok(pair[0].length > 0, `${what}.${name}: nothing to compare`);
    const error = relativeError(...pair);
    assert.ok(error <= bound, `${what}.${name}: relative error ${error} over ${bound}`);
  }
}

/** Runs a case in both variants, the gpu one on buffers and on textures, and judges. */
async function compareVariants(
  device: Device,
  what: keyof typeof TOLERANCES,
  name: string,
  run: (stage: Stage) => Promise<Outputs>,
): Promise<void> {
  const under = async (profile: DeviceProfile) => {
    const stage = new Stage({ ...device, profile });
    const outputs = await run(stage);
    stage.destroy();
    return outputs;
  };
  const expected = await under({ kernels: "software", storage: "buffer" });
  for (const storage of ["buffer", "texture"] as const) {
    const actual = await under({ kernels: "gpu", storage });
    judge(`${name} on ${storage}s`, actual, expected, tolerance(device, what));
  }
}

const GPU: DeviceProfile = { kernels: "gpu", storage: "buffer" };

/** `count` numbers with the columns from `real` to `padded` zero. */
function rowsOf(seed: number, count: number, real: number, padded: number): Float32Array {
  const next = gaussians(seed);
  return Float32Array.from(
    { length: count * padded },
    (_, i) => i % padded < real ? next() : 0,
  );
}

/** Owed: the first `rows` of every replica's `allocated` rows of `width` floats. */
function firstRows(rows: number, allocated: number, width: number): (i: number) => boolean {
  return (i) => Math.floor(i / width) % allocated < rows;
}

function sizesOf(replicas: number, tokens: number, seq = tokens): Sizes {
  return { replicas, tokens, seq, rows: roundUp(tokens, 4) };
}

const REPLICAS = 2;

/** A dense product in larger tensors that hold NaN between the matrices. */
async function product(
  stage: Stage,
  layout: Layout,
  epilogue: Epilogue,
  [rows, cols, k]: [number, number, number],
): Promise<Outputs> {
  const swiglu = epilogue === "swiglu", dswiglu = epilogue === "dswiglu";
  const wide = swiglu || dswiglu ? 2 * cols : cols, padded = roundUp(k, 4);
  let seed = rows + cols + k;
  const operand = (logical: number, real: number, allocated: number, width: number) => {
    const place = placeOf(REPLICAS, allocated, width), next = gaussians(seed++);
    const values = Array.from(
      { length: REPLICAS },
      () => Array.from({ length: logical }, () => Array.from({ length: real }, next)),
    );
    return { place, tensor: stage.matrices(place, values) };
  };
  const a = layout === "TN" ? operand(k, rows, padded, rows) : operand(rows, k, rows, padded);
  const b = layout === "NT" ? operand(wide, k, wide, padded) : operand(k, cols, padded, cols);
  const place = placeOf(REPLICAS, rows, wide);
  const c = stage.output("f32x4", floatsOf(place));
  const hidden = swiglu ? stage.output("f32x4", REPLICAS * rows * cols) : null;
  const like = (at: typeof place) => {
    const values = Array.from({ length: REPLICAS }, () => {
      const next = gaussians(seed++);
      return Array.from({ length: rows }, () => Array.from({ length: wide }, next));
    });
    return stage.matrices(at, values);
  };
  const gu = dswiglu ? like(place) : null, residual = { ...place, base: place.base + 8 };
  const r = epilogue === "residual" ? like(residual) : null;
  const scales = stage.input("f32", [9, 0.5, 9, -1.5]);
  await stage.run((program) =>
    gemm(program, {
      layout,
      epilogue,
      rows,
      cols,
      k,
      replicas: REPLICAS,
      a: matrixAt(a.tensor, a.place),
      b: matrixAt(b.tensor, b.place),
      c: matrixAt(c, place),
      ...(r ? { r: matrixAt(r, residual) } : {}),
      ...(gu ? { gu } : {}),
      ...(hidden
        ? {
          hidden: { tensor: hidden, stride: cols / 4, replica: rows * cols / 4 },
          up: cols * b.place.stride / 4,
        }
        : {}),
      scales,
      scaleSlot: 1,
      scaleStride: 2,
    })
  );
  const inside = (i: number) => {
    const at = (i - place.base) % place.replica;
    return i >= place.base && at < rows * place.stride && at % place.stride < wide;
  };
  return {
    c: { floats: stage.floats(c), owed: inside },
    ...(hidden ? { hidden: { floats: stage.floats(hidden), owed: () => true } } : {}),
  };
}

Deno.test("gemm_shared equals gemm in every layout, at sizes that divide no tile", async () => {
  await withDevice(GPU, async (device) => {
    for (const layout of ["NT", "NN", "TN"] as const) {
      // one tile partly filled; one over in rows, columns and k; k a whole number of tiles
      const sizes: [number, number, number][] = layout === "TN"
        ? [[16, 20, 33], [68, 132, 37], [64, 64, 32]]
        : [[33, 20, 36], [70, 132, 40], [64, 64, 32]];
      for (const size of sizes) {
        await compareVariants(
          device,
          "product",
          `${layout} ${size.join("x")}`,
          (stage) => product(stage, layout, "store", size),
        );
      }
    }
  });
});

Deno.test("gemm_shared equals gemm with every epilogue", async () => {
  await withDevice(GPU, async (device) => {
    const cases: [Layout, Epilogue][] = [
      ["NT", "residual"],
      ["NN", "residual"],
      ["NT", "swiglu"],
      ["NN", "dswiglu"],
    ];
    for (const [layout, epilogue] of cases) {
      const what = epilogue === "residual" ? "product" : "swiglu";
      for (const size of [[33, 12, 20], [70, 100, 36]] as [number, number, number][]) {
        await compareVariants(
          device,
          what,
          `${layout} ${epilogue} ${size.join("x")}`,
          (stage) => product(stage, layout, epilogue, size),
        );
      }
    }
  });
});

/** The routed branch, forward and backward: all grouped products of a step, one after the other. */
async function experts(stage: Stage, tokens: number): Promise<Outputs> {
  const sizes = sizesOf(REPLICAS, tokens), { rows } = sizes, tile = 64; // suits both variants
  const router = { experts: 5, active: 2, groups: 1, gate: "sigmoid" as const };
  const d = 13, h = 10, dp = 16, hp = 12, n = router.experts;
  const tiles = maxTiles(tokens, router, tile), slots = tiles * tile;
  // expert 3 is never picked, expert 1 always
  const next = uniforms(tokens);
  const logits = Float32Array.from(
    { length: REPLICAS * rows * 8 },
    (_, i) => next() + (i % 8 === 1 ? 9 : i % 8 === 3 ? -9 : 0),
  );
  const lengths = Object.entries(routingLengths(sizes, router, tile));
  const t = Object.fromEntries(
    lengths.map(([name, length]) => {
      // the mask of tokens past the last must be zero, as createTensor leaves it
      const initial = name === "mask" ? new Array(length).fill(0) : undefined;
      return [name, stage.output(name === "gate" ? "f32" : "u32", length, initial)];
    }),
  ) as Record<keyof RoutingTensors, Tensor>;
  const x = stage.input("f32x4", rowsOf(1, REPLICAS * rows, d, dp));
  const dz = stage.input("f32x4", rowsOf(2, REPLICAS * rows, d, dp));
  const wgu = stage.input("f32x4", rowsOf(3, REPLICAS * n * 2 * hp, d, dp));
  const wdown = stage.input("f32x4", rowsOf(4, REPLICAS * n * dp, h, hp));
  const scales = stage.input("f32", [0.5, -1.5]);
  const sorted = (width: number) => stage.output("f32x4", REPLICAS * slots * width);
  const gu = sorted(2 * hp), hidden = sorted(hp), out = sorted(dp), dgu = sorted(2 * hp);
  const dx = sorted(dp), dwgu = stage.output("f32x4", REPLICAS * n * 2 * hp * dp);
  const dwdown = stage.output("f32x4", REPLICAS * n * dp * hp);
  const matrix = (tensor: Tensor, count: number, cols: number) => ({
    tensor,
    stride: cols / 4,
    replica: count * cols / 4,
  });
  const weight = (tensor: Tensor, count: number, cols: number) => ({
    ...matrix(tensor, n * count, cols),
    expert: count * cols / 4,
  });
  const routing = { ...router, ...t, tileRows: tile, tiles, rows: slots, tokens: rows };
  await stage.run((program) => {
    const add = (p: Omit<Product, "replicas" | "scales" | "scaleSlot" | "scaleStride">) =>
      gemm(program, { ...p, replicas: REPLICAS, scales, scaleSlot: 0, scaleStride: 1, routing });
    route(program, sizes, router, tile, stage.input("f32x4", logits), t);
    add({
      layout: "NT",
      epilogue: "swiglu",
      grouped: "rows",
      gatherA: true,
      rows: slots,
      cols: hp,
      k: dp,
      up: hp * dp / 4,
      a: matrix(x, rows, dp),
      b: weight(wgu, 2 * hp, dp),
      c: matrix(gu, slots, 2 * hp),
      hidden: matrix(hidden, slots, hp),
    });
    add({
      layout: "NT",
      grouped: "rows",
      rows: slots,
      cols: dp,
      k: hp,
      a: matrix(hidden, slots, hp),
      b: weight(wdown, dp, hp),
      c: matrix(out, slots, dp),
    });
    add({
      layout: "NN",
      epilogue: "dswiglu",
      grouped: "rows",
      gatherA: true,
      gated: true,
      rows: slots,
      cols: hp,
      k: dp,
      gu,
      a: matrix(dz, rows, dp),
      b: weight(wdown, dp, hp),
      c: matrix(dgu, slots, 2 * hp),
    });
    add({
      layout: "TN",
      grouped: "k",
      gatherA: true,
      gated: true,
      rows: dp,
      cols: hp,
      k: 0,
      a: matrix(dz, rows, dp),
      b: matrix(hidden, slots, hp),
      c: weight(dwdown, dp, hp),
    });
    add({
      layout: "TN",
      grouped: "k",
      gatherB: true,
      rows: 2 * hp,
      cols: dp,
      k: 0,
      a: matrix(dgu, slots, 2 * hp),
      b: matrix(x, rows, dp),
      c: weight(dwgu, 2 * hp, dp),
    });
    add({
      layout: "NN",
      grouped: "rows",
      rows: slots,
      cols: dp,
      k: 2 * hp,
      a: matrix(dgu, slots, 2 * hp),
      b: weight(wgu, 2 * hp, dp),
      c: matrix(dx, slots, dp),
    });
  });
  const off = stage.integers(t.off);
  const used = (tensor: Tensor, width: number): Output => ({
    floats: stage.floats(tensor),
    owed: (i) => {
      const row = Math.floor(i / width);
      return row % slots < off[Math.floor(row / slots) * (n + 1) + n];
    },
  });
  const all = (tensor: Tensor): Output => ({ floats: stage.floats(tensor), owed: () => true });
  const empty = 3 * 2 * hp * dp, unused = stage.floats(dwgu).subarray(empty, empty + 2 * hp * dp);
  assert.ok(unused.every((g) => g === 0), "an expert without tokens has a gradient");
  return {
    gu: used(gu, 2 * hp),
    hidden: used(hidden, hp),
    out: used(out, dp),
    dgu: used(dgu, 2 * hp),
    dx: used(dx, dp),
    dwdown: all(dwdown),
    dwgu: all(dwgu),
  };
}

Deno.test("gemm_shared equals gemm for 5 experts, one idle and one with more than a tile", async () => {
  await withDevice(GPU, async (device) => {
    for (const tokens of [33, 130]) {
      await compareVariants(
        device,
        "swiglu",
        `${tokens} tokens`,
        (stage) => experts(stage, tokens),
      );
    }
  });
});

Deno.test("gemm_shared refuses experts whose shares are no whole tiles", async () => {
  await withDevice(GPU, async (device) => {
    assert.equal(tileRows({ kernels: "software", storage: "texture" }), 8);
    assert.equal(tileRows(GPU), 64);
    const stage = new Stage(device), x = stage.input("f32x4", new Float32Array(64));
    const one = stage.input("f32", [1]), slots = stage.input("u32", new Uint32Array(16));
    const m = { tensor: x, stride: 1, replica: 16 };
    const routing = {
      experts: 1,
      active: 1,
      tileRows: 8,
      tiles: 2,
      rows: 16,
      tokens: 16,
      tileExpert: slots,
      off: slots,
      perm: slots,
      gate: one,
    };
    const sizes = { rows: 16, cols: 4, k: 4, replicas: 1, scaleSlot: 0, scaleStride: 1 };
    assert.throws(
      () =>
        gemm(new Program(device), {
          layout: "NT",
          grouped: "rows",
          routing,
          ...sizes,
          a: m,
          b: m,
          c: { ...m, tensor: stage.output("f32x4", 64) },
          scales: one,
        }),
      RangeError,
    );
    stage.destroy();
    await device.gpu.queue.onSubmittedWorkDone();
  });
});

/** RMSNorm forward and backward of `tokens` rows. */
async function norm(
  stage: Stage,
  replicas: number,
  tokens: number,
  d: number,
  added: boolean,
): Promise<Outputs> {
  const sizes = sizesOf(replicas, tokens), { rows } = sizes, d4 = vec4s(d), dp = d4 * 4;
  const input = (seed: number) => stage.input("f32x4", rowsOf(seed, replicas * rows, d, dp));
  // each replica's parameters: 2 vec4 of NaN, then the gain
  const gains = new Float32Array(replicas * (dp + 8)).fill(NaN);
  for (let z = 0; z < replicas; z++) gains.set(rowsOf(9 + z, 1, d, dp), z * (dp + 8) + 8);
  const gain = { tensor: stage.input("f32x4", gains), base: 2, replica: d4 + 2 };
  const x = input(1), dy = input(2), dzIn = input(3);
  const wide = () => stage.output("f32x4", replicas * rows * dp);
  const y = wide(), rstd = stage.output("f32", replicas * rows), product = wide(), dz = wide();
  await stage.run((program) => {
    rmsNorm(program, sizes, d, d4, gain, { x, y, rstd });
    rmsNormBackward(program, sizes, d, d4, gain, {
      x,
      dy,
      rstd,
      product,
      dz,
      ...(added ? { dzIn } : {}),
    });
  });
  const part = (tensor: Tensor, width: number) => ({
    floats: stage.floats(tensor),
    owed: firstRows(tokens, rows, width),
  });
  return {
    y: part(y, dp),
    rstd: part(rstd, 1),
    product: part(product, dp),
    dz: part(dz, dp),
  };
}

Deno.test("rms_norm_tree and its gradient equal the serial kernels", async () => {
  await withDevice(GPU, async (device) => {
    // fewer columns than lanes, more than 32, more than 64
    for (const [d, added] of [[13, true], [150, false], [300, true]] as const) {
      await compareVariants(
        device,
        "norm",
        `width ${d}`,
        (stage) => norm(stage, REPLICAS, 33, d, added),
      );
    }
  });
});

Deno.test("rms_norm_tree covers more rows than one axis of the grid", async () => {
  await withDevice(GPU, async (device) => {
    await compareVariants(device, "norm", "32770 rows", (stage) => norm(stage, 1, 32770, 3, true));
  });
});

Deno.test("cross_entropy_tree equals the serial kernel", async () => {
  await withDevice(GPU, async (device) => {
    for (const [vocab, gradient] of [[5, true], [37, false], [150, true], [301, true]] as const) {
      await compareVariants(device, "crossEntropy", `${vocab} words`, async (stage) => {
        const sizes = sizesOf(REPLICAS, 33), { rows } = sizes, padded = vec4s(vocab) * 4;
        const next = uniforms(vocab);
        // padded columns must not count, whatever they hold
        const logits = Float32Array.from(
          { length: REPLICAS * rows * padded },
          (_, i) => i % padded < vocab ? 8 * next() - 4 : 50,
        );
        const targets = Array.from({ length: REPLICAS * rows }, () => Math.floor(next() * vocab));
        const loss = stage.output("f32", REPLICAS * rows);
        const dlogits = gradient ? stage.output("f32x4", REPLICAS * rows * padded) : undefined;
        await stage.run((program) =>
          crossEntropy(program, sizes, vocab, { slot: 1, stride: 2 }, {
            logits: stage.input("f32x4", logits),
            targets: stage.input("u32", targets),
            scales: stage.input("f32", [9, 0.5, 9, -1.5]),
            loss,
            dlogits,
          })
        );
        const outputs: Outputs = {
          loss: { floats: stage.floats(loss), owed: firstRows(33, rows, 1) },
        };
        if (dlogits) {
          const owed = firstRows(33, rows, padded);
          outputs.dlogits = { floats: stage.floats(dlogits), owed };
        }
        return outputs;
      });
    }
  });
});

/** Attention forward and backward of two sequences per replica. */
async function attend(stage: Stage, seq: number, headWidth: number): Promise<Outputs> {
  const heads = { heads: 3, headWidth }, dv = headVec4s(heads) * 4, hd = 3 * dv;
  const sizes = sizesOf(REPLICAS, 2 * seq, seq), { rows, tokens } = sizes;
  // rows past the last token hold NaN: no result may depend on them
  const input = (seed: number, parts: number) => {
    const values = rowsOf(seed, REPLICAS * rows * parts * 3, headWidth, dv);
    const given = firstRows(tokens, rows, parts * hd);
    return stage.input("f32x4", values.map((x, i) => given(i) ? x : NaN));
  };
  const qk = input(1, 2), qkv = input(2, 3), dout = input(3, 1);
  const wide = (parts: number) => stage.output("f32x4", REPLICAS * rows * parts * hd);
  const scalar = () => stage.output("f32", REPLICAS * rows * 3);
  const o = wide(1), lse = scalar(), d = scalar(), dqk = wide(2), dqkv = wide(3);
  await stage.run((program) => {
    attention(program, sizes, heads, { qk, qkv, o, lse });
    attentionBackward(program, sizes, heads, { qk, qkv, o, lse, dout, d, dqk, dqkv });
  });
  const part = (tensor: Tensor, width: number): Output => ({
    floats: stage.floats(tensor),
    owed: firstRows(tokens, rows, width),
  });
  const values = part(dqkv, 3 * hd), inRows = values.owed;
  values.owed = (i) => inRows(i) && i % (3 * hd) >= 2 * hd; // q and k are qk_norm_rope_backward's
  return {
    o: part(o, hd),
    lse: part(lse, 3),
    d: part(d, 3),
    dqk: part(dqk, 2 * hd),
    dqkv: values,
  };
}

Deno.test("attention_block and its gradients equal the lane-per-head kernels", async () => {
  await withDevice(GPU, async (device) => {
    // blocks of 32 and 64 rows, partly filled and more than one; dk and dv together and apart
    const cases = [[11, 8], [33, 10], [32, 16], [130, 8], [70, 16], [33, 64], [1, 10]];
    for (const [seq, headWidth] of cases) {
      await compareVariants(
        device,
        "attentionBackward",
        `${seq} tokens, heads of ${headWidth}`,
        (stage) => attend(stage, seq, headWidth),
      );
    }
  });
});

Deno.test("the judge fails on another number, an unwritten element and one too many", () => {
  const owed = (i: number) => i < 3;
  const of = (...floats: number[]): Outputs => ({ y: { floats: Float32Array.from(floats), owed } });
  const right = of(1, 2, 3, NaN);
  judge("twin", of(1, 2, 3, NaN), right, 1e-6);
  for (const wrong of [of(1, 2, 3.001, NaN), of(1, NaN, 3, NaN), of(1, 2, 3, 4), of(1, 2, 3)]) {
    assert.throws(() => judge("twin", wrong, right, 1e-6), assert.AssertionError);
  }
});
