/** The page is one file that brings all it needs, and its stand-ins say what the originals say. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Given, GIVEN_ID, textOf } from "../../browser/given.ts";
import { createHash as standIn } from "../../browser/stand_ins.ts";
import { pageNow } from "../../commands/page.ts";
import { loadSotu } from "../../fixtures/sotu.ts";
import { SELF_TEST_CASES } from "../../model/check/selftest.ts";

Deno.test("the page imports and loads nothing, and holds every case and the text", async () => {
  const { html } = await pageNow();
  const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(html)!;
  assert.match(policy, /^default-src 'none'; /);
  const markup = html.replace(/(<script[^>]*>)[\s\S]*?<\/script>/g, "$1");
  assert.deepEqual(markup.match(/<\w+[^>]*\s(?:src|href)=[^>]*>/g), null);
  const [, script] = /<script type="module">([\s\S]*)<\/script>/.exec(html)!;
  assert.ok(script.length > 1e5);
  assert.deepEqual(script.match(/["']node:\w+["']|^import\b.*/gm), null);
  const [, json] = new RegExp(`id="${GIVEN_ID}">(.*?)</script>`).exec(html)!;
  const given: Given = JSON.parse(json), { bytes } = await loadSotu(), text = textOf(given);
  assert.deepEqual(Object.keys(given.cases), SELF_TEST_CASES);
  assert.deepEqual(text.bytes, bytes.slice(0, text.bytes.length));
  assert.ok(text.bytes.length >= 1 << 16 && text.trainBytes < text.bytes.length);
});

Deno.test("the stand-in hashes as node:crypto does, and nothing but sha256", () => {
  for (const text of ["", "mue", "µ → ∞, €", "x".repeat(1000)]) {
    const want = createHash("sha256").update(text).digest("hex");
    assert.equal(standIn("sha256").update(text).digest("hex"), want);
    const bytes = new TextEncoder().encode(text);
    assert.equal(standIn("sha256").update(bytes).digest("hex"), want);
  }
  assert.throws(() => standIn("md5" as "sha256"), /^TypeError: Cannot hash: md5 is not sha256$/);
});
