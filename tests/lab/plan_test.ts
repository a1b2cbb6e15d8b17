import fc from "fast-check";
import { settlePlan } from "../../lab/transfer/lines.ts";
import { canonicalJson, planHash, runKey, type RunParts } from "../../lab/train/identity.ts";
import { assert, assertEquals, throws } from "./assert.ts";
import { recordOf, runWith } from "./runs.ts";

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

Deno.test("a plan's hash can be checked against the plan that carries it", () => {
  const { plan } = recordOf(runWith("a"));
  const hash = planHash(plan);
  assertEquals(planHash({ ...plan, hash, exploratory: true } as typeof plan), hash);
  assert(planHash({ ...plan, tolerance_octaves: 2 }) !== hash);
  assert(planHash({ ...plan, seeds: [0, 1] }) !== hash);
  assert(planHash({ ...plan, grids: { "transfer/dense/standard": [-7] } }) !== hash);
});

Deno.test("a damaged plan.json is a lost one: exploratory once something was done, else written anew", () => {
  const plan = { profile: "smoke", hash: "h", exploratory: false };
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
