/**
 * Matrix products in every layout, epilogue and grouping against float64. One file because every
 * case shares operands, places and one table of layouts.
 */
import assert from "node:assert/strict";
import {
  type Epilogue,
  gemm,
  type Layout,
  type Product,
  tileRows,
} from "../../../kernels/gemm/gemm.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import {
  addScaled,
  type Matrix,
  matrix,
  times,
  timesTransposed,
  transpose,
  transposedTimes,
} from "../../reference/matrix.ts";
import { swiglu, swigluBackward, swigluSlopes } from "../../reference/swiglu.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { sortByExpert } from "../routing/sort.ts";
import { floatsOf, matrixAt, type Place, placeOf, Stage } from "../stage.ts";

const R = 2, SCALES = [0.7, -1.3], SLOT = 2, STRIDE = 5;
const up4 = (n: number) => Math.ceil(n / 4) * 4;
const map2 = (a: Matrix, b: Matrix, f: (x: number, y: number) => number) =>
  a.map((row, i) => row.map((x, j) => f(x, b[i][j])));
const scaled = (a: Matrix, s: number) => a.map((row) => row.map((x) => x * s));

/** The multipliers, NaN in every slot but the right one. */
function scalesOf(stage: Stage) {
  const values = new Float32Array(R * STRIDE).fill(NaN);
  SCALES.forEach((s, z) => values[z * STRIDE + SLOT] = s);
  return { scales: stage.input("f32", values), scaleSlot: SLOT, scaleStride: STRIDE, replicas: R };
}

/** The reference product of a layout; `rows x cols` results. */
const PRODUCT: Record<Layout, (a: Matrix, b: Matrix) => Matrix> = {
  NT: timesTransposed,
  NN: times,
  TN: transposedTimes,
};

/** Sizes of A and B for results of rows x cols. */
function operands(layout: Layout, rows: number, cols: number, k: number) {
  const draw = gaussians(rows * 31 + cols * 7 + k);
  const make = (m: number, n: number) => Array.from({ length: R }, () => matrix(m, n, draw));
  return {
    a: layout === "TN" ? make(k, rows) : make(rows, k),
    b: layout === "NT" ? make(cols, k) : make(k, cols),
    draw,
    make,
  };
}

/** Rows of A or B get room up to a multiple of 4, filled with zeros: k is summed to there. */
const place = (m: Matrix[]) => placeOf(R, up4(m[0].length), up4(m[0][0].length));

for (const epilogue of ["store", "residual"] as const) {
  Deno.test(`the three layouts with epilogue ${epilogue} match float64`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "product");
      for (const layout of ["NT", "NN", "TN"] as const) {
        for (const [rows, cols, k] of [[33, 21, 13], [9, 150, 6], [130, 5, 2]]) {
          const stage = new Stage(device), { a, b, make } = operands(layout, rows, cols, k);
          const pa = place(a), pb = place(b), r = make(rows, cols);
          const pc = placeOf(R, up4(rows), up4(cols)), c = stage.output("f32x4", floatsOf(pc));
          // rows that are stored: a weight gradient has padded rows, activations have not
          const stored = layout === "TN" ? up4(rows) : rows;
          // r: the strides of c, another base
          const pr = { ...pc, base: pc.base + 8 };
          await stage.run((program) =>
            gemm(program, {
              layout,
              epilogue,
              rows: stored,
              cols: pc.cols,
              k: layout === "TN" ? k : up4(k),
              a: matrixAt(stage.matrices(pa, a), pa),
              b: matrixAt(stage.matrices(pb, b), pb),
              c: matrixAt(c, pc),
              ...scalesOf(stage),
              ...(epilogue === "residual" ? { r: matrixAt(stage.matrices(pr, r), pr) } : {}),
            })
          );
          for (let z = 0; z < R; z++) {
            const what = `${layout} ${rows} x ${cols} x ${k}, replica ${z}`;
            const product = PRODUCT[layout](a[z], b[z]);
            const want = epilogue === "residual"
              ? addScaled(r[z], SCALES[z], product)
              : scaled(product, SCALES[z]);
            const got = stage.matrix(c, pc, z, rows, cols).flat();
            assertClose(what, got, want.flat(), bound);
            assertApart(what, got, product.flat(), bound);
            assertApart(
              what,
              got,
              scaled(PRODUCT[layout](a[1 - z], b[z]), SCALES[z]).flat(),
              bound,
            );
            const padded = stage.matrix(c, pc, z, rows, pc.cols).flatMap((row) => row.slice(cols));
            assert.ok(padded.every((x) => x === 0), `${what}: the padding is not zero`);
          }
          stage.assertGapsUntouched(c, pc, stored);
          stage.destroy();
        }
      }
    }));
}

