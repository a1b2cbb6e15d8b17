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

/** The stored matrices of a block, by whose rows a rule places the optimum: q, k, v are one, gate and up another. */
const HIDDEN: readonly TensorKind[] = ["wq", "wo", "wrouter", "wgate", "wdown"];

/** Octaves beyond the tolerance from which a control can be expected to fail: half of what three seeds leave open. */
const MARGIN_OCTAVES = 0.5;

/** What a bench can expect of a control whose optimum lies so far off. */
export type Prospect = "fails" | "may stay undecided" | "is not expected to fail" | "not known";

/** How likely a control is to be seen to fail: null octaves are not known. */
export function prospectOf(octaves: number | null, tolerance_octaves: number): Prospect {
  if (octaves === null) return "not known";
  const beyond = Math.abs(octaves) - tolerance_octaves;
  return beyond >= MARGIN_OCTAVES
    ? "fails"
    : beyond > 0
    ? "may stay undecided"
    : "is not expected to fail";
}

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

/** What of a row places the optimum: a rate; of a decay what acts at a step, lr·wd. */
function placing({ lr, weightDecay }: Job["rows"][TensorKind], swept: "lr" | "weightDecay") {
  return swept === "lr" ? lr : lr * weightDecay;
}

/**
 * How far the optimum under another rule is expected from that under a rule that is right: octaves on the reference's
 * scale, the mean over the stored matrices of a block of the log2 of what one rule gives a matrix over what the other
 * does. First order: betas, multipliers and the stream's ends are left out. Of an init no such number is known, since
 * the multipliers are half of what a rule does to it.
 *
 * @param rule the one taken as right @param other the one whose optimum is asked for
 * @param target a configuration @param swept the hyperparameter
 * @returns null for an init
 * @throws {RangeError} for a target that cannot be trained under one of them
 */
export function expectedShift(
  rule: string,
  other: string,
  target: string,
  swept: Swept,
  plan: TrainingPlan,
): number | null {
  if (swept === "initStd") return null;
  const [right, wrong] = [rule, other].map((id) => jobUnder(id, target, swept, plan).rows);
  const octaves = HIDDEN.map((kind) =>
    Math.log2(placing(right[kind], swept) / placing(wrong[kind], swept))
  ).filter(Number.isFinite); // a dense model has no router
  return octaves.reduce((sum, one) => sum + one, 0) / octaves.length;
}

/** A panel as far as its control goes: the targets that may carry it. */
export interface Controlled {
  targets: readonly string[];
  swept: Swept;
  /** with the panel's reference */
  plan: TrainingPlan;
}

/** A control on a target: the octaves by which it is expected to miss; null: not known. */
export interface Control {
  target: string;
  octaves: number | null;
}

/** Whether a rule trains a target with the gate that the rule under test does: else it is another model. */
function sameModel(rule: string, other: string, target: string, { swept, plan }: Controlled) {
  const gateOf = (id: string) => {
    const { ffn } = jobUnder(id, target, swept, plan).shape;
    return ffn.kind === "moe" ? ffn.gate : null;
  };
  const to = parseConfiguration(target, parseConfiguration(plan.reference));
  return !isForeign(to, ruleById(other)) && gateOf(rule) === gateOf(other);
}

/**
 * The target of a panel on which a rule is expected to miss by most, of equals the cheapest; an init's by what the rule
 * does to the learning rate.
 *
 * @returns null where it trains none of them as the rule under test does
 */
export function widest(rule: string, other: string, panel: Controlled): Control | null {
  const { targets, swept, plan } = panel;
  let best: { target: string; by: number; work: number } | null = null;
  for (const target of targets) {
    try {
      if (!sameModel(rule, other, target, panel)) continue;
      const rate = swept === "initStd" ? "lr" : swept;
      const by = Math.abs(expectedShift(rule, other, target, rate, plan)!);
      const work = workOf(jobUnder(other, target, swept, plan));
      const more = best === null ? 1 : by - best.by;
      if (best === null || more > 1e-9 || (more > -1e-9 && work < best.work)) {
        best = { target, by, work };
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // it cannot be trained under that rule
    }
  }
  return best &&
    { target: best.target, octaves: expectedShift(rule, other, best.target, swept, plan) };
}

/**
 * The rule to control some panels by: the standard parametrization where it is expected to miss by enough in every one of
 * them, else the rule whose smallest miss is largest.
 *
 * @param rule the one under test @param panels those that carry the claim
 * @returns null where no other rule trains a target of each
 */
export function chooseControl(
  rule: string,
  panels: readonly Controlled[],
  tolerance_octaves: number,
): string | null {
  const others = RULES.map(({ id }) => id).filter((id) => id !== rule);
  const found = others.flatMap((id) => {
    const misses = panels.map((panel) => widest(rule, id, panel));
    if (misses.some((miss) => miss === null)) return [];
    const known = misses.flatMap((miss) => miss!.octaves === null ? [] : [Math.abs(miss!.octaves)]);
    // inits alone: what is known of them is what is known of rates
    return [{ id, by: known.length ? Math.min(...known) : Infinity }];
  });
  const standard = found.find(({ id }) => id === "standard");
  if (standard && prospectOf(standard.by, tolerance_octaves) === "fails") return "standard";
  return found.toSorted((a, b) => b.by - a.by).at(0)?.id ?? null;
}

/**
 * Refuses a control that trains another model than the rule under test.
 *
 * @throws {RangeError} naming the target
 */
export function checkControl(rule: string, control: string, panel: Controlled): void {
  const stray = panel.targets.find((target) => !sameModel(rule, control, target, panel));
  if (stray === undefined) return;
  throw new RangeError(
    `Cannot control ${stray} under ${rule} by ${control}: one of them is made for another gate`,
  );
}
