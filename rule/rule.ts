/** The words every transfer rule speaks: tensors, hyperparameters, rows, multipliers. */

import type { Configuration } from "./configuration.ts";

const ATTENTION = ["wq", "wk", "wv", "wo"] as const;
const FFN = ["wrouter", "wgate", "wup", "wdown"] as const;

/** The kinds of tensors that the model of a task has, in the order of the printed table. */
export const TASK_KINDS = {
  language: [
    "embed",
    ...ATTENTION,
    "attnNorm",
    "qNorm",
    "kNorm",
    "ffnNorm",
    ...FFN,
    "norm",
    "unembed",
  ],
  /** `time1`, `time2`: layers of the time's MLP; `mod`: adaLN modulations, the last stream's among them */
  diffusion: [
    "patch",
    "time1",
    "time2",
    "class",
    "mod",
    ...ATTENTION,
    "qNorm",
    "kNorm",
    ...FFN,
    "velocity",
  ],
} as const;
/** A task that the rules know the tensors of. */
export type RuleTask = keyof typeof TASK_KINDS;
/** Kinds of a language model. */
export type TextKind = typeof TASK_KINDS.language[number];
/** One of {@link TENSOR_KINDS}. Shared experts use the rows of wgate, wup and wdown. */
export type TensorKind = typeof TASK_KINDS[RuleTask][number];
/** Every kind of tensor; a task trains its own with the rows of these. */
export const TENSOR_KINDS: readonly TensorKind[] = [
  ...new Set([...TASK_KINDS.language, ...TASK_KINDS.diffusion]),
];

/** AdamW and init of the reference. */
export interface HyperParameters {
  /** eta, peak learning rate; above 0. */
  lr: number;
  /** lambda, AdamW's weight decay (applied as lr·wd); 0 or more. */
  weightDecay: number;
  /** Adam's epsilon; 0 or more. */
  eps: number;
  /** First-moment decay, in [0, 1). */
  beta1: number;
  /** Second-moment decay, in [0, 1). */
  beta2: number;
  /** sigma of the reference's 2-D block matrices. */
  initStd: number;
  /** sigma of the reference's embedding, of a diffusion model's class table. */
  embedInitStd: number;
  /** sigma of the reference's final projection; may be 0. */
  unembedInitStd: number;
  /** Diffusion: sigma of the reference's patch embedding; absent: initStd. */
  patchInitStd?: number;
  /** Diffusion: sigma of the first layer of the reference's time MLP; absent: initStd. */
  timeInitStd?: number;
  /** Diffusion: sigma of the reference's modulations; absent: 0 (adaLN-zero, 2212.09748). */
  modInitStd?: number;
}

/** Choices the sources leave open, each with the authors' choice as default. */
export interface RuleOptions {
  /** What the model is for, which decides what tensors it has. Default `language`. */
  task?: RuleTask;
  /**
   * `authors` (default): LR and init as every 2-D matrix, logits × 1/rho_d;
   * `completed-p` (2512.22382): LR × 1/rho_d, init × 1/rho_d, logits × 1.
   */
  unembedding?: "authors" | "completed-p";
  /** Weight decay × rho_d on hidden matrices, which keeps lr·wd (2512.22382). Default false. */
  decoupledDecay?: boolean;
  /**
   * How the optimizer decays: `coupled` (default) as AdamW, lr·wd at a step; `independent` wd alone, so that wd
   * takes the factors of lr too [ours].
   */
  decay?: "coupled" | "independent";
  /** alpha: residual × rho_L^-alpha, hidden LR × rho_L^(alpha-1) (2505.01618). Default 1. */
  depthAlpha?: number;
  /** p in q = sqrt(rho_B) / rho_D^p. Default 1/2, the authors'. */
  durationExponent?: number;
}

/** What a rule sets on one tensor. */
export type Knob = "initStd" | "lr" | "weightDecay" | "eps";

/** One tensor kind at the target: values to use, the formula of each and where it is from. */
export interface Row {
  /** The tensor kind. */
  tensor: TensorKind;
  /** Standard deviation of the normal init; 0 on norms, whose gains start at 1. */
  initStd: number;
  /** AdamW learning rate at the peak of the schedule. */
  lr: number;
  /** AdamW weight decay. */
  weightDecay: number;
  /** Adam's epsilon. */
  eps: number;
  /** Formula of each value in the paper's letters, e.g. `eta * q / rho_d`. */
  formulas: Record<Knob, string>;
  /** Source of each formula: [authors], [paper], [ours] or an arXiv number. */
  sources: Record<Knob, string>;
}

