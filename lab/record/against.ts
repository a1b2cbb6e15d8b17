/**
 * What a bench is beside earlier records of the same suite: `against.json`. It lies beside the record and
 * not in it: what was measured does not depend on what it is held against.
 *
 * Times are multiples of the earlier ones; above 1 is slower.
 *
 * @module
 */
import { z } from "zod";
import { type Role, ROLES, type Verdict, VERDICTS } from "./findings.ts";

/** Version of the format; a reader refuses any other. */
export const AGAINST_SCHEMA = "mue-bench/against/1";

/** Its file, beside `record.json`. */
export const AGAINST_FILE = "against.json";

/**
 * What became of something compared. `worse`: so in this bench and in the one that was run again;
 * `suspected`: so in this bench alone; `better` and `like` are no reason to look.
 */
export const CHANGES = ["worse", "suspected", "like", "better"] as const;
/** One of {@link CHANGES}. */
export type Change = typeof CHANGES[number];

/** A verdict then and now. */
export interface VerdictChange {
  /** the verdict of the suite, or panel, subject and variant of a judgement */
  name: string;
  /** what a judgement is for; null: the suite itself */
  role: Role | null;
  /** the lowest of the earlier ones */
  before: Verdict;
  /** this bench's; null: it was not judged */
  now: Verdict | null;
  /** that of the bench that was run again; null where none was, or it was not judged */
  again: Verdict | null;
  /** what follows */
  change: Change;
}

/** The time of a layer then and now. */
export interface TimeChange {
  /** the layer and its pass */
  name: string;
  /** this bench's over the earlier mean, without what all layers share */
  times: number;
  /** the same of the bench that was run again; null where none was */
  again: number | null;
  /** upper end of the band; its lower end is one over it */
  limit: number;
  /** what follows */
  change: Change;
}

/** How layers' times compare. */
export interface TimesAgainst {
  /** every layer that all of them timed */
  layers: TimeChange[];
  /** all layers together: the lesser of seconds, and seconds times the measured multiply-add rate */
  together: TimeChange;
  /** the same in seconds alone */
  seconds: number;
  /** spread of a layer between two A/A runs of this machine, as standard deviation of the log; the median layer's */
  spread: number;
  /** the earlier records are too few to tell that spread from day to day, so that a floor of it is assumed */
  assumed: boolean;
}

/** A bench beside earlier ones. */
export interface Against {
  /** format version */
  schema: typeof AGAINST_SCHEMA;
  /** suite id */
  suite: string;
  /** ISO time of the record it speaks of, so that it is not shown beside another */
  createdAt: string;
  /** the earlier records */
  records: { path: string; createdAt: string; gitCommit: string | null }[];
  /** something got worse */
  worse: boolean;
  /** verdicts that changed: of the suite always, of judgements where they did */
  verdicts: VerdictChange[];
  /** null where no layers were timed */
  times: TimesAgainst | null;
  /** folder of the bench that was run again; null where nothing was suspected */
  again: string | null;
  /** in what the two differ beside what was measured, one sentence each */
  notes: string[];
}

const verdict = z.enum(VERDICTS), change = z.enum(CHANGES);
const timeSchema: z.ZodType<TimeChange> = z.object({
  name: z.string(),
  times: z.number(),
  again: z.number().nullable(),
  limit: z.number(),
  change,
});
/** zod form of {@link Against}. */
export const againstSchema: z.ZodType<Against> = z.object({
  schema: z.literal(AGAINST_SCHEMA),
  suite: z.string(),
  createdAt: z.string(),
  records: z.array(
    z.object({ path: z.string(), createdAt: z.string(), gitCommit: z.string().nullable() }),
  ),
  worse: z.boolean(),
  verdicts: z.array(z.object({
    name: z.string(),
    role: z.enum(ROLES).nullable(),
    before: verdict,
    now: verdict.nullable(),
    again: verdict.nullable(),
    change,
  })),
  times: z.object({
    layers: z.array(timeSchema),
    together: timeSchema,
    seconds: z.number(),
    spread: z.number(),
    assumed: z.boolean(),
  }).nullable(),
  again: z.string().nullable(),
  notes: z.array(z.string()),
});

/**
 * Reads `against.json` of a folder; null where there is none, it is of another format, or of another
 * record than the one made at `createdAt`.
 */
export function readAgainst(folder: string, createdAt: string): Against | null {
  try {
    const text = Deno.readTextFileSync(`${folder}/${AGAINST_FILE}`);
    const found = againstSchema.safeParse(JSON.parse(text));
    return found.success && found.data.createdAt === createdAt ? found.data : null;
  } catch {
    return null;
  }
}
