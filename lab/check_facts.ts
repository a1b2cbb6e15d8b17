/**
 * What a record says besides its findings, against what this version says of the suite, task and data, and against
 * itself: words that were changed, runs whose parts do not go together, a canary that changed.
 *
 * @module
 */
import type { Dataset } from "../model/task.ts";
import { isSparse } from "../kernels/routing/router.ts";
import { layoutOf } from "../model/shape.ts";
import { warningsOf } from "./assemble.ts";
import type { BenchRecord } from "./record/record.ts";
import type { Run } from "./record/run.ts";
import { factsOf, type Suite } from "./suite.ts";
import { dataFacts, taskFacts } from "./train/data.ts";
import type { Job } from "./train/job.ts";

/** Most by which a load's sum may miss the number of experts picked: it is a mean of many float32. */
const LOAD_ROUNDING = 1e-3;

/** What of a run cannot be, whatever was trained. */
export function oddities(run: Run, job: Job): string[] {
  const { steps, trainLoss, validationLoss, divergedAtStep, expertLoad, router, trainZLoss } = run;
  const { ffn, depth } = job.shape, moe = ffn.kind === "moe";
  const lost = divergedAtStep !== null, wanted = divergedAtStep ?? steps, odd: string[] = [];
  const parameters = layoutOf(job.shape).count;
  if (run.parameters !== parameters) odd.push(`${run.parameters} parameters, not ${parameters}`);
  if (lost && validationLoss !== null) odd.push("it diverged and has a held-out loss");
  if (!lost && validationLoss === null) odd.push("it has no held-out loss and did not diverge");
  if (trainLoss.length !== Math.min(wanted, steps)) {
    odd.push(`${trainLoss.length} training losses for ${wanted} steps`);
  }
  if ((trainZLoss !== null) !== moe) odd.push("z-losses do not go with its layers");
  if (trainZLoss !== null && trainZLoss.length !== trainLoss.length) {
    odd.push(`${trainZLoss.length} z-losses for ${trainLoss.length} losses`);
  }
  if ((expertLoad !== null) !== (moe && !lost)) odd.push("its load does not go with its layers");
  if (run.topSingular && lost) odd.push("it diverged and has singular values");
  if (router !== null && (!moe || lost)) odd.push("it has facts of routers it has not");
  if (moe && expertLoad !== null) {
    if (expertLoad.length !== depth || expertLoad.some((block) => block.length !== ffn.experts)) {
      odd.push(`its load is not of ${depth} blocks of ${ffn.experts} experts`);
    }
    // a capacity and a choice by experts leave some tokens with less
    const most = ffn.active * (1 + LOAD_ROUNDING);
    const exact = !isSparse(ffn);
    for (const block of expertLoad) {
      const sum = block.reduce((a, b) => a + b, 0);
      if (exact && (sum > most || sum < ffn.active * (1 - LOAD_ROUNDING))) {
        odd.push(`a block's load sums to ${sum}, not to ${ffn.active}`);
        break;
      }
    }
  }
  return odd.map((what) =>
    `run ${run.key} (${run.cell.label}, ${run.cell.rule}, seed ${run.cell.seed}): ${what}`
  );
}

/**
 * What the record says of suite, task, data and machine, and what follows.
 *
 * @returns pairs of both, to be compared
 */
export function factsBeside(
  record: BenchRecord,
  suite: Suite,
  data: Dataset | null,
): { said: unknown; follows: unknown } {
  const { task, environment, trust, incomplete } = record;
  const facts = data && dataFacts(data);
  return {
    said: {
      suite: record.suite,
      task,
      data: record.data && { ...record.data, file: null },
      environment: {
        adapterIsIdentitys: environment.identity.startsWith(`${environment.adapter}/`),
      },
      canaryUnchanged: incomplete || trust.canary === null ||
        trust.canary.before === trust.canary.after,
    },
    follows: {
      suite: factsOf(suite),
      task: data && taskFacts(data.task),
      data: facts && { ...facts, file: null },
      environment: { adapterIsIdentitys: true },
      canaryUnchanged: true,
    },
  };
}

/** Warnings that must be there and are not. */
export function missingWarnings(
  { warnings, evidence }: BenchRecord,
  further: readonly string[],
  causal: boolean,
): string[] {
  const wanted = [...further, ...warningsOf(evidence, causal)];
  return wanted.filter((text) => !warnings.includes(text)).map((text) => `not warned of: ${text}`);
}
