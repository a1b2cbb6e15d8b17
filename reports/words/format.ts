/**
 * How numbers become text. Everything a reader sees passes through here, so that a loss has three
 * decimals and a minus sign is a minus sign in every table, chart and terminal.
 *
 * @module
 */
import type {
  BenchRecord,
  Environment,
  Interval,
  SuiteFacts,
  Verdict,
} from "../../lab/record/record.ts";

/** What a verdict is written from: any record of a bench has it. */
export interface Judged {
  /** what was decided */
  verdict: Verdict;
  /** stopped before its last planned part */
  incomplete: boolean;
  /** whether its parts were made under the plan that judges them */
  plan: { exploratory: boolean };
}

/** What stands where nothing was measured. */
export const NOT_MEASURED = "—";

/**
 * A number with a fixed count of decimals and a real minus sign.
 *
 * @param value the number; `null` and non-finite numbers give {@link NOT_MEASURED}
 * @param decimals digits after the point
 * @param sign write `+` before positive numbers
 * @returns the text; a value that rounds to zero carries no sign
 */
export function fixed(value: number | null, decimals: number, sign = false): string {
  if (value === null || !Number.isFinite(value)) return NOT_MEASURED;
  const digits = Math.abs(value).toFixed(decimals);
  if (Number(digits) === 0) return digits;
  return (value < 0 ? "−" : sign ? "+" : "") + digits;
}

/** A loss or a regret in nats: three decimals. */
export const nats = (value: number | null): string => fixed(value, 3);

/** A shift in octaves: two decimals and a sign. */
export const octaves = (value: number | null): string => fixed(value, 2, true);

/** `estimate [lo, hi]`, each number written by `write`; {@link NOT_MEASURED} for `null`. */
export function interval(value: Interval | null, write: (value: number | null) => string): string {
  if (value === null) return NOT_MEASURED;
  return `${write(value.estimate)} [${write(value.lo)}, ${write(value.hi)}]`;
}

/** The value behind a log2: `2^−5.30 = 0.0254`. */
export function powerOfTwo(log2x: number): string {
  return `2^${fixed(log2x, 2)} = ${significant(2 ** log2x)}`;
}

