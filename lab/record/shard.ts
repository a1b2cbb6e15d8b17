/**
 * `shard.json`: what one of several machines did of a bench; by it `merge` knows what belongs together.
 *
 * @module
 */
import { z } from "zod";
import { MOST_LINE_BYTES, readText } from "./bounds.ts";
import { causeOf, issueOf, LabError } from "./failure.ts";
import { writeAtomic } from "./files.ts";
import { isSealed, sealed } from "./hash.ts";
import {
  type Cost,
  costSchema,
  type Environment,
  environmentSchema,
  type Trust,
  trustSchema,
} from "./record.ts";

/** Version of the format. */
export const SHARD_SCHEMA = "mue-bench/shard/1";

/** Most machines anyone may share a bench out to. */
export const MOST_SHARDS = 1024;

/** Which share of a bench: `index` of `count`, from 1. */
export interface Shard {
  index: number;
  count: number;
}

/** A suite of the bench, and what this shard did of it. */
export interface ShardSuite {
  id: string;
  /** flags that made it another suite than the declared one */
  options: string | null;
  /** hash of its plan, the same in every shard */
  plan: string;
  /** `runs`: a share of its models; `whole`: all of it, its record lies in the folder; `none`: other shards do it */
  share: "runs" | "whole" | "none";
  /** everything that was decided, of a suite of the user's own, which no version knows by its id */
  decided?: unknown;
}

/** What a shard leaves beside its runs. */
export interface ShardFacts extends Shard {
  schema: typeof SHARD_SCHEMA;
  profile: string;
  suites: ShardSuite[];
  environment: Environment;
  /** false until its share is done */
  finished: boolean;
  /** of its share of runs, by suite id, since it was last started */
  costs: Record<string, Cost>;
  /** something was trained here under another plan, by suite id */
  exploratory: string[];
  /** whether the machine computed alike, by task id */
  trust: Record<string, Trust>;
  /** what befell it, for readers of the merged record */
  warnings: string[];
  checksum: string;
}

const shardSchema: z.ZodType<ShardFacts> = z.object({
  schema: z.literal(SHARD_SCHEMA),
  index: z.number().int().min(1).max(MOST_SHARDS),
  count: z.number().int().min(1).max(MOST_SHARDS),
  profile: z.string(),
  suites: z.array(z.object({
    id: z.string(),
    options: z.string().nullable(),
    plan: z.string(),
    share: z.enum(["runs", "whole", "none"]),
    decided: z.unknown().optional(),
  })).min(1),
  environment: environmentSchema,
  finished: z.boolean(),
  costs: z.record(z.string(), costSchema),
  exploratory: z.array(z.string()),
  trust: z.record(z.string(), trustSchema),
  warnings: z.array(z.string()),
  checksum: z.string(),
});

/** Writes the facts of a shard into its folder. */
export function writeShard(folder: string, facts: Omit<ShardFacts, "checksum">): void {
  writeAtomic(`${folder}/shard.json`, JSON.stringify(sealed(facts), null, 2) + "\n");
}

/**
 * Reads the facts of a shard.
 *
 * @throws {LabError} for a folder that is none, and facts that are damaged or were changed
 */
export async function readShard(folder: string): Promise<ShardFacts> {
  const path = `${folder}/shard.json`;
  let value: unknown;
  try {
    value = JSON.parse(await readText(path, MOST_LINE_BYTES));
  } catch (error) {
    const why = causeOf(error) === causeOf(new Deno.errors.NotFound())
      ? "it is no folder of bench --shard, it has no shard.json"
      : error instanceof SyntaxError
      ? "its shard.json is not JSON, or cut short"
      : causeOf(error);
    throw new LabError(`Cannot merge ${folder}: ${why}`, { cause: error });
  }
  const result = shardSchema.safeParse(value);
  if (!result.success) throw new LabError(`Cannot merge ${folder}: ${issueOf(result.error)}`);
  if (isSealed(value as object)) return result.data;
  throw new LabError(`Cannot merge ${folder}: its shard.json was changed after it was written`);
}
