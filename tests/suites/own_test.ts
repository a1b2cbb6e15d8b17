/** Suites of the user's own: what is filled in, which control is chosen, what a record gives back. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { planOf } from "../../lab/assemble.ts";
import { REFERENCE_SPEED, secondsOf } from "../../lab/estimate.ts";
import {
  checkControl,
  chooseControl,
  type Controlled,
  expectedShift,
  prospectOf,
  widest,
} from "../../lab/transfer/control.ts";
import { ownFrom, targetsOf } from "../../commands/own_plan.ts";
import { formatConfiguration, parseConfiguration } from "../../rule/configuration.ts";
import { capacity } from "../../suites/capacity.ts";
import { ownSuite, ownSuiteOf } from "../../suites/own.ts";
import { decideOwn } from "../../suites/own_decided.ts";
import { type OwnPlan, readOwnPlan } from "../../suites/own_plan.ts";
import { quickPlan } from "../../suites/plans.ts";
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
  // what decays at a step is lr·wd, and SP's lr is four times as large
  assert.equal(shift("16e4a:d=48,h=12,dh=12", "standard", "weightDecay"), -2);
  // the multipliers are half of what a rule does to an init
  assert.equal(shift("16e4a:d=48,h=12,dh=12", "standard", "initStd"), null);
});

Deno.test("what can be expected of a control goes by the tolerance and a margin", () => {
  const of = [-2, 1.5, 1.4, -1.01, 1, 0, null].map((octaves) => prospectOf(octaves, 1));
  assert.deepEqual(of, [
    "fails",
    "fails",
    "may stay undecided",
    "may stay undecided",
    "is not expected to fail",
    "is not expected to fail",
    "not known",
  ]);
});

Deno.test("the control is SP where it misses by enough in every panel, on the target where it misses most", () => {
  const panel = (...targets: string[]): Controlled => ({ targets, swept: "lr", plan: quickPlan });
  const of = (rule: string, ...panels: Controlled[]) => chooseControl(rule, panels, 1);
  const wide = panel("8e2a:d=24,h=12", "16e4a:d=48,h=12"), narrow = panel("64e1a:d=12,h=12");
  assert.equal(of("complete-mue", wide), "standard");
  assert.deepEqual(widest("complete-mue", "standard", wide), {
    target: "16e4a:d=48,h=12",
    octaves: -2,
  });
  // of equals the cheapest
  const equal = panel("32e8a:d=48,h=12", "8e2a:d=48,h=12");
  assert.equal(widest("complete-mue", "standard", equal)?.target, "8e2a:d=48,h=12");
  // a rule is no control of itself, and what trains another gate's model is none
  assert.equal(of("standard", wide), "sqrt-sparsity");
  assert.equal(widest("complete-mue", "moe-dmft", wide), null);
  assert.equal(of("moe-dmft", wide), null);
  assert.throws(() => checkControl("complete-mue", "moe-dmft", wide), /another gate/);
  // the panel in which nothing misses decides between the others
  assert.equal(of("complete-mue", narrow, wide), "sqrt-sparsity");
});

Deno.test("a panel beside the claim follows its control, wherever it stands", () => {
  const claim = { name: "claim", targets: ["16e4a:d=48,h=12"] };
  const aside = { name: "aside", beside: true, targets: ["64e1a:d=12,h=12"] };
  for (const panels of [[claim, aside], [aside, claim]]) {
    const { control, panels: decided } = decideOwn({ reference: REFERENCE, panels });
    assert.equal(control, "standard");
    assert.deepEqual(decided.map(({ controls }) => controls.length), [1, 1]);
  }
});

Deno.test("the plan says when its control is not expected to be seen to fail, and how far it is expected off", () => {
  const last = (own: OwnPlan) =>
    ownSuite(decideOwn(own)).plan("quick").lines.findLast((line) => line.startsWith("control"))!;
  assert.match(
    last({ ...OWN, targets: ["16e4a:d=48,h=12"] }),
    /^control: standard on 16e4a is expected −2\.0 octaves off/,
  );
  const equal = { reference: REFERENCE, targets: ["16e4a:d=12,h=12"], control: "standard" };
  assert.match(
    last(equal),
    /is not expected to fail; then a pass .*: standard on 16e4a is expected 0 octaves off/,
  );
  assert.match(last({ ...OWN, swept: "initStd" }), /not known beforehand/);
});

Deno.test("weight decay and init are swept where the built-in suites sweep them", () => {
  const grid = (own: Partial<OwnPlan>) => decideOwn({ ...OWN, ...own }).panels[0].grid?.reference;
  assert.deepEqual(grid({}), undefined);
  assert.deepEqual(grid({ swept: "weightDecay" }), [-5, -4, -3, -2, -1]);
  assert.deepEqual(grid({ swept: "initStd", task: "diffusion" }), [-4, -3, -2, -1, 0]);
  assert.deepEqual(grid({ swept: "initStd", profile: "paper" }), [-8, -7, -6, -5, -4, -3, -2, -1]);
  assert.deepEqual(grid({ swept: "initStd", grid: { reference: [-3, -2] } }), [-3, -2]);
});

Deno.test("no control at all ends as `cannot tell`: every panel says it, and none is trained", () => {
  const suite = ownSuite(decideOwn({ ...OWN, control: "none" }));
  assert.match(suite.control, /^none/);
  assert.ok(suite.estimate("quick").jobs.every(({ job }) => job.cell.role !== "control"));
  assert.ok(suite.plan("quick").lines.some((line) => /has no control/.test(line)));
  // and what a target does not take over from the reference
  assert.match(suite.plan("quick").lines.at(-1)!, /^note: the head width of 16e4a, 8e2a is not/);
});

Deno.test("what a record keeps of a plan is that plan again, whatever was given", () => {
  const target = fc.constantFrom(
    "16e4a:d=48,h=12",
    "8e2a:d=24,h=12,gate=softmax",
    "dense:d=24,H=48",
    "4e2a1s:d=12,L=1",
    "8e4a2g:d=48,h=6",
  );
  const plans: fc.Arbitrary<OwnPlan> = fc.record({
    profile: fc.constantFrom("smoke", "quick", "paper"),
    task: fc.constantFrom("language", "diffusion"),
    reference: fc.constant("dense:d=24,L=2,H=24,dh=12"),
    targets: fc.uniqueArray(target, { minLength: 1, maxLength: 3 }),
    swept: fc.constantFrom("lr", "weightDecay", "initStd"),
    rule: fc.constantFrom("complete-mue", "standard", "sqrt-sparsity"),
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

Deno.test("a router's keys go into the models, so that no record needs the flag, and a foreign rival is refused", () => {
  const values = { reference: REFERENCE, targets: ["16e4a:d=48,h=12"] };
  const { suite } = ownFrom(values, undefined, undefined, "gate=softmax-all,cf=1.25");
  assert.equal(suite.options, undefined);
  assert.match(suite.heldFixed, /router = gate=softmax-all,cf=1\.25/);
  const plan = planOf(suite, "quick", null);
  const record = { suite, plan: JSON.parse(JSON.stringify(plan)) };
  assert.equal(planOf(suiteOfRecord(record, null).suite, "quick", null).hash, plan.hash);
  const models = suite.estimate("quick").jobs.map(({ job }) => job.cell.configuration);
  assert.ok(
    models.filter((c) => !c.startsWith("dense")).every((c) => c.includes("gate=softmax-all")),
  );
  const rivals: OwnPlan = {
    ...OWN,
    targets: ["16e4a:d=48,h=12,gate=softmax"],
    rivals: ["moe-dmft"],
  };
  assert.throws(() => ownSuite(decideOwn(rivals)), /Cannot rank moe-dmft on 16e4a/);
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
    [
      {
        ...OWN,
        targets: undefined,
        seeds: [0, 1],
        panels: [{ targets: ["4e2a"], moreSeeds: [1] }],
      },
      /seed 1/,
    ],
    [{ ...OWN, seeds: [1, 1] }, /seeds: a seed stands there twice/],
    [{ ...OWN, panels: [{ targets: ["4e2a"] }] }, /targets: panels have/],
    [{ ...OWN, plan: { reference: REFERENCE } }, /plan\.reference says it too/],
    [{ ...OWN, targets: ["dense"] }, /is there already/],
    [{ ...OWN, targets: ["4e2a", "4e2a:L=2"] }, /is there already/],
    [{ ...OWN, control: "moe-dmft" }, /another gate/],
    [{
      ...OWN,
      targets: Array.from({ length: 64 }, (_, i) => `8e2a:d=${12 * (i + 2)}`),
      grid: { targets: { from: -40, to: 20 } },
      seeds: Array.from({ length: 64 }, (_, i) => i),
    }, /at most 20000/],
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
