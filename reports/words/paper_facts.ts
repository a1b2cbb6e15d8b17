/**
 * What the paper and its authors' page are known to say on the question of each suite, in our words, so
 * that a report can put it beside what was measured. Nothing stands here that is not known to us.
 *
 * @module
 */
import type { AnySwept } from "../../lab/record/swept.ts";

/** What stands where the paper's number is not known to us. */
export const UNKNOWN = "not known to us";

/** What a table has under a name that stands in a record, where it may be any; `constructor` is none of its own. */
function known<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What is known of the figure of a transfer suite. */
export interface KnownTransfer {
  /** its targets */
  targets: string;
  /** what more is known */
  more?: [what: string, paper: string][];
}

/** Targets of a transfer suite's figure, and what more is known of it; none for our own questions. */
const TRANSFER: Record<string, KnownTransfer> = {
  "activated-experts": { targets: "64e2a … 64e64a and dense FFN_1 … FFN_8" },
  "capacity": { targets: UNKNOWN, more: [["optima", "within a narrow window along the axis"]] },
  "granularity": {
    targets: "FFN_1 … FFN_4",
    more: [["optima", "within a narrow window along the axis"]],
  },
  "hybrids": {
    targets: "several counts of shared experts; group-balanced routing",
    more: [
      ["optima", "within a narrow window along each axis"],
      ["more shared experts", "raise the loss"],
    ],
  },
  "ffn-width": { targets: UNKNOWN },
  "width": { targets: "16e4a at d = 128, 256, 512, 1024" },
  "depth": { targets: "16e4a at L = 4, 8, 16, 32" },
  "batch": {
    targets: UNKNOWN,
    more: [["rule at equal tokens, batch × k", "LR and WD × sqrt(k), said to be exact"]],
  },
  "duration": {
    targets: UNKNOWN,
    more: [[
      "rule at equal batch, steps × k",
      "LR and WD × k^(−1/2), said to be approximate (others measured exponents of 0.28 to 0.32)",
    ]],
  },
};

/** What is known of the figure of a suite of claims, one sentence each. */
const CLAIMS: Record<string, string[]> = {
  "initial-loss": [
    "Training loss of the first 100 steps, language model at learning rate 1e−3 with 2 seeds: dense and every MoE variant stay together. The authors use it to check an implementation.",
  ],
  "scaling": [
    "Validation loss of the language model between 3.85 and 4.05 nats.",
    "The loss falls along every axis, with capacity far more than with granularity.",
    "More shared experts raise the loss.",
  ],
  "speedup": [
    "At d = 1024, about 6.3 B parameters, 0.62 B of them active, after 100 000 steps: dense steps over MoE steps to the same loss in the stable phase are 2.5 for images, 4.5 for video and 5.3 to 5.5 for text.",
    "The average of 13 benchmarks goes from 44.3 (dense) to 49.1 (4 groups) and 50.6.",
  ],
  "samples": ["Videos drawn from its models; no number of them is known to us."],
  "bridges": ["A drawing of the two bridges; it measures nothing."],
};

/** The paper's dense reference, and the optimum of each hyperparameter on it. */
export interface PaperReference {
  name: string;
  optima: Partial<Record<AnySwept, string>>;
}

/** By task. */
const PAPER_REFERENCE: Record<string, PaperReference> = {
  language: {
    name: "dense proxy, d = 128, L = 32, 25 000 steps",
    optima: {
      lr: "1e−3 (its dense proxy)",
      weightDecay: "0.10 (its dense proxy)",
      initStd: "0.01 (its dense proxy)",
    },
  },
  diffusion: {
    name:
      "dense proxy, d = 128, 256 images a step, 100 000 steps (the authors' page also says 25 000)",
    optima: {
      lr: "4.52e−3 (the page; an axis of the paper has 1.6e−3)",
      weightDecay: "0.02 (its dense proxy)",
      initStd: "0.02 (its dense proxy)",
    },
  },
};

/** What the paper and its page say on the question of a suite of claims; none where it asks nothing of it. */
export function paperFacts(suite: string): string[] {
  return known(CLAIMS, suite) ?? [];
}

/** What is known of the figure of a transfer suite; undefined for our own questions. */
export const knownTransfer = (suite: string): KnownTransfer | undefined => known(TRANSFER, suite);

/** The paper's reference for a task; undefined where it has none. */
export const paperReference = (task: string): PaperReference | undefined =>
  known(PAPER_REFERENCE, task);
