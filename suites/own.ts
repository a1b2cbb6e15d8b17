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
import { isForeign } from "../rule/route_scale.ts";
import { formatRouterChoice } from "../rule/router.ts";
import { ruleById } from "../rule/registry.ts";
import { contextFor } from "../lab/estimate.ts";
import { SWEPT_NAME } from "../lab/record/run.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { PROFILES, type Suite } from "../lab/suite.ts";
import { jobOf } from "../lab/train/job.ts";
import { cellsOf, linesOf } from "../lab/transfer/cells.ts";
import { expectedShift, prospectOf } from "../lab/transfer/control.ts";
import type { TransferPanel, TransferProfile } from "../lab/transfer/declaration.ts";
import { labelsOf } from "../lab/transfer/labels.ts";
import { defineTransfer } from "../lab/transfer/suite.ts";
import { type Decided, decideOwn } from "./own_decided.ts";
import { readOwnPlan } from "./own_plan.ts";
import { LIMITS } from "./plans.ts";

/** The models of a panel, read. */
function modelsOf({ plan }: Decided, panel: TransferPanel) {
  const from = parseConfiguration(panel.reference ?? plan.reference);
  const to = panel.targets.map((text) => parseConfiguration(text, from));
  return { panel, from, to, labels: labelsOf(to, from) };
}

/** The router of an MoE in the keys of a configuration; null of a dense one. */
const routerOf = ({ ffn }: Configuration) =>
  ffn.kind === "dense" ? null : formatRouterChoice(ffn).join(",") || "the paper's";

/** What is the same in all models and what is not. */
function axesOf({ plan }: Decided, all: readonly Configuration[]) {
  const batch = (c: Configuration) => c.batchTokens ?? plan.sequences * plan.seq;
  const facts: [string, (c: Configuration) => string | number | null][] = [
    ["tokens per step B", batch],
    ["tokens D", (c) => c.tokens ?? plan.steps * plan.sequences * plan.seq],
    ["width d", ({ width }) => width],
    ["depth L", ({ depth }) => depth],
    ["head width", ({ headWidth }) => headWidth],
    ["router", routerOf],
  ];
  const fixed: string[] = [], varied: string[] = [];
  for (const [name, of] of facts) {
    const found = [...new Set(all.map(of).filter((value) => value !== null))];
    if (found.length === 1) fixed.push(`${name} = ${found[0]}`);
    else if (found.length > 1) varied.push(`${name} (${found.join("; ")})`);
  }
  return { fixed, varied };
}

const short = (names: string[], most = 4) =>
  names.length > most
    ? `${names.slice(0, most).join(", ")} and ${names.length - most} more`
    : names.join(", ");

const octaves = (x: number) =>
  Math.abs(x) < 0.05 ? "0" : `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(1)}`;

/** What is expected of a panel's control before it is trained; `doubt`: why it may not do what it is for. */
function controlWords(
  { plan, limits, rule, control }: Decided,
  { panel, from, labels }: ReturnType<typeof modelsOf>,
): { expected: string; doubt: string | null } {
  const [target] = panel.controls, swept = panel.swept ?? "lr";
  if (target === undefined) {
    const expected = `panel ${panel.name} has no control`;
    return { expected, doubt: `${expected}: nothing shows that a wrong rule would be noticed` };
  }
  const label = labels[panel.targets.indexOf(target)];
  const training = { ...plan, reference: formatConfiguration(from) };
  const shift = expectedShift(rule, control, target, swept, training);
  const prospect = prospectOf(shift, limits.tolerance_octaves);
  const expected = shift === null
    ? `${control} on ${label}: how far it puts an init off is not known beforehand`
    : `${control} on ${label} is expected ${
      octaves(shift)
    } octaves off if ${rule} is right (first order)`;
  if (prospect === "fails" || prospect === "not known") return { expected, doubt: null };
  const then = prospect === "is not expected to fail"
    ? "; then a pass is `cannot tell at this size`"
    : "";
  return { expected, doubt: `the control of panel ${panel.name} ${prospect}${then}: ${expected}` };
}

