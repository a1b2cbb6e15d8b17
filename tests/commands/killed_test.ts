/**
 * Benches that are killed: one fifty times at random moments, and one of four that share a bench. What they leave goes
 * on, and ends where an undisturbed bench ends: nothing is lost, trained twice, or other.
 */
import assert from "node:assert/strict";
import { mergeCommand } from "../../commands/merge.ts";
import { readRecord } from "../../lab/record/read.ts";
import { readStore, RUNS } from "../../lab/train/store.ts";

const SUITE = "activated-experts", KILLS = 50, SHARDS = 4;

/** Longest that a bench lives before it is killed, ms: the test must end on a slow machine too. */
const LONGEST_MS = 4000;

const MAIN = new URL("../../main.ts", import.meta.url).href;

/** The bench in a process of its own, with its workers. */
function start(out: string, ...more: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-check", "-R", "-W", "-E", "-S", "--allow-ffi", "--allow-run"],
      ...[MAIN, "bench", SUITE, "--profile", "smoke", "--no-selftest", "--no-install"],
      ...["--out", out, ...more],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Kills a process after a while, unless it ends before. */
async function killAfter(child: Deno.ChildProcess, ms: number): Promise<Deno.CommandStatus> {
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
  }, ms);
  try {
    return await child.status;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a file is longer than it was, or the process has ended. */
async function grown(path: string, length: number, child: Deno.ChildProcess): Promise<void> {
  let ended = false;
  child.status.then(() => void (ended = true));
  while (!ended && (await textOf(path)).length <= length) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const textOf = (path: string) => Deno.readTextFile(path).catch(() => "");

/** Everything up to the last newline. */
const wholeLines = (text: string) => text.slice(0, text.lastIndexOf("\n") + 1);

/** Digests by key; also that no run is there twice. */
function digestsOf(out: string): Map<string, string> {
  const { items, warnings } = readStore(`${out}/runs.jsonl`, RUNS);
  assert.deepEqual(warnings, []);
  return new Map([...items].map(([key, run]) => [key, run.digest]));
}

/** What a record says, but for time and machine. */
async function saidBy(path: string) {
  const { evidence, findings, decisions, verdict, plan } = await readRecord(path);
  assert.ok(evidence.kind === "transfer");
  const runs = evidence.runs.map(({ key, cell, digest }) => ({ key, cell, digest }));
  return { runs, optima: evidence.optima, findings, decisions, verdict, plan };
}

Deno.test("benches that are killed go on and end where an undisturbed one ends", async (t) => {
  const dir = await Deno.makeTempDir(), undisturbed = `${dir}/undisturbed`;
  try {
    assert.equal((await start(undisturbed).status).code, 0);
    const wanted = digestsOf(undisturbed), said = await saidBy(`${undisturbed}/record.json`);
    assert.ok(wanted.size > 20);
    // once more, now that shaders are in the driver's cache: as long as a bench takes that trains everything
    const begun = performance.now();
    assert.equal((await start(`${dir}/again`).status).code, 0);
    assert.deepEqual(digestsOf(`${dir}/again`), wanted);
    const longest = Math.min(0.6 * (performance.now() - begun), LONGEST_MS);

    await t.step("killed fifty times at random moments", async () => {
      let state = 20260000 + Deno.pid, folder = 0, kept = "", killed = 0, torn = 0, most = 0;
      const random = () => (state = state * 48271 % 2147483647) / 2147483647;
      const seed = state, out = () => `${dir}/killed-${folder}`;
      while (killed < KILLS) {
        const child = start(out()), path = `${out()}/runs.jsonl`;
        // every third lives until it has stored a run, however slow the machine, and a moment more
        if (killed % 3 === 2) await grown(path, kept.length, child);
        const { signal, code } = await killAfter(child, 200 + random() * longest);
        const text = await textOf(`${out()}/runs.jsonl`), lines = wholeLines(text);
        if (text !== lines) torn++;
        assert.ok(lines.startsWith(kept), `seed ${seed}: a finished run was lost or rewritten`);
        kept = lines;
        most = Math.max(most, lines.split("\n").length - 1);
        if (signal === "SIGKILL") {
          killed++;
          continue;
        }
        assert.equal(code, 0, `seed ${seed}: after ${killed} kills`);
        assert.deepEqual(digestsOf(out()), wanted, `seed ${seed}`);
        folder++;
        kept = "";
      }
      const before = kept.split("\n").length - 1;
      assert.equal((await start(out()).status).code, 0);
      assert.ok((await textOf(`${out()}/runs.jsonl`)).startsWith(kept), `seed ${seed}`);
      assert.deepEqual(digestsOf(out()), wanted, `seed ${seed}`);
      const { cost } = await readRecord(`${out()}/record.json`);
      assert.equal(cost.trainedRuns + cost.reusedRuns, wanted.size);
      assert.ok(cost.trainedRuns <= wanted.size - before, `${cost.trainedRuns} trained again`);
      assert.deepEqual(await saidBy(`${out()}/record.json`), said, `seed ${seed}`);
      assert.ok(most > 0, "every kill came before the first run");
      console.log(`${KILLS} kills in ${folder + 1} folders, ${torn} torn tails`);
    });

    await t.step("shared out to four, one of them killed and run again, and merged", async () => {
      const folders = Array.from({ length: SHARDS }, (_, i) => `${dir}/shard-${i + 1}`);
      const shard = (i: number) =>
        start(folders[i], "--workers", "1", "--shard", `${i + 1}/${SHARDS}`);
      const merged = (out: string) => mergeCommand([...folders, "--out", out]);
      const children = folders.map((_, i) => shard(i));
      const [first, ...others] = children;
      // it is killed in the middle of its work: after its first run
      const watch = setInterval(async () => {
        if ((await textOf(`${folders[0]}/runs.jsonl`)) !== "") {
          try {
            first.kill("SIGKILL");
          } catch { /* it has ended */ }
        }
      }, 50);
      const { signal } = await first.status;
      clearInterval(watch);
      assert.equal(signal, "SIGKILL");
      for (const other of others) assert.equal((await other.status).code, 0);
      const { log, error } = console, told: string[] = [];
      console.log = () => {};
      console.error = (text: string) => void told.push(text);
      try {
        assert.equal(await merged(`${dir}/early`), 2);
        assert.match(told[0], /shard-1 was stopped; run its --shard 1\/4 again/);
        assert.equal((await shard(0).status).code, 0);
        assert.equal(await merged(`${dir}/merged`), 0);
      } finally {
        Object.assign(console, { log, error });
      }
      assert.deepEqual(digestsOf(`${dir}/merged`), wanted);
      assert.deepEqual(await saidBy(`${dir}/merged/record.json`), said);
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
