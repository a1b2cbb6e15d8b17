/** The checker of the layout: what the layout test calls, on the real tree and on made-up ones. */

/** Which rooms a room may import from, besides itself; `commands` and the root files tie all. */
const MAY_IMPORT: Record<string, string[]> = {
  "rule": [],
  "fixtures": [],
  "kernels/gpu": [],
  "kernels": ["kernels/gpu"],
  "model": ["kernels", "kernels/gpu", "rule"],
  "lab": ["model", "kernels", "kernels/gpu", "rule", "fixtures"],
  "suites": ["lab", "model", "kernels", "kernels/gpu", "rule", "fixtures"],
  "reports": [],
};

/** Single files that may be imported although their room may not. */
const MAY_IMPORT_FILES: Record<string, string[]> = {
  "reports": [
    "lab/record/record.ts",
    "lab/record/latency_record.ts",
    "lab/record/claim_record.ts",
    "lab/record/any_record.ts",
    "lab/train/store.ts",
  ],
};

const TIES = ["commands", "tests", "root"];
const FOLDERS = [...Object.keys(MAY_IMPORT), ...TIES];

/** `kernels/gpu` for kernels/gpu/device.ts, `root` for main.ts. */
function roomOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  if (!folders.length) return "root";
  return path.startsWith("kernels/gpu/") ? "kernels/gpu" : folders[0];
}

/** Local modules and texts that a source names in an import or export, as paths from the root. */
function importsOf(path: string, source: string): string[] {
  const named = source.matchAll(
    /(?:\bfrom\s*|\bimport\s*\(?\s*|\bimport\.meta\.resolve\(\s*)["'](\.[^"']*)["']/g,
  );
  return [...named].map(([, to]) => new URL(to, `file:///${path}`).pathname.slice(1));
}

/** The source without the lines that are comment alone. */
function code(source: string): string {
  return source.split("\n").filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line)).join("\n");
}

/** The text of the comment a file opens with, or nothing. */
function firstComment(source: string): string {
  return source.match(/^(?:\s*(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*\n))+/)?.[0] ?? "";
}

/**
 * Everything in a tree that breaks the layout of CONTRIBUTING.md.
 *
 * @param files source texts by path from the root, `/` between folders
 * @returns one line per fault, `path: what is wrong`
 */
export function layoutFaults(files: Map<string, string>): string[] {
  const faults: string[] = [];
  for (const [path, source] of files) {
    const fault = (what: string) => faults.push(`${path}: ${what}`);
    const room = roomOf(path), lines = source.trimEnd().split("\n").length;
    if (!FOLDERS.includes(room)) fault(`lies in ${room}, which is no room of the house`);
    if (lines > 600) fault(`has ${lines} lines; 600 is the ceiling`);
    else if (lines > 400 && !/\bone file because\b/i.test(firstComment(source))) {
      fault(`has ${lines} lines, and its first comment does not say "One file because …"`);
    }
    if (path.endsWith(".wgsl")) {
      if (/\bfn\s+main\b/.test(source)) fault("calls its entry point main, not its kernel's name");
      continue;
    }
    for (const to of importsOf(path, source)) {
      const target = roomOf(to), allowed = MAY_IMPORT[room];
      const upward = allowed
        ? target !== room && !allowed.includes(target) && !MAY_IMPORT_FILES[room]?.includes(to)
        : (target === "tests" && room !== "tests") ||
          (room === "commands" && target === "root" && to.endsWith(".ts"));
      if (upward) fault(`imports ${to}, which is not below it`);
    }
    const text = code(source);
    if (room !== "kernels/gpu" && /\bGPU[D]evice\b|\bnavigator\s*\??\.\s*gpu\b/.test(text)) {
      fault("asks WebGPU for a device itself; only kernels/gpu does");
    }
    if (/:\s*any\b(?!\s*["'`])|\bas\s+any\b/.test(text)) fault("uses the type any");
    if (/@ts-(ignore|nocheck|expect-error)/.test(source)) fault("switches the type checker off");
  }
  return faults;
}
