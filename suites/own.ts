/**
 * The transfer suite on models of the user's own: `deno task bench transfer --reference … --targets …`.
 *
 * Its words follow from what was decided alone, so that a record of it can be checked, merged and reproduced without
 * the file or the flags it came from.
 *
 * @module
 */
import {
  type Configuration,
  formatConfiguration,
  parseConfiguration,
} from "../rule/configuration.ts";
import { contextFor } from "../lab/estimate.ts";
import { SWEPT_NAME } from "../lab/record/run.ts";
import { PROFILES, type Suite } from "../lab/suite.ts";
import { jobOf } from "../lab/train/job.ts";
import { cellsOf, linesOf } from "../lab/transfer/cells.ts";
import { expectedShift } from "../lab/transfer/control.ts";
import type { TransferPanel, TransferProfile } from "../lab/transfer/declaration.ts";
import { labelsOf } from "../lab/transfer/labels.ts";
import { defineTransfer } from "../lab/transfer/suite.ts";
import { type Decided, decideOwn, readOwnPlan } from "./own_plan.ts";

/** The id of every suite of the user's own. */
export const OWN = "transfer";

/** What tells configurations apart, by its name. */
const FACTS: [string, (c: Configuration) => string][] = [
  ["width d", ({ width }) => `${width}`],
  ["depth L", ({ depth }) => `${depth}`],
  ["head width", ({ headWidth }) => `${headWidth}`],
  ["tokens per step B", ({ batchTokens }) => `${batchTokens ?? "the plan's"}`],
  ["tokens D", ({ tokens }) => `${tokens ?? "the plan's"}`],
];

/** Reference and targets of the panels that carry the claim. */
function modelsOf({ plan, panels }: Decided) {
  return panels.filter(({ beside }) => !beside).flatMap((panel) => {
    const from = parseConfiguration(panel.reference ?? plan.reference);
    return [{ from, to: panel.targets.map((text) => parseConfiguration(text, from)) }];
  });
}

/** What is the same in all models and what is not. */
function axesOf(decided: Decided): { fixed: string[]; varied: string[] } {
  const all = modelsOf(decided).flatMap(({ from, to }) => [from, ...to]);
  const fixed: string[] = [], varied: string[] = [];
  for (const [name, of] of FACTS) {
    const found = [...new Set(all.map(of))];
    if (found.length === 1) fixed.push(`${name} = ${found[0]}`);
    else varied.push(`${name} (${found.join(", ")})`);
  }
  return { fixed, varied };
}

const short = (names: string[], most = 4) =>
  names.length > most
    ? `${names.slice(0, most).join(", ")} and ${names.length - most} more`
    : names.join(", ");

const sweptOf = ({ swept = "lr" }: TransferPanel) => SWEPT_NAME[swept];

const octaves = (x: number) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(1)}`;

/** What must be known of a panel's control: how far off it is expected, or that there is none. */
function controlCaution({ plan, limits, rule, control }: Decided, panel: TransferPanel): string {
  const training = { ...plan, reference: panel.reference ?? plan.reference };
  const [target] = panel.controls;
  if (target === undefined) {
    return `panel ${panel.name} has no control: nothing shows that a wrong rule would have been noticed`;
  }
  const shift = expectedShift(rule, control, target, panel.swept ?? "lr", training);
  const label = labelsOf(
    [parseConfiguration(target, parseConfiguration(training.reference))],
    parseConfiguration(training.reference),
  )[0];
  const said = `if ${rule} is right, ${control} puts the optimum of ${label} ${
    octaves(shift)
  } octaves off`;
  return Math.abs(shift) > limits.tolerance_octaves
    ? said
    : `${said}, within the tolerance: it will not be seen to fail; add a target whose width differs more`;
}

/**
 * The suite of a decided plan.
 *
 * @throws {RangeError} for a model that cannot be trained here, or not under its rule
 */
export function ownSuite(decided: Decided): Suite<TransferProfile> {
  const { rule, control, ...profile } = decided, { plan, panels } = profile;
  for (const line of linesOf({ rule, control: { rule: control, on: "" } }, profile)) {
    jobOf({ ...line, cell: cellsOf(line)[0] }, line.plan, contextFor(line.plan));
  }
  const deciding = panels.filter(({ beside }) => !beside);
  const models = modelsOf(decided), { fixed, varied } = axesOf(decided);
  const labels = [...new Set(models.flatMap(({ from, to }) => labelsOf(to, from)))];
  const references = [...new Set(models.map(({ from }) => formatConfiguration(from)))];
  const controlled = deciding.flatMap(({ controls }) => controls);
  const swept = [...new Set(deciding.map(sweptOf))].join(", ");
  const images = plan.task !== undefined;
  const cautions = panels.map((panel) => controlCaution(decided, panel));
  const suite = defineTransfer({
    id: OWN,
    version: "1",
    title: `Transfer to ${short(labels)}`,
    figure: "none (models of the user's own)",
    claim: `The ${swept} tuned on ${short(references, 2)} stays near-optimal on ${
      short(labels)
    } under ${rule}`,
    heldFixed: [
      `data, ${plan.sequences} ${images ? "images" : `sequences of ${plan.seq} tokens`} per step`,
      `${plan.steps} steps`,
      "seeds",
      ...fixed,
    ].join(", "),
    varied: [
      `feed-forward part (${short([...new Set(["reference", ...labels])], 6)})`,
      ...varied,
      `the reference's ${swept}`,
    ].join("; "),
    source: "a plan of the user's own",
    rule,
    control: {
      rule: control,
      on: controlled.length ? short(controlled) : "no target",
    },
    cautions,
    profiles: { smoke: profile, quick: profile, paper: profile },
  });
  return {
    ...suite,
    ...(controlled.length
      ? {}
      : { control: "none: nothing shows that a wrong rule would be noticed" }),
    plan(profileName) {
      const { decided, lines, trainings } = suite.plan(profileName);
      const said = cautions.map((text) => `control: ${text}`);
      return { decided, lines: [...lines, ...said], trainings };
    },
    // whoever changes sizes changes what is decided, and the words with it
    changed: (_, profiles) => {
      const own = PROFILES.map((name) => profiles[name]).find((one) => one !== profile) ?? profile;
      return ownSuite({ ...own, rule, control });
    },
  };
}

/**
 * The suite of what a record or a shard keeps of its plan.
 *
 * @param decided of `plan.decided` @param where for messages
 * @throws {LabError} for what is no such plan @throws {RangeError} for a plan that cannot be
 */
export function ownSuiteOf(decided: unknown, where: string): Suite<TransferProfile> {
  return ownSuite(decideOwn(readOwnPlan(decided, where)));
}