/** What targets do not take over from a reference that has it: its router, its head width. */
function notTaken(all: readonly ReturnType<typeof modelsOf>[]): string[] {
  return all.flatMap(({ from, to, labels }) => {
    const own = routerOf(from),
      apart = (of: (c: Configuration) => boolean) => labels.filter((_, i) => of(to[i]));
    const routed = own === null ? [] : apart((c) => ![null, own].includes(routerOf(c)));
    const heads = apart((c) => c.headWidth !== from.headWidth);
    return [
      ...(routed.length
        ? [`note: the router of ${short(routed)} is not the reference's (${own})`]
        : []),
      ...(heads.length
        ? [
          `note: the head width of ${
            short(heads)
          } is not the reference's (${from.headWidth}); dh= sets it`,
        ]
        : []),
    ];
  });
}

/** What of the limits is the user's own. */
function limitWords({ limits: { tolerance_octaves, minRegret }, plan }: Decided): string[] {
  const usual = LIMITS.tolerance_octaves;
  return [
    ...(tolerance_octaves === usual
      ? []
      : [`the tolerance is the plan's own: ±${tolerance_octaves} octaves, ±${usual} elsewhere`]),
    ...(plan.task !== undefined || minRegret === LIMITS.minRegret
      ? []
      : [`the regret's floor is the plan's own: ${minRegret}, ${LIMITS.minRegret} elsewhere`]),
  ];
}

/** Refuses what cannot be trained here, or is ranked under a router that it is not made for. */
function checkTrainable({ rule, control, ...profile }: Decided): void {
  for (const line of linesOf({ rule, control: { rule: control, on: "" } }, profile)) {
    const { rule: by, role, to } = line;
    if (role === "rival" && isForeign(to, ruleById(by))) {
      throw new RangeError(
        `Cannot rank ${by} on ${line.label}: it is made for another gate than the target's`,
      );
    }
    jobOf({ ...line, cell: cellsOf(line)[0] }, line.plan, contextFor(line.plan));
  }
}

/**
 * The suite of a decided plan.
 *
 * @throws {RangeError} for a model that cannot be trained here, or not under its rule
 */
export function ownSuite(decided: Decided): Suite<TransferProfile> {
  const { rule, control, ...profile } = decided, { plan, panels } = profile;
  checkTrainable(decided);
  const all = panels.map((panel) => modelsOf(decided, panel));
  const deciding = all.filter(({ panel }) => !panel.beside), many = deciding.length > 1;
  const labels = [...new Set(deciding.flatMap((one) => one.labels))];
  const references = [...new Set(deciding.map(({ from }) => formatConfiguration(from)))];
  const { fixed, varied } = axesOf(decided, deciding.flatMap(({ from, to }) => [from, ...to]));
  const swept = [...new Set(deciding.map(({ panel }) => SWEPT_NAME[panel.swept ?? "lr"]))].join(
    ", ",
  );
  const words = all.map((one) => controlWords(decided, one));
  const on = deciding.flatMap(({ panel, labels }) =>
    panel.controls.map((text) =>
      `${labels[panel.targets.indexOf(text)]}${many ? ` of ${panel.name}` : ""}`
    )
  );
  const suite = defineTransfer({
    id: OWN_SUITE,
    version: "1",
    title: `Transfer to ${short(labels)}`,
    figure: "none (models of the user's own)",
    claim: `The ${swept} tuned on ${short(references, 2)} stays near-optimal on ${
      short(labels)
    } under ${rule}`,
    heldFixed: [
      plan.task === undefined ? "data" : `images of ${plan.seq} patches`,
      "seeds",
      ...fixed,
    ]
      .join(", "),
    varied: [
      `feed-forward part (${short([...new Set(["the reference's", ...labels])], 6)})`,
      ...varied,
      `the reference's ${swept}`,
    ].join("; "),
    source: "a plan of the user's own",
    rule,
    control: { rule: control, on: on.length ? short(on) : "no target" },
    cautions: [...limitWords(decided), ...words.flatMap(({ doubt }) => doubt ?? [])],
    profiles: { smoke: profile, quick: profile, paper: profile },
  });
  return {
    ...suite,
    ...(on.length ? {} : { control: "none: nothing shows that a wrong rule would be noticed" }),
    plan(profileName) {
      const { decided, lines, trainings } = suite.plan(profileName);
      // the noise that the power is assumed from was measured on other models
      const own = lines.filter((line) => !line.startsWith("power:"));
      const said = words.map(({ expected, doubt }, i) =>
        `control${many ? ` of ${panels[i].name}` : ""}: ${doubt ?? expected}`
      );
      said.push(...notTaken(all));
      return { decided, lines: [...own, ...said], trainings };
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
