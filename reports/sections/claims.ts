/**
 * Sections of a suite of claims: its panels as charts, what the paper is known to show, every point.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { panelCharts } from "../charts/panels.ts";
import { significant } from "../words/format.ts";
import { paperFacts } from "../words/paper_facts.ts";
import type { Block, Section } from "./section.ts";

/** More points than these stand in the data alone. */
const MANY = 600;

/** Every point of every panel, or where they are. */
function pointsBlock({ findings: { points } }: BenchRecord): Block {
  if (points.length === 0 || points.length > MANY) {
    return { kind: "note", text: `${points.length} points, in points.csv.` };
  }
  return {
    kind: "folded",
    title: "Every point",
    blocks: [{
      kind: "table",
      stem: "points",
      caption: "",
      table: {
        head: ["panel", "line", "x", "y", "95% from", "to"],
        rows: points.map(({ panel, line, series, x, y, lo, hi }) => [
          panel,
          series === null ? line : `${line}, ${series}`,
          typeof x === "number" ? significant(x) : x,
          significant(y),
          significant(lo),
          significant(hi),
        ]),
      },
    }],
  };
}

/** The sections. */
export function claimsSections(record: BenchRecord): Section[] {
  const known = paperFacts(record.suite.id);
  return [
    {
      title: "",
      in: "documents",
      blocks: panelCharts(record).map((chart) => ({ kind: "chart", chart })),
    },
    ...(known.length === 0 ? [] : [
      {
        title: "What the paper is known to show",
        in: "documents",
        blocks: [{ kind: "list", items: known }],
      } satisfies Section,
    ]),
    { title: "Points", in: "documents", blocks: [pointsBlock(record)] },
  ];
}
