/**
 * The tables of a suite of claims that the summary, the page and the terminal share: numbers already
 * formatted.
 *
 * @module
 */
import type { ClaimJudgement, ClaimRecord } from "../lab/record/claim_record.ts";
import { claimCost } from "./charts/claim_charts.ts";
import {
  count,
  interval,
  NOT_MEASURED,
  reproduceCommand,
  roleVerdict,
  significant,
} from "./words/format.ts";
import { machinePairs, planPair, suitePairs, type Table } from "./tables.ts";

/** What the value of a judgement may be, in its unit: `≤ 0.1`, `≥ 1`, `−0.1 to 0.1`. */
export function limitsOf({ limits: { lo, hi } }: ClaimJudgement): string {
  return lo === null
    ? hi === null ? NOT_MEASURED : `≤ ${significant(hi)}`
    : hi === null
    ? `≥ ${significant(lo)}`
    : `${significant(lo)} to ${significant(hi)}`;
}

/** The measured value with its 95% interval and unit, which is that of the limits too. */
export function valueOf({ value, unit }: ClaimJudgement): string {
  return value === null
    ? NOT_MEASURED
    : interval(value, significant) + (unit === "" ? "" : ` ${unit}`);
}

/** The judgements in the order of a report: claims, controls, asides. */
export function orderedJudgements(record: ClaimRecord): ClaimJudgement[] {
  return (["claim", "control", "aside"] as const).flatMap((role) =>
    record.judgements.filter((one) => one.role === role)
  );
}

/** Quantity, variant, value, limits and verdict of every judgement. */
export function claimJudgementTable(record: ClaimRecord): Table {
  return {
    head: ["panel", "quantity", "under", "value", "limits", "verdict", "reason"],
    rows: orderedJudgements(record).map((one) => [
      one.panel,
      one.quantity,
      one.variant,
      valueOf(one),
      limitsOf(one),
      roleVerdict(one.role, one.verdict),
      one.reason,
    ]),
  };
}

/** What the columns of {@link claimJudgementTable} mean. */
export const JUDGEMENT_NOTE =
  "Value: estimate and 95% interval. A claim passes when its whole interval lies within the limits and " +
  "fails when it lies outside; a control must fail, or a pass would prove nothing; what decides nothing " +
  "is shown for comparison.";

/** Every point of every panel. */
export function claimPointTable(record: ClaimRecord): Table {
  return {
    head: ["panel", "line", "x", "y", "95% from", "to"],
    rows: record.points.map(({ panel, line, x, y, lo, hi }) => [
      panel,
      line,
      typeof x === "number" ? significant(x) : x,
      significant(y),
      significant(lo),
      significant(hi),
    ]),
  };
}

/** What these numbers cannot say: the suite's own sentences, then the bench's. */
export function claimCaveats(record: ClaimRecord): string[] {
  const { environment, plan, runs, verdict } = record;
  return [
    ...record.caveats,
    ...(runs.length > 0
      ? [
        "The models are far smaller and train for far fewer steps than the paper's: this tests " +
        "directions and sizes of effects, not its figures.",
      ]
      : []),
    ...(environment.software
      ? ["A software adapter ran this: its times say nothing about GPUs."]
      : []),
    ...(plan.exploratory
      ? ["Exploratory: it was measured under another plan than the one that judges it."]
      : []),
    ...(record.incomplete
      ? ["Incomplete: the bench was stopped before its last measurement."]
      : []),
    ...(verdict === "cannot tell at this size"
      ? ["A control was not seen to fail, so passing says nothing. This is not a pass."]
      : []),
    ...(verdict === "inconclusive" ? ["Inconclusive is neither a pass nor a fail."] : []),
  ];
}

/** How to get the same measurement again. */
export function claimReproduce(record: ClaimRecord): string {
  return reproduceCommand(record);
}

/** The plan, the data, the machine and the cost, as pairs of name and value. */
export function claimPairs(record: ClaimRecord): [string, string][] {
  const { suite, plan, data, environment } = record;
  return [
    ...suitePairs(suite),
    ["profile", plan.profile],
    ["version of the suite", plan.suiteVersion],
    planPair(plan),
    ...(data === null ? [] : [
      [
        "data",
        `${data.name}, hash ${data.hash}, ${count(data.trainTokens)} tokens to train on, ` +
        `${count(data.validationTokens)} held out`,
      ],
      ["licence of the data", data.licence],
    ] satisfies [string, string][]),
    ...machinePairs(environment),
    ["cost", claimCost(record)],
    ["made", record.createdAt],
    ["record", record.schema],
  ];
}
