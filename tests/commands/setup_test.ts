/** The set-up: what it installs, what it says where it may not, and what it must not do. */

import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { countTests, summarize } from "../../commands/run_tests.ts";
import { describeAdapter, ensureAdapter, type Machine, type Probe } from "../../commands/setup.ts";
import { NoAdapterError } from "../../kernels/gpu/device.ts";

const FOUND: Probe = {
  adapter: {
    description: "llvmpipe (LLVM 15.0.6, 256 bits)",
    vendor: "65541",
    architecture: "",
    software: true,
    backend: "vulkan",
    features: [],
  },
};
const NONE: Probe = { problem: "No WebGPU adapter: no driver" };
const LINE = "adapter: llvmpipe (LLVM 15.0.6, 256 bits), software, vulkan";

/** A machine made up for a test; `ran` collects what was run on it. */
function machine(
  over: Partial<Machine> & { probes: Probe[]; programs?: string[]; fails?: RegExp },
): Machine & { ran: string[] } {
  const ran: string[] = [], { probes, programs = [], fails } = over;
  return {
    os: "linux",
    probe: () => Promise.resolve(probes.length > 1 ? probes.shift()! : probes[0]),
    has: (program) => programs.includes(program),
    isRoot: () => true,
    run(command) {
      ran.push(command.join(" "));
      const failed = fails?.test(command.join(" "));
      const output = failed ? "Reading\nE: Unable to locate package\n\n" : "";
      return Promise.resolve({ code: failed ? 100 : 0, output });
    },
    overrides: () => [],
    ran,
    ...over,
  };
}

async function setUp(m: Machine, install = true) {
  const lines: string[] = [];
  try {
    await ensureAdapter({ install, print: (line) => lines.push(line), machine: m });
    return { lines, error: "" };
  } catch (error) {
    assert.ok(error instanceof NoAdapterError);
    assert.equal(error.exitCode, 3);
    return { lines, error: error.message };
  }
}

Deno.test("an adapter that is there is named, and nothing is run", async () => {
  const m = machine({ probes: [FOUND], programs: ["apt-get"] });
  assert.deepEqual(await setUp(m), { lines: [LINE], error: "" });
  assert.deepEqual(m.ran, []);
});

Deno.test("a hardware adapter is called one", () => {
  if (!("adapter" in FOUND)) throw new Error("unreachable");
  const gpu = { ...FOUND.adapter, description: "Arc", software: false, backend: "metal" };
  assert.equal(describeAdapter(gpu), "adapter: Arc, hardware, metal");
});

Deno.test("root on an apt system gets the driver, told so beforehand", async () => {
  const m = machine({ probes: [NONE, FOUND], programs: ["apt-get"] });
  const { lines, error } = await setUp(m);
  assert.equal(error, "");
  assert.match(lines[0], /installing mesa-vulkan-drivers with apt-get/);
  assert.equal(lines[1], LINE);
  assert.match(m.ran[0], /^apt-get .*update$/);
  assert.match(m.ran[1], /apt-get .*install -y --no-install-recommends mesa-vulkan-drivers$/);
});

Deno.test("nothing is installed for an adapter that cannot run the kernels", async () => {
  const problem = "Cannot use Toy: a kernel binds 13 tensors";
  const m = machine({ probes: [{ problem, unfit: true }, FOUND], programs: ["apt-get"] });
  assert.deepEqual(await setUp(m), { lines: [], error: problem });
  assert.deepEqual(m.ran, []);
});

Deno.test("sudo is used where it asks nothing, and not where it asks", async () => {
  const programs = ["apt-get", "sudo"], isRoot = () => false;
  const free = machine({ probes: [NONE, FOUND], programs, isRoot });
  assert.equal((await setUp(free)).error, "");
  assert.match(free.ran[1], /^sudo -n env DEBIAN_FRONTEND=noninteractive apt-get .*update$/);
  const asks = machine({ probes: [NONE], programs, isRoot, fails: /^sudo -n true$/ });
  assert.match((await setUp(asks)).error, /\n {2}sudo apt-get install -y mesa-vulkan-drivers$/);
  assert.deepEqual(asks.ran, ["sudo -n true"]);
});

