/** Earlier records are found in folders, refused when unlike, and a suspicion is run again before it counts. */
import assert from "node:assert/strict";
import {
  checkApart,
  checkBaseline,
  holdAgainst,
  readBaseline,
  refuseIdle,
} from "../../commands/baseline.ts";
import { optionsOf } from "../../commands/bench_options.ts";
import { UsageError } from "../../commands/arguments.ts";
import { LabError } from "../../lab/record/failure.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { fixtureRecord } from "../reports/fixture.ts";
import { latencyFixture } from "../reports/latency_fixture.ts";

/** A folder with records at the given places. */
async function folderWith(records: Record<string, unknown>) {
  const folder = await Deno.makeTempDir();
  for (const [path, record] of Object.entries(records)) {
    await Deno.mkdir(`${folder}/${path}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}/record.json`, JSON.stringify(record));
  }
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const plannedOf = (record: BenchRecord) => ({ ...record, timed: record.task === null });

Deno.test("a record, a suite's folder, a bench's and a folder of benches are read; what was run again is not", async () => {
  const [trained, timed] = [fixtureRecord(), latencyFixture()];
  await using made = await folderWith({
    "1/latency": timed,
    "1/activated-experts": trained,
    "1/latency/again": timed,
    "2/latency": timed,
  });
  const { folder } = made;
  const found = async (path: string) =>
    Object.fromEntries(
      [...await readBaseline(path)].map(([id, all]) => [
        id,
        all.map(({ path }) => path.slice(folder.length + 1)),
      ]),
    );
  assert.deepEqual(await found(folder), {
    "activated-experts": ["1/activated-experts/record.json"],
    "latency": ["1/latency/record.json", "2/latency/record.json"],
  });
  assert.deepEqual((await found(`${folder}/1/`)).latency, ["1/latency/record.json"]);
  assert.deepEqual(await found(`${folder}/2/latency`), { latency: ["2/latency/record.json"] });
  assert.deepEqual(await found(`${folder}/2/latency/record.json`), {
    latency: ["2/latency/record.json"],
  });
});

Deno.test("a path without a record, and a record that is none, are refused", async () => {
  await using made = await folderWith({ "bad": { schema: "another" }, "none/below/too/deep": {} });
  await assert.rejects(readBaseline(`${made.folder}/nowhere`), {
    name: "LabError",
    message: /Cannot compare with .*nowhere: no such file/,
  });
  await assert.rejects(readBaseline(`${made.folder}/none/below/too/deep/x`), LabError);
  await assert.rejects(readBaseline(`${made.folder}/bad`), /its format is "another"/);
  await Deno.mkdir(`${made.folder}/empty`);
  await assert.rejects(readBaseline(`${made.folder}/empty`), {
    name: "UsageError",
    message: /no record.json/,
  });
});

Deno.test("an unlike record is refused by name; suites that it lacks are told; none at all is refused", () => {
  const record = fixtureRecord(), timed = latencyFixture();
  const baseline = new Map([[record.suite.id, [{ path: "then/record.json", record }]]]);
  assert.deepEqual(checkBaseline("then", baseline, [plannedOf(record)]), []);
  assert.deepEqual(checkBaseline("then", baseline, [plannedOf(record), plannedOf(timed)]), [
    "latency",
  ]);
  assert.throws(() => checkBaseline("then", baseline, [plannedOf(timed)]), {
    name: "UsageError",
    message: "Cannot compare with then: it has no record of latency, but of activated-experts",
  });
  const other = { ...record, environment: { ...record.environment, adapter: "another" } };
  assert.throws(() => checkBaseline("then", baseline, [plannedOf(other)]), {
    name: "LabError",
    message: /^Cannot compare with then\/record\.json: its adapter is .*, this bench's is another/,
  });
});

/** A record with one claim that fails. */
function failing(record: BenchRecord): BenchRecord {
  const at = record.findings.judgements.findIndex(({ role }) => role === "claim");
  const judgements = record.findings.judgements.map((one, i) =>
    i === at ? { ...one, verdict: "fail" as const } : one
  );
  return { ...record, verdict: "fail", findings: { ...record.findings, judgements } };
}

Deno.test("what is suspected is run again, once, into an empty folder; what is not, is not", async () => {
  await using made = await folderWith({});
  const record = fixtureRecord(), earlier = [{ path: "then", record }], asked: string[][] = [];
  const hold = (now: BenchRecord, again: BenchRecord | null) =>
    holdAgainst(earlier, now, made.folder, (folder, suspects) => {
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [".again"]);
      Deno.writeTextFileSync(`${folder}/runs.jsonl`, "of the second bench");
      asked.push(suspects);
      return Promise.resolve(again);
    });
  assert.equal((await hold(record, null))?.worse, false);
  assert.equal(asked.length, 0);
  const bad = failing(record);
  assert.equal((await hold(bad, bad))?.worse, true);
  assert.equal((await hold(bad, record))?.worse, false);
  assert.equal(await hold(bad, null), null, "it was stopped");
  assert.equal(asked.length, 3);
  assert.ok(asked.every((suspects) => suspects.includes("verdict of the suite")));
});

Deno.test("a folder that somebody else made is not emptied to run again", async () => {
  await using made = await folderWith({});
  const mine = `${made.folder}/again/notes.txt`;
  await Deno.mkdir(`${made.folder}/again`);
  await Deno.writeTextFile(mine, "precious");
  const record = fixtureRecord(), earlier = [{ path: "then", record }];
  await assert.rejects(
    holdAgainst(earlier, failing(record), made.folder, () => Promise.resolve(null)),
    /^LabError: Cannot run again into .*again: it was not made for that/,
  );
  assert.equal(await Deno.readTextFile(mine), "precious");
});

Deno.test("a baseline in the bench's own folder, and a bench that measured nothing, are refused", async () => {
  await using made = await folderWith({ "new": fixtureRecord() });
  const baseline = await readBaseline(`${made.folder}/new`);
  assert.throws(
    () => checkApart(baseline, `${made.folder}/new`),
    /it lies in .*new, which this bench/,
  );
  checkApart(baseline, `${made.folder}/newer`);
  const record = fixtureRecord(), idle = { ...record.cost, trainedRuns: 0 };
  refuseIdle({ ...record, cost: { ...idle, trainedRuns: 1 } }, "out");
  assert.throws(
    () => refuseIdle({ ...record, cost: idle }, "out"),
    /nothing was measured; give a new/,
  );
  refuseIdle(latencyFixture(), "out");
});

Deno.test("times held against one record alone are always taken twice", async () => {
  await using made = await folderWith({});
  const record = latencyFixture();
  let times = 0;
  const held = async (count: number) => {
    times = 0;
    const earlier = Array.from({ length: count }, () => ({ path: "then", record }));
    const found = await holdAgainst(earlier, record, made.folder, () => {
      times++;
      return Promise.resolve(record);
    });
    assert.equal(found?.worse, false);
    return times;
  };
  assert.deepEqual([await held(1), await held(3)], [1, 0]);
});

Deno.test("--baseline goes with --budget and not with --strict", () => {
  const given = optionsOf(["latency", "--baseline", "base", "--budget", "20m"]);
  assert.ok(given !== "help" && given.baseline === "base");
  assert.throws(() => optionsOf(["--baseline", "base", "--strict"]), UsageError);
});
