/**
 * The figures of the paper (arXiv 2605.23893): what each is about, and which suites reproduce it. What
 * they are known to show stands in `paper_facts.ts`.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { type Swept, SWEPT_NAME } from "../../lab/record/run.ts";
import { runsOf } from "./phrases.ts";

/** One figure of the paper. */
export interface Figure {
  /** its name, e.g. `Fig. 2a` */
  figure: string;
  /** what it shows */
  shows: string;
  /** suites that reproduce it together; `ID/SWEPT` asks for a sweep of that suite */
  suites: string[];
  /** why no suite does, where none can */
  outOfScope?: string;
}

const figure = (figure: string, shows: string, suites: string[], outOfScope?: string): Figure => ({
  figure,
  shows,
  suites,
  ...(outOfScope === undefined ? {} : { outOfScope }),
});

/** All figures, in the paper's order. */
export const FIGURES: Figure[] = [
  figure("Fig. 1", "dense FFN, dense MoE, sparse MoE and the two bridges", ["bridges"]),
  figure("Fig. 2a", "language model, loss against learning rate over activated experts", [
    "activated-experts/lr",
  ]),
  figure("Fig. 2b", "language model, loss against weight decay", ["activated-experts/weightDecay"]),
  figure("Fig. 2c", "language model, loss against init standard deviation", [
    "activated-experts/initStd",
  ]),
  figure("Fig. 2d", "training loss of the first 100 steps", ["initial-loss"]),
  figure("Fig. 2, diffusion", "the same four on a diffusion model", [
    "activated-experts-diffusion/lr",
    "activated-experts-diffusion/weightDecay",
    "activated-experts-diffusion/initStd",
    "initial-loss-diffusion",
  ]),
  figure("Fig. 3", "capacity, granularity, shared experts, group-balanced routing", [
    "capacity",
    "granularity",
    "hybrids",
  ]),
  figure("Fig. 4", "width (d 128 to 1024) and depth (L 4 to 32)", ["ffn-width", "width", "depth"]),
  figure("Fig. 5a", "batch size, language model", ["batch"]),
  figure("Fig. 5b", "batch size, diffusion model", ["batch-diffusion"]),
  figure("Fig. 6", "loss at fixed transferred hyperparameters along every axis", [
    "scaling",
    "scaling-diffusion",
  ]),
  figure("Fig. 7", "latency of the MoE layer on one H100", ["latency"]),
  figure("Fig. 8", "speed-up of MoE over dense at 6.3 B parameters", [
    "speedup",
    "speedup-diffusion",
  ]),
  figure(
    "Fig. 9",
    "video samples",
    ["samples"],
    "no video model is trained here; `samples` stands in with digits",
  ),
];

/** The names of suites and sweeps that records hold: `activated-experts`, `activated-experts/lr`. */
export function reproducedBy(records: readonly BenchRecord[]): Set<string> {
  return new Set(records.flatMap((record) => [
    record.suite.id,
    ...runsOf(record).map(({ cell }) => `${record.suite.id}/${cell.swept}`),
  ]));
}

/**
 * What the figures that a record belongs to need beside it, one phrase each: `Fig. 3 also needs
 * granularity, hybrids`.
 */
export function alsoNeeds(record: BenchRecord): string[] {
  const here = reproducedBy([record]), { id } = record.suite;
  return FIGURES.flatMap(({ figure, suites }) => {
    const names = suites.map((name) => name.split("/") as [suite: string, swept?: Swept]);
    const lacking = names.filter((_, index) => !here.has(suites[index])).map(([suite, swept]) =>
      swept === undefined ? suite : `${suite} to sweep the ${SWEPT_NAME[swept]}`
    );
    return lacking.length > 0 && names.some(([suite]) => suite === id)
      ? [`${figure} also needs ${lacking.join(", ")}`]
      : [];
  });
}
