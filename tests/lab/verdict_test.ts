import fc from "fast-check";
import type { Sweep } from "../../lab/statistics/optimum.ts";
import type { Judgement, Verdict } from "../../lab/record/record.ts";
import { random } from "../../lab/statistics/resample.ts";
import { judgeSuite, judgeTarget } from "../../lab/transfer/judge.ts";
import { assert, assertEquals, assertNear, throws } from "./assert.ts";
import { asymmetric, type Bowl, commonParts, GRID, sweepOf, symmetric } from "./bowls.ts";

const steep: Bowl = (u) => 1.6 * symmetric(u);

/** Reference at −5.3 and a target `shift` octaves off, over the same seeds. */
function pair(shift: number, sd = 0.005, seed = 1, bowl: Bowl = steep): [Sweep, Sweep] {
  const stream = random(seed);
  const common = commonParts(3, stream);
  return [
    sweepOf(asymmetric, -5.3, common, { sd }, stream),
    sweepOf(bowl, -5.3 + shift, common, { sd }, stream),
  ];
}

/** Runs above `from` diverge. */
function diverging({ log2x, loss }: Sweep, from: number): Sweep {
  return { log2x, loss: loss.map((row, g) => log2x[g] >= from ? row.map(() => null) : row) };
}

Deno.test("a target whose optimum stays passes", () => {
  const found = judgeTarget(...pair(0.1));
  assertEquals(found.verdict, "pass");
  assertNear(found.shift_octaves!.estimate, 0.1, 0.3);
  assert(found.shift_octaves!.lo < 0.1 && found.shift_octaves!.hi > 0.1);
  assert(found.regret!.lo >= 0);
  assertEquals([found.tolerance_octaves, found.regretLimit! >= 0.01], [1, true]);
  assert(
    /^shift [+−]?\d\.\d \[[+−]?\d\.\d, [+−]?\d\.\d\] octaves lies within ±1; regret /.test(
      found.reason,
    ),
    found.reason,
  );
});

Deno.test("a target whose optimum moves by two octaves and costs loss fails", () => {
  const found = judgeTarget(...pair(-2));
  assertEquals(found.verdict, "fail");
  assert(found.shift_octaves!.hi < -1);
  assert(found.regret!.lo > found.regretLimit!);
  assert(/lies outside ±1; .* is above its limit/.test(found.reason), found.reason);
});

Deno.test("a target that moves along a flat valley passes by its regret", () => {
  // 1.6 octaves cost 0.004 nats
  const valley: Bowl = (u) => 0.0015 * u * u;
  const found = judgeTarget(...pair(-1.6, 0.0005, 2, valley));
  assertEquals(found.verdict, "pass");
  assert(found.shift_octaves!.lo < -1, "not by its shift");
  assert(found.regret!.hi <= found.regretLimit!);
});

Deno.test("a shift that may or may not be within the tolerance is inconclusive", () => {
  const found = judgeTarget(...pair(-1, 0.005));
  assertEquals(found.verdict, "inconclusive");
  assert(/is not within ±1/.test(found.reason), found.reason);
});

Deno.test("a target outside the tolerance with a regret within noise of its limit is inconclusive", () => {
  const found = judgeTarget(...pair(-2, 0.005), { minRegret: 0.07 });
  assertEquals(found.verdict, "inconclusive");
  assert(/lies outside ±1; .* is not within its limit/.test(found.reason), found.reason);
});

Deno.test("noise as large as the bowl is inconclusive or within its regret, never a fail", () => {
  const verdicts = Array.from(
    { length: 30 },
    (_, seed) => judgeTarget(...pair(0, 0.15, seed)).verdict,
  );
  assert(!verdicts.includes("fail"));
  assert(verdicts.filter((v) => v === "inconclusive").length > 20, verdicts.join());
});

Deno.test("an optimum at the edge of the grid is inconclusive, the target's or the reference's", () => {
  const [a, b] = pair(4);
  for (const found of [judgeTarget(a, b), judgeTarget(b, a)]) {
    assertEquals(found.verdict, "inconclusive");
    assert(/high edge of the grid/.test(found.reason), found.reason);
  }
  assert(judgeTarget(a, b).reason.startsWith("target: "));
  assert(judgeTarget(b, a).reason.startsWith("reference: "));
});

