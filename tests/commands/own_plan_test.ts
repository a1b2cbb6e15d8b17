/** `bench transfer` as a user has it: the example and the schema in docs, a bench, its shards, its record as a plan. */
import assert from "node:assert/strict";
import { planJsonSchema } from "../../commands/own_plan.ts";
import { main } from "../../main.ts";
import { decideOwn, readOwnPlan } from "../../suites/own_plan.ts";
import { ownSuite } from "../../suites/own.ts";
import { said } from "./said.ts";

const DOCS = new URL("../../docs/", import.meta.url);
const UPDATE = Deno.env.get("UPDATE_SCHEMA") === "1";

Deno.test("docs/plan.schema.json is the schema plans are checked by (UPDATE_SCHEMA=1 writes it)", async () => {
  const path = new URL("plan.schema.json", DOCS);
  const schema = JSON.stringify(planJsonSchema(), null, 2) + "\n";
  if (UPDATE) await Deno.writeTextFile(path, schema);
  assert.equal(await Deno.readTextFile(path), schema);
});

Deno.test("the example of docs/transfer.md is a plan with a panel that decides nothing", async () => {
  const text = await Deno.readTextFile(new URL("transfer.example.json", DOCS));
  const { panels, control } = ownSuite(decideOwn(readOwnPlan(JSON.parse(text), "example")))
    .profiles.quick as ReturnType<typeof decideOwn>;
  assert.equal(control, undefined); // of the profile; the suite's rule and control stand beside it
  assert.deepEqual(panels.map(({ beside = false }) => beside), [false, true]);
});

/** Runs a command in this process. */
const run = (...args: string[]) => said(main, ...args);

Deno.test({
  name:
    "a bench of own models, its shards merged, checked, reproduced, and run again by its record",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const dir = await Deno.makeTempDir();
    const plan = {
      profile: "smoke",
      reference: "dense:d=16,L=1,H=16",
      targets: ["4e2a:d=32,h=16"],
      plan: { steps: 6 },
      grid: { reference: [-6, -5, -4] },
    };
    await Deno.writeTextFile(`${dir}/plan.json`, JSON.stringify(plan));
    const bench = (...args: string[]) => run("bench", "--no-selftest", "--workers", "1", ...args);
    const one = await bench("--plan", `${dir}/plan.json`, "--out", `${dir}/one`);
    assert.ok([0, 1].includes(one.code), one.err);
    for (const i of [1, 2]) {
      const shard = await bench(
        "--plan",
        `${dir}/plan.json`,
        "--shard",
        `${i}/2`,
        "--out",
        `${dir}/${i}`,
      );
      assert.equal(shard.code, 0, shard.err);
    }
    const merged = await run("merge", `${dir}/1`, `${dir}/2`, "--out", `${dir}/all`);
    assert.ok([0, 1].includes(merged.code), merged.err);
    const read = async (name: string) =>
      JSON.parse(await Deno.readTextFile(`${dir}/${name}/record.json`));
    const [a, b] = [await read("one"), await read("all")];
    assert.deepEqual(b.findings, a.findings);
    assert.equal(b.plan.hash, a.plan.hash);
    for (const name of ["one", "all"]) {
      const checked = await run("check", `${dir}/${name}`);
      assert.equal(checked.code, 0, checked.out);
    }
    const again = await run("reproduce", `${dir}/one`, "--cells", "1");
    assert.match(again.out, /1 of 1 equal to the last bit/);
    // the record is the plan: nothing is trained again, and the same is said
    const record = await bench("--plan", `${dir}/one/record.json`, "--out", `${dir}/one`);
    assert.equal(record.code, one.code);
    const c = await read("one");
    assert.equal(c.plan.hash, a.plan.hash);
    assert.equal(c.plan.exploratory, false);
    assert.equal(c.cost.trainedRuns, 0);
    await Deno.remove(dir, { recursive: true });
  },
});
