/**
 * Sections of a suite of claims: its panels as charts, what the paper is known to show, every point.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { panelCharts } from "../charts/panels.ts";
import { significant } from "../words/format.ts";
import { paperFacts } from "../words/paper_facts.ts";
import {
  type Block,
  chartSection,
  listSection,
  type Section,
  section,
  tableBlock,
  tableOf,
} from "./section.ts";

/** More points than these stand in the data alone. */
const MANY = 600;

/** Every point of every panel, or where they are. */
function pointsBlock({ findings: { points } }: BenchRecord): Block {
  if (points.length === 0 || points.length > MANY) {
    return { kind: "note", text: `${points.length} points, in points.csv.` };
  }
  const table = tableOf(points, [
    ["panel", ({ panel }) => panel],
    ["line", ({ line, series }) => series === null ? line : `${line}, ${series}`],
    ["x", ({ x }) => typeof x === "number" ? significant(x) : x],
    ["y", ({ y }) => significant(y)],
    ["95% from", ({ lo }) => significant(lo)],
    ["to", ({ hi }) => significant(hi)],
  ]);
  return { kind: "folded", title: "Every point", blocks: [tableBlock("points", table)] };
}

/** The sections. */
export function claimsSections(record: BenchRecord): Section[] {
  return [
    chartSection(panelCharts(record)),
    ...listSection("What the paper is known to show", paperFacts(record.suite.id)),
    section("Points", [pointsBlock(record)]),
  ];
}
