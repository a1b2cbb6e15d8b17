import { initialLossModels, judgeInitialLoss } from "../../../lab/claims/initial_loss.ts";
import type { Wanted } from "../../../lab/claims/models.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { scheduleFactor } from "../../../model/schedule.ts";
import { initialLoss } from "../../../suites/initial_loss.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { batchNoise, runsFor, type Shown } from "./claim_runs.ts";

const { quick } = initialLoss.profiles, LN_V = Math.log(256);

/** ln V falling by about 2.8 nats, plus what is common to a batch, plus a gap that grows evenly. */
function curve(seed: number, gap: number, stream = random(1)): number[] {
  return batchNoise(seed, 100, 0.08).map((noise, t) =>
    LN_V - 2.9 * (1 - Math.exp(-t / 25)) + (t === 0 ? 0 : noise) + gap * t / 100 +
    (t === 0 ? 0 : 0.01 * stream.normal())
  );
}

/** Findings where every model has this gap at step 100, nats. */
function findings(gapOf: (w: Wanted) => number, change: (w: Wanted) => Shown = () => ({})) {
  const stream = random(3);
  return judgeInitialLoss(
    quick,
    runsFor(quick.plan, initialLossModels(quick), (w) => ({
      trainLoss: curve(w.seed, gapOf(w), stream),
      ...change(w),
    })),
    "nats",
  );
}
const broken = (w: Wanted) => w.role === "control" ? 0.3 : 0.01;

Deno.test("variants that stay with dense pass when every twin leaves the limit", () => {
  const found = findings(broken), { judgements, panels, points } = found;
  assertEquals(JSON.parse(JSON.stringify(found)), found);
  assertEquals(decide(judgements).verdict, "pass");
  // eight and one variants, two measures each; three twins
  assertEquals(judgements.filter((j) => j.role === "claim").length, 9);
  assert(judgements.every((j) => j.measures.length === 2 && j.need === "all"));
  assertEquals(judgements.filter((j) => j.role === "control").map((j) => j.variant), [
    "16e16a, R = 1",
    "16e16a, A on the logits",
    "16e4a, standard",
  ]);
  const size = judgements.find((j) => j.role === "control")!.measures[0].value!;
  // the gap grows to 0.3 − 0.01 nats and is half of it on average; dense falls by 2.82 nats to the last window
  assertNear(size.estimate, 100 * 0.145 / 2.82, 0.1);
  for (const p of points) assert(panels.some((panel) => panel.name === p.panel), p.panel);
});

Deno.test("a variant that learns slower or faster than dense must fail", () => {
  for (const gap of [0.3, -0.3]) {
    const { judgements } = findings((w) => w.configuration.startsWith("16e2a:") ? gap : broken(w));
    const { verdict, reason } = decide(judgements);
    assertEquals(verdict, "fail");
    const of = reason.deciding.map((i) => judgements[i]);
    assert(of.every((j) => j.subject === "16e2a against dense, H = 24, d = 48"));
    assert(of.some((j) => j.measures[0].name === "mean gap"));
  }
});

Deno.test("a gap that is small on average but widens must fail", () => {
  const { judgements } = findings(broken, (w) => {
    if (!w.configuration.startsWith("32e4a")) return {};
    return { trainLoss: curve(w.seed, 0).map((v, t) => v + (t < 80 ? 0 : 0.16)) };
  });
  const own = judgements.filter((j) => j.subject.startsWith("32e4a"));
  assertEquals(own.map((j) => j.measures.map((m) => m.verdict)), [["pass", "fail"]]);
  assertEquals(decide(judgements).verdict, "fail");
});

Deno.test("a twin far from dense from the start is seen, although its gap does not grow", () => {
  const { judgements } = findings(
    broken,
    (w) =>
      w.rule === "standard"
        ? { trainLoss: curve(w.seed, 0).map((v, t) => v + (t < 1 ? 0 : 0.3)) }
        : {},
  );
  const twin = judgements.find((j) => j.variant === "16e4a, standard")!;
  assertEquals(twin.verdict, "fail");
  assertEquals(twin.measures[0].verdict, "fail");
  assertEquals(decide(judgements).verdict, "pass");
});

Deno.test("a twin that stays within the limit leaves nothing to tell", () => {
  const { judgements } = findings(() => 0.01);
  assertEquals(decide(judgements).verdict, "cannot tell at this size");
});