Deno.test("a diverged majority is inconclusive", () => {
  const [a, b] = pair(-1.5);
  const most = judgeTarget(a, diverging(b, -6));
  assertEquals(most.verdict, "inconclusive");
  assert(/^63% of the target's runs diverged/.test(most.reason), most.reason);
});

Deno.test("a target whose runs diverge at the transferred optimum, two octaves off, fails", () => {
  const grid = [-11, -10, ...GRID];
  const stream = random(4), common = commonParts(3, stream);
  const a = sweepOf(asymmetric, -4.5, common, { sd: 0.003 }, stream, grid);
  const b = sweepOf(steep, -7.5, common, { sd: 0.003 }, stream, grid);
  const found = judgeTarget(a, diverging(b, -5));
  assertEquals(found.verdict, "fail");
  assertEquals(found.regret, null);
  assert(/its runs at the transferred optimum diverged/.test(found.reason), found.reason);
});

Deno.test("one seed, no trained points, and no convex curve are inconclusive with their reason", () => {
  const [a, b] = pair(0);
  const one = (s: Sweep): Sweep => ({ log2x: s.log2x, loss: s.loss.map((row) => [row[0]]) });
  const single = judgeTarget(one(a), one(b));
  assertEquals(single.verdict, "inconclusive");
  assert(/one seed has no interval/.test(single.reason));
  const none = judgeTarget(a, diverging(b, -20));
  assertEquals([none.verdict, none.shift_octaves], ["inconclusive", null]);
  assert(/0 of 8 grid points trained/.test(none.reason));
  const hill: Sweep = {
    log2x: [-6, -5, -4, -3],
    loss: [1, 2, 2, 1.5].map((v) => [v, v, v + 0.01]),
  };
  const found = judgeTarget(hill, b);
  assertEquals(found.verdict, "inconclusive");
  assert(/^no optimum of the reference: .* is not convex/.test(found.reason), found.reason);
});

Deno.test("seeds that cannot be paired and negative thresholds are refused", () => {
  const [a, b] = pair(0);
  const fewer = { log2x: b.log2x, loss: b.loss.map((row) => row.slice(1)) };
  throws(() => judgeTarget(a, fewer), /Cannot pair sweeps by seed: they have 3 and 2 seeds/);
  throws(() => judgeTarget(a, b, { tolerance: -1 }), RangeError);
});

Deno.test("a bowl moved by more than two octaves never passes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.double({ min: 2, max: 3, noNaN: true }),
      fc.boolean(),
      fc.constantFrom(0.001, 0.005, 0.01),
      (seed, size, up, sd) => {
        const { verdict } = judgeTarget(...pair(up ? size : -size, sd, seed));
        assert(verdict !== "pass", verdict);
      },
    ),
    { numRuns: 60, seed: 1 },
  );
});

Deno.test("a constant added to all losses, and the order of the seeds, change nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      (seed, constant, shift) => {
        const [a, b] = pair(shift, 0.01, seed);
        const found = judgeTarget(a, b);
        const moved = (s: Sweep) => ({
          log2x: s.log2x,
          loss: s.loss.map((row) => row.map((v) => v! + constant)),
        });
        const again = judgeTarget(moved(a), moved(b));
        assertEquals(again.verdict, found.verdict);
        assertNear(again.shift_octaves!.lo, found.shift_octaves!.lo, 1e-6);
        const turned = (s: Sweep) => ({
          log2x: s.log2x,
          loss: s.loss.map(([x, y, z]) => [z, x, y]),
        });
        assertEquals(judgeTarget(turned(a), turned(b)), found);
      },
    ),
    { numRuns: 30, seed: 1 },
  );
});

/** A judgement as short as a test needs it. */
function judged(
  role: "target" | "control",
  verdict: Verdict,
  label = "16e4a",
  panel = "transfer",
): Judgement {
  return {
    panel,
    label,
    rule: role === "target" ? "complete-mue" : "standard",
    role,
    swept: "lr",
    shift_octaves: null,
    tolerance_octaves: 1,
    regret: null,
    regretLimit: null,
    verdict,
    reason: "as measured",
  };
}
const claim = { claimPanels: ["transfer"] };
const CANNOT_TELL = "cannot tell at this size";

