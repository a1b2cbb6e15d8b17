/**
 * One short training, the same in a browser and in Deno: a small MoE under Complete-muE, ten steps of the
 * smoke profile's plan.
 *
 * @module
 */
import type { TextData } from "../fixtures/sotu.ts";
import type { Device } from "../kernels/gpu/device.ts";
import type { Run } from "../lab/record/run.ts";
import { trainGroup } from "../lab/train/group.ts";
import { contextOf, jobOf } from "../lab/train/job.ts";
import type { TrainingPlan } from "../lab/train/plan.ts";
import { textDataset } from "../model/tasks/language.ts";
import { formatConfiguration, labelOf, parseConfiguration } from "../rule/configuration.ts";
import { smokePlan } from "../suites/plans.ts";

/** The plan: that of the smoke profile, cut to ten steps. */
export const PLAN: TrainingPlan = { ...smokePlan, steps: 10 };

/** 8 experts of which 2 are active, two blocks. */
const MODEL = "8e2a:d=32,L=2,h=16";

/**
 * Trains it.
 *
 * @param plan tests change it @param onStep told after every submit how many steps are done
 * @returns losses in nats, step by step and on held-out text
 * @throws the signal's reason when aborted; {DeviceError} when the GPU refused work
 */
export async function trainShortly(
  device: Device,
  text: TextData,
  plan: TrainingPlan = PLAN,
  onStep: (step: number) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Run> {
  const dataset = textDataset(text), from = parseConfiguration(plan.reference);
  const to = parseConfiguration(MODEL, from);
  const cell = {
    panel: "page",
    configuration: formatConfiguration(to),
    label: labelOf(to),
    rule: "complete-mue",
    role: "target",
    swept: "lr",
    log2x: Math.log2(plan.base.lr),
    seed: 0,
  } as const;
  const job = jobOf({ cell, from, to }, plan, contextOf(dataset, device)),
    data = dataset.upload(device);
  try {
    const [run] = await trainGroup(device, data, [job], onStep, signal);
    return run;
  } finally {
    data.destroy();
  }
}
