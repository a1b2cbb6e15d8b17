/** RMSNorm, its gradient and column sums against float64. */
import assert from "node:assert/strict";
import {
  CHUNK_ROWS,
  gainReduce,
  gainSum,
  planGains,
  rmsNorm,
  rmsNormBackward,
} from "../../../kernels/norm/norm.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { columnSums, matrix } from "../../reference/matrix.ts";
import {
  reciprocalRms,
  rmsNorm as reference,
  rmsNormBackward as referenceBackward,
} from "../../reference/norm.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, type Place, placeOf, Stage } from "../stage.ts";

const R = 2;
const dense = (rows: number, cols: number): Place => ({
  replicas: R,
  rows,
  cols,
  base: 0,
  stride: cols,
  replica: rows * cols,
});

/** 33 tokens of width 13: rows and columns with padding; and one wide row per token. */
for (const [tokens, d] of [[33, 13], [3, 300]]) {
  Deno.test(`RMSNorm of ${tokens} rows of ${d} and its gradient match float64`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "norm"), stage = new Stage(device), draw = gaussians(d);
      const rows = Math.ceil(tokens / 4) * 4, dp = Math.ceil(d / 4) * 4, p = dense(rows, dp);
      const sizes = { replicas: R, tokens, rows, seq: tokens };
      const make = (scale = 1) =>
        Array.from({ length: R }, () => matrix(tokens, d, () => scale * draw()));
      // the second replica is so small that eps matters
      const x = [make()[0], make(2 ** -8)[0]], dy = make(), dzIn = make();
      const gains = Array.from({ length: R }, () => matrix(1, d, draw)), pg = placeOf(R, 1, dp);
      const tx = stage.matrices(p, x), tdy = stage.matrices(p, dy);
      const out = () => stage.output("f32x4", floatsOf(p));
      const y = out(), dz = out(), dzFirst = out();
      const rstd = stage.output("f32", R * rows);
      const gain = {
        tensor: stage.matrices(pg, gains),
        base: pg.base / 4,
        replica: pg.replica / 4,
      };
      await stage.run((program) => {
        rmsNorm(program, sizes, d, dp / 4, gain, { x: tx, y, rstd });
        const t = { x: tx, dy: tdy, rstd };
        rmsNormBackward(program, sizes, d, dp / 4, gain, {
          ...t,
          dz,
          dzIn: stage.matrices(p, dzIn),
        });
        rmsNormBackward(program, sizes, d, dp / 4, gain, {
          ...t,
          dz: dzFirst,
        });
      });
      for (let z = 0; z < R; z++) {
        const g = gains[z][0], back = x[z].map((row, t) => referenceBackward(row, g, dy[z][t]));
        const read = (tensor: typeof y) => stage.matrix(tensor, p, z, tokens, d).flat();
        const wantY = x[z].map((row) => reference(row, g)).flat();
        const wantRstd = x[z].map(reciprocalRms), wantDx = back.flatMap((b) => b.dx);
        const wantDz = wantDx.map((v, i) => v + dzIn[z].flat()[i]);
        assertClose("y", read(y), wantY, bound);
        assertClose(
          "rstd",
          stage.floats(rstd).subarray(z * rows, z * rows + tokens),
          wantRstd,
          bound,
        );
        assertClose("dz", read(dz), wantDz, bound);
        assertClose("dz of the first", read(dzFirst), wantDx, bound);
        assertApart(
          "gain of the other replica",
          read(y),
          x[z].map((row) => reference(row, gains[1 - z][0])).flat(),
          bound,
        );
        assertApart(
          "mean over the padding",
          read(y),
          wantY.map((v) => v * Math.sqrt(dp / d + 1e-3)),
          bound,
        );
        assertApart("dz without dzIn", read(dz), wantDx, bound);
        for (const tensor of [y, dz, dzFirst]) {
          const padded = stage.matrix(tensor, p, z, tokens, dp).flatMap((row) => row.slice(d));
          assert.ok(padded.every((v) => v === 0), "the padding is not zero");
        }
      }
      stage.assertGapsUntouched(y, p, tokens);
      stage.assertGapsUntouched(dz, p, tokens);
      stage.destroy();
    }));
}

Deno.test("the gradients of gains match float64 for plain rows and for the heads of q and k", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "columnSum"), stage = new Stage(device), draw = gaussians(8);
    // three chunks, the last not full; two sums one after the other in the partial sums
    const tokens = 2 * CHUNK_ROWS + 3, rows = tokens + 1, heads = 3, d = 16, h = 12;
    const sizes = { replicas: R, tokens, rows, seq: tokens }, pg = placeOf(R, 3, d);
    const make = (cols: number) => Array.from({ length: R }, () => matrix(tokens, cols, draw));
    const x = make(d), dy = make(d), parts = make(2 * heads * h);
    const rstd = Array.from({ length: R }, () => matrix(tokens, 1, draw));
    const at = (row: number) => (pg.base + row * pg.stride) / 4;
    const sums = [
      {
        width4: 2 * heads * h / 4,
        parts: [
          { from: 0, d4: h / 4, heads, target: at(1) },
          { from: heads * h / 4, d4: h / 4, heads, target: at(2) },
        ],
      },
      { width4: d / 4, parts: [{ from: 0, d4: d / 4, heads: 1, target: at(0) }] },
    ];
    const plan = planGains(sums, tokens);
    const g = stage.output("f32x4", floatsOf(pg));
    const partial = stage.output("f32x4", 4 * R * plan.partial);
    const table = stage.input("u32", plan.table);
    const scalars = new Float32Array(R * rows).fill(NaN);
    rstd.forEach((m, z) => m.forEach(([v], t) => scalars[z * rows + t] = v));
    await stage.run((program) => {
      gainSum(program, sizes, sums[0].width4, plan, 0, {
        x: stage.matrices(dense(rows, 2 * heads * h), parts),
        partial,
      });
      gainSum(program, sizes, sums[1].width4, plan, 1, {
        x: stage.matrices(dense(rows, d), x),
        dy: stage.matrices(dense(rows, d), dy),
        rstd: stage.input("f32", scalars),
        partial,
      });
      gainReduce(program, R, plan, pg.replica / 4, { partial, table, g });
    });
    for (let z = 0; z < R; z++) {
      const [whole, q, k] = stage.matrix(g, pg, z, 3, d);
      const products = x[z].map((row, t) => row.map((v, c) => v * dy[z][t][c] * rstd[z][t][0]));
      const head = (first: number) =>
        Array.from({ length: heads }, (_, i) => i).flatMap((i) =>
          parts[z].map((row) => row.slice((first + i) * h, (first + i + 1) * h))
        );
      assertClose("plain", whole, columnSums(products), bound);
      assertClose("heads of q", q.slice(0, h), columnSums(head(0)), bound);
      assertClose("heads of k", k.slice(0, h), columnSums(head(heads)), bound);
      assertApart(
        "without rstd",
        whole,
        columnSums(x[z].map((row, t) => row.map((v, c) => v * dy[z][t][c]))),
        bound,
      );
      assertApart("without the last row", whole, columnSums(products.slice(0, -1)), bound);
    }
    stage.destroy();
  }));
