/**
 * The one judge: from numbers and limits to verdicts, of a quantity, of a subject, of a suite. Nothing
 * else in the house makes a verdict. Source: docs/verdicts.md.
 *
 * @module
 */
import type {
  Findings,
  Interval,
  Judgement,
  Limits,
  Measure,
  Needs,
  Verdict,
} from "../record/findings.ts";
import { needsOf, type SeedNoise } from "../statistics/power.ts";
import type { Counts, Decision } from "../record/decision.ts";

/** A measure before it is judged; what is left out: no limit, nothing missing. */
export type UnjudgedMeasure = Omit<Measure, "verdict" | "limits" | "missing"> & {
  limits: Partial<Limits>;
  /** the noise of its interval, so that an undecided judgement says how many seeds would tell */
  noise?: SeedNoise | null;
  /** why there is no value; ignored when there is one */
  missing?: string | null;
};

/** A judgement before it is judged; one measure needs no `need`. */
export type Unjudged =
  & Pick<Judgement, "panel" | "subject" | "variant" | "role">
  & {
    measures: UnjudgedMeasure[];
    need?: Judgement["need"];
    open?: string | null;
    /** what would decide it, where that does not follow from the measures' noises */
    needs?: Needs | null;
  };

const isFinite = ({ estimate, lo, hi }: Interval) => [estimate, lo, hi].every(Number.isFinite);

/** Refuses what nothing could miss, or nothing could hold. */
function checkLimits(name: string, lo: number | null, hi: number | null): void {
  const given = [lo, hi].filter((v) => v !== null);
  if (given.length === 0) {
    throw new RangeError(`Cannot judge ${name}: it has no limit that it could miss`);
  }
  if (!given.every(Number.isFinite) || (lo !== null && hi !== null && lo > hi)) {
    throw new RangeError(`Cannot judge ${name}: nothing lies, or all lies, within ${lo} to ${hi}`);
  }
}

/**
 * Judges a quantity by its limits: `pass` when its whole interval lies within them, `fail` when the
 * whole interval lies outside on one side or has left the finite numbers there (`beyond`),
 * `inconclusive` otherwise and when it was not measured.
 *
 * @throws {RangeError} without any limit, which nothing could fail, for limits that are not finite or
 * cross, and for an interval that does not hold its estimate
 */
function judgeMeasure({ name, unit, value, limits, missing }: UnjudgedMeasure): Measure {
  const { lo = null, hi = null } = limits;
  checkLimits(name, lo, hi);
  const shared = { name, unit, limits: { lo, hi } };
  if (value === null || !isFinite(value)) {
    const verdict = missing === "beyond" ? "fail" : "inconclusive";
    const why = value === null ? "it was not measured" : "it is not finite";
    return { ...shared, value: null, missing: missing ?? why, verdict };
  }
  if (value.lo > value.estimate || value.estimate > value.hi) {
    const { estimate, lo: low, hi: high } = value;
    throw new RangeError(`Cannot judge ${name}: ${estimate} is not within ${low} to ${high}`);
  }
  const within = (lo === null || value.lo >= lo) && (hi === null || value.hi <= hi);
  const outside = (lo !== null && value.hi < lo) || (hi !== null && value.lo > hi);
  const verdict = within ? "pass" : outside ? "fail" : "inconclusive";
  return { ...shared, value, missing: null, verdict };
}

/**
 * Judges a subject by its measures: with `need` "all" it passes when every measure passes and fails when
 * one fails; with "any" it passes when one passes and fails when every one fails. What is `open`, or has
 * no measure, is `inconclusive`. What is undecided says how many seeds would tell, where the noise of its
 * measures is known.
 *
 * @throws {RangeError} for a measure without any limit, and a noise that is none
 */
export function judge(
  { need = "all", open = null, measures, needs, ...names }: Unjudged,
): Judgement {
  const judged = measures.map(judgeMeasure);
  const all = (v: Verdict) => judged.length > 0 && judged.every((m) => m.verdict === v);
  const some = (v: Verdict) => judged.some((m) => m.verdict === v);
  const passes = need === "all" ? all("pass") : some("pass");
  const fails = need === "all" ? some("fail") : all("fail");
  const verdict = open !== null
    ? "inconclusive"
    : passes
    ? "pass"
    : fails
    ? "fail"
    : "inconclusive";
  const found = needs !== undefined
    ? needs
    : verdict === "inconclusive" && open === null
    ? needsOfMeasures(measures, need)
    : null;
  return { ...names, measures: judged, need, open, verdict, ...(found && { needs: found }) };
}

