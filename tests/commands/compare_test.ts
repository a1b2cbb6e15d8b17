/** `deno task compare`: what it prints, writes and refuses. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { sealed } from "../../lab/record/hash.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import fc from "fast-check";
import { namesOf } from "../../commands/compare.ts";
import { fixtureRecord } from "../reports/fixture.ts";
import { FAST, latencyFixture, SLOW } from "../reports/latency_fixture.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

interface Said {
  code: number;
  out: string;
  err: string;
}

/** Runs the command; in `cwd`, paths may be short. */
async function compare(args: string[], cwd?: string): Promise<Said> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "-A", "--config", CONFIG, MAIN, "compare", ...args],
    cwd,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

async function put(path: string, record: unknown): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  const text = typeof record === "string" ? record : JSON.stringify(sealed(record as BenchRecord));
  await Deno.writeTextFile(path, text);
}

async function temporary(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** One line on stderr, exit code 2, no stack trace, nothing on stdout. */
function refused(result: Said, pattern: RegExp): void {
  assert.equal(result.code, 2, result.err);
  assert.match(result.err, pattern);
  assert.equal(result.err.trim().split("\n").length, 1, result.err);
  assert.equal(result.out, "");
}

Deno.test("every command line that --help shows runs as it stands", async () => {
  await temporary(async (dir) => {
    const { code, out: help } = await compare(["--help"]);
    assert.equal(code, 0);
    const [, ...lines] = help.matchAll(/^(?: {2})?deno task compare (.*)$/gm); // the first is the usage
    assert.ok(lines.length >= 2, help);
    const slow = latencyFixture({}, SLOW), fast = latencyFixture({}, FAST);
    for (const [, line] of lines) {
      const args = line.split(" "), at = args.indexOf("--out");
      const paths = (at < 0 ? args : args.slice(0, at)).map((arg) => arg.split("=").at(-1)!);
      for (const [index, path] of paths.entries()) {
        const file = path.endsWith(".json") ? path : `${path}/record.json`;
        await put(`${dir}/${file}`, index === 0 ? slow : fast);
      }
      const { code, out, err } = await compare(args, dir);
      assert.equal(code, 0, `${line}: ${err}`);
      if (at >= 0) assert.ok((await Deno.stat(`${dir}/${args[at + 1]}/compare.html`)).size > 1000);
      else assert.match(out, /laptop, ms +laptop, % of ceiling +h100, ms/);
    }
  });
});

Deno.test("records are named by folder or as told, and written where asked", async () => {
  await temporary(async (dir) => {
    await put(`${dir}/slow/record.json`, latencyFixture({}, SLOW));
    await put(`${dir}/fast/record.json`, latencyFixture({}, FAST));
    const { code, out, err } = await compare([`${dir}/slow`, `${dir}/fast/record.json`]);
    assert.equal(code, 0, err);
    assert.match(out, /slow, ms +slow, % of ceiling +fast, ms +fast, % of ceiling/);
    const written = await compare([`a=${dir}/slow`, `b=${dir}/fast`, "--out", `${dir}/both`]);
    assert.equal(written.code, 0, written.err);
    assert.match(written.out, /a, ms +a, % of ceiling +b, ms/);
    for (const file of ["compare.csv", "compare.md", "compare.html", "compare-time.svg"]) {
      assert.ok((await Deno.stat(`${dir}/both/${file}`)).size > 100, file);
    }
  });
});

Deno.test("what cannot be read or compared is one line and exit code 2", async () => {
  await temporary(async (dir) => {
    const record = latencyFixture(), { plan } = record, text = JSON.stringify(record);
    const others: Record<string, unknown> = {
      slow: record,
      cut: text.slice(0, text.length / 2),
      empty: "",
      foreign: fixtureRecord(),
      older: { ...record, schema: "mue-bench/latency/1" },
      newer: { ...record, schema: "mue-bench/record/99" },
      damaged: { ...record, evidence: { ...record.evidence, points: [{ key: 1 }] } },
      version: { ...record, plan: { ...plan, version: "0", hash: "fedcba9876543210" } },
      painted: { ...record, verdict: record.verdict === "fail" ? "pass" : "fail" },
      plan: { ...record, plan: { ...plan, hash: "0123456789abcdef" } },
    };
    for (const [name, one] of Object.entries(others)) await put(`${dir}/${name}/record.json`, one);
    const slow = `${dir}/slow`;
    const cases: [args: string[], message: RegExp][] = [
      [[], /Cannot compare 0 records: give two or more/],
      [[slow], /Cannot compare 1 record: give two or more/],
      [[slow, "--colour"], /Cannot read the arguments: Unknown option/],
      [[slow, `${dir}/none`], /Cannot read .*none: no such file/],
      [[slow, `${dir}/cut`], /Cannot read .*it is not JSON, or cut short/],
      [[slow, `${dir}/empty`], /Cannot read .*it is empty/],
      [[slow, `${dir}/foreign`], /foreign\/record\.json: it is of suite .*, which times no layers/],
      [[slow, `${dir}/older`], /"mue-bench\/latency\/1", this version .* run its bench again/],
      [[slow, `${dir}/newer`], /"mue-bench\/record\/99", this version/],
      [[slow, `${dir}/damaged`], /Cannot read .*evidence/],
      [[slow, `${dir}/painted`], /painted.*: it says .*, its judgements say .*; it was changed/],
      [[slow, slow], /Cannot compare two records named slow: name them yourself, .* laptop=DIR/],
      [[slow, `${dir}/version`], /slow with version: their versions of the suite differ, 4 and 0/],
      [[slow, `${dir}/plan`], /slow with plan: their plans differ, quick \(plan/],
      [[slow, `b=${slow}`, "--out", `${slow}/record.json`], /Cannot write to .*slow\/record\.json/],
    ];
    for (const [args, message] of cases) refused(await compare(args), message);
  });
});

Deno.test("names are the parts of the paths that differ", () => {
  const cases: [paths: string[], names: string[]][] = [
    [["out/laptop/latency", "out/h100/latency"], ["laptop", "h100"]],
    [["laptop/latency/record.json", "h100/latency/record.json"], ["laptop", "h100"]],
    [["a/x/latency", "a/y/latency", "b/x/latency"], ["a/x", "a/y", "b/x"]],
    [["out/latency", "h100.json"], ["latency", "h100"]],
    [["/x/one", "/y/two"], ["one", "two"]],
    [["/a/one", "/b/one"], ["a", "b"]],
    [["/m/x/record.json", "/m/x.json"], ["record.json", "x.json"]],
    [["/m/x"], ["x"]],
  ];
  for (const [paths, names] of cases) assert.deepEqual(namesOf(paths), names, paths.join(" "));
});

Deno.test("names of distinct paths are never alike", () => {
  const part = fc.constantFrom("a", "b", "latency", "record.json", "a.json", "b.json");
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 1, maxLength: 6 }), (paths) => {
      const names = namesOf(paths);
      assert.equal(names.length, paths.length);
      assert.equal(new Set(names).size, names.length, `${paths} gave ${names}`);
      for (const name of names) assert.notEqual(name, "");
    }),
    { numRuns: 2000 },
  );
});
