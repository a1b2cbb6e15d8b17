/**
 * `deno task page`: the page that checks and times the kernels in a browser, as one file.
 *
 * @module
 */
import denoConfig from "../deno.json" with { type: "json" };
import { framedPage } from "../browser/frame.ts";
import type { Given } from "../browser/given.ts";
import { loadSotu } from "../fixtures/sotu.ts";
import { LabError } from "../lab/record/failure.ts";
import { SELF_TEST_CASES } from "../model/check/selftest.ts";
import { browserScripts } from "../reports/media/browser.ts";
import { ReportFolder } from "../reports/media/folder.ts";
import { bundle } from "./bundle.ts";
import { command, HELP_FLAG } from "./command.ts";
import { gitCommit } from "./environment.ts";

const HOST = "127.0.0.1", PORT = 8000;

const HELP = `page: the kernels in a browser

  deno task page [--out DIR] [--serve]

Writes DIR/index.html (DIR is out/page): a page in one file that loads nothing. It names the GPU of
whoever opens it, checks the kernels against PyTorch, trains a small model and measures the latency
suite; its record.json is for \`deno task compare\`. It needs a browser with WebGPU, and https,
localhost or a file of the same machine. See docs/using.md.

  --out DIR   folder to write to
  --serve     then serve it to this machine's browsers, on http://${HOST}:${PORT}, until Ctrl-C

Exit codes: 0 written, 2 a flag or the folder cannot be used, 70 a defect of mue-bench.`;

/** Bytes of the text that the page trains on, from its beginning. */
const TEXT_BYTES = 1 << 16;

/** What the page is built with. */
async function givenNow(): Promise<Given> {
  const cases = SELF_TEST_CASES.map(async (name) => {
    const file = new URL(`../fixtures/parity/${name}.json`, import.meta.url);
    return [name, await Deno.readTextFile(file)] as const;
  });
  const { name, licence, bytes } = await loadSotu();
  return {
    version: denoConfig.version,
    gitCommit: await gitCommit(),
    deno: Deno.version.deno,
    cases: Object.fromEntries(await Promise.all(cases)),
    text: {
      name: `${name}, their first ${TEXT_BYTES} bytes`,
      licence,
      base64: btoa(String.fromCharCode(...bytes.subarray(0, TEXT_BYTES))),
    },
  };
}

/** The page's text, and what stands in it. */
export async function pageNow(): Promise<{ html: string; given: Given }> {
  const here = (path: string) => new URL(path, import.meta.url);
  const given = await givenNow();
  const script = await bundle(here("../browser/main.ts"), here("../browser/stand_ins.ts"));
  return { html: framedPage(script, await browserScripts(), given), given };
}

/** Serves a page until the signal or Ctrl-C. */
async function serve(html: string): Promise<void> {
  const headers = { "content-type": "text/html; charset=utf-8" };
  const respond = (request: Request) =>
    new URL(request.url).pathname === "/"
      ? new Response(html, { headers })
      : new Response("not here", { status: 404 });
  let server;
  try {
    server = Deno.serve({ hostname: HOST, port: PORT, onListen() {} }, respond);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new LabError(`Cannot serve on ${HOST}:${PORT}: another program does`, { cause: error });
  }
  console.error(`serving http://${HOST}:${PORT}/ (Ctrl-C ends it)`);
  await server.finished;
}

/** The command; gives its exit code. */
export function pageCommand(args: string[]): Promise<number> {
  const options = {
    out: { type: "string", default: "out/page" },
    serve: { type: "boolean", default: false },
    ...HELP_FLAG,
  } as const;
  return command(HELP, { args, options }, async ({ values }) => {
    const folder = await ReportFolder.open(values.out), { html } = await pageNow();
    folder.write("index.html", html);
    console.log(folder.paths[0]);
    if (values.serve) await serve(html);
  });
}
