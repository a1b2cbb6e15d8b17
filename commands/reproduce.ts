/**
 * `deno task reproduce`: some runs of a record trained again on this machine.
 *
 * @module
 */
import { type Device, openDevice } from "../kernels/gpu/device.ts";
import { LabError } from "../lab/record/failure.ts";
import { readRecord } from "../lab/record/read.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import type { Run } from "../lab/record/run.ts";
import { jobsOfRecord } from "../lab/check.ts";
import { compareRuns, type Reproduced, sameMachine, sampleOf } from "../lab/reproduce.ts";
import { trainGroup } from "../lab/train/group.ts";
import type { Job } from "../lab/train/job.ts";
import type { Dataset } from "../model/task.ts";
import { duration, fixed, significant } from "../reports/words/format.ts";
import { contextOfRecord, suiteOfRecord } from "../suites/of_record.ts";
import { UsageError } from "./arguments.ts";
import { command, HELP_FLAG } from "./command.ts";
import { DATA_FLAGS, DATA_HELP, datasetOf, type Sources, sourcesOf } from "./data.ts";
import { environmentOf } from "./environment.ts";
import { ProgressLine } from "./progress.ts";
import { withAdapter } from "./setup.ts";

const HELP = `deno task reproduce RECORD [options]

Trains some runs of a record again on this machine and compares. Where adapter, driver, Deno and
kernels are the record's, losses must be equal to the last bit; elsewhere the difference is given
and judged: the first ten training losses within 0.1% of themselves, the last held-out loss within
2% or four standard deviations of the record's own seeds, whichever is more (docs/records.md says
why). Runs are taken of every role in turn, at random: by --seed, which is printed.

RECORD is a record.json (or .json.gz), or the folder it lies in.

  --cells N      how many runs (default 3; \`all\`: every one)
  --seed TEXT    which runs: the same text takes the same ones (default: another one each time)
${DATA_HELP}
  --no-install   install no driver when there is no adapter
  --json         the result as JSON
  --help         this text

Exit codes: 0 reproduced, 1 a run differs, 2 bad usage or a record that cannot be read, 3 no
adapter.

Examples
  deno task reproduce fixtures/records/activated-experts.json.gz
  deno task reproduce out/activated-experts --cells 12`;

