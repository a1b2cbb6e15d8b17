/**
 * `deno task merge`: the shards of a bench as the bench of one machine.
 *
 * @module
 */
import { checkWhole, type Found, mergedRecord, oneBench, union } from "../lab/merge.ts";
import { LabError } from "../lab/record/failure.ts";
import { readRecord } from "../lab/record/read.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import { readShard } from "../lab/record/shard.ts";
import { PROFILES } from "../lab/suite.ts";
import { settlePlan } from "../lab/train/plan.ts";
import { lockFolder } from "../lab/train/lock.ts";
import { openStore, readStore, RUNS } from "../lab/train/store.ts";
import { planOf } from "../lab/assemble.ts";
import { writeFront } from "../reports/front/write.ts";
import { reportOf } from "../reports/sections/index.ts";
import { writeReport } from "../reports/write.ts";
import { contextOn, suiteRunAs, taskRunAs } from "../suites/of_record.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { SUITES } from "../suites/registry.ts";
import { UsageError } from "./arguments.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { printSummary } from "./terminal.ts";
import { command, HELP_FLAG } from "./command.ts";
import { DATA_FLAGS, DATA_HELP, DataOf, type Sources, sourcesOf } from "./data.ts";

const HELP = `deno task merge DIR… --out DIR [options]

Makes one bench of the folders that \`deno task bench --shard I/N\` left, judges it and writes its
reports: evidence, findings and verdicts are exactly those of one machine; only times are others
(and what is timed: latency is of the machine that ran it, and has a trained router's load only by
--histogram). No GPU is needed. Folders that do not belong together (other plans, data, kernels or
adapters, a shard missing, there twice or not finished) are refused with the reason, and so are
shards that trained the same run to other losses. The shards' folders stay as they are.

  --out DIR      where to write; an empty or new folder
${DATA_HELP}
  --strict       also fail (exit 1) on "inconclusive" and "cannot tell at this size"
  --help         this text

Exit codes: 0 held, 1 a claim failed, 2 bad usage, or folders that do not belong together.

Example
  deno task bench --shard 1/2 --out out/a     (on one machine)
  deno task bench --shard 2/2 --out out/b     (on another like it)
  deno task merge out/a out/b --out out/all`;

/** Refuses a folder that holds something. */
function checkEmpty(out: string): void {
  try {
    const some = [...Deno.readDirSync(out)].find(({ name }) => name !== ".lock");
    if (some) {
      throw new UsageError(`Cannot merge into ${out}: it holds ${some.name}; give an empty folder`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // it will be made
    if (error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`Cannot merge into ${out}: it is not a directory`);
    }
    throw error;
  }
}

/** Merges and judges. */
async function run(folders: string[], out: string, sources: Sources, strict: boolean) {
  const found: Found[] = [];
  for (const folder of folders) found.push({ folder, facts: await readShard(folder) });
  const shards = oneBench(found), [{ facts }] = shards;
  const profile = PROFILES.find((name) => name === facts.profile);
  if (profile === undefined) throw new LabError(`Cannot merge profile ${facts.profile}`);
  const known = new Set([...SUITES.map(({ id }) => id), OWN_SUITE]);
  const stray = facts.suites.find(({ id }) => !known.has(id));
  if (stray) throw new LabError(`Cannot merge ${stray.id}: this version has no such suite`);
  const runs = union(shards.map(({ folder }) => ({
    folder,
    runs: readStore(`${folder}/runs.jsonl`, RUNS).items,
  })));
  checkEmpty(out);
  const data = new DataOf(sources), records: BenchRecord[] = [];
  const onProblem = (problem: string) => console.error(`warning: ${problem}`);
  for (const { id, options, plan: hash, share, decided } of facts.suites) {
    const as = { id, options, profile, decided };
    if (share !== "runs") {
      const owner = shards.find((s) => s.facts.suites.find((x) => x.id === id)?.share === "whole");
      if (!owner) throw new LabError(`Cannot merge ${id}: no shard ran it`);
      const record = await readRecord(`${owner.folder}/${id}/record.json`);
      checkWhole(record, owner, id);
      records.push(record);
      continue;
    }
    const task = taskRunAs(as);
    if (task === null) throw new LabError(`Cannot merge ${id}: it trains nothing to be shared out`);
    const of = await data.of(task), { suite } = suiteRunAs(as, of);
    const plan = planOf(suite, profile, of.hash);
    if (plan.hash !== hash) {
      throw new LabError(
        `Cannot merge ${id}: its plan or data is another here; use the version of mue-bench that ` +
          "made the shards, and the same --text or --data",
      );
    }
    const context = contextOn(facts.environment, of);
    records.push(await mergedRecord(suite, profile, of, context, shards, runs));
  }
  // nothing is written before everything is known to belong together
  using _lock = lockFolder(out);
  {
    using store = openStore(out);
    for (const run of runs.values()) store.append(run);
  }
  const several = records.length > 1;
  for (const record of records) {
    settlePlan(out, record.suite.id, record.plan, false);
    await writeReport(record, several ? `${out}/${record.suite.id}` : out, { onProblem });
    printSummary(reportOf(record));
  }
  if (several) await writeFront(out, { built: SUITES.map((s) => s.id), onProblem });
  console.error(`merged ${runs.size} runs of ${shards.length} shards: ${out}/report.html`);
  return exitCodeOf(records.map(({ verdict }) => verdict), strict);
}

/** The command; gives its exit code. */
export function mergeCommand(args: string[]): Promise<number> {
  const options = {
    out: { type: "string" },
    ...DATA_FLAGS,
    strict: { type: "boolean", default: false },
    ...HELP_FLAG,
  } as const;
  return command(HELP, { args, options, allowPositionals: true }, ({ values, positionals }) => {
    const { out, strict } = values;
    if (positionals.length === 0) {
      throw new UsageError("Cannot merge nothing: name the shards' folders");
    }
    if (out === undefined) throw new UsageError("Cannot merge: say where to write by --out DIR");
    return run(positionals, out, sourcesOf(values), strict);
  });
}
