/** A change to the arithmetic must not pass unnoticed by the identity of stored runs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { KERNELS_VERSION } from "../../kernels/version.ts";

const ROOT = new URL("../../", import.meta.url);

/** Version of the kernels and what the sources behind it hash to, comments and spaces left out. */
const PINNED = { version: "2", sources: "84b049cdc2f360d7" };

/** Files whose code can move a loss. */
async function sources(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of ["kernels", "kernels/gpu", "model"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, ROOT))) {
      if (/^(roofline|feed_forward|imposed_routing)/.test(name)) continue;
      const aside =
        /^(parity|selftest|(step|ratio)_bench|order_statistics|host_load|tim(er|estamps|ing_\w+)|tuning(_\w+)?|version)\.ts$/
          .test(name);
      if (isFile && !aside && /\.(ts|wgsl)$/.test(name)) files.push(`${folder}/${name}`);
    }
  }
  return files.sort();
}

Deno.test("sources of the arithmetic are those of the pinned kernels version", async () => {
  const hash = createHash("sha256");
  for (const file of await sources()) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    hash.update(file + text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s+/gm, ""));
  }
  const found = hash.digest("hex").slice(0, 16);
  assert.deepEqual(
    { version: KERNELS_VERSION, sources: found },
    PINNED,
    "the code that makes losses changed: if a number can move, raise kernels/version.ts and list it " +
      `in the CHANGELOG; then pin version and sources here (${found})`,
  );
});
