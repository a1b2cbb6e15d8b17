import type { Wanted } from "../../../lab/claims/models.ts";
import { firstReach, smoothed, stablePhase } from "../../../lab/statistics/curves.ts";
import { judgeSpeedup, speedupModels } from "../../../lab/claims/speedup.ts";
import { BRIDGE, EQUAL } from "../../../lab/claims/speedup_beside.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { WSD } from "../../../model/schedule.ts";
import { speedup } from "../../../suites/speedup.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { batchNoise, runsFor, type Shown } from "./claim_runs.ts";

const { quick } = speedup.profiles, STEPS = quick.plan.steps;
const REACH = quick.smoothing_octaves;
/** A loss that reaches at step t/speed what dense reaches at t: 2.9 at step 60, 2.2 at step 480. */
const law = (t: number, speed: number) => 1.6 + 1.3 * (60 / (t * speed)) ** 0.37;

interface World {
  speeds: Record<string, number>;
  /** nats per step: of the batch, of the run alone, of the seed's level */
  sds: [number, number, number];
}
const named = (w: Wanted) =>
  w.configuration.endsWith("H=192")
    ? "dense H=192"
    : w.configuration.startsWith("dense")
    ? w.configuration.replace(/:d=(\d+).*/, "$1")
    : w.configuration.split(":")[0];
const WORLD: World = {
  speeds: { dense48: 1, dense12: 0.3, "dense H=192": 1.8, "16e4a": 1.4, "32e4a": 1.7 },
  sds: [0.08, 0.01, 0.005],
};

function findings(
  { speeds, sds }: World,
  stream = random(2),
  change: (w: Wanted) => Shown = () => ({}),
  slower = 0.02,
) {
  return judgeSpeedup(
    quick,
    runsFor(quick.plan, speedupModels(quick), (w) => {
      const batch = batchNoise(w.seed, STEPS, sds[0]);
      const level = sds[2] * stream.normal();
      return {
        trainLoss: batch.map((e, i) =>
          law(i + 1, speeds[named(w)]) + e + level + sds[1] * stream.normal()
        ),
        // four groups of three runs side by side, each a little slower
        wall_s: (named(w) === "dense48" ? 10 : 20) * (1 + slower * Math.floor(w.seed % 10 / 3)),
        ...change(w),
      };
    }),
    "nats",
  );
}

Deno.test("the stable phase is where the schedule's factor is 1", () => {
  assertEquals(stablePhase(WSD, 600), { from: 61, to: 480 });
  assertEquals(stablePhase(WSD, 20), { from: 3, to: 16 });
  throws(() => stablePhase({ ...WSD, kind: "cosine" }, 600), /stable phase of cosine/);
  throws(() => stablePhase(WSD, 4), RangeError);
});

Deno.test("smoothing keeps a line in log2 of the step and a power law, and a level is met once", () => {
  const phase = stablePhase(WSD, STEPS), from = phase.from - 1;
  const line = Array.from({ length: STEPS }, (_, i) => 3 - 0.2 * Math.log2(i + 1));
  smoothed(line, phase, REACH).forEach((v, i) => assertNear(v, line[from + i], 1e-9));
  const power = Array.from({ length: STEPS }, (_, i) => law(i + 1, 1));
  const curve = smoothed(power, phase, REACH);
  curve.forEach((v, i) => assertNear(v, power[from + i], 0.012));
  const met = firstReach(curve, phase, curve[200] / 2 + curve[201] / 2);
  assertNear(met.step, phase.from + 200.5, 1e-6);
  assertEquals(firstReach(curve, phase, 0), { step: phase.to, when: "late" });
  assertEquals(firstReach(curve, phase, 9), { step: phase.from, when: "early" });
});

Deno.test("a faster MoE passes, in wall time beside it, when the controls are seen to fail", () => {
  const found = findings(WORLD), { judgements, points, tables } = found;
  assertEquals(JSON.parse(JSON.stringify(found)), found);
  assertEquals(decide(judgements).verdict, "pass");
  const of = (panel: string, role: string) =>
    judgements.filter((j) => j.panel === panel && j.role === role);
  assertNear(of("steps", "claim")[0].measures[0].value!.estimate, 1.4, 0.08);
  assertNear(of("steps", "claim")[1].measures[0].value!.estimate, 1.7, 0.1);
  assertNear(of("wall time", "aside")[0].measures[0].value!.estimate, 0.7, 0.05);
  assertEquals(of("wall time", "aside").map((j) => j.verdict), ["fail", "fail"]);
  assertEquals(of("steps", "control").map((j) => j.verdict), ["fail", "fail", "fail"]);
  assert(points.length > 0 && tables[0].rows.length > 0);
});

