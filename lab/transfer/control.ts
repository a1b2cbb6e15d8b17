/**
 * Which control a transfer needs: a rule that would put the optimum so far off that its sweep must be seen to fail.
 *
 * @module
 */
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import { isForeign } from "../../rule/route_scale.ts";
import type { TensorKind } from "../../rule/rule.ts";
import { contextFor } from "../estimate.ts";
import type { Swept } from "../record/run.ts";
import { type Job, jobOf } from "../train/job.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { workOf } from "../train/size.ts";

/** The matrices of a block, by whose rows a rule places the optimum. */
const HIDDEN: readonly TensorKind[] = [
  ...["wq", "wk", "wv", "wo"] as const,
  ...["wrouter", "wgate", "wup", "wdown"] as const,
];

/** Octaves by which a control's optimum must be expected beyond the tolerance: half of what seeds leave it at. */
const MARGIN_OCTAVES = 0.5;

/** A target under a rule, as its sweep would train it. */
function jobUnder(rule: string, target: string, swept: Swept, plan: TrainingPlan): Job {
  const from = parseConfiguration(plan.reference), to = parseConfiguration(target, from);
  const cell = {
    panel: "",
    configuration: target,
    label: "",
    rule,
    role: "control",
    swept,
    log2x: -6,
    seed: 0,
  } as const;
  return jobOf({ cell, from, to }, plan, contextFor(plan));
}

/**
 * How far the optimum under another rule is expected from that under a rule that is right: octaves, the mean over the
 * matrices of a block of the log2 of what one rule gives a matrix over what the other does.
 *
 * @param rule the one taken as right @param other the one whose optimum is asked for
 * @param target a configuration @param swept the hyperparameter
 * @throws {RangeError} for a target that cannot be trained under one of them
 */
export function expectedShift(
  rule: string,
  other: string,
  target: string,
  swept: Swept,
  plan: TrainingPlan,
): number {
  const [right, wrong] = [rule, other].map((id) => jobUnder(id, target, swept, plan).rows);
  const octaves = HIDDEN.map((kind) => Math.log2(right[kind][swept] / wrong[kind][swept]))
    .filter(Number.isFinite); // a dense model has no router
  return octaves.reduce((sum, one) => sum + one, 0) / octaves.length;
}

/** A control: which rule on which target, and the octaves by which it is expected to miss. */
export interface Control {
  rule: string;
  target: string;
  octaves: number;
}

/** The target on which a rule is expected to miss by most, of equals the cheapest; null where it trains none. */
function widest(
  rule: string,
  other: string,
  targets: readonly string[],
  swept: Swept,
  plan: TrainingPlan,
): Control | null {
  let best: (Control & { work: number }) | null = null;
  for (const target of targets) {
    try {
      const to = parseConfiguration(target, parseConfiguration(plan.reference));
      const { gate } = ruleById(other); // a rule with a gate of its own trains another model
      if (gate !== undefined && (gate !== ruleById(rule).gate || isForeign(to, { gate }))) continue;
      const octaves = expectedShift(rule, other, target, swept, plan);
      const work = workOf(jobUnder(other, target, swept, plan));
      const more = Math.abs(octaves) - Math.abs(best?.octaves ?? 0);
      if (best === null || more > 1e-9 || (more > -1e-9 && work < best.work)) {
        best = { rule: other, target, octaves, work };
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // it cannot be trained under that rule
    }
  }
  return best && { rule: best.rule, target: best.target, octaves: best.octaves };
}

/**
 * The control for some targets: the standard parametrization where it is expected to miss by enough, else the rule that
 * is expected to miss by most. Whether that is enough `octaves` tells: what is less than the tolerance will not be
 * seen to fail.
 *
 * @param rule the one under test @param targets configurations @param swept the hyperparameter
 * @param tolerance_octaves what counts as kept @param wanted a rule that is asked for; null: any
 * @returns null where no other rule trains any of the targets
 */
export function chooseControl(
  rule: string,
  targets: readonly string[],
  swept: Swept,
  plan: TrainingPlan,
  tolerance_octaves: number,
  wanted: string | null = null,
): Control | null {
  const others = wanted === null
    ? ["standard", ...RULES.map(({ id }) => id).filter((id) => id !== "standard")]
    : [wanted];
  const found = others.filter((id) => id !== rule)
    .flatMap((id) => widest(rule, id, targets, swept, plan) ?? []);
  const enough = tolerance_octaves + MARGIN_OCTAVES;
  return found.find(({ rule, octaves }) => rule === "standard" && Math.abs(octaves) >= enough) ??
    found.toSorted((a, b) => Math.abs(b.octaves) - Math.abs(a.octaves)).at(0) ?? null;
}
