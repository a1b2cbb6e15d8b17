/**
 * Rules ranked by what each transferred value costs: where a suite has rivals, its lines are compared
 * with each other and not only with limits.
 *
 * @module
 */
import type { BenchRecord, Judgement } from "../lab/record/record.ts";
import { interval, nats, NOT_MEASURED, octaves, roleVerdict, SWEPT_NAME } from "./words/format.ts";
import { distinct, rivalPanels, sweptOf } from "./charts/series.ts";
import type { Table } from "./tables.ts";

/** The rules on one configuration, best first. */
export interface Ranking {
  /** panel, configuration and, where several are swept, what is swept */
  title: string;
  /** rank, rule, shift, regret, loss at the own optimum, verdict, ties */
  table: Table;
  /** the judgements in the table's order */
  judgements: Judgement[];
}

/** What the columns of a ranking mean. */
export const RANKING_NOTE =
  "Ranked by regret, the loss that the transferred value costs against the rule's own best. A rank is " +
  "the range that the 95% intervals allow: rules whose intervals overlap are tied. A small regret says " +
  "that the rule keeps its optimum in place, not that its loss is the lowest: see the column beside it.";

/** One ranking per configuration of every panel that has rivals. */
export function rankings(record: BenchRecord): Ranking[] {
  const several = sweptOf(record).length > 1;
  const inside = record.judgements.filter(({ panel }) => rivalPanels(record).includes(panel));
  const key = (one: Judgement) => `${one.panel}\n${one.label}\n${one.swept}`;
  return distinct(inside.map(key)).map((group) => {
    const [{ panel, label, swept }] = inside.filter((one) => key(one) === group);
    const judgements = ranked(inside.filter((one) => key(one) === group));
    const title = [panel, label, ...(several ? [SWEPT_NAME[swept]] : [])].join(", ");
    return { title, table: tableOf(record, judgements), judgements };
  });
}

/** By regret, the unmeasured last, in the record's order. */
function ranked(judgements: Judgement[]): Judgement[] {
  const cost = ({ regret: regret }: Judgement) => regret?.estimate ?? Infinity;
  return judgements.toSorted((a, b) => cost(a) === cost(b) ? 0 : cost(a) - cost(b));
}

function tableOf(record: BenchRecord, judgements: Judgement[]): Table {
  const measured = judgements.filter((one) => one.regret !== null);
  return {
    head: [
      "rank",
      "rule",
      "shift, octaves",
      "regret, nats",
      "its own best loss, nats",
      "verdict",
      "tied with",
    ],
    rows: judgements.map((one) => {
      const regret = one.regret;
      const better = measured.filter((other) => regret && other.regret!.hi < regret.lo);
      const worse = measured.filter((other) => regret && other.regret!.lo > regret.hi);
      const tied = measured.filter((other) =>
        regret && other !== one && !better.includes(other) && !worse.includes(other)
      );
      const [first, last] = [better.length + 1, measured.length - worse.length];
      const best = record.optima.find((optimum) =>
        optimum.panel === one.panel && optimum.label === one.label && optimum.rule === one.rule &&
        optimum.swept === one.swept && optimum.role === one.role
      );
      return [
        regret === null ? NOT_MEASURED : first === last ? `${first}` : `${first}–${last}`,
        one.rule,
        interval(one.shift_octaves, octaves),
        interval(regret, nats),
        interval(best?.loss ?? null, nats),
        roleVerdict(one.role, one.verdict),
        tied.map((other) => other.rule).join(", ") || (regret === null ? NOT_MEASURED : "none"),
      ];
    }),
  };
}
