/**
 * A module and all it imports as one script for a browser, by esbuild. Packages come from where Deno
 * has installed them, so that the frozen lock says what is bundled and nothing is fetched.
 *
 * @module
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build, type Loader, type Plugin, stop } from "esbuild";

/** What a package's module imports from another package: that one's entry for browsers, where it has one. */
function fromPackage(path: string, importer: string): string {
  const { resolve } = createRequire(importer);
  try {
    return resolve(`${path}/browser`);
  } catch {
    return resolve(path);
  }
}

/** Where a module's imports lead: files beside it, packages, and stand-ins for `node:` modules. */
function files(standIns: URL): Plugin {
  const loaders: Record<string, Loader> = { ts: "ts", json: "json", wgsl: "text", css: "text" };
  return {
    name: "files",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        const url = (found: string | URL) => ({ path: fileURLToPath(found), namespace: "deno" });
        if (kind === "entry-point") return url(path);
        if (path.startsWith("node:")) return url(standIns);
        if (path.startsWith(".")) return url(new URL(path, `file://${importer}`));
        return importer.endsWith(".ts") // packages come as JavaScript
          ? url(import.meta.resolve(path))
          : { path: fromPackage(path, importer), namespace: "deno" };
      });
      onLoad({ filter: /.*/, namespace: "deno" }, async ({ path }) => ({
        contents: await Deno.readTextFile(path),
        loader: loaders[path.split(".").at(-1)!] ?? "js",
      }));
    },
  };
}

/**
 * Bundles a module.
 *
 * @param entry the module @param standIns what the bundle has in place of every `node:` module
 * @returns the script, an ES module without imports
 * @throws {Error} when something it imports is not installed, or cannot be parsed
 */
export async function bundle(entry: URL, standIns: URL): Promise<string> {
  try {
    const { outputFiles } = await build({
      entryPoints: [entry.href],
      plugins: [files(standIns)],
      bundle: true,
      format: "esm",
      minify: true,
      target: "es2022",
      charset: "utf8",
      legalComments: "inline",
      write: false,
      logLevel: "silent",
    });
    return outputFiles[0].text;
  } finally {
    await stop();
  }
}
