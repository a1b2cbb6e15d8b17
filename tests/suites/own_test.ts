/** Suites of the user's own: what is filled in, which control is chosen, what a record gives back. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { planOf } from "../../lab/assemble.ts";
import { REFERENCE_SPEED, secondsOf } from "../../lab/estimate.ts";
import { chooseControl, expectedShift } from "../../lab/transfer/control.ts";
import { targetsOf } from "../../commands/own_plan.ts";
import { formatConfiguration, parseConfiguration } from "../../rule/configuration.ts";
import { capacity } from "../../suites/capacity.ts";
import { ownSuite, ownSuiteOf } from "../../suites/own.ts";
import { decideOwn, type OwnPlan, readOwnPlan } from "../../suites/own_plan.ts";
import { quickPlan } from "../../suites/plans.ts";
import { withRouter } from "../../suites/with_router.ts";
import { suiteOfRecord } from "../../suites/of_record.ts";

const REFERENCE = "dense:d=12,L=2,H=12,dh=12";
const OWN: OwnPlan = { reference: REFERENCE, targets: ["16e4a:d=48,h=12", "8e2a:d=24,h=12"] };

const hashOf = (own: OwnPlan) => planOf(ownSuite(decideOwn(own)), "quick", null).hash;

Deno.test("what is left open is that of the built-in suites, so that runs are shared", () => {
  const { plan, seeds, grid, limits, panels } = decideOwn({
    reference: REFERENCE,
    targets: ["16e4a:d=48,dh=12,h=12"],
  });
  const { profiles: { quick } } = capacity;
  assert.deepEqual({ plan, seeds, grid, limits }, {
    plan: quick.plan,
    seeds: quick.seeds,
    grid: quick.grid,
    limits: quick.limits,
  });
  assert.deepEqual(panels[0].moreSeeds, quick.panels[0].moreSeeds);
  const keys = ({ jobs }: ReturnType<typeof capacity.estimate>) => jobs.map(({ job }) => job.key);
  const mine = keys(
    ownSuite(decideOwn({ ...OWN, targets: ["16e4a:d=48,dh=12,h=12"] })).estimate("quick"),
  );
  const built = new Set(keys(capacity.estimate("quick")));
  assert.ok(mine.length > 20 && mine.every((key) => built.has(key)));
});

Deno.test("the expected shift is the octaves between two rules' rows: SP at four times the width, -2", () => {
  const shift = (target: string, other: string, swept: "lr" | "weightDecay" | "initStd" = "lr") =>
    expectedShift("complete-mue", other, target, swept, quickPlan);
  assert.equal(shift("16e4a:d=48,h=12,dh=12", "standard"), -2);
  assert.equal(shift("16e4a:d=12,h=12,dh=12", "standard"), 0);
  assert.equal(shift("16e4a:d=48,h=12,dh=12", "complete-mue"), 0);
  assert.equal(expectedShift("standard", "complete-mue", "16e4a:d=48,h=12", "lr", quickPlan), 2);
});

Deno.test("the control is SP where it misses by enough, on the target where it misses most", () => {
  const of = (targets: string[], wanted: string | null = null, rule = "complete-mue") =>
    chooseControl(rule, targets, "lr", quickPlan, 1, wanted);
  assert.deepEqual(of(["8e2a:d=24,h=12", "16e4a:d=48,h=12"]), {
    rule: "standard",
    target: "16e4a:d=48,h=12",
    octaves: -2,
  });
  // of equals the cheapest
  assert.equal(of(["32e8a:d=48,h=12", "8e2a:d=48,h=12"])?.target, "8e2a:d=48,h=12");
  assert.equal(of(["16e4a:d=48,h=12"], "mup")?.rule, "mup");
  // a rule is no control of itself, and standard's own control is another
  assert.notEqual(of(["16e4a:d=48,h=12"], null, "standard")?.rule, "standard");
  // nothing misses by enough at equal width: the plan says so
  const equal = of(["16e4a:d=12,h=12"])!;
  assert.ok(Math.abs(equal.octaves) < 1, `${equal.octaves}`);
  const said = ownSuite(decideOwn({ reference: REFERENCE, targets: ["16e4a:d=12,h=12"] }))
    .plan("quick").lines.at(-1)!;
  assert.match(said, /within the tolerance: it will not be seen to fail/);
});

Deno.test("no control at all ends as `cannot tell`: every panel says it, and none is trained", () => {
  const suite = ownSuite(decideOwn({ ...OWN, control: "none" }));
  assert.match(suite.control, /^none/);
  assert.ok(suite.estimate("quick").jobs.every(({ job }) => job.cell.role !== "control"));
  assert.match(suite.plan("quick").lines.at(-1)!, /has no control/);
});

Deno.test("what a record keeps of a plan is that plan again, whatever was given", () => {
  const target = fc.constantFrom(
    "16e4a:d=48,h=12",
    "8e2a:d=24,h=12,gate=softmax",
    "dense:d=24",
    "4e2a1s:d=12,L=1",
    "8e4a2g:d=48,h=6",
  );
  const plans: fc.Arbitrary<OwnPlan> = fc.record({
    profile: fc.constantFrom("smoke", "quick", "paper"),
    task: fc.constantFrom("language", "diffusion"),
    reference: fc.constant("dense:d=24,L=2,H=24,dh=12"),
    targets: fc.uniqueArray(target, { minLength: 1, maxLength: 3 }),
    swept: fc.constantFrom("lr", "weightDecay", "initStd"),
    rule: fc.constantFrom("complete-mue", "standard", "moe-dmft"),
    control: fc.constantFrom("none", "mup"),
    seeds: fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 4 }),
    plan: fc.record({ steps: fc.integer({ min: 1, max: 900 }) }, { requiredKeys: [] }),
  }, { requiredKeys: ["reference", "targets"] });
  fc.assert(
    fc.property(plans, (own) => {
      const { profile = "quick" } = own, suite = ownSuite(decideOwn(own));
      const plan = planOf(suite, profile, null), kept = JSON.parse(JSON.stringify(plan.decided));
      const again = ownSuiteOf(kept, "a record");
      assert.equal(planOf(again, profile, null).hash, plan.hash);
      const words = (
        { title, claim, heldFixed, varied, control }: typeof suite,
      ) => [title, claim, heldFixed, varied, control];
      assert.deepEqual(words(again), words(suite));
      assert.ok(secondsOf([suite.estimate(profile)], REFERENCE_SPEED)[0] > 0);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a router's keys go into the models, so that no record needs the flag", () => {
  const suite = withRouter(ownSuite(decideOwn(OWN)), "gate=softmax-all,cf=1.25", "quick");
  assert.equal(suite.options, undefined);
  const plan = planOf(suite, "quick", null);
  const record = { suite, plan: JSON.parse(JSON.stringify(plan)) };
  assert.equal(planOf(suiteOfRecord(record, null).suite, "quick", null).hash, plan.hash);
  const models = suite.estimate("quick").jobs.map(({ job }) => job.cell.configuration);
  assert.ok(
    models.filter((c) => !c.startsWith("dense")).every((c) => c.includes("gate=softmax-all")),
  );
});

Deno.test("another limit, seed or step is another plan", () => {
  const hashes = [
    OWN,
    { ...OWN, limits: { tolerance_octaves: 0.5 } },
    { ...OWN, seeds: [0, 1] },
    { ...OWN, plan: { steps: 100 } },
    { ...OWN, rule: "mup" },
    { ...OWN, control: "mup" },
    { ...OWN, grid: { targets: [-6, -5, -4] } },
  ].map(hashOf);
  assert.equal(new Set(hashes).size, hashes.length);
});

Deno.test("plans that cannot be are refused with the field and what was found", () => {
  const refused: [unknown, RegExp][] = [
    [{ ...OWN, colour: "red" }, /colour/],
    [{ ...OWN, seeds: [] }, /seeds/],
    [{ ...OWN, plan: { steps: 0 } }, /plan\.steps/],
    [{ ...OWN, swept: "beta2" }, /swept/],
    [{ ...OWN, plan: { base: { beta1: 1 } } }, /plan\.base\.beta1/],
    [{ ...OWN, targets: ["16e4a:d=48,kv=1"] }, /kv=1/],
    [{ ...OWN, targets: ["10e4a3g:d=48"] }, /3 groups/],
    [{ ...OWN, rule: "mine" }, /rules are/],
    [{ ...OWN, control: "complete-mue" }, /by itself/],
    [{ ...OWN, targets: ["dense:d=48,B=100"] }, /whole sequences/],
    [{ reference: REFERENCE }, /no target/],
    [{ targets: ["4e2a"] }, /no reference/],
    [{
      ...OWN,
      targets: undefined,
      panels: [{ targets: ["4e2a"], name: "a" }, { name: "a", targets: ["8e2a"] }],
    }, /two panels a/],
    [
      { ...OWN, targets: undefined, panels: [{ targets: ["4e2a"], controls: ["8e2a"] }] },
      /no target/,
    ],
    [{ ...OWN, grid: { reference: { from: -3, to: -7 } } }, /from -3 to -7/],
    [{ ...OWN, seeds: [0, 1], panels: [{ targets: ["4e2a"], moreSeeds: [1] }] }, /seed 1/],
  ];
  for (const [plan, message] of refused) {
    const json = JSON.parse(JSON.stringify(plan));
    assert.throws(
      () => ownSuite(decideOwn(readOwnPlan(json, "p.json"))),
      { message },
      `${message}`,
    );
  }
});

Deno.test("a list of targets is cut where a model's name stands", () => {
  assert.deepEqual(targetsOf(["16e4a:d=48,h=12,32e4a,dense:H=96,d=24"]), [
    "16e4a:d=48,h=12",
    "32e4a",
    "dense:H=96,d=24",
  ]);
  assert.deepEqual(targetsOf(["4e2a:tied", "8e2a,gate=softmax"]), [
    "4e2a:tied",
    "8e2a:gate=softmax",
  ]);
  const c = parseConfiguration(targetsOf(["4e2a,d=24"])[0], parseConfiguration(REFERENCE));
  assert.equal(formatConfiguration(c), "4e2a:d=24,L=2,h=12");
  assert.throws(() => targetsOf(["d=48"]), /belongs to no model/);
  assert.throws(() => targetsOf([" , "]), /no model is named/);
});