Deno.test("wall time has the spread of the groups' times, and none of one group", () => {
  const wall = (slower: number) =>
    findings(WORLD, random(2), undefined, slower).judgements.filter((j) => j.panel === "wall time")
      .map((j) => j.measures[0]);
  const width = (m: { value: { lo: number; hi: number } | null }) =>
    Math.log2(m.value!.hi / m.value!.lo);
  const steady = wall(0.001), uneven = wall(0.2);
  steady.forEach((m, i) => assert(width(uneven[i]) > 1.5 * width(m), `${width(uneven[i])}`));
  for (const m of wall(0)) assertEquals([m.value, /one group/.test(m.missing!)], [null, true]);
});

Deno.test("dense's two sets of seeds are groups of one model, and its time is that of both", () => {
  const { judgements } = findings(
    WORLD,
    random(2),
    (w) => named(w) === "dense48" ? { wall_s: quick.seeds.includes(w.seed) ? 10 : 11 } : {},
  );
  const wall = judgements.filter((j) => j.panel === "wall time").map((j) => j.measures[0]);
  const one = findings(WORLD, random(2), (w) => named(w) === "dense48" ? { wall_s: 10 } : {});
  const alone = one.judgements.filter((j) => j.panel === "wall time").map((j) => j.measures[0]);
  assertEquals(alone.map((m) => m.value), [null, null]);
  // the mean of 10 and 11 s over 20: MoE slower, and said so
  for (const m of wall) assert(m.value!.estimate > 0.5 && m.value!.estimate < 0.9);
});

Deno.test("an MoE that is slower than dense must fail", () => {
  const { judgements } = findings({ ...WORLD, speeds: { ...WORLD.speeds, "16e4a": 0.7 } });
  const { verdict, reason } = decide(judgements);
  assertEquals(verdict, "fail");
  assertEquals(reason.deciding.map((i) => judgements[i].subject), ["16e4a"]);
});

Deno.test("an MoE as fast as dense is inconclusive, and one seed and diverged runs have no value", () => {
  const alike = findings({ ...WORLD, speeds: { ...WORLD.speeds, "16e4a": 1 } });
  assertEquals(decide(alike.judgements).verdict, "inconclusive");
  const lost = findings(
    WORLD,
    random(2),
    (w) => named(w) === "32e4a" && w.seed === 2 ? { trainLoss: [5, 4], divergedAtStep: 2 } : {},
  );
  const judged = lost.judgements.filter((j) => j.subject.endsWith("32e4a"));
  assert(judged.length === 3 && judged.every((j) => j.verdict === "inconclusive"));
  assertEquals(judged[0].measures[0].missing, "1 of 10 runs diverged in the stable phase");
  const one = { ...quick, seeds: [0], otherSeeds: [10] };
  const runs = runsFor(quick.plan, speedupModels(one), () => ({
    trainLoss: Array.from({ length: STEPS }, (_, i) => law(i + 1, 1)),
  }));
  const alone = judgeSpeedup(one, runs, "nats").judgements;
  assert(alone.every((j) => j.verdict === "inconclusive"));
  assertEquals(alone[0].measures[0].missing, "one seed has no interval");
});

Deno.test("a gain no larger than what other seeds do is open, and a smaller one leaves nothing to tell", () => {
  // the second set of dense seeds differs in level, seed by seed
  const verdict = (levels: number[]) => {
    const { judgements } = findings(
      { speeds: { ...WORLD.speeds, "16e4a": 1.06, "32e4a": 1.06 }, sds: [0, 0, 0] },
      random(6),
      (w) => {
        const level = named(w) === "dense48" && w.seed > 9 ? levels[w.seed % 3] : 0;
        const speed = WORLD.speeds[named(w)] > 1 ? 1.06 : WORLD.speeds[named(w)];
        return { trainLoss: Array.from({ length: STEPS }, (_, i) => law(i + 1, speed) + level) };
      },
    );
    assert(judgements.every((j) => j.role !== "claim" || j.verdict === "pass"));
    return decide(judgements).verdict;
  };
  assertEquals(verdict([0.06, 0, -0.06]), "inconclusive");
  assertEquals(verdict([-0.2, -0.21, -0.19]), "cannot tell at this size");
});

Deno.test("the interval holds the true speed-up in 92%, and models alike pass in at most 4%", () => {
  const stream = random(12), trials = 200;
  let held = 0, alike = 0, sum = 0;
  for (let trial = 0; trial < trials; trial++) {
    const speeds = { ...WORLD.speeds, "16e4a": 1, "32e4a": 1.5 };
    // other batches in every trial: each seed's are its own
    const { judgements } = findings({ speeds, sds: [0, 0.08, 0.01] }, stream);
    const claims = judgements.filter((j) => j.role === "claim");
    if (claims[1].measures[0].value!.lo <= 1.5 && 1.5 <= claims[1].measures[0].value!.hi) held++;
    if (claims[0].verdict === "pass") alike++;
    sum += Math.log2(claims[0].measures[0].value!.estimate);
  }
  const text = JSON.stringify({ held, alike, bias: sum / trials });
  assert(held >= 0.92 * trials && alike <= 0.04 * trials && Math.abs(sum / trials) < 0.02, text);
});

