/** The bridges: an identity to rounding, its broken twin, and what counts and gradients say. */
import nodeAssert from "node:assert/strict";
import { compareBridge, difference, sideBySide } from "../../../lab/claims/bridge_identity.ts";
import { limitsOn } from "../../../lab/claims/bridge_limits.ts";
import {
  GradientNoise,
  loadOf,
  NOISE_GROUPS,
  type Sparsity,
  unitOf,
} from "../../../lab/claims/bridge_sparsity.ts";
import { judgeIdentity, judgeSparsity, measureBridges } from "../../../lab/claims/bridges.ts";
import { replicaOf } from "../../../lab/claims/probe_models.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { bridges } from "../../../suites/bridges.ts";
import { taskById } from "../../../model/tasks/registry.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";
import { assert, assertEquals, assertNear } from "../assert.ts";
import { workbench } from "./workbench.ts";

const SMOKE = bridges.profiles.smoke;
const { rule: RULE, twin: TWIN, limits: LIMITS } = SMOKE;

Deno.test("experts' W_down lie side by side: (N, d, h) becomes (d, N h)", () => {
  const p = { name: "w", kind: "wdown" as const, shape: [2, 2, 3], runs: [] };
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  assertEquals([...sideBySide(p, values)], [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]);
  assertEquals(sideBySide({ ...p, kind: "wup" }, values), values);
});

Deno.test("a difference from nothing proves nothing", () => {
  assertEquals(difference(new Float32Array(2), new Float32Array(2)), Infinity);
  assertEquals(difference(Float32Array.of(NaN), Float32Array.of(1)), Infinity);
  assertNear(difference(Float32Array.of(3, 4), Float32Array.of(3, 2)), 2 / Math.sqrt(13), 1e-7);
  const [j] = judgeIdentity(
    [{ variant: RULE, found: [{ quantity: "logits", of: "tensor", error: Infinity }] }],
    RULE,
    LIMITS,
    "nats",
  );
  assertEquals(j.verdict, "inconclusive");
});

Deno.test("a Dense MoE is the dense FFN of its experts' weights, and without R it is not", () =>
  onEveryProfile(async (device) => {
    const at = workbench(device), limits = limitsOn(device.adapter.software, LIMITS);
    const c = { ...SMOKE.identity, dense: "dense:d=12,H=15,L=2", moe: "3e3a:d=12,h=5,L=2" };
    const plan = { ...SMOKE, sequences: 3, seq: 11, seeds: [4, 7] };
    const whole = await compareBridge(plan, c, RULE, at),
      broken = await compareBridge(plan, c, TWIN, at);
    assertEquals(whole.map((d) => d.quantity), [
      "FFN outputs",
      "logits",
      "gradients of other tensors",
      "gradients of wgate",
      "gradients of wup",
      "gradients of wdown",
      "loss of the first step",
      "losses of 4 steps",
    ]);
    const judged = (variant: typeof RULE, found: typeof whole) =>
      judgeIdentity([{ variant, found }], RULE, limits, "nats");
    for (const j of judged(RULE, whole)) assertEquals(j.verdict, "pass", JSON.stringify(j));
    for (const j of judged(TWIN, broken)) {
      assertEquals([j.role, j.verdict], ["control", "fail"], JSON.stringify(j));
    }
    await nodeAssert.rejects(compareBridge(plan, { ...c, moe: "3e2a:d=12,h=5,L=2" }, RULE, at), {
      name: "RangeError",
      message: /Cannot cross Bridge I from dense:d=12,H=15,L=2 to 3e2a/,
    });
  }));

Deno.test("an expert whose load stays has q = 1, one whose load drifts or ends has not", () => {
  const even = Array.from({ length: 8 }, () => [[10, 20]]);
  const load = loadOf(even, 15, 2, 10);
  assertEquals(load.q_octaves, 0);
  assertNear(load.largest.last, 20 / 15, 1e-12);
  assertNear(load.smallest.first, 10 / 15, 1e-12);
  assertNear(
    loadOf([...even.slice(0, 6), [[20, 40]], [[20, 40]]], 30, 1, 10).q_octaves,
    Math.log2(1.6) / 2,
    1e-12,
  );
  // half of the tokens: a batch alone would ask for half an octave
  assertNear(
    loadOf(Array.from({ length: 4 }, () => [[8, 8]]), 16, 1, 10).batchAlone_octaves,
    0.5,
    1e-12,
  );
  // a fifth of the experts dies: the median would not see it
  const dies = Array.from({ length: 8 }, (_, t) => [[8, 8, 8, 8, t < 4 ? 8 : 0]]);
  assert(loadOf(dies, 8, 5, 10).q_octaves > 4);
});