/** Three significant digits, without an exponent where that stays short. */
export function significant(value: number | null): string {
  if (value === null) return NOT_MEASURED;
  if (value !== 0 && Math.abs(value) < 1e-4) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${mantissa.replace("-", "−")}e${exponent.replace("-", "−")}`;
  }
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** Counts as a person says them: `950`, `12.4 k`, `3.07 M`. */
export function count(value: number): string {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e4]] as const) {
    if (value >= size) return `${significant(value / (unit === "k" ? 1e3 : size))} ${unit}`;
  }
  return String(value);
}

/** Seconds as milliseconds without a unit, three digits or all before the point: `87.8`, `1204`. */
export function milliseconds(seconds: number | null): string {
  return digits(seconds === null ? null : 1e3 * seconds);
}

/** Three digits or all before the point, zeros kept, so that columns line up: `58.0`, `0.0412`. */
export function digits(value: number | null): string {
  if (value === null || value === 0) return fixed(value, 0);
  const decimals = 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  return fixed(value, Math.min(9, Math.max(0, decimals)));
}

/** A share in percent: one decimal below 10, none above. */
export function percent(value: number | null): string {
  return fixed(value, value !== null && Math.abs(value) < 10 ? 1 : 0);
}

/** Bytes with a decimal unit: `950 B`, `12.0 kB`, `3.07 GB`. */
export function byteCount(bytes: number): string {
  for (const [unit, size] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (bytes >= size) return `${digits(bytes / size)} ${unit}`;
  }
  return `${bytes} B`;
}

/** A unit for rates, chosen by the largest of them. */
export interface RateUnit {
  /** e.g. `GFLOP/s` */
  name: string;
  /** units per TFLOP/s */
  scale: number;
}

/** TFLOP/s where the largest rate reaches one, else GFLOP/s. */
export function rateUnit(tflops: number[]): RateUnit {
  return tflops.some((rate) => rate >= 1)
    ? { name: "TFLOP/s", scale: 1 }
    : { name: "GFLOP/s", scale: 1e3 };
}

/** Seconds as `0.4 s`, `48 s`, `12 min 30 s`, `3 h 05 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** The adapter by name; a software adapter is called one. */
export function adapterName(environment: Environment): string {
  return environment.adapter + (environment.software ? " (software adapter)" : "");
}

/** What the bench cost, as one phrase. */
export function costPhrase(cost: BenchRecord["cost"]): string {
  const reused = cost.reusedRuns > 0 ? ` (${cost.reusedRuns} more reused)` : "";
  const runs = `${cost.trainedRuns} ${cost.trainedRuns === 1 ? "run" : "runs"} trained${reused}`;
  return `${runs}, ${count(cost.trainedTokens)} tokens, ${duration(cost.wall_s)}`;
}

/** The most device memory that was held, as a phrase to follow the cost; empty where not measured. */
export function memoryPhrase(cost: BenchRecord["cost"]): string {
  return cost.peakDevice_bytes === null
    ? ""
    : `, at most ${byteCount(cost.peakDevice_bytes)} on the device`;
}

/** The verdict with what qualifies it: `pass (incomplete, exploratory)`. */
export function verdictPhrase(record: Judged): string {
  const notes = [
    ...(record.incomplete ? ["incomplete"] : []),
    ...(record.plan.exploratory ? ["exploratory"] : []),
  ];
  return record.verdict + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
}

/**
 * What a suite is after, as the start of a line: `After the paper's Fig. 3`. A suite that is after no
 * figure says `none (WHY)` of it.
 */
export function afterFigure(figure: string): string {
  const none = /^none\b[\s:,]*(.*)$/.exec(figure);
  if (none === null) return `After the paper's ${figure}`;
  return `Not a figure of the paper${none[1] === "" ? "" : ` ${none[1]}`}`;
}

/** The command that repeats a bench. */
export function reproduceCommand(
  { suite, plan, data }: {
    suite: SuiteFacts;
    plan: { profile: string };
    data?: BenchRecord["data"] | null;
  },
): string {
  const own = data && !data.name.includes("State of the Union") ? ` --text ${data.name}` : "";
  const options = suite.options === undefined ? "" : ` ${suite.options}`;
  return `deno task bench ${suite.id} --profile ${plan.profile}${options}${own}`;
}

/** One character per verdict, for badges and terminals; only a pass has the tick. */
export const VERDICT_MARK: Record<Verdict, string> = {
  "pass": "✓",
  "fail": "✗",
  "inconclusive": "?",
  "cannot tell at this size": "≈",
};

/**
 * What a judgement is for. `target` and `claim` decide; `control` must fail; `rival` is another rule
 * and `aside` another quantity, both judged and shown, neither decides.
 */
export type JudgedRole = "target" | "claim" | "control" | "rival" | "aside";

const RIVAL_WORDS: Record<Verdict, string> = {
  "pass": "stays near-optimal",
  "fail": "misses the optimum",
  "inconclusive": "undecided",
  "cannot tell at this size": "cannot tell at this size",
};

/**
 * A verdict beside its role: a control that fails has done its duty, one that passes has not; a rival
 * is no claim, so it neither passes nor fails; an aside decides nothing.
 */
export function roleVerdict(role: JudgedRole, verdict: Verdict): string {
  if (role === "target" || role === "claim") return verdict;
  if (role === "rival") return RIVAL_WORDS[verdict];
  if (role === "aside") return `${verdict} (decides nothing)`;
  if (verdict === "fail") return "fail (expected of the control)";
  return verdict === "pass" ? "pass (the control should fail)" : `${verdict} (control)`;
}

/** The mark before {@link roleVerdict}: a control that does not fail and what decides nothing get no tick. */
export function roleMark(role: JudgedRole, verdict: Verdict): string {
  if (role === "rival" || role === "aside") return "·";
  const shown = role === "control" && verdict === "pass" ? "cannot tell at this size" : verdict;
  return VERDICT_MARK[shown];
}

/** The name of a swept hyperparameter as axes and tables write it. */
export const SWEPT_NAME: Record<BenchRecord["optima"][number]["swept"], string> = {
  lr: "learning rate",
  weightDecay: "weight decay",
  initStd: "init standard deviation",
};

/** `transfer` as a title writes it: `Transfer`. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
