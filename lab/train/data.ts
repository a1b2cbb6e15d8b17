/**
 * The data of a bench: whether it is enough for a plan, and how a record keeps it.
 *
 * @module
 */
import type { Dataset, Task } from "../../model/task.ts";
import { LabError } from "../record/failure.ts";
import type { DataFacts, TaskFacts } from "../record/record.ts";
import type { TrainingPlan } from "./plan.ts";

/** The words of a task as a record keeps them. */
export function taskFacts({ id, loss: { name, unit } }: Task): TaskFacts {
  return { id, loss: { name, unit } };
}

/** The data as a record keeps it. */
export function dataFacts(data: Dataset): DataFacts {
  const { name, hash, licence, file = null, unit, trainUnits, heldOutUnits } = data;
  return { name, hash, unit, trainUnits, heldOutUnits, licence, file };
}

/**
 * Refuses data that is not enough for a plan, before anything is trained.
 *
 * @returns a warning, e.g. when held-out windows overlap, or null
 * @throws {LabError} naming the data and the size wanted
 */
export function checkData(data: Dataset, plan: TrainingPlan): string | null {
  try {
    return data.check(plan);
  } catch (error) {
    throw error instanceof RangeError ? new LabError(error.message) : error;
  }
}
