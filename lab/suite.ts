/**
 * What a suite declares: one claim, what is trained to test it, and when it holds.
 *
 * @module
 */
import type { Schedule } from "../model/schedule.ts";
import type { BaseHyperParameters, Cell, SuiteFacts } from "./record/record.ts";

/** Names of the sizes a suite comes in. */
export const PROFILES = ["smoke", "quick", "paper"] as const;
/** One of {@link PROFILES}. */
export type ProfileName = typeof PROFILES[number];

/** What all runs of a plan share; a run's identity holds every field. */
export interface TrainingPlan {
  /** id of what is trained on, in model/tasks/registry.ts; language where it is not said */
  task?: string;
  /** the configuration whose hyperparameters are carried over, in the command line's grammar */
  reference: string;
  /** optimizer steps; a configuration with B and D trains D / B of them instead */
  steps: number;
  /** sequences per step; a configuration with B trains B / seq of them instead */
  sequences: number;
  /** tokens per sequence */
  seq: number;
  /** held-out batches a run is validated on */
  evaluationBatches: number;
  /** hyperparameters of the reference where nothing is swept; initStd null: 1/sqrt(d*) */
  base: Omit<BaseHyperParameters, "initStd"> & { initStd: number | null };
  training: { schedule: Schedule; clipNorm: number; balanceCoef: number; zCoef: number };
}

/** Grids of log2 values before widening, on the reference's scale. */
export interface Grids {
  reference: number[];
  /** `bracket`: the reference's measured optimum, rounded, and one octave on each side */
  targets: number[] | "bracket";
}

/** One panel of the figure. */
export interface Panel {
  name: string;
  /** what is swept; the learning rate where it is not said */
  swept?: Cell["swept"];
  /** its own reference, where it is not the plan's */
  reference?: string;
  /** configurations the rule transfers to, in the grammar of the command line */
  targets: string[];
  /** those of them the control is trained on */
  controls: string[];
  /** rules trained on every target to be ranked; they decide nothing */
  rivals?: string[];
  /** its own grids */
  grid?: Grids;
}

/** A suite at one size. */
export interface SuiteProfile {
  plan: TrainingPlan;
  panels: Panel[];
  /** paired seeds */
  seeds: number[];
  grid: Grids;
}

/** A transfer suite. */
export interface Suite extends SuiteFacts {
  kind: "transfer";
  /** panels that carry the claim */
  claimPanels: string[];
  rule: string;
  controlRule: string;
  tolerance_octaves: number;
  /** estimate the exponent of D in the optimal learning rate from the targets' sweeps */
  durationExponent?: boolean;
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
  const facts = {
    id,
    title,
    figure,
    claim,
    heldFixed,
    varied,
    measured,
    passesIf,
    control,
    source,
  };
  return s.options === undefined ? facts : { ...facts, options: s.options };
}
