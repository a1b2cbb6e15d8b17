/**
 * The load of a trained router, from the record of a suite that trained one.
 *
 * @module
 */
import { LabError } from "../record/failure.ts";
import { readRecord } from "../record/read.ts";
import type { BenchRecord } from "../record/record.ts";
import type { SuiteInputs } from "../suite.ts";
import type { MoeSize } from "./works.ts";

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
  { suite, plan, evidence }: BenchRecord,
  { experts, active }: Pick<MoeSize, "experts" | "active">,
): TrainedLoad | null {
  if (evidence.kind !== "transfer") return null;
  const label = `${experts}e${active}a`;
  const [best] = evidence.runs.filter((r) =>
    r.cell.label === label && r.cell.role === "target" && r.validationLoss !== null &&
    r.expertLoad?.length && r.expertLoad.every((block) => block.length === experts)
  ).sort((a, b) => a.validationLoss! - b.validationLoss!);
  if (best === undefined) return null;
  const { cell } = best, blocks = best.expertLoad!;
  const shares = blocks.reduce((worst, b) => unevenness(b) > unevenness(worst) ? b : worst);
  return {
    shares,
    source: `${suite.id}, ${plan.profile}: ${cell.configuration}, seed ${cell.seed}, ` +
      `its lowest validation loss, block ${blocks.indexOf(shares)}`,
  };
}

/**
 * The load to impose: from the record that was named, or else from the first of the folders whose record
 * has one; null when none has.
 *
 * @throws {LabError} when the named file is no record, or has no such run
 */
export async function loadOf(
  { histogram, folders }: SuiteInputs,
  size: Pick<MoeSize, "experts" | "active">,
): Promise<TrainedLoad | null> {
  if (histogram !== null) {
    const load = trainedLoad(await readRecord(histogram), size);
    if (load) return load;
    throw new LabError(
      `Cannot use the load in ${histogram}: no finished target ${size.experts}e${size.active}a, ` +
        "which this profile times",
    );
  }
  for (const folder of folders) {
    try {
      const load = trainedLoad(await readRecord(`${folder}/record.json`), size);
      if (load) return load;
    } catch (error) {
      if (!(error instanceof LabError)) throw error; // none there, or of another format
    }
  }
  return null;
}
