/**
 * `deno task bench [SUITE…]`: trains, judges, reports.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { loadSotu, loadText, type TextData } from "../fixtures/sotu.ts";
import { type Device, DeviceError, NoAdapterError, openDevice } from "../kernels/gpu/device.ts";
import { type BenchProgress, runBench } from "../lab/bench.ts";
import { planOf } from "../lab/lines.ts";
import type { BenchRecord, Environment, Verdict } from "../lab/record.ts";
import { LabError } from "../lab/store.ts";
import { type ProfileName, PROFILES, type Suite } from "../lab/suite.ts";
import { selfTest } from "../model/selftest.ts";
import { terminalSummary } from "../reports/terminal.ts";
import { writeReport } from "../reports/write.ts";
import { suiteById, SUITES } from "../suites/registry.ts";
import denoConfig from "../deno.json" with { type: "json" };
import { duration, ProgressLine } from "./progress.ts";
import { ensureAdapter } from "./setup.ts";

const HELP = `deno task bench [SUITE…] [options]

Trains a dense reference and its MoE targets, judges whether the tuned optimum survived the
transfer, and writes a report. Without SUITE: all suites there are.

  --profile NAME   smoke (under 1 min), quick (default; minutes on 2 CPU cores), paper (a GPU)
  --out DIR        where results go (default: out); a bench that was stopped goes on there
  --text FILE      train on this file's bytes instead of the State of the Union addresses
  --strict         also fail (exit 1) on "inconclusive" and "cannot tell at this size"
  --list           suites with their claim and cost, then stop
  --plan           print what would be trained, then stop
  --no-install     never install a Vulkan driver; say how to, and exit 3
  --no-selftest    skip the check of the kernels before the bench
  --help           this text

Exit codes: 0 held, 1 a claim failed, 2 bad usage or input, 3 no adapter or self-test failed,
70 a defect of mue-bench, 130 interrupted (what is finished is kept; the same command goes on).

Examples
  deno task bench                                        the quick profile of every suite
  deno task bench activated-experts --profile smoke      a first look, under a minute
  deno task bench activated-experts --out out/h100 --profile paper
  deno task bench roofline                               this adapter's ceilings, its own --help
`;

/** A user's mistake: one line and exit code 2. */
class UsageError extends Error {}

interface Options {
  suites: Suite[];
  profile: ProfileName;
  out: string;
  text: string | null;
  strict: boolean;
  install: boolean;
  selftest: boolean;
  list: boolean;
  plan: boolean;
}

/** Reads the command line. */
function optionsOf(args: string[]): Options | "help" {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        profile: { type: "string", default: "quick" },
        out: { type: "string", default: "out" },
        text: { type: "string" },
        strict: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        plan: { type: "boolean", default: false },
        "no-install": { type: "boolean", default: false },
        "no-selftest": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(". ")[0]}; see --help`);
  }
  const { values, positionals } = parsed;
  if (values.help) return "help";
  const profile = values.profile as ProfileName;
  if (!PROFILES.includes(profile)) {
    throw new UsageError(
      `Cannot run profile ${values.profile}: not one of ${PROFILES.join(", ")}`,
    );
  }
  return {
    suites: positionals.length ? [...new Set(positionals)].map(suiteById) : SUITES,
    profile,
    out: values.out,
    text: values.text ?? null,
    strict: values.strict,
    install: !values["no-install"],
    selftest: !values["no-selftest"],
    list: values.list,
    plan: values.plan,
  };
}

/** What `--list` prints. */
function listing(): string {
  return SUITES.map((s) =>
    `${s.id}  (${s.figure}; ${s.cost})\n  claim:   ${s.claim}\n  passes:  ${s.passesIf}\n  control: ${s.control}\n`
  ).join("\n");
}

/** What `--plan` prints. */
function planText(suite: Suite, profile: ProfileName, dataHash: string): string {
  const plan = planOf(suite, profile, dataHash);
  const grids = Object.entries(plan.grids).map(([line, grid]) =>
    `  ${line.padEnd(40)} log2 lr ${grid.join(" ")}`
  );
  return `${suite.id}, profile ${profile}, plan ${plan.hash}: ${plan.steps} steps of ${plan.batchTokens} tokens, seeds ${
    plan.seeds.join(" ")
  }\n${grids.join("\n")}\n`;
}

/** What git says in the checkout, or null outside one. */
async function git(...args: string[]): Promise<string | null> {
  try {
    const { code, stdout } = await new Deno.Command("git", {
      args,
      cwd: import.meta.dirname,
      stderr: "null",
    }).output();
    return code === 0 ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

/** The commit of the checkout, with `-dirty` when files differ from it; null outside one. */
async function gitCommit(): Promise<string | null> {
  const commit = await git("rev-parse", "HEAD");
  return commit && (await git("status", "--porcelain") ? `${commit}-dirty` : commit);
}

/** The machine, for the record. */
async function environmentOf(device: Device): Promise<Environment> {
  return {
    adapter: device.adapter.description,
    vendor: device.adapter.vendor,
    architecture: device.adapter.architecture,
    software: device.adapter.software,
    backend: device.adapter.backend,
    profile: `${device.profile.kernels} kernels, ${device.profile.storage} storage`,
    features: device.adapter.features,
    deno: Deno.version.deno,
    os: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
    cpus: navigator.hardwareConcurrency,
    gitCommit: await gitCommit(),
    version: denoConfig.version,
  };
}

/** One line of progress. */
function progressText(p: BenchProgress): string {
  const left = p.left_s === null ? "" : `, ${duration(p.left_s)} left`;
  const runs = `${p.replicas} run${p.replicas === 1 ? "" : "s"} side by side`;
  return `${p.runsDone}/${p.runsPlanned} runs${left} | ${p.label}: step ${p.step}/${p.steps}, ${runs}`;
}

/** Refuses an output path that cannot be used, before any work. */
function checkOut(out: string): void {
  try {
    if (!Deno.statSync(out).isDirectory) {
      throw new UsageError(`Cannot write to ${out}: it is not a directory`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof Deno.errors.NotFound) return; // it will be made
    throw new UsageError(`Cannot write to ${out}: ${(error as Error).message.split(":")[0]}`);
  }
}

/** The text to train on. */
async function dataOf(text: string | null): Promise<TextData> {
  if (text === null) {
    try {
      return await loadSotu();
    } catch (error) {
      throw new UsageError(
        `Cannot read the training text: ${(error as Error).message}; run \`deno ci\` first`,
      );
    }
  }
  try {
    return await loadText(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new UsageError(`Cannot read ${text}: ${(error as Error).message.split(":")[0]}`);
  }
}

