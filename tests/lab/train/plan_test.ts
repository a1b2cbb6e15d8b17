import fc from "fast-check";
import { canonicalJson } from "../../../lab/record/hash.ts";
import { runKey, type RunParts } from "../../../lab/train/identity.ts";
import { planOf } from "../../../lab/assemble.ts";
import { settlePlan } from "../../../lab/train/plan.ts";
import { capacity } from "../../../suites/capacity.ts";
import { assert, assertEquals, throws } from "../assert.ts";
import { runWith } from "../runs.ts";

const parts: RunParts = {
  task: "lm",
  shape: { width: 64, depth: 2 },
  rows: runWith("a").rows,
  seed: 0,
  steps: 600,
  dataHash: "d",
  kernelsVersion: "k",
};

Deno.test("canonical JSON is JSON that does not depend on the order of fields", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = canonicalJson(value);
    assertEquals(JSON.stringify(JSON.parse(text)), JSON.stringify(JSON.parse(text)));
    assertEquals(canonicalJson(JSON.parse(text)), text);
    assertEquals(canonicalJson(JSON.parse(JSON.stringify(value))), text);
  }));
  assertEquals(
    canonicalJson({ b: [1, -0, 1e21, "é\n"], a: undefined, "10": 1, "9": {} }),
    '{"10":1,"9":{},"b":[1,0,1e+21,"é\\n"]}',
  );
});

Deno.test("canonical JSON refuses what JSON would change in silence", () => {
  for (const value of [NaN, Infinity, 1n, undefined, () => 1, [undefined], new Date(), new Map()]) {
    throws(() => canonicalJson(value), TypeError);
  }
  throws(() => canonicalJson(new Date(0)), /Cannot write Date as canonical JSON/);
});

Deno.test("a run's key is 16 hexadecimal digits that no field can change unnoticed", () => {
  const key = runKey(parts);
  assert(/^[0-9a-f]{16}$/.test(key));
  assertEquals(runKey(Object.fromEntries(Object.entries(parts).reverse()) as RunParts), key);
  const changes: Partial<RunParts>[] = [
    { task: "diffusion" },
    { shape: { width: 64, depth: 4 } },
    { rows: { wq: { initStd: 0.02, lr: 0.02, weightDecay: 0.1, eps: 1e-8 } } },
    { seed: 1 },
    { steps: 601 },
    { dataHash: "e" },
    { kernelsVersion: "l" },
    { batchTokens: 512 },
  ];
  const keys = new Set([key, ...changes.map((change) => runKey({ ...parts, ...change }))]);
  assertEquals(keys.size, changes.length + 1);
});

Deno.test("a plan's hash covers all that decides a result: limits, seeds, grids, panels, rules, data", () => {
  const { hash } = planOf(capacity, "smoke", "data");
  assertEquals(planOf(capacity, "smoke", "data").hash, hash);
  const changed = (change: Partial<typeof capacity.profiles.smoke>) => {
    const smoke = { ...capacity.profiles.smoke, ...change };
    return planOf(capacity.changed({}, { ...capacity.profiles, smoke }), "smoke", "data").hash;
  };
  assertEquals(changed({}), hash);
  const { limits, seeds, grid, panels, plan } = capacity.profiles.smoke;
  const hashes = [
    hash,
    planOf(capacity, "smoke", "other").hash,
    planOf(capacity, "quick", "data").hash,
    changed({ limits: { ...limits, tolerance_octaves: 2 } }),
    changed({ limits: { ...limits, minRegret: 0.02 } }),
    changed({ seeds: [...seeds, 9] }),
    changed({ grid: { ...grid, reference: [-7, -6, -5] } }),
    changed({ panels: [{ ...panels[0], controls: [] }] }),
    changed({ plan: { ...plan, steps: 21 } }),
  ];
  assertEquals(new Set(hashes).size, hashes.length);
});

Deno.test("a damaged plan.json is a lost one: exploratory once something was done, else written anew", () => {
  const plan = { profile: "smoke", version: "1", decided: null, hash: "h", exploratory: false };
  for (const damaged of ["null", "[]", "7", '"plan"', "{", ""]) {
    const directory = Deno.makeTempDirSync(), path = `${directory}/plan.json`;
    Deno.writeTextFileSync(path, damaged);
    assertEquals(settlePlan(directory, "suite", plan, true), { ...plan, exploratory: true });
    assertEquals(Deno.readTextFileSync(path), damaged);
    assertEquals(settlePlan(directory, "suite", plan, false), plan);
    assertEquals(JSON.parse(Deno.readTextFileSync(path)), { "suite/smoke": plan });
    // an entry that is no plan is another plan
    Deno.writeTextFileSync(path, '{"suite/smoke": null}');
    assertEquals(settlePlan(directory, "suite", plan, true).exploratory, true);
    Deno.removeSync(directory, { recursive: true });
  }
});
