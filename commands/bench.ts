/**
 * `deno task bench [SUITE…]`: trains, judges, reports.
 *
 * @module
 */
import { openDevice } from "../kernels/gpu/device.ts";
import { referenceSpeed, secondsOf } from "../lab/estimate.ts";
import { planOf } from "../lab/assemble.ts";
import { settlePlans } from "../lab/bench.ts";
import { causeOf } from "../lab/record/failure.ts";
import type { Verdict } from "../lab/record/findings.ts";
import type { Environment } from "../lab/record/record.ts";
import type { ProfileName, Suite, SuiteInputs } from "../lab/suite.ts";
import { Canary } from "../lab/train/canary.ts";
import type { Hand } from "../lab/train/hand.ts";
import { lockFolder } from "../lab/train/lock.ts";
import type { Dataset } from "../model/task.ts";
import { selfTest } from "../model/check/selftest.ts";
import { writeFront } from "../reports/front/write.ts";
import { duration } from "../reports/words/format.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { SUITES } from "../suites/registry.ts";
import { UsageError } from "./arguments.ts";
import { type Baseline, checkApart, checkBaseline, readBaseline } from "./baseline.ts";
import { benchSuite } from "./bench_suite.ts";
import { HELP, listing, type Options, optionsOf } from "./bench_options.ts";
import {
  budgetLines,
  chooseWithin,
  costElsewhere,
  costHere,
  type Machine,
  Pace,
} from "./budget.ts";
import { type Data, dataFor, dataOf } from "./data.ts";
import { environmentOf } from "./environment.ts";
import { exitCodeOf, reportError } from "./exit_codes.ts";
import { ProgressLine } from "./progress.ts";
import { ensureAdapter } from "./setup.ts";
import { benchShard, checkShard } from "./shard.ts";
import { TimeLeft } from "./time_left.ts";
import { tuneFor } from "./tune.ts";
import { readableAgain, workersFor } from "./workers.ts";

/** Refuses an output path that cannot be used, before any work. */
function checkOut(out: string): void {
  try {
    if (!Deno.statSync(out).isDirectory) {
      throw new UsageError(`Cannot write to ${out}: it is not a directory`);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof Deno.errors.NotFound) return; // it will be made
    throw new UsageError(`Cannot write to ${out}: ${causeOf(error)}`);
  }
}

/** Refuses a folder with another suite's report in it, which this one would replace. */
function checkOwn(outDir: string, id: string): void {
  let found: unknown;
  try {
    found = JSON.parse(Deno.readTextFileSync(`${outDir}/record.json`))?.suite?.id;
  } catch {
    return; // none, or none that can be read
  }
  if (typeof found === "string" && found !== id) {
    throw new UsageError(
      `Cannot write to ${outDir}: it holds the report of ${found}; give another --out, e.g. ${outDir}/${
        id.replace(/\s/g, "-")
      }`,
    );
  }
}

/**
 * Where suites write: into the folder itself when there is one, into folders of their own when there
 * are several or the folder holds several already.
 */
function foldersOf(out: string, suites: Suite[]) {
  let several = suites.length > 1;
  try {
    several ||= Deno.statSync(`${out}/suites.json`).isFile;
  } catch {
    // none there
  }
  return { several, of: ({ id }: Suite) => several ? `${out}/${id}` : out };
}

/** What the command line says that concerns single suites. */
function inputsOf({ out, histogram }: Options): SuiteInputs {
  return { histogram, folders: [`${out}/activated-experts`, `${out}/../activated-experts`, out] };
}

/** What a suite trains on; null where it trains nothing. */
const dataOfSuite = ({ task }: Suite, data: Data): Dataset | null =>
  task === null ? null : data.get(task)!;

/** What `--dry-run` prints of a suite. */
function planText(suite: Suite, profile: ProfileName, data: Data): string {
  const { hash } = planOf(suite, profile, dataOfSuite(suite, data)?.hash ?? null);
  const lines = suite.plan(profile).lines.map((text) => `  ${text}\n`).join("");
  const cost = suite.task === null ? "" : `  cost: ${costElsewhere(suite, profile)}\n`;
  return `${suite.id}, profile ${profile}, plan ${hash}\n${lines}${cost}`;
}

