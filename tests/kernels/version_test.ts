/** A change to the arithmetic must not pass unnoticed by the identity of stored runs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { KERNELS_VERSION } from "../../kernels/version.ts";

const ROOT = new URL("../../", import.meta.url);

/** Version of the kernels and what the sources behind it hash to, comments and spaces left out. */
const PINNED = { version: "2", sources: "5392c3e70d09888e" };

/** Files whose code can move a loss, of all rooms: name and text, wherever they lie. */
function sources(folder: string): string[] {
  const texts: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) texts.push(...sources(`${folder}${name}/`));
    if (/^(roofline|feed_forward|imposed_routing)/.test(name)) continue;
    const aside =
      /^(parity|selftest|(step|ratio)_bench|order_statistics|host_load|tim(er|estamps|ing_\w+)|tuning(_\w+)?|version)\.ts$/
        .test(name);
    if (aside || !/\.(ts|wgsl)$/.test(name)) continue;
    const text = Deno.readTextFileSync(new URL(folder + name, ROOT))
      .replace(/from "[^"]*\//g, 'from "') // a file that moves, moves no number
      .replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "").replace(/\s+/g, "");
    texts.push(name + text);
  }
  return texts;
}

Deno.test("sources of the arithmetic are those of the pinned kernels version", () => {
  const texts = ["kernels/", "model/"].flatMap(sources).sort(), hash = createHash("sha256");
  assert.ok(texts.length > 80, `only ${texts.length} files found`);
  texts.forEach((text) => hash.update(text));
  const found = hash.digest("hex").slice(0, 16);
  assert.deepEqual(
    { version: KERNELS_VERSION, sources: found },
    PINNED,
    "the code that makes losses changed: if a number can move, raise kernels/version.ts and list it " +
      `in the CHANGELOG; then pin version and sources here (${found})`,
  );
});
