/**
 * `deno task bench transfer`: the models of the user's own that flags and `--plan` name.
 *
 * @module
 */
import { z } from "zod";
import { causeOf, LabError } from "../lab/record/failure.ts";
import { SWEPT } from "../lab/record/run.ts";
import { type ProfileName, PROFILES, type Suite } from "../lab/suite.ts";
import { TASKS } from "../model/tasks/registry.ts";
import { OWN, ownSuite } from "../suites/own.ts";
import { decideOwn, type OwnPlan, ownPlanSchema, readOwnPlan } from "../suites/own_plan.ts";
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
  --steps N           optimizer steps (default: the profile's; a model with B= and D= trains D/B)
  --seeds N           paired seeds 0 to N − 1 (default: the profile's, with more for what decides)
  --plan FILE         all of that and what flags cannot say as JSON (docs/using.md;
                      docs/plan.schema.json); also record.json of an earlier \`transfer\``;

/** Most bytes of a plan file. */
const MOST_BYTES = 2 ** 28;

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

/** The plan of a file: a plan, or what a record keeps of one. */
function planIn(path: string): OwnPlan {
  let value: unknown;
  try {
    const { size, isFile } = Deno.statSync(path);
    if (!isFile) throw new UsageError(`Cannot read the plan ${path}: it is not a file`);
    if (size > MOST_BYTES) throw new UsageError(`Cannot read the plan ${path}: it is too large`);
    value = JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof SyntaxError ? "it is not JSON, or cut short" : causeOf(error);
    throw new UsageError(`Cannot read the plan ${path}: ${why}`);
  }
  const record = z.object({ schema: z.string(), suite: z.object({ id: z.string() }) })
    .extend({ plan: z.object({ profile: z.enum(PROFILES), decided: z.unknown() }) });
  const found = record.safeParse(value);
  if (!found.success) return readOwnPlan(value, path);
  const { suite: { id }, plan: { profile, decided } } = found.data;
  if (id !== OWN) {
    throw new UsageError(`Cannot take the plan of ${path}: it is a record of ${id}, not of ${OWN}`);
  }
  return { ...readOwnPlan(decided, path), profile };
}

/**
 * The suite that flags and a plan file make, and the profile it stands on; flags count over the file.
 *
 * @param profile as `--profile` says; undefined: the file's, or quick
 * @throws {UsageError} for what cannot be trained or judged
 */
export function ownFrom(
  values: OwnValues,
  profile: ProfileName | undefined,
  task: string | undefined,
): { suite: Suite; profile: ProfileName } {
  const { plan: path, reference, targets, rule, control, sweep, steps, seeds } = values;
  if (task !== undefined && !Object.hasOwn(TASKS, task)) {
    throw new UsageError(`Cannot run task ${task}: not one of ${Object.keys(TASKS).join(", ")}`);
  }
  if (sweep !== undefined && !SWEPT.some((name) => name === sweep)) {
    throw new UsageError(`Cannot sweep ${sweep}: not one of ${SWEPT.join(", ")}`);
  }
  try {
    const file: OwnPlan = path === undefined ? {} : planIn(path);
    if (targets !== undefined && file.panels !== undefined) {
      throw new UsageError(
        `Cannot use --targets with ${path}: it has panels with targets of their own`,
      );
    }
    const flags = readOwnPlan({
      ...(profile === undefined ? {} : { profile }),
      ...(reference === undefined ? {} : { reference }),
      ...(targets === undefined ? {} : { targets: targetsOf(targets) }),
      ...(rule === undefined ? {} : { rule }),
      ...(control === undefined ? {} : { control }),
      ...(sweep === undefined ? {} : { swept: sweep }),
      ...(seeds === undefined
        ? {}
        : { seeds: Array.from({ length: numberOf("seeds", seeds, 64) }, (_, i) => i) }),
    }, "of the flags");
    const own: OwnPlan = { ...file, ...flags };
    own.plan = {
      ...file.plan,
      ...(reference === undefined ? {} : { reference }),
      ...(task === undefined ? {} : { task }),
      ...(steps === undefined ? {} : { steps: numberOf("steps", steps, 10_000_000) }),
    };
    const lacking = (own.reference ?? own.plan.reference) === undefined
      ? "reference"
      : own.targets === undefined && own.panels === undefined
      ? "targets"
      : null;
    if (lacking !== null) {
      throw new UsageError(
        `Cannot run ${OWN}: it needs --${lacking}, e.g. --reference dense:d=16,L=2,H=16 ` +
          "--targets 16e4a:d=64,h=16",
      );
    }
    return { suite: ownSuite(decideOwn(own)), profile: own.profile ?? "quick" };
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
