/**
 * What a suite is, whatever its kind: words that are its figure's caption, a size per profile, and
 * three things it can do with one of them: say what it would do, how long that takes, and do it.
 *
 * A kind of suite (lab/transfer, lab/claims, lab/latency) is a function that makes one of these from a
 * declaration.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import type { Estimate } from "./estimate.ts";
import type { Evidence } from "./record/evidence.ts";
import type { Findings } from "./record/findings.ts";
import type { Environment, SuiteFacts } from "./record/record.ts";
import type { Context, Job } from "./train/job.ts";
import type { TrainingPlan } from "./train/plan.ts";
import type { Models } from "./train/models.ts";
import type { StoreFormat, StoreOf } from "./train/store.ts";

/** Names of the sizes a suite comes in. */
export const PROFILES = ["smoke", "quick", "paper"] as const;
/** One of {@link PROFILES}. */
export type ProfileName = typeof PROFILES[number];

/** What a suite would do at a profile. */
export interface Planned {
  /** everything that decides a result: sizes, seeds, grids, limits; JSON, hashed */
  decided: unknown;
  /** the same for a reader of `--dry-run`, line by line */
  lines: string[];
  /** plans of all models it may train, so that data too short is refused before any work */
  trainings: TrainingPlan[];
}

/** What a suite found, and what it rests on. */
export interface Measured {
  evidence: Evidence;
  findings: Findings;
  /** seconds that measuring took, interruptions left out; absent: those since the bench was started */
  wall_s?: number;
}

/** What the command line says that concerns single suites. */
export interface SuiteInputs {
  /** record whose trained router's load is imposed, or null to look in `folders` */
  histogram: string | null;
  /** folders in which records of other suites may lie */
  folders: string[];
}

/** What happened, for a progress line. */
export interface Progress {
  /** what is being done */
  label: string;
  /** parts that are done, and those that are planned so far */
  done: number;
  planned: number;
  /** what a part is: `runs`, `groups`, `%` */
  unit: string;
  /** seconds left; null until something was measured */
  left_s: number | null;
}

/** What a suite measures on. */
export interface Bench {
  device: Device;
  environment: Environment;
  inputs: SuiteInputs;
  /** aborted: stop between measurements by `signal.throwIfAborted()` */
  signal: AbortSignal;
  /**
   * the pool that trains no model twice
   *
   * @throws {TypeError} in a suite without a task
   */
  readonly pool: Models;
  /** Opens the suite's own store of what is not a trained model; the bench closes it. */
  open<T extends { key: string }>(format: StoreFormat<T>): StoreOf<T>;
  /** Tells how far it is. */
  progress(progress: Progress): void;
  /** Adds a sentence a reader of the record must know. */
  warn(text: string): void;
  /** Names what can be said of what is finished, should the bench be stopped; null: nothing yet. */
  ifStopped(partial: () => Measured | null): void;
}

/** A suite; P is what a profile holds. */
export interface Suite<P = unknown> extends SuiteFacts {
  /** raised when what it measures or how it judges changes; records of two versions are not compared */
  version: string;
  /** id of the task its models train on; null for a suite that trains none */
  task: string | null;
  /** the transfer rule under test; absent: Complete-muE, or none */
  rule?: string;
  /** its sizes */
  profiles: Record<ProfileName, P>;
  /** why `--router` cannot be used with it; null when it can */
  ownRouting: string | null;
  /** Says what would be done. */
  plan(profile: ProfileName): Planned;
  /** Says what it would train and measure, for the time it takes. */
  estimate(profile: ProfileName, context?: Context): Estimate;
  /**
   * Jobs it will surely train, as far as finished runs tell: hands that are free train them while the
   * suite before it ends. Absent in a suite that trains none.
   */
  ahead?(profile: ProfileName, pool: Pick<Models, "context" | "runOf">): Job[];
  /**
   * What a shard takes as a whole: jobs of equal parts are trained by one. Null: every shard trains it, since others
   * wait for it. Absent in a suite that one shard runs alone.
   */
  partOf?(job: Job): string | null;
  /** Findings of evidence alone; absent where they are derived from runs. */
  refind?(profile: ProfileName, evidence: Evidence): Findings;
  /**
   * Refuses inputs it cannot use, before any work.
   *
   * @throws {LabError} naming the file
   */
  prepare?(profile: ProfileName, inputs: SuiteInputs): Promise<void>;
  /**
   * Measures and judges.
   *
   * @throws the signal's reason when aborted; {LabError} when the disk takes no more
   * @throws {DeviceError} when the GPU refused work
   */
  measure(profile: ProfileName, bench: Bench): Promise<Measured>;
  /** The same suite with other words or sizes. */
  changed(words: Partial<SuiteFacts>, profiles: Record<ProfileName, P>): Suite<P>;
}

/** The words a suite says of itself. */
export function factsOf(s: SuiteFacts): SuiteFacts {
  const { id, title, figure, claim, heldFixed, varied, measured, passesIf, control, source } = s;
  const facts = {
    id,
    title,
    figure,
    claim,
    heldFixed,
    varied,
    measured,
    passesIf,
    control,
    source,
  };
  return s.options === undefined ? facts : { ...facts, options: s.options };
}
