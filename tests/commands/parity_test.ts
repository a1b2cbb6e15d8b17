/** The parity command as its users meet it: good files, bad files, bad flags. */

import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CASE = `${ROOT}fixtures/parity/moe_5e2a.json`;

async function parity(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      "--allow-run",
      `${ROOT}commands/parity.ts`,
      ...args,
    ],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs the command on a changed copy of the case. */
async function parityOf(change: (text: string) => string, before: string[] = []) {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, change(await Deno.readTextFile(CASE)));
    return await parity([...before, file]);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a good case passes: every quantity with its error and bound", async () => {
  const { code, stdout, stderr } = await parity([CASE]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^adapter: .+, (software|hardware), \w+\n$/);
  assert.match(stdout, /^moe_5e2a \(.*moe_5e2a\.json\)\n/);
  assert.match(stdout, /\n {2}gradient embed +error \d\.\de-\d+ +bound 1\.0e-\d +ok +relative\n/);
  assert.match(stdout, /\n1 cases, \d+ quantities, 0 over their bound\n$/);
});

Deno.test("a case whose expected loss is off by a thousandth fails, and only there", async () => {
  const { code, stdout } = await parityOf((text) => {
    const json = JSON.parse(text);
    json.expect.crossEntropy_nats *= 1.001;
    return JSON.stringify(json);
  });
  assert.equal(code, 1);
  assert.match(stdout, /\n {2}crossEntropy +error 1\.0e-3 +bound .* FAIL +relative\n/);
  assert.match(stdout, / 1 over their bound\n$/);
});

Deno.test("--json prints one object with the same verdict", async () => {
  const { code, stdout } = await parity([CASE, "--json"]);
  const { ok, cases } = JSON.parse(stdout);
  assert.deepEqual([code, ok, cases.length, cases[0].name], [0, true, 1, "moe_5e2a"]);
  assert.ok(cases[0].lines.every((line: { ok: boolean }) => line.ok));
});

Deno.test("files and flags that cannot be used: one line, exit code 2, nothing run", async () => {
  const bad: [args: string[], message: RegExp][] = [
    [[], /name a parity case/],
    [["nowhere.json"], /nowhere\.json: no such file or directory/],
    [[CASE, `${ROOT}deno.json`], /deno\.json: schema: /],
    [[CASE, `${ROOT}LICENSE`], /LICENSE: it is not whole JSON/],
    [[CASE, "--fast"], /Unknown option '--fast'/],
  ];
  for (const [args, message] of bad) {
    const { code, stdout, stderr } = await parity(args);
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, /^error: Cannot [^\n]*\n$/);
    assert.match(stderr, message);
  }
});

Deno.test("a case that lacks a weight or a gradient is refused with its name", async () => {
  for (const part of ["weights", "expect.grads_f32"]) {
    const { code, stderr } = await parityOf((text) => {
      const json = JSON.parse(text);
      delete (part === "weights" ? json.weights : json.expect.grads_f32).embed;
      return JSON.stringify(json);
    });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /\nerror: Cannot run the parity case [^\n]+\n$/);
  }
});

Deno.test("--json keeps the cases before one that cannot be run, and names the error", async () => {
  const { code, stdout, stderr } = await parityOf((text) => {
    const json = JSON.parse(text);
    json.model.width = 7; // no multiple of the heads' width
    return JSON.stringify(json);
  }, [CASE, "--json"]);
  const { ok, cases, error } = JSON.parse(stdout);
  assert.deepEqual([code, ok, cases.length, cases[0].name], [2, false, 1, "moe_5e2a"], stderr);
  assert.match(error, /^Cannot run the parity case moe_5e2a: /);
  assert.ok(!/^\s+at /m.test(stderr), stderr);
});

Deno.test("without an adapter the command ends with 3 and says what to type", async () => {
  const hidden = { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" };
  const { code, stdout, stderr } = await parity([CASE, "--no-install"], hidden);
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /^error: No WebGPU adapter: /);
});
