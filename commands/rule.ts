/**
 * `deno task rule`: the table a PyTorch user needs to carry hyperparameters from a tuned reference
 * to a target. No GPU, and no zod, so that it starts at once.
 */

import { besideOf } from "../rule/beside.ts";
import { ratios } from "../rule/configuration.ts";
import { visible, wrap } from "../reports/words/lines.ts";
import { MODEL_TYPES } from "../rule/huggingface.ts";
import { ruleById, RULES } from "../rule/registry.ts";
import { type HyperParameters, type RuleOptions, type RuleTask, TASK_KINDS } from "../rule/rule.ts";
import { batchDurationFactor } from "../rule/table.ts";
import { readArguments, unreadable, UsageError } from "./arguments.ts";
import { compareText } from "./rule_compare.ts";
import { explainText } from "./rule_explain.ts";
import { joined, type Pair, pairsOf, readSide } from "./rule_models.ts";
import { torchText } from "./rule_torch.ts";
import { type Answer, csvText, jsonText, tableText } from "./rule_table.ts";

const EXAMPLE = "--from dense:d=128,L=4,H=128 --to 64e8a:d=1024,L=24,h=128 --lr 0.01";

const ID_WIDTH = Math.max(...RULES.map((r) => r.id.length));

const TASKS = Object.keys(TASK_KINDS) as RuleTask[];

const HELP = `rule: carry tuned hyperparameters from a reference to a target

  deno task rule --from CONFIGURATION --to CONFIGURATION --lr NUMBER [options]

A configuration is a name, then sizes:
  dense:d=128,L=4,H=128             dense FFN: width d, L blocks, hidden width H
  64e8a:d=1024,L=24,h=128           64 experts of width h, 8 active per token
  128e8a4g1s:d=1024,h=1024          the same in 4 routing groups, with 1 shared expert
  shared=, groups=                  instead of s and g in the name
  B=, D=                            tokens per step, total tokens, in --from (and --to where they
                                    differ): turn on the batch and duration rule
  dh=, heads=, kv=                  head width (16 if that divides d, else d), query heads (d / dh),
                                    heads of keys and values (as many): heads * dh need not be d
  hs=, vocab=, tied                 width of a shared expert (h), vocabulary, tied embeddings
  gate=, router=, limit=, cf=, bias= another router (docs/routers.md): R follows it, with a warning
                                    where it holds under an assumption only
Numbers may end in K, M, B or T (10^3 to 10^12): B=4M,D=1T.
A configuration may also be a Hugging Face config.json, with B and D after a colon
(config.json:B=4M,D=1T): a table per kind of layer, after what no rule covers. Known are
${wrap(MODEL_TYPES.join(", "), 90, "  ").join("\n")}
--task ID               what the models are for: ${TASKS.join(", ")} (${TASKS[0]})
--from needs d, L and H (or h). --to takes d, L, B and D from --from where it leaves
them out, and h (or H) from its H.

Tuned at the reference (AdamW):
  --lr X                  eta, peak learning rate (required)
  --wd X                  lambda, weight decay applied as lr*wd (0.1)
  --eps X                 Adam's epsilon (1e-8)
  --beta1 X, --beta2 X    moment decays (0.9, 0.95)
  --init-std X            sigma, init of the 2-D matrices of the blocks (0.01)
  --embed-init-std X      init of the embedding (= --init-std)
  --unembed-init-std X    init of the final projection, may be 0 (= --init-std)
  --patch-init-std X, --time-init-std X, --mod-init-std X
                          diffusion: init of the patch embedding and of the first layer of the
                          time's MLP (= --init-std), of adaLN's modulations (0); the class table
                          takes --embed-init-std

The rule:
  --rule ID               one of these (${RULES[0].id}), or all: as --compare
${RULES.map((r) => `    ${r.id.padEnd(ID_WIDTH)}  ${r.title}`).join("\n")}
  --list                  the same with where each is from
  --unembedding X         authors: init / sqrt(rho_d), logits (diffusion: velocity) / rho_d;
                          completed-p (arXiv 2512.22382): init / rho_d, logits * 1 (authors)
  --decoupled-decay       weight decay * rho_d on hidden matrices, keeps lr*wd
  --decay X               coupled: wd is applied as lr*wd (AdamW); independent: wd alone, which
                          then takes lr's factors too (coupled)
  --depth-alpha X         residual / rho_L^X, hidden lr * rho_L^(X-1) (1)
  --duration-exponent X   p in q = sqrt(rho_B) / rho_D^p (0.5)

Output: a table, or --json (all of it) or --csv (tensor,quantity,value,formula,source); or
  --format torch          a Python file to import: param groups for torch.optim.AdamW and init by
                          names of parameters (--format table, json, csv: the others)
  --compare               factors of all rules side by side, target over reference; needs no --lr
  --explain [NAME]        why: the formula, the numbers put in, a reason for each power, the source;
                          of all, or of one tensor, multiplier or beta (e.g. wdown); text or --json

  deno task rule ${EXAMPLE}
  deno task rule --from dense:d=256,L=4,H=512,B=256K,D=10B --to config.json:B=4M,D=1T --lr 0.01
  deno task rule --from config.json --to 64e8a:d=2048,h=512 --lr 3e-4 --json
  deno task rule --from dense:d=128,L=4,H=128 --to 64e8a:d=1024 --lr 0.01 --format torch > hp.py
  deno task rule --compare --from dense:d=128,L=4,H=128 --to 64e8a:d=1024
  deno task rule --explain wdown --from dense:d=128,L=4,H=128 --to 64e8a:d=1024 --lr 0.01
  deno task rule --from dense:d=128,L=32,H=128,B=65536,D=1638400000 \\
    --to 128e8a1s:d=1024,h=1024,D=6553600000 --lr 1e-3 --wd 0.1 --init-std 0.01`;