Deno.test("a failed install shows apt's error; a failed update alone does no harm", async () => {
  const broken = machine({ probes: [NONE], programs: ["apt-get"], fails: /apt-get/ });
  const line = "E: Unable to locate package";
  assert.equal(
    (await setUp(broken)).error,
    `Cannot install mesa-vulkan-drivers: ${line}; apt-get update had failed: ${line}`,
  );
  const stale = machine({ probes: [NONE, FOUND], programs: ["apt-get"], fails: /update$/ });
  assert.equal((await setUp(stale)).error, "");
});

Deno.test("a driver that still is not found after the install ends the set-up", async () => {
  const m = machine({ probes: [NONE], programs: ["apt-get"] });
  assert.match((await setUp(m)).error, /although mesa-vulkan-drivers is now installed$/);
});

Deno.test("elsewhere the commands of that system are printed and nothing is run", async () => {
  for (
    const [program, command] of [
      ["dnf", "  dnf install -y mesa-vulkan-drivers vulkan-loader"],
      ["pacman", "  pacman -S --needed vulkan-swrast vulkan-icd-loader"],
      ["brew", "  brew install mesa vulkan-loader"],
    ]
  ) {
    const m = machine({ probes: [NONE], programs: [program] });
    const { error } = await setUp(m);
    assert.ok(error.includes(`\n${command}`), error);
    assert.ok(!error.includes("apt-get"), error);
    assert.deepEqual(m.ran, []);
  }
  const unknown = (await setUp(machine({ probes: [NONE] }))).error;
  for (const name of ["apt-get", "dnf", "pacman", "brew"]) assert.ok(unknown.includes(name), name);
  assert.match((await setUp(machine({ probes: [NONE], os: "darwin" }))).error, /with a GPU$/);
});

Deno.test("settings that hide a driver are named instead of installing one", async () => {
  const overrides = () => ["VK_DRIVER_FILES=/nonexistent"];
  const m = machine({ probes: [NONE], programs: ["apt-get"], overrides });
  assert.match((await setUp(m)).error, /First unset what hides it: VK_DRIVER_FILES=\/nonexistent/);
  assert.deepEqual(m.ran, []);
});

Deno.test("without a driver the command ends with 3 and says what to type", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      "--allow-run",
      fileURLToPath(new URL("../../commands/setup.ts", import.meta.url)),
      "--no-install",
    ],
    env: { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent", NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 3, text(stderr));
  assert.equal(text(stdout), "");
  assert.match(text(stderr), /^error: No WebGPU adapter: .*\n/);
  assert.match(text(stderr), /To install Vulkan on the CPU/);
});

Deno.test("tests are counted from the JUnit file, failures and skipped ones apart", () => {
  const junit = `<testsuites><testsuite>
    <testcase name="a &gt; b" classname="./a.ts" time="0.1" line="1" col="6">
    </testcase><testcase name="b"/>
    <testcase name="c"><failure message="x">at y</failure></testcase>
    <testcase name="d"><skipped/></testcase></testsuite></testsuites>`;
  assert.deepEqual(countTests(junit), { passed: 2, failed: 1, skipped: 1 });
});

Deno.test("a run succeeds only if something passed, nothing failed, and deno agrees", () => {
  const none = { passed: 0, failed: 0, skipped: 0 };
  const cases: [Parameters<typeof summarize>, string, boolean][] = [
    [[{ ...none, passed: 3 }, 0], "3 passed, 0 failed", true],
    [[{ ...none, passed: 3, skipped: 1 }, 0], "3 passed, 0 failed, 1 skipped", true],
    [[{ ...none, passed: 3, failed: 2 }, 1], "3 passed, 2 failed", false],
    [[{ ...none, passed: 3 }, 1], "3 passed, 1 failed", false],
    [[none, 0], "0 passed, 1 failed", false],
    [[none, 1], "0 passed, 1 failed", false],
  ];
  for (const [given, line, ok] of cases) assert.deepEqual(summarize(...given), { line, ok });
});
