/**
 * Sections of a transfer suite: its charts, where every sweep has its optimum, what the paper shows
 * beside it, and every place of every sweep.
 *
 * @module
 */
import type { Optimum } from "../../lab/record/evidence.ts";
import { chartsFor } from "../charts/charts.ts";
import { measuresOf } from "../charts/optimum_shift.ts";
import { averageOverSeeds, sweptOf, sweptRuns, type TransferRecord } from "../charts/series.ts";
import { fixed, interval, loss, NOT_MEASURED, percent, powerOfTwo } from "../words/format.ts";
import { valueText } from "../words/judgement.ts";
import { knownTransfer, paperReference, UNKNOWN } from "../words/paper_facts.ts";
import {
  afterPaper,
  asTable,
  distinct,
  inUnit,
  lossUnit,
  sweptName,
  trainingPhrase,
} from "../words/phrases.ts";
import { countsPhrase } from "../words/reason.ts";
import {
  chartSection,
  type Column,
  type Section,
  section,
  type Table,
  tableBlock,
  tableOf,
} from "./section.ts";

const log2 = (value: number | null | undefined): string => fixed(value, 2);

/** Where every sweep has its optimum. */
function optimumTable(record: TransferRecord): Table {
  const several = sweptOf(record).length > 1;
  return tableOf(record.evidence.optima, [
    ["panel", ({ panel }) => panel],
    ["configuration", ({ label }) => label],
    ["rule", ({ rule }) => rule],
    ["role", ({ role }) => role],
    ...(several
      ? [["swept", ({ swept }) => sweptName(record, swept)] satisfies Column<Optimum>]
      : []),
    ["log2 of the optimum", ({ log2x }) => interval(log2x, log2)],
    ["value", ({ log2x }) => powerOfTwo(log2x?.estimate)],
    [inUnit("loss there", lossUnit(record)), (one) => interval(one.loss, loss)],
    ["notes", (one) =>
      [
        ...(one.log2x === null ? ["no optimum could be fitted"] : []),
        ...(one.atEdge ? ["best point at the edge of the grid"] : []),
        ...(one.diverged > 0 ? [`${percent(100 * one.diverged)}% of the runs diverged`] : []),
        ...(one.reason === null ? [] : [one.reason]),
      ].join("; ")],
  ]);
}

/** Mean loss over seeds at every place of every sweep. */
function lossTable(record: TransferRecord): Table {
  const unit = lossUnit(record);
  const places = Map.groupBy(
    sweptRuns(record),
    ({ cell }) => [cell.panel, cell.rule, cell.swept].join("\n"),
  );
  const points = [...places.values()].flatMap((group) => {
    const { panel, swept } = group[0].cell;
    return averageOverSeeds(group)
      .sort((a, b) => a.label < b.label ? -1 : a.label > b.label ? 1 : 0)
      .map((point) => ({ ...point, panel, swept }));
  });
  return tableOf(points, [
    ["panel", ({ panel }) => panel],
    ["configuration", ({ label }) => label],
    ["rule", ({ rule }) => rule],
    ["swept", ({ swept }) => sweptName(record, swept)],
    ["log2 x", ({ log2x }) => log2(log2x)],
    [inUnit("mean loss", unit), ({ mean }) => loss(mean)],
    [inUnit("s.e.", unit), ({ standardError }) => loss(standardError)],
    ["seeds", ({ seeds, diverged }) => String(seeds + diverged)],
    ["diverged", ({ diverged }) => String(diverged)],
  ]);
}

/** The paper's setting and claim beside ours, line by line. */
function besideThePaper(record: TransferRecord): Table {
  const { suite, evidence, findings } = record, known = knownTransfer(suite.id);
  const claims = findings.judgements.filter(({ role }) => role === "claim");
  const references = distinct(
    sweptRuns(record).filter(({ cell }) => cell.role === "reference")
      .map(({ cell }) => cell.configuration),
  );
  const paper = afterPaper(suite.figure), unknown = paper ? UNKNOWN : NOT_MEASURED;
  const inPaper = known !== undefined
    ? suite.claim
    : paper
    ? `${UNKNOWN}; in the words of the suite: ${suite.claim}`
    : `no figure asks this; our claim: ${suite.claim}`;
  const reference = paperReference(record.task?.id ?? "");
  const here = (texts: string[]) => texts.join("; ") || NOT_MEASURED;
  return {
    head: ["", "paper", "here"],
    rows: [
      ["claim", inPaper, `${record.verdict}: ${countsPhrase(record.reason)}`],
      [
        "reference",
        reference?.name ?? UNKNOWN,
        references.length === 0
          ? NOT_MEASURED
          : `${references.join(" and ")}, ${trainingPhrase(record)}`,
      ],
      ["targets", known?.targets ?? unknown, here(distinct(claims.map((one) => one.subject)))],
      ...(known?.more ?? []).map(([what, paper]) => [what, paper, "see Verdicts and Optima"]),
      ...sweptOf(record).map((swept) => [
        `optimal ${sweptName(record, swept)} of the reference`,
        reference?.optima[swept] ?? UNKNOWN,
        here(
          evidence.optima.filter((one) => one.role === "reference" && one.swept === swept)
            .map((one) => `${one.panel} ${powerOfTwo(one.log2x?.estimate)}`),
        ),
      ]),
      [
        "shift of the optimum",
        known === undefined ? unknown : "drawn, no number given",
        here(claims.flatMap((one) => {
          const { shift } = measuresOf(one);
          return shift === undefined ? [] : [`${one.panel} ${one.subject} ${valueText(shift)}`];
        })),
      ],
    ],
  };
}

/** The sections. */
export function transferSections(record: TransferRecord): Section[] {
  return [
    chartSection(chartsFor(record)),
    section("Optima", [tableBlock(
      "optima",
      optimumTable(record),
      "Where a quadratic in log2 of the swept value has its minimum, on the reference's scale, with " +
        "95% intervals. Shifts are no differences of these: they are paired by seed, over the seeds " +
        "that both lines have.",
    )]),
    ...(asTable(record) ? [] : [
      section("Beside the paper", [tableBlock("beside-the-paper", besideThePaper(record))]),
    ]),
    section("Every place of every sweep", [{
      kind: "folded",
      title: "Mean loss over seeds",
      blocks: [tableBlock("losses", lossTable(record))],
    }]),
  ];
}
