/** Shards: every part has one owner, the same everywhere; merging gives one machine's findings or says why not. */
import assert from "node:assert/strict";
import { costOf, type Found, mergedRecord, oneBench, union } from "../../lab/merge.ts";
import { derive } from "../../lab/derive.ts";
import { LabError } from "../../lab/record/failure.ts";
import { readShard, SHARD_SCHEMA, type ShardFacts, writeShard } from "../../lab/record/shard.ts";
import { type Run, signed } from "../../lab/record/run.ts";
import { isShared, ownerOf, shareOf } from "../../lab/shard.ts";
import type { Suite } from "../../lab/suite.ts";
import { FinishedModels } from "../../lab/train/models.ts";
import { taskById } from "../../model/tasks/registry.ts";
import { suiteById, SUITES } from "../../suites/registry.ts";
import { CONTEXT, COST, DATA, madeUpRecord, madeUpRuns } from "./made_up.ts";
import { ENVIRONMENT } from "./runs.ts";

const SUITE = suiteById("activated-experts"), COUNT = 4;

/** Facts of a shard, as it leaves them. */
function facts(index: number, change: Partial<ShardFacts> = {}): ShardFacts {
  return {
    schema: SHARD_SCHEMA,
    index,
    count: COUNT,
    profile: "smoke",
    suites: [{ id: SUITE.id, options: null, plan: "p", share: "runs" }],
    environment: ENVIRONMENT,
    finished: true,
    costs: { [SUITE.id]: COST },
    exploratory: [],
    trust: { language: { canary: { before: "c", after: "c" }, trainedAgain: 1 } },
    warnings: [],
    checksum: "",
    ...change,
  };
}

const shards = (change: (index: number) => Partial<ShardFacts> = () => ({})): Found[] =>
  [3, 1, 4, 2].map((index) => ({ folder: `out/${index}`, facts: facts(index, change(index)) }));

/** The runs of a shard, of all that there are. */
function shared(suite: Suite, all: ReadonlyMap<string, Run>, index: number): Map<string, Run> {
  const mine = shareOf(suite, "smoke", CONTEXT, { index, count: COUNT }),
    own = new Map<string, Run>();
  for (;;) {
    const models = new FinishedModels(own, CONTEXT);
    const missing = suite.ahead!("smoke", models).filter(mine).filter((job) => !own.has(job.key));
    if (missing.length === 0) return own;
    for (const { key } of missing) own.set(key, all.get(key)!);
  }
}

Deno.test("owners are the same everywhere, and all shards get parts", () => {
  assert.deepEqual(["a", "b", "16e4a complete-mue lr"].map((part) => ownerOf(part, 8)), [3, 5, 2]);
  const owners = Array.from({ length: 1000 }, (_, i) => ownerOf(`part ${i}`, 8));
  const counts = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => owners.filter((o) => o === n).length);
  assert.ok(counts.every((count) => count > 90 && count < 160), `${counts}`);
});

Deno.test("shards together train everything, and only references twice", () => {
  for (const suite of SUITES.filter((s) => isShared(s) && s.task === "language")) {
    const all = madeUpRuns(suite, "smoke");
    const of = [1, 2, 3, 4].map((index) => shared(suite, all, index));
    const together = union(of.map((runs, i) => ({ folder: `${i}`, runs })));
    assert.deepEqual([...together.keys()].sort(), [...all.keys()].sort(), suite.id);
    const twice = [...all.values()].filter(({ key }) => of.filter((r) => r.has(key)).length > 1);
    assert.ok(twice.every(({ cell: { role } }) => role === "reference"), suite.id);
  }
});

Deno.test("merged runs give the findings and verdict of one machine, number for number", async () => {
  const all = madeUpRuns(SUITE, "smoke"), one = await madeUpRecord(SUITE, "smoke");
  const of = [4, 2, 1, 3].map((index) => ({ folder: `${index}`, runs: shared(SUITE, all, index) }));
  const merged = await mergedRecord(SUITE, "smoke", DATA, CONTEXT, shards(), union(of));
  const plain = JSON.parse(JSON.stringify(merged));
  for (
    const field of ["suite", "task", "plan", "data", "evidence", "findings", "decisions"] as const
  ) {
    assert.deepEqual(plain[field], one[field], field);
  }
  assert.deepEqual([plain.verdict, plain.reason], [one.verdict, one.reason]);
  const short = new Map([...all].slice(1));
  await assert.rejects(
    () => mergedRecord(SUITE, "smoke", DATA, CONTEXT, shards(), short),
    /^LabError: Cannot merge activated-experts: \d+ of its runs are in no shard$/,
  );
});

