/** The self-test command as its users meet it. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const COMMAND = fileURLToPath(new URL("../../commands/selftest.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

async function run(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", "--config", CONFIG, COMMAND, ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("the short self-test prints adapter, variant and the worst error, and exits with 0", async () => {
  const { code, stdout, stderr } = await run(["--short", "--no-install"]);
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split("\n");
  assert.match(lines[1], /^own variant: (software|gpu) kernels on storage (texture|buffer)s$/);
  assert.match(lines[3], /moe_6e3a_shared1 .* s +ok +\S+ of \S+ +\S/);
  assert.match(lines.at(-1)!, /^1 cases, \d+ quantities, 0 failed, \d+\.\d s$/);
  assert.ok(lines.every((line) => line.length <= 100));
});

Deno.test("the JSON output is one object with adapter, profile and lines", async () => {
  const { code, stdout } = await run(["--short", "--json", "--no-install"]);
  assert.equal(code, 0);
  const { ok, adapter, profile, time_s, lines } = JSON.parse(stdout);
  assert.equal(ok, true);
  assert.equal(typeof adapter.description, "string");
  assert.ok(["texture", "buffer"].includes(profile.storage));
  assert.ok(time_s > 0);
  assert.equal(lines.length, 1);
  assert.ok(lines[0].worst.error <= lines[0].worst.bound);
});

Deno.test("help exits with 0; an unknown flag or argument with 2 and one line", async () => {
  const help = await run(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Exit codes: 0 .* 2 .* 3 /);
  assert.ok(help.stdout.split("\n").every((line) => line.length <= 100));
  for (const args of [["--fast"], ["dense"]]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2, args[0]);
    assert.equal(stdout, "");
    assert.match(stderr, /^error: Cannot read the arguments: .*\n$/);
  }
});

Deno.test("without an adapter the exit code is 3", async () => {
  // OpenGL is refused, and no Vulkan driver is named
  const { code, stderr } = await run(["--short", "--no-install"], {
    DENO_WEBGPU_BACKEND: "vulkan",
    VK_DRIVER_FILES: "/nonexistent.json",
    VK_ICD_FILENAMES: "/nonexistent.json",
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^error: /m);
});
