/** The documents speak of what is there. */
import assert from "node:assert/strict";
import { SUITES } from "../suites/registry.ts";

const ROOT = new URL("../", import.meta.url);

async function documents(): Promise<Map<string, string>> {
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  const texts = paths.map(async (path) =>
    [path, await Deno.readTextFile(new URL(path, ROOT))] as const
  );
  return new Map(await Promise.all(texts));
}

/** What `## Some heading, and more` is called in a link. */
const anchorOf = (heading: string) =>
  heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-");

Deno.test("every link and file that a document names is there", async () => {
  const all = await documents(), faults: string[] = [];
  for (const [path, text] of all) {
    for (const [, to] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(to)) continue;
      const [file, anchor] = to.split("#"),
        target = new URL(file || path.split("/").at(-1)!, new URL(path, ROOT));
      try {
        Deno.statSync(target);
      } catch {
        faults.push(`${path}: ${to}`);
        continue;
      }
      const name = target.href.slice(ROOT.href.length),
        headings = all.get(name)?.match(/^#+ .*$/gm) ?? [];
      const found = headings.map((h) => anchorOf(h.replace(/^#+ /, "")));
      if (anchor && !found.includes(anchor)) faults.push(`${path}: no heading ${to}`);
    }
    for (
      const [name] of text.matchAll(
        /\b(?:kernels|model|lab|suites|reports|commands|rule|tests|fixtures|docs|browser|ci)\/[\w/.-]+\.(?:ts|wgsl|json\.gz|py|yml|sh)\b/g,
      )
    ) {
      if (/[A-Z]{4}/.test(name)) continue; // stands for a name
      try {
        Deno.statSync(new URL(name, ROOT));
      } catch {
        faults.push(`${path}: ${name}`);
      }
    }
  }
  assert.deepEqual(faults, []);
});

Deno.test("the suite that the README shows is the one in its file, and every suite has its verdict there", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [, shown] = /```ts ignore\n(const CAPACITY[\s\S]*?)```/.exec(readme)!;
  const file = await Deno.readTextFile(new URL("suites/capacity.ts", ROOT));
  assert.ok(file.includes(shown.trim()), "README and suites/capacity.ts differ");
  const results = await Deno.readTextFile(new URL("docs/results.md", ROOT));
  for (const { id } of SUITES) {
    assert.ok(readme.includes(`\`${id}\``), `README says nothing of ${id}`);
    const row = new RegExp(`^\\| \`${id}\` +\\| [^|]+\\| ([a-z ]+?) +\\|`, "m").exec(results);
    const head = new RegExp(`^## \`${id}\` .*: ([a-z ]+)$`, "m").exec(results);
    assert.ok(row && head, `docs/results.md lacks ${id}`);
    assert.ok(
      head[1].startsWith(row[1]),
      `${id}: ${row[1]} in the table, ${head[1]} over its section`,
    );
  }
});
