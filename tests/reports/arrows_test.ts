import assert from "node:assert/strict";

/** The rooms of reports, and what each may import from the others; `section` is the contract. */
const MAY: Record<string, string[]> = {
  words: [],
  charts: ["words"],
  sections: ["words", "charts"],
  media: ["words", "charts", "section"],
  front: ["words", "charts", "sections", "section", "media"],
  compare: ["words", "charts", "sections", "section", "media"],
  pack: ["media", "words"],
  root: ["sections", "section", "media"],
};

const root = new URL("../../", import.meta.url);

/** Sources of reports by path from the root. */
function sources(folder = "reports"): [path: string, source: string][] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return sources(path);
    return path.endsWith(".ts") ? [[path, Deno.readTextFileSync(new URL(path, root))]] : [];
  });
}

function roomOf(path: string): string {
  const [first, room, file] = path.split("/");
  if (first !== "reports") return path.startsWith("lab/record/") ? "record" : path;
  if (path === "reports/sections/section.ts") return "section";
  return file === undefined ? "root" : room;
}

/** Imports that point up, `path: target`. */
function faultsOf(all: [path: string, source: string][]): string[] {
  return all.flatMap(([path, source]) =>
    [...source.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].flatMap(([, to]) => {
      const target = new URL(to, `file:///${path}`).pathname.slice(1);
      const from = roomOf(path) === "section" ? "sections" : roomOf(path), room = roomOf(target);
      const inside = room === from || (from === "sections" && room === "section");
      return inside || room === "record" || MAY[from].includes(room) ? [] : [`${path}: ${target}`];
    })
  );
}

Deno.test("arrows inside reports point from media over sections and charts to words and the record", () => {
  assert.deepEqual(faultsOf(sources()), []);
  for (
    const [path, to] of [
      ["reports/words/a.ts", "../charts/b.ts"],
      ["reports/charts/a.ts", "../sections/b.ts"],
      ["reports/media/a.ts", "../sections/common.ts"],
      ["reports/write.ts", "../lab/judge/decide.ts"],
    ]
  ) assert.equal(faultsOf([[path, `import { x } from "${to}";`]]).length, 1, path);
});

Deno.test("two places ask of what kind a suite is, one place writes numbers, and nothing decides", () => {
  const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const holding = (what: RegExp) =>
    sources().filter(([, text]) => what.test(code(text))).map(([path]) => path);
  const asking =
    /evidence(?:\?|!)?\.kind|evidence: \{ kind|in (?:\w+\.)?evidence\b|case "(?:transfer|claims|latency)"/;
  for (const text of ['"points" in evidence', '"runs" in record.evidence', "evidence.kind"]) {
    assert.match(text, asking);
  }
  assert.deepEqual(holding(asking).sort(), [
    "reports/sections/index.ts",
    "reports/words/phrases.ts",
  ]);
  const writing = /\.(?:toFixed|toPrecision|toExponential|toLocaleString)\(/;
  const rounding = (path: string) => path.startsWith("reports/charts/");
  assert.deepEqual(holding(writing).filter((path) => !rounding(path)), ["reports/words/format.ts"]);
  assert.deepEqual(holding(/decide(?:Suite|Panels)?\(/), []);
  assert.deepEqual(holding(/Math\.(?:min|max)\(\.\.\.\w/), [], "an empty list is no number");
  assert.deepEqual(holding(/\bnats\b/), ["reports/words/paper_facts.ts"]);
});
