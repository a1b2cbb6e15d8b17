/**
 * What is trained on, as the command line names it.
 *
 * @module
 */
import { loadMnist } from "../fixtures/mnist.ts";
import { loadImages } from "../fixtures/own_images.ts";
import { loadSotu, loadText } from "../fixtures/sotu.ts";
import { causeOf } from "../lab/record/failure.ts";
import type { ProfileName, Suite } from "../lab/suite.ts";
import { checkData } from "../lab/train/data.ts";
import type { Dataset } from "../model/task.ts";
import { imageDataset } from "../model/tasks/diffusion.ts";
import { DIGITS } from "../model/tasks/image_facts.ts";
import { textDataset } from "../model/tasks/language.ts";
import { byteCount } from "../reports/words/format.ts";
import { SUITES } from "../suites/registry.ts";
import { withImages } from "../suites/with_images.ts";
import { UsageError } from "./arguments.ts";

/** What the command line names to train on; null: the built-in data of the task. */
export interface Sources {
  /** a file, as `--text` */
  text: string | null;
  /** a folder of PNG files or an IDX file, as `--data` */
  data: string | null;
}

/** The built-in data of every task. */
export const BUILT_IN: Sources = { text: null, data: null };

/** The flags of commands that look at what a bench left. */
export const DATA_FLAGS = { text: { type: "string" }, data: { type: "string" } } as const;

/** Their lines in a `--help`. */
export const DATA_HELP =
  `  --text FILE    the text it was trained on, where it was not the built-in one
  --data PATH    the images it was trained on, where they were not the built-in digits`;

/** What {@link DATA_FLAGS} name. */
export const sourcesOf = (
  { text = null, data = null }: { text?: string | null; data?: string | null },
): Sources => ({
  text,
  data,
});

/** The task that `--data` is for. */
const OF_IMAGES = "diffusion";

/** Most bytes of a text; what a device can hold of it is less. */
const MOST_TEXT_BYTES = 2 ** 30;

/** Refuses what is no text before it is read: a folder, a device that never ends, the image of a disk. */
function checkReadable(path: string): void {
  const found = Deno.statSync(path);
  const why = found.isDirectory
    ? "it is a folder, want a file"
    : found.isCharDevice || found.isBlockDevice
    ? "it is a device, want a file"
    : found.size > MOST_TEXT_BYTES
    ? `it has ${byteCount(found.size)}, want at most ${byteCount(MOST_TEXT_BYTES)}`
    : null;
  if (why !== null) throw new UsageError(`Cannot train on ${path}: ${why}`);
}

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
    checkReadable(text);
    return textDataset(await loadText(text));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof RangeError) throw new UsageError(error.message); // it is empty
    throw new UsageError(`Cannot read ${text}: ${causeOf(error)}`);
  }
}

/**
 * The images to train on.
 *
 * @param path a folder of PNG files or an IDX file, or null for the built-in digits
 * @throws {UsageError} naming the file that cannot be used, and why
 */
async function imagesOf(path: string | null): Promise<Dataset> {
  if (path === null) {
    try {
      return imageDataset(await loadMnist());
    } catch (error) {
      throw new UsageError(
        `Cannot read the training images: ${(error as Error).message}; run \`deno ci\` first`,
      );
    }
  }
  try {
    return imageDataset(await loadImages(path, DIGITS.patch));
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

/** What brings the data of each task. */
const DATA: Readonly<Record<string, (sources: Sources) => Promise<Dataset>>> = {
  language: ({ text }) => dataOf(text),
  [OF_IMAGES]: ({ data }) => imagesOf(data),
};

/**
 * The data of one task.
 *
 * @throws {UsageError} for data that cannot be used, and for a task without data here
 */
export async function datasetOf(task: string, sources: Sources): Promise<Dataset> {
  if (Object.hasOwn(DATA, task)) return await DATA[task](sources);
  throw new UsageError(`Cannot train for ${task}: no data is known for it`);
}

/** The data of several tasks, each read when it is first asked for. */
export class DataOf {
  readonly #sources: Sources;
  readonly #known = new Map<string, Promise<Dataset>>();

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  of(task: string): Promise<Dataset> {
    const known = this.#known.get(task) ?? datasetOf(task, this.#sources);
    this.#known.set(task, known);
    return known;
  }
}

/**
 * Refuses images for suites that train on none.
 *
 * @param all the suites there are
 * @throws {UsageError} naming those that do
 */
export function checkImagesWanted(
  suites: readonly Suite[],
  { data }: Sources,
  all: readonly Suite[] = SUITES,
): void {
  if (data === null || suites.some(({ task }) => task === OF_IMAGES)) return;
  const those = all.filter(({ task }) => task === OF_IMAGES).map(({ id }) => id);
  const named = suites.map(({ id }) => id).join(", ");
  throw new UsageError(
    `Cannot use --data with ${named}: no images are trained on; suites that do: ${
      those.join(", ")
    }`,
  );
}

/**
 * Refuses a text for suites that train on none.
 *
 * @throws {UsageError} naming the suites
 */
export function checkTextWanted(suites: readonly Suite[], { text }: Sources): void {
  if (text === null || suites.some(({ task }) => task !== OF_IMAGES)) return;
  const named = suites.map(({ id }) => id).join(", ");
  throw new UsageError(`Cannot use --text with ${named}: images are trained on; see --data`);
}

/**
 * The data of suites by task, and the suites with plans for it, checked against every one of them before any work.
 *
 * @throws {UsageError} as {@link datasetOf} and {@link checkImagesWanted}
 * @throws {LabError} for data too short, with what it needs
 */
export async function dataFor(
  suites: readonly Suite[],
  profile: ProfileName,
  sources: Sources,
): Promise<{ data: Data; suites: Suite[] }> {
  checkImagesWanted(suites, sources);
  checkTextWanted(suites, sources);
  const tasks = new Set(suites.flatMap((suite) => suite.task ?? []));
  const data = new Map<string, Dataset>();
  for (const task of tasks) data.set(task, await datasetOf(task, sources));
  const planned = suites.map((suite): Suite => {
    if (suite.task === null) return suite;
    const own = data.get(suite.task)!, made = withImages(suite, own, profile);
    for (const training of made.plan(profile).trainings) checkData(own, training);
    return made;
  });
  return { data, suites: planned };
}

/** The data of each task that is trained. */
export type Data = ReadonlyMap<string, Dataset>;
