/** Norms shifted and scaled by sequence, gated sums, and their gradients against float64. */
import { gatedAdd, gatedAddBackward, modulationSums } from "../../../kernels/norm/modulation.ts";
import { rmsNorm, rmsNormBackward } from "../../../kernels/norm/norm.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { type Matrix, matrix } from "../../reference/matrix.ts";
import { reciprocalRms, rmsNorm as norm, rmsNormBackward as back } from "../../reference/norm.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, placeOf, Stage } from "../stage.ts";

const R = 2;

/** Sequences of odd lengths, one of them a single token, at widths under and over a workgroup's. */
for (const [seq, images, d] of [[7, 3, 20], [1, 5, 8], [9, 2, 300]]) {
  Deno.test(`modulation of ${images} sequences of ${seq} tokens of width ${d} matches float64`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "norm"), sums = tolerance(device, "columnSum");
      const stage = new Stage(device), draw = gaussians(d + seq), tokens = seq * images;
      const rows = Math.ceil(tokens / 4) * 4, mRows = Math.ceil(images / 4) * 4;
      const sizes = { replicas: R, tokens, seq, rows }, d4 = d / 4;
      // five parts of d columns: what is read and written lies between others
      const p = placeOf(R, rows, d, 0), pm = placeOf(R, mRows, 5 * d, 0);
      const make = () => Array.from({ length: R }, () => matrix(tokens, d, draw));
      const x = make(), dy = make(), dz = make(), y = make(), r = make();
      const m = Array.from({ length: R }, () => matrix(images, 5 * d, draw));
      const [tx, tdy, tdz, ty, tr] = [x, dy, dz, y, r].map((v) => stage.matrices(p, v));
      const tm = stage.matrices(pm, m), out = () => stage.output("f32x4", floatsOf(p));
      const u = out(), dx = out(), dxFirst = out(), z = out(), dBranch = out();
      const rstd = stage.output("f32", R * rows), dm = stage.output("f32x4", floatsOf(pm));
      const by = { m: tm, rows: mRows, m4: 5 * d4, shift: d4, scale: 3 * d4, gate: 2 * d4 };
      await stage.run((program) => {
        rmsNorm(program, sizes, d, d4, by, { x: tx, y: u, rstd });
        rmsNormBackward(program, sizes, d, d4, by, { x: tx, dy: tdy, rstd, dz: dxFirst });
        rmsNormBackward(program, sizes, d, d4, by, { x: tx, dy: tdy, rstd, dz: dx, dzIn: tdz });
        modulationSums(program, sizes, d4, by, { x: tx, dy: tdy, rstd, dm });
        gatedAdd(program, sizes, d4, by, { r: tr, y: ty, z });
        gatedAddBackward(program, sizes, d4, by, { y: ty, dz: tdz, dy: dBranch, dm });
      });
      for (let k = 0; k < R; k++) {
        const of = (i: number, from: number) =>
          m[k][Math.floor(i / seq)].slice(from * d, from * d + d);
        const gain = (i: number) => of(i, 3).map((v) => 1 + v);
        const rowsOf = (f: (i: number) => number[]): Matrix =>
          Array.from({ length: tokens }, (_, i) => f(i));
        const got = (t: typeof u) => stage.matrix(t, p, k, tokens, d).flat();
        const check = (what: string, t: typeof u, f: (i: number) => number[]) =>
          assertClose(what, got(t), rowsOf(f).flat(), bound);
        const shifted = (i: number, shift: number[]) =>
          norm(x[k][i], gain(i)).map((v, j) => v + shift[j]);
        check("u", u, (i) => shifted(i, of(i, 1)));
        const unshifted = rowsOf((i) => shifted(i, of(i, 0))).flat();
        assertApart("another part's shift", got(u), unshifted, bound);
        const gradient = (i: number) => back(x[k][i], gain(i), dy[k][i]).dx;
        check("dx alone", dxFirst, gradient);
        check("dx", dx, (i) => gradient(i).map((v, j) => v + dz[k][i][j]));
        check("z", z, (i) => of(i, 2).map((g, j) => r[k][i][j] + g * y[k][i][j]));
        check("dbranch", dBranch, (i) => of(i, 2).map((g, j) => g * dz[k][i][j]));
        const sum = (s: number, f: (i: number, j: number) => number) =>
          Array.from({ length: d }, (_, j) => {
            let total = 0;
            for (let t = 0; t < seq; t++) total += f(s * seq + t, j);
            return total;
          });
        const columns = stage.matrix(dm, pm, k, images, 5 * d);
        for (let s = 0; s < images; s++) {
          const part = (from: number) => columns[s].slice(from * d, from * d + d);
          assertClose("dshift", part(1), sum(s, (i, j) => dy[k][i][j]), sums);
          const scale = sum(s, (i, j) => dy[k][i][j] * x[k][i][j] * reciprocalRms(x[k][i]));
          assertClose("dscale", part(3), scale, sums);
          assertClose("dgate", part(2), sum(s, (i, j) => dz[k][i][j] * y[k][i][j]), sums);
          // the parts in between are nobody's
          if (![...part(0), ...part(4)].every(Number.isNaN)) throw new Error("a part not its own");
        }
      }
      stage.destroy();
    }));
}