/** What would decide a judgement by its measures; null where one was not measured or has no known noise. */
function needsOfMeasures(measures: UnjudgedMeasure[], need: Judgement["need"]): Needs | null {
  const noisy = measures.flatMap(({ value, limits: { lo = null, hi = null }, noise }) =>
    value !== null && isFinite(value) && noise ? [{ value, limits: { lo, hi }, noise }] : []
  );
  return noisy.length === measures.length && noisy.length > 0 ? needsOf(noisy, need) : null;
}

/** A subject and the one quantity it is judged by. */
export type Single = Omit<Unjudged, "measures" | "need" | "open"> & UnjudgedMeasure;

/**
 * Judges a subject by one quantity.
 *
 * @throws {RangeError} without any limit
 */
export function judgeOne({ panel, subject, variant, role, needs, ...measure }: Single): Judgement {
  return judge({ panel, subject, variant, role, measures: [measure], needs });
}

function countsOf(judgements: readonly Judgement[]): Counts {
  const of = (verdict: Verdict) => judgements.filter((j) => j.verdict === verdict).length;
  return { pass: of("pass"), fail: of("fail"), undecided: of("inconclusive") };
}

/**
 * Decides a suite, or one panel of it. First that holds:
 *
 * - `fail`: a claim fails
 * - `cannot tell at this size`: a control passes, or there is none: nothing shows that a wrong variant
 *   would have been noticed
 * - `inconclusive`: a claim or a control is undecided, or nothing is claimed
 * - `pass`: every claim passes and every control fails
 *
 * Rivals and asides decide nothing.
 *
 * @param judgements those of what is decided
 */
export function decide(judgements: readonly Judgement[]): Decision {
  const claims = judgements.filter((j) => j.role === "claim");
  const controls = judgements.filter((j) => j.role === "control");
  const of = (list: Judgement[], verdict: Verdict) => list.filter((j) => j.verdict === verdict);
  const because = (
    verdict: Verdict,
    code: Decision["reason"]["code"],
    deciding: Judgement[],
  ): Decision => ({
    verdict,
    reason: {
      code,
      claims: countsOf(claims),
      controls: countsOf(controls),
      deciding: deciding.map((j) => judgements.indexOf(j)),
    },
  });
  const failed = of(claims, "fail"), still = of(controls, "pass");
  const open = [...of(claims, "inconclusive"), ...of(controls, "inconclusive")];
  if (failed.length) return because("fail", "claim fails", failed);
  if (still.length) return because("cannot tell at this size", "control passes", still);
  if (!controls.length) return because("cannot tell at this size", "no control", []);
  if (open.length) return because("inconclusive", "undecided", open);
  if (!claims.length) return because("inconclusive", "no claim", []);
  return because("pass", "holds", []);
}

/**
 * The judgements of the panels that carry a suite's claim.
 *
 * @throws {RangeError} for one whose panel is not declared: it would decide nothing unseen
 */
export function decisive({ panels, judgements }: Findings): Judgement[] {
  const stray = judgements.find((j) => !panels.some(({ name }) => name === j.panel));
  if (stray) throw new RangeError(`Cannot decide on ${stray.subject}: no panel ${stray.panel}`);
  const deciding = new Set(panels.filter((p) => p.decides).map((p) => p.name));
  return judgements.filter((j) => deciding.has(j.panel));
}

/** Decides judgements of findings, named by their place there; `stopped` is `inconclusive`. */
function decideWithin(findings: Findings, own: Judgement[], stopped: boolean): Decision {
  const { verdict, reason } = decide(own);
  const places = reason.deciding.map((i) => findings.judgements.indexOf(own[i]));
  return stopped
    ? { verdict: "inconclusive", reason: { ...reason, code: "stopped", deciding: [] } }
    : { verdict, reason: { ...reason, deciding: places } };
}

/**
 * Decides every panel that is judged by itself, by the same rule as a suite: a figure of the paper may be
 * one panel.
 *
 * @param incomplete stopped before the last planned measurement
 * @returns a decision per panel, by its name
 */
export function decidePanels(findings: Findings, incomplete = false): Record<string, Decision> {
  return Object.fromEntries(findings.panels.flatMap(({ name }) => {
    const own = findings.judgements.filter(({ panel }) => panel === name);
    return own.length === 0 ? [] : [[name, decideWithin(findings, own, incomplete)]];
  }));
}

/**
 * Decides a suite by the panels that carry its claim. One that was stopped is `inconclusive`, whatever
 * is judged so far: what is missing may be what fails.
 *
 * @param incomplete stopped before the last planned measurement
 */
export function decideSuite(findings: Findings, incomplete: boolean): Decision {
  return decideWithin(findings, decisive(findings), incomplete);
}
