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
  "reports": ["fixtures"],
  "browser": ["lab", "suites", "model", "kernels", "kernels/gpu", "rule", "reports", "fixtures"],
};

/** Folders that may be imported although their room may not. */
const MAY_IMPORT_FOLDERS: Record<string, string[]> = { "reports": ["lab/record"] };

/**
 * The floors inside a room, the ground first; places on one floor do not import each other. A place is
 * a folder, or a file that lies in the room itself; other files of the room stand on the floor named `.`.
 */
const FLOORS: Record<string, string[][]> = {
  lab: [
    ["record"],
    ["statistics"],
    ["judge"],
    ["train"],
    ["estimate.ts"],
    ["suite.ts"],
    ["transfer", "claims", "latency"],
    ["table"],
    ["assemble.ts"],
    ["bench.ts", "derive.ts"],
    ["shard.ts", "merge.ts"],
    ["check_facts.ts"],
    ["check.ts", "reproduce.ts"],
  ],
  model: [["."], ["tasks"], ["measure", "check"]],
  reports: [
    ["words"],
    ["charts"],
    ["sections"],
    ["media"],
    ["write.ts", "front", "compare", "pack"],
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

/** The floor of a file inside its room, or −1 where its place has none. */
function floorOf(path: string): { floor: number; place: string } {
  const [room, ...rest] = path.split("/"), floors = FLOORS[room] ?? [];
  const own = rest[0], named = floors.some((places) => places.includes(own));
  const place = named ? own : rest.length > 1 ? own : ".";
  return { floor: floors.findIndex((places) => places.includes(place)), place };
}

/**
 * Local modules and texts that a source names in an import or export, as paths from the root; an example in a
 * comment does not count.
 */
export function importsOf(path: string, source: string): string[] {
  const named = code(source).matchAll(
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

/** Whether an import points up: to a room that is not below, or to a higher floor of the same room. */
function pointsUp(path: string, to: string): boolean {
  const room = roomOf(path), target = roomOf(to), allowed = MAY_IMPORT[room];
  if (!allowed) {
    return (target === "tests" && room !== "tests") ||
      (room === "commands" && target === "root" && to.endsWith(".ts"));
  }
  if (target !== room) {
    return !allowed.includes(target) &&
      !MAY_IMPORT_FOLDERS[room]?.some((folder) => to.startsWith(`${folder}/`));
  }
  const from = floorOf(path), into = floorOf(to);
  return from.place !== into.place && from.floor >= 0 && into.floor >= from.floor;
}

/** The first circle of imports among the files, as paths in their order; null where there is none. */
export function circleOf(files: Map<string, string>): string[] | null {
  const done = new Set<string>();
  const visit = (path: string, way: string[]): string[] | null => {
    const at = way.indexOf(path);
    if (at >= 0) return [...way.slice(at), path];
    if (done.has(path) || !files.has(path)) return null;
    for (const to of importsOf(path, files.get(path)!)) {
      const circle = visit(to, [...way, path]);
      if (circle) return circle;
    }
    done.add(path);
    return null;
  };
  for (const path of files.keys()) {
    const circle = visit(path, []);
    if (circle) return circle;
  }
  return null;
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
    else if (room !== "tests" && room !== "fixtures" && path.split("/").length > 3) {
      fault("lies two folders below its room; one is the most");
    } else if (FLOORS[room] && floorOf(path).floor < 0) fault(`lies on no floor of ${room}`);
    if (lines > 600) fault(`has ${lines} lines; 600 is the ceiling`);
    else if (lines > 400 && !/\bone file because\b/i.test(firstComment(source))) {
      fault(`has ${lines} lines, and its first comment does not say "One file because …"`);
    }
    if (path.endsWith(".wgsl")) {
      if (/\bfn\s+main\b/.test(source)) fault("calls its entry point main, not its kernel's name");
      continue;
    }
    for (const to of importsOf(path, source)) {
      if (pointsUp(path, to)) fault(`imports ${to}, which is not below it`);
    }
    const text = code(source);
    if (room !== "kernels/gpu" && /\bGPU[D]evice\b|\bnavigator\s*\??\.\s*gpu\b/.test(text)) {
      fault("asks WebGPU for a device itself; only kernels/gpu does");
    }
    if (/:\s*any\b(?!\s*["'`])|\bas\s+any\b/.test(text)) fault("uses the type any");
    if (/@ts-(ignore|nocheck|expect-error)/.test(source)) fault("switches the type checker off");
  }
  const circle = circleOf(files);
  if (circle) faults.push(`${circle[0]}: imports itself in a circle, ${circle.join(" → ")}`);
  return faults;
}
