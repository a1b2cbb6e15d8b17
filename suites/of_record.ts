/**
 * The suite a record is of, with the router and the images it was run with, and what its runs' keys rest on.
 *
 * @module
 */
import { LabError } from "../lab/record/failure.ts";
import type { BenchRecord, Environment } from "../lab/record/record.ts";
import { type ProfileName, PROFILES, type Suite } from "../lab/suite.ts";
import type { Context } from "../lab/train/job.ts";
import type { Dataset } from "../model/task.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { ownSuiteOf } from "./own.ts";
import { suiteById } from "./registry.ts";
import { withImages } from "./with_images.ts";
import { withRouter } from "./with_router.ts";

/** A suite at the size it was run at. */
export interface Ran {
  suite: Suite;
  profile: ProfileName;
}

/** What names a suite as it was run. */
export interface RunAs {
  id: string;
  profile: string;
  /** flags that made it another suite than the declared one; none: it was run as declared */
  options?: string | null;
  /** what was decided, by which a suite of the user's own is known; not needed of others */
  decided?: unknown;
}

/** The suite of an id as it is declared; one of the user's own as it was decided. */
function declaredBy({ id, decided }: RunAs): Suite {
  return id === OWN_SUITE ? ownSuiteOf(decided, `of ${OWN_SUITE}`) : suiteById(id);
}

/**
 * The task of a suite; null for one that trains nothing.
 *
 * @throws {LabError} for a suite this version does not know
 */
export function taskRunAs(as: RunAs): string | null {
  return orUnknown(as.id, () => declaredBy(as).task);
}

/** What `of` gives; a suite that cannot be is one this version does not know. */
function orUnknown<T>(id: string, of: () => T): T {
  try {
    return of();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LabError(`Cannot read a record of ${id}: ${error.message}`);
  }
}

/**
 * A suite as it was run.
 *
 * @param data what it was trained on; null for a suite that trains nothing
 * @throws {LabError} for a suite, profile or router this version does not know
 */
export function suiteRunAs(as: RunAs, data: Dataset | null): Ran {
  const { id, options, profile: name } = as;
  const profile = PROFILES.find((known) => known === name);
  if (profile === undefined) {
    throw new LabError(`Cannot read a record of profile ${name}: not one of ${PROFILES}`);
  }
  return orUnknown(id, () => {
    const router = options?.match(/--router (\S+)/)?.[1], declared = declaredBy(as);
    const routed = router === undefined ? declared : withRouter(declared, router, profile);
    return { suite: data ? withImages(routed, data, profile) : routed, profile };
  });
}

/** The suite of a record; see {@link suiteRunAs}. */
export function suiteOfRecord(
  { suite: { id, options }, plan: { profile, decided } }: Pick<BenchRecord, "suite" | "plan">,
  data: Dataset | null,
): Ran {
  return suiteRunAs({ id, options, profile, decided }, data);
}

/** What the keys of runs rest on that a machine trained. */
export function contextOn(
  { identity, kernelsVersion }: Environment,
  { task, hash, trainUnits }: Dataset,
): Context {
  return { task, dataHash: hash, trainUnits, adapter: identity, kernelsVersion };
}

/**
 * What the keys of a record's runs rest on.
 *
 * @param data what it was trained on
 * @throws {LabError} when that is other data than the record's
 */
export function contextOfRecord(
  { environment, data: recorded }: Pick<BenchRecord, "environment" | "data">,
  data: Dataset,
): Context {
  if (recorded?.hash === data.hash) return contextOn(environment, data);
  throw new LabError(
    `Cannot use this data: its hash is ${data.hash}, the record's ${recorded?.hash ?? "none"} ` +
      `(${recorded?.name ?? "no data"}); give what it was trained on by --text or --data`,
  );
}
