/**
 * The npm package as those who install it have it: in Node, under TypeScript, in a bundle for a page. No
 * network: zod comes from Deno's cache.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { buildPackage } from "../../commands/npm_package.ts";
import denoConfig from "../../deno.json" with { type: "json" };
import { judgeSweep, type Sweep } from "../../mod.ts";
import { recordOf, runWith } from "../lab/runs.ts";

const ROOT = new URL("../../", import.meta.url);

const packageFile = (path: string) => fileURLToPath(import.meta.resolve(path));

/** Runs a program in a folder; what it prints. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    stdin: "null",
    env: { npm_config_cache: `${cwd}/cache`, npm_config_offline: "true", NO_COLOR: "1" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${program} ${args.join(" ")}: ${out}${err}`);
  return out;
}

const node = (cwd: string, ...args: string[]) => run(cwd, "node", ...args);
const tsc = (cwd: string, ...args: string[]) =>
  node(cwd, packageFile("typescript/lib/tsc.js"), ...args);

/** The examples of docs/library.md, in their order. */
async function examples(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("docs/library.md", ROOT));
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
}

/** Runs a test in an empty project into which the package was installed from its tarball. */
async function installed(test: (folder: string, made: Record<string, unknown>) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    const made = await buildPackage(`${folder}/built`);
    await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }');
    // what an import of it reads, so that npm has less to pack
    const unread = /[/\\](src|v3)$|\.c[jt]s$/;
    await cp(dirname(packageFile("zod/package.json")), `${folder}/zod`, {
      recursive: true,
      filter: (path) => !unread.test(path),
    });
    const packed = await Promise.all(["zod", "built"].map(async (from) => {
      const out = await run(folder, "npm", "pack", "--json", `./${from}`);
      return `./${JSON.parse(out)[0].filename}`;
    }));
    await run(folder, "npm", "install", "--no-audit", "--no-fund", ...packed);
    await test(folder, made);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Paths below a folder. */
async function filesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) found.push(name);
    else found.push(...(await filesOf(`${folder}/${name}`)).map((path) => `${name}/${path}`));
  }
  return found;
}

/** Bundles a script for a page; the script, and whose text is in it. */
function bundled(folder: string, contents: string) {
  const { outputFiles: [{ text }], metafile } = esbuild.buildSync({
    absWorkingDir: folder,
    stdin: { contents, resolveDir: folder, loader: "ts" },
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
  });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { text, from: inputs.map(([path]) => path).join("\n"), imports: output.imports };
}

const sweep = (optimum: number): Sweep => {
  const log2x = [-10, -9, -8, -7, -6, -5];
  const noise = [0.002, -0.001, -0.001, 0.001, -0.002, 0.001];
  return {
    log2x,
    loss: log2x.map((x, g) =>
      [0, 1, 2].map((k) => 3 + 0.04 * (x - optimum) ** 2 + 0.01 * k + noise[(g + 2 * k) % 6])
    ),
  };
};

