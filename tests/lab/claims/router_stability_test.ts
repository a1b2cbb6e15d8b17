/** ST-MoE's claim on synthetic runs: it must pass where it holds, and fail where it does not. */
import assert from "node:assert/strict";
import { type Wanted, wantedOf } from "../../../lab/claims/models.ts";
import {
  growthOf,
  judgeStability,
  logsumexpOf,
  riseOf,
  stabilityModels,
} from "../../../lab/claims/router_stability.ts";
import { decide } from "../../../lab/judge/decide.ts";
import type { Findings } from "../../../lab/record/findings.ts";
import type { Run } from "../../../lab/record/run.ts";
import { routerStability } from "../../../suites/router_stability.ts";
import { runWith } from "../runs.ts";

const PROFILE = routerStability.profiles.quick, STEPS = 250;

/** A run of two blocks whose logsumexp goes from 2 to `end`, and whose loss rises by `rise` once. */
function synthetic(end: number, rise: number, seed: number): Run {
  const log = Array.from({ length: STEPS }, (_, t) => {
    const rms = 2 * (end / 2) ** Math.min(1, 2 * t / STEPS);
    return { z: 2 * rms ** 2, loss: 5.5 - t / 100 + (t >= 150 && t < 170 ? rise : 0) };
  });
  const run = runWith(String(seed));
  return {
    ...run,
    cell: { ...run.cell, seed },
    steps: STEPS,
    trainLoss: log.map((l) => l.loss),
    trainZLoss: log.map((l) => l.z),
    validationLoss: 3 + seed / 100,
    expertLoad: [[0.5, 0.5], [0.5, 0.5]],
    router: {
      gateEntropy_nats: [0.6, 0.6],
      maxLogit: [3, 4],
      dropRate: [0, 0],
      unserved: [0, 0],
      deadExperts: [0, 1],
    },
  };
}

/** Judges made-up runs, one per wanted model. */
const measured = (make: (w: Wanted) => Run, profile = PROFILE): Findings =>
  judgeStability(profile, wantedOf(stabilityModels(profile)).map(make), "nats");

const isHigh = (w: Wanted) => w.log2lr === PROFILE.log2lr.high;
const hasZ = (w: Wanted) => w.training?.zCoef !== 0;
/** The world ST-MoE describes: logits ten times as large and a spike, but not with the z-loss. */
const stMoe = (w: Wanted) =>
  isHigh(w) && !hasZ(w)
    ? synthetic(20 + w.seed, 0.8 + w.seed / 20, w.seed)
    : synthetic(2 + w.seed / 10, 0, w.seed);

Deno.test("growth is in octaves over the first step, and rise above the lowest mean so far", () => {
  const run = synthetic(16, 0.5, 0);
  assert.ok(Math.abs(logsumexpOf(run, 2)[0]! - 2) < 1e-12);
  assert.ok(Math.abs(growthOf(run, 2)! - 3) < 1e-9);
  // ten steps of the spike, on a loss that falls by 0.01 a step
  assert.ok(Math.abs(riseOf(run, PROFILE) - 0.4) < 0.02, `${riseOf(run, PROFILE)}`);
  assert.equal(riseOf(synthetic(16, 0, 0), PROFILE), 0);
  // a run that diverged climbs to the loss of a guess
  const lost = { ...run, divergedAtStep: 100, trainLoss: run.trainLoss.slice(0, 100) };
  assert.ok(riseOf(lost, PROFILE) > Math.log(256) - 4.8);
  assert.equal(growthOf({ ...run, trainZLoss: run.trainZLoss!.slice(0, 100) }, 2), null);
  assert.equal(growthOf({ ...run, trainZLoss: [4, ...Array(249).fill(null)] }, 2), null);
  assert.equal(growthOf({ ...run, trainZLoss: null }, 2), null);
});

Deno.test("where logits grow and losses spike but for the z-loss, the suite passes", () => {
  const found = measured(stMoe), decision = decide(found.judgements);
  assert.equal(decision.verdict, "pass", decision.reason.code);
  assert.deepEqual(found.judgements.map((j) => [j.role, j.verdict]), [
    ["claim", "pass"],
    ["control", "fail"],
    ["claim", "pass"],
    ["control", "fail"],
    ["aside", "pass"],
  ]);
  assert.equal(found.tables[0].rows.length, 24);
  assert.ok(found.points.every((p) => found.panels.some((panel) => panel.name === p.panel)));
  assert.ok(found.judgements.every((j) => found.panels.some((panel) => panel.name === j.panel)));
});

Deno.test("where logits stay, or the z-loss does not spare the spike, the suite fails", () => {
  const still = measured((w) => synthetic(2 + w.seed / 10, 0, w.seed));
  assert.equal(decide(still.judgements).verdict, "fail");
  const both = measured((w) =>
    isHigh(w) ? synthetic(hasZ(w) ? 2 : 20, 0.8, w.seed) : synthetic(2, 0, w.seed)
  );
  assert.equal(decide(both.judgements).verdict, "fail");
  assert.deepEqual(both.judgements.map((j) => j.verdict).slice(0, 3), ["pass", "fail", "fail"]);
});

Deno.test("runs of other seeds are refused", () => {
  assert.throws(() => measured(() => synthetic(2, 0, 0)), /Cannot pair no z-loss, 2\^−5/);
});

Deno.test("where the z-loss holds nothing down, a pass would prove nothing", () => {
  const found = measured((w) =>
    isHigh(w) ? synthetic(20, hasZ(w) ? 0 : 0.8, w.seed) : synthetic(2, 0, w.seed)
  );
  assert.equal(decide(found.judgements).verdict, "cannot tell at this size");
});

Deno.test("one seed, or a log that ends, leaves the question open and says why", () => {
  const one = measured(stMoe, { ...PROFILE, seeds: [0] });
  assert.equal(decide(one.judgements).verdict, "inconclusive");
  const lost = measured((w) => {
    const run = stMoe(w);
    return isHigh(w) && !hasZ(w) && w.seed === 1
      ? { ...run, divergedAtStep: 20, trainZLoss: run.trainZLoss!.slice(0, 20) }
      : run;
  });
  const [growth] = lost.judgements;
  assert.equal(growth.verdict, "inconclusive");
  assert.match(growth.measures[0].missing!, /diverged/);
});

Deno.test("every profile trains rates × losses × seeds, and only the z-loss differs", () => {
  for (const profile of Object.values(routerStability.profiles)) {
    const wanted = wantedOf(stabilityModels(profile));
    assert.equal(wanted.length, 4 * profile.seeds.length);
    assert.deepEqual([...new Set(wanted.map((w) => w.training?.zCoef))], [0, 0.001]);
    assert.equal(new Set(wanted.map((w) => w.configuration)).size, 1);
  }
});
