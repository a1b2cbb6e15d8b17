/**
 * The tables that the summary, the page and the terminal share: header and cells as text, numbers
 * already formatted. Whoever shows them only lays them out and escapes them.
 *
 * @module
 */
import type { BenchRecord, Environment, SuiteFacts } from "../lab/record/record.ts";
import {
  adapterName,
  costPhrase,
  count,
  fixed,
  interval,
  nats,
  NOT_MEASURED,
  octaves,
  powerOfTwo,
  roleVerdict,
  SWEPT_NAME,
} from "./words/format.ts";
import { averageOverSeeds, sweptOf } from "./charts/series.ts";

/** A table of text. */
export interface Table {
  /** names of the columns */
  head: string[];
  /** the cells, row by row */
  rows: string[][];
}

/** Shift, regret and verdict of every target and control. */
export function judgementTable(record: BenchRecord): Table {
  const swept = sweptOf(record).length > 1;
  return {
    head: [
      "panel",
      "configuration",
      "rule",
      ...(swept ? ["swept"] : []),
      "shift, octaves",
      "regret, nats",
      "limit, nats",
      "verdict",
      "reason",
    ],
    rows: record.judgements.map((one) => [
      one.panel,
      one.label,
      one.rule,
      ...(swept ? [SWEPT_NAME[one.swept]] : []),
      interval(one.shift_octaves, octaves),
      interval(one.regret, nats),
      nats(one.regretLimit),
      roleVerdict(one.role, one.verdict),
      one.reason,
    ]),
  };
}

/** What a suite estimates besides its verdicts; null where it estimates nothing. */
export function estimateTable({ estimates = [] }: BenchRecord): Table | null {
  if (estimates.length === 0) return null;
  return {
    head: ["estimated", "value", "beside it"],
    rows: estimates.map((e) => [e.quantity, interval(e.value, (x) => fixed(x, 2)), e.note]),
  };
}

/** Where every sweep has its optimum. */
export function optimumTable(record: BenchRecord): Table {
  const swept = sweptOf(record).length > 1;
  return {
    head: [
      "panel",
      "configuration",
      "rule",
      "role",
      ...(swept ? ["swept"] : []),
      "log2 of the optimum",
      "value",
      "loss there, nats",
      "notes",
    ],
    rows: record.optima.map((one) => [
      one.panel,
      one.label,
      one.rule,
      one.role,
      ...(swept ? [SWEPT_NAME[one.swept]] : []),
      interval(one.log2x, (value) => octaves(value).replace("+", "")),
      one.log2x === null ? NOT_MEASURED : powerOfTwo(one.log2x.estimate),
      interval(one.loss, nats),
      [
        ...(one.log2x === null ? ["no optimum could be fitted"] : []),
        ...(one.atEdge ? ["best point at the edge of the grid"] : []),
        ...(one.diverged > 0 ? [`${Math.round(100 * one.diverged)}% of the runs diverged`] : []),
      ].join("; "),
    ]),
  };
}

/** Mean loss over seeds at every place of every sweep. */
export function lossTable(record: BenchRecord): Table {
  const head = [
    "panel",
    "configuration",
    "rule",
    "swept",
    "log2 x",
    "mean loss, nats",
    "s.e., nats",
    "seeds",
    "diverged",
  ];
  const places = [
    ...new Set(record.runs.map(({ cell }) => `${cell.panel}\n${cell.rule}\n${cell.swept}`)),
  ];
  const rows = places.flatMap((place) => {
    const [panel, rule, swept] = place.split("\n");
    const runs = record.runs.filter(({ cell }) =>
      `${cell.panel}\n${cell.rule}\n${cell.swept}` === place
    );
    return averageOverSeeds(runs).sort((a, b) => a.label < b.label ? -1 : a.label > b.label ? 1 : 0)
      .map((point) => [
        panel,
        point.label,
        rule,
        SWEPT_NAME[swept as keyof typeof SWEPT_NAME],
        octaves(point.log2x).replace("+", ""),
        nats(point.mean),
        nats(point.standardError),
        String(point.seeds + point.diverged),
        String(point.diverged),
      ]);
  });
  return { head, rows };
}

/** The words of a suite, as pairs of name and value. */
export function suitePairs(suite: SuiteFacts): [string, string][] {
  return [
    ["source", suite.source],
    ["held fixed", suite.heldFixed],
    ["varied", suite.varied],
    ["measured", suite.measured],
    ["passes if", suite.passesIf],
    ["control", suite.control],
  ];
}

/** Adapter and software, as pairs of name and value. */
export function machinePairs(environment: Environment): [string, string][] {
  return [
    [
      "adapter",
      `${adapterName(environment)}, ${environment.vendor}, ${environment.backend}` +
      (environment.software ? "; its times say nothing about GPUs" : ""),
    ],
    [
      "kernels' profile",
      `${environment.profile}; features: ${environment.features.join(", ") || "none"}`,
    ],
    [
      "software",
      `mue-bench ${environment.version}, git ${environment.gitCommit ?? "unknown"}, ` +
      `Deno ${environment.deno}, ${environment.os}, ${environment.cpus} CPUs`,
    ],
  ];
}

/** The plan's hash, and whether the plan was made before what it judges. */
export function planPair(plan: { hash: string; exploratory: boolean }): [string, string] {
  return [
    "plan hash",
    plan.hash + (plan.exploratory ? " (exploratory: runs made under another plan)" : ""),
  ];
}

/** The plan, the data, the machine and the cost, as pairs of name and value. */
export function factPairs(record: BenchRecord): [string, string][] {
  const { plan, data, environment, suite, cost } = record;
  const grids = Object.entries(plan.grids).map(([sweep, grid]) =>
    `${sweep}: ${plain(Math.min(...grid))} … ${plain(Math.max(...grid))}`
  );
  return [
    ...suitePairs(suite),
    ["profile", plan.profile],
    ["seeds", plan.seeds.join(", ")],
    ["steps", `${plan.steps} of ${plan.batchTokens} tokens, sequences of ${plan.sequence}`],
    ["tolerance", `±${plan.tolerance_octaves} octave`],
    ["configurations", configurationsOf(record)],
    ["grids (log2, before widening)", grids.join("; ")],
    planPair(plan),
    [
      "data",
      `${data.name}, hash ${data.hash}, ${count(data.trainTokens)} tokens to train on, ` +
      `${count(data.validationTokens)} held out`,
    ],
    ["licence of the data", data.licence],
    ...machinePairs(environment),
    ["cost", costPhrase(cost)],
    ["made", record.createdAt],
    ["record", record.schema],
  ];
}

/** What each label stands for, in full. */
function configurationsOf(record: BenchRecord): string {
  const cells = record.runs.map((run) => run.cell);
  return [...Map.groupBy(cells, (cell) => cell.label)].map(([label, group]) =>
    `${label} = ${[...new Set(group.map((cell) => cell.configuration))].join(" and ")}`
  ).join("; ") || NOT_MEASURED;
}

const plain = (value: number): string => String(value).replace("-", "−");
