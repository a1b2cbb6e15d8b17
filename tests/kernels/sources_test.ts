/** How the files of kernels/ read: templates stay WGSL, helpers stand once, imports have no circle. */
import assert from "node:assert/strict";

const ROOT = new URL("../../kernels/", import.meta.url);

/** Sources below kernels/ by path. */
function sources(suffix: string, folder = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) {
      for (const [path, text] of sources(suffix, `${folder}${name}/`)) found.set(path, text);
    } else if (name.endsWith(suffix)) {
      found.set(folder + name, Deno.readTextFileSync(new URL(folder + name, ROOT)));
    }
  }
  return found;
}

/** Share of a template's lines that are directives, and how deep they are nested, includes followed. */
function shapeOf(
  text: string,
  include: (name: string) => string,
): { share: number; depth: number } {
  const lines = text.trimEnd().split("\n");
  let directives = 0, open = 0, depth = 0;
  for (const line of lines) {
    const [, kind, rest] = line.match(/^\s*#(\w+)\s*(.*)$/) ?? [];
    if (kind) directives++;
    if (kind === "end") open--;
    if (kind === "for" || kind === "if") open++;
    const behind = /^\s*[^#/\s].*\s#(for|if) /.test(line) ? 1 : 0;
    const within = kind === "include"
      ? shapeOf(include(rest.replaceAll('"', "")), include).depth
      : 0;
    depth = Math.max(depth, open + behind + within);
  }
  return { share: directives / lines.length, depth };
}

/** Faults of templates, by path. */
function templateFaults(files: Map<string, string>): string[] {
  const byStem = new Map([...files].map(([path, text]) => [path.match(/(\w+)\.wgsl$/)![1], text]));
  return [...files].flatMap(([path, text]) => {
    const { share, depth } = shapeOf(text, (name) => byStem.get(name) ?? ""), faults: string[] = [];
    if (share > 0.25) {
      faults.push(`${path}: ${(100 * share).toFixed()}% of its lines are directives`);
    }
    if (depth > 4) faults.push(`${path}: directives are nested ${depth} deep`);
    if (text.split("\n").length > 121) faults.push(`${path}: over 120 lines`);
    if (!text.startsWith("// ")) faults.push(`${path}: no header`);
    return faults;
  });
}

/** Functions and constants that more than one file writes. */
function doubles(files: Map<string, string>): string[] {
  const places = new Map<string, string[]>();
  for (const [path, text] of files) {
    for (const [, name] of text.matchAll(/^(?:fn|const) (\w+)/gm)) {
      places.set(name, [...places.get(name) ?? [], path]);
    }
  }
  return [...places].filter(([, paths]) => paths.length > 1)
    .map(([name, paths]) => `${name}: ${paths.sort().join(", ")}`).sort();
}

/** Circles among modules, each as `a -> b -> a`; imports of types count. */
function circles(files: Map<string, string>): string[] {
  const imports = new Map([...files].map(([path, text]) => [
    path,
    Array.from(
      text.matchAll(/(?:^|[\s}])(?:from\s+|import\s+|import\()"(\.{1,2}\/[^"]+\.ts)"/g),
      ([, to]) => new URL(to, `file:///${path}`).pathname.slice(1),
    ),
  ]));
  const found: string[] = [], done = new Set<string>();
  const walk = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const to of imports.get(path) ?? []) walk(to, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
  return found;
}

Deno.test("templates are short, have a header, and mostly are WGSL", () => {
  const files = sources(".wgsl");
  assert.ok(files.size > 45, `only ${files.size} files found`);
  assert.deepEqual(templateFaults(files), []);
});

Deno.test("the check of templates sees each of its faults", () => {
  const fill = "x;\n".repeat(40), deep = "#if 1\n".repeat(4), ends = "#end\n".repeat(4);
  const faults = (text: string, more: [string, string][] = []) =>
    templateFaults(new Map([["a.wgsl", text], ...more]));
  assert.deepEqual(faults(`// a\n${fill}`), []);
  assert.deepEqual(faults(`// a\n${deep}${ends}${fill}`), []);
  assert.match(faults(`// a\n${deep}${ends}x;\n`)[0], /80% of its lines/);
  assert.match(faults(`// a\n${deep}  x; #if 1\n${ends}${fill}`)[0], /5 deep/);
  const inner: [string, string] = ["b.wgsl", `// b\n#for i in 0..2\n#end\n${fill}`];
  assert.match(faults(`// a\n${deep}#include "b"\n${ends}${fill}`, [inner])[0], /5 deep/);
  assert.match(faults(`// a\n${fill.repeat(3)}`)[0], /over 120/);
  assert.match(faults(fill)[0], /no header/);
});

Deno.test("what several kernels need stands once", () => {
  assert.deepEqual(doubles(sources(".wgsl")), [
    // of a token's own row, and of any token's
    "score: routing/pick_tokens.wgsl, routing/pick_top.wgsl",
    // two ways to sum a row, of which a kernel includes one
    "tree_max: norm/tree.wgsl, norm/tree_subgroups.wgsl",
    "tree_sum: norm/tree.wgsl, norm/tree_subgroups.wgsl",
  ]);
});

Deno.test("no module of kernels imports one that imports it, types counted", () => {
  const files = sources(".ts");
  assert.ok(files.size > 25, `only ${files.size} files found`);
  assert.deepEqual(circles(files), []);
});

Deno.test("the search for circles finds those of types, through rooms, and no others", () => {
  const files = new Map([
    [
      "gemm/a.ts",
      'import { b } from "./b.ts";\nimport wgsl from "./a.wgsl" with { type: "text" };',
    ],
    ["gemm/b.ts", 'import type { C } from "../norm/c.ts";\nimport "../gpu/d.ts";'],
    ["norm/c.ts", 'export type { A } from "../gemm/a.ts";\nimport "../gpu/d.ts";'],
    ["gpu/d.ts", ""],
  ]);
  assert.deepEqual(circles(files), ["gemm/a.ts -> gemm/b.ts -> norm/c.ts -> gemm/a.ts"]);
  files.set("norm/c.ts", "");
  assert.deepEqual(circles(files), []);
});
