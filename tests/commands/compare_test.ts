/** `deno task compare`: what it prints, writes and refuses. */
import assert from "node:assert/strict";
import { checkPlans } from "../../commands/compare.ts";
import type { LatencyRecord } from "../../lab/record/latency_record.ts";
import { fixtureRecord } from "../reports/fixture.ts";
import { FAST, latencyFixture, SLOW } from "../reports/latency_fixture.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

async function compare(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", MAIN, "compare", ...args],
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Two machines' records, each in a folder of its own, and what else is asked for. */
async function withRecords(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const put = async (name: string, text: string) => {
    await Deno.mkdir(`${dir}/${name}`);
    await Deno.writeTextFile(`${dir}/${name}/record.json`, text);
  };
  const record = JSON.stringify(latencyFixture({}, SLOW));
  await put("slow", record);
  await put("fast", JSON.stringify(latencyFixture({}, FAST)));
  await put("cut", record.slice(0, record.length / 2));
  await put("foreign", JSON.stringify(fixtureRecord()));
  await put("newer", JSON.stringify({ ...latencyFixture(), schema: "mue-bench/latency/99" }));
  await put("damaged", JSON.stringify({ ...latencyFixture(), points: [{ key: 1 }] }));
  await put("empty", "");
  const { plan } = latencyFixture();
  const older = { suiteVersion: "0", plan: { ...plan, hash: "fedcba9876543210" } };
  await put("version", JSON.stringify(latencyFixture(older)));
  await put(
    "plan",
    JSON.stringify(latencyFixture({ plan: { ...plan, hash: "0123456789abcdef" } })),
  );
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** One line on stderr, exit code 2, no stack trace, nothing on stdout. */
function refused(result: { code: number; out: string; err: string }, pattern: RegExp): void {
  assert.equal(result.code, 2, result.err);
  assert.match(result.err, pattern);
  assert.equal(result.err.trim().split("\n").length, 1, result.err);
  assert.equal(result.out, "");
}

Deno.test("two machines stand side by side, named by folder or as told, on paper when asked", async () => {
  await withRecords(async (dir) => {
    const { code, out, err } = await compare(`${dir}/slow`, `${dir}/fast/record.json`);
    assert.equal(code, 0, err);
    assert.match(out, /slow, ms +slow, % of ceiling +fast, ms +fast, % of ceiling/);
    const written = await compare(`a=${dir}/slow`, `b=${dir}/fast`, "--out", `${dir}/both`);
    assert.equal(written.code, 0, written.err);
    assert.match(written.out, /a, ms +a, % of ceiling +b, ms/);
    for (const file of ["compare.csv", "compare.md", "compare.html", "compare-time.svg"]) {
      assert.ok((await Deno.stat(`${dir}/both/${file}`)).size > 100, file);
    }
  });
});

Deno.test("what cannot be read or compared is one line and exit code 2", async () => {
  await withRecords(async (dir) => {
    const slow = `${dir}/slow`;
    refused(await compare(), /Cannot compare 0 records: give two or more/);
    refused(await compare(slow), /Cannot compare 1 record: give two or more/);
    refused(await compare(slow, "--colour"), /Cannot read the arguments: Unknown option/);
    refused(await compare(slow, `${dir}/none`), /Cannot read .*none: no such file/);
    refused(await compare(slow, `${dir}/cut`), /Cannot read .*it is not JSON, or cut short/);
    refused(await compare(slow, `${dir}/empty`), /Cannot read .*it is empty/);
    refused(await compare(slow, `${dir}/foreign`), /found "mue-bench\/record\/1", this version/);
    refused(await compare(slow, `${dir}/newer`), /found "mue-bench\/latency\/99", this version/);
    refused(await compare(slow, `${dir}/damaged`), /Cannot read .*points\.0\.key/);
    refused(await compare(slow, slow), /Cannot compare slow twice: names must differ/);
    refused(await compare(slow, `${dir}/version`), /slow with version: .*versions? .*differ/);
    refused(
      await compare(slow, `${dir}/plan`),
      /slow with plan: their plans differ, quick of suite/,
    );
    refused(
      await compare(slow, `${dir}/fast`, "--out", `${slow}/record.json`),
      /Cannot write to .*slow\/record\.json/,
    );
  });
});

Deno.test("--help teaches, with examples", async () => {
  const { code, out } = await compare("--help");
  assert.equal(code, 0);
  assert.match(out, /deno task compare out\/laptop\/latency out\/h100\/latency/);
});

Deno.test("records of one plan pass, of two plans or suites do not", () => {
  const named = (name: string, change: Partial<LatencyRecord> = {}) => ({
    name,
    record: latencyFixture(change),
  });
  checkPlans([named("a"), named("b")]);
  const { suite } = latencyFixture();
  assert.throws(
    () => checkPlans([named("a"), named("b", { suite: { ...suite, id: "other" } })]),
    /Cannot compare a with b/,
  );
});
