/**
 * Every user's mistake we thought of is answered by one line that says what was found, the right exit code and no
 * stack trace. docs/errors.md is the table of them: each row is made here and must come out as it stands there.
 * `UPDATE_ERRORS=1 deno task test tests/commands/errors_test.ts` writes it anew.
 */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { main } from "../../main.ts";
import { ARGUMENTS, FOLDER } from "./mistakes/bench.ts";
import { COMPARE } from "./mistakes/compare.ts";
import { HISTOGRAM, IMAGES, TEXT } from "./mistakes/data.ts";
import { JUDGE } from "./mistakes/judge.ts";
import { type Said, said } from "./said.ts";
import { OWN } from "./mistakes/own.ts";
import { type Chapter, lay, type Mistake } from "./mistakes/mistake.ts";
import { ADAPTER, MEASURING, PARITY, RULE } from "./mistakes/others.ts";
import { BASELINE, RECORDS, SHARDS } from "./mistakes/records.ts";

/** The document's chapters; a new command adds its own. */
const CHAPTERS: Chapter[] = [
  ARGUMENTS,
  FOLDER,
  OWN,
  TEXT,
  IMAGES,
  HISTOGRAM,
  COMPARE,
  JUDGE,
  RULE,
  PARITY,
  MEASURING,
  BASELINE,
  SHARDS,
  RECORDS,
  ADAPTER,
];

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENT = `${ROOT}docs/errors.md`;
const UPDATE = Deno.env.get("UPDATE_ERRORS") === "1";

/** Runs a command as a user does. */
async function outside([command, ...rest]: string[], env: Record<string, string>): Promise<Said> {
  const program = command === "setup" ? ["commands/setup.ts"] : ["main.ts", command];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "-A", ...program, ...rest],
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Lists of many names, which grow with the suites, are cut in the document. */
const cut = (text: string) => text.replace(/((?:[\w-]+, ){3})(?:[\w-]+, ){3,}[\w-]+/g, "$1…");

/** A row of the document. */
const rowOf = (did: string, message: string, code: number) =>
  `| ${did} | \`${cut(message).replaceAll("|", "\\|")}\` | ${code} |`;

/** Makes a mistake: its row, or why it cannot be made here. */
async function made(mistake: Mistake): Promise<{ row: string } | { skipped: string }> {
  const { did, args, files = {}, env, make, code = 2 } = mistake;
  const dir = await Deno.makeTempDir();
  let undo: () => void = () => {};
  try {
    await lay(dir, files);
    const done = await make?.(dir) ?? undo;
    if (typeof done === "string") return { skipped: done };
    undo = done;
    const own = args.map((arg) => arg.replaceAll("DIR", dir));
    const { out, err, ...answer } = env || args[0] === "setup"
      ? await outside(own, env ?? {})
      : await said(main, ...own);
    const lines = err.split("\n"), errors = lines.filter((line) => line.startsWith("error: "));
    assert.equal(answer.code, code, `${did}: ${err}`);
    assert.equal(errors.length, 1, `${did}: ${err}`);
    assert.ok(!/^\s+at /m.test(err), `${did}: ${err}`);
    assert.equal(out, "", did);
    const message = errors[0].slice("error: ".length).replaceAll(dir, "DIR")
      .replace(/\(process \d+\)/, "(process 4711)");
    assert.match(message, /^(Cannot|No) .*[^.]$/, did);
    assert.ok(!/undefined|NaN|\[object|os error/.test(message), `${did}: ${message}`);
    assert.ok(!message.includes("\x1b"), did);
    // nothing but advice on what to install has more than one line
    const last = lines.indexOf(errors[0]) === lines.length - 2;
    assert.ok(last || code === 3, `${did}: ${err}`);
    return { row: rowOf(did, message, code) };
  } finally {
    undo();
    await Deno.remove(dir, { recursive: true });
  }
}

/** A table as the formatter of the project would leave it: columns of one width. */
function table(rows: string[]): string[] {
  const cells = [["what was given", "message", "exit code"], ...rows.map(cellsOf)];
  const widths = [0, 1, 2].map((at) => Math.max(...cells.map((row) => row[at].length)));
  const line = (row: string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  const [head, ...rest] = cells;
  return [
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...rest.map(line),
  ];
}

/** The cells of a row; a bar that is text is escaped. */
const cellsOf = (row: string) => row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());

/** Rows of the document by chapter. */
function documented(text: string): Map<string, string[]> {
  return new Map(
    text.split(/^## /m).slice(1).map((chapter) => {
      const [title, ...lines] = chapter.split("\n");
      const rows = lines.filter((line) => line.startsWith("| ")).slice(2);
      return [title, rows.map((line) => `| ${cellsOf(line).join(" | ")} |`)];
    }),
  );
}

const document = await Deno.readTextFile(DOCUMENT);
const known = documented(document), found = new Map<string, string[]>();

for (const { title, mistakes } of CHAPTERS) {
  Deno.test(`mistakes are answered as docs/errors.md says: ${title}`, async () => {
    const rows: string[] = [];
    for (const mistake of mistakes) {
      const answer = await made(mistake);
      if ("row" in answer) rows.push(answer.row);
      else {
        console.error(`NOT TRIED: ${mistake.did}: ${answer.skipped}`);
        const there = known.get(title)?.find((row) => cellsOf(row)[0] === mistake.did);
        rows.push(there ?? rowOf(mistake.did, "not tried yet", mistake.code ?? 2));
      }
    }
    found.set(title, rows);
    if (!UPDATE) assert.deepEqual(rows, known.get(title) ?? []);
  });
}

Deno.test("docs/errors.md has these chapters and no others, and forty rows at the least", async () => {
  if (UPDATE && found.size === CHAPTERS.length) {
    const head = document.split(/^## /m)[0];
    const body = CHAPTERS.map(({ title }) =>
      [`## ${title}`, "", ...table(found.get(title)!), ""].join("\n")
    );
    await Deno.writeTextFile(DOCUMENT, head + body.join("\n"));
    return;
  }
  assert.deepEqual([...known.keys()], CHAPTERS.map(({ title }) => title));
  assert.ok([...known.values()].flat().length >= 40);
  for (const { mistakes } of CHAPTERS) {
    const names = mistakes.map(({ did }) => did);
    assert.equal(new Set(names).size, names.length);
  }
});