Deno.test("whatever is shared out can be judged from its runs alone, on text and on images", async () => {
  let shared = 0;
  for (const suite of SUITES.filter(isShared)) {
    const context = { ...CONTEXT, task: taskById(suite.task!) };
    const runs = madeUpRuns(suite, "smoke", context);
    const { kind } = await derive(suite, "smoke", runs, context, ENVIRONMENT);
    assert.equal(kind, "whole", suite.id);
    shared++;
  }
  assert.ok(shared > 20, `${shared}`);
});

Deno.test("shards that are no one bench are refused with the reason", () => {
  assert.deepEqual(oneBench(shards()).map(({ facts }) => facts.index), [1, 2, 3, 4]);
  const only = (which: number, change: Partial<ShardFacts>) => (index: number) =>
    index === which ? change : {};
  const other = { ...ENVIRONMENT, identity: "H100/gpu/buffer" };
  const cases: [Found[], RegExp][] = [
    [
      shards(only(4, { profile: "quick" })),
      /profiles of out\/3 and out\/4 differ \(smoke and quick\)$/,
    ],
    [shards(only(1, { count: 5 })), /numbers of shards of out\/3 and out\/1 differ \(4 and 5\)/],
    [
      shards(only(2, { suites: [{ ...facts(2).suites[0], plan: "q" }] })),
      /plans or data of out\/3 and out\/2 differ/,
    ],
    [
      shards(only(2, { suites: [{ ...facts(2).suites[0], options: "--router gate=softmax" }] })),
      /suites of out\/3 and out\/2 differ/,
    ],
    [
      shards(only(1, { environment: other })),
      /adapters or kernel variants of out\/3 and out\/1 differ/,
    ],
    [shards(only(1, { environment: { ...ENVIRONMENT, kernelsVersion: "9" } })), /kernels versions/],
    [
      shards(only(1, { environment: { ...ENVIRONMENT, gitCommit: "0".repeat(40) } })),
      /versions of mue-bench of out\/3 and out\/1 differ/,
    ],
    [
      shards(
        only(1, { trust: { language: { canary: { before: "d", after: "d" }, trainedAgain: 0 } } }),
      ),
      /canaries of out\/3 and out\/1 differ \(c and d\): these machines do not compute alike/,
    ],
    [shards(only(1, { index: 2 })), /out\/1 and out\/2 are both shard 2/],
    [shards().slice(1), /shard 3\/4 is not there; run its --shard 3\/4$/],
    [shards(only(4, { finished: false })), /out\/4 was stopped; run its --shard 4\/4 again/],
  ];
  for (const [found, message] of cases) {
    assert.throws(() => oneBench(found), (error: unknown) => {
      assert.ok(error instanceof LabError && !error.message.includes("\n"));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("the same run with other losses in two shards is refused and named", () => {
  const all = madeUpRuns(SUITE, "smoke"), [first] = all.values();
  const other = new Map([[first.key, signed({ ...first, validationLoss: 9 })]]);
  assert.throws(
    () => union([{ folder: "a", runs: all }, { folder: "b", runs: other }]),
    new RegExp(`run ${first.key} .* has other losses in a than in b`),
  );
});

Deno.test("shard.json comes back as written, and is refused when changed, cut short or not there", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await assert.rejects(readShard(dir), /it has no shard\.json$/);
    writeShard(dir, facts(2));
    const { checksum: _, ...back } = await readShard(dir), { checksum: __, ...written } = facts(2);
    assert.deepEqual(back, written);
    const text = await Deno.readTextFile(`${dir}/shard.json`);
    await Deno.writeTextFile(
      `${dir}/shard.json`,
      text.replace('"finished": true', '"finished": false'),
    );
    await assert.rejects(readShard(dir), /was changed after it was written$/);
    await Deno.writeTextFile(`${dir}/shard.json`, text.slice(0, 200));
    await assert.rejects(readShard(dir), /not JSON, or cut short$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("costs of shards: work adds up, time is the longest, peaks are the highest", () => {
  const cost = costOf([{ ...COST, peakDevice_bytes: 5 }, {
    ...COST,
    wall_s: 3,
    coresBusy: 1,
    trainedRuns: 4,
  }]);
  assert.deepEqual([cost.wall_s, cost.trainedRuns, cost.workers, cost.peakDevice_bytes], [
    3,
    5,
    2,
    5,
  ]);
  assert.equal(cost.coresBusy, (0.5 + 3) / 4);
  assert.equal(cost.peakRss_bytes, null);
});