const OPTIONS = {
  from: { type: "string" },
  to: { type: "string" },
  lr: { type: "string" },
  wd: { type: "string", default: "0.1" },
  eps: { type: "string", default: "1e-8" },
  beta1: { type: "string", default: "0.9" },
  beta2: { type: "string", default: "0.95" },
  "init-std": { type: "string", default: "0.01" },
  "embed-init-std": { type: "string" },
  "unembed-init-std": { type: "string" },
  "patch-init-std": { type: "string" },
  "time-init-std": { type: "string" },
  "mod-init-std": { type: "string" },
  task: { type: "string", default: TASKS[0] },
  rule: { type: "string", default: RULES[0].id },
  unembedding: { type: "string", default: "authors" },
  "decoupled-decay": { type: "boolean", default: false },
  decay: { type: "string", default: "coupled" },
  "depth-alpha": { type: "string", default: "1" },
  "duration-exponent": { type: "string", default: "0.5" },
  compare: { type: "boolean", default: false },
  explain: { type: "boolean", default: false },
  format: { type: "string" },
  json: { type: "boolean", default: false },
  csv: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** The command; gives its exit code: 0, or 2 when the arguments cannot be used. */
export function ruleCommand(args: string[]): Promise<number> {
  try {
    console.log(output(args));
    return Promise.resolve(0);
  } catch (error) {
    // what a rule cannot be asked is a RangeError or TypeError of rule/
    const usage = [UsageError, RangeError, TypeError].some((kind) => error instanceof kind);
    if (!usage) throw error;
    console.error(`error: ${visible((error as Error).message)}`);
    return Promise.resolve(2);
  }
}

function output(args: string[]): string {
  const { values, positionals } = read(args);
  if (values.help) return HELP;
  if (values.list) {
    return RULES.map((r) => `${r.id.padEnd(ID_WIDTH)}  ${r.title}; ${r.source}`).join("\n");
  }
  const compare = values.compare || values.rule === "all";
  if (values.compare && args.some((arg) => /^--rule\b/.test(arg)) && values.rule !== "all") {
    throw new UsageError("Cannot use --rule with --compare: it shows every rule");
  }
  if (compare && values.explain) {
    throw new UsageError("Cannot explain all rules at once: choose one with --rule ID");
  }
  for (const flag of ["from", "to", "lr"] as const) {
    if (values[flag] === undefined && !(compare && flag === "lr")) {
      const what = values.explain ? "explain a row" : "print a table";
      throw new UsageError(`Cannot ${what} without --${flag}: try ${EXAMPLE}, or --help`);
    }
  }
  const format = formatOf(values);
  if (values.explain && format === "csv") {
    throw new UsageError("Cannot print --explain as --csv: it is text or --json");
  }
  if ((values.explain || compare) && format === "torch") {
    throw new UsageError(
      "Cannot print --explain or --compare as --format torch: it is one transfer",
    );
  }
  const { unembedding } = values;
  if (unembedding !== "authors" && unembedding !== "completed-p") {
    throw new UsageError(`Cannot use --unembedding ${unembedding}: not authors or completed-p`);
  }
  const { decay } = values;
  if (decay !== "coupled" && decay !== "independent") {
    throw new UsageError(`Cannot use --decay ${decay}: not coupled or independent`);
  }
  const task = TASKS.find((id) => id === values.task);
  if (task === undefined) {
    throw new UsageError(`Cannot use --task ${values.task}: the tasks are ${TASKS.join(", ")}`);
  }
  if (format === "torch" && task !== "language") {
    throw new UsageError(
      `Cannot print --format torch for --task ${task}: it names a language model's parameters`,
    );
  }
  if (format === "torch" && decay === "independent") {
    throw new UsageError(
      "Cannot print --format torch with --decay independent: torch.optim.AdamW applies lr * wd",
    );
  }
  for (const flag of ["patch-init-std", "time-init-std", "mod-init-std"] as const) {
    if (values[flag] !== undefined && task !== "diffusion") {
      throw new UsageError(`Cannot use --${flag} without --task diffusion`);
    }
  }
  const options: Required<RuleOptions> = {
    task,
    unembedding,
    decoupledDecay: values["decoupled-decay"],
    decay,
    depthAlpha: atLeast0("depth-alpha", values["depth-alpha"]),
    durationExponent: atLeast0("duration-exponent", values["duration-exponent"]),
  };
  const from = readSide(values.from!), to = readSide(values.to!, from);
  const pairs = pairsOf(from, to);
  for (const pair of pairs) refuseNewSizes(pair);
  if (compare) {
    const initStd = atLeast0("init-std", values["init-std"]);
    const plain = format as "table" | "json" | "csv"; // torch is refused above
    const texts = pairs.map((p) => compareText(RULES, p.from, p.to, options, initStd, plain));
    return joined([from, to], pairs, texts, plain);
  }
  const rule = ruleById(values.rule), hps = reference(values);
  const answers = pairs.map(({ from, to }): Answer => {
    const given = rule.transfer(from, to, hps, options);
    const all = besideOf({ rule, from, to, hps, options, transfer: given });
    const warnings = [...given.warnings, ...all.filter((b) => b.warning).map((b) => b.text)];
    return {
      ...{ rule, from, to, hps, options, rho: ratios(from, to) },
      q: batchDurationFactor(from, to, options.durationExponent),
      transfer: { ...given, warnings },
      beside: all.filter((b) => !b.warning),
    };
  });
  if (format === "torch") {
    return torchText(answers, to.kinds.map(({ layers }) => layers), [from, to]);
  }
  const texts = answers.map((answer) =>
    values.explain
      ? explainText(answer, positionals[0], format === "json")
      : { json: jsonText, csv: csvText, table: tableText }[format](answer)
  );
  return joined([from, to], pairs, texts, format);
}

const FORMATS = ["table", "json", "csv", "torch"] as const;

/** What is printed: `--format`, or `--json` and `--csv` for short. */
function formatOf(
  { format, json, csv }: { format?: string; json: boolean; csv: boolean },
): typeof FORMATS[number] {
  if (json && csv) throw new UsageError("Cannot print --json and --csv: choose one");
  if (format === undefined) return json ? "json" : csv ? "csv" : "table";
  const known = FORMATS.find((name) => name === format);
  if (known === undefined) {
    throw new UsageError(`Cannot use --format ${format}: formats are ${FORMATS.join(", ")}`);
  }
  if (json || csv) {
    throw new UsageError(
      `Cannot print --format ${format} and --${json ? "json" : "csv"}: choose one`,
    );
  }
  return known;
}

/** Batch and tokens have ratios only where the reference has them too. */
function refuseNewSizes({ from, to }: Pair): void {
  for (const [key, field] of [["B", "batchTokens"], ["D", "tokens"]] as const) {
    if (from[field] === null && to[field] !== null) {
      throw new UsageError(
        `Cannot use ${key}=${
          to[field]
        } of --to: the rule needs its ratio; give ${key}= in --from too`,
      );
    }
  }
}

function reference(values: ReturnType<typeof read>["values"]): HyperParameters {
  const initStd = atLeast0("init-std", values["init-std"]);
  const std = (flag: "embed-init-std" | "unembed-init-std") =>
    values[flag] === undefined ? initStd : atLeast0(flag, values[flag]);
  const own = (
    name: "patchInitStd" | "timeInitStd" | "modInitStd",
    flag: "patch-init-std" | "time-init-std" | "mod-init-std",
  ) => values[flag] === undefined ? {} : { [name]: atLeast0(flag, values[flag]) };
  return {
    lr: number("lr", values.lr!, (x) => x > 0, "positive number"),
    weightDecay: atLeast0("wd", values.wd),
    eps: atLeast0("eps", values.eps),
    beta1: number("beta1", values.beta1, (x) => x >= 0 && x < 1, "number in [0, 1)"),
    beta2: number("beta2", values.beta2, (x) => x >= 0 && x < 1, "number in [0, 1)"),
    initStd,
    embedInitStd: std("embed-init-std"),
    unembedInitStd: std("unembed-init-std"),
    ...own("patchInitStd", "patch-init-std"),
    ...own("timeInitStd", "time-init-std"),
    ...own("modInitStd", "mod-init-std"),
  };
}

/** Reads the flags, and the one word that may follow: what `--explain` is asked about. */
function read(args: string[]) {
  const parsed = readArguments({
    args: joinNegativeNumbers(args).flatMap((arg) =>
      arg.startsWith("--explain=") ? ["--explain", arg.slice("--explain=".length)] : [arg]
    ),
    options: OPTIONS,
    allowPositionals: true,
  });
  const unexpected = parsed.positionals[parsed.values.explain ? 1 : 0];
  if (unexpected !== undefined) throw unreadable(`Unexpected argument '${unexpected}'`);
  return parsed;
}

/** `--lr -1` reads as `--lr=-1`, so that the message is about the number. */
function joinNegativeNumbers(args: string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    if (/^-[\d.]/.test(arg) && joined.at(-1)?.startsWith("--")) {
      joined.push(`${joined.pop()}=${arg}`);
    } else joined.push(arg);
  }
  return joined;
}

function number(flag: string, text: string, fits: (x: number) => boolean, kind: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw new UsageError(`Cannot use --${flag} ${text}: not a ${kind}`);
}

function atLeast0(flag: string, text: string): number {
  return number(flag, text, (x) => x >= 0, "number, 0 or more");
}

if (import.meta.main) Deno.exit(await ruleCommand(Deno.args));