Deno.test("a gated product gives [g | u] and silu(g) u; its gradient gives [dg | du]", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "swiglu");
    for (const [rows, h, d] of [[33, 21, 13], [6, 70, 6]]) {
      const stage = new Stage(device), draw = gaussians(rows + h);
      const make = (m: number, n: number) => Array.from({ length: R }, () => matrix(m, n, draw));
      const hp = up4(h), x = make(rows, d), wgate = make(h, d), wup = make(h, d);
      const dy = make(rows, d), wdown = make(d, h);
      const px = placeOf(R, up4(rows), up4(d)), pw = placeOf(R, 2 * hp, up4(d));
      // c is [g | u] side by side without a gap between rows; hidden has no base
      const pc = { ...placeOf(R, up4(rows), 2 * hp) };
      const ph: Place = {
        replicas: R,
        rows: up4(rows),
        cols: hp,
        base: 0,
        stride: hp,
        replica: up4(rows) * hp,
      };
      // h rows of gates, padding, then h rows of up
      const gu = wgate.map((g, z) => {
        const padding = matrix(hp - h, d, () => 0);
        return [...g, ...padding, ...wup[z]];
      });
      const c = stage.output("f32x4", floatsOf(pc)), hidden = stage.output("f32x4", floatsOf(ph));
      const w = matrixAt(stage.matrices(pw, gu), pw);
      await stage.run((program) =>
        gemm(program, {
          layout: "NT",
          epilogue: "swiglu",
          rows,
          cols: hp,
          k: up4(d),
          up: hp * w.stride,
          a: matrixAt(stage.matrices(px, x), px),
          b: w,
          c: matrixAt(c, pc),
          hidden: matrixAt(hidden, ph),
          ...scalesOf(stage),
        })
      );
      const g = x.map((m, z) => timesTransposed(m, wgate[z]));
      const u = x.map((m, z) => timesTransposed(m, wup[z]));
      for (let z = 0; z < R; z++) {
        const both = stage.matrix(c, pc, z, rows, 2 * hp);
        const byG = map2(g[z], u[z], (a, b) => swigluSlopes(a, b).byG).flat();
        const byU = map2(g[z], u[z], (a, b) => swigluSlopes(a, b).byU).flat();
        assertClose("slope by g", both.flatMap((row) => row.slice(0, h)), byG, bound);
        assertClose("slope by u", both.flatMap((row) => row.slice(hp, hp + h)), byU, bound);
        const got = stage.matrix(hidden, ph, z, rows, h).flat();
        assertClose("hidden", got, map2(g[z], u[z], swiglu).flat(), bound);
        assertApart("g and u exchanged", got, map2(u[z], g[z], swiglu).flat(), bound);
      }
      stage.assertGapsUntouched(c, pc, rows);

      const back = new Stage(device), dc = back.output("f32x4", floatsOf(pc));
      const stored = g.map((m, z) =>
        m.map((row, i) => {
          const slopes = row.map((v, j) => swigluSlopes(v, u[z][i][j]));
          return [
            ...slopes.map((x) => x.byG),
            ...Array(hp - h).fill(0),
            ...slopes.map((x) => x.byU),
          ].map(Math.fround);
        })
      );
      const pd = placeOf(R, up4(d), hp);
      await back.run((program) =>
        gemm(program, {
          layout: "NN",
          epilogue: "dswiglu",
          rows,
          cols: hp,
          k: up4(d),
          gu: back.matrices(pc, stored),
          a: matrixAt(back.matrices(px, dy), px),
          b: matrixAt(back.matrices(pd, wdown), pd),
          c: matrixAt(dc, pc),
          ...scalesOf(back),
        })
      );
      for (let z = 0; z < R; z++) {
        const dh = scaled(times(dy[z], wdown[z]), SCALES[z]);
        const want = g[z].map((_row, i) =>
          Array.from({ length: h }, (_, j) => swigluBackward(g[z][i][j], u[z][i][j], dh[i][j]))
        );
        const both = back.matrix(dc, pc, z, rows, 2 * hp);
        const dg = both.flatMap((row) => row.slice(0, h));
        const du = both.flatMap((row) => row.slice(hp, hp + h));
        assertClose("dg", dg, want.flat().map((x) => x.dg), bound);
        assertClose("du", du, want.flat().map((x) => x.du), bound);
        assertApart("du for dg", dg, want.flat().map((x) => x.du), bound);
      }
      back.assertGapsUntouched(dc, pc, rows);
      stage.destroy();
      back.destroy();
    }
  }));

