/**
 * What is trained on, as the command line names it.
 *
 * @module
 */
import { loadMnist } from "../fixtures/mnist.ts";
import { loadSotu, loadText } from "../fixtures/sotu.ts";
import type { ProfileName, Suite } from "../lab/suite.ts";
import { checkData } from "../lab/train/data.ts";
import type { Dataset } from "../model/task.ts";
import { imageDataset } from "../model/tasks/diffusion.ts";
import { textDataset } from "../model/tasks/language.ts";
import { UsageError } from "./arguments.ts";

/**
 * The data to train on: a text.
 *
 * @param text a file, or null for the built-in one
 * @throws {UsageError} for one that cannot be read or is empty
 */
export async function dataOf(text: string | null): Promise<Dataset> {
  if (text === null) {
    try {
      return textDataset(await loadSotu());
    } catch (error) {
      throw new UsageError(
        `Cannot read the training text: ${(error as Error).message}; run \`deno ci\` first`,
      );
    }
  }
  try {
    return textDataset(await loadText(text));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message); // it is empty
    throw new UsageError(`Cannot read ${text}: ${(error as Error).message.split(":")[0]}`);
  }
}

/**
 * The built-in images.
 *
 * @throws {UsageError} when they cannot be read
 */
async function digits(): Promise<Dataset> {
  try {
    return imageDataset(await loadMnist());
  } catch (error) {
    throw new UsageError(
      `Cannot read the training images: ${(error as Error).message}; run \`deno ci\` first`,
    );
  }
}

/** What brings the data of each task, from what `--text` names. */
const SOURCES: Readonly<Record<string, (text: string | null) => Promise<Dataset>>> = {
  language: dataOf,
  diffusion: digits,
};

/**
 * The data of one task.
 *
 * @throws {UsageError} as {@link dataOf}, and for a task without data here
 */
export async function datasetOf(task: string, text: string | null): Promise<Dataset> {
  if (Object.hasOwn(SOURCES, task)) return await SOURCES[task](text);
  throw new UsageError(`Cannot train for ${task}: no data is known for it`);
}

/**
 * The data of suites, checked against every plan they train, before any work; by task.
 *
 * @throws {UsageError} as {@link datasetOf}
 * @throws {LabError} for data too short, with what it needs
 */
export async function dataFor(
  suites: readonly Suite[],
  profile: ProfileName,
  text: string | null,
): Promise<Data> {
  const tasks = new Set(suites.flatMap((suite) => suite.task ?? []));
  const data = new Map<string, Dataset>();
  for (const task of tasks) data.set(task, await datasetOf(task, text));
  for (const suite of suites) {
    if (suite.task === null) continue;
    for (const training of suite.plan(profile).trainings) {
      checkData(data.get(suite.task)!, training);
    }
  }
  return data;
}

/** The data of each task that is trained. */
export type Data = ReadonlyMap<string, Dataset>;
