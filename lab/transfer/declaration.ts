/**
 * What a transfer suite declares: one claim, what is trained to test it, and when it holds.
 *
 * @module
 */
import type { SuiteFacts } from "../record/record.ts";
import type { Swept } from "../record/run.ts";
import type { ProfileName } from "../suite.ts";
import type { TrainingPlan } from "../train/plan.ts";
import type { TransferLimits } from "./judge.ts";

export type { TransferLimits };

/** Grids of log2 values before widening, on the reference's scale. */
export interface Grids {
  reference: number[];
  /** `bracket`: the reference's measured optimum, rounded, and one octave on each side */
  targets: number[] | "bracket";
}

/** One panel of the figure. */
export interface TransferPanel {
  name: string;
  /** what is swept; the learning rate where it is not said */
  swept?: Swept;
  /** shown beside the claim: judged, and decides nothing */
  beside?: boolean;
  /** its own reference, where it is not the plan's */
  reference?: string;
  /** configurations the rule transfers to, in the grammar of the command line */
  targets: string[];
  /** those of them the control is trained on */
  controls: string[];
  /** further seeds of its reference and controls, which are cheap or lie too near a limit for the targets' */
  moreSeeds?: number[];
  /**
   * further seeds of its reference alone, where its noise decides how well a shift is told: targets and controls are then
   * compared with all of it, each resampled over its own seeds
   */
  referenceSeeds?: number[];
  /** rules trained on every target to be ranked; they decide nothing */
  rivals?: string[];
  /** its own grids */
  grid?: Grids;
}

/** A transfer suite at one size: everything that decides a result. */
export interface TransferProfile {
  plan: TrainingPlan;
  panels: TransferPanel[];
  /** paired seeds */
  seeds: number[];
  grid: Grids;
  limits: TransferLimits;
}

/** The words of a control's caution. */
export const cautionText = (caution: string | { text: string }): string =>
  typeof caution === "string" ? caution : caution.text;

/** What a transfer suite declares; what is not said follows from it. */
export interface TransferDeclaration extends Omit<SuiteFacts, "measured" | "passesIf" | "control"> {
  /** raised when what it measures or how it judges changes; `FINDINGS_VERSION` is put behind it */
  version: string;
  /** rule under test; `complete-mue` where it is not said */
  rule?: string;
  /**
   * rule that must be seen to fail, on which targets, and what its failing does not say; `by`: what it fails by
   * where that is not the axis, for the verdict's own line
   */
  control: { rule: string; on: string; caution?: string | { text: string; by: string } };
  /** what a reader must know of how the suite was made, e.g. what was moved after looking; into the caveats */
  cautions?: string[];
  /** estimate the exponent of D in the optimal learning rate from the targets' sweeps */
  durationExponent?: boolean;
  profiles: Record<ProfileName, TransferProfile>;
}
