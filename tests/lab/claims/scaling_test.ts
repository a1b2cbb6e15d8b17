import type { Wanted } from "../../../lab/claims/models.ts";
import { judgeScaling, type ScalingAxis, scalingModels } from "../../../lab/claims/scaling.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { scaling } from "../../../suites/scaling.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { runsFor } from "./claim_runs.ts";

const { quick } = scaling.profiles;
const FIRST = quick.nothing.seedSets[0][0], SET = quick.nothing.seedSets[0].length;

/** Nats per doubling (shared: per expert) along each axis. */
type Law = Record<string, number>;
const CLAIMED: Law = {
  active: -0.03,
  capacity: -0.04,
  granularity: -0.015,
  layers: -0.03,
  shared: 0.02,
};
const NONE: Law = Object.fromEntries(Object.keys(CLAIMED).map((name) => [name, 0]));

/** How far a model lies from the one that all axes share. */
function places({ x, scale, configurations }: ScalingAxis, configuration: string): number {
  const at = configurations.indexOf(configuration);
  const shared = configurations.indexOf(quick.nothing.configuration);
  const value = (g: number) => scale === "log2" ? Math.log2(x[g]) : x[g];
  return at < 0 ? 0 : value(at) - value(shared);
}

/** A model that lies on several axes is one run, with one noise. */
function findings(law: Law, sd: number, stream = random(5), ofSet = (_set: number) => 0) {
  const seeds = Array.from({ length: 32 }, () => 0.02 * stream.normal());
  const noise = new Map<string, number>();
  const noiseOf = ({ panel, configuration, seed }: Wanted) => {
    // what stands beside the claims draws nothing of theirs
    if (panel === "two widths") return 0;
    const id = `${configuration} ${seed}`;
    noise.set(id, noise.get(id) ?? sd * stream.normal());
    return noise.get(id)!;
  };
  const lossOf = (w: Wanted) =>
    w.role === "control"
      ? 2 + ofSet(Math.floor((w.seed - FIRST) / SET))
      : quick.axes.reduce((sum, a) => sum + law[a.name] * places(a, w.configuration), 2);
  const runs = runsFor(quick.plan, scalingModels(quick), (w) => ({
    validationLoss: lossOf(w) + seeds[w.seed] + noiseOf(w),
  }));
  return judgeScaling(quick, runs, "nats");
}
/** The verdict, and which subjects it rests on. */
function verdictOf(law: Law, sd: number) {
  const { judgements } = findings(law, sd), { verdict, reason } = decide(judgements);
  return { verdict, of: reason.deciding.map((i) => judgements[i].subject) };
}
const TOGETHER = "all axes together";

Deno.test("the paper's orderings pass together, and an axis that changes nothing is seen to", () => {
  const found = findings(CLAIMED, 0.004), { judgements, panels, points } = found;
  assertEquals(JSON.parse(JSON.stringify(found)), found);
  assertEquals(decide(judgements).verdict, "pass");
  const claims = judgements.filter((j) => j.role === "claim");
  assertEquals(claims.length, 2);
  // the sum of the slopes as the paper found them: the rise with shared experts counts as a fall with fewer
  assertNear(claims[0].measures[0].value!.estimate, -0.135, 0.01);
  const of = (panel: string) => judgements.filter((j) => j.panel === panel);
  const [slope, ends] = of("capacity");
  assertNear(slope.measures[0].value!.estimate, -0.04, 0.005);
  assertNear(ends.measures[0].value!.estimate, -0.12, 0.015);
  assert(of("capacity").every((j) => j.role === "aside"));
  const control = judgements.filter((j) => j.role === "control");
  assertEquals(control.map((j) => j.verdict), ["fail"]);
  assertEquals(of("nothing").map((j) => j.verdict), ["inconclusive"]);
  assertEquals(panels.length, 8);
  for (const p of points) assert(p.lo! <= p.y && p.y <= p.hi!, JSON.stringify(p));
});

Deno.test("axes that together raise the loss must fail, and one of them alone decides nothing", () => {
  const reversed = Object.fromEntries(Object.entries(CLAIMED).map(([name, v]) => [name, -v]));
  const { verdict, of } = verdictOf(reversed, 0.004);
  assertEquals(verdict, "fail");
  assert(of.includes(TOGETHER), `${of}`);
  assertEquals(verdictOf({ ...CLAIMED, layers: 0.02 }, 0.004).verdict, "pass");
});

Deno.test("granularity that gains more than capacity must fail", () => {
  const { verdict, of } = verdictOf({ ...CLAIMED, granularity: -0.06 }, 0.004);
  assertEquals(verdict, "fail");
  assert(of.length === 1 && /^experts N less granularity/.test(of[0]), `${of}`);
});