Deno.test("the npm package installs and works in Node, under TypeScript and in a bundle", async (t) => {
  await installed(async (folder, made) => {
    await t.step("its package.json repeats deno.json, and pins what it needs", async () => {
      const { name, version, license, exports, imports } = denoConfig;
      assert.deepEqual([made.name, made.version, made.license], [name, version, license]);
      assert.deepEqual(Object.keys(made.exports as object), Object.keys(exports));
      assert.deepEqual(made.dependencies, { zod: imports.zod.replace("npm:zod@", "") });
      const files = await filesOf(`${folder}/node_modules/${name}`);
      for (
        const path of ["LICENSE", "README.md", "mod.js", "mod.d.ts", "record.js", "record.d.ts"]
      ) {
        assert.ok(files.includes(path), path);
      }
      const odd = files.filter((path) =>
        !/(\.js|\.d\.ts|^LICENSE|^README\.md|^package\.json)$/.test(path)
      );
      assert.deepEqual(odd, []);
    });

    const codes = await examples();
    assert.equal(codes.length, 3);
    await t.step(
      "the document's examples have the right types, and a wrong use is seen",
      async () => {
        for (const [i, code] of codes.entries()) {
          await Deno.writeTextFile(`${folder}/example${i}.ts`, code);
        }
        const wrong = (use: string) => `// @ts-${"expect"}-error\n${use};\n`;
        await Deno.writeTextFile(
          `${folder}/wrong.ts`,
          'import { decide, ruleById } from "@mue/bench";\nimport { readRecord } from "@mue/bench/record";\n' +
            wrong("ruleById(1)") + wrong('decide("all")') + wrong("readRecord()") +
            wrong('const id: number = ruleById("mup").id'),
        );
        const files = [...codes.keys()].map((i) => `example${i}.ts`);
        const strict = ["--strict", "--target", "es2022", "--lib", "es2022,dom"];
        const node16 = ["--module", "nodenext", "--noEmitOnError"];
        await tsc(folder, ...strict, ...node16, ...files, "wrong.ts");
      },
    );

    await t.step(
      "the examples run in Node: a rule is carried, one sweep passes, one fails",
      async () => {
        assert.match(await node(folder, "example0.js"), /^wdown 0\.00125 /m);
        assert.match(await node(folder, "example1.js"), /^pass fail$[\s\S]*^pass holds$/m);
        assert.match(
          await node(folder, "example2.js"),
          /^Cannot read out\/no-such-suite\/record\.json: no such file or directory\n$/,
        );
      },
    );

    await t.step("Node judges as Deno does", async () => {
      const names = { panel: "p", subject: "s", variant: "v", role: "claim" } as const;
      const limits = { tolerance_octaves: 1, minRegret: 0.01 };
      const given = [[-7, -7.2], [-7, -8.6], [-7, -8]].map((at) => at.map(sweep));
      const script = 'import { judgeSweep } from "@mue/bench";\n' +
        `console.log(JSON.stringify(${JSON.stringify(given)}.map(([a, b]) =>
          judgeSweep(${JSON.stringify(names)}, a, b, ${JSON.stringify(limits)}, "nats"))));`;
      await Deno.writeTextFile(`${folder}/judge.js`, script);
      const found = JSON.parse(await node(folder, "judge.js"));
      const own = given.map(([a, b]) => judgeSweep(names, a, b, limits, "nats"));
      assert.deepEqual(own.map(({ verdict }) => verdict), ["pass", "fail", "inconclusive"]);
      assert.deepEqual(found, JSON.parse(JSON.stringify(own)));
    });

    await t.step(
      "a record of a bench is read in Node, packed too, and a changed one refused",
      async () => {
        const record = recordOf(runWith("a")), text = JSON.stringify(record);
        await Deno.writeTextFile(`${folder}/record.json`, text);
        await Deno.writeFile(`${folder}/record.json.gz`, gzipSync(text));
        await Deno.writeTextFile(
          `${folder}/changed.json`,
          JSON.stringify({ ...record, warnings: ["x"] }),
        );
        await Deno.writeTextFile(
          `${folder}/read.js`,
          `import { decideSuite, readRecord } from "@mue/bench/record";
        for (const path of ["record.json", "record.json.gz"]) {
          const record = await readRecord(path);
          console.log(record.verdict + ", " + decideSuite(record.findings, false).verdict);
        }
        await readRecord("changed.json").catch(({ message }) => console.log(message));`,
        );
        const lines = (await node(folder, "read.js")).trimEnd().split("\n");
        const { verdict } = record;
        assert.deepEqual(lines.slice(0, 2), Array(2).fill(`${verdict}, ${verdict}`));
        assert.match(lines[2], /^Cannot read changed\.json: it was changed after it was written/);
        assert.equal(lines.length, 3);
      },
    );

    await t.step(
      "a page bundles rule and judge without zod or Node, and only what it uses",
      async () => {
        const { text, from, imports } = bundled(folder, codes[0] + codes[1]);
        assert.match(from, /judge_sweep\.js/);
        assert.doesNotMatch(from, /zod/);
        assert.deepEqual(imports, []);
        await Deno.writeTextFile(`${folder}/bundle.cjs`, text);
        // a world with nothing but the language and a console
        const world =
          'require("vm").runInNewContext(require("fs").readFileSync("bundle.cjs", "utf8"), { console })';
        assert.match(await node(folder, "-e", world), /^pass fail$[\s\S]*^pass holds$/m);
        const rule = bundled(
          folder,
          'import { ruleById } from "@mue/bench"; console.log(ruleById("mup").id);',
        );
        assert.doesNotMatch(rule.from, /\/lab\//);
        assert.ok(rule.text.length < text.length / 2, `${rule.text.length} of ${text.length}`);
      },
    );
  });
});
