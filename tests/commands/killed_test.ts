/** A bench that is killed at random moments, fifty times, and goes on: nothing is lost, trained twice, or other. */
import assert from "node:assert/strict";
import { readRecord } from "../../lab/record/read.ts";
import { readStore, RUNS } from "../../lab/train/store.ts";

const SUITE = "activated-experts", KILLS = 50;

/** Longest that a bench lives before it is killed, ms: as long as one takes from its start to its report. */
const LONGEST_MS = 6000;

const MAIN = new URL("../../main.ts", import.meta.url).href;

/** The bench in a process of its own, with its workers. */
function start(out: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-check", "-R", "-W", "-E", "-S", "--allow-ffi", "--allow-run"],
      ...[MAIN, "bench", SUITE, "--profile", "smoke", "--no-selftest", "--no-install"],
      ...["--out", out],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Everything in the file up to its last newline. */
async function wholeLines(path: string): Promise<string> {
  try {
    const text = await Deno.readTextFile(path);
    return text.slice(0, text.lastIndexOf("\n") + 1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Digests by key; also that no run is there twice. */
function digestsOf(out: string): Map<string, string> {
  const { items, warnings } = readStore(`${out}/runs.jsonl`, RUNS);
  assert.deepEqual(warnings, []);
  return new Map([...items].map(([key, run]) => [key, run.digest]));
}

Deno.test("a bench killed fifty times at random moments has the losses of an undisturbed one", async (t) => {
  const dir = await Deno.makeTempDir();
  try {
    assert.equal((await start(`${dir}/undisturbed`).status).code, 0);
    const wanted = digestsOf(`${dir}/undisturbed`);
    assert.ok(wanted.size > 20);
    let state = 20260000 + Deno.pid, folder = 0, kept = "", killed = 0, torn = 0;
    const random = () => (state = state * 48271 % 2147483647) / 2147483647;
    const seed = state, out = () => `${dir}/killed-${folder}`;
    while (killed < KILLS) {
      const child = start(out());
      const timer = setTimeout(() => {
        try {
          child.kill("SIGKILL");
        } catch { /* it has ended */ }
      }, 500 + random() * LONGEST_MS);
      const { signal, code } = await child.status;
      clearTimeout(timer);
      const text = await Deno.readTextFile(`${out()}/runs.jsonl`).catch(() => "");
      if (!text.endsWith("\n") && text !== "") torn++;
      const lines = await wholeLines(`${out()}/runs.jsonl`);
      assert.ok(lines.startsWith(kept), `seed ${seed}: a finished run was lost or rewritten`);
      kept = lines;
      if (signal === "SIGKILL") {
        killed++;
        continue;
      }
      assert.equal(code, 0, `seed ${seed}: after ${killed} kills`);
      assert.deepEqual(digestsOf(out()), wanted, `seed ${seed}`);
      folder++;
      kept = "";
    }
    await t.step("the last goes on to its end and trains only what is missing", async () => {
      const before = kept.split("\n").length - 1;
      assert.equal((await start(out()).status).code, 0);
      assert.ok((await wholeLines(`${out()}/runs.jsonl`)).startsWith(kept), `seed ${seed}`);
      assert.deepEqual(digestsOf(out()), wanted, `seed ${seed}`);
      const { cost, evidence } = await readRecord(`${out()}/record.json`);
      assert.equal(cost.trainedRuns + cost.reusedRuns, wanted.size);
      assert.ok(cost.trainedRuns <= wanted.size - before, `${cost.trainedRuns} trained again`);
      const runs = evidence.kind === "latency" ? [] : evidence.runs;
      const undisturbed = (await readRecord(`${dir}/undisturbed/record.json`)).evidence;
      assert.ok(undisturbed.kind !== "latency");
      const bits = (of: typeof runs) => of.map(({ key, cell, digest }) => ({ key, cell, digest }));
      assert.deepEqual(bits(runs), bits(undisturbed.runs));
    });
    console.log(`${KILLS} kills in ${folder + 1} folders, ${torn} torn tails`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
