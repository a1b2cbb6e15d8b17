/**
 * The tasks a suite may name.
 *
 * @module
 */
import type { Task } from "../task.ts";
import { diffusion } from "./diffusion.ts";
import { language } from "./language.ts";

/** Every task at the size the lab trains it at. */
export const TASKS: Readonly<Record<string, Task>> = {
  language: language(),
  diffusion: diffusion(),
};

/** The task of a plan that names none. */
export const DEFAULT_TASK = "language";

/**
 * A task by its id.
 *
 * @throws {RangeError} naming those there are
 */
export function taskById(id: string = DEFAULT_TASK): Task {
  if (Object.hasOwn(TASKS, id)) return TASKS[id];
  throw new RangeError(`Cannot find the task ${id}: there are ${Object.keys(TASKS).join(", ")}`);
}
