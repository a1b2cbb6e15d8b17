/** Every tile a GPU's products may run with, at sizes that divide none of them. */
import assert from "node:assert/strict";
import { type Epilogue, gemm, type Layout } from "../../../kernels/gemm/gemm.ts";
import {
  candidatesOf,
  caseName,
  CLASSES,
  classOf,
  DEFAULT_TILE,
  fits,
  type Kind,
  kindOf,
  KINDS,
  sharedTile,
  SLAB_BYTES,
  tileBytes,
  tileLanes,
  tileName,
  tileOf,
} from "../../../kernels/gemm/gemm_tiles.ts";
import type { Device } from "../../../kernels/gpu/device.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import {
  type Matrix,
  matrix,
  times,
  timesTransposed,
  transposedTimes,
} from "../../reference/matrix.ts";
import { swiglu } from "../../reference/swiglu.ts";
import { tolerance } from "../../tolerances.ts";
import { withDevice } from "../../with_device.ts";
import { experts } from "./expert_products.ts";
import { floatsOf, matrixAt, placeOf, Stage } from "../stage.ts";
import { GPU, judge, type Outputs } from "../variants.ts";

const ANY = {
  maxComputeWorkgroupStorageSize: 1 << 30,
  maxComputeInvocationsPerWorkgroup: 1 << 30,
};
/** Every candidate of every kind and class. */
const ALL = [
  ...new Set(KINDS.flatMap((kind) => CLASSES.flatMap((size) => candidatesOf(kind, size, ANY)))),
];

/** The device with one tile for every kind that can have it. */
function withTile(device: Device, name: string): Device {
  const tuning = Object.fromEntries(
    KINDS.filter((kind) => fits(kind, tileOf(name)!, ANY)).flatMap((kind) =>
      CLASSES.map((size) => [caseName(kind, size), name])
    ),
  );
  return { ...device, profile: { ...GPU, tuning } };
}

const R = 2, SCALES = [0.5, -1.5];
const PRODUCT: Record<Layout, (a: Matrix, b: Matrix) => Matrix> = {
  NT: timesTransposed,
  NN: times,
  TN: transposedTimes,
};

/** Operands of a dense product and what float64 makes of them. */
function reference(layout: Layout, epilogue: Epilogue, rows: number, cols: number, k: number) {
  const draw = gaussians(rows + cols * 3 + k), wide = epilogue === "swiglu" ? 2 * cols : cols;
  const make = (m: number, n: number) => Array.from({ length: R }, () => matrix(m, n, draw));
  const a = layout === "TN" ? make(k, rows) : make(rows, k);
  const b = layout === "NT" ? make(wide, k) : make(k, cols);
  const products = a.map((m, z) => PRODUCT[layout](m, b[z]));
  const want = products.map((m, z) =>
    m.map((row) =>
      epilogue === "swiglu"
        ? row.slice(0, cols).map((g, j) => swiglu(g, row[cols + j]))
        : row.map((x) => SCALES[z] * x)
    )
  );
  return { layout, epilogue, rows, cols, k, a, b, want };
}

/** The product on the device: hidden for swiglu, else c. */
async function run(device: Device, r: ReturnType<typeof reference>) {
  const stage = new Stage(device), { layout, epilogue, rows, cols, k } = r;
  const up4 = (n: number) => Math.ceil(n / 4) * 4, wide = epilogue === "swiglu";
  const place = (m: Matrix[]) => placeOf(R, up4(m[0].length), up4(m[0][0].length));
  const pa = place(r.a), pb = place(r.b), pc = placeOf(R, rows, wide ? 2 * cols : cols);
  const ph = { replicas: R, rows, cols, base: 0, stride: cols, replica: rows * cols };
  const c = stage.output("f32x4", floatsOf(pc));
  const hidden = wide ? stage.output("f32x4", floatsOf(ph)) : null;
  const kernels: string[] = [];
  await stage.run((program) => {
    gemm(program, {
      layout,
      epilogue,
      rows,
      cols,
      k: layout === "TN" ? k : up4(k),
      replicas: R,
      a: matrixAt(stage.matrices(pa, r.a), pa),
      b: matrixAt(stage.matrices(pb, r.b), pb),
      c: matrixAt(c, pc),
      ...(hidden ? { hidden: matrixAt(hidden, ph), up: cols * pb.stride / 4 } : {}),
      scales: stage.input("f32", SCALES),
      scaleSlot: 0,
      scaleStride: 1,
    });
    kernels.push(...program.dispatches.map((d) => d.kernel));
  });
  if (!wide) stage.assertGapsUntouched(c, pc);
  const got = SCALES.map((_, z) => stage.matrix(hidden ?? c, hidden ? ph : pc, z, rows, cols));
  stage.destroy();
  return { got, kernels };
}

const CASES = [
  reference("NT", "store", 133, 140, 42),
  reference("NN", "store", 133, 140, 42),
  reference("TN", "store", 132, 140, 77),
  reference("NT", "swiglu", 133, 76, 42),
];

