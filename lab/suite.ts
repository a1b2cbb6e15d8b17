/**
 * What a suite declares: one claim, what is trained to test it, and when it holds.
 *
 * @module
 */
import type { Schedule } from "../model/schedule.ts";
import type { BaseHyperParameters, SuiteFacts } from "./record.ts";

/** Names of the sizes a suite comes in. */
export const PROFILES = ["smoke", "quick", "paper"] as const;
/** One of {@link PROFILES}. */
export type ProfileName = typeof PROFILES[number];

/** One panel of the figure. */
export interface Panel {
  name: string;
  /** configurations the rule transfers to, in the grammar of the command line */
  targets: string[];
  /** those of them the control is trained on */
  controls: string[];
}

/** A suite at one size. */
export interface SuiteProfile {
  reference: string;
  panels: Panel[];
  steps: number;
  /** sequences per step and tokens per sequence */
  sequences: number;
  seq: number;
  seeds: number[];
  /** log2 grids before widening, on the reference's scale */
  grid: { reference: number[]; targets: number[] };
  /** held-out batches a run is validated on */
  evaluationBatches: number;
}

/** A transfer suite. */
export interface Suite extends SuiteFacts {
  kind: "transfer";
  swept: "lr";
  /** panels that carry the claim */
  claimPanels: string[];
  rule: string;
  controlRule: string;
  /** hyperparameters of the reference but the swept one; initStd is 1/sqrt(d*) */
  base: Omit<BaseHyperParameters, "lr" | "initStd">;
  training: { schedule: Schedule; clipNorm: number; balanceCoef: number; zCoef: number };
  tolerance_octaves: number;
  /** expected cost, in words */
  cost: string;
  profiles: Record<ProfileName, SuiteProfile>;
}

/** Declares a suite; checks what the types cannot. */
export function defineSuite(suite: Suite): Suite {
  for (const [name, p] of Object.entries(suite.profiles)) {
    for (const panel of p.panels) {
      const stray = panel.controls.find((c) => !panel.targets.includes(c));
      if (stray) throw new RangeError(`Cannot define ${suite.id}: control ${stray} is no target`);
    }
    for (const claim of suite.claimPanels) {
      if (!p.panels.some((panel) => panel.name === claim)) {
        throw new RangeError(`Cannot define ${suite.id}: profile ${name} has no panel ${claim}`);
      }
    }
  }
  return suite;
}

/** The words a suite says of itself. */
export function factsOf(s: SuiteFacts): SuiteFacts {
  const { id, title, figure, claim, heldFixed, varied, measured, passesIf, control, source } = s;
  return { id, title, figure, claim, heldFixed, varied, measured, passesIf, control, source };
}