/** Numbers the target's forward pass multiplies by. */
export interface Multipliers {
  /** On every residual branch; the reference has 1. */
  residual: number;
  /** A, on the FFN/MoE output; the reference has 1. */
  outputMultiplier: number;
  /** R, on the routed sum; a dense model has 1. Where gates do not sum to 1 it is worth `warnings`. */
  routeScale: number;
  /** On what the final projection gives, logits or a diffusion model's velocity; the reference has 1. */
  logits: number;
}

/** A formula and where it is from. */
export interface Note {
  /** Formula in the paper's letters. */
  formula: string;
  /** [authors], [paper], [ours] or an arXiv number. */
  source: string;
}

/** What a target needs: one row per tensor kind it has, multipliers and betas. */
export interface Transfer {
  /** Id of the rule. */
  rule: string;
  /** One row per tensor kind; wrouter only for MoE targets. */
  rows: Row[];
  /** Values to set in the target's forward pass. */
  multipliers: Multipliers;
  /** Formula and source of each multiplier and beta. */
  multiplierNotes: Record<keyof Multipliers | "beta1" | "beta2", Note>;
  /** Adam's beta1 at the target. */
  beta1: number;
  /** Adam's beta2 at the target. */
  beta2: number;
  /** What is assumed of the routers, in sentences; none where the rule says it all. */
  warnings: string[];
}

/**
 * A transfer with the hyperparameters divided out: pure factors, target over reference. All are
 * exactly 1 when target = reference, and they compose: factors(A, C) = factors(A, B)·factors(B, C).
 */
export interface Factors {
  /** Factor on each knob of each tensor kind. */
  rows: Record<TensorKind, Record<Knob, number>>;
  /** Factor on each multiplier; routeScale is R/R* at equal S (a/a* where R = a; a = 1 for dense). */
  multipliers: Multipliers;
  /** Factor on 1 − beta1 and 1 − beta2. */
  oneMinusBeta: number;
}

/**
 * What a rule may take powers of: the rho's and q of docs/rule.md; `rho_h`, the ratio of one
 * down-projection's fan-in (H dense, h per expert); `rho_a`, the ratio of a/N (dense 1); `rho_o`, the
 * ratio of heads·dh/d (1 where heads add up to d); `a`, active experts (dense 1); and `S`, what the gates of a token sum to at init (1 where they are normalized:
 * rule/gates.ts).
 */
export type Quantity =
  | "rho_d"
  | "rho_L"
  | "rho_H"
  | "rho_h"
  | "rho_a"
  | "rho_o"
  | "rho_B"
  | "rho_D"
  | "q"
  | "a"
  | "S";

/** A monomial: exponent of each quantity; absent means 0. */
export type Exponents = Partial<Record<Quantity, number>>;

/** A monomial and where it is from. */
export interface Law {
  /** Exponents of the monomial. */
  exponents: Exponents;
  /** [authors], [paper], [ours] or an arXiv number. */
  source: string;
}

/** The four laws of one tensor kind. */
export type RowLaw = Record<Knob, Law>;

/** A rule as it is written down: laws of a language model's tensors; see {@link Table}. */
export interface TextTable extends Omit<Table, "rows"> {
  /** Laws of a language model's tensors. */
  rows: Record<TextKind, RowLaw>;
}

/** A whole rule as data. */
export interface Table {
  /** Laws of every tensor kind. Init and decay of norms are fixed: gain 1, decay 0. */
  rows: Record<TensorKind, RowLaw>;
  /** Laws of the forward multipliers. */
  multipliers: Record<keyof Multipliers, Law>;
  /** Law of 1 − beta. */
  oneMinusBeta: Law;
}

/** What the routed sum weighs experts by: sigmoids, normalized over the active experts or not. */
export type RuleGate = "sigmoid" | "sigmoid-raw";

/** A transfer rule: pure functions of two configurations. */
export interface Rule {
  /** Name on the command line, e.g. `complete-mue`. */
  id: string;
  /** One line for a list. */
  title: string;
  /** Where the rule is from. */
  source: string;
  /** The gate the rule is made for; absent means `sigmoid`, normalized over the active experts. */
  readonly gate?: RuleGate;
  /** The rule as data: a monomial per tensor kind and knob. */
  laws(options?: RuleOptions): Table;
  /**
   * Everything the target needs.
   *
   * @throws {RangeError} on an impossible configuration, hyperparameter or option, and when a beta
   *   would leave [0, 1): the message then names the nearest reference that would do
   */
  transfer(
    from: Configuration,
    to: Configuration,
    hps: HyperParameters,
    options?: RuleOptions,
  ): Transfer;
  /** The same without hyperparameters: factors relative to the reference. */
  factors(from: Configuration, to: Configuration, options?: RuleOptions): Factors;
}
