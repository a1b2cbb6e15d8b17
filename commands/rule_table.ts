/** What `deno task rule` prints of one rule: a table, JSON or CSV. */

import { align, wrap } from "../reports/words/lines.ts";
import { attentionScale, type Beside } from "../rule/beside.ts";
import {
  attentionRatio,
  type Configuration,
  formatConfiguration,
  type Ratios,
} from "../rule/configuration.ts";
import { gatesOf } from "../rule/gates.ts";
import { identityFor } from "../rule/route_scale.ts";
import {
  type HyperParameters,
  type Multipliers,
  type Row,
  type Rule,
  type RuleOptions,
  type RuleTask,
  TASK_KINDS,
  type TensorKind,
  type Transfer,
} from "../rule/rule.ts";
import { basesOf, KNOBS } from "../rule/table.ts";
import {
  COLUMNS,
  csvLines,
  headLines,
  HEADS,
  printedName,
  short,
  warningLines,
} from "./rule_text.ts";

/** One answer: what was asked and what the rule says. */
export interface Answer {
  rule: Rule;
  from: Configuration;
  to: Configuration;
  /** Target over reference. */
  rho: Ratios;
  /** q of batch and duration. */
  q: number;
  /** Tuned at the reference. */
  hps: HyperParameters;
  options: Required<RuleOptions>;
  transfer: Transfer;
  /** What no row is about. */
  beside: Beside[];
}

/** Multipliers and betas: name, value, formula, source. */
function modelQuantities({ to, transfer, options }: Answer): [string, number, string, string][] {
  const notes = transfer.multiplierNotes;
  const line = (name: keyof typeof notes, value: number): [string, number, string, string] => [
    printedName(name, options.task),
    value,
    notes[name].formula,
    notes[name].source,
  ];
  return [
    ...(Object.keys(transfer.multipliers) as (keyof Multipliers)[])
      .map((name) => line(name, transfer.multipliers[name])),
    ["attentionScale", attentionScale(to), "1 / sqrt(dh)", "[ours] not scaled"],
    line("beta1", transfer.beta1),
    line("beta2", transfer.beta2),
  ];
}

/** Init stds of the reference that are not sigma, by the names the formulas have. */
function ownStds(hps: HyperParameters, task: RuleTask): string {
  const kinds: readonly TensorKind[] = TASK_KINDS[task];
  const named = kinds.map((kind) => basesOf(kind, hps).initStd).filter(([name]) =>
    name !== "sigma"
  );
  return named.map(([name, value]) => `${name} ${short(value)}`).join(", ");
}

/** The table of one rule, at most 100 columns wide. */
export function tableText(answer: Answer): string {
  const { rule, from, to, rho, q, hps, options, transfer } = answer;
  const groups = Map.groupBy(transfer.rows, (row) => JSON.stringify({ ...row, tensor: "" }));
  const letters = new Map([...groups.keys()].map((key, i) => [key, String.fromCharCode(97 + i)]));
  const heads = attentionRatio(from, to);
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
    ...headLines(rule, from, to),
    `  reference: eta ${short(hps.lr)}, lambda ${short(hps.weightDecay)}, eps ${short(hps.eps)}, ` +
    `betas ${short(hps.beta1)} ${short(hps.beta2)}, sigma ${short(hps.initStd)}`,
    `  ${ownStds(hps, options.task)}`,
    `  ratios: rho_d ${short(rho.width)}, rho_L ${short(rho.depth)}, ` +
    `rho_H ${short(rho.activeWidth)}, rho_B ${short(rho.batch)}, rho_D ${short(rho.tokens)}` +
    `${heads === 1 ? "" : `, rho_o ${short(heads)}`}; ` +
    `q ${short(q)}`,
    ...warningLines(transfer.warnings),
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
    "Beside the table",
    ...answer.beside.flatMap(({ topic, text, source }) =>
      wrap(`${topic}: ${text} (${source})`, COLUMNS, "   ", "     ")
    ),
    "",
    "Formulas and sources (bare numbers are arXiv's)",
    ...formulas,
  ].join("\n");
}

/** All of an answer, unrounded. */
export function jsonText(answer: Answer): string {
  const { rule, from, to, rho, q, hps, options, transfer } = answer;
  const { asked, assumed, used } = gatesOf(to, rule);
  const printed = (values: object) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [printedName(name, options.task), value]),
    );
  return JSON.stringify(
    {
      rule: rule.id,
      ...identityFor(to, rule),
      gate: used,
      gateAsked: asked,
      gateAssumed: assumed,
      warnings: transfer.warnings,
      from: { text: formatConfiguration(from), ...from },
      to: { text: formatConfiguration(to), ...to },
      ratios: rho,
      q,
      reference: hps,
      options,
      multipliers: printed(transfer.multipliers),
      attentionScale: attentionScale(to),
      beta1: transfer.beta1,
      beta2: transfer.beta2,
      multiplierNotes: printed(transfer.multiplierNotes),
      rows: transfer.rows,
      beside: answer.beside.map(({ topic, text, source }) => ({ topic, text, source })),
    },
    null,
    2,
  );
}

/** One line per tensor and knob, and the model's own; a warning stands where a formula does. */
export function csvText(answer: Answer): string {
  const lines: (string | number)[][] = [["tensor", "quantity", "value", "formula", "source"]];
  for (const line of modelQuantities(answer)) lines.push(["model", ...line]);
  for (const text of answer.transfer.warnings) lines.push(["model", "warning", "", text, ""]);
  for (const { topic, text, source } of answer.beside) {
    lines.push(["model", topic, "", text, source]);
  }
  for (const { tensor, formulas, sources, ...values } of answer.transfer.rows) {
    for (const knob of KNOBS) {
      lines.push([tensor, knob, values[knob], formulas[knob], sources[knob]]);
    }
  }
  return csvLines(lines);
}
