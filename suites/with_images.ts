/**
 * A suite on images with the images of a user: `deno task bench SUITE --data my-pictures`.
 *
 * An image is a sequence of as many tokens as it has patches, so images of another size than the suite is declared
 * for change its plan. Images per step, steps and whatever a model's own batch says of them stay.
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
  return Object.fromEntries(
    Object.entries(value).map((
      [k, v],
    ) => [k, k === "seq" && v === from ? to : resized(v, from, to)]),
  );
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
