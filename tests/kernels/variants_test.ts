/**
 * The gpu variants of row kernels and attention against their software variants, at odd sizes that
 * cross every tile; see variants.ts, and gemm_variants_test.ts for products.
 */
import assert from "node:assert/strict";
import { attention, attentionBackward, headVec4s } from "../../kernels/attention/attention.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { crossEntropy } from "../../kernels/text/loss.ts";
import { rmsNorm, rmsNormBackward } from "../../kernels/norm/norm.ts";
import { vec4s } from "../../kernels/sizes.ts";
import { uniforms } from "../random.ts";
import { tolerance } from "../tolerances.ts";
import { withDevice } from "../with_device.ts";
import { Stage } from "./stage.ts";
import {
  compareVariants,
  firstRows,
  GPU,
  judge,
  type Output,
  type Outputs,
  REPLICAS,
  rowsOf,
  sizesOf,
} from "./variants.ts";

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
  const y = wide(), rstd = stage.output("f32", replicas * rows), dz = wide();
  await stage.run((program) => {
    rmsNorm(program, sizes, d, d4, gain, { x, y, rstd });
    rmsNormBackward(program, sizes, d, d4, gain, {
      x,
      dy,
      rstd,
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

/** Cross-entropy of 33 tokens, with its gradient or without. */
async function entropy(stage: Stage, vocab: number, gradient: boolean): Promise<Outputs> {
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
}

Deno.test("cross_entropy_tree equals the serial kernel", async () => {
  await withDevice(GPU, async (device) => {
    for (const [vocab, gradient] of [[5, true], [37, false], [150, true], [301, true]] as const) {
      await compareVariants(
        device,
        "crossEntropy",
        `${vocab} words`,
        (stage) => entropy(stage, vocab, gradient),
      );
    }
  });
});

Deno.test("sums by subgroups equal the tree's, where the adapter has subgroups", async () => {
  await withDevice(GPU, async (device) => {
    const by = async (rows: string, run: (stage: Stage) => Promise<Outputs>) => {
      const stage = new Stage({ ...device, profile: { ...GPU, tuning: { "row sums": rows } } });
      const outputs = await run(stage);
      stage.destroy();
      return outputs;
    };
    if (!device.gpu.features.has("subgroups")) {
      // nothing else may choose them, see tuning_test.ts; the compiler's refusal shows they are used
      device.gpu.pushErrorScope("validation");
      await by("subgroups", (stage) => norm(stage, 1, 5, 13, true)).catch(() => {});
      assert.match((await device.gpu.popErrorScope())?.message ?? "", /SUBGROUP/i);
      return;
    }
    // 32 lanes and 64, more columns than lanes and fewer
    for (const width of [13, 150, 300]) {
      const rows = (stage: Stage) => norm(stage, REPLICAS, 33, width, true);
      const bits = [await by("subgroups", rows), await by("tree", rows)] as const;
      judge(`norm of ${width}`, ...bits, tolerance(device, "norm"));
      const words = (stage: Stage) => entropy(stage, width, true);
      const losses = [await by("subgroups", words), await by("tree", words)] as const;
      judge(`${width} words`, ...losses, tolerance(device, "crossEntropy"));
    }
  });
});

/** Attention forward and backward of two sequences per replica. */
async function attend(
  stage: Stage,
  seq: number,
  headWidth: number,
  causal = true,
): Promise<Outputs> {
  const heads = { heads: 3, headWidth, causal }, dv = headVec4s(heads) * 4, hd = 3 * dv;
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
      for (const causal of [true, false]) {
        await compareVariants(
          device,
          "attentionBackward",
          `${seq} tokens, heads of ${headWidth}, ${causal ? "causal" : "bidirectional"}`,
          (stage) => attend(stage, seq, headWidth, causal),
        );
      }
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
