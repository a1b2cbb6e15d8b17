/**
 * Two sweeps side by side: by which seeds they are paired.
 *
 * @module
 */
import { sortSeeds, type Sweep } from "./optimum.ts";
import { drawSeeds } from "./resample.ts";

/** Fewer shared seeds than this pair sweeps only where one of them has no others. */
const ENOUGH = 3;

/** The columns of a sweep at these places. */
const columns = ({ log2x, loss }: Sweep, at: number[]): Sweep => ({
  log2x,
  loss: loss.map((row) => at.map((k) => row[k])),
});

const hasGaps = ({ loss }: Sweep): boolean => loss.some((row) => row.includes(undefined));

/**
 * Both with the seeds that both have, in one order; null where they are too few, or one of them lacks some of
 * their runs: what is gained by pairing would be lost in runs left out.
 */
function shared(reference: Sweep, target: Sweep): [Sweep, Sweep] | null {
  const a = reference.seeds!, b = target.seeds!;
  const both = a.filter((name) => b.includes(name));
  const least = Math.min(ENOUGH, a.length, b.length);
  if (both.length < Math.max(2, least)) return null;
  const r = columns(reference, both.map((name) => a.indexOf(name)));
  const t = columns(target, both.map((name) => b.indexOf(name)));
  return hasGaps(r) || hasGaps(t) ? null : [r, t];
}

/**
 * Two sweeps ready to be analysed, with the draws of each. Sweeps that name their seeds are paired by those both
 * have (three, or all of one of them); others by column, where they have as many. What is not paired is resampled
 * each over its own seeds.
 *
 * @throws {RangeError} for ragged sweeps
 */
export function sideBySide(
  reference: Sweep,
  target: Sweep,
): { r: Sweep; t: Sweep; draws: [number[][], number[][]] } {
  const named = reference.seeds !== undefined && target.seeds !== undefined;
  const [a, b] = (named ? shared(reference, target) : null) ?? [reference, target];
  const paired = a !== reference || !named;
  const [n, m] = [a, b].map(({ loss }) => loss[0]?.length ?? 0);
  const [r, t] = n === m && paired ? sortSeeds([a, b]) : [...sortSeeds([a]), ...sortSeeds([b])];
  const own = drawSeeds(Math.max(1, n));
  // as many seeds, but others: not the same draws
  const other = n === m && !paired ? drawSeeds(Math.max(1, m), 100_003 + m) : null;
  return { r, t, draws: [own, other ?? (n === m ? own : drawSeeds(Math.max(1, m)))] };
}
