/**
 * How much one label tells of another: mutual information of two labels of a table of counts, and what of it is
 * left when the labels that cannot tell anything are taken off.
 *
 *     I(V; E) = H(V) + H(E) − H(V, E),  H = −Σ p log2 p,  bits
 *
 * The plain estimate is never below 0 and too large with few counts, by about (|V| − 1)(|E| − 1)/(2n ln 2) for n
 * independent ones (G. Miller, "Note on the bias of information estimates", 1955). Counts here come in clusters (the
 * tokens of an image), so that n is not known. {@link excess} takes off the mean over labels that were permuted among the
 * clusters, which has the same bias and no information; it may be below 0. Where labels tell much it takes off too much, for what
 * fixes E has no bias, by at most what the permuted labels tell.
 *
 * Error: tests/lab/statistics/information_test.ts.
 *
 * @module
 */
import { mean, type Random } from "./resample.ts";

/** Counts, `[value of V][value of E]`; rows of one length. */
export type CountTable = readonly ArrayLike<number>[];

/** Σ n log2 n of the counts, and Σ n. */
function sums(counts: ArrayLike<number>): { total: number; nLogN: number } {
  let total = 0, nLogN = 0;
  for (let i = 0; i < counts.length; i++) {
    const n = counts[i];
    if (n > 0) {
      total += n;
      nLogN += n * Math.log2(n);
    }
  }
  return { total, nLogN };
}

/** Entropy of counts, bits; 0 where there are none. */
export function entropy(counts: ArrayLike<number>): number {
  const { total, nLogN } = sums(counts);
  return total === 0 ? 0 : Math.log2(total) - nLogN / total;
}

/** Sums of the columns. */
export function columnSums(table: CountTable): number[] {
  const out = new Array<number>(table[0]?.length ?? 0).fill(0);
  for (const row of table) for (let e = 0; e < out.length; e++) out[e] += row[e];
  return out;
}

/**
 * The plain estimate of the mutual information, bits; 0 where nothing was counted.
 *
 * @throws {RangeError} for rows of different lengths
 */
export function mutualInformation(table: CountTable): number {
  if (table.some((row) => row.length !== table[0].length)) {
    throw new RangeError("Cannot measure information: the rows have different lengths");
  }
  const rows = table.map(sums), total = rows.reduce((sum, row) => sum + row.total, 0);
  const all = rows.reduce((sum, row) => sum + row.nLogN, 0);
  const joint = total === 0 ? 0 : Math.log2(total) - all / total;
  const found = entropy(rows.map((row) => row.total)) + entropy(columnSums(table)) - joint;
  return Math.max(0, found); // rounding may leave it below
}

/** Rows of clusters that have one label, added up: `[label][value of E]`. */
export function countsByLabel(
  clusters: CountTable,
  labels: ArrayLike<number>,
  values: number,
): Float64Array[] {
  const width = clusters[0]?.length ?? 0;
  const table = Array.from({ length: values }, () => new Float64Array(width));
  clusters.forEach((row, i) => {
    const to = table[labels[i]];
    for (let e = 0; e < width; e++) to[e] += row[e];
  });
  return table;
}

/** A random order of 0 … n − 1 (Fisher-Yates). */
export function permutation(n: number, { below }: Pick<Random, "below">): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Mutual information less what permuted labels have on average, bits.
 *
 * @param found counts under the labels
 * @param permuted makes counts under another permutation at each call @param times how many, at least one
 * @throws {RangeError} for no permutation
 */
export function excess(found: CountTable, permuted: () => CountTable, times: number): number {
  if (!(Number.isInteger(times) && times >= 1)) {
    throw new RangeError(`Cannot correct information for its bias: ${times} permutations`);
  }
  const none = Array.from({ length: times }, () => mutualInformation(permuted()));
  return mutualInformation(found) - mean(none);
}

/**
 * Labels of `bins` classes of equal size by rank: 0 for the smallest values.
 *
 * @throws {RangeError} for fewer values than bins
 */
export function rankBins(values: ArrayLike<number>, bins: number): Uint32Array {
  const n = values.length;
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= n)) {
    throw new RangeError(`Cannot cut ${n} values into ${bins} bins`);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) =>
    values[a] - values[b] || a - b
  );
  const out = new Uint32Array(n);
  order.forEach((i, rank) => out[i] = Math.floor(rank * bins / n));
  return out;
}