/**
 * Refuses earlier records that are unlike this bench, and says what they do not tell.
 *
 * @throws {LabError} naming the record and what is unlike
 */
function settleBaseline(
  o: Options,
  baseline: Baseline,
  environment: Environment,
  data: Data,
  line: ProgressLine,
): void {
  const { suites, profile, out } = o, path = o.baseline!;
  const missing = checkBaseline(
    path,
    baseline,
    suites.map((suite) => {
      const own = dataOfSuite(suite, data), plan = planOf(suite, profile, own?.hash ?? null);
      return { suite, plan, environment, data: own, timed: suite.task === null };
    }),
  );
  if (missing.length) line.note(`note: ${path} has no record of ${missing.join(", ")}`);
  const kept = foldersOf(out, suites),
    of = (file: string) => (folder: string) => {
      try {
        return Deno.statSync(`${folder}/${file}`).size > 0;
      } catch {
        return false;
      }
    };
  if ([out].some(of("runs.jsonl")) || suites.map(kept.of).some(of("latency.jsonl"))) {
    line.note(
      `note: this bench goes on from what is finished in ${out}, which may be of another commit; ` +
        "a new --out measures all of it",
    );
  }
}

/** Says that a report of another plan will be replaced, which its plan makes again of the runs that stay. */
function noteReplaced(
  suite: Suite,
  profile: ProfileName,
  dataHash: string,
  out: string,
  line: ProgressLine,
): void {
  try {
    const { plan } = JSON.parse(Deno.readTextFileSync(`${out}/record.json`));
    if (plan.hash === planOf(suite, profile, dataHash).hash) return;
    line.note(`note: the report in ${out} is of another plan (${plan.hash}), and is replaced`);
  } catch {
    // none there, or none that can be read
  }
}

/** Plans a budget, says so, and returns what keeps it. */
async function paceOf(
  o: Options,
  budget_s: number,
  machine: Machine,
  data: Data,
  line: ProgressLine,
): Promise<Pace> {
  const of = (suite: Suite) => dataOfSuite(suite, data);
  const choice = await chooseWithin(budget_s, o.suites, o.profile, machine, of, o.out);
  for (const text of budgetLines(choice, budget_s)) line.note(text);
  if (choice.chosen.length === 0) {
    const least = Math.min(...choice.left.map((c) => c.seconds));
    throw new UsageError(
      `Cannot keep a budget of ${duration(budget_s)}: the shortest suite takes ${duration(least)}`,
    );
  }
  return new Pace(choice, budget_s);
}