/** 33 tokens on 5 experts, 2 each; expert 3 gets none, and the replicas differ. */
function grouped(stage: Stage) {
  const tokens = 33, experts = 5, active = 2, draw = gaussians(77);
  const ids = [0, 1].map((z) =>
    Array.from({ length: tokens }, (_, t) => {
      const first = [0, 1, 2, 4][(t * (z + 1) + Math.floor(t / 5)) % 4];
      return [first, first === 4 ? 1 : 4];
    })
  );
  const sorted = sortByExpert(ids, experts, up4(tokens), tileRows(stage.device.profile));
  const gate = ids.map((rows) => rows.map((row) => row.map(() => Math.abs(draw()) + 0.1)));
  const gates = new Float32Array(R * up4(tokens) * active).fill(NaN);
  gate.forEach((g, z) => gates.set(g.flat(), z * up4(tokens) * active));
  const routing: Product["routing"] = {
    experts,
    active,
    tileRows: tileRows(stage.device.profile),
    tiles: sorted.tiles,
    rows: sorted.rows,
    tokens: up4(tokens),
    tileExpert: stage.input("u32", sorted.tileExpert),
    off: stage.input("u32", sorted.off),
    perm: stage.input("u32", sorted.perm),
    gate: stage.input("f32", gates),
  };
  const make = (m: number, n: number) => Array.from({ length: R }, () => matrix(m, n, draw));
  /** one matrix per expert and replica */
  const perExpert = (m: number, n: number) =>
    Array.from({ length: R }, () => Array.from({ length: experts }, () => matrix(m, n, draw)));
  return { tokens, experts, active, ids, sorted, gate, routing, make, perExpert };
}

/** Experts one below the other: place and numbers of (experts · rows, cols). */
function stacked(values: Matrix[][], rows: number, cols: number) {
  const experts = values[0].length;
  const all = values.map((of) =>
    of.flatMap((m) => [...m, ...matrix(rows - m.length, m[0].length, () => 0)])
  );
  return { place: placeOf(R, experts * rows, cols), values: all };
}

/** Rows of the expert-sorted order with `rowOf(slot)` in real rows, zero in padding of a tile. */
function inOrder(perm: number[], rowOf: (slot: number) => number[], width: number): Matrix {
  return perm.map((slot) => slot < 1e6 ? rowOf(slot) : Array(width).fill(0));
}

