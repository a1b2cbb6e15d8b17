/** What is too long is refused before it fills the memory. */
import assert from "node:assert/strict";
import { depthOf, readText } from "../../../lab/record/bounds.ts";
import { checkLines } from "../../../lab/record/lines.ts";

/** A file for a test, gone afterwards. */
async function withFile(content: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a text comes whole, whatever its letters and wherever a chunk ends", async () => {
  for (const text of ["", "a", "ä".repeat(3e5), `${"√".repeat(1e5)}\n`]) {
    await withFile(text, async (path) => assert.equal(await readText(path), text));
  }
});

Deno.test("the longest text and line pass, one byte more does not", async () => {
  await withFile("12345678\n1234\n123456789", async (path) => {
    const { size } = await Deno.stat(path);
    assert.equal((await readText(path, size)).length, size);
    await assert.rejects(readText(path, size - 1), /^RangeError: it is longer than/);
    checkLines(path, "run", 9);
    assert.throws(() => checkLines(path, "run", 8), /line 3 is longer than .*, which no run is/);
    assert.throws(() => checkLines(path, "run", 7), /line 1 is longer/);
  });
});

Deno.test("a line is measured across chunks", async () => {
  await withFile(`${"a".repeat(3e6)}\n${"b".repeat(5e6)}\n`, (path) => {
    checkLines(path, "run", 5e6);
    assert.throws(() => checkLines(path, "run", 5e6 - 1), /line 2 is longer/);
    return Promise.resolve();
  });
});

Deno.test("a gigabyte, as a line or as a record, costs neither memory nor time", async () => {
  await withFile("", async (path) => {
    Deno.truncateSync(path, 2 ** 30);
    const began = performance.now(), { rss } = Deno.memoryUsage();
    assert.throws(() => checkLines(path, "run"), /line 1 is longer than 16 MiB/);
    await assert.rejects(readText(path), /longer than 256 MiB/);
    assert.ok(performance.now() - began < 5000);
    assert.ok(Deno.memoryUsage().rss - rss < 2 ** 28);
  });
});

Deno.test("depth counts lists and objects, and not what stands in texts", () => {
  assert.equal(depthOf('{"a":[1,{"b":"[[[\\"{"}],"c":[]}'), 3);
  assert.equal(depthOf("1"), 0);
  assert.equal(depthOf("[".repeat(1e6)), 1e6);
});
