/**
 * Rules ranked by what each transferred value costs: where a panel has rivals, its lines are compared
 * with each other and not only with limits.
 *
 * @module
 */
import type { Optimum } from "../record/evidence.ts";
import {
  type FindingsTable,
  type Judgement,
  REGRET,
  SHIFT,
  type TableCell,
} from "../record/findings.ts";
import { ranksOf } from "../statistics/ranks.ts";

const NOTE =
  "Ranked by regret, the loss that the transferred value costs against the rule's own best. A rank is " +
  "the range that the 95% intervals allow: rules whose intervals overlap are tied. A small regret says " +
  "that the rule keeps its optimum in place, not that its loss is the lowest: see the column beside it.";

const valueOf = (j: Judgement, name: string) =>
  j.measures.find((measure) => measure.name === name)?.value ?? null;

/** One ranking per subject of every panel that has rivals, best first, the unmeasured last. */
export function rankings(
  judgements: readonly Judgement[],
  optima: readonly Optimum[],
  unit: string,
): FindingsTable[] {
  const panels = new Set(judgements.filter((j) => j.role === "rival").map((j) => j.panel));
  const groups = Map.groupBy(
    judgements.filter((j) => panels.has(j.panel)),
    ({ panel, subject }) => `${panel}, ${subject}`,
  );
  return [...groups].map(([name, group]) => ({
    title: `Ranking: ${name}`,
    columns: [
      { name: "rank", unit: "", decimals: null },
      { name: "rule", unit: "", decimals: null },
      { name: "shift", unit: "octaves", decimals: 2 },
      { name: "regret", unit, decimals: 3 },
      { name: "its own best loss", unit, decimals: 3 },
      { name: "tied with", unit: "", decimals: null },
    ],
    rows: rowsOf(group, optima),
    note: NOTE,
  }));
}

function rowsOf(group: Judgement[], optima: readonly Optimum[]): TableCell[][] {
  const all = group.map((j) => ({ j, regret: valueOf(j, REGRET) }))
    .sort((a, b) => (a.regret?.estimate ?? Infinity) < (b.regret?.estimate ?? Infinity) ? -1 : 1);
  const measured = all.flatMap(({ j, regret }) => regret ? [{ j, regret }] : []);
  const ranks = ranksOf(measured, (a, b) => a.regret.hi < b.regret.lo);
  return all.map(({ j, regret }) => {
    const best = optima.find((o) =>
      o.panel === j.panel && o.label === j.subject && o.rule === j.variant
    );
    const shared = [valueOf(j, SHIFT), regret, best?.loss ?? null];
    if (regret === null) return [null, j.variant, ...shared, null];
    const { rank, tied } = ranks.get(measured.find((one) => one.j === j)!)!;
    return [
      rank,
      j.variant,
      ...shared,
      tied.map((other) => other.j.variant).join(", ") || "none",
    ];
  });
}
