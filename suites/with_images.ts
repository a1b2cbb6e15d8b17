/**
 * A suite on images with the images of a user: `deno task bench SUITE --data my-pictures`.
 *
 * An image is a sequence of as many tokens as it has patches, so images of another size than the suite is declared
 * for change its plan. Where models are trained, images per step and steps stay, those of a model's own batch too;
 * where they are probed, tokens do, by which what is measured averages out.
 *
 * @module
 */
import type { ProfileName, Suite } from "../lab/suite.ts";
import type { Dataset, Task } from "../model/task.ts";
import type { Diffusion } from "../model/tasks/diffusion.ts";
import { tokensOf } from "../model/tasks/image_facts.ts";

/** Whether a task is trained on images. */
function ofImages(task: Task): task is Diffusion {
  return task.id === "diffusion";
}

/** Entries of a configuration that count tokens: B and D. */
const TOKENS = /([:,][BD]=)([^,]+)/g;

/** Whether an object is a plan of probes: it says what a batch is, and nothing of validation. */
function probes(value: object): value is { seq: number; sequences: number } {
  return "sequences" in value && "seq" in value && !("evaluationBatches" in value);
}

/** A profile's value with sequences of `to` tokens for `from`, wherever they stand. */
function resized(value: unknown, from: number, to: number): unknown {
  if (typeof value === "string") {
    return value.replace(TOKENS, (entry, key: string, tokens: string) => {
      const images = Number(tokens) / from;
      return Number.isInteger(images) ? `${key}${images * to}` : entry;
    });
  }
  if (Array.isArray(value)) return value.map((v) => resized(v, from, to));
  if (typeof value !== "object" || value === null) return value;
  const made = Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, resized(v, from, to)]),
  );
  if (!("seq" in value) || value.seq !== from) return made;
  const batch = probes(value) ? { sequences: Math.ceil(value.sequences * from / to) } : {};
  return { ...made, ...batch, seq: to };
}

/**
 * The suite with a plan for images of another size; the suite itself where the size is the one it is declared for, or
 * where it trains on something else. The record's options and what it holds fixed say so.
 *
 * @param data what it is trained on
 * @param profile the one that is run
 */
export function withImages<P>(suite: Suite<P>, data: Dataset, profile: ProfileName): Suite<P> {
  const { task, file } = data;
  const planned = suite.plan(profile).trainings[0]?.seq;
  if (suite.task !== task.id || !ofImages(task) || planned === undefined) return suite;
  const { channels, side } = task.facts, seq = tokensOf(task.facts);
  if (seq === planned) return suite;
  const colours = channels === 1 ? "grey" : "RGB";
  const said =
    `images of ${side} × ${side} pixels (${colours}), patches an image ${seq} where the suite is declared for ${planned}`;
  const options = [suite.options, file === undefined ? undefined : `--data ${file}`];
  return suite.changed(
    {
      options: options.filter((o) => o !== undefined).join(" ") || undefined,
      heldFixed: `${suite.heldFixed}; ${said}`,
    },
    { ...suite.profiles, [profile]: resized(suite.profiles[profile], planned, seq) as P },
  );
}
