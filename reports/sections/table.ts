/**
 * What only a table of runs made elsewhere has: which columns were read, and its runs for programs.
 *
 * @module
 */
import {
  count,
  finite,
  fixed,
  interval,
  loss,
  range,
  settable,
  significant,
} from "../words/format.ts";
import {
  costPhrase,
  distinct,
  inUnit,
  lossUnit,
  many,
  runtimeName,
  sentence,
  type TableRecord,
} from "../words/phrases.ts";
import { type Data, listSection, type Section } from "./section.ts";

/** The facts of a judged table: what was read, how it was judged, by what. */
export function tablePairs(record: TableRecord): [name: string, value: string][] {
  const { suite, plan, evidence: { source, runs }, environment } = record, { columns } = source;
  const grids = [...Map.groupBy(runs, ({ cell }) => `${cell.label}, ${cell.rule}`)].map(
    ([line, own]) => `${line}: ${range(own.map(({ cell }) => cell.log2x))}`,
  );
  const seeds = distinct(runs.map(({ cell }) => cell.seed));
  return [
    ["table", `${source.file}, hash ${source.hash}, ${count(source.rows)} rows`],
    [
      "columns",
      `${columns.knob} (swept), ${columns.loss} (loss), ${columns.seed ?? "none"} (seed), ` +
      `${columns.configuration.join(", ") || "none"} (configuration)`,
    ],
    ["runs", count(runs.length)],
    [
      "seeds",
      seeds.length <= 12
        ? seeds.join(", ")
        : `${seeds.slice(0, 12).join(", ")} and ${seeds.length - 12} more`,
    ],
    ["places tried (log2)", grids.join("; ")],
    ["held fixed", suite.heldFixed],
    ["varied", suite.varied],
    ["measured", suite.measured],
    ["passes if", suite.passesIf],
    ["control", suite.control],
    ...(suite.options === undefined
      ? []
      : [["flags", suite.options] satisfies [name: string, value: string]]),
    ["trained on", "not told"],
    ["machine that trained", "not told"],
    [
      "judged by",
      `mue-bench ${environment.version}, ${runtimeName(environment)}, ${environment.os}`,
    ],
    ["plan hash", plan.hash],
    ["cost", costPhrase(record)],
    ["made", record.createdAt],
    ["record", `${record.schema}, checksum ${record.checksum}`],
  ];
}

/** What a line is called: its configuration, with its rule where it is a control. */
const lineName = ({ configuration, rule, role }: {
  configuration: string;
  rule: string;
  role: string;
}) => role === "control" ? `${configuration} (${rule})` : configuration;

/** Where the optima are and what to train next, in sentences that fit any medium. */
export function tableSections(record: TableRecord): Section[] {
  const { source, runs, optima, add } = record.evidence, unit = lossUnit(record);
  const { knob } = source.columns;
  const places = optima.map((one) => {
    const { label, rule, role, log2x, loss: there, reason } = one;
    const name = lineName({ configuration: label, rule, role });
    const called = `${name}${role === "reference" ? " (reference)" : ""}`;
    if (log2x === null) return sentence(`${called}: none, ${reason}`);
    const run = runs.find(({ cell }) => cell.label === label && cell.rule === rule);
    const factor = run === undefined ? 1 : 2 ** run.cell.log2x / run.written;
    const written = (x?: number | null) => significant(x == null ? null : 2 ** x / factor);
    const loss_ = there === null ? "" : `; ${inUnit("loss", unit)} ${interval(there, loss)}`;
    return sentence(
      `${called}: ${source.knob} ${interval(log2x, written)}, log2 ${
        interval(log2x, (x) => fixed(x, 2))
      }${Math.abs(factor - 1) < 1e-9 ? "" : " on the reference's scale"}${loss_}${
        reason === null ? "" : `; ${reason}`
      }`,
    );
  });
  const wanted = add.map(({ configuration, rule, why, values, seeds }) => {
    const control = optima.some((o) =>
      o.label === configuration && o.rule === rule && o.role === "control"
    );
    const name = lineName({ configuration, rule, role: control ? "control" : "" });
    return sentence(
      `${name}: ${knob} ${values.map(settable).join(", ")}, ${
        many(seeds, "seed")
      } each in all: ${why}`,
    );
  });
  return [
    ...listSection(`Optimal ${source.knob}`, places, "all"),
    ...(wanted.length === 0 ? [] : listSection("Runs to add", wanted, "all")),
  ];
}

/** `runs`: one row per run that was read. */
export function tableData(record: TableRecord): Data[] {
  const rows = record.evidence.runs.map(({ cell, written, validationLoss, line }) => ({
    line,
    panel: cell.panel,
    label: cell.label,
    rule: cell.rule,
    role: cell.role,
    swept: record.evidence.source.knob,
    value: finite(written),
    log2x: finite(cell.log2x),
    seed: cell.seed,
    loss_unit: lossUnit(record),
    loss: finite(validationLoss),
  }));
  return [{ stem: "runs", columns: Object.keys(rows[0] ?? { line: 0 }), rows }];
}
