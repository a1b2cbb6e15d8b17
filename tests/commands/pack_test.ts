/**
 * The published record: everything in it follows from its runs, on this version. And the archive that is packed from it:
 * whole, the same bytes each time, with a script that a shell can read.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import { checkCommand } from "../../commands/check.ts";
import { packCommand } from "../../commands/pack.ts";
import { sealed } from "../../lab/record/hash.ts";
import { readRecord } from "../../lab/record/read.ts";
import { said } from "./said.ts";
import type { BenchRecord } from "../../lab/record/record.ts";

const PUBLISHED = new URL("../../fixtures/records/activated-experts.json.gz", import.meta.url);

/** Runs a test with the published record as a bench's folder, and its plan. */
async function withBench(
  test: (dir: string, record: BenchRecord) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const record = await readRecord(PUBLISHED.pathname);
    await Deno.mkdir(`${dir}/bench`);
    await Deno.writeTextFile(`${dir}/bench/record.json`, JSON.stringify(record));
    const runs = record.evidence.kind === "transfer" ? record.evidence.runs : [];
    const once = [...new Map(runs.map((run) => [run.key, run])).values()];
    const lines = once.map((run) => `${JSON.stringify(sealed(run))}\n`).join("");
    await Deno.writeTextFile(`${dir}/bench/runs.jsonl`, lines);
    await Deno.writeTextFile(`${dir}/bench/plan.json`, JSON.stringify({ plan: record.plan }));
    await test(dir, record);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("the published record is of a clean checkout, passes, and all of it follows from its runs", async () => {
  const record = await readRecord(PUBLISHED.pathname), { environment, trust } = record;
  assert.equal(record.verdict, "pass");
  assert.deepEqual([record.incomplete, record.plan.exploratory], [false, false]);
  assert.match(environment.gitCommit ?? "", /^[0-9a-f]{40}$/);
  assert.ok(trust.canary !== null && trust.canary.before === trust.canary.after);
  const { code, out } = await said(checkCommand, PUBLISHED.pathname, "--json");
  const { holds, results: [{ checks }] } = JSON.parse(out);
  assert.deepEqual([code, holds], [0, true]);
  const states = checks.map(({ state }: { state: string }) => state);
  assert.ok(states.length >= 7 && states.every((state: string) => state === "ok"), out);
});

Deno.test("one loss of it changed and sealed again is found by the command, with exit code 1", () =>
  withBench(async (dir, record) => {
    assert.ok(record.evidence.kind === "transfer");
    record.evidence.runs[9].validationLoss = 0.01;
    await Deno.writeTextFile(`${dir}/bench/record.json`, JSON.stringify(sealed(record)));
    const { code, out } = await said(checkCommand, `${dir}/bench`);
    assert.equal(code, 1);
    assert.match(out, /WRONG +digests of \d+ runs\n +run [0-9a-f]{16} .*: its digest is of other/);
    assert.match(out, /WRONG +findings from the runs\n/);
    assert.match(
      out,
      /WRONG +its runs are those of runs\.jsonl\n +run [0-9a-f]{16}: another there/,
    );
    assert.match(out, /1 of 2 do not hold: /);
    const packed = await said(packCommand, `${dir}/bench`, "--out", `${dir}/a.tar.gz`);
    assert.equal(packed.code, 1);
    assert.match(packed.err, /^error: Cannot pack .*: digests of \d+ runs does not hold/m);
    await assert.rejects(Deno.stat(`${dir}/a.tar.gz`), Deno.errors.NotFound);
  }));

Deno.test("an archive holds everything with its hash, and is the same bytes each time", () =>
  withBench(async (dir) => {
    for (const name of ["a", "b"]) {
      await Deno.mkdir(`${dir}/${name}`);
      const to = `${dir}/${name}/paper.tar.gz`;
      const { code, err } = await said(packCommand, `${dir}/bench/`, "--out", to);
      assert.equal(code, 0, err);
    }
    const [a, b] = ["a", "b"].map((name) => Deno.readFileSync(`${dir}/${name}/paper.tar.gz`));
    assert.deepEqual(a, b);
    const tar = gunzipSync(a), files = new Map(parseTar(tar).map((f) => [f.name, f]));
    assert.ok(tar.subarray(-1024).every((byte) => byte === 0), "an archive ends with two blocks");
    const names = ["README.md", "BADGES.md", "environment.json", "reproduce.sh", "SHA256SUMS"];
    const held = [...names, "bench/record.json", "bench/plan.json", "bench/runs.jsonl"].map((
      name,
    ) => `paper/${name}`);
    assert.deepEqual([...files.keys()].sort(), held.sort());
    const sums = files.get("paper/SHA256SUMS")!.text.trim().split("\n");
    assert.equal(sums.length, files.size - 1);
    for (const line of sums) {
      const [sum, name] = line.split("  "), { data } = files.get(`paper/${name}`)!;
      assert.equal(createHash("sha256").update(data!).digest("hex"), sum, name);
    }
    assert.match(files.get("paper/reproduce.sh")!.attrs!.mode!, /755/);
    assert.match(files.get("paper/README.md")!.text, /\| pass \| 2\d\d runs \|/);
    for (const badge of ["Available", "Functional", "Reusable", "Reproduced", "Replicated"]) {
      assert.match(files.get("paper/BADGES.md")!.text, new RegExp(`\\| .*${badge}`));
    }
  }));

Deno.test("a folder without its runs, or judged by another version, is not packed", () =>
  withBench(async (dir, record) => {
    const older = sealed({ ...record, plan: { ...record.plan, version: "0" } });
    await Deno.writeTextFile(`${dir}/bench/record.json`, JSON.stringify(older));
    assert.equal((await said(checkCommand, `${dir}/bench`)).code, 2);
    const unknown = await said(packCommand, `${dir}/bench`, "--out", `${dir}/a.tar.gz`);
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /was judged by another version of its suite\n$/);
    await Deno.writeTextFile(`${dir}/bench/record.json`, JSON.stringify(record));
    await Deno.remove(`${dir}/bench/runs.jsonl`);
    const bare = await said(packCommand, `${dir}/bench`, "--out", `${dir}/a.tar.gz`);
    assert.equal(bare.code, 2);
    assert.match(bare.err, /it lacks runs\.jsonl; pack the folder that its bench wrote to\n$/);
  }));

