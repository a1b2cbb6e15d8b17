/**
 * What every report says, whatever the kind of suite: its head, the table of verdicts, the suite's own
 * tables, what it does not say, plan and machine, how to repeat it.
 *
 * @module
 */
import type { FindingsTable, Judgement, Role } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { cellText } from "../words/format.ts";
import {
  hiddenReason,
  judgedName,
  judgedRole,
  judgementReason,
  limitsText,
  measureHead,
  measureText,
  needsText,
  valueText,
} from "../words/judgement.ts";
import {
  adapterName,
  afterFigure,
  asTable,
  capital,
  costPhrase,
  distinct,
  memoryPhrase,
  reproduceCommand,
  sentence,
} from "../words/phrases.ts";
import { reasonSentence } from "../words/reason.ts";
import { roleIn, roleVerdict, verdictPhrase } from "../words/verdict.ts";
import { caveats } from "./caveats.ts";
import { factPairs } from "./facts.ts";
import {
  type Block,
  type Column,
  type Head,
  type JudgedRow,
  listSection,
  type Section,
  section,
  type Table,
  tableBlock,
  tableOf,
} from "./section.ts";

/** What stands above all sections. */
export function headOf(record: BenchRecord): Head {
  const { suite, plan, environment, verdict, findings } = record;
  return {
    id: suite.id,
    title: suite.title,
    after: afterFigure(suite.figure),
    source: suite.source,
    claim: suite.claim,
    verdict,
    phrase: verdictPhrase(record),
    reason: capital(reasonSentence(record, findings.judgements)),
    brief: capital(reasonSentence(record, findings.judgements, false)),
    machine: adapterName(environment),
    cost: `${costPhrase(record)}${memoryPhrase(record)} · profile ${plan.profile}`,
    wall_s: record.cost.wall_s,
    createdAt: record.createdAt,
  };
}

type JudgedColumn = Column<Judgement>;

/**
 * The columns that hold what was measured: a column per measure where all judgements have the same
 * ones, else name and value together. Limits that are the same for all are left to when it passes.
 */
function measuredColumns(judgements: Judgement[]): JudgedColumn[] {
  if (judgements.length === 0) return [];
  const kinds = distinct(judgements.map(({ measures }) => measures.map(measureHead).join("\n")));
  if (kinds.length > 1 || judgements[0].measures.length === 0) {
    const joined =
      (write: (measure: Judgement["measures"][number]) => string) => (one: Judgement) =>
        one.measures.map(write).join("; ");
    return [
      ["measured", joined(measureText)],
      ["limits", joined(({ limits }) => limitsText(limits))],
    ];
  }
  return judgements[0].measures.flatMap((measure, index): JudgedColumn[] => {
    const limit = (one: Judgement) => limitsText(one.measures[index].limits);
    const value: JudgedColumn = [measureHead(measure), (one) => valueText(one.measures[index])];
    const several = judgements[0].measures.length > 1;
    return distinct(judgements.map(limit)).length > 1
      ? [value, [several ? "its limit" : "limits", limit]]
      : [value];
  });
}

const ORDER: Role[] = ["claim", "control", "rival", "aside"];

/** Every judgement in one table: what must hold, what must fail, then what decides nothing. */
export function verdictTable(record: BenchRecord): Block & { kind: "table" } {
  const judgements = ORDER.flatMap((role) =>
    record.findings.judgements.filter((one) => roleIn(record, one) === role)
  );
  const judged = judgements.map((one): JudgedRow => ({
    name: `${one.panel}: ${judgedName(one)}`,
    role: roleIn(record, one),
    verdict: one.verdict,
    reason: judgementReason(one),
    note: judgementReason(one, false),
    hidden: hiddenReason(one),
  }));
  const all: JudgedColumn[] = [
    ["panel", ({ panel }) => panel],
    ["judged", ({ subject }) => subject],
    ["under", ({ variant }) => variant],
    ...measuredColumns(judgements),
    ["verdict", (one) => roleVerdict(roleIn(record, one), one.verdict)],
  ];
  const shown = all.filter(([, cell]) => judgements.length === 0 || judgements.some(cell));
  return {
    ...tableBlock(
      "verdicts",
      tableOf(judgements, shown),
      `Estimates with 95% intervals. Passes if ${sentence(record.suite.passesIf)} ` +
        "A control must fail, or a pass would prove nothing.",
    ),
    judged,
  };
}

/** The verdicts under their heading. */
export function verdictSection(record: BenchRecord): Section {
  const table = verdictTable(record);
  const none: Block = { kind: "note", text: "Nothing was judged." };
  return section("Verdicts", [table.judged?.length ? table : none], "all");
}

/** A suite's own table with its numbers written. */
function writtenTable({ columns, rows }: FindingsTable): Table {
  return {
    head: columns.map(({ name, unit }) => unit === "" ? name : `${name}, ${unit}`),
    rows: rows.map((cells) => cells.map((cell, index) => cellText(cell, columns[index]))),
  };
}

/** The tables a suite adds, each under its own heading. */
export function findingsSections({ findings }: BenchRecord): Section[] {
  return findings.tables.map((table, index) => {
    const block = tableBlock(`table-${index + 1}`, writtenTable(table), table.note);
    return section(table.title, [block], "all");
  });
}

/** What would decide what is undecided, judgement by judgement; no section where nothing is, or is known. */
export function needsSection(record: BenchRecord): Section[] {
  const told = record.findings.judgements.filter((one) => roleIn(record, one) !== "aside")
    .flatMap((one) => {
      const needs = needsText(one);
      return needs === "" ? [] : [sentence(`${judgedRole(one)}: ${needs}`)];
    });
  return told.length === 0 ? [] : listSection("What would decide it", [
    ...told,
    "Computed from the measured estimates and noise as if they were the truth, for four of five benches; " +
    "noise that is measured on few seeds is itself uncertain by half of it.",
  ]);
}

/** What follows the numbers: warnings, caveats, plan, machine, how to repeat it. */
export function closingSections(record: BenchRecord): Section[] {
  const { features, limits } = record.environment;
  const limited = Object.entries(limits).map(([name, value]) => `${name} ${value}`).sort();
  const decided = JSON.stringify(record.plan.decided, null, 2) ?? "nothing";
  return [
    ...listSection("Warnings", record.warnings, "all"),
    ...listSection(
      "What this does not say",
      caveats(record),
      asTable(record) ? "all" : undefined,
    ),
    section("Plan, data, machine, cost", [
      { kind: "pairs", pairs: factPairs(record) },
      ...(features.length === 0 ? [] : [
        {
          kind: "folded",
          title: "Optional features of the adapter",
          blocks: [{ kind: "note", text: features.join(", ") }],
        } satisfies Block,
      ]),
      ...(limited.length === 0 ? [] : [
        {
          kind: "folded",
          title: "Limits of the device",
          blocks: [{ kind: "note", text: limited.join(", ") }],
        } satisfies Block,
      ]),
      {
        kind: "folded",
        title: asTable(record)
          ? "By what it was judged"
          : "What was decided before the first measurement",
        blocks: [{ kind: "code", text: decided }],
      },
    ]),
    section("Reproduce", [{ kind: "code", text: reproduceCommand(record) }]),
  ];
}