Deno.test("every tile gives float64's product in every layout; uncut, all give the same bits", () =>
  withDevice(GPU, async (device) => {
    const first = new Map<Kind, Matrix[]>();
    for (const name of ALL) {
      const tile = tileOf(name)!, tuned = withTile(device, name);
      for (const r of CASES) {
        const kind = kindOf(r);
        if (!fits(kind, tile, ANY)) continue;
        const { got, kernels } = await run(tuned, r), what = `${kind} with ${name}`;
        assert.deepEqual(
          kernels,
          tile.split > 1 ? ["gemm_shared", "gemm_reduce"] : ["gemm_shared"],
          what,
        );
        const bound = tolerance(device, r.epilogue === "swiglu" ? "swiglu" : "product");
        r.want.forEach((want, z) => {
          assertClose(what, got[z].flat(), want.flat(), bound);
          assertApart(what, got[z].flat(), r.want[1 - z].flat(), bound);
        });
        if (tile.split > 1) continue;
        const known = first.get(kind) ?? got;
        first.set(kind, known);
        assert.deepEqual(got, known, `${what}: other bits than with ${DEFAULT_TILE}`);
      }
    }
    assert.equal(first.size, CASES.length);
  }));

Deno.test("every tile gives the grouped products of the variant that is checked against float64", () =>
  withDevice(GPU, async (device) => {
    const outputs = async (on: Device): Promise<Outputs> => {
      const stage = new Stage(on), made = await experts(stage, 130);
      stage.destroy();
      return made;
    };
    const software = { kernels: "software", storage: "buffer" } as const;
    const expected = await outputs({ ...device, profile: software });
    for (const name of ALL) {
      if (!KINDS.some((kind) => kind.endsWith("by expert") && fits(kind, tileOf(name)!, ANY))) {
        continue;
      }
      judge(name, await outputs(withTile(device, name)), expected, tolerance(device, "swiglu"));
    }
  }));

Deno.test("candidates: at most six a case, the default first, all within the limits asked", () => {
  const least = {
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
  };
  for (const kind of KINDS) {
    for (const size of CLASSES) {
      const names = candidatesOf(kind, size, least);
      assert.equal(names[0], DEFAULT_TILE);
      assert.ok(names.length >= 2 && names.length <= 6, `${kind}, ${size}: ${names.length}`);
      assert.equal(new Set(names).size, names.length);
      for (const name of candidatesOf(kind, size, ANY)) {
        const tile = tileOf(name)!;
        assert.equal(tileName(tile), name);
        assert.ok(tileBytes(tile) <= 16384 && tileLanes(tile) <= 256, `${name}: WebGPU's least`);
      }
    }
  }
  const deep = tileOf("128x128/8x8/16")!;
  assert.ok(fits("NT", deep, ANY) && !fits("NT", deep, least), "over 16 KiB");
  assert.ok(!fits("NT", { ...deep, depth: 4, laneRows: 4 }, least), "512 lanes");
  for (const name of ["64x64", "__proto__", "7x7/1x1/1", "64x64/0x8/16", "60x64/8x8/16", ""]) {
    assert.equal(tileOf(name), null, name);
  }
});

Deno.test("k is cut only where the partial products stay small; a bad choice is a range error", () =>
  withDevice(GPU, async (device) => {
    const t = new Stage(device), x = t.input("f32x4", [0, 0, 0, 0]), scales = t.input("f32", [1]);
    const m = { tensor: x, stride: 1, replica: 0 };
    const base = { a: m, b: m, c: m, scales, scaleSlot: 0, scaleStride: 1, replicas: 1 };
    const p = { ...base, layout: "TN" as const, rows: 512, cols: 512, k: 4096 };
    assert.equal(classOf(p), "few");
    const choice = (name: string) => ({ "TN, few": name, "TN, many": name, "NT, few": name });
    const cut = choice("64x64/4x8/16/split16");
    assert.equal(sharedTile(p, cut).split, 16);
    assert.equal(sharedTile(p, undefined).split, 1);
    const large = { ...p, rows: 4096, cols: 4096 };
    assert.ok(16 * 4096 * 4096 * 4 > SLAB_BYTES);
    assert.equal(classOf(large), "many");
    assert.equal(sharedTile(large, cut).split, 1);
    assert.equal(sharedTile({ ...p, epilogue: "residual", r: m }, cut).split, 1);
    const nt = { ...p, layout: "NT" as const };
    assert.throws(
      () => sharedTile(nt, cut),
      /Cannot multiply NT with the tile 64x64\/4x8\/16\/split16/,
    );
    assert.throws(() => sharedTile(nt, choice("fast")), RangeError);
    // the slab of the largest product serves the others
    const program = new Program({ ...device, profile: { ...GPU, tuning: cut } });
    const c = t.output("f32x4", 64 * 64), one = { ...p, rows: 64, cols: 64, k: 4 };
    const at = (tensor: typeof c) => ({ tensor, stride: 16, replica: 0 });
    const four = at(t.input("f32x4", new Float32Array(4 * 64)));
    for (let i = 0; i < 3; i++) gemm(program, { ...one, a: four, b: four, c: at(c) });
    assert.equal(program.bytes, 16 * 64 * 64 * 4 + program.dispatches.length * 256);
    program.destroy();
    t.destroy();
    await device.gpu.queue.onSubmittedWorkDone();
  }));
