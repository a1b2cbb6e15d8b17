/** The library as it is published: what a dry run checks, and that nothing is shipped in vain or missed. */
import assert from "node:assert/strict";
import denoConfig from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);

async function deno(...args: string[]): Promise<{ success: boolean; out: string; err: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { success, out, err };
}

/** Everything an entry loads, types too: files of the checkout by their path, the others by their name. */
async function graphOf(entry: string): Promise<{ files: string[]; others: string[] }> {
  const { modules } = JSON.parse((await deno("info", "--json", entry)).out);
  const all: string[] = modules.map(({ specifier }: { specifier: string }) => specifier);
  const files = all.filter((name) => name.startsWith(ROOT.href));
  const others = all.filter((name) => !name.startsWith(ROOT.href));
  return { files: files.map((name) => name.slice(ROOT.href.length)), others };
}

Deno.test("a dry run of publishing is clean, and ships what the library loads and no more", async () => {
  const { success, err } = await deno("publish", "--dry-run", "--allow-dirty");
  assert.ok(success, err);
  assert.match(err, /Success Dry run complete/);
  assert.doesNotMatch(err, /warning/i);
  const shipped = [...err.matchAll(/^ +(file:\S+) \(/gm)].map(([, url]) =>
    url.slice(ROOT.href.length)
  );
  const entries = Object.values(denoConfig.exports);
  const graphs = await Promise.all(entries.map(graphOf));
  const needed = new Set(graphs.flatMap(({ files }) => files));
  assert.ok(needed.size > 30, `only ${needed.size} files`);
  assert.deepEqual(shipped.sort(), ["LICENSE", "README.md", "deno.json", ...needed].sort());
});

Deno.test("the library's documentation is complete, on every face", async () => {
  const faces = Object.values(denoConfig.exports).map((path) => path.replace("./", ""));
  const { success, err } = await deno("doc", "--lint", "--quiet", ...faces);
  assert.ok(success, err);
  assert.ok(denoConfig.tasks.doclint.command.endsWith(` ${faces.join(" ")}`), "deno task doclint");
});
