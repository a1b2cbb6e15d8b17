/**
 * The text every variant of every kernel gives the shader compiler stays as it is, byte by byte,
 * however the files it is expanded from are cut. Comments and blank lines on their own do not count.
 *
 * Where a text is meant to change: `UPDATE_GOLDEN=1 deno test -A tests/kernels/texts_test.ts` pins
 * all of them anew; the diff of texts.json names the kernels. A text that changes may move a loss,
 * see kernels/version.ts.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { textOf } from "../../kernels/gpu/kernel.ts";
import { callsOf, everyKernel } from "./every_kernel.ts";

const PINNED = new URL("texts.json", import.meta.url);

/** sha256 (16 digits) of all texts of a kernel in a case, by "kernel | case". */
function texts(): Record<string, string> {
  const hashes = new Map<string, { hash: ReturnType<typeof createHash>; count: number }>();
  for (const c of everyKernel()) {
    for (const kernels of ["software", "gpu"] as const) {
      for (const { kernel } of callsOf(c, kernels)) {
        for (const storage of ["texture", "buffer"] as const) {
          const key = `${kernel.name} | ${c.name}`;
          const entry = hashes.get(key) ?? { hash: createHash("sha256"), count: 0 };
          hashes.set(key, entry);
          const text = textOf(kernel, storage).replace(/^\s*(\/\/.*)?\n/gm, "").trimEnd();
          entry.hash.update(`${kernels} ${storage}\n${text}\n`);
          entry.count++;
        }
      }
    }
  }
  return Object.fromEntries(
    [...hashes].map((
      [key, { hash, count }],
    ) => [key, `${count} ${hash.digest("hex").slice(0, 16)}`]),
  );
}

Deno.test("the expanded text of every variant of every kernel is the pinned one", async () => {
  const found = texts();
  if (Deno.env.get("UPDATE_GOLDEN")) {
    await Deno.writeTextFile(PINNED, JSON.stringify(found, null, 2) + "\n");
  }
  assert.deepEqual(found, JSON.parse(await Deno.readTextFile(PINNED)));
});
