/**
 * `deno task test [FILES or deno test flags]`: the set-up, then every test and every documented
 * example, then one plain last line, `N passed, N failed`, counted from deno's JUnit file.
 *
 * @module
 */
import { NoAdapterError } from "../kernels/gpu/device.ts";
import { ensureAdapter } from "./setup.ts";

const JUNIT = "out/junit.xml", JUNIT_ALONE = "out/junit-alone.xml";

/**
 * Files of tests that run side by side, a string as Deno wants it. No more on machines of many cores: tests that time
 * something want the rest of the machine idle.
 */
const JOBS = "2";

/** Tests of the memory of the process, of which tests beside them would be a part. */
const ALONE = ["tests/model/memory_test.ts", "tests/lab/record/bounds_test.ts"];

/** How many tests ended how. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The test cases of a JUnit file as deno writes it: what each is called, and what it holds. */
function* casesOf(junit: string): Generator<{ name: string; body: string }> {
  const all = /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, attributes, body = ""] of junit.matchAll(all)) {
    yield { name: /\bname="([^"]*)"/.exec(attributes)?.[1] ?? "", body };
  }
}

const isSkipped = (body: string) => /<skipped\b/.test(body);

/** Names of the test cases that were not run. */
export function skippedTests(junit: string): string[] {
  return [...casesOf(junit)].filter(({ body }) => isSkipped(body)).map(({ name }) => name);
}

/** Counts the test cases of a JUnit file. */
export function countTests(junit: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { body } of casesOf(junit)) {
    if (/<(failure|error)\b/.test(body)) counts.failed++;
    else if (isSkipped(body)) counts.skipped++;
    else counts.passed++;
  }
  return counts;
}

/**
 * The last line, and whether it means success: something ran, nothing failed.
 *
 * A run that deno itself calls failed counts as one failure even where its file shows none: a
 * module that does not compile leaves no test case behind.
 */
export function summarize(counts: Counts, code: number): { line: string; ok: boolean } {
  const { passed, skipped } = counts;
  const failed = counts.failed || (code === 0 && passed > 0 ? 0 : 1);
  const tail = skipped ? `, ${skipped} skipped` : "";
  return { line: `${passed} passed, ${failed} failed${tail}`, ok: failed === 0 };
}

const HELP = `deno task test [PATH…] [options of deno test]

Finds or installs an adapter, runs the tests and the documented examples, two files at a time, and
ends with a line \`N passed, N failed\`. With PATH: those tests alone, one file after the other.

  --filter TEXT   tests whose name holds it
  --no-install    never install a Vulkan driver; say how to, and exit 3
  --help          this text

Exit codes: 0 all passed, 1 not, 3 no adapter.`;

/** One run of `deno test`; gives its exit code and its JUnit file. */
async function denoTest(file: string, args: string[]): Promise<{ code: number; junit: string }> {
  await Deno.remove(file).catch(() => {}); // an old one must not speak for this run
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-sys",
      "--allow-ffi",
      "--allow-run",
      "--doc",
      `--junit-path=${file}`,
      ...args,
    ],
    env: { DENO_JOBS: JOBS },
  }).spawn().status;
  return { code, junit: await Deno.readTextFile(file).catch(() => "") };
}

/**
 * Runs the command.
 *
 * @param args passed on to `deno test`; without a path all tests run
 * @returns exit code: 0 all passed, 1 not, 3 no adapter
 */
export async function testCommand(args: string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(HELP);
    return 0;
  }
  const install = !args.includes("--no-install");
  await Deno.mkdir("out", { recursive: true });
  try {
    await ensureAdapter({ install });
  } catch (error) {
    if (!(error instanceof NoAdapterError)) throw error;
    console.error(`error: ${error.message}`);
    console.log("0 passed, 1 failed");
    return error.exitCode;
  }
  const own = args.filter((arg) => arg !== "--no-install");
  // named tests run one after the other; all of them two files at a time, but for those that look at the process
  const passes: [file: string, args: string[]][] = own.length > 0
    ? [[JUNIT, own]]
    : [[JUNIT, ["--parallel", `--ignore=${["out", ...ALONE].join(",")}`]], [JUNIT_ALONE, ALONE]];
  let code = 0, junit = "";
  for (const [file, pass] of passes) {
    const ended = await denoTest(file, pass);
    code ||= ended.code;
    junit += ended.junit;
  }
  for (const name of skippedTests(junit)) console.error(`SKIPPED: ${name}`);
  const { line, ok } = summarize(countTests(junit), code);
  console.log(line);
  return ok ? 0 : 1;
}

if (import.meta.main) Deno.exit(await testCommand(Deno.args));
