import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { exitCodeOf } from "../../commands/exit_codes.ts";
import { progressText } from "../../reports/words/progress.ts";
import { readRecord } from "../../lab/record/read.ts";
import { fixtureRecord } from "../reports/fixture.ts";

const SUITE = "activated-experts";
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Starts `main.ts bench …`. */
function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", MAIN, "bench", ...args],
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
  }).spawn();
}

/** Runs it to the end. */
async function bench(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await start(...args).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** The one line of a user's mistake, without a stack trace. */
function mistake(result: { code: number; err: string }, pattern: RegExp): void {
  const lines = result.err.trim().split("\n").filter((l) => !l.startsWith("adapter: "));
  assert.equal(result.code, 2, result.err);
  assert.match(lines.at(-1)!, pattern);
  assert.ok(!/^\s+at /m.test(result.err), result.err);
  assert.equal(lines.filter((l) => l.startsWith("error: ")).length, 1, result.err);
}

Deno.test("an unknown suite, profile or option is one line and exit code 2", async () => {
  mistake(
    await bench("no-such-suite"),
    /Cannot run suite no-such-suite: not one of bridges, activated/,
  );
  mistake(await bench("--profile", "huge"), /Cannot run profile huge: not one of smoke, quick/);
  mistake(await bench("--colour"), /colour/);
});

Deno.test("an output path that is a file or cannot be made is refused and left alone", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "mine");
  mistake(await bench("--profile", "smoke", "--out", file), /Cannot write to .*not a directory/);
  assert.equal(await Deno.readTextFile(file), "mine");
  mistake(await bench("--profile", "smoke", "--out", `${file}/below`), /Cannot write to /);
  await Deno.remove(file);
});

Deno.test("an empty, short or missing text is one line and exit code 2", async () => {
  const file = await Deno.makeTempFile(), out = await Deno.makeTempDir();
  const args = [SUITE, "--profile", "smoke", "--no-selftest", "--out", out, "--text"];
  mistake(await bench(...args, file), /Cannot train on .*: the file is empty/);
  await Deno.writeTextFile(file, "too short");
  mistake(
    await bench(...args, file),
    /Cannot draw sequences of 16 tokens from .*: its training part has 8 of 9 bytes, want 18, as a text of about 441 bytes has/,
  );
  mistake(await bench(...args, `${file}.missing`), /Cannot read .*missing/);
  await Deno.remove(file);
  await Deno.remove(out, { recursive: true });
});

Deno.test("exit code 1 for a failed claim, and under --strict for one not shown to hold", () => {
  assert.equal(exitCodeOf(["pass", "fail"], false), 1);
  assert.equal(exitCodeOf(["cannot tell at this size", "inconclusive"], false), 0);
  assert.equal(exitCodeOf(["cannot tell at this size"], true), 1);
  assert.equal(exitCodeOf(["inconclusive"], true), 1);
  assert.equal(exitCodeOf(["pass"], true), 0);
});

Deno.test("a line of progress says what is done, what is left and what is going on", () => {
  const label = "16e4a d=48: step 10/448", left_s = 200;
  assert.equal(
    progressText("width", { label, done: 3, planned: 40, unit: "runs", left_s }),
    "width: 3/40 runs, 3 min 20 s left | 16e4a d=48: step 10/448",
  );
  assert.equal(
    progressText("width", { label, done: 1, planned: 4, unit: "%", left_s: null }),
    `width: 25% | ${label}`,
  );
  assert.equal(
    progressText("width", { label, done: 40, planned: 40, unit: "runs", left_s: 0 }),
    `width: 40/40 runs | ${label}`,
  );
});

/** Stops a bench once so many of its runs are kept; gives its exit code. */
async function stopAt(runs: number, child: Deno.ChildProcess, out: string, signal: Deno.Signal) {
  child.stdout.cancel();
  const said = new Response(child.stderr).text();
  let ended = false;
  const status = child.status.then((status) => (ended = true, status));
  while (!ended && (await finished(out).catch(() => [])).length < runs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(!ended, await Promise.race([said, "it ended before"]));
  child.kill(signal);
  await said;
  return (await status).code;
}

/** Starts a smoke bench and stops it when a group is done. */
const stopEarly = (out: string, signal: Deno.Signal): Promise<number> =>
  stopAt(10, start(SUITE, "--profile", "smoke", "--no-selftest", "--out", out), out, signal);

/** Finished runs in a directory. */
async function finished(out: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(`${out}/runs.jsonl`)).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line).key);
}

