/**
 * `deno task rule`: the table a PyTorch user needs to carry hyperparameters from a tuned reference
 * to a target. No GPU, and no zod, so that it starts at once.
 */

import { parseArgs } from "node:util";
import {
  type Configuration,
  formatConfiguration,
  parseConfiguration,
  type Ratios,
  ratios,
} from "../rule/configuration.ts";
import { ruleById, RULES } from "../rule/registry.ts";
import type {
  HyperParameters,
  Knob,
  Multipliers,
  Row,
  Rule,
  RuleOptions,
  Transfer,
} from "../rule/rule.ts";
import { batchDurationFactor } from "../rule/table.ts";

const EXAMPLE = "--from dense:d=128,L=4,H=128 --to 64e8a:d=1024,L=24,h=128 --lr 0.01";

const HELP = `rule: carry tuned hyperparameters from a reference to a target

  deno task rule --from CONFIGURATION --to CONFIGURATION --lr NUMBER [options]

A configuration is a name, then sizes:
  dense:d=128,L=4,H=128             dense FFN: width d, L blocks, hidden width H
  64e8a:d=1024,L=24,h=128           64 experts of width h, 8 active per token
  128e8a4g1s:d=1024,h=1024          the same in 4 routing groups, with 1 shared expert
  shared=, groups=                  instead of s and g in the name
  B=, D=                            tokens per step, total tokens: turn on the batch rule
  dh=                               head width (16 if that divides d, else d)
--to takes d, L, B and D from --from where it leaves them out, and h (or H) from its H.

Tuned at the reference (AdamW):
  --lr X                  eta, peak learning rate (required)
  --wd X                  lambda, weight decay applied as lr*wd (0.1)
  --eps X                 Adam's epsilon (1e-8)
  --beta1 X, --beta2 X    moment decays (0.9, 0.95)
  --init-std X            sigma, init of the 2-D matrices of the blocks (0.01)
  --embed-init-std X      init of the embedding (= --init-std)
  --unembed-init-std X    init of the final projection, may be 0 (= --init-std)

The rule:
  --rule ID               ${RULES.map((r) => r.id).join(", ")} (${RULES[0].id})
  --list                  what each rule is and where it is from
  --unembedding X         authors: init / sqrt(rho_d), logits / rho_d; completed-p
                          (arXiv 2512.22382): init / rho_d, logits * 1 (authors)
  --decoupled-decay       weight decay * rho_d on hidden matrices, keeps lr*wd
  --depth-alpha X         residual / rho_L^X, hidden lr * rho_L^(X-1) (1)
  --duration-exponent X   p in q = sqrt(rho_B) / rho_D^p (0.5)

Output: a table, or --json (all of it) or --csv (tensor,quantity,value,formula,source).

  deno task rule ${EXAMPLE}
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
  rule: { type: "string", default: RULES[0].id },
  unembedding: { type: "string", default: "authors" },
  "decoupled-decay": { type: "boolean", default: false },
  "depth-alpha": { type: "string", default: "1" },
  "duration-exponent": { type: "string", default: "0.5" },
  json: { type: "boolean", default: false },
  csv: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** One answer: what was asked and what the rule says. */
interface Answer {
  rule: Rule;
  from: Configuration;
  to: Configuration;
  rho: Ratios;
  q: number;
  hps: HyperParameters;
  options: Required<RuleOptions>;
  transfer: Transfer;
}

/**
 * Runs the command: prints the table to stdout, or one line beginning `error:` to stderr.
 *
 * @param args what follows `deno task rule`
 * @returns exit code: 0, or 2 when the arguments cannot be used
 */
export function ruleCommand(args: string[]): Promise<number> {
  try {
    console.log(output(args));
    return Promise.resolve(0);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    console.error(`error: ${error.message.split("\n")[0]}`);
    return Promise.resolve(2);
  }
}

function output(args: string[]): string {
  const { values } = read(args);
  if (values.help) return HELP;
  if (values.list) {
    const width = Math.max(...RULES.map((r) => r.id.length));
    return RULES.map((r) => `${r.id.padEnd(width)}  ${r.title}; ${r.source}`).join("\n");
  }
  for (const flag of ["from", "to", "lr"] as const) {
    if (values[flag] === undefined) {
      throw new TypeError(`Cannot print a table without --${flag}: try ${EXAMPLE}, or --help`);
    }
  }
  if (values.json && values.csv) throw new TypeError("Cannot print --json and --csv: choose one");
  const { unembedding } = values;
  if (unembedding !== "authors" && unembedding !== "completed-p") {
    throw new RangeError(`Cannot use --unembedding ${unembedding}: not authors or completed-p`);
  }
  const rule = ruleById(values.rule);
  const from = parseConfiguration(values.from!);
  const to = parseConfiguration(values.to!, from);
  const initStd = atLeast0("init-std", values["init-std"]);
  const std = (flag: "embed-init-std" | "unembed-init-std") =>
    values[flag] === undefined ? initStd : atLeast0(flag, values[flag]);
  const hps: HyperParameters = {
    lr: number("lr", values.lr!, (x) => x > 0, "positive number"),
    weightDecay: atLeast0("wd", values.wd),
    eps: atLeast0("eps", values.eps),
    beta1: number("beta1", values.beta1, (x) => x >= 0 && x < 1, "number in [0, 1)"),
    beta2: number("beta2", values.beta2, (x) => x >= 0 && x < 1, "number in [0, 1)"),
    initStd,
    embedInitStd: std("embed-init-std"),
    unembedInitStd: std("unembed-init-std"),
  };
  const options: Required<RuleOptions> = {
    unembedding,
    decoupledDecay: values["decoupled-decay"],
    depthAlpha: atLeast0("depth-alpha", values["depth-alpha"]),
    durationExponent: atLeast0("duration-exponent", values["duration-exponent"]),
  };
  const transfer = rule.transfer(from, to, hps, options);
  const q = batchDurationFactor(from, to, options.durationExponent);
  const answer = { rule, from, to, rho: ratios(from, to), q, hps, options, transfer };
  return values.json ? json(answer) : values.csv ? csv(answer) : table(answer);
}

function read(args: string[]) {
  try {
    return parseArgs({ args: joinNegativeNumbers(args), options: OPTIONS, strict: true });
  } catch (error) {
    const found = (error as Error).message.split(/[.\n]/)[0];
    throw new TypeError(`Cannot read the arguments: ${found} (--help lists them)`);
  }
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
  throw new RangeError(`Cannot use --${flag} ${text}: not a ${kind}`);
}

function atLeast0(flag: string, text: string): number {
  return number(flag, text, (x) => x >= 0, "number, 0 or more");
}

const KNOBS: Knob[] = ["initStd", "lr", "weightDecay", "eps"];
const HEADS: Record<Knob, string> = {
  initStd: "init std",
  lr: "lr",
  weightDecay: "wd",
  eps: "eps",
};

function modelQuantities({ transfer }: Answer): [string, number, string, string][] {
  const notes = transfer.multiplierNotes;
  const line = (name: keyof typeof notes, value: number): [string, number, string, string] => [
    name,
    value,
    notes[name].formula,
    notes[name].source,
  ];
  return [
    ...(Object.keys(transfer.multipliers) as (keyof Multipliers)[])
      .map((name) => line(name, transfer.multipliers[name])),
    line("beta1", transfer.beta1),
    line("beta2", transfer.beta2),
  ];
}

function table(answer: Answer): string {
  const { rule, from, to, rho, q, hps, transfer } = answer;
  const groups = Map.groupBy(transfer.rows, (row) => JSON.stringify({ ...row, tensor: "" }));
  const letters = new Map([...groups.keys()].map((key, i) => [key, String.fromCharCode(97 + i)]));
  const letterOf = (row: Row) => letters.get(JSON.stringify({ ...row, tensor: "" }))!;
  const formulas = [...groups.values()].flatMap((rows) => [
    ` ${letterOf(rows[0])}  ${rows.map((row) => row.tensor).join(" ")}`,
    ...align(KNOBS.map((knob) => [
      "   ",
      HEADS[knob],
      short(rows[0][knob]),
      rows[0].formulas[knob],
      rows[0].sources[knob],
    ])),
  ]);
  return [
    `${rule.id}: ${rule.title}`,
    `  from ${formatConfiguration(from)}`,
    `  to   ${formatConfiguration(to)}`,
    `  reference: eta ${short(hps.lr)}, lambda ${short(hps.weightDecay)}, eps ${short(hps.eps)}, ` +
    `betas ${short(hps.beta1)} ${short(hps.beta2)}, sigma ${short(hps.initStd)}`,
    `  sigma_embed ${short(hps.embedInitStd)}, sigma_unembed ${short(hps.unembedInitStd)}`,
    `  ratios: rho_d ${short(rho.width)}, rho_L ${short(rho.depth)}, ` +
    `rho_H ${short(rho.activeWidth)}, rho_B ${short(rho.batch)}, rho_D ${short(rho.tokens)}; ` +
    `q ${short(q)}`,
    "",
    "Set in the model and in AdamW",
    ...align(
      modelQuantities(answer).map(([name, value, formula, source]) => [
        " ",
        name,
        short(value),
        formula,
        source,
      ]),
    ),
    "",
    "Set on each tensor (formulas by letter below)",
    ...align([
      [" ", "tensor", ...KNOBS.map((knob) => HEADS[knob]), "formulas"],
      ...transfer.rows.map((row) => [
        " ",
        row.tensor,
        ...KNOBS.map((knob) => short(row[knob])),
        letterOf(row),
      ]),
    ]),
    "",
    "Formulas and sources (bare numbers are arXiv's)",
    ...formulas,
  ].join("\n");
}

function align(rows: string[][]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}

function short(x: number): string {
  return String(Number(x.toPrecision(5)));
}

function json({ rule, from, to, rho, q, hps, options, transfer }: Answer): string {
  return JSON.stringify(
    {
      rule: rule.id,
      title: rule.title,
      source: rule.source,
      from: { text: formatConfiguration(from), ...from },
      to: { text: formatConfiguration(to), ...to },
      ratios: rho,
      q,
      reference: hps,
      options,
      multipliers: transfer.multipliers,
      beta1: transfer.beta1,
      beta2: transfer.beta2,
      multiplierNotes: transfer.multiplierNotes,
      rows: transfer.rows,
    },
    null,
    2,
  );
}

function csv(answer: Answer): string {
  const lines: (string | number)[][] = [["tensor", "quantity", "value", "formula", "source"]];
  for (const line of modelQuantities(answer)) lines.push(["model", ...line]);
  for (const { tensor, formulas, sources, ...values } of answer.transfer.rows) {
    for (const knob of KNOBS) {
      lines.push([tensor, knob, values[knob], formulas[knob], sources[knob]]);
    }
  }
  const quote = (cell: string | number) =>
    /[",\n]/.test(`${cell}`) ? `"${`${cell}`.replaceAll('"', '""')}"` : `${cell}`;
  return lines.map((line) => line.map(quote).join(",")).join("\n");
}

if (import.meta.main) Deno.exit(await ruleCommand(Deno.args));
