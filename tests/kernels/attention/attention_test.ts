/** QK-norm, rotation and attention, forward and backward, against float64. */
import assert from "node:assert/strict";
import {
  attention,
  attentionBackward,
  qkNormRope,
  qkNormRopeBackward,
  ropeTable,
} from "../../../kernels/attention/attention.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import {
  attention as reference,
  attentionBackward as referenceBackward,
  normRope,
  normRopeBackward,
} from "../../reference/attention.ts";
import { columnSums, type Matrix, matrix } from "../../reference/matrix.ts";
import { rmsNorm } from "../../reference/norm.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, type Place, placeOf, Stage } from "../stage.ts";

const R = 2, HEADS = 3, DH = 10, DP = 12, HD = HEADS * DP;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Two sequences of 33 (queries in 9 blocks, the last with one), and three of a single token. */
const SHAPES = [{ sequences: 2, seq: 33 }, { sequences: 3, seq: 1 }];

function setting({ sequences, seq }: typeof SHAPES[0]) {
  const tokens = sequences * seq, rows = Math.ceil(tokens / 4) * 4;
  const place = (parts: number): Place => ({
    replicas: R,
    rows,
    cols: parts * HD,
    base: 0,
    stride: parts * HD,
    replica: rows * parts * HD,
  });
  return { sizes: { replicas: R, tokens, rows, seq }, place, tokens, rows };
}

/** Rows of `parts` groups of heads, padding zero. */
function heads(tokens: number, parts: number, draw: () => number): Matrix {
  return matrix(tokens, parts * HD, (_, c) => c % DP < DH ? draw() : 0);
}

/** Head `head` of one sequence, columns from part `part`. */
function head(m: Matrix, part: number, head: number, sequence: number, seq: number): Matrix {
  const from = part * HD + head * DP;
  return m.slice(sequence * seq, (sequence + 1) * seq).map((row) => row.slice(from, from + DH));
}

