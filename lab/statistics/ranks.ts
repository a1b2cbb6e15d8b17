/**
 * Ranks that intervals allow: what does not beat another, and is not beaten by it, is tied with it.
 *
 * @module
 */

/** A rank, and what is tied with it. */
export interface Ranked<T> {
  /** e.g. `2`, or `2–4` where others are tied */
  rank: string;
  tied: T[];
}

/**
 * The range of ranks of each.
 *
 * @param beats whether the first is told to be better than the second
 */
export function ranksOf<T>(
  all: readonly T[],
  beats: (a: T, b: T) => boolean,
): Map<T, Ranked<T>> {
  return new Map(all.map((one) => {
    const better = all.filter((other) => other !== one && beats(other, one));
    const worse = all.filter((other) => other !== one && beats(one, other));
    const tied = all.filter((other) =>
      other !== one && !better.includes(other) && !worse.includes(other)
    );
    const first = better.length + 1, last = all.length - worse.length;
    return [one, { rank: first === last ? `${first}` : `${first}–${last}`, tied }];
  }));
}