/** Judgements of one panel, by what they measure. */
const beside = (found: ReturnType<typeof findings>, panel: string) =>
  found.judgements.filter((j) => j.panel === panel);
/** Losses of 16e4a over log2 lr: with R least at −5, without it by a height and at an optimum of its own. */
const bowl = (height: number, optimum: number) => (w: Wanted): Shown => {
  if (named(w) !== "16e4a") return { validationLoss: 2.3 };
  const without = w.multipliers !== undefined, x = (w.log2lr ?? -5) - (without ? optimum : -5);
  const seed = 0.001 * Math.sin(7 * w.seed) + 0.0004 * Math.sin(5 * w.seed + 3 * x);
  return { validationLoss: 2.2 + 0.02 * x * x + (without ? height : 0) + seed };
};

Deno.test("a dense model of equal total parameters is compared in steps and in loss, and decides nothing", () => {
  const found = findings(WORLD, random(2), (w) => ({
    validationLoss: (named(w) === "dense H=192" ? 2.1 : 2.2) + 0.001 * Math.sin(3 * w.seed) +
      0.01 * (w.seed % 4),
  }));
  const judged = beside(found, EQUAL);
  assertEquals(judged.map((j) => [j.role, j.verdict]), [["aside", "fail"], ["aside", "fail"]]);
  // 1.4 over 1.8, and 0.1 nats more
  assertNear(judged[0].measures[0].value!.estimate, 1.4 / 1.8, 0.06);
  assertNear(judged[1].measures[0].value!.estimate, 0.1, 0.002);
  assertEquals(decide(found.judgements).verdict, "pass");
  const faster = findings({ ...WORLD, speeds: { ...WORLD.speeds, "dense H=192": 1.1 } });
  assertEquals(beside(faster, EQUAL)[0].verdict, "pass");
  const lost = findings(
    WORLD,
    random(2),
    (w) =>
      named(w) === "dense H=192" && w.seed === 1 ? { trainLoss: [5], validationLoss: null } : {},
  );
  assertEquals(beside(lost, EQUAL).map((j) => j.measures[0].missing), [
    "1 of 10 runs diverged in the stable phase",
    "a run diverged",
  ]);
});

Deno.test("R left out is seen by the loss at the transferred rate and by where its optimum lies", () => {
  const judged = (height: number, optimum: number) =>
    beside(findings(WORLD, random(2), bowl(height, optimum)), BRIDGE);
  const [loss, shift] = judged(0.03, -5);
  assertEquals([loss.role, loss.verdict, shift.role], ["aside", "fail", "aside"]);
  assertNear(loss.measures[0].value!.estimate, 0.03, 1e-3);
  assertNear(shift.measures[0].value!.estimate, 0, 0.1);
  // an optimum a step higher: 0.02 nats at the transferred rate
  const [dearer, moved] = judged(0, -4);
  assertEquals(dearer.verdict, "fail");
  assertNear(moved.measures[0].value!.estimate, 1, 0.15);
  assertEquals(judged(0, -5)[0].verdict, "pass");
  // beyond the grid there is no optimum, and one that is two octaves off fails
  const [, edge] = judged(0, -2);
  assertEquals(edge.measures[0].value, null);
  assert(/edge of the grid/.test(edge.measures[0].missing!), edge.measures[0].missing!);
});

Deno.test("learning rates without the transferred one are refused, and a profile may have nothing beside", () => {
  const { withoutR } = quick.beside!;
  const other = { ...quick.beside!, withoutR: { ...withoutR, log2lr: [-7, -6] } };
  throws(() => speedupModels({ ...quick, beside: other }), /learning rate -5 is none of -7,-6/);
  const bare = { ...quick, beside: undefined };
  const runs = runsFor(quick.plan, speedupModels(bare), () => ({
    trainLoss: Array.from({ length: STEPS }, (_, i) => law(i + 1, 1)),
  }));
  const { panels, judgements } = judgeSpeedup(bare, runs, "nats");
  assertEquals(panels.map((p) => p.name), ["steps", "wall time"]);
  assert(judgements.every((j) => j.panel !== EQUAL && j.panel !== BRIDGE));
});

Deno.test("other seeds than were wanted, and another number of them, are refused", () => {
  const runs = runsFor(quick.plan, speedupModels(quick), () => ({ trainLoss: [] }));
  throws(() => judgeSpeedup(quick, [...runs].reverse(), ""), /Cannot pair/);
  throws(() => judgeSpeedup({ ...quick, otherSeeds: [3] }, runs, ""), /1 other seeds/);
});