for (const shape of SHAPES) {
  Deno.test(`QK-norm and rotation over ${shape.seq} positions match float64, with gradients`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "rotary"), stage = new Stage(device), draw = gaussians(21);
      const { sizes, place, tokens } = setting(shape), { seq, sequences } = shape;
      const qkv = range(R).map(() => heads(tokens, 3, draw));
      const dqk = range(R).map(() => heads(tokens, 2, draw));
      const gains = range(R).map(() => matrix(2, DH, draw)), pg = placeOf(R, 2, DP);
      const t = {
        qkv: stage.matrices(place(3), qkv),
        rope: stage.input("f32x4", ropeTable(seq, DH)),
      };
      const qk = stage.output("f32x4", floatsOf(place(2)));
      const product = stage.output("f32x4", floatsOf(place(2)));
      const dqkv = stage.output("f32x4", floatsOf(place(3)));
      const g = {
        tensor: stage.matrices(pg, gains),
        qnorm: pg.base / 4,
        knorm: (pg.base + pg.stride) / 4,
        replica: pg.replica / 4,
      };
      const h = { heads: HEADS, headWidth: DH };
      await stage.run((program) => {
        qkNormRope(program, sizes, h, g, { ...t, qk });
        qkNormRopeBackward(program, sizes, h, g, {
          ...t,
          dqk: stage.matrices(place(2), dqk),
          product,
          dqkv,
        });
      });
      for (let z = 0; z < R; z++) {
        const got = stage.matrix(qk, place(2), z, tokens, 2 * HD);
        const gotDqkv = stage.matrix(dqkv, place(3), z, tokens, 3 * HD);
        const gotProduct = stage.matrix(product, place(2), z, tokens, 2 * HD);
        for (const part of [0, 1]) {
          const gain = gains[z][part], dgain: Matrix = [], sums: Matrix = [];
          for (const i of range(HEADS)) {
            for (const s of range(sequences)) {
              const x = head(qkv[z], part, i, s, seq), d = head(dqk[z], part, i, s, seq);
              const what = `part ${part}, head ${i}, sequence ${s}, replica ${z}`;
              const y = head(got, part, i, s, seq).flat();
              assertClose(what, y, x.flatMap((row, p) => normRope(row, gain, p)), bound);
              const other = gains[z][1 - part];
              assertApart(what, y, x.flatMap((row, p) => normRope(row, other, p)), bound);
              if (seq > 1) assertApart(what, y, x.flatMap((row) => rmsNorm(row, gain)), bound);
              const back = x.map((row, p) => normRopeBackward(row, gain, p, d[p]));
              const dx = head(gotDqkv, part, i, s, seq).flat();
              assertClose(
                `d ${what}`,
                dx,
                back.flatMap((b) => b.dx),
                tolerance(device, "attentionBackward"),
              );
              dgain.push(...back.map((b) => b.dgain));
              sums.push(...head(gotProduct, part, i, s, seq));
            }
          }
          assertClose(`product ${part}`, sums.flat(), dgain.flat(), bound);
          assertClose(
            `gain ${part}`,
            columnSums(sums),
            columnSums(dgain),
            tolerance(device, "columnSum"),
          );
        }
        const v = gotDqkv.flatMap((row) => row.slice(2 * HD));
        assert.ok(v.every(Number.isNaN), "the gradient of v is another kernel's");
        const padded = got.flatMap((row) => row.filter((_, c) => c % DP >= DH));
        assert.ok(padded.every((x) => x === 0), "the padding is not zero");
      }
      stage.destroy();
    }));

  for (const causal of [true, false]) {
    const mask = causal ? "causal" : "bidirectional";
    Deno.test(`${mask} attention over ${shape.seq} positions matches float64, with gradients`, () =>
      onEveryProfile(async (device) => {
        const stage = new Stage(device), draw = gaussians(22), { seq, sequences } = shape;
        const bound = tolerance(device, "attention"),
          loose = tolerance(device, "attentionBackward");
        const { sizes, place, tokens, rows } = setting(shape),
          h = { heads: HEADS, headWidth: DH, causal };
        const qk = range(R).map(() => heads(tokens, 2, draw));
        const qkv = range(R).map(() => heads(tokens, 3, draw));
        const dout = range(R).map(() => heads(tokens, 1, draw));
        const t = { qk: stage.matrices(place(2), qk), qkv: stage.matrices(place(3), qkv) };
        const out = (parts: number) => stage.output("f32x4", floatsOf(place(parts)));
        const o = out(1), dqk = out(2), dqkv = out(3);
        const lse = stage.output("f32", R * rows * HEADS),
          d = stage.output("f32", R * rows * HEADS);
        await stage.run((program) => {
          attention(program, sizes, h, { ...t, o, lse });
          const g = { dout: stage.matrices(place(1), dout), d, dqk, dqkv };
          attentionBackward(program, sizes, h, { ...t, o, lse, ...g });
        });
        for (let z = 0; z < R; z++) {
          const got = stage.matrix(o, place(1), z, tokens, HD);
          const gotQk = stage.matrix(dqk, place(2), z, tokens, 2 * HD);
          const gotQkv = stage.matrix(dqkv, place(3), z, tokens, 3 * HD);
          for (const i of range(HEADS)) {
            for (const s of range(sequences)) {
              const what = `head ${i}, sequence ${s}, replica ${z}`;
              const q = head(qk[z], 0, i, s, seq), k = head(qk[z], 1, i, s, seq);
              const v = head(qkv[z], 2, i, s, seq), g = head(dout[z], 0, i, s, seq);
              const want = reference(q, k, v, causal);
              const back = referenceBackward(q, k, v, g, causal);
              const mine = head(got, 0, i, s, seq).flat();
              assertClose(`o of ${what}`, mine, want.o.flat(), bound);
              const lses = range(seq).map((p) =>
                stage.floats(lse)[(z * rows + s * seq + p) * HEADS + i]
              );
              assertClose(`lse of ${what}`, lses, want.lse, bound);
              const read = (m: Matrix, part: number) => head(m, part, i, s, seq).flat();
              // one position sees only itself: its weight is 1 and dq, dk are rounding
              const size = Math.hypot(...g.flat()) * Math.hypot(...v.flat());
              const near = (name: string, x: number[], ref: number[]) =>
                seq === 1
                  ? assert.ok(x.every((e) => Math.abs(e) < loose * size), `${name} of ${what}`)
                  : assertClose(`${name} of ${what}`, x, ref, loose);
              near("dq", read(gotQk, 0), back.dq.flat());
              near("dk", read(gotQk, 1), back.dk.flat());
              assertClose(`dv of ${what}`, read(gotQkv, 2), back.dv.flat(), loose);
              if (seq > 1) {
                // the twin: the other mask
                const wrong = reference(q, k, v, !causal);
                assertApart(`mask of ${what}`, mine, wrong.o.flat(), bound);
                const wrongBack = referenceBackward(q, k, v, g, !causal);
                assertApart(`mask of dv of ${what}`, read(gotQkv, 2), wrongBack.dv.flat(), loose);
                assertApart(`mask of dk of ${what}`, read(gotQk, 1), wrongBack.dk.flat(), loose);
                assertApart(`mask of dq of ${what}`, read(gotQk, 0), wrongBack.dq.flat(), loose);
                assertApart(`dk for dq of ${what}`, read(gotQk, 0), back.dk.flat(), loose);
              }
            }
          }
          const padded = got.flatMap((row) => row.filter((_, c) => c % DP >= DH));
          assert.ok(padded.every((x) => x === 0), "the padding is not zero");
          const others = gotQkv.flatMap((row) => row.slice(0, 2 * HD));
          assert.ok(others.every(Number.isNaN), "the gradients of q and k are another kernel's");
        }
        stage.assertGapsUntouched(o, place(1), tokens);
        stage.assertGapsUntouched(dqk, place(2), tokens);
        stage.destroy();
      }));
  }
}

Deno.test("attention keeps its weights finite when one score dwarfs the others", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), draw = gaussians(23), shape = SHAPES[0];
    const { sizes, place, tokens, rows } = setting(shape), h = { heads: HEADS, headWidth: DH };
    const big = (parts: number) =>
      range(R).map(() => heads(tokens, parts, draw).map((row) => row.map((x) => x * 30)));
    const qk = big(2), qkv = range(R).map(() => heads(tokens, 3, draw));
    const o = stage.output("f32x4", floatsOf(place(1)));
    const lse = stage.output("f32", R * rows * HEADS);
    await stage.run((program) =>
      attention(program, sizes, h, {
        qk: stage.matrices(place(2), qk),
        qkv: stage.matrices(place(3), qkv),
        o,
        lse,
      })
    );
    const got = stage.matrix(o, place(1), 1, tokens, HD);
    const [q, k] = [0, 1].map((part) => head(qk[1], part, 2, 1, shape.seq));
    const want = reference(q, k, head(qkv[1], 2, 2, 1, shape.seq)).o;
    // scores reach thousands, whose float32 rounding is 1e-4: that is the error of a weight
    assertClose(
      "o",
      head(got, 0, 2, 1, shape.seq).flat(),
      want.flat(),
      100 * tolerance(device, "attention"),
    );
    stage.destroy();
  }));
