/** The house keeps its layout: imports point down, files stay short, nobody escapes the types. */

import assert from "node:assert/strict";
import { circleOf, layoutFaults } from "./layout.ts";

const SKIPPED = new Set([".git", ".cache", "cov", "docs", "node_modules", "out"]);

function read(folder: URL, prefix = "", files = new Map<string, string>()): Map<string, string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (SKIPPED.has(entry.name)) continue;
    const path = prefix + entry.name;
    if (entry.isDirectory) read(new URL(`${entry.name}/`, folder), `${path}/`, files);
    else if (/\.(ts|wgsl)$/.test(path)) {
      files.set(path, Deno.readTextFileSync(new URL(entry.name, folder)));
    }
  }
  return files;
}

const one = (path: string, source: string) => layoutFaults(new Map([[path, source]]));

Deno.test("the tree keeps the layout of CONTRIBUTING.md", () => {
  const files = read(new URL("../", import.meta.url));
  assert.ok(files.size > 50, `only ${files.size} files found`);
  assert.deepEqual(layoutFaults(files), []);
});

Deno.test("the layout check reports an import that points up", () => {
  const up: [path: string, source: string, to: string][] = [
    [
      "kernels/norm/norm.ts",
      'import { Trainer } from "../../model/trainer.ts";',
      "model/trainer.ts",
    ],
    ["kernels/gpu/device.ts", 'import { norm } from "../norm/norm.ts";', "kernels/norm/norm.ts"],
    ["rule/mup.ts", 'import type { Run } from "../lab/record/run.ts";', "lab/record/run.ts"],
    ["lab/record/run.ts", 'import { decide } from "../judge/decide.ts";', "lab/judge/decide.ts"],
    ["lab/claims/a.ts", 'import { b } from "../transfer/b.ts";', "lab/transfer/b.ts"],
    ["lab/suite.ts", 'import { runBench } from "./bench.ts";', "lab/bench.ts"],
    [
      "model/trainer.ts",
      'import { language } from "./tasks/language.ts";',
      "model/tasks/language.ts",
    ],
    ["reports/words/a.ts", 'import { b } from "../media/b.ts";', "reports/media/b.ts"],
    ["model/shape.ts", 'export * from "../lab/train/identity.ts";', "lab/train/identity.ts"],
    ["lab/train/identity.ts", 'const s = await import("../../suites/a.ts");', "suites/a.ts"],
    ["lab/train/identity.ts", 'import "../../reports/write.ts";', "reports/write.ts"],
    [
      "reports/write.ts",
      'import {\n  a,\n  b,\n} from "../lab/train/identity.ts";',
      "lab/train/identity.ts",
    ],
    ["suites/a.ts", 'import { c } from "../commands/rule.ts";', "commands/rule.ts"],
    ["commands/bench.ts", 'import { run } from "../main.ts";', "main.ts"],
    ["commands/bench.ts", 'import { f } from "../tests/fixture.ts";', "tests/fixture.ts"],
  ];
  for (const [path, source, to] of up) {
    assert.deepEqual(one(path, source), [`${path}: imports ${to}, which is not below it`]);
  }
});

Deno.test("the layout check lets imports that point down pass", () => {
  for (
    const [path, source] of [
      ["kernels/norm/norm.ts", 'import wgsl from "./norm.wgsl" with { type: "text" };'],
      [
        "model/check/parity.ts",
        'import { Program } from "../kernels/gpu/program.ts"; import "zod";',
      ],
      ["suites/a.ts", 'import { standard } from "../rule/standard.ts";'],
      ["reports/write.ts", 'import { writeAtomic } from "../lab/record/files.ts";'],
      ["commands/a.ts", 'import config from "../deno.json" with { type: "json" };'],
      ["model/a.ts", 'const cases = new URL("../fixtures/parity/", import.meta.url);'],
      ["main.ts", 'import { ruleCommand } from "./commands/rule.ts";'],
    ]
  ) assert.deepEqual(one(path, source), []);
});

Deno.test("the layout check reports each other fault", () => {
  const cases: [path: string, source: string, fault: RegExp][] = [
    ["utils/a.ts", "", /no room/],
    ["lab/train/a.ts", "let a = 1;\n".repeat(601), /601 lines; 600/],
    ["lab/train/a.ts", "/** Statistics. */\n" + "let a = 1;\n".repeat(400), /401 lines, and/],
    ["kernels/a.wgsl", "@compute fn main() {}", /entry point main/],
    ["lab/a.ts", "", /on no floor of lab/],
    ["kernels/norm/deep/a.ts", "", /two folders below/],
    ["model/a.ts", "let d: GPU" + "Device;", /asks WebGPU/],
    ["model/a.ts", "await navigator" + ".gpu.requestAdapter();", /asks WebGPU/],
    ["tests/a.ts", "await navigator" + "?.gpu;", /asks WebGPU/],
    ["lab/train/a.ts", "function f(x:" + " any) {}", /type any/],
    ["lab/train/a.ts", "f(x as" + " any);", /type any/],
    ["lab/train/a.ts", "// @ts-" + "ignore", /type checker off/],
  ];
  for (const [path, source, fault] of cases) {
    const faults = one(path, source);
    assert.equal(faults.length, 1, `${path}: ${faults}`);
    assert.match(faults[0], fault);
  }
});

Deno.test("the layout check accepts a long file that says why, and words in comments", () => {
  const why = "/** Statistics. One file because its tables are read side by side. */\n";
  assert.deepEqual(one("lab/train/a.ts", why + "let a = 1;\n".repeat(500)), []);
  assert.deepEqual(one("lab/train/a.ts", "// GPU" + "Device, of" + " any" + " kind"), []);
});

Deno.test("the layout check finds a circle of imports, of types too, and lets a tree without one pass", () => {
  const files = new Map([
    ["kernels/gemm/a.ts", 'import type { B } from "./b.ts";'],
    ["kernels/gemm/b.ts", 'import { c } from "../norm/c.ts";'],
    ["kernels/norm/c.ts", 'import { a } from "../gemm/a.ts";'],
  ]);
  assert.equal(circleOf(files)?.length, 4);
  assert.match(layoutFaults(files).at(-1)!, /imports itself in a circle/);
  files.set("kernels/norm/c.ts", "");
  assert.equal(circleOf(files), null);
  // an example of how a file is used is no import of it
  files.set("mod.ts", '/**\n * import { rule } from "./mod.ts";\n */');
  assert.equal(circleOf(files), null);
});
