/** Golden chart specs, and what is looked up in a drawn one. */
import assert from "node:assert/strict";
import type { Chart } from "../../reports/words/caption.ts";
import { compileSpec } from "../../reports/charts/render.ts";

/** `UPDATE_GOLDEN=1 deno test -A tests/reports` writes the golden specs anew. */
const updating =
  Deno.permissions.querySync({ name: "env", variable: "UPDATE_GOLDEN" }).state === "granted" &&
  Deno.env.get("UPDATE_GOLDEN") === "1";

/**
 * One test per chart: its spec is the golden one, and Vega-Lite has nothing to say against it.
 *
 * @param prefix of the files' names, where several records have charts of one name
 */
export function testGoldens(charts: Chart[], prefix = ""): void {
  for (const { name: own, spec } of charts) {
    const name = prefix + own;
    Deno.test(`${name} equals its golden spec and compiles without a warning`, async () => {
      const file = new URL(`./golden/${name}.vl.json`, import.meta.url);
      const text = JSON.stringify(spec, null, 2) + "\n";
      if (updating) await Deno.writeTextFile(file, text);
      assert.deepEqual(JSON.parse(text), JSON.parse(await Deno.readTextFile(file)));
      assert.deepEqual(compileSpec(spec).warnings, []);
    });
  }
}

/** The texts of an SVG, unescaped, in order. */
export function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text]) =>
    text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
  );
}

/** Whatever is said fits: no text of an SVG was shortened. */
export function assertNothingCut(svg: string): void {
  assert.deepEqual(textsOf(svg).filter((text) => text.endsWith("…")), []);
}

/** The page without what stands in script elements. */
export const withoutScripts = (page: string): string =>
  page.replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, "");

/** The page asks for nothing from anywhere, and its policy forbids it. */
export function assertLoadsNothing(page: string): void {
  const outside = withoutScripts(page);
  assert.doesNotMatch(outside, /\b(?:src|href|srcset|action|data)\s*=\s*["']?(?:https?:)?\/\//i);
  assert.doesNotMatch(outside, /url\(\s*["']?(?:https?:)?\/\/|@import|<link|<iframe/i);
  assert.doesNotMatch(outside, /<img(?![^>]* src="data:image\/png;base64,)/i);
  assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
  assert.doesNotMatch(page, /sourceMappingURL/);
}