/** Reads `--cells`. */
function cellsOf(text: string): number {
  if (text === "all") return Infinity;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot train ${text} runs again: want a whole number from 1, or all`);
}

/** What is to be trained again. */
interface Sample {
  record: BenchRecord;
  data: Dataset;
  jobs: ReadonlyMap<string, Job>;
  runs: readonly Run[];
  chosen: Run[];
}

/**
 * The runs of a record to train again.
 *
 * @throws {LabError} for a record without runs that this version plans
 */
async function sampled(
  path: string,
  count: number,
  seed: string,
  sources: Sources,
): Promise<Sample> {
  let file = path;
  try {
    if (Deno.statSync(path).isDirectory) file = `${path}/record.json`;
  } catch { /* reading it says why */ }
  const record = await readRecord(file), { evidence, task, suite: { id } } = record;
  if (evidence.kind === "table") {
    throw new LabError(
      `Cannot reproduce ${evidence.source.file}: its runs were made elsewhere; deno task check checks ` +
        "what follows from them",
    );
  }
  if (evidence.kind === "latency" || task === null) {
    throw new LabError(`Cannot reproduce ${id}: it times layers; see deno task bench --baseline`);
  }
  const { runs } = evidence, data = await datasetOf(task.id, sources);
  const { suite, profile } = suiteOfRecord(record, data), context = contextOfRecord(record, data);
  const jobs = jobsOfRecord(suite, profile, runs, context);
  const chosen = sampleOf(jobs, seed, runs, count);
  const all = new Set(runs.map(({ key }) => key)).size;
  if (chosen.length > 0 && jobs.size < all) {
    throw new LabError(
      `Cannot reproduce ${path}: ${
        all - jobs.size
      } of its ${all} runs are not of its plan; see deno task check`,
    );
  }
  if (chosen.length > 0) return { record, data, jobs, runs, chosen };
  throw new LabError(
    runs.length === 0
      ? `Cannot reproduce ${id}: it keeps no trained runs`
      : `Cannot reproduce ${path}: this version plans none of its runs (suite version ` +
        `${record.plan.version}, here ${suite.version}); use the version that made it`,
  );
}

/** The device as the record's was opened, where the adapter is the record's. */
async function deviceFor({ environment: { tuning, adapter } }: BenchRecord, opened: Device) {
  return tuning === "none" || opened.adapter.description !== adapter
    ? opened
    : await openDevice({ tuning });
}

/** One run in one line. */
function lineOf({ run: { cell }, verdict, early, last, why }: Reproduced, unit: string): string {
  const name = `${cell.label} ${cell.rule} log2 ${cell.swept} ${cell.log2x} seed ${cell.seed}`;
  const numbers = verdict === "equal" ? "to the last bit" : [
    early === null ? "" : `first losses within ${significant(100 * early)}%`,
    last === null
      ? ""
      : `last loss ${fixed(last.difference, 4, true)} ${unit} (limit ±${significant(last.limit)})`,
  ].filter((text) => text !== "").join(", ");
  return `  ${verdict.padEnd(8)}${name}: ${why === null ? "" : `${why}; `}${numbers}`;
}

/** Trains and compares. */
async function run(
  path: string,
  count: number,
  seed: string,
  sources: Sources,
  json: boolean,
  install: boolean,
) {
  const sample = await sampled(path, count, seed, sources),
    { record, data, jobs, runs, chosen } = sample;
  return await withAdapter(install, async (opened) => {
    const device = await deviceFor(record, opened), line = new ProgressLine();
    const uploaded = data.upload(device), { signal } = new AbortController();
    try {
      const here = await environmentOf(device), other = sameMachine(record.environment, here);
      const said = `${record.suite.id}, profile ${record.plan.profile}: ${chosen.length} of ` +
        `${jobs.size} runs (--seed ${seed}); ${
          other === null ? "an equal machine" : `another machine (${other})`
        }`;
      if (!json) console.log(said);
      const found: Reproduced[] = [], started = performance.now();
      for (const [i, one] of chosen.entries()) {
        const job = jobs.get(one.key)!;
        const [again] = await trainGroup(device, uploaded, [job], (step) => {
          const share = (i + step / job.steps) / chosen.length;
          const spent = (performance.now() - started) / 1000;
          // the first seconds compile
          const left = spent > 5 && step >= 10 ? `, ${duration(spent * (1 / share - 1))} left` : "";
          line.show(`${i + 1}/${chosen.length}${left} | step ${step}/${job.steps}`);
        }, signal);
        found.push(compareRuns(one, again, runs, other === null));
        line.end();
        if (!json) console.log(lineOf(found.at(-1)!, record.task!.loss.unit));
      }
      const differ = found.filter(({ verdict }) => verdict === "differs").length;
      const equal = found.filter(({ verdict }) => verdict === "equal").length;
      if (json) {
        const results = found.map(({ run, again, ...rest }) => ({
          ...rest,
          cell: run.cell,
          key: run.key,
          recorded: run.validationLoss,
          here: again.validationLoss,
        }));
        const reproduced = differ === 0;
        console.log(
          JSON.stringify({ reproduced, seed, other, environment: here, results }, null, 2),
        );
      } else {
        console.log(
          differ
            ? `not reproduced: ${differ} of ${found.length} differ`
            : `reproduced: ${equal} of ${found.length} equal to the last bit` +
              (equal < found.length ? ", the others within the limits" : ""),
        );
      }
      return differ ? 1 : 0;
    } finally {
      uploaded.destroy();
      if (device !== opened) device.close();
    }
  });
}

/** The command; gives its exit code. */
export function reproduceCommand(args: string[]): Promise<number> {
  const options = {
    cells: { type: "string", default: "3" },
    seed: { type: "string" },
    ...DATA_FLAGS,
    "no-install": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    ...HELP_FLAG,
  } as const;
  return command(HELP, { args, options, allowPositionals: true }, ({ values, positionals }) => {
    if (positionals.length !== 1) throw new UsageError("Cannot reproduce: name one record");
    const { cells, json } = values;
    const seed = values.seed ?? crypto.randomUUID().slice(0, 8);
    return run(
      positionals[0],
      cellsOf(cells),
      seed,
      sourcesOf(values),
      json,
      !values["no-install"],
    );
  });
}
