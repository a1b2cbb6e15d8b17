/**
 * Where a suite gets its trained models from: a pool that trains what is missing, or runs that are finished.
 *
 * @module
 */
import type { TaskData } from "../../model/task.ts";
import type { TaskFacts } from "../record/record.ts";
import type { Run } from "../record/run.ts";
import { taskFacts } from "./data.ts";
import type { Context, Job } from "./job.ts";

/** What a suite asks of it. */
export interface Models {
  /** what every run's identity holds beyond its cell and plan */
  readonly context: Context;
  /** the data, on a device */
  readonly data: TaskData;
  /** the words of what is trained */
  readonly task: TaskFacts;
  /**
   * Names all that is planned so far, for counts and the time left; asked again with every group.
   *
   * @param toGrow work (size.ts) that is expected beyond it, for the time left
   */
  expect(planned: () => Job[], toGrow?: () => number): void;
  /** The finished run of a job. */
  runOf(job: Job): Run | undefined;
  /**
   * Sees to it that these jobs are finished.
   *
   * @throws the signal's reason when aborted; {LabError} when the disk takes no more
   * @throws {DeviceError} when the GPU refused work, or worker processes keep ending
   */
  train(jobs: Job[]): Promise<void>;
  /**
   * Refuses a model that cannot be trained here.
   *
   * @throws {LabError} when the adapter cannot hold one
   */
  refuseUnfit(job: Job): void;
}

/** What the rule says of targets, each once; a control breaks its rule on purpose. */
export function ruleWarnings(jobs: readonly Job[]): string[] {
  const targets = jobs.filter(({ cell }) => cell.role === "target");
  const texts = targets.flatMap(({ cell, warnings }) => warnings.map((t) => `${cell.label}: ${t}`));
  return [...new Set(texts)];
}

/** Runs are asked for that are not there. */
export class MissingRuns extends Error {
  override name = "MissingRuns";
  /** Runs by what they are of, how many. */
  constructor(readonly missing: readonly Job[]) {
    super(`${missing.length} runs are missing, the first of ${missing[0].cell.configuration}`);
  }
}

/** A device is asked for where only finished runs are. */
export class NeedsDevice extends Error {
  override name = "NeedsDevice";
}

/** Models that are finished, and no others. */
export class FinishedModels implements Models {
  readonly #warnings = new Set<string>();

  /** @param runs by key */
  constructor(readonly runs: ReadonlyMap<string, Run>, readonly context: Context) {}

  get task(): TaskFacts {
    return taskFacts(this.context.task);
  }

  get data(): TaskData {
    throw new NeedsDevice();
  }

  expect(): void {}

  refuseUnfit(): void {}

  runOf(job: Job): Run | undefined {
    return this.runs.get(job.key);
  }

  /** @throws {MissingRuns} for what is not finished */
  train(jobs: Job[]): Promise<void> {
    ruleWarnings(jobs).forEach((text) => this.#warnings.add(text));
    const missing = jobs.filter((job) => !this.runs.has(job.key));
    return missing.length ? Promise.reject(new MissingRuns(missing)) : Promise.resolve();
  }

  /** What the rule said of the targets that were asked for. */
  get warnings(): string[] {
    return [...this.#warnings];
  }
}
