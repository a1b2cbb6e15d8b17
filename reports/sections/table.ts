/**
 * What only a table of runs made elsewhere has: which columns were read, and its runs for programs.
 *
 * @module
 */
import type { TableEvidence } from "../../lab/record/evidence.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { count, finite, range } from "../words/format.ts";
import { costPhrase, distinct, lossUnit, runtimeName } from "../words/phrases.ts";
import type { Data } from "./section.ts";

type TableRecord = BenchRecord & { evidence: TableEvidence };

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
      seeds.length <= 12 ? seeds.join(", ") : `${seeds.slice(0, 12).join(", ")} and ${
        seeds.length - 12
      } more`,
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