Deno.test("grouped rows multiply each expert's tokens by its own matrix", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "swiglu"), d = 13, h = 10, dp = 16, hp = 12;
    const stage = new Stage(device), s = grouped(stage), { sorted, routing, active } = s;
    const x = s.make(s.tokens, d), wgate = s.perExpert(h, d), wup = s.perExpert(h, d);
    const wdown = s.perExpert(d, h), rows = sorted.rows;
    const px = placeOf(R, up4(s.tokens), dp);
    const wgu = stacked(
      wgate.map((of, z) => of.map((g, e) => [...g, ...matrix(hp - h, d, () => 0), ...wup[z][e]])),
      2 * hp,
      dp,
    );
    const down = stacked(wdown, dp, hp);
    const expert = (cols: number): Place => ({
      replicas: R,
      rows,
      cols,
      base: 0,
      stride: cols,
      replica: rows * cols,
    });
    const pgu = expert(2 * hp), ph = expert(hp), pout = expert(dp);
    const gu = stage.output("f32x4", floatsOf(pgu)), hidden = stage.output("f32x4", floatsOf(ph));
    const out = stage.output("f32x4", floatsOf(pout));
    const w = matrixAt(stage.matrices(wgu.place, wgu.values), wgu.place);
    const wd = matrixAt(stage.matrices(down.place, down.values), down.place);
    const common = { routing, rows, grouped: "rows" as const, ...scalesOf(stage) };
    await stage.run((program) => {
      gemm(program, {
        ...common,
        layout: "NT",
        epilogue: "swiglu",
        gatherA: true,
        cols: hp,
        k: dp,
        up: hp * w.stride,
        a: matrixAt(stage.matrices(px, x), px),
        b: { ...w, expert: 2 * hp * w.stride },
        c: matrixAt(gu, pgu),
        hidden: matrixAt(hidden, ph),
      });
      gemm(program, {
        ...common,
        layout: "NT",
        cols: dp,
        k: hp,
        a: matrixAt(hidden, ph),
        b: { ...wd, expert: dp * wd.stride },
        c: matrixAt(out, pout),
      });
    });
    for (let z = 0; z < R; z++) {
      const got = stage.matrix(out, pout, z, rows, d),
        gotHidden = stage.matrix(hidden, ph, z, rows, h);
      const expect = (pick: (e: number) => number) =>
        sorted.real[z].map(([, t, e]) => {
          const g = timesTransposed([x[z][t]], wgate[z][e]),
            u = timesTransposed([x[z][t]], wup[z][e]);
          const hid = map2(g, u, swiglu);
          return { hid: hid[0], y: scaled(timesTransposed(hid, wdown[z][pick(e)]), SCALES[z])[0] };
        });
      const want = expect((e) => e), wrong = expect((e) => (e + 1) % s.experts);
      const y = sorted.real[z].flatMap(([row]) => got[row]);
      assertClose(
        "hidden",
        sorted.real[z].flatMap(([row]) => gotHidden[row]),
        want.flatMap((o) => o.hid),
        bound,
      );
      assertClose("out", y, want.flatMap((o) => o.y), bound);
      assertApart("another expert", y, wrong.flatMap((o) => o.y), bound);
    }

    // backward to the rows: dgu = stored slopes × gate · dz Wdown, dx = dgu Wgu
    const back = new Stage(device), b = grouped(back), dz = s.make(s.tokens, d);
    const dgu = back.output("f32x4", floatsOf(pgu)), dx = back.output("f32x4", floatsOf(pout));
    const stored = sorted.perms.map((perm) => {
      const draw = gaussians(9);
      return inOrder(
        perm,
        () => Array.from({ length: 2 * hp }, (_, j) => j % hp < h ? draw() : 0),
        2 * hp,
      );
    });
    const bw = matrixAt(back.matrices(wgu.place, wgu.values), wgu.place);
    const bd = matrixAt(back.matrices(down.place, down.values), down.place);
    const backCommon = { routing: b.routing, rows, grouped: "rows" as const, ...scalesOf(back) };
    await back.run((program) => {
      gemm(program, {
        ...backCommon,
        layout: "NN",
        epilogue: "dswiglu",
        gatherA: true,
        gated: true,
        cols: hp,
        k: dp,
        gu: back.matrices(pgu, stored),
        a: matrixAt(back.matrices(px, dz), px),
        b: { ...bd, expert: dp * bd.stride },
        c: matrixAt(dgu, pgu),
      });
      gemm(program, {
        ...backCommon,
        layout: "NN",
        cols: dp,
        k: 2 * hp,
        a: matrixAt(dgu, pgu),
        b: { ...bw, expert: 2 * hp * bw.stride },
        c: matrixAt(dx, pout),
      });
    });
    for (let z = 0; z < R; z++) {
      const gotDgu = back.matrix(dgu, pgu, z, rows, 2 * hp),
        gotDx = back.matrix(dx, pout, z, rows, d);
      const parts = (gated: boolean) =>
        sorted.real[z].map(([row, t, e, j]) => {
          const g = gated ? s.gate[z][t][j] : 1;
          const dh = scaled(times([dz[z][t]], wdown[z][e]), SCALES[z] * g)[0];
          return dh.map((x, c) => ({ dg: x * stored[z][row][c], du: x * stored[z][row][hp + c] }));
        });
      const want = parts(true);
      const dg = sorted.real[z].flatMap(([row]) => gotDgu[row].slice(0, h));
      const du = sorted.real[z].flatMap(([row]) => gotDgu[row].slice(hp, hp + h));
      assertClose("dg", dg, want.flat().map((p) => p.dg), bound);
      assertClose("du", du, want.flat().map((p) => p.du), bound);
      assertApart("without the gates", dg, parts(false).flat().map((p) => p.dg), bound);
      // padding rows of used tiles must not add to a weight gradient
      sorted.perms[z].forEach((slot, row) => {
        if (slot === sorted.none) {
          assert.ok(gotDgu[row].every((x) => x === 0), `padding row ${row}`);
        }
      });
      const wantDx = sorted.real[z].map(([row, , e]) => {
        const dgRow = gotDgu[row].slice(0, h), duRow = gotDgu[row].slice(hp, hp + h);
        const sum = addScaled(times([dgRow], wgate[z][e]), 1, times([duRow], wup[z][e]));
        return scaled(sum, SCALES[z])[0];
      });
      assertClose("dx", sorted.real[z].flatMap(([row]) => gotDx[row]), wantDx.flat(), bound);
    }
    assert.equal(active, 2);
    stage.destroy();
    back.destroy();
  }));