Deno.test("the archive's script finds a changed file, and hands its options on", () =>
  withBench(async (dir) => {
    const { code } = await said(packCommand, `${dir}/bench`, "--out", `${dir}/paper.tar.gz`);
    assert.equal(code, 0);
    for (const { name, data } of parseTar(gunzipSync(Deno.readFileSync(`${dir}/paper.tar.gz`)))) {
      await Deno.mkdir(`${dir}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeFile(`${dir}/${name}`, data!);
    }
    // in npx's place: says what it was asked for
    await Deno.mkdir(`${dir}/bin`);
    await Deno.writeTextFile(`${dir}/bin/npx`, '#!/bin/sh\necho "npx $*"\n', { mode: 0o755 });
    const script = () =>
      new Deno.Command("bash", {
        args: [`${dir}/paper/reproduce.sh`, dir, "5", "--text", "a b.txt"],
        env: { PATH: `${dir}/bin:${Deno.env.get("PATH")}` },
      }).output();
    const first = await script(), text = new TextDecoder().decode(first.stdout);
    assert.equal(first.code, 0, new TextDecoder().decode(first.stderr));
    assert.match(text, /task check .*\/paper\/bench --text a b\.txt\n/);
    assert.match(text, /task reproduce .*\/paper\/bench --cells 5 --text a b\.txt\n/);
    await Deno.writeTextFile(`${dir}/paper/bench/plan.json`, "{}");
    const second = await script();
    assert.notEqual(second.code, 0);
    assert.ok(!new TextDecoder().decode(second.stdout).includes("reproduce"));
  }));
