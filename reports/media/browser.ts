/**
 * The scripts that make the page's charts interactive: Vega, Vega-Lite and vega-embed as their npm
 * packages ship them for browsers. They lie beside the modules that Deno installs, so a fresh clone
 * has them after `deno ci`, without a bundler, a subprocess or a network.
 *
 * @module
 */

/** Package and file, in the order in which they must run. */
const BUILDS = [
  ["vega", "vega.min.js"],
  ["vega-lite", "vega-lite.min.js"],
  ["vega-embed", "vega-embed.min.js"],
] as const;

/**
 * Reads the three scripts.
 *
 * @returns script texts, safe inside a `<script>` element
 * @throws {Error} when a package does not have the file, or it cannot be read
 */
export async function browserScripts(): Promise<string[]> {
  return await Promise.all(BUILDS.map(async ([name, file]) => {
    const url = new URL(`./${file}`, import.meta.resolve(name));
    if (url.protocol !== "file:") {
      throw new Error(`Cannot read ${file}: ${name} is not installed but resolves to ${url}`);
    }
    return scriptSafe((await Deno.readTextFile(url)).replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  }));
}

/** Script text that cannot end its element early or open a comment in it. */
export function scriptSafe(script: string): string {
  return script.replace(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--");
}

/** A value as JSON that cannot leave its `<script>` element. */
export function jsonSafe(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
