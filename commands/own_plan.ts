/**
 * `deno task bench transfer`: the models of the user's own that flags and `--plan` name.
 *
 * @module
 */
import { z } from "zod";
import { MOST_FILE_BYTES } from "../lab/record/bounds.ts";
import { causeOf, LabError } from "../lab/record/failure.ts";
import { SWEPT } from "../lab/record/run.ts";
import { type ProfileName, PROFILES, type Suite } from "../lab/suite.ts";
import { isSealed } from "../lab/record/hash.ts";
import { DEFAULT_TASK, TASKS } from "../model/tasks/registry.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { ownSuite } from "../suites/own.ts";
import { decideOwn } from "../suites/own_decided.ts";
import { type OwnPlan, ownPlanSchema, readOwnPlan } from "../suites/own_plan.ts";
import { checkRouterKeys } from "../suites/with_router.ts";
import { UsageError } from "./arguments.ts";

/** The flags that make a transfer suite of the user's own. */
export const OWN_FLAGS = {
  reference: { type: "string" },
  targets: { type: "string", multiple: true },
  rule: { type: "string" },
  control: { type: "string" },
  sweep: { type: "string" },
  steps: { type: "string" },
  seeds: { type: "string" },
  plan: { type: "string" },
} as const;

/** Their lines in `--help`. */
export const OWN_HELP = `Models of your own: \`transfer\`, with
  --reference MODEL   the model that is tuned, e.g. dense:d=16,L=2,H=32
  --targets MODELS    the models it is carried to, e.g. 8e2a:d=64,h=32,32e4a:d=64,h=32 (the grammar
                      is that of \`deno task rule --help\`; what a target leaves out is as in MODEL)
  --rule NAME         the rule under test (default: complete-mue; \`deno task rule\` lists them)
  --control NAME      the rule that must be seen to fail, or none (default: chosen by how far off
                      it is expected to put the optimum, which is said before the first run)
  --sweep NAME        what is tuned and carried: lr (default), weightDecay, initStd
  --steps N           optimizer steps (default: the profile's; with B= or D= a model trains D/B, and
                      B= alone keeps D)
  --seeds N           paired seeds 0 to N − 1 (default: the profile's, with more for what decides)
  --plan FILE         all of that and what flags cannot say as JSON (docs/transfer.md;
                      docs/plan.schema.json); also record.json of an earlier \`transfer\``;

/** Values of {@link OWN_FLAGS}. */
export type OwnValues = Partial<
  Record<Exclude<keyof typeof OWN_FLAGS, "targets">, string> & { targets: string[] }
>;

/** The flags of them that are given. */
export const ownFlagsGiven = (values: OwnValues): string[] =>
  Object.keys(OWN_FLAGS).filter((flag) => values[flag as keyof OwnValues] !== undefined);

/**
 * Configurations of a list, whose entries hold commas themselves: one begins where a name stands, not `key=value`.
 *
 * @param texts e.g. `8e2a:d=64,h=32,32e4a:d=64` @throws {UsageError} for a list that begins with no name
 */
export function targetsOf(texts: readonly string[]): string[] {
  const found: string[] = [];
  for (const part of texts.flatMap((text) => [...text.split(/[,;\s]+/), ""])) {
    if (part === "") continue;
    if (!/^[A-Za-z]+=/.test(part) && part !== "tied") found.push(part);
    else if (found.length === 0) {
      throw new UsageError(`Cannot read --targets ${texts.join(" ")}: ${part} belongs to no model`);
    } else found[found.length - 1] += `${found.at(-1)!.includes(":") ? "," : ":"}${part}`;
  }
  if (found.length === 0) throw new UsageError("Cannot read --targets: no model is named");
  return found;
}

/** Reads a whole number of a flag. */
function numberOf(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1 && value <= most) return value;
  throw new UsageError(`Cannot use --${flag} ${text}: want a whole number from 1 to ${most}`);
}

/** What a plan file is: a plan, or what a record keeps of one, in which nothing is left open. */
interface Found {
  own: OwnPlan;
  /** of a record */
  profile: ProfileName | null;
}

/** Reads a plan file. */
function planIn(path: string): Found {
  let value: unknown;
  try {
    const { size, isFile } = Deno.statSync(path);
    if (!isFile) throw new UsageError(`Cannot read the plan ${path}: it is not a file`);
    if (size > MOST_FILE_BYTES) {
      throw new UsageError(`Cannot read the plan ${path}: it is too large`);
    }
    value = JSON.parse(Deno.readTextFileSync(path).replace(/^\ufeff/, ""));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof SyntaxError ? "it is not JSON, or cut short" : causeOf(error);
    throw new UsageError(`Cannot read the plan ${path}: ${why}`);
  }
  const record = z.object({ schema: z.string(), suite: z.object({ id: z.string() }) })
    .extend({ plan: z.object({ profile: z.enum(PROFILES), decided: z.unknown() }) });
  const found = record.safeParse(value);
  if (!found.success) return { own: readOwnPlan(value, path), profile: null };
  const { suite: { id }, plan: { profile, decided } } = found.data;
  if (id !== OWN_SUITE) {
    throw new UsageError(
      `Cannot take the plan of ${path}: it is a record of ${id}, not of ${OWN_SUITE}`,
    );
  }
  if (!isSealed(value as object)) {
    throw new UsageError(`Cannot take the plan of ${path}: it was changed after it was written`);
  }
  return { own: readOwnPlan(decided, path), profile };
}

