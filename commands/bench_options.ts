/**
 * The command line of `deno task bench`: its help, its flags, its list of suites.
 *
 * @module
 */
import { referenceSpeed, secondsOf } from "../lab/estimate.ts";
import { type ProfileName, PROFILES, type Suite } from "../lab/suite.ts";
import type { Shard } from "../lab/record/shard.ts";
import { duration } from "../reports/words/format.ts";
import { wrap } from "../reports/words/lines.ts";
import { TASKS } from "../model/tasks/registry.ts";
import { suiteById, SUITES, suitesOfTask } from "../suites/registry.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { withRouter } from "../suites/with_router.ts";
import { readArguments, refuseEmpty, UsageError } from "./arguments.ts";
import { budgetOf } from "./budget.ts";
import type { Sources } from "./data.ts";
import { OWN_FLAGS, OWN_HELP, ownFlagsGiven, ownFrom } from "./own_plan.ts";
import { NO_TUNE_HELP } from "./tune.ts";
import { shardOf } from "./shard.ts";
import { workersOf } from "./workers.ts";

/** What `--help` prints. */
export const HELP = `deno task bench [SUITE…] [options]

Runs suites, judges their claims and writes a report. Without SUITE: all suites there are, and a
page over them. A suite is one claim, most of them the paper's; --list names them, with what they
test and how long they take. Most train a dense reference and MoE targets and ask whether the
tuned optimum survives; what several of them train is trained once.

  --profile NAME   smoke (seconds a suite; shows that all works, tells nothing), quick (default;
                   minutes a suite, two hours for all on 2 CPU cores), paper (a GPU)
  --task NAME      language or diffusion: only its suites, or those named as they are for it
                   (capacity --task diffusion is capacity-diffusion); default: both tasks
  --out DIR        where results go (default: out; DIR/SUITE each when there are several suites); a
                   bench that was stopped goes on there
  --text FILE      train on this file's bytes instead of the State of the Union addresses
  --data PATH      train suites on images on these instead of the MNIST digits (CC BY-SA 3.0): a
                   folder of square PNG files of one size, folders in it being classes, or an IDX
                   file (docs/using.md); give such a bench a folder of its own
  --histogram FILE record.json of activated-experts whose trained router's load \`latency\` imposes
                   (default: one found in or beside DIR, if any)
  --router KEYS    another router in every MoE, e.g. gate=softmax-all, router=hash, or
                   cf=1.25,bias=0.001 (docs/routers.md); give such a bench a folder of its own
  --budget TIME    e.g. 90s, 20m, 1h: measure how fast this machine trains, run the suites that fit,
                   and say which are left out
  --baseline PATH  hold the bench against an earlier record.json, or a folder of one or several
                   benches (five of one program give the band of this machine's times): exit 1 only
                   for what got worse, here and when run again (docs/ci.md)
  --workers N      processes that train side by side (default: on llvmpipe, the CPU's driver, one
                   per core and 1.5 GB of memory, each with a device of one thread; else 1, this
                   process; always 1 for a --text that can be read only once, e.g. a pipe)
  --shard I/N      shard I of N of the bench, e.g. 3/8: machines alike each run one, with the same
                   suites and a folder of their own; then \`deno task merge\` (docs/records.md)
  --strict         also fail (exit 1) on "inconclusive" and "cannot tell at this size"
  --list           suites with their claim and time, then stop
  --dry-run        print what would be run and how long it takes, then stop
  --no-install     never install a Vulkan driver; say how to, and exit 3
  --no-selftest    skip the check of the kernels before the bench
${NO_TUNE_HELP}
  --help           this text

${OWN_HELP}

Exit codes: 0 held, 1 a claim failed (with --baseline: something got worse), 2 bad usage or input,
3 no adapter or self-test failed, 70 a defect of mue-bench, 130 interrupted (what is finished is
kept; the same command goes on).

Examples
  deno task bench                                        the quick profile of every suite
  deno task bench --budget 20m                           what fits into 20 minutes here
  deno task bench activated-experts --profile smoke      a first look, under a minute
  deno task bench activated-experts --out out/h100 --profile paper
  deno task bench --task diffusion                       every claim that is tested on images
  deno task bench latency --out out/latency              MoE against dense on this machine
  deno task bench roofline                               this adapter's ceilings, its own --help
  deno task bench transfer --reference dense:d=16,L=2,H=16 --targets 16e4a:d=64,h=16 --out out/mine
`;

/** What the command line asks for. */
export interface Options extends Sources {
  suites: Suite[];
  /** what of the command line reaches only some of them */
  notes: string[];
  profile: ProfileName;
  /** folder of the whole bench; other suites' records may lie in it */
  out: string;
  /** record whose router's load is imposed, or null to look in and beside `out` */
  histogram: string | null;
  /** seconds, or null for no limit */
  budget_s: number | null;
  /** earlier records to be held against, or null */
  baseline: string | null;
  /** processes that train; null: as many as suit the adapter */
  workers: number | null;
  /** the share of several machines that is this one's; null: all of it */
  shard: Shard | null;
  strict: boolean;
  install: boolean;
  selftest: boolean;
  tune: boolean;
  list: boolean;
  dryRun: boolean;
}

