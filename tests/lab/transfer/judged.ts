/** A target judged as the tests of transfer suites want it: with its two measures by name. */
import type { Sweep } from "../../../lab/statistics/optimum.ts";
import type { TransferLimits } from "../../../lab/transfer/declaration.ts";
import { judgeTarget } from "../../../lab/transfer/judge.ts";

/** Judges by one octave and 0.01 nats unless told otherwise. */
export function judged(
  reference: Sweep,
  target: Sweep,
  { tolerance = 1, minRegret = 0.01 }: { tolerance?: number; minRegret?: number } = {},
) {
  const names = {
    panel: "transfer",
    subject: "16e4a",
    variant: "complete-mue",
    role: "claim",
  } as const;
  const limits: TransferLimits = { tolerance_octaves: tolerance, minRegret };
  const judgement = judgeTarget(names, reference, target, limits, "nats");
  const [shift, regret] = judgement.measures;
  return { ...judgement, shift, regret };
}
