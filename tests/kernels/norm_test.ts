/** RMSNorm, its gradient and column sums against float64. */
import assert from "node:assert/strict";
import {
  CHUNK_ROWS,
  columnSum,
  columnSumScratch,
  rmsNorm,
  rmsNormBackward,
} from "../../kernels/norm.ts";
import { assertApart, assertClose } from "../compare.ts";
import { gaussians } from "../random.ts";
import { columnSums, type Matrix, matrix } from "../reference/matrix.ts";
import {
  reciprocalRms,
  rmsNorm as reference,
  rmsNormBackward as referenceBackward,
} from "../reference/norm.ts";
import { tolerance } from "../tolerances.ts";
import { onEveryProfile } from "../with_device.ts";
import { floatsOf, type Place, placeOf, Stage } from "./stage.ts";

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
      const y = out(), product = out(), dz = out(), productFirst = out(), dzFirst = out();
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
          product,
          dz,
          dzIn: stage.matrices(p, dzIn),
        });
        rmsNormBackward(program, sizes, d, dp / 4, gain, {
          ...t,
          product: productFirst,
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
        assertClose("product", read(product), back.flatMap((b) => b.dgain), bound);
        assert.deepEqual(read(productFirst), read(product));
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
        for (const tensor of [y, dz, product, dzFirst]) {
          const padded = stage.matrix(tensor, p, z, tokens, dp).flatMap((row) => row.slice(d));
          assert.ok(padded.every((v) => v === 0), "the padding is not zero");
        }
      }
      stage.assertGapsUntouched(y, p, tokens);
      stage.assertGapsUntouched(dz, p, tokens);
      stage.destroy();
    }));
}

Deno.test("column sums match float64 for plain rows and for the heads of a token", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "columnSum"), stage = new Stage(device), draw = gaussians(8);
    // three chunks, the last not full
    const tokens = 2 * CHUNK_ROWS + 3, heads = 3, dp = 16, hp = 12, pg = placeOf(R, 2, dp);
    const plain = placeOf(R, tokens, dp);
    const values = Array.from({ length: R }, () => matrix(tokens, dp, draw));
    // q heads, then k heads, as in the gains' gradient; the sum wanted is over k's
    const both = placeOf(R, tokens, 2 * heads * hp, 8);
    const parts = Array.from({ length: R }, () => matrix(tokens, 2 * heads * hp, draw));
    const g = stage.output("f32x4", floatsOf(pg));
    const partials = [columnSumScratch(tokens, dp / 4), columnSumScratch(tokens * heads, hp / 4)]
      .map((length) => stage.output("f32x4", 4 * R * length));
    const gradient = (row: number) => ({
      tensor: g,
      base: (pg.base + row * pg.stride) / 4,
      replica: pg.replica / 4,
    });
    await stage.run((program) => {
      columnSum(
        program,
        R,
        tokens,
        dp / 4,
        {
          base: plain.base / 4,
          replica: plain.replica / 4,
          inner: 1,
          outerStride: plain.stride / 4,
          innerStride: 0,
        },
        gradient(0),
        { x: stage.matrices(plain, values), partial: partials[0] },
      );
      columnSum(
        program,
        R,
        tokens * heads,
        hp / 4,
        {
          base: (both.base + heads * hp) / 4,
          replica: both.replica / 4,
          inner: heads,
          outerStride: both.stride / 4,
          innerStride: hp / 4,
        },
        gradient(1),
        { x: stage.matrices(both, parts), partial: partials[1] },
      );
    });
    for (let z = 0; z < R; z++) {
      const [first, second] = stage.matrix(g, pg, z, 2, dp);
      assertClose("plain", first, columnSums(values[z]), bound);
      const head = (m: Matrix, from: number) =>
        Array.from({ length: heads }, (_, i) => i).flatMap((i) =>
          m.map((row) => row.slice((from + i) * hp, (from + i + 1) * hp))
        );
      assertClose("heads of k", second.slice(0, hp), columnSums(head(parts[z], heads)), bound);
      assertApart("heads of q", second.slice(0, hp), columnSums(head(parts[z], 0)), bound);
      assertApart("without the last row", first, columnSums(values[z].slice(0, -1)), bound);
    }
    stage.destroy();
  }));
