/**
 * The facts of a bench as pairs of name and value: the suite's words, what was trained, the data, the
 * machine, the cost.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { type Cell, SWEPT_NAME } from "../../lab/record/run.ts";
import { count, fixed, range } from "../words/format.ts";
import {
  adapterName,
  asTable,
  costPhrase,
  distinct,
  memoryPhrase,
  runsOf,
  runtimeName,
  trainingPhrase,
  trustPhrase,
} from "../words/phrases.ts";
import { tablePairs } from "./table.ts";

type Pairs = [name: string, value: string][];

/** Seeds; by role where roles differ, e.g. `0, 1, 2 (target); 0, 1, 2, 3 (reference, control)`. */
function seedsPhrase(cells: Cell[]): string {
  const byRole = [...Map.groupBy(cells, ({ role }) => role)].map(([role, of]) =>
    [role, distinct(of.map(({ seed }) => seed)).sort((a, b) => a - b).join(", ")] as const
  );
  const bySeeds = [...Map.groupBy(byRole, ([, seeds]) => seeds)];
  return bySeeds.length === 1
    ? bySeeds[0][0]
    : bySeeds.map(([seeds, roles]) => `${seeds} (${roles.map(([role]) => role).join(", ")})`).join(
      "; ",
    );
}

/** What was trained: seeds, steps, what each label stands for, where each sweep was measured. */
function trainedPairs(record: BenchRecord): Pairs {
  const cells = runsOf(record).map((run) => run.cell);
  if (cells.length === 0) return [];
  const grouped = (key: (cell: Cell) => string) => [...Map.groupBy(cells, key)];
  const grids = grouped(({ panel, label, rule, swept }) =>
    `${panel}, ${label}, ${rule}, ${SWEPT_NAME[swept]}`
  ).filter(([, group]) => distinct(group.map((cell) => cell.log2x)).length > 1)
    .map(([line, group]) => `${line}: ${range(group.map((cell) => cell.log2x))}`);
  const names = grouped(({ label }) => label).map(([label, group]) =>
    `${label} = ${distinct(group.map((cell) => cell.configuration)).join(" and ")}`
  );
  return [
    ["seeds", seedsPhrase(cells)],
    ["trained for", trainingPhrase(record)],
    ["configurations", names.join("; ")],
    ...(grids.length > 0 ? [["places tried (log2)", grids.join("; ")] as [string, string]] : []),
  ];
}

/** Adapter and software. */
function machinePairs({ environment }: BenchRecord): Pairs {
  const { software, profile, tuning, version, gitCommit, v8, os, cpus } = environment;
  const { driver, lock, load } = environment;
  const tuned = tuning === "none"
    ? ""
    : `; tuned: ${
      Object.entries(tuning).map(([name, variant]) => `${name} ${variant}`).join(", ") || "defaults"
    }`;
  return [
    [
      "adapter",
      [adapterName(environment), environment.vendor, environment.backend].filter((x) => x !== "")
        .join(", ") +
      (driver === null ? "" : `; driver ${driver}`) +
      (software ? "; its times say nothing about GPUs" : ""),
    ],
    ["kernels' profile", profile + tuned],
    [
      "software",
      `mue-bench ${version}, git ${gitCommit ?? "unknown"}, packages ${lock ?? "unknown"}, ` +
      `${runtimeName(environment)}${v8 === null ? "" : `, V8 ${v8}`}, ${os}, ${cpus} CPUs`,
    ],
    ...(load === null ? [] : [
      ["load before", `${fixed(load, 1)} processes on ${cpus} CPUs`] as [string, string],
    ]),
  ];
}

/** All of them. */
export function factPairs(record: BenchRecord): Pairs {
  const table = asTable(record);
  if (table !== null) return tablePairs(table);
  const { suite, plan, data } = record;
  const { source, heldFixed, varied, measured, passesIf, control, options } = suite;
  return [
    ["source", source],
    ["held fixed", heldFixed],
    ["varied", varied],
    ["measured", measured],
    ["passes if", passesIf],
    ["control", control],
    ...(options === undefined ? [] : [["changed by", options] as [string, string]]),
    ["profile", plan.profile],
    ...trainedPairs(record),
    ["version of the suite", plan.version],
    [
      "plan hash",
      plan.hash + (plan.exploratory ? " (exploratory: begun under another plan)" : ""),
    ],
    ...(data === null ? [] : [
      [
        "data",
        `${data.name}, hash ${data.hash}, ${count(data.trainUnits)} ${data.unit} to train on, ${
          count(data.heldOutUnits)
        } held out`,
      ],
      ["licence of the data", data.licence],
    ] satisfies Pairs),
    ...machinePairs(record),
    ["cost", costPhrase(record) + memoryPhrase(record)],
    ["known training", trustPhrase(record)],
    ["made", record.createdAt],
    ["record", `${record.schema}, checksum ${record.checksum}`],
  ];
}
