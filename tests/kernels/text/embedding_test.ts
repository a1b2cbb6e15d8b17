/** Embedding, its gradient, and the batches drawn on the device. */
import assert from "node:assert/strict";
import { drawBatch, embed, embedBackward } from "../../../kernels/text/embedding.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians, uniforms } from "../../random.ts";
import { pcg3d, trainingStart } from "../../reference/draw.ts";
import { matrix } from "../../reference/matrix.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, type Place, placeOf, Stage, UNWRITTEN } from "../stage.ts";

const R = 2;

Deno.test("tokens fetch their rows, and the gradient sums them per entry in order", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), draw = gaussians(40), u = uniforms(40);
    const tokens = 75, rows = 76, vocab = 37, d = 13, dp = 16;
    const sizes = { replicas: R, tokens, rows, seq: tokens };
    // entries 30 to 36 never appear
    const ids = Array.from(
      { length: R },
      () => Array.from({ length: rows }, (_, t) => t < tokens ? Math.floor(u() * 30) : 0),
    );
    const table = Array.from({ length: R }, () => matrix(vocab, d, draw));
    const dx = Array.from({ length: R }, () => matrix(tokens, d, draw));
    // entries lie one after the other, without gaps
    const pt = placeOf(R, vocab, dp, 0);
    const at = { ...pt, base: 8, replica: pt.replica + 12 };
    const px: Place = { replicas: R, rows, cols: dp, base: 0, stride: dp, replica: rows * dp };
    const x = stage.output("f32x4", floatsOf(px)), g = stage.output("f32x4", floatsOf(at));
    const first = stage.output("u32", R * (vocab + 1)), order = stage.output("u32", R * rows);
    const t = stage.input("u32", ids.flat());
    const weight = { base: at.base / 4, replica: at.replica / 4 };
    await stage.run((program) => {
      const p = stage.matrices(at, table);
      embed(program, sizes, dp / 4, { ...weight, tensor: p }, { tokens: t, x });
      embedBackward(program, sizes, dp / 4, vocab, { ...weight, tensor: g }, {
        tokens: t,
        first,
        order,
        dx: stage.matrices(px, dx),
      });
    });
    for (let z = 0; z < R; z++) {
      const mine = ids[z].slice(0, tokens);
      const got = stage.matrix(x, px, z, tokens, d).flat();
      assertClose("x", got, mine.flatMap((v) => table[z][v]), tolerance(device, "copy"));
      assertApart(
        "other table",
        got,
        mine.flatMap((v) => table[1 - z][v]),
        tolerance(device, "copy"),
      );
      const gradient = matrix(
        vocab,
        d,
        (v, c) => mine.reduce((sum, id, i) => id === v ? sum + dx[z][i][c] : sum, 0),
      );
      const gotG = stage.matrix(g, at, z, vocab, d);
      assertClose("gradient", gotG.flat(), gradient.flat(), tolerance(device, "combine"));
      assert.ok(gotG.slice(30).flat().every((v) => v === 0), "an absent entry has a gradient");
      const positions = Array.from(
        { length: vocab },
        (_, v) => mine.flatMap((id, i) => id === v ? [i] : []),
      );
      const starts = [0];
      for (const p of positions) starts.push(starts.at(-1)! + p.length);
      const base = z * (vocab + 1);
      assert.deepEqual(stage.integers(first).slice(base, base + vocab + 1), starts);
      assert.deepEqual(stage.integers(order).slice(z * rows, z * rows + tokens), positions.flat());
    }
    stage.assertGapsUntouched(x, px, tokens);
    stage.assertGapsUntouched(g, at);
    stage.destroy();
  }));