Deno.test("what differs from seed to seed is no gap, though each seed's |gap| is beyond the limit", () => {
  const { judgements, tables } = findings(
    broken,
    (w) =>
      w.configuration.startsWith("16e2a:")
        ? { trainLoss: curve(w.seed, w.seed % 2 === 0 ? 0.15 : -0.15) }
        : {},
  );
  const own = judgements.find((j) => j.subject.startsWith("16e2a "))!;
  assert(Math.abs(own.measures[0].value!.estimate) < 0.5);
  const [, , , , , absolute] = tables[0].rows.find(([, line]) => line === "16e2a")!;
  assert((absolute as { estimate: number }).estimate > 2);
});

Deno.test("the plan's losses are those of the plan that other suites train, step by step", () => {
  const { plan } = quick, { schedule } = plan.training;
  for (let step = 0; step < plan.steps; step++) {
    assertEquals(
      scheduleFactor(schedule, step, plan.steps),
      scheduleFactor(quickPlan.training.schedule, step, quickPlan.steps),
    );
  }
  const { steps: _, evaluationBatches: __, training, ...rest } = plan;
  const { steps: ___, evaluationBatches: ____, training: whole, ...others } = quickPlan;
  assertEquals(rest, others);
  assertEquals({ ...training, schedule: null }, { ...whole, schedule: null });
});

Deno.test("seeds that disagree about a gap are inconclusive, and so is one seed", () => {
  const { judgements } = findings(
    broken,
    (w) =>
      w.configuration.startsWith("16e2a:") && w.seed % 2 === 1
        ? { trainLoss: curve(w.seed, 0.3) }
        : {},
  );
  assertEquals(decide(judgements).verdict, "inconclusive");
  const one = { ...quick, seeds: [0] };
  const runs = runsFor(quick.plan, initialLossModels(one), (w) => ({
    trainLoss: curve(w.seed, broken(w)),
  }));
  const alone = judgeInitialLoss(one, runs, "nats").judgements;
  assert(alone.every((j) => j.verdict === "inconclusive" && j.measures[0].value === null));
});

Deno.test("a diverged variant counts as untrained, a diverged dense model leaves nothing to judge", () => {
  const cut = (w: Wanted) => ({
    trainLoss: curve(w.seed, 0).slice(0, 30),
    divergedAtStep: 30,
  });
  const lost = findings(broken, (w) => w.configuration.startsWith("8e2a") ? cut(w) : {});
  assertEquals(decide(lost.judgements).verdict, "fail");
  assert(lost.caveats.some((c) => /8 of 8 runs of 8e2a, d = 48, diverged/.test(c)));
  const none = findings(broken, (w) => w.configuration.startsWith("dense") ? cut(w) : {});
  assertEquals(decide(none.judgements).verdict, "inconclusive");
  assertEquals(none.judgements[0].measures[0].missing, "8 of 8 dense runs diverged");
});

Deno.test("runs of other seeds and windows that do not fit are refused", () => {
  const runs = runsFor(
    quick.plan,
    initialLossModels(quick),
    (w) => ({ trainLoss: curve(w.seed, 0) }),
  );
  throws(() => judgeInitialLoss(quick, runs.slice(1), ""), /127 runs of 128/);
  throws(() => judgeInitialLoss(quick, [...runs].reverse(), ""), /Cannot pair/);
  throws(() => judgeInitialLoss({ ...quick, steps: 601 }, runs, ""), /Cannot compare 601/);
  throws(() => judgeInitialLoss({ ...quick, windows: 1 }, runs, ""), /in 1 windows/);
});

Deno.test("a variant is compared with the dense model of its width, depth and active width", () => {
  const dense = initialLossModels(quick).filter((m) => m.configuration.startsWith("dense"));
  assertEquals([...new Set(dense.map((m) => m.configuration))], [
    "dense:d=48,L=2,H=48,dh=12",
    "dense:d=48,L=2,H=24,dh=12",
    "dense:d=48,L=2,H=192,dh=12",
    "dense:d=12,L=2,H=48",
  ]);
  const { judgements } = findings(broken);
  const of = (name: string) => judgements.find((j) => j.subject.startsWith(`${name} `))!.subject;
  assert(/against dense, H = 192, d = 48/.test(of("16e16a")), of("16e16a"));
  assert(/against dense, H = 48, d = 48/.test(of("16e2a2s")), of("16e2a2s"));
});