Deno.test("a model of several axes counts once: its runs are no evidence of each", () => {
  // noise in the model alone that all axes share moves every slope, and the sum by one weight
  const spread = (share: number) => {
    const stream = random(21), sums: number[] = [];
    for (let trial = 0; trial < 300; trial++) {
      const own = new Map<number, number>();
      const runs = runsFor(quick.plan, scalingModels(quick), (w) => {
        own.set(w.seed, own.get(w.seed) ?? 0.02 * stream.normal());
        const common = w.configuration === quick.nothing.configuration ? share : 0;
        return { validationLoss: 2 + common * own.get(w.seed)! };
      });
      sums.push(judgeScaling(quick, runs, "nats").judgements[0].measures[0].value!.estimate);
    }
    return Math.sqrt(sums.reduce((s, v) => s + v * v, 0) / sums.length);
  };
  const weight = quick.axes.reduce((sum, axis) => {
    const x = axis.scale === "log2" ? axis.x.map(Math.log2) : axis.x;
    const centre = x.reduce((a, b) => a + b, 0) / x.length;
    const s2 = x.reduce((s, v) => s + (v - centre) ** 2, 0);
    const at = axis.configurations.indexOf(quick.nothing.configuration);
    return sum + (axis.expected === "falls" ? 1 : -1) * (x[at] - centre) / s2;
  }, 0);
  assertNear(spread(1), Math.abs(weight) * 0.02 / Math.sqrt(quick.seeds.length), 0.0008);
});

Deno.test("the compared axes have more seeds, the sum of all axes those that every model has", () => {
  const { seeds, compare } = quick, more = seeds.length + compare.seeds!.length;
  // seeds that only the compared models have move their slopes, and not the sum
  const runs = runsFor(quick.plan, scalingModels(quick), (w) => ({
    validationLoss: 2 - (w.configuration.startsWith("32e4a") && w.seed >= seeds.length ? 0.1 : 0),
  }));
  const { judgements } = judgeScaling(quick, runs, "nats");
  const estimate = (i: number) => judgements[i].measures[0].value!.estimate;
  assertNear(estimate(0), 0, 1e-12);
  const x = [2, 4, 5], centre = 11 / 3, s2 = x.reduce((s, v) => s + (v - centre) ** 2, 0);
  assertNear(estimate(1), -0.1 * (5 - centre) / s2 * compare.seeds!.length / more, 1e-9);
});

Deno.test("an effect within the noise is inconclusive", () => {
  const small = Object.fromEntries(Object.entries(CLAIMED).map(([name, v]) => [name, v / 20]));
  assertEquals(verdictOf(small, 0.01).verdict, "inconclusive");
});

Deno.test("a fall no larger than what seeds alone do is open, and a smaller one leaves nothing to tell", () => {
  const small = Object.fromEntries(Object.entries(CLAIMED).map(([name, v]) => [name, v / 20]));
  const { judgements } = findings(small, 0.0001, random(5));
  assert(judgements.every((j) => j.role !== "claim" || j.verdict === "pass"));
  assertEquals(decide(judgements).verdict, "inconclusive");
  // sets of seeds that differ by more than a doubling along every axis gains
  const lucky = findings(CLAIMED, 0.0004, random(4), (set) => -0.3 * set).judgements;
  assert(lucky.every((j) => j.role !== "claim" || j.verdict === "pass"));
  assertEquals(lucky.find((j) => j.role === "control")!.verdict, "pass");
  assertEquals(decide(lucky).verdict, "cannot tell at this size");
});