/**
 * Exit code of finished suites: 1 when a claim failed, or (strict) when one was not shown to hold.
 *
 * @param verdicts one per suite
 */
export function exitCodeOf(verdicts: Verdict[], strict: boolean): 0 | 1 {
  if (verdicts.includes("fail")) return 1;
  return strict && verdicts.some((v) => v !== "pass") ? 1 : 0;
}

/** Exit code of an error that is nobody's mistake but ours. */
const INTERNAL = 70;

/** Exit code of what ended a bench: 2 the user's input or disk, 3 the adapter, 70 a defect here. */
function exitCodeFor(error: unknown): number {
  if (error instanceof NoAdapterError || error instanceof DeviceError) return 3;
  // a lost device rejects maps with an OperationError or AbortError
  if (error instanceof DOMException) return 3;
  const mine = error instanceof UsageError || error instanceof RangeError ||
    error instanceof LabError;
  return mine ? 2 : INTERNAL;
}

/** Runs the suites one after the other; each has its own directory when there are several. */
async function benchAll(o: Options, controller: AbortController): Promise<number> {
  checkOut(o.out);
  const data = await dataOf(o.text);
  await ensureAdapter({ install: o.install });
  const device = await openDevice(), line = new ProgressLine();
  try {
    if (o.selftest) {
      const { ok, lines } = await selfTest(device, { short: true });
      if (!ok) {
        const bad = lines.find((l) => !l.ok);
        line.note(`error: the self-test failed${bad ? `: ${JSON.stringify(bad)}` : ""}`);
        return 3;
      }
    }
    const environment = await environmentOf(device), records: BenchRecord[] = [];
    for (const suite of o.suites) {
      const outDir = o.suites.length > 1 ? `${o.out}/${suite.id}` : o.out;
      line.note(`${suite.id}, profile ${o.profile}: ${suite.claim}`);
      let before = -1;
      const { record, failure } = await runBench(device, environment, data, {
        suite,
        profile: o.profile,
        outDir,
        signal: controller.signal,
        onProgress(p) {
          line.show(progressText(p), p.runsDone !== before);
          before = p.runsDone;
        },
      });
      line.end();
      await writeReport(record, outDir, {
        onProblem: (text: string) => line.note(`warning: ${text}`),
      });
      const columns = Deno.stdout.isTerminal() ? Math.min(120, Deno.consoleSize().columns) : 100;
      console.log(
        terminalSummary(record, columns, Deno.stdout.isTerminal() && !Deno.noColor),
      );
      line.note(`report: ${outDir}/report.html, ${outDir}/summary.md, ${outDir}/runs.csv`);
      records.push(record);
      if (failure !== null) throw failure;
      if (record.incomplete) {
        line.note("interrupted: what is finished is kept; the same command goes on from here");
        return 130;
      }
    }
    return exitCodeOf(records.map((r) => r.verdict), o.strict);
  } finally {
    device.close();
  }
}

/**
 * The command.
 *
 * @returns the process exit code
 */
export async function benchCommand(args: string[]): Promise<number> {
  if (args[0] === "roofline") {
    return await (await import("./roofline.ts")).rooflineCommand(args.slice(1));
  }
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort(new Error("interrupted"));
    console.error("\nstopping after the running submit; once more to stop at once");
  };
  try {
    const o = optionsOf(args);
    if (o === "help") {
      console.log(HELP);
      return 0;
    }
    if (o.list) {
      console.log(listing());
      return 0;
    }
    if (o.plan) {
      const { hash } = await dataOf(o.text);
      console.log(o.suites.map((s) => planText(s, o.profile, hash)).join("\n"));
      return 0;
    }
    Deno.addSignalListener("SIGINT", stop);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
    return await benchAll(o, controller);
  } catch (error) {
    const code = exitCodeFor(error);
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    if (code === INTERNAL && error instanceof Error) console.error(error.stack);
    return code;
  } finally {
    try {
      Deno.removeSignalListener("SIGINT", stop);
      if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", stop);
    } catch { /* they were never added */ }
  }
}
