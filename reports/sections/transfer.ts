/**
 * Sections of a transfer suite: its charts, where every sweep has its optimum, what the paper shows
 * beside it, and every place of every sweep.
 *
 * @module
 */
import { chartsFor } from "../charts/charts.ts";
import { measuresOf } from "../charts/optimum_shift.ts";
import { averageOverSeeds, sweptOf, type TransferRecord } from "../charts/series.ts";
import { fixed, interval, loss, NOT_MEASURED, percent, powerOfTwo } from "../words/format.ts";
import { valueText } from "../words/judgement.ts";
import { PAPER_OPTIMA, PAPER_REFERENCE, TRANSFER, UNKNOWN } from "../words/paper_facts.ts";
import { distinct, lossUnit, SWEPT_NAME, trainingPhrase } from "../words/phrases.ts";
import { countsPhrase } from "../words/reason.ts";
import type { Section, Table } from "./section.ts";

const log2 = (value: number | null | undefined): string => fixed(value, 2);

/** Where every sweep has its optimum. */
function optimumTable(record: TransferRecord): Table {
  const several = sweptOf(record).length > 1;
  return {
    head: [
      "panel",
      "configuration",
      "rule",
      "role",
      ...(several ? ["swept"] : []),
      "log2 of the optimum",
      "value",
      `loss there, ${lossUnit(record)}`,
      "notes",
    ],
    rows: record.evidence.optima.map((one) => [
      one.panel,
      one.label,
      one.rule,
      one.role,
      ...(several ? [SWEPT_NAME[one.swept]] : []),
      interval(one.log2x, log2),
      powerOfTwo(one.log2x?.estimate),
      interval(one.loss, loss),
      [
        ...(one.log2x === null ? ["no optimum could be fitted"] : []),
        ...(one.atEdge ? ["best point at the edge of the grid"] : []),
        ...(one.diverged > 0 ? [`${percent(100 * one.diverged)}% of the runs diverged`] : []),
        ...(one.reason === null ? [] : [one.reason]),
      ].join("; "),
    ]),
  };
}

/** Mean loss over seeds at every place of every sweep. */
function lossTable(record: TransferRecord): Table {
  const { runs } = record.evidence, unit = lossUnit(record);
  const places = Map.groupBy(
    runs,
    ({ cell }) => [cell.panel, cell.rule, SWEPT_NAME[cell.swept]].join("\n"),
  );
  return {
    head: [
      "panel",
      "configuration",
      "rule",
      "swept",
      "log2 x",
      `mean loss, ${unit}`,
      `s.e., ${unit}`,
      "seeds",
      "diverged",
    ],
    rows: [...places].flatMap(([place, group]) => {
      const [panel, rule, swept] = place.split("\n");
      return averageOverSeeds(group).sort((a, b) =>
        a.label < b.label ? -1 : a.label > b.label ? 1 : 0
      ).map((point) => [
        panel,
        point.label,
        rule,
        swept,
        log2(point.log2x),
        loss(point.mean),
        loss(point.standardError),
        String(point.seeds + point.diverged),
        String(point.diverged),
      ]);
    }),
  };
}

/** The paper's setting and claim beside ours, line by line. */
function besideThePaper(record: TransferRecord): Table {
  const { suite, evidence, findings } = record, known = TRANSFER[suite.id];
  const claims = findings.judgements.filter(({ role }) => role === "claim");
  const references = distinct(
    evidence.runs.filter(({ cell }) => cell.role === "reference")
      .map(({ cell }) => cell.configuration),
  );
  const here = (texts: string[]) => texts.join("; ") || NOT_MEASURED;
  return {
    head: ["", "paper", "here"],
    rows: [
      [
        "claim",
        known === undefined ? `no figure asks this; our claim: ${suite.claim}` : suite.claim,
        `${record.verdict}: ${countsPhrase(record.reason)}`,
      ],
      [
        "reference",
        PAPER_REFERENCE,
        references.length === 0
          ? NOT_MEASURED
          : `${references.join(" and ")}, ${trainingPhrase(record)}`,
      ],
      ["targets", known?.targets ?? UNKNOWN, here(distinct(claims.map((one) => one.subject)))],
      ...(known?.more ?? []).map(([what, paper]) => [what, paper, "see Verdicts and Optima"]),
      ...sweptOf(record).map((swept) => [
        `optimal ${SWEPT_NAME[swept]} of the reference`,
        PAPER_OPTIMA[swept],
        here(
          evidence.optima.filter((one) => one.role === "reference" && one.swept === swept)
            .map((one) => `${one.panel} ${powerOfTwo(one.log2x?.estimate)}`),
        ),
      ]),
      [
        "shift of the optimum",
        "drawn, no number given",
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
  const table = (stem: string, table: Table, caption = "") =>
    ({ kind: "table", stem, table, caption }) as const;
  return [
    {
      title: "",
      in: "documents",
      blocks: chartsFor(record).map((chart) => ({ kind: "chart", chart })),
    },
    {
      title: "Optima",
      in: "documents",
      blocks: [table(
        "optima",
        optimumTable(record),
        "Where a quadratic in log2 of the swept value has its minimum, on the reference's scale, with " +
          "95% intervals.",
      )],
    },
    {
      title: "Beside the paper",
      in: "documents",
      blocks: [table("beside-the-paper", besideThePaper(record))],
    },
    {
      title: "Every place of every sweep",
      in: "documents",
      blocks: [{
        kind: "folded",
        title: "Mean loss over seeds",
        blocks: [table("losses", lossTable(record))],
      }],
    },
  ];
}
