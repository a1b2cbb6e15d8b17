/** What must never reach a reader: numbers that are none, and values that are no text. */
import assert from "node:assert/strict";

/** What a number that is none looks like once it is text. */
const BROKEN = /\b(?:NaN|Infinity|undefined)\b|\[object /;

/** The scripts of the page are a library's: they may name what no number may be. */
const withoutPrograms = (text: string): string => text.replace(/<script>[\s\S]*?<\/script>/g, "");

/** No text says that a number is not one. */
export function assertFinite(texts: Record<string, string>): void {
  for (const [name, text] of Object.entries(texts)) {
    const shown = withoutPrograms(text), at = shown.search(BROKEN);
    assert.equal(at, -1, `${name} holds …${shown.slice(Math.max(0, at - 60), at + 40)}…`);
  }
}

/** The texts among the files of a folder, by name; pictures of pixels and PDFs are left out. */
export async function textsIn(paths: string[]): Promise<Record<string, string>> {
  const texts = paths.filter((path) => !/\.(?:png|pdf)$/.test(path));
  return Object.fromEntries(
    await Promise.all(texts.map(async (path) => [path, await Deno.readTextFile(path)])),
  );
}

/** All files below folders. */
function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}

// `deno run -R tests/reports/finite.ts FOLDER`: the same of a bench's folder, records and all
if (import.meta.main) {
  const paths = Deno.args.flatMap(filesBelow).filter((path) => !path.endsWith("/.lock"));
  assertFinite(await textsIn(paths));
  const suites = paths.filter((path) => path.endsWith("/record.json")).length;
  assert.ok(suites > 0, "no record was found");
  console.log(`${suites} records and ${paths.length} files: every number is one`);
}
