/** `bench roofline` as its users meet it. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

async function run(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", "--config", CONFIG, MAIN, "bench", ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("the JSON output has the three rates with intervals, adapter, profile and warnings", async () => {
  const { code, stdout, stderr } = await run(["roofline", "--short", "--json", "--no-install"]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout);
  for (const rate of ["fma_flops", "read_bytes_s", "copy_bytes_s"]) {
    const { estimate, lo, hi } = found[rate];
    assert.ok(0 < lo && lo <= estimate && estimate <= hi, rate);
  }
  assert.equal(found.storage, found.profile.storage);
  assert.equal(typeof found.adapter.description, "string");
  assert.ok(Array.isArray(found.warnings));
  assert.equal(found.short, true, "a short look must not pass for a measurement");
});

Deno.test("help exits with 0; an unknown flag or argument with 2 and one line", async () => {
  const help = await run(["roofline", "--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Exit codes: 0 .* 2 .* 3 /);
  assert.ok(help.stdout.split("\n").every((line) => line.length <= 100));
  for (const args of [["--profile"], ["dense"]]) {
    const { code, stdout, stderr } = await run(["roofline", ...args]);
    assert.equal(code, 2, args[0]);
    assert.equal(stdout, "");
    assert.match(stderr, /^error: Cannot read the arguments: .*\n$/);
  }
});

Deno.test("without an adapter the exit code is 3", async () => {
  const { code, stderr } = await run(["roofline", "--no-install"], {
    DENO_WEBGPU_BACKEND: "vulkan",
    VK_DRIVER_FILES: "/nonexistent.json",
    VK_ICD_FILENAMES: "/nonexistent.json",
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^error: /m);
});
