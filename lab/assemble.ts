/**
 * A suite's plan and record: what was decided before, what was measured, verdicts, warnings on the runs, checksum. No
 * file is touched here, so that a browser makes the same record.
 *
 * @module
 */
import type { Dataset } from "../model/task.ts";
import { decidePanels, decideSuite } from "./judge/decide.ts";
import { hashOf, sealed } from "./record/hash.ts";
import {
  type BenchRecord,
  type Cost,
  type Environment,
  type PlanFacts,
  SCHEMA,
  type Trust,
} from "./record/record.ts";
import { type Evidence, runsOf } from "./record/evidence.ts";
import { factsOf, type Measured, type ProfileName, type Suite } from "./suite.ts";
import { dataFacts, taskFacts } from "./train/data.ts";
import { strayLines } from "./train/divergence.ts";
import { routerWarningLines } from "./train/router_warnings.ts";

/** The plan of a suite as the record keeps it. */
export function planOf(suite: Suite, profile: ProfileName, dataHash: string | null): PlanFacts {
  const { decided } = suite.plan(profile), { version } = suite;
  const hash = hashOf({ suite: suite.id, profile, version, decided, dataHash });
  return { profile, version, decided, hash, exploratory: false };
}

/** What a record is made of. */
export interface Parts {
  plan: PlanFacts;
  environment: Environment;
  /** what it was trained on; null for a suite without a task */
  data: Dataset | null;
  measured: Measured;
  /** stopped before the last planned measurement */
  incomplete: boolean;
  cost: Cost;
  trust: Trust;
  /** what a reader must know, but for what the runs themselves say */
  warnings: readonly string[];
}

/** The record of a suite, with its verdicts, sealed. */
export function assemble(
  suite: Suite,
  { plan, environment, data, measured, incomplete, cost, trust, warnings }: Parts,
): BenchRecord {
  const { evidence, findings } = measured;
  const ofRuns = warningsOf(evidence, data?.task.causal ?? true);
  return sealed<Omit<BenchRecord, "checksum">>({
    schema: SCHEMA,
    createdAt: new Date().toISOString(),
    suite: factsOf(suite),
    task: data && taskFacts(data.task),
    plan,
    environment,
    data: data && dataFacts(data),
    evidence,
    findings,
    ...decideSuite(findings, incomplete),
    decisions: decidePanels(findings, incomplete),
    incomplete,
    cost: { ...cost, wall_s: measured.wall_s ?? cost.wall_s },
    trust,
    warnings: [...new Set([...warnings, ...ofRuns])],
  });
}

/** What the runs themselves warn of; none of timed layers. */
export function warningsOf(evidence: Evidence, causal: boolean): string[] {
  const runs = runsOf(evidence);
  const diverged = new Set(runs.filter((r) => r.divergedAtStep !== null).map((r) => r.key)).size;
  const lost = diverged === 1 ? "1 run diverged and counts" : `${diverged} runs diverged and count`;
  return [
    ...(diverged ? [`${lost} as missing`] : []),
    ...strayLines(runs),
    ...routerWarningLines(runs, causal),
  ];
}