Deno.test("grouped sums give each expert its weight gradient, zero for one without tokens", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "product"), d = 13, h = 10, dp = 16, hp = 12;
    const stage = new Stage(device), s = grouped(stage), { sorted, routing, experts } = s;
    const dz = s.make(s.tokens, d), x = s.make(s.tokens, d), draw = gaussians(4);
    const rows = sorted.rows, pt = placeOf(R, up4(s.tokens), dp);
    const own = (width: number) =>
      sorted.perms.map((perm) => inOrder(perm, () => Array.from({ length: width }, draw), width));
    // hidden may hold anything finite in padding rows: their gate is 0; dgu is 0 there
    const hidden = own(h).map((m, z) =>
      m.map((row, i) => sorted.perms[z][i] === sorted.none ? row.map(() => 5) : row)
    );
    const dgu = own(2 * hp);
    const ph = placeOf(R, rows, hp), pgu = placeOf(R, rows, 2 * hp);
    const pdown = placeOf(R, experts * dp, hp), pwgu = placeOf(R, experts * 2 * hp, dp);
    const down = stage.output("f32x4", floatsOf(pdown)),
      wgu = stage.output("f32x4", floatsOf(pwgu));
    const common = { routing, layout: "TN", grouped: "k", k: 0, ...scalesOf(stage) } as const;
    await stage.run((program) => {
      gemm(program, {
        ...common,
        gatherA: true,
        gated: true,
        rows: dp,
        cols: hp,
        a: matrixAt(stage.matrices(pt, dz), pt),
        b: matrixAt(stage.matrices(ph, hidden), ph),
        c: { ...matrixAt(down, pdown), expert: dp * pdown.stride / 4 },
      });
      gemm(program, {
        ...common,
        gatherB: true,
        rows: 2 * hp,
        cols: dp,
        a: matrixAt(stage.matrices(pgu, dgu), pgu),
        b: matrixAt(stage.matrices(pt, x), pt),
        c: { ...matrixAt(wgu, pwgu), expert: 2 * hp * pwgu.stride / 4 },
      });
    });
    for (let z = 0; z < R; z++) {
      const gotDown = stage.matrix(down, pdown, z, experts * dp, h);
      const gotWgu = stage.matrix(wgu, pwgu, z, experts * 2 * hp, d);
      for (let e = 0; e < experts; e++) {
        const mine = sorted.real[z].filter(([, , expert]) => expert === e);
        const sum = (m: number, n: number, term: (k: number) => Matrix) =>
          mine.reduce((all, _, k) => addScaled(all, SCALES[z], term(k)), matrix(m, n, () => 0));
        const wantDown = sum(d, h, (k) => {
          const [row, t, , j] = mine[k];
          return transposedTimes([dz[z][t].map((v) => v * s.gate[z][t][j])], [hidden[z][row]]);
        });
        const wantWgu = sum(2 * hp, d, (k) => {
          const [row, t] = mine[k];
          return transposedTimes([dgu[z][row]], [x[z][t]]);
        });
        const a = gotDown.slice(e * dp, e * dp + d).flat();
        const b = gotWgu.slice(e * 2 * hp, (e + 1) * 2 * hp).flat();
        assertClose(`down of expert ${e}`, a, wantDown.flat(), bound);
        assertClose(`gate and up of expert ${e}`, b, wantWgu.flat(), bound);
        if (mine.length) {
          assertApart("transposed", b, transpose(wantWgu).flat(), bound);
          assertApart("not scaled", a, wantDown.flat().map((v) => v / SCALES[z]), bound);
        }
      }
    }
    assert.ok(sorted.real[0].every(([, , e]) => e !== 3), "expert 3 has a token");
    stage.assertGapsUntouched(down, pdown);
    stage.assertGapsUntouched(wgu, pwgu);
    stage.destroy();
  }));

Deno.test("a size that is not padded to 4 is a range error", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), t = stage.input("f32x4", new Float32Array(64));
    const m = { tensor: t, stride: 4, replica: 16 };
    const refuse = (cols: number, k: number, layout: Layout, epilogue: Epilogue) =>
      stage.run((program) =>
        gemm(program, { layout, epilogue, rows: 4, cols, k, a: m, b: m, c: m, ...scalesOf(stage) })
      );
    await assert.rejects(refuse(5, 4, "NT", "store"), { name: "RangeError", message: /5 columns/ });
    await assert.rejects(refuse(4, 6, "NN", "store"), { name: "RangeError", message: /k = 6/ });
    stage.destroy();
  }));