Deno.test("axes that change nothing get an ordering in no more than 1 of 20", () => {
  const stream = random(9);
  let judged = 0, ordered = 0, controls = 0;
  for (let trial = 0; trial < 400; trial++) {
    for (const j of findings(NONE, 0.012, stream).judgements) {
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

Deno.test("a diverged run leaves its axis and the sum unmeasured", () => {
  const runs = runsFor(quick.plan, scalingModels(quick), (w) => ({
    validationLoss: w.configuration.startsWith("4e4a") && w.seed === 1 ? null : 2,
  }));
  const { judgements, tables } = judgeScaling(quick, runs, "nats");
  const capacity = judgements.filter((j) => j.panel === "capacity" || j.role !== "aside");
  assert(capacity.every((j) => j.verdict === "inconclusive"));
  for (const j of capacity) assertEquals(j.measures[0].missing, "1 of 54 runs diverged");
  const row = tables[0].rows.find(([axis, name]) =>
    axis === "capacity" && `${name}`.startsWith("4e4a")
  );
  assertEquals(row!.slice(3), [null, [2, null, ...Array(16).fill(2)]]);
});

/** Losses of which a doubling of the experts gains `wide` at d = 48 and `narrow` at d = 24. */
function twoWidths(wide: number, narrow: number, change: (w: Wanted) => object = () => ({})) {
  const runs = runsFor(quick.plan, scalingModels(quick), (w) => {
    const experts = /^(\d+)e4a:/.exec(w.configuration);
    const gain = w.configuration.includes("d=24") ? narrow : wide;
    const places = experts ? Math.log2(Number(experts[1]) / 4) : 0;
    const noise = 0.0005 * Math.sin(11 * w.seed + 3 * places + 100 * gain);
    return { validationLoss: 2 + 0.01 * (w.seed % 5) + gain * places + noise, ...change(w) };
  });
  const { judgements, tables } = judgeScaling(quick, runs, "nats");
  return { judged: judgements.filter((j) => j.panel === "two widths"), tables, judgements };
}

Deno.test("capacity's slope at two widths, and their difference, are shown and decide nothing", () => {
  const { judged, tables } = twoWidths(-0.02, -0.03);
  assertEquals(judged.map((j) => [j.role, j.verdict]), [
    ["aside", "pass"],
    ["aside", "pass"],
    ["aside", "pass"],
  ]);
  const [narrow, wide, difference] = judged.map((j) => j.measures[0].value!.estimate);
  assertNear(narrow, -0.03, 1e-3);
  assertNear(wide, -0.02, 1e-3);
  assertNear(difference, 0.01, 1e-3);
  assertEquals(tables[1].rows.map((row) => row[0]), ["d = 24", "d = 24", "d = 48", "d = 48"]);
  // a wider model that gains more misses the expected side
  assertEquals(twoWidths(-0.03, -0.02).judged.map((j) => j.verdict), ["pass", "pass", "fail"]);
  assertEquals(twoWidths(0.02, -0.02).judged.map((j) => j.verdict), ["pass", "fail", "pass"]);
  const lost = twoWidths(
    -0.02,
    -0.03,
    (w) => w.configuration.startsWith("4e4a:d=24") && w.seed === 2 ? { validationLoss: null } : {},
  );
  assertEquals(lost.judged.map((j) => j.measures[0].missing), [
    "1 of 36 runs diverged",
    null,
    "1 of 36 runs diverged",
  ]);
  // nothing of the claims rests on them
  assert(lost.judgements.every((j) => j.role === "aside" || j.measures[0].missing === null));
});

Deno.test("narrow models that do not stand at the ends of the axis are refused", () => {
  const widths = { ...quick.widths!, narrow: { ...quick.widths!.narrow, x: [4, 16] } };
  const runs = runsFor(quick.plan, scalingModels(quick), () => ({ validationLoss: 2 }));
  throws(() => judgeScaling({ ...quick, widths }, runs, ""), /ends at 4,32, narrow models at 4,16/);
});

Deno.test("an axis with another number of places, an unknown name and claimed seeds are refused", () => {
  const runs = runsFor(quick.plan, scalingModels(quick), () => ({ validationLoss: 2 }));
  const [first, ...rest] = quick.axes;
  const ragged = { ...quick, axes: [{ ...first, x: [2, 4] }, ...rest] };
  throws(() => judgeScaling(ragged, runs, ""), /2 places for 3 configurations/);
  const unknown = { ...quick, compare: { ...quick.compare, more: "width" } };
  const ofUnknown = runsFor(quick.plan, scalingModels(unknown), () => ({ validationLoss: 2 }));
  throws(() => judgeScaling(unknown, ofUnknown, ""), /Cannot compare width/);
  const shared = { ...quick, nothing: { ...quick.nothing, seedSets: [[6, 7], [8, 9]] } };
  throws(() => judgeScaling(shared, runs, ""), /seed 6 is claimed/);
  const compared = { ...quick, nothing: { ...quick.nothing, seedSets: [[17, 18], [19, 20]] } };
  throws(() => judgeScaling(compared, runs, ""), /seed 17 is claimed/);
});

Deno.test("units are the task's, and a slope's limit is the profile's", () => {
  const runs = runsFor(quick.plan, scalingModels(quick), () => ({ validationLoss: 2 }));
  const { judgements, panels, tables } = judgeScaling(
    { ...quick, limits: { falls: { hi: -1 }, rises: { lo: 1 } } },
    runs,
    "bits",
  );
  assertEquals(panels[1].y.title, "validation loss (bits)");
  assertEquals(tables[0].columns[3], { name: "mean", unit: "bits", decimals: 4 });
  const slope = judgements.find((j) => j.panel === "active")!;
  assertEquals(slope.measures[0].unit, "bits per doubling");
  assertEquals([slope.measures[0].limits, slope.verdict], [{ lo: null, hi: -1 }, "fail"]);
});