Deno.test("a bench that was interrupted or killed goes on and trains no run twice", async () => {
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const out = await Deno.makeTempDir();
    const code = await stopEarly(out, signal);
    assert.equal(code, signal === "SIGINT" ? 130 : 137);
    const before = await finished(out);
    assert.ok(before.length >= 10, `${before.length} runs`);
    if (signal === "SIGINT") {
      const record = await readRecord(`${out}/record.json`);
      assert.equal(record.incomplete, true);
      assert.equal(record.verdict, "inconclusive");
    }
    const again = await bench(SUITE, "--profile", "smoke", "--no-selftest", "--out", out);
    assert.equal(again.code, 0, again.err);
    const after = await finished(out);
    assert.deepEqual(after.slice(0, before.length), before);
    assert.equal(new Set(after).size, after.length, "a run was trained twice");
    const record = await readRecord(`${out}/record.json`);
    assert.equal(record.incomplete, false);
    assert.equal(record.cost.reusedRuns, before.length);
    assert.equal(record.cost.trainedRuns, after.length - before.length);
    // a third time there is nothing left to train, and the results are the same
    const third = await bench(SUITE, "--profile", "smoke", "--no-selftest", "--out", out);
    assert.equal(third.code, 0, third.err);
    const repeated = await readRecord(`${out}/record.json`);
    assert.equal(repeated.cost.trainedRuns, 0);
    // a repetition, which trains nothing, held next to nothing
    const peaks = [record, repeated].map((r) => r.cost.peakDevice_bytes ?? NaN);
    assert.ok(peaks[0] > 2 * peaks[1], `${peaks}`);
    const { peakRss_bytes } = record.cost;
    assert.ok(peakRss_bytes === null ? Deno.build.os !== "linux" : peakRss_bytes > 2 ** 24);
    assert.deepEqual(repeated.findings, record.findings);
    // a damaged line in the middle: refused, nothing overwritten
    const path = `${out}/runs.jsonl`, text = await Deno.readTextFile(path);
    const damaged = text.replace("\n", "\n{broken\n");
    await Deno.writeTextFile(path, damaged);
    mistake(
      await bench(SUITE, "--profile", "smoke", "--no-selftest", "--out", out),
      /Cannot read .*runs.jsonl: line 2 is damaged/,
    );
    assert.equal(await Deno.readTextFile(path), damaged);
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("a suite of another kind is listed, planned and checked like the first", async () => {
  const list = await bench("--list");
  assert.match(list.out, /^activated-experts .*^latency {2}\(Fig\. 7; about \d+ min/ms);
  assert.match(list.out, /all together, sharing what they train: about \d+ (h|min)/);
  assert.ok(list.out.split("\n").every((line) => !/undefined|NaN/.test(line)));
  const plan = await bench("latency", "--dry-run", "--profile", "smoke");
  assert.equal(plan.code, 0, plan.err);
  assert.match(plan.out, /^latency, profile smoke, plan [0-9a-f]{16}\n {2}\d+ points, 6 rounds/);
  assert.match(plan.out, /experts\/moe\/16e2a:d=64,L=1,h=32\/256\/uniform\/forward\+backward/);
  const both = await bench("--dry-run", "--profile", "smoke");
  assert.match(both.out, /^activated-experts, profile smoke.*^latency, profile smoke/ms);
});

Deno.test("a histogram that cannot be used, or another suite's folder, is refused early", async () => {
  const out = await Deno.makeTempDir(), args = ["latency", "--profile", "smoke", "--out", out];
  mistake(
    await bench(...args, "--histogram", `${out}/none.json`),
    /Cannot read .*none.json: no such/,
  );
  const foreign = `${out}/record.json`;
  await Deno.writeTextFile(foreign, JSON.stringify(fixtureRecord()));
  mistake(
    await bench(...args, "--histogram", foreign),
    /Cannot write to .*: it holds the report of activated-experts; give another --out/,
  );
  mistake(
    await bench(...args.slice(0, 3), "--out", `${out}/mine`, "--histogram", foreign),
    /Cannot use the load in .*: no finished target 4e2a, which this profile times/,
  );
  // several suites would put their page over it
  mistake(
    await bench("capacity", "width", "--profile", "smoke", "--out", out),
    /Cannot write to .*: it holds the report of activated-experts/,
  );
  const text = await Deno.readTextFile(foreign);
  assert.equal(text, JSON.stringify(fixtureRecord()));
  await Deno.remove(out, { recursive: true });
});

Deno.test("the smoke profile of latency ends with a report, and again with no work", async () => {
  const out = await Deno.makeTempDir();
  for (let i = 0; i < 2; i++) {
    const { code, err } = await bench(
      "latency",
      "--profile",
      "smoke",
      "--no-selftest",
      "--out",
      out,
    );
    // a verdict on toy sizes may be anything, on a busy machine even a failed claim
    assert.ok(code === 0 || code === 1, err);
    const record = await readRecord(`${out}/record.json`);
    assert.equal(record.incomplete, false);
    assert.equal(code === 1, record.verdict === "fail");
    assert.equal(err.includes("ceilings of the adapter"), i === 0, err);
    for (const file of ["report.html", "summary.md", "points.csv"]) {
      assert.ok((await Deno.stat(`${out}/${file}`)).size > 1000, file);
    }
  }
  await Deno.remove(out, { recursive: true });
});

Deno.test("suites in one folder share what they train, and one page covers them all", async () => {
  const out = await Deno.makeTempDir();
  const args = ["--profile", "smoke", "--no-selftest", "--out", out];
  const two = await bench("capacity", "granularity", ...args);
  assert.equal(two.code, 0, two.err);
  const read = async (suite: string) => await readRecord(`${out}/${suite}/record.json`);
  const [first, second] = [await read("capacity"), await read("granularity")];
  assert.ok(first.cost.trainedRuns > 0 && second.cost.reusedRuns > 10);
  // a suite of claims beside them finds their models too, and joins the page
  const third = await bench("scaling", ...args);
  assert.equal(third.code, 0, third.err);
  const claims = await readRecord(`${out}/scaling/record.json`);
  assert.ok(
    claims.evidence.kind === "claims" && claims.cost.reusedRuns > 0 &&
      claims.evidence.runs.length > 4,
  );
  const page = await Deno.readTextFile(`${out}/report.html`);
  for (const title of ["Capacity", "Granularity", "Scaling"]) {
    assert.ok(page.includes(title), title);
  }
  const keys = await finished(out);
  assert.equal(new Set(keys).size, keys.length, "a run was trained twice");
  await Deno.remove(out, { recursive: true });
});

Deno.test("a suite of claims that is stopped keeps its models and goes on from them", async () => {
  const out = await Deno.makeTempDir();
  const args = ["scaling", "--profile", "smoke", "--no-selftest", "--out", out];
  assert.equal(await stopAt(2, start(...args), out, "SIGINT"), 130);
  const before = await finished(out);
  assert.ok(before.length > 0);
  const again = await bench(...args);
  assert.equal(again.code, 0, again.err);
  const record = await readRecord(`${out}/record.json`);
  assert.equal(record.cost.reusedRuns, before.length);
  await Deno.remove(out, { recursive: true });
});

Deno.test("a budget, a router or a suite that cannot be is one line and exit code 2", async () => {
  mistake(
    await bench("--budget", "soon"),
    /Cannot keep a budget of soon: want e\.g\. 90s, 20m, 1h/,
  );
  mistake(await bench("capacity", "--router", "gate=foo"), /gates are sigmoid, softmax/);
  mistake(await bench("latency", "--router", "gate=softmax"), /its routing is part of its claim/);
});

Deno.test("two benches in fresh directories give the same losses bit by bit", async () => {
  const results: string[] = [];
  for (let i = 0; i < 2; i++) {
    const out = await Deno.makeTempDir();
    const { code, err } = await bench(SUITE, "--profile", "smoke", "--no-selftest", "--out", out);
    assert.equal(code, 0, err);
    const runs = (await Deno.readTextFile(`${out}/runs.jsonl`)).split("\n").filter(Boolean);
    // which worker is first to store a run is a matter of time
    results.push(
      runs.map((line) => {
        const { key, trainLoss, validationLoss, expertLoad } = JSON.parse(line);
        return JSON.stringify({ key, trainLoss, validationLoss, expertLoad });
      }).sort().join("\n"),
    );
    await Deno.remove(out, { recursive: true });
  }
  assert.equal(results[0], results[1]);
});
