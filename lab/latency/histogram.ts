/**
 * The load of a trained router, from the record of a suite that trained one.
 *
 * @module
 */
import type { BenchRecord } from "../record/record.ts";

/** A load and where it came from. */
export interface TrainedLoad {
  /** share of tokens that pick each expert */
  shares: number[];
  /** in words, for the record */
  source: string;
}

/** How uneven a load is: its largest share over the mean. */
function unevenness(shares: number[]): number {
  return Math.max(...shares) * shares.length / shares.reduce((a, b) => a + b, 0);
}

/**
 * Load of the best target run with N experts and a active ones: that of the lowest validation loss,
 * in its most uneven block. Null when there is no such run.
 */
export function trainedLoad(
  record: BenchRecord,
  experts: number,
  active: number,
): TrainedLoad | null {
  const label = `${experts}e${active}a`;
  const runs = record.runs.filter((r) =>
    r.cell.label === label && r.cell.role === "target" && r.validationLoss !== null &&
    r.expertLoad?.length && r.expertLoad.every((block) => block.length === experts)
  ).sort((a, b) => a.validationLoss! - b.validationLoss!);
  if (runs.length === 0) return null;
  const { expertLoad, cell, validationLoss: loss } = runs[0];
  const block = expertLoad!.reduce(
    (worst, b, i) => unevenness(b) > unevenness(expertLoad![worst]) ? i : worst,
    0,
  );
  return {
    shares: expertLoad![block],
    source:
      `${record.suite.id}, ${record.plan.profile}: ${cell.configuration}, seed ${cell.seed}, ` +
      `validation loss ${loss!.toFixed(3)} nats, block ${block}`,
  };
}
