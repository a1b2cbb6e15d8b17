/**
 * The plan of a bench: the lines of the figure with their grids, written down before the first run.
 *
 * @module
 */
import { formatConfiguration, labelOf, parseConfiguration } from "../rule/configuration.ts";
import { planHash } from "./plan.ts";
import type { Cell, PlanFacts } from "./record.ts";
import { causeOf, LabError, writeAtomic } from "./store.ts";
import type { ProfileName, Suite } from "./suite.ts";

/** One line of the figure: a configuration under a rule. */
export interface Line {
  panel: string;
  configuration: string;
  label: string;
  rule: string;
  role: Cell["role"];
  grid: number[];
}

/** Lines of a suite at a profile; the reference is drawn in every panel and trained once. */
export function linesOf(suite: Suite, profileName: ProfileName): Line[] {
  const p = suite.profiles[profileName], from = parseConfiguration(p.reference);
  return p.panels.flatMap((panel) => {
    const line = (text: string, rule: string, role: Cell["role"], grid: number[]): Line => {
      const c = parseConfiguration(text, from);
      return {
        panel: panel.name,
        configuration: formatConfiguration(c),
        label: labelOf(c),
        rule,
        role,
        grid: [...grid],
      };
    };
    return [
      line(p.reference, suite.rule, "reference", p.grid.reference),
      ...panel.targets.map((t) => line(t, suite.rule, "target", p.grid.targets)),
      ...panel.controls.map((t) => line(t, suite.controlRule, "control", p.grid.targets)),
    ];
  });
}

/** The plan as the record keeps it, before any widening; the hash covers all that decides a result. */
export function planOf(suite: Suite, profileName: ProfileName, dataHash: string): PlanFacts {
  const p = suite.profiles[profileName];
  const facts = {
    profile: profileName,
    seeds: p.seeds,
    steps: p.steps,
    batchTokens: p.sequences * p.seq,
    sequence: p.seq,
    tolerance_octaves: suite.tolerance_octaves,
    grids: Object.fromEntries(
      linesOf(suite, profileName).map((l) => [`${l.panel}/${l.configuration}/${l.rule}`, l.grid]),
    ),
  };
  const { base, training, rule, controlRule, claimPanels } = suite;
  const decided = { ...facts, whole: p, base, training, rule, controlRule, claimPanels, dataHash };
  return { ...facts, hash: planHash(decided), exploratory: false };
}

/**
 * Writes the plan into `plan.json`, one entry per suite and profile. What was done under another plan
 * of the same name, or whose plan is gone, makes the result exploratory.
 *
 * @param suite id of the suite @param begun whether the directory holds results already
 */
export function settlePlan<P extends { profile: string; hash: string; exploratory: boolean }>(
  outDir: string,
  suite: string,
  plan: P,
  begun: boolean,
): P {
  const path = `${outDir}/plan.json`, name = `${suite}/${plan.profile}`;
  let plans: Record<string, { hash?: string } | null> = {}, lost = false;
  try {
    const found: unknown = JSON.parse(Deno.readTextFileSync(path));
    if (typeof found !== "object" || found === null || Array.isArray(found)) {
      throw new SyntaxError("no plans by name");
    }
    plans = { ...found };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof SyntaxError)) {
      throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
    }
    lost = begun;
  }
  const known = plans[name];
  if (known?.hash === plan.hash) return plan;
  if (known !== undefined || lost) return { ...plan, exploratory: true };
  writeAtomic(path, JSON.stringify({ ...plans, [name]: plan }, null, 2) + "\n");
  return plan;
}