/** Refuses a flag that a plan says in a place of its own, where the flag would not reach. */
function checkReach({ reference, targets, sweep }: OwnValues, own: OwnPlan, path: string): void {
  const panels = own.panels ?? [];
  const stray = targets !== undefined && panels.length > 0
    ? "targets"
    : reference !== undefined && panels.some((panel) => panel.reference !== undefined)
    ? "reference"
    : sweep !== undefined && panels.length > 0
    ? "sweep"
    : null;
  if (stray === null) return;
  throw new UsageError(`Cannot use --${stray} with ${path}: its panels say it themselves`);
}

/** The router's keys in every MoE of a plan that the flag is for. */
function routed(own: OwnPlan, keys: string | undefined): OwnPlan {
  if (keys === undefined) return own;
  checkRouterKeys(keys);
  const add = (text: string) =>
    text.startsWith("dense") ? text : `${text}${text.includes(":") ? "," : ":"}${keys}`;
  const all = (texts?: string[]) => texts?.map(add);
  const made: OwnPlan = JSON.parse(JSON.stringify({
    ...own,
    reference: own.reference && add(own.reference),
    targets: all(own.targets),
    panels: own.panels?.map((panel) => ({
      ...panel,
      reference: panel.reference && add(panel.reference),
      targets: all(panel.targets),
      controls: all(panel.controls),
    })),
    plan: own.plan &&
      { ...own.plan, reference: own.plan.reference && add(own.plan.reference) },
  }));
  if (JSON.stringify(made) !== JSON.stringify(own)) return made;
  throw new UsageError(`Cannot use --router ${keys}: no model of the plan is an MoE`);
}

/** A plan with the flags over it. */
function withFlags(
  { own: file, profile: recorded }: Found,
  values: OwnValues,
  profile: ProfileName | undefined,
  task: string | undefined,
): OwnPlan {
  const { plan: path = "", reference, targets, rule, control, sweep, steps, seeds } = values;
  checkReach(values, file, path);
  if (profile !== undefined && recorded !== null) {
    throw new UsageError(`Cannot use --profile with ${path}: a record leaves no size open`);
  }
  const named = file.plan?.task ?? file.task ?? (recorded === null ? undefined : DEFAULT_TASK);
  if (task !== undefined && named !== undefined && named !== task) {
    throw new UsageError(`Cannot use --task ${task} with ${path}: it is a plan for ${named}`);
  }
  const flags = readOwnPlan({
    ...(profile === undefined ? {} : { profile }),
    ...(targets === undefined ? {} : { targets: targetsOf(targets) }),
    ...(rule === undefined ? {} : { rule }),
    ...(control === undefined ? {} : { control }),
    ...(sweep === undefined ? {} : { swept: sweep }),
    ...(seeds === undefined
      ? {}
      : { seeds: Array.from({ length: numberOf("seeds", seeds, 64) }, (_, i) => i) }),
  }, "of the flags");
  const own: OwnPlan = { ...file, ...flags };
  if (task !== undefined && named === undefined) own.task = task;
  if (reference !== undefined) {
    own.plan = { ...own.plan, reference };
    delete own.reference;
  }
  if (steps !== undefined) own.plan = { ...own.plan, steps: numberOf("steps", steps, 10_000_000) };
  return own;
}

/**
 * The suite that flags and a plan file make, and the profile it stands on; flags count over the file.
 *
 * @param profile as `--profile` says; undefined: the file's, or quick
 * @param router keys as `--router` says
 * @throws {UsageError} for what cannot be trained or judged
 */
export function ownFrom(
  values: OwnValues,
  profile: ProfileName | undefined,
  task: string | undefined,
  router: string | undefined,
): { suite: Suite; profile: ProfileName } {
  const { plan: path, sweep } = values;
  if (task !== undefined && !Object.hasOwn(TASKS, task)) {
    throw new UsageError(`Cannot run task ${task}: not one of ${Object.keys(TASKS).join(", ")}`);
  }
  if (sweep !== undefined && !SWEPT.some((name) => name === sweep)) {
    throw new UsageError(`Cannot sweep ${sweep}: not one of ${SWEPT.join(", ")}`);
  }
  try {
    const found: Found = path === undefined ? { own: {}, profile: null } : planIn(path);
    const own = withFlags(found, values, profile, task);
    const lacking = (own.reference ?? own.plan?.reference) === undefined
      ? "reference"
      : own.targets === undefined && own.panels === undefined
      ? "targets"
      : null;
    if (lacking !== null) {
      throw new UsageError(
        `Cannot run ${OWN_SUITE}: it needs --${lacking}, e.g. --reference dense:d=16,L=2,H=16 ` +
          "--targets 16e4a:d=64,h=16",
      );
    }
    const suite = ownSuite(decideOwn(routed(own, router)));
    return { suite, profile: found.profile ?? own.profile ?? "quick" };
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError || error instanceof LabError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/** The JSON Schema of a plan file. */
export const planJsonSchema = (): unknown => ({
  title: "A plan of deno task bench transfer",
  ...z.toJSONSchema(ownPlanSchema, { io: "input" }),
});
