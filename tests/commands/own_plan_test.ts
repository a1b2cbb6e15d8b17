/** `bench transfer` as a user has it: the example and the schema in docs, a bench, its shards, its record as a plan. */
import assert from "node:assert/strict";
import { planJsonSchema } from "../../commands/own_plan.ts";
import { main } from "../../main.ts";
import { decideOwn } from "../../suites/own_decided.ts";
import { readOwnPlan } from "../../suites/own_plan.ts";
import { ownSuite } from "../../suites/own.ts";
import { sealed } from "../../lab/record/hash.ts";
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
    const summary = await Deno.readTextFile(`${dir}/one/summary.md`);
    assert.match(summary, /deno task bench --plan DIR\/record\.json/);
    // a record that was changed is no plan, and one whose plan cannot be is a wrong one
    const { decided } = a.plan, bad = { ...decided, colour: "red" };
    const { checksum: _, ...rest } = { ...a, plan: { ...a.plan, decided: bad } };
    await Deno.writeTextFile(`${dir}/changed.json`, JSON.stringify({ ...rest, checksum: "0" }));
    const changed = await bench("--plan", `${dir}/changed.json`, "--out", `${dir}/x`);
    assert.deepEqual([changed.code, /changed after it was written/.test(changed.err)], [2, true]);
    await Deno.writeTextFile(`${dir}/bad.json`, JSON.stringify(sealed(rest)));
    const checked = await run("check", `${dir}/bad.json`, `${dir}/one/record.json`);
    assert.equal(checked.code, 1);
    assert.match(checked.out, /WRONG +plan\n.*Unrecognized key: "colour"/);
    assert.match(checked.out, /open +limits, grids, seeds and control\n.*the user's own/);
    // another plan in the folder says so, and takes what is trained
    const wider = await bench(
      "--plan",
      `${dir}/plan.json`,
      "--control",
      "none",
      "--out",
      `${dir}/one`,
    );
    const c2 = await read("one");
    assert.deepEqual([c2.plan.exploratory, c2.cost.trainedRuns, wider.code === 2], [
      true,
      0,
      false,
    ]);
    await Deno.remove(dir, { recursive: true });
  },
});

Deno.test({
  name: "own models on images train, whatever a text's sequences are",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const dir = await Deno.makeTempDir();
    const { code, err } = await run(
      ...["bench", "transfer", "--task", "diffusion", "--profile", "smoke", "--steps", "2"],
      ...["--reference", "dense:d=16,L=1,H=16", "--targets", "4e2a:d=32,h=16", "--control", "none"],
      ...["--no-selftest", "--workers", "1", "--out", dir],
    );
    assert.ok([0, 1].includes(code), err);
    const record = JSON.parse(await Deno.readTextFile(`${dir}/record.json`));
    assert.equal(record.task.id, "diffusion");
    assert.notEqual(record.verdict, "pass"); // without a control
    assert.equal((await run("check", dir)).code, 0);
    await Deno.remove(dir, { recursive: true });
  },
});
