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
  judgedName,
  judgementReason,
  limitsText,
  measureHead,
  measureText,
  valueText,
} from "../words/judgement.ts";
import { notReproduced } from "../words/paper.ts";
import {
  adapterName,
  afterFigure,
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
    machine: adapterName(environment),
    cost: `${costPhrase(record)}${memoryPhrase(record)} · profile ${plan.profile}`,
    wall_s: record.cost.wall_s,
    createdAt: record.createdAt,
  };
}

type JudgedColumn = Column<Judgement>;

/**
 * The columns that hold what was measured: a column per measure where all judgements have the same
 * ones, else name and value together. Limits that are the same for all stand in `note`.
 */
function measuredColumns(judgements: Judgement[]): { columns: JudgedColumn[]; note: string } {
  const kinds = distinct(judgements.map(({ measures }) => measures.map(measureHead).join("\n")));
  if (kinds.length > 1 || judgements[0].measures.length === 0) {
    const joined =
      (write: (measure: Judgement["measures"][number]) => string) => (one: Judgement) =>
        one.measures.map(write).join("; ");
    return {
      columns: [
        ["measured", joined(measureText)],
        ["limits", joined(({ limits }) => limitsText(limits))],
      ],
      note: "",
    };
  }
  const notes: string[] = [];
  const columns = judgements[0].measures.flatMap((measure, index): JudgedColumn[] => {
    const limit = (one: Judgement) => limitsText(one.measures[index].limits);
    const value: JudgedColumn = [measureHead(measure), (one) => valueText(one.measures[index])];
    const several = judgements[0].measures.length > 1;
    if (distinct(judgements.map(limit)).length > 1) {
      return [value, [several ? "its limit" : "limits", limit]];
    }
    notes.push(`${measure.name}: ${limit(judgements[0])}${measure.unit && ` ${measure.unit}`}`);
    return [value];
  });
  return { columns, note: notes.length > 0 ? ` Limits: ${notes.join("; ")}.` : "" };
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
  }));
  const { columns, note } = judgements.length === 0
    ? { columns: [], note: "" }
    : measuredColumns(judgements);
  const all: JudgedColumn[] = [
    ["panel", ({ panel }) => panel],
    ["judged", ({ subject }) => subject],
    ["under", ({ variant }) => variant],
    ...columns,
    ["verdict", (one) => roleVerdict(roleIn(record, one), one.verdict)],
  ];
  const any = judgements.some(({ need, measures }) => need === "any" && measures.length > 1)
    ? " One of several measures within its limits suffices."
    : "";
  const shown = all.filter(([, cell]) => judgements.length === 0 || judgements.some(cell));
  return {
    ...tableBlock(
      "verdicts",
      tableOf(judgements, shown),
      `Estimates with 95% intervals.${note}${any} A control must fail, or a pass would prove nothing. ` +
        `Passes if ${sentence(record.suite.passesIf)}`,
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

/** What follows the numbers: warnings, caveats, what is missing, plan, machine, how to repeat it. */
export function closingSections(record: BenchRecord): Section[] {
  const missing = notReproduced(record).map(({ figure, shows }) => `${figure}: ${shows}`);
  const decided = JSON.stringify(record.plan.decided, null, 2) ?? "nothing";
  return [
    ...listSection("Warnings", record.warnings, "all"),
    section("What this does not say", [{ kind: "list", items: caveats(record) }]),
    section("Figures of the paper that are not reproduced here", [
      { kind: "list", items: missing },
    ]),
    section("Plan, data, machine, cost", [
      { kind: "pairs", pairs: factPairs(record) },
      {
        kind: "folded",
        title: "What was decided before the first measurement",
        blocks: [{ kind: "code", text: decided }],
      },
    ]),
    section("Reproduce", [{ kind: "code", text: reproduceCommand(record) }]),
  ];
}
