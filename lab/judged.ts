/**
 * A suite's plan and record: what was decided before, what was measured, and the verdict on it. No file
 * is touched here, so that a browser makes the same record.
 *
 * @module
 */
import { decidePanels, decideSuite } from "./judge/decide.ts";
import {
  type BenchRecord,
  type Cost,
  type DataFacts,
  type Environment,
  type PlanFacts,
  SCHEMA,
  type TaskFacts,
} from "./record/record.ts";
import { factsOf, type Measured, type ProfileName, type Suite } from "./suite.ts";
import { hashOf } from "./train/identity.ts";

/** The plan of a suite as the record keeps it. */
export function planOf(suite: Suite, profile: ProfileName, dataHash: string | null): PlanFacts {
  const { decided } = suite.plan(profile), { version } = suite;
  const hash = hashOf({ suite: suite.id, profile, version, decided, dataHash });
  return { profile, version, decided, hash, exploratory: false };
}

/** What a record is made of besides its suite's words and verdict. */
export interface Outcome {
  plan: PlanFacts;
  environment: Environment;
  task: TaskFacts | null;
  data: DataFacts | null;
  measured: Measured;
  /** stopped before the last planned measurement */
  incomplete: boolean;
  cost: Cost;
  warnings: string[];
}

/** Judges what was measured, and makes the record of it. */
export function recordOf(suite: Suite, outcome: Outcome): BenchRecord {
  const { measured: { evidence, findings, wall_s }, incomplete, cost, warnings } = outcome;
  return {
    schema: SCHEMA,
    createdAt: new Date().toISOString(),
    suite: factsOf(suite),
    task: outcome.task,
    plan: outcome.plan,
    environment: outcome.environment,
    data: outcome.data,
    evidence,
    findings,
    ...decideSuite(findings, incomplete),
    decisions: decidePanels(findings, incomplete),
    incomplete,
    cost: { ...cost, wall_s: wall_s ?? cost.wall_s },
    warnings,
  };
}
