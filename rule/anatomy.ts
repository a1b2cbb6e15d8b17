/**
 * The part of a configuration that models of others have and those trained here do not: heads whose
 * widths do not add up to d, fewer KV heads, a vocabulary, tied embeddings. The keys `heads`, `kv`,
 * `vocab` and `tied`.
 */

import { checkNumber } from "./numbers.ts";

/** What differs from the models trained here; nothing that is absent does. */
export interface Anatomy {
  /** `heads=`: query heads; d / dh when absent, and never given where it is that. */
  heads?: number;
  /** `kv=`: heads of keys and values; as many as query heads when absent. */
  kvHeads?: number;
  /** `vocab=`: entries of the embedding; no row of any rule depends on it. */
  vocab?: number;
  /** `tied`: the final projection is the embedding. */
  tied?: true;
}

/** Keys of the text, in the order they are written. */
export const ANATOMY_KEYS = ["heads", "kv", "vocab", "tied"];

/** What the heads of a configuration are made of. */
export interface Heads extends Anatomy {
  /** d. */
  width: number;
  /** dh. */
  headWidth: number;
}

/**
 * Query heads.
 *
 * @param c the configuration
 * @returns a whole number in a checked configuration
 */
export function headsOf(c: Heads): number {
  return c.heads ?? c.width / c.headWidth;
}

/**
 * The fan-in of the attention's output projection.
 *
 * @param c the configuration
 * @returns heads times their width; d where the configuration names no heads
 */
export function attentionWidth(c: Heads): number {
  return c.heads === undefined ? c.width : c.heads * c.headWidth;
}

/**
 * Width of a head where `heads=` is given and `dh=` is not.
 *
 * @throws {RangeError} if d does not divide by the heads
 */
export function headWidthBy(width: number, heads: number): number {
  if (Number.isSafeInteger(heads) && heads > 0 && width % heads === 0) return width / heads;
  throw new RangeError(
    `Cannot use heads=${heads} in d=${width}: ${width} does not divide by ${heads}; give dh= too`,
  );
}

/**
 * The anatomy that the keys of a text give, in its one form: heads that follow from d and dh, and as
 * many KV heads as heads, are left out.
 */
export function readAnatomy(given: ReadonlyMap<string, number>, sizes: Heads): Anatomy {
  const heads = given.get("heads"), kv = given.get("kv"), vocab = given.get("vocab");
  return {
    ...(heads === undefined || heads * sizes.headWidth === sizes.width ? {} : { heads }),
    ...(kv === undefined || kv === (heads ?? headsOf(sizes)) ? {} : { kvHeads: kv }),
    ...(vocab === undefined ? {} : { vocab }),
    ...(given.has("tied") ? { tied: true as const } : {}),
  };
}

/** The entries that {@link readAnatomy} reads back. */
export function formatAnatomy({ heads, kvHeads, vocab, tied }: Anatomy): string[] {
  return [
    ...(heads === undefined ? [] : [`heads=${heads}`]),
    ...(kvHeads === undefined ? [] : [`kv=${kvHeads}`]),
    ...(vocab === undefined ? [] : [`vocab=${vocab}`]),
    ...(tied ? ["tied"] : []),
  ];
}

/**
 * Checks an anatomy and that heads fit d.
 *
 * @throws {TypeError} if a number is none
 * @throws {RangeError} if one is not a positive whole number, or heads do not fit
 */
export function checkAnatomy(c: Heads): void {
  const { width, headWidth, kvHeads } = c;
  for (const [key, value] of [["heads", c.heads], ["kv", kvHeads], ["vocab", c.vocab]] as const) {
    if (value === undefined) continue;
    checkNumber(key, value);
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`Cannot use ${key}=${value}: not a positive whole number`);
    }
  }
  if (c.heads === undefined && width % headWidth !== 0) {
    throw new RangeError(
      `Cannot split d=${width} into heads of ${headWidth}: ${width} does not divide by ` +
        `${headWidth}`,
    );
  }
  if (headWidth % 2 !== 0) {
    throw new RangeError(
      `Cannot use heads of ${headWidth} in d=${width}: RoPE turns pairs, so dh must be even`,
    );
  }
  if (kvHeads !== undefined && headsOf(c) % kvHeads !== 0) {
    throw new RangeError(
      `Cannot use kv=${kvHeads} under ${headsOf(c)} heads: ${headsOf(c)} does not divide by ` +
        `${kvHeads}`,
    );
  }
}

/**
 * What of a configuration the models that are trained here do not have: other heads than d / dh, fewer KV heads, another
 * vocabulary than the data's, tied embeddings, shared experts of a width of their own.
 *
 * @param facts sizes of the task it would be trained on, by name
 * @returns the entry, and what models here have instead; null where it can be trained
 */
export function lackingHere(
  c: Heads & { ffn: { kind: "dense" | "moe"; sharedWidth?: number } },
  facts: Readonly<Record<string, unknown>>,
): { entry: string; why: string } | null {
  const { heads, kvHeads, vocab, tied, ffn } = c, own = facts["vocab"];
  if (heads !== undefined) {
    return { entry: `heads=${heads} of ${c.headWidth}`, why: "have d / dh heads" };
  }
  if (kvHeads !== undefined) {
    return { entry: `kv=${kvHeads}`, why: "have keys and values for every head" };
  }
  if (tied) return { entry: "tied embeddings", why: "have two tables" };
  if (vocab !== undefined && vocab !== own) {
    return {
      entry: `vocab=${vocab}`,
      why: own === undefined ? "of images have none" : `have ${own}`,
    };
  }
  if (ffn.sharedWidth !== undefined) {
    return { entry: `hs=${ffn.sharedWidth}`, why: "have shared experts as wide as the others" };
  }
  return null;
}