Deno.test("noise and signal of made-up gradients are found without bias", () => {
  const stream = random(2), noise = new GradientNoise(), n = 4000, size = 0.5, spread = 2;
  for (let k = 0; k < 12; k++) {
    noise.add([
      Float32Array.from({ length: n }, () => size + spread * stream.normal()),
      new Float32Array(3),
    ]);
  }
  const found = noise.found;
  assertNear(found.signal / (size * Math.sqrt(n)), 1, 0.05);
  assertNear(found.noise / (spread * Math.sqrt(n)), 1, 0.05);
  const none = new GradientNoise();
  none.add([Float32Array.of(1)]);
  assert(Number.isNaN(none.found.noise), "one batch has no noise");
});

Deno.test("a token's gradient carries A and its gate, and W_down besides where it passes it", () => {
  const r = replicaOf(SMOKE, "8e4a:d=16,h=8", RULE, 0, taskById());
  // A = 1/rho_H = 16/32, R/a = 1
  assertNear(unitOf("W_down", r, 4, 0.3), 0.5, 1e-12);
  assertNear(unitOf("W_gate, W_up", r, 4, 0.3), 0.15, 1e-12);
  assertEquals(unitOf("attention", r, 4, 0.3), 1);
});

/** Made-up measurements whose noise goes by given powers of a/N, experts' and attention's. */
function sparsity(expert: number, attention: number, q = 0.1): Sparsity[] {
  return [0.125, 0.25, 0.5, 1].map((share) => {
    const of = (p: number) => [1, 1.01, 0.99].map((k) => k * share ** p);
    const noise = Object.fromEntries(
      Object.keys(NOISE_GROUPS).map((g) => [g, of(g === "attention" ? attention : expert)]),
    ) as Sparsity["noise"];
    const three = (v: number) => [v, v * 1.01, v * 0.99];
    return {
      configuration: `${share}`,
      share,
      q_octaves: three(q),
      batchAlone_octaves: three(1.5),
      largest: { first: three(1.2), last: three(1.2) },
      smallest: { first: three(0.8), last: three(0.8) },
      noise,
      ratio: noise,
    };
  });
}

Deno.test("Bridge II passes at theory's power and fails at none, at a whole one, and where load drifts", () => {
  const verdict = (s: Sparsity[]) => decide(judgeSparsity(s, RULE, LIMITS)).verdict;
  assertEquals(verdict(sparsity(-0.5, 0)), "pass");
  assertEquals(verdict(sparsity(0, 0)), "fail");
  assertEquals(verdict(sparsity(-1, 0)), "fail");
  assertEquals(verdict(sparsity(-0.5, 0, 0.7)), "fail");
  // attention that goes along shows nothing
  assertEquals(verdict(sparsity(-0.5, -0.5)), "cannot tell at this size");
  const dead = sparsity(-0.5, 0);
  dead[0].q_octaves[1] = Infinity;
  assertEquals(verdict(dead), "inconclusive");
});

Deno.test("the smoke profile gives what it declares, twice the same", () =>
  withDevice({}, async (device) => {
    const found = await measureBridges(SMOKE, workbench(device)),
      panels = found.panels.map((p) => p.name);
    for (const j of found.judgements) assert(panels.includes(j.panel), j.panel);
    for (const p of found.points) {
      assert(panels.includes(p.panel) && p.y > -1 && Number.isFinite(p.y));
    }
    const [{ columns, rows }] = found.tables;
    for (const row of rows) assertEquals(row.length, columns.length);
    const identity = found.judgements.filter((j) => j.panel === panels[0]);
    assertEquals(identity.map((j) => j.verdict), [
      ...new Array(8).fill("pass"),
      ...new Array(8).fill("fail"),
    ]);
    assertEquals(await measureBridges(SMOKE, workbench(device)), found);
  }));

Deno.test("a GPU may round ten times as much, and nothing else changes", () => {
  assertEquals(limitsOn(true, LIMITS), LIMITS);
  const { tensor, loss, ...rest } = limitsOn(false, LIMITS);
  assertEquals([tensor, loss], [10 * LIMITS.tensor, 10 * LIMITS.loss]);
  assertEquals(rest, (({ tensor: _, loss: __, ...others }) => others)(LIMITS));
});
