/**
 * From a record to its report. What only one kind of suite has is chosen here; beside it only
 * `words/phrases.ts` asks of the kind, for what was trained or timed.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import type { Chart } from "../words/caption.ts";
import { claimsSections } from "./claims.ts";
import {
  closingSections,
  findingsSections,
  headOf,
  needsSection,
  verdictSection,
} from "./common.ts";
import { judgementsData, pointsData, runsData } from "./data.ts";
import { latencyData, latencySections } from "./latency.ts";
import { pictureSections } from "./pictures.ts";
import type { Data, Report, Section } from "./section.ts";
import { tableData, tableSections } from "./table.ts";
import { transferSections } from "./transfer.ts";

/** What only its kind of suite has. */
function ownOf(record: BenchRecord): { sections: Section[]; data: Data[] } {
  const { evidence } = record;
  switch (evidence.kind) {
    case "table":
      return {
        sections: [
          ...tableSections({ ...record, evidence }),
          ...transferSections({ ...record, evidence }),
        ],
        data: tableData({ ...record, evidence }),
      };
    case "transfer":
      return { sections: transferSections({ ...record, evidence }), data: [] };
    case "claims":
      return { sections: claimsSections(record), data: [pointsData(record)] };
    case "latency":
      return {
        sections: latencySections({ ...record, evidence }),
        data: latencyData({ ...record, evidence }),
      };
  }
}

/**
 * A record as words and numbers already written: pictures and charts, verdicts, the suite's tables, what only its
 * kind has, then what every report says. What its kind cannot make is told among the problems, and all
 * else stands.
 */
export function reportOf(record: BenchRecord): Report {
  const problems: string[] = [];
  let own: ReturnType<typeof ownOf> = { sections: [], data: [] };
  try {
    own = ownOf(record);
  } catch (error) {
    problems.push(`Cannot make the charts: ${error instanceof Error ? error.message : error}`);
  }
  const drawn = own.sections.filter(({ blocks }) => blocks.every(({ kind }) => kind === "chart"));
  return {
    head: headOf(record),
    sections: [
      ...pictureSections(record),
      ...drawn,
      verdictSection(record),
      ...needsSection(record),
      ...findingsSections(record),
      ...own.sections.filter((section) => !drawn.includes(section)),
      ...closingSections(record),
    ],
    data: [...runsData(record), ...own.data, judgementsData(record)],
    problems,
  };
}

/** The charts of a report, in its order. */
export function chartsOf({ sections }: Report): Chart[] {
  return sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.kind === "chart" ? [block.chart] : [])
  );
}