Deno.test("a suite passes when every target passes and the control fails", () => {
  const found = judgeSuite([
    judged("target", "pass", "16e2a"),
    judged("target", "pass", "16e4a"),
    judged("control", "fail", "16e2a"),
    judged("control", "fail", "16e4a"),
  ], claim);
  assertEquals(found.verdict, "pass");
  assertEquals(
    found.reason,
    "transfer: 2 of 2 targets pass and the control, run on 2 of 2 targets, fails on 2",
  );
  assertEquals(found.judgements.map((j) => j.verdict), ["pass", "pass", "fail", "fail"]);
});

Deno.test("a suite fails when one target fails, whatever the control does", () => {
  for (const control of ["pass", "fail", "inconclusive"] as const) {
    const found = judgeSuite([
      judged("target", "pass", "16e2a"),
      judged("target", "fail", "16e4a"),
      judged("control", control, "16e2a"),
    ], claim);
    assertEquals(found.verdict, "fail");
    assert(found.reason.includes("1 of 2 targets fail: 16e4a (lr)"));
  }
});

Deno.test("a suite cannot tell when the control passes too, and neither can that target", () => {
  const found = judgeSuite([
    judged("target", "pass", "16e2a"),
    judged("target", "pass", "16e4a"),
    judged("control", "fail", "16e2a"),
    judged("control", "pass", "16e4a"),
  ], claim);
  assertEquals(found.verdict, CANNOT_TELL);
  assertEquals(found.judgements.map((j) => j.verdict), ["pass", CANNOT_TELL, "fail", "pass"]);
  assertEquals(found.judgements[1].reason, "standard passes here too; as measured");
});

Deno.test("a suite cannot tell when its control is missing or was not seen to fail", () => {
  const target = judged("target", "pass");
  assertEquals(judgeSuite([target], claim).verdict, CANNOT_TELL);
  const found = judgeSuite([target, judged("control", "inconclusive")], claim);
  assertEquals(found.verdict, CANNOT_TELL);
  assertEquals(
    found.reason,
    "transfer: all targets pass, but the control, run on 1 of 1 targets, fails on 0",
  );
});

Deno.test("a suite is inconclusive when a target is undecided or the claim was never judged", () => {
  const found = judgeSuite([
    judged("target", "pass", "16e2a"),
    judged("target", "inconclusive", "16e4a"),
    judged("control", "fail", "16e2a"),
    judged("control", "fail", "16e4a"),
  ], claim);
  assertEquals(found.verdict, "inconclusive");
  assertEquals(judgeSuite([], claim).verdict, "inconclusive");
  assertEquals(judgeSuite([judged("control", "fail")], claim).verdict, "inconclusive");
  const unnamed = judgeSuite([judged("target", "pass"), judged("control", "fail")], {
    claimPanels: [],
  });
  assertEquals([unnamed.verdict, unnamed.reason], ["inconclusive", "no panel carries the claim"]);
});

Deno.test("an informative panel is reported and does not decide the suite", () => {
  const found = judgeSuite([
    judged("target", "pass"),
    judged("control", "fail"),
    judged("target", "pass", "16e4a", "iso-width"),
    judged("control", "pass", "16e4a", "iso-width"),
    judged("target", "fail", "dense", "iso-width"),
  ], claim);
  assertEquals(found.verdict, "pass");
  assertEquals(found.panels["iso-width"].verdict, "fail");
  assertEquals(found.judgements[2].verdict, CANNOT_TELL);
});

Deno.test("no mixture of judgements with a passing control makes a suite pass", () => {
  const verdict = fc.constantFrom<Verdict>("pass", "fail", "inconclusive");
  fc.assert(fc.property(fc.array(fc.tuple(verdict, verdict), { minLength: 1 }), (pairs) => {
    const list = pairs.flatMap((
      [t, c],
      i,
    ) => [judged("target", t, `${i}`), judged("control", c, `${i}`)]);
    const { verdict } = judgeSuite(list, claim);
    const clean = pairs.every(([t, c]) => t === "pass" && c !== "pass");
    const moved = pairs.filter(([, c]) => c === "fail").length > pairs.length / 2;
    assertEquals(verdict === "pass", clean && moved);
    assertEquals(verdict === "fail", pairs.some(([t]) => t === "fail"));
  }));
});
