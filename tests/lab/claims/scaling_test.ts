import type { Wanted } from "../../../lab/claims/models.ts";
import { judgeScaling, scalingModels } from "../../../lab/claims/scaling.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { scaling } from "../../../suites/scaling.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { runsFor } from "./claim_runs.ts";

const { quick } = scaling.profiles;

/** Nats per doubling (shared: per expert) along each axis. */
type Law = Record<string, number>;
const CLAIMED: Law = {
  active: -0.03,
  capacity: -0.04,
  granularity: -0.015,
  layers: -0.03,
  shared: 0.02,
};

function findings(law: Law, sd: number, stream = random(4), ofSet = (_set: number) => 0) {
  const seeds = Array.from({ length: 12 }, () => 0.02 * stream.normal());
  const lossOf = (w: Wanted) => {
    const axis = quick.axes.find((a) => a.name === w.panel);
    if (axis === undefined) return 2 + ofSet(Math.floor(w.seed / 3));
    const x = axis.x[axis.configurations.indexOf(w.configuration)];
    return 2 + law[axis.name] * (axis.scale === "log2" ? Math.log2(x) : x);
  };
  const runs = runsFor(quick.plan, scalingModels(quick), (w) => ({
    validationLoss: lossOf(w) + seeds[w.seed] + sd * stream.normal(),
  }));
  return judgeScaling(quick, runs, "nats");
}
/** The verdict, and which subjects it rests on. */
function verdictOf(law: Law, sd: number) {
  const { judgements } = findings(law, sd), { verdict, reason } = decide(judgements);
  return { verdict, of: reason.deciding.map((i) => judgements[i].subject) };
}

Deno.test("the paper's orderings pass, and an axis that changes nothing is seen to change nothing", () => {
  const found = findings(CLAIMED, 0.004), { judgements, panels, points } = found;
  assertEquals(JSON.parse(JSON.stringify(found)), found);
  assertEquals(decide(judgements).verdict, "pass");
  const capacity = judgements.find((j) => j.panel === "capacity" && j.role === "claim")!;
  assertNear(capacity.measures[0].value!.estimate, -0.04, 0.005);
  const ends = judgements.find((j) => j.panel === "capacity" && j.role === "aside")!;
  assertNear(ends.measures[0].value!.estimate, -0.12, 0.015);
  const control = judgements.filter((j) => j.role === "control");
  assertEquals(control.map((j) => j.verdict), ["fail"]);
  const nothing = judgements.find((j) => j.panel === "nothing" && j.role === "aside")!;
  assertEquals(nothing.verdict, "inconclusive");
  assertEquals(panels.length, 6);
  for (const p of points) assert(p.lo! <= p.y && p.y <= p.hi!, JSON.stringify(p));
});

Deno.test("an axis along which the loss goes the other way must fail", () => {
  for (const name of Object.keys(CLAIMED)) {
    const { verdict, of } = verdictOf({ ...CLAIMED, [name]: -CLAIMED[name] }, 0.004);
    assertEquals(verdict, "fail", `${name}: ${of}`);
  }
});

Deno.test("granularity that gains more than capacity must fail", () => {
  const { verdict, of } = verdictOf({ ...CLAIMED, granularity: -0.06 }, 0.004);
  assertEquals(verdict, "fail");
  assert(of.length === 1 && /^experts N less granularity/.test(of[0]), `${of}`);
});

Deno.test("an effect within the noise is inconclusive", () => {
  assertEquals(verdictOf({ ...CLAIMED, granularity: -0.001 }, 0.01).verdict, "inconclusive");
});

Deno.test("a capacity no larger than what seeds alone do is open, and a smaller one leaves nothing to tell", () => {
  const small = { ...CLAIMED, capacity: -0.004, granularity: -0.001 };
  const { judgements } = findings(small, 0.0004);
  assert(judgements.every((j) => j.role !== "claim" || j.verdict === "pass"));
  assertEquals(decide(judgements).verdict, "inconclusive");
  // sets of seeds that differ by more than a doubling of the experts gains
  const lucky = findings(CLAIMED, 0.0004, random(4), (set) => -0.1 * set).judgements;
  assert(lucky.every((j) => j.role !== "claim" || j.verdict === "pass"));
  assertEquals(lucky.find((j) => j.role === "control")!.verdict, "pass");
  assertEquals(decide(lucky).verdict, "cannot tell at this size");
});

Deno.test("axes that change nothing get an ordering in no more than 1 of 20", () => {
  const none = Object.fromEntries(Object.keys(CLAIMED).map((name) => [name, 0]));
  const stream = random(9);
  let judged = 0, ordered = 0, controls = 0;
  for (let trial = 0; trial < 400; trial++) {
    for (const j of findings(none, 0.012, stream).judgements) {
      if (j.role === "claim") {
        judged++;
        if (j.verdict !== "inconclusive") ordered++;
      }
      if (j.role === "control" && j.verdict === "fail") controls++;
    }
  }
  assert(ordered / judged <= 0.06, `${ordered} of ${judged}`);
  assert(controls / 400 <= 0.04, `${controls} of 400`);
});

Deno.test("a diverged run leaves its axis unmeasured", () => {
  const runs = runsFor(quick.plan, scalingModels(quick), (w) => ({
    validationLoss: w.configuration.startsWith("8e4a") && w.seed === 1 ? null : 2,
  }));
  const { judgements, tables } = judgeScaling(quick, runs, "nats");
  const capacity = judgements.filter((j) => j.panel === "capacity");
  assert(capacity.every((j) => j.verdict === "inconclusive"));
  assertEquals(capacity[0].measures[0].missing, "1 of 12 runs diverged");
  const row = tables[0].rows.find(([axis, name]) =>
    axis === "capacity" && `${name}`.startsWith("8e4a")
  );
  assertEquals(row!.slice(3), [null, [2, null, 2]]);
});

Deno.test("an axis with another number of places and an unknown name are refused", () => {
  const runs = runsFor(quick.plan, scalingModels(quick), () => ({ validationLoss: 2 }));
  const [first, ...rest] = quick.axes;
  const ragged = { ...quick, axes: [{ ...first, x: [2, 4] }, ...rest] };
  throws(() => judgeScaling(ragged, runs, ""), /2 places for 4 configurations/);
  const unknown = { ...quick, compare: { more: "width", less: "capacity" } };
  throws(() => judgeScaling(unknown, runs, ""), /Cannot compare width/);
});

Deno.test("units are the task's, and a slope's limit is the profile's", () => {
  const runs = runsFor(quick.plan, scalingModels(quick), () => ({ validationLoss: 2 }));
  const { judgements, panels, tables } = judgeScaling(
    { ...quick, limits: { falls: { hi: -1 }, rises: { lo: 1 } } },
    runs,
    "bits",
  );
  assertEquals(panels[0].y.title, "validation loss (bits)");
  assertEquals(tables[0].columns[3], { name: "mean", unit: "bits", decimals: 4 });
  const [slope] = judgements;
  assertEquals(slope.measures[0].unit, "bits per doubling");
  assertEquals([slope.measures[0].limits, slope.verdict], [{ lo: null, hi: -1 }, "fail"]);
});
