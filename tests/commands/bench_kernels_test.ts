/** `bench:kernels` as its users meet it. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

async function run(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "-A",
      "--config",
      CONFIG,
      MAIN,
      "bench-kernels",
      ...args,
    ],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("one part as JSON: its rows, empty lists for the rest, the peak on the device", async () => {
  const { code, stdout, stderr } = await run(["--only", "replicas", "--json", "--no-install"]);
  assert.equal(code, 0, stderr);
  const found = JSON.parse(stdout), [row] = found.replicas;
  assert.equal(row.replicas, 8);
  assert.ok(0 < row.lo && row.lo <= row.timeOverSeparate && row.timeOverSeparate <= row.hi);
  const { steps, tasks, grouped, gemm, kernels } = found;
  assert.deepEqual([steps, tasks, grouped, gemm, kernels], [[], [], [], [], []]);
  assert.ok(found.peakDevice_bytes > 2 ** 20);
  assert.ok(Array.isArray(found.warnings));
});

Deno.test("help exits with 0; an unknown flag, argument or part with 2 and one line", async () => {
  const help = await run(["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Exit codes: 0 .* 2 .* 3 /);
  assert.ok(help.stdout.split("\n").every((line) => line.length <= 100));
  for (const args of [["--fast"], ["dense"], ["--only", "norm"], ["--cold", "none"]]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2, `${args}`);
    assert.equal(stdout, "");
    assert.match(stderr, /^error: Cannot (read the arguments|time norm|time none): .*\n$/);
  }
});

Deno.test("without an adapter the exit code is 3", async () => {
  const { code, stderr } = await run(["--no-install"], {
    DENO_WEBGPU_BACKEND: "vulkan",
    VK_DRIVER_FILES: "/nonexistent.json",
    VK_ICD_FILENAMES: "/nonexistent.json",
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^error: /m);
});