Deno.test("training batches equal the host's, lie within the region, and differ by seed and step", () =>
  onEveryProfile(async (device) => {
    const sequences = 3, seq = 11, tokens = 33, rows = 36, bytes = 203, u = uniforms(41);
    const corpus = Uint8Array.from({ length: 204 }, () => Math.floor(u() * 256));
    const words = new Uint32Array(corpus.buffer), sizes = { replicas: R, tokens, rows, seq };
    const seen = new Set<string>();
    for (const state of [[0, 0], [1, 4000000000]]) {
      const seeds = [12345, 4294967295], stage = new Stage(device);
      const out = [stage.output("u32", R * rows), stage.output("u32", R * rows)];
      // region: bytes 2 … 202; a window of seq + 1 from any of 190 starts ends at most at 202
      const first = 2, range = bytes - first - seq;
      await stage.run((program) =>
        drawBatch(program, sizes, { first, range, spacing: 0 }, {
          corpus: stage.input("u32", words),
          seeds: stage.input("u32", seeds),
          state: stage.input("u32", state),
          tokens: out[0],
          targets: out[1],
        })
      );
      for (let z = 0; z < R; z++) {
        const starts = Array.from(
          { length: sequences },
          (_, row) => first + trainingStart(seeds[z], state[z], row, range),
        );
        assert.ok(starts.every((s) => s >= first && s + seq < bytes));
        out.forEach((tensor, ahead) => {
          const got = stage.integers(tensor).slice(z * rows, (z + 1) * rows);
          const want = starts.flatMap((s) => [...corpus.subarray(s + ahead, s + ahead + seq)]);
          assert.deepEqual(got.slice(0, tokens), want);
          assert.ok(got.slice(tokens).every((x) => x === UNWRITTEN));
        });
        seen.add(String(starts));
      }
      stage.destroy();
    }
    assert.equal(seen.size, 4, "two of the four batches are the same");
    // the twin: a generator without its last mixing round would draw other windows
    assert.notEqual(trainingStart(12345, 0, 0, 190), pcg3d(12345, 0, 0)[1] % 190);
  }));

Deno.test("a region of one window draws that window, to its last byte", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), corpus = Uint8Array.from({ length: 12 }, (_, i) => i + 100);
    const tokens = stage.output("u32", 12), targets = stage.output("u32", 12);
    await stage.run((program) =>
      drawBatch(program, { replicas: 1, tokens: 11, rows: 12, seq: 11 }, {
        first: 0,
        range: 1,
        spacing: 0,
      }, {
        corpus: stage.input("u32", new Uint32Array(corpus.buffer)),
        seeds: stage.input("u32", [9]),
        state: stage.input("u32", [3]),
        tokens,
        targets,
      })
    );
    assert.deepEqual(stage.integers(tokens).slice(0, 11), [...corpus.subarray(0, 11)]);
    assert.deepEqual(stage.integers(targets).slice(0, 11), [...corpus.subarray(1, 12)]);
    stage.destroy();
  }));

Deno.test("evaluation batches walk the held-out text in equal steps, alike for all replicas", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), corpus = Uint8Array.from({ length: 400 }, (_, i) => i % 251);
    const seq = 5, sequences = 3, tokens = 15, rows = 16, first = 101, spacing = 17;
    const out = [stage.output("u32", R * rows), stage.output("u32", R * rows)];
    await stage.run((program) =>
      drawBatch(program, { replicas: R, tokens, rows, seq }, { first, range: 0, spacing }, {
        corpus: stage.input("u32", new Uint32Array(corpus.buffer)),
        seeds: stage.input("u32", [1, 2]),
        state: stage.input("u32", [4, 4]),
        tokens: out[0],
        targets: out[1],
      })
    );
    for (let z = 0; z < R; z++) {
      out.forEach((tensor, ahead) => {
        const want = Array.from(
          { length: tokens },
          (_, t) =>
            corpus[first + (4 * sequences + Math.floor(t / seq)) * spacing + t % seq + ahead],
        );
        assert.deepEqual(stage.integers(tensor).slice(z * rows, z * rows + tokens), want);
      });
    }
    stage.destroy();
  }));