/** Runs the suites one after the other; each has its own directory when there are several. */
async function benchAll(o: Options, { signal }: AbortController): Promise<number> {
  const began = performance.now(), { profile } = o, inputs = inputsOf(o);
  checkOut(o.out);
  await checkShard(o.out, o.shard);
  const baseline = o.baseline === null ? null : await readBaseline(o.baseline);
  if (baseline) checkApart(baseline, o.out);
  const folders = foldersOf(o.out, o.suites), { several } = folders;
  for (const suite of o.suites) checkOwn(folders.of(suite), suite.id);
  if (several) checkOwn(o.out, "several suites");
  o.notes.forEach((note) => console.error(`note: ${note}`));
  const { data, suites } = await dataFor(o.suites, profile, o);
  for (const suite of suites) await suite.prepare?.(profile, inputs);
  await ensureAdapter({ install: o.install });
  using _lock = lockFolder(o.out); // from the first suite to the last
  const opened = await openDevice(), line = new ProgressLine(), workers: Hand[] = [];
  try {
    const { device, warnings } = await tuneFor(opened, o.tune, line);
    if (o.selftest) {
      const { ok, lines } = await selfTest(device, { short: true });
      if (!ok) {
        const bad = lines.find((l) => !l.ok);
        line.note(`error: the self-test failed${bad ? `: ${JSON.stringify(bad)}` : ""}`);
        return 3;
      }
    }
    const canary = new Canary(device);
    workers.push(...workersFor(device, o.workers, o).map((worker) => canary.watch(worker)));
    if (!readableAgain(o.text)) {
      line.note(`note: ${o.text} can be read only once, so that this process trains alone`);
    }
    const environment = await environmentOf(device), verdicts: Verdict[] = [], worse: string[] = [];
    if (baseline) settleBaseline({ ...o, suites }, baseline, environment, data, line);
    const spent_s = () => (performance.now() - began) / 1000;
    const machine = async () => ({
      device,
      workers,
      signal,
      data: data.get("language") ?? await dataOf(o.text),
    });
    const pace = o.budget_s === null
      ? null
      : await paceOf({ ...o, suites }, o.budget_s, await machine(), data, line);
    const own = suites.find(({ id }) => id === OWN_SUITE);
    if (own && pace === null) {
      const trainedOn = dataOfSuite(own, data)!;
      const cost = await costHere(own, profile, await machine(), trainedOn, o.out);
      line.note(`${own.id}: ${cost}`);
      noteReplaced(own, profile, trainedOn.hash, o.out, line);
    }
    settlePlans(suites, profile, (suite) => dataOfSuite(suite, data)?.hash ?? null, o.out);
    if (o.shard) {
      const common = {
        device,
        environment,
        profile,
        inputs,
        storeDir: o.out,
        signal,
        workers,
        canary,
        warnings,
      };
      const dataOf = (suite: Suite) => dataOfSuite(suite, data);
      return await benchShard({ ...common, shard: o.shard, suites, dataOf }, line);
    }
    const all = suites.values();
    const promised = secondsOf(
      suites.map((suite) => suite.estimate(profile)),
      referenceSpeed(profile),
    );
    const left = new TimeLeft(pace ? [] : promised);
    const next = () => pace ? pace.next(spent_s()) : all.next().value ?? null;
    for (let suite = next(); suite; suite = next()) {
      const outDir = folders.of(suite);
      line.heading(`${suite.id}, profile ${profile}: ${suite.claim}`);
      const done = await benchSuite(suite, line, {
        device,
        environment,
        profile,
        data: dataOfSuite(suite, data),
        inputs,
        outDir,
        storeDir: o.out,
        signal,
        workers,
        canary,
        // what a budget leaves time for is not known yet
        later: pace ? [] : suites.slice(suites.indexOf(suite) + 1),
        warnings,
        earlier: baseline?.get(suite.id),
        left,
      });
      if (done.files.length) {
        line.note(`report: ${done.files.map((f) => `${outDir}/${f}`).join(", ")}`);
      }
      if (several && done.files.length) {
        await writeFront(o.out, {
          built: SUITES.map((s) => s.id),
          onProblem: (problem) => line.note(`warning: ${problem}`),
        });
      }
      verdicts.push(done.verdict);
      if (done.worse) worse.push(suite.id);
      if (done.failure !== null) throw done.failure;
      if (done.incomplete) {
        line.note("interrupted: what is finished is kept; the same command goes on from here");
        return 130;
      }
    }
    if (several) line.note(`all suites: ${o.out}/report.html, ${o.out}/summary.md`);
    if (pace) {
      const left = pace.left.join(", ") || "nothing";
      line.note(
        `budget ${duration(o.budget_s!)}: took ${duration(spent_s())}; left out: ${left}`,
      );
    }
    if (baseline) line.note(`worse than ${o.baseline}: ${worse.join(", ") || "nothing"}`);
    return baseline ? (worse.length ? 1 : 0) : exitCodeOf(verdicts, o.strict);
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    opened.close();
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
      console.log(listing(o));
      return 0;
    }
    if (o.dryRun && o.budget_s !== null) {
      throw new UsageError(
        "Cannot plan a budget without measuring: leave out --dry-run or --budget",
      );
    }
    if (o.dryRun) {
      const { data, suites } = await dataFor(o.suites, o.profile, o);
      for (const suite of suites) await suite.prepare?.(o.profile, inputsOf(o));
      o.notes.forEach((note) => console.error(`note: ${note}`));
      console.log(suites.map((suite) => planText(suite, o.profile, data)).join("\n"));
      return 0;
    }
    Deno.addSignalListener("SIGINT", stop);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
    return await benchAll(o, controller);
  } catch (error) {
    if (controller.signal.aborted && error === controller.signal.reason) {
      console.error("interrupted: what is finished is kept; the same command goes on from here");
      return 130;
    }
    return reportError(error);
  } finally {
    try {
      Deno.removeSignalListener("SIGINT", stop);
      if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", stop);
    } catch { /* they were never added */ }
  }
}
