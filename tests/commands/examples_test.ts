/** Every command line that a `--help`, the README or a document shows is one that the program takes. */
import assert from "node:assert/strict";
import { main } from "../../main.ts";
import { said } from "./said.ts";

const ROOT = new URL("../../", import.meta.url);

/** Runs a task's command as deno.json has it, without its dependencies. */
async function task(name: string, ...args: string[]) {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const own: string = tasks[name].command;
  const words = own.slice(own.search(/(?:main|commands\/\w+)\.ts\b/)).split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", ...words, ...args],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: read(stdout), err: read(stderr) };
}

/** Words of a shell line: comments and prompts left out, quotes taken off. */
const wordsOf = (line: string): string[] =>
  (line.replace(/\s+#.*$/, "").match(/'[^']*'|\S+/g) ?? []).map((w) => w.replace(/^'|'$/g, ""));

/** What a document shows after `deno task`, line by line; a column of explanation is left out. */
function shown(text: string): string[][] {
  const whole = text.replace(/\s*\\\n\s*/g, " ");
  return [...whole.matchAll(/^\s*(?:npx -y deno@\S+ task|deno task) (\S.*)$/gm)]
    .map(([, rest]) => wordsOf(rest.split(/\s{3,}/)[0]))
    // a synopsis is no example
    .filter((words) => !words.some((w) => /^\[|^[A-Z]+(?:\.\.\.|…)?$/.test(w)));
}

/** The same line, made to say what it would do and stop. */
function dry([name, ...args]: string[]): [string, ...string[]] {
  if (name !== "bench" || args[0] === "roofline") return [name, ...args, "--help"];
  return [name, ...args, args.includes("--budget") ? "--list" : "--dry-run"];
}

Deno.test("every example of bench's help is a line it takes", async () => {
  const { out } = await task("bench", "--help");
  const lines = shown(out);
  assert.ok(lines.length >= 6, `${lines.length} examples`);
  for (const line of lines) {
    const { code, err } = await task(...dry(line));
    assert.equal(code, 0, `deno task ${line.join(" ")}: ${err}`);
  }
});

Deno.test("every example of parity's help runs", async () => {
  const { out } = await task("parity", "--help");
  const lines = shown(out);
  assert.ok(lines.length >= 1);
  for (const [name, ...args] of lines) {
    const { code, err } = await task(name, ...args, "--no-install");
    assert.equal(code, 0, err);
  }
});

Deno.test("every command line of the README and the documents is one the program takes", async () => {
  const files = ["README.md", "CONTRIBUTING.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) files.push(`docs/${name}`);
  }
  let count = 0;
  for (const file of files) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    const fences = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code).join("\n");
    for (const line of shown(fences)) {
      if (line[0] === "test" || line[0] === "ok" || line[0] === "smoke") continue;
      const { code, err } = line[0] === "rule"
        ? await task(line[0], ...line.slice(1))
        : await task(...dry(line));
      assert.equal(code, 0, `${file}: deno task ${line.join(" ")}: ${err}`);
      count++;
    }
  }
  assert.ok(count >= 2, `${count} lines`);
});

Deno.test("the reader of examples leaves synopses and comments out, and a wrong line is noticed", async () => {
  assert.deepEqual(
    shown(
      "  deno task bench [SUITE…] [options]\n  deno task bench width   # one\n deno task rule \\\n --x",
    ),
    [["bench", "width"], ["rule", "--x"]],
  );
  const { code } = await task(...dry(["bench", "no-such-suite"]));
  assert.equal(code, 2);
});

Deno.test("every --help fits 100 columns", async () => {
  const text = await Deno.readTextFile(new URL("main.ts", ROOT));
  const names = [...text.matchAll(/case "([a-z][a-z-]+)":\n\s+return/g)].map(([, name]) => name);
  assert.ok(names.length >= 13 && names.includes("merge"), `${names}`);
  for (const name of names) {
    const { code, out } = await said(main, name, "--help");
    assert.equal(code, 0, name);
    assert.deepEqual(out.split("\n").filter((line) => line.length > 100), [], name);
  }
});
