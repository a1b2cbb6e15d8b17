/**
 * What a judgement says, in words: its limits, its value, and in one sentence why its verdict is what
 * it is.
 *
 * @module
 */
import type { Judgement, Limits, Measure } from "../../lab/record/findings.ts";
import { fixed, interval, NOT_MEASURED, plain, significant, writerOf } from "./format.ts";

const unitOf = (unit: string): string => unit === "" ? "" : ` ${unit}`;

/** Whether a quantity may be negative and positive, so that its sign is worth writing. */
const signed = ({ limits: { lo, hi } }: Measure): boolean =>
  lo !== null && hi !== null && lo < 0 && hi > 0;

/** A limit is written as it was set where that is short, e.g. `0.25`, `1.0625`. */
function limitText(value: number): string {
  return plain(value).length <= 6 ? plain(value) : significant(value);
}

/** What a quantity may be, without its unit: `±1`, `≤ 0.1`, `≥ 1`, `−0.75 to −0.25`. */
export function limitsText({ lo, hi }: Limits): string {
  if (lo === null) return hi === null ? NOT_MEASURED : `≤ ${limitText(hi)}`;
  if (hi === null) return `≥ ${limitText(lo)}`;
  return lo === -hi ? `±${limitText(hi)}` : `${limitText(lo)} to ${limitText(hi)}`;
}

/** The measured value with its 95% interval, without its unit. */
export function valueText(measure: Measure): string {
  return interval(measure.value, writerOf(measure.value, signed(measure)));
}

/** A measure's name with its unit, as the head of a column. */
export const measureHead = ({ name, unit }: Measure): string =>
  unit === "" ? name : `${name}, ${unit}`;

/** The same with its value and limits, as a cell: `gap −0.1 [−0.2, 0.0] nats`. */
export const measureText = (measure: Measure): string =>
  `${measure.name} ${valueText(measure)}${measure.value === null ? "" : unitOf(measure.unit)}`;

/** Whether nothing is said of why a value is missing, or none is. */
const unsaid = (missing: Measure["missing"]): boolean =>
  missing === null || missing === "it was not measured";

/** What leaves a value undecided: `its interval reaches beyond ±1`, `… above 0.1`, `… below 1`. */
function reach({ lo, hi }: Limits): string {
  const side = lo === null ? "above" : hi === null ? "below" : "beyond";
  const end = side === "beyond" ? limitsText({ lo, hi }) : limitText((lo ?? hi)!);
  return `its interval reaches ${side} ${end}`;
}

/**
 * What a measure says: `shift +0.10 [−0.20, +0.40] octaves lies within ±1`.
 *
 * @param numbers write the value; left out where it stands beside
 */
function measureSentence(measure: Measure, numbers = true): string {
  const { name, value, limits, missing, verdict } = measure;
  const set = limitsText(limits);
  if (missing === "beyond") {
    return `${name} has no finite value and lies beyond ${set}: runs diverged`;
  }
  if (value === null || valueText(measure) === NOT_MEASURED) {
    return `${name} was not measured${unsaid(missing) ? "" : `: ${missing}`}`;
  }
  if (verdict !== "pass" && verdict !== "fail") {
    const beyond = reach(limits);
    return numbers
      ? `${name} is ${valueText(measure)}${unitOf(measure.unit)} and ${beyond}`
      : `${name}: ${beyond}`;
  }
  const own = limits.lo !== null && limits.hi !== null ? "" : "its limit ";
  return `${numbers ? measureText(measure) : name} lies ${
    verdict === "pass" ? "within" : "outside"
  } ${own}${set}`;
}

/** What the values of a judgement do not show: why it is open, why a value is missing; may be empty. */
export function hiddenReason({ measures, open }: Judgement): string {
  if (open !== null) return `open, ${open}`;
  return measures.filter(({ missing }) => !unsaid(missing)).map((one) => measureSentence(one))
    .join("; ");
}

/**
 * What would decide a judgement that is undecided, or show a control that passes to fail: seeds, a size, or
 * that nothing of the kind can be named; empty where that is not known.
 */
export function needsText({ needs, role, verdict, measures }: Judgement): string {
  if (needs === undefined) return "";
  const { seeds, decisive, tried, rest, further } = needs;
  if (decisive !== null) {
    return `${decisive} seeds instead of ${seeds} would decide it, as ${
      needs.verdict === "pass" ? "a pass" : "a fail"
    } by these numbers`;
  }
  const stays = rest > 0
    ? `: ±${significant(rest)}${
      unitOf(measures[0]?.unit ?? "")
    } of its interval are the fit's own error and no noise of seeds`
    : ": it lies too near its limit for its noise";
  const none = `no number of seeds up to ${tried} would decide it${stays}`;
  if (role !== "control" || verdict !== "pass") return none;
  return further === undefined || further === null
    ? `${none}; its miss cannot be told from none, so no size can be named`
    : `${none}; an axis of ${
      fixed(further, 1)
    } times as many octaves would, if its miss grows evenly along it`;
}

/**
 * Why a judgement's verdict is what it is, in one sentence without a full stop; with what would decide it.
 *
 * @param numbers write the values; left out where they stand beside
 */
export function judgementReason(one: Judgement, numbers = true): string {
  const { measures, open } = one;
  // what is open says itself why nothing was measured
  const known = open === null ? measures : measures.filter(({ value }) => value !== null);
  const told = known.map((measure) => measureSentence(measure, numbers)).join("; ");
  if (open !== null) return `open, ${open}${told === "" ? "" : `; ${told}`}`;
  if (told === "") return "nothing was measured";
  const needs = needsText(one);
  return needs === "" ? told : `${told}; ${needs}`;
}

/** What was judged, on one line, with what it is for: `4e2a (standard, control)`. */
export const judgedRole = ({ subject, variant, role }: Judgement): string =>
  `${subject} (${variant === "" ? "" : `${variant}, `}${role})`;

/** What was judged, on one line: `16e4a (complete-mue)`. */
export const judgedName = ({ subject, variant }: Judgement): string =>
  variant === "" ? subject : `${subject} (${variant})`;