/** The suite a user names. */
function suiteNamed(id: string): Suite {
  try {
    return suiteById(id);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; --list says what they test`);
  }
}

/**
 * The suites to run: those named, or all, of the task asked for.
 *
 * @throws {UsageError} for another task, or a suite that is not for it
 */
function forTask(named: Suite[], task: string | undefined): Suite[] {
  if (task === undefined) return named.length ? named : SUITES;
  if (!Object.hasOwn(TASKS, task)) {
    throw new UsageError(`Cannot run task ${task}: not one of ${Object.keys(TASKS).join(", ")}`);
  }
  if (!named.length) return SUITES.filter((suite) => suite.task === task);
  try {
    return [...new Set(suitesOfTask(named, task))];
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * Suites with the router a user names; of several, one that cannot have it is run as it is, and said so.
 *
 * @throws {UsageError} when none can have it
 */
function routedAll(
  suites: Suite[],
  keys: string | undefined,
  profile: ProfileName,
): Pick<Options, "suites" | "notes"> {
  const notes: string[] = [];
  if (keys === undefined) return { suites, notes };
  const routed = suites.map((suite) => {
    try {
      return withRouter(suite, keys, profile);
    } catch (error) {
      notes.push(`${suite.id} runs with its own router: ${(error as Error).message}`);
      return suite;
    }
  });
  if (notes.length === suites.length) {
    throw new UsageError(notes[0].slice(notes[0].indexOf(": ") + 2));
  }
  return { suites: routed, notes };
}

/**
 * Reads the command line.
 *
 * @throws {UsageError} for what cannot be run
 */
export function optionsOf(args: string[]): Options | "help" {
  const parsed = readArguments({
    args,
    allowPositionals: true,
    options: {
      profile: { type: "string" },
      task: { type: "string" },
      out: { type: "string", default: "out" },
      text: { type: "string" },
      data: { type: "string" },
      histogram: { type: "string" },
      budget: { type: "string" },
      baseline: { type: "string" },
      router: { type: "string" },
      workers: { type: "string" },
      shard: { type: "string" },
      strict: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      ...OWN_FLAGS,
      "no-install": { type: "boolean", default: false },
      "no-selftest": { type: "boolean", default: false },
      "no-tune": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { values, positionals } = parsed;
  if (values.help) return "help";
  refuseEmpty(values);
  const wanted = values.profile as ProfileName | undefined;
  if (wanted !== undefined && !PROFILES.includes(wanted)) {
    throw new UsageError(
      `Cannot run profile ${values.profile}: not one of ${PROFILES.join(", ")}`,
    );
  }
  if (values.shard !== undefined && values.baseline !== undefined) {
    throw new UsageError(
      "Cannot hold a shard against a baseline: it has no verdict; give --baseline to the merged bench",
    );
  }
  if (values.shard !== undefined && values.budget !== undefined) {
    throw new UsageError(
      "Cannot share out a budget: what fits is another on every machine; leave out --budget",
    );
  }
  const given = ownFlagsGiven(values), others = positionals.filter((id) => id !== OWN_SUITE);
  if (values.router !== undefined && !positionals.length && !given.length) {
    throw new UsageError(
      "Cannot use --router with every suite: name those to train, e.g. capacity hybrids",
    );
  }
  if (values.baseline !== undefined && values.strict) {
    throw new UsageError(
      "Cannot use --strict with --baseline: one asks what holds, the other what got worse",
    );
  }
  if (given.length > 0 && others.length > 0) {
    throw new UsageError(
      `Cannot use --${given[0]} with ${
        others[0]
      }: it is for models of your own, bench ${OWN_SUITE}${
        /^(dense|\d+e\d+a)/.test(others[0]) ? "; commas stand between targets" : ""
      }`,
    );
  }
  if (others.length > 0 && others.length < positionals.length) {
    throw new UsageError(`Cannot run ${OWN_SUITE} with ${others[0]}: give it a bench of its own`);
  }
  const isOwn = others.length === 0 && (given.length > 0 || positionals.length > 0);
  const own = isOwn ? ownFrom(values, wanted, values.task, values.router) : null;
  const profile = own?.profile ?? wanted ?? "quick";
  const named = own ? [own.suite] : forTask([...new Set(positionals)].map(suiteNamed), values.task);
  return {
    ...(own ? { suites: named, notes: [] } : routedAll(named, values.router, profile)),
    profile,
    out: values.out,
    text: values.text ?? null,
    data: values.data ?? null,
    histogram: values.histogram ?? null,
    budget_s: values.budget === undefined ? null : budgetOf(values.budget),
    baseline: values.baseline ?? null,
    workers: values.workers === undefined ? null : workersOf(values.workers),
    shard: values.shard === undefined ? null : shardOf(values.shard),
    strict: values.strict,
    install: !values["no-install"],
    selftest: !values["no-selftest"],
    tune: !values["no-tune"],
    list: values.list,
    dryRun: values["dry-run"],
  };
}

/** Width of what `--list` prints. */
const COLUMNS = 100;

/** What `--list` prints. */
export function listing(o: Options): string {
  const estimates = o.suites.map((s) => s.estimate(o.profile));
  const speed = referenceSpeed(o.profile);
  const alone = estimates.map((e) => secondsOf([e], speed)[0]);
  const all = secondsOf(estimates, speed).reduce((sum, s) => sum + s, 0);
  const gpu = o.profile === "paper";
  const said = (name: string, text: string) =>
    wrap(text, COLUMNS, `  ${name}:`.padEnd(11), " ".repeat(11)).join("\n");
  const texts = o.suites.map((s, i) =>
    [
      `${s.id}  (${s.figure}${gpu ? "" : `; about ${duration(alone[i])}`})`,
      said("claim", s.claim),
      said("passes", s.passesIf),
      said("control", s.control),
      "",
    ].join("\n")
  );
  if (gpu) {
    return `${texts.join("\n")}\nProfile paper is for a GPU; --budget measures what yours can do.`;
  }
  return `${
    texts.join("\n")
  }\nProfile ${o.profile}. Times of each suite run alone on 2 CPU cores with a software adapter;` +
    `\nall together, sharing what they train: about ${duration(all)}.`;
}
