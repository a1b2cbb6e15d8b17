/**
 * What `decide` returns: a verdict and why, as numbers. Reports turn it into a sentence.
 *
 * @module
 */
import { z } from "zod";
import { type Verdict, VERDICTS } from "./findings.ts";

/** Why a verdict is what it is; see `decide` for their order. */
export const REASONS = [
  "claim fails",
  "control passes",
  "no control",
  "undecided",
  "no claim",
  "holds",
  "stopped",
] as const;

/** How many judgements have which verdict. */
export interface Counts {
  /** those that pass */
  pass: number;
  /** those that fail */
  fail: number;
  /** the others */
  undecided: number;
}

/** Why, as numbers. */
export interface Reason {
  /** which case it is */
  code: typeof REASONS[number];
  /** the claims that were decided on */
  claims: Counts;
  /** the controls */
  controls: Counts;
  /** the judgements it rests on, by their place in the findings; none where it rests on all of them */
  deciding: number[];
}

/** A verdict and why. */
export interface Decision {
  /** what is decided */
  verdict: Verdict;
  /** why */
  reason: Reason;
}

const countsSchema: z.ZodType<Counts> = z.object({
  pass: z.number().int(),
  fail: z.number().int(),
  undecided: z.number().int(),
});
/** zod form of {@link Decision}'s reason. */
export const reasonSchema: z.ZodType<Reason> = z.object({
  code: z.enum(REASONS),
  claims: countsSchema,
  controls: countsSchema,
  deciding: z.array(z.number().int()),
});
/** zod form of {@link Decision}'s verdict. */
export const verdictSchema: z.ZodType<Verdict> = z.enum(VERDICTS);
/** zod form of {@link Decision}. */
export const decisionSchema: z.ZodType<Decision> = z.object({
  verdict: verdictSchema,
  reason: reasonSchema,
});
