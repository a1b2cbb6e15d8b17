/**
 * What the paper (arXiv 2605.23893, and its authors' own page) is known to show, in our words, so
 * that a report can put it beside what was measured and name the figures it does not reproduce.
 *
 * @module
 */
import type { BenchRecord, Run, SuiteFacts } from "../lab/record.ts";
import { interval, NOT_MEASURED, octaves, powerOfTwo, SWEPT_NAME } from "./format.ts";
import { sweptOf } from "./series.ts";

/** One figure of the paper and where a bench would look for it. */
interface Figure {
  figure: string;
  shows: string;
  suite: string | null;
}

const FIGURES: Figure[] = [
  {
    figure: "Fig. 1",
    shows: "dense FFN, dense MoE, sparse MoE and the two bridges",
    suite: "bridges",
  },
  {
    figure: "Fig. 2a",
    shows: "language model, loss against learning rate over activated experts",
    suite: "activated-experts/lr",
  },
  {
    figure: "Fig. 2b",
    shows: "language model, loss against weight decay",
    suite: "activated-experts/weightDecay",
  },
  {
    figure: "Fig. 2c",
    shows: "language model, loss against init standard deviation",
    suite: "activated-experts/initStd",
  },
  { figure: "Fig. 2d", shows: "training loss of the first 100 steps", suite: "initial-loss" },
  {
    figure: "Fig. 2, diffusion",
    shows: "the same sweeps on a diffusion model",
    suite: "activated-experts-diffusion",
  },
  {
    figure: "Fig. 3",
    shows: "capacity, granularity, shared experts, group-balanced routing",
    suite: "capacity, granularity, hybrids",
  },
  { figure: "Fig. 4", shows: "width (d 128 to 1024) and depth (L 4 to 32)", suite: "width, depth" },
  { figure: "Fig. 5", shows: "batch size", suite: "batch" },
  {
    figure: "Fig. 6",
    shows: "loss at fixed transferred hyperparameters along every axis",
    suite: "scaling",
  },
  { figure: "Fig. 7", shows: "latency of the MoE layer on one H100", suite: "latency" },
  { figure: "Fig. 8", shows: "speed-up of MoE over dense at 6.3 B parameters", suite: "speedup" },
  { figure: "Fig. 9", shows: "video samples", suite: null },
];

/** The figures of the paper that a record does not reproduce, with what they show. */
export function notReproduced(
  record: { suite: SuiteFacts; runs?: Run[] },
): { figure: string; shows: string }[] {
  const swept = new Set(record.runs?.map((run) => run.cell.swept));
  const here = new Set([record.suite.id, ...[...swept].map((x) => `${record.suite.id}/${x}`)]);
  return FIGURES.filter((figure) => {
    const suites = figure.suite?.split(", ") ?? [];
    return suites.length === 0 || !suites.every((suite) => here.has(suite));
  }).map(({ figure, shows }) => ({ figure, shows }));
}

/**
 * What is known to us of the paper's Fig. 7: a SwiGLU MoE layer and dense layers on one H100 80 GB,
 * milliseconds per step. Its layer's size, number format and kernels are not known to us, so only
 * the ratios to its dense layer can stand beside other machines.
 */
export const FIG_7 = {
  /** where it was measured */
  adapter: "one H100 80GB",
  /** the dense layer of equal active FLOPs */
  dense_ms: 81.0,
  /** activated experts of the capacity axis */
  capacityActive: 8,
  /** number of experts N against ms: its first and last point */
  capacity: [[8, 87.8], [256, 97.0]],
  /** granularity against ms: its first and last point */
  granularity: [[2, 84.1], [64, 135.0]],
  /** the dense layer widened to a like number of parameters; wider ones did not fit into memory */
  widenedDense_ms: 667.6,
} as const;

/** One fact of the paper beside the same quantity of this bench. */
export interface Comparison {
  /** the quantity */
  what: string;
  /** as the paper has it */
  paper: string;
  /** as this bench has it */
  here: string;
}

/** The paper's setting and claim beside ours, line by line. */
export function besideThePaper(record: BenchRecord): Comparison[] {
  const { suite, plan } = record;
  const reference = record.runs.find((run) => run.cell.role === "reference");
  const targets = record.judgements.filter((judgement) => judgement.role === "target");
  const passes = targets.filter((judgement) => judgement.verdict === "pass").length;
  return [
    {
      what: "claim",
      paper: suite.claim,
      here: `${record.verdict}: ${passes} of ${targets.length} targets pass. ${record.reason}`,
    },
    {
      what: "reference",
      paper: "dense proxy, d = 128, L = 32, 25 000 steps",
      here: reference === undefined
        ? NOT_MEASURED
        : `${reference.cell.configuration}, ${plan.steps} steps of ${plan.batchTokens} tokens`,
    },
    {
      what: "targets",
      paper: "64e2a … 64e64a and dense FFN_1 … FFN_8",
      here: [...new Set(targets.map((judgement) => judgement.label))].join(", ") || NOT_MEASURED,
    },
    ...sweptOf(record).map((swept) => ({
      what: `optimal ${SWEPT_NAME[swept]} of the reference`,
      paper: { lr: "1e−3", weightDecay: "0.10", initStd: "0.01" }[swept],
      here:
        record.optima.filter((optimum) => optimum.role === "reference" && optimum.swept === swept)
          .map((optimum) =>
            `${optimum.panel} ` +
            (optimum.log2x === null ? NOT_MEASURED : powerOfTwo(optimum.log2x.estimate))
          )
          .join("; ") || NOT_MEASURED,
    })),
    {
      what: "shift of the optimum",
      paper: "drawn, no number given",
      here:
        targets.map((one) => `${one.panel} ${one.label} ${interval(one.shift_octaves, octaves)}`)
          .join("; ") ||
        NOT_MEASURED,
    },
  ];
}
