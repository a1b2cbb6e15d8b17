/**
 * Router logits that make tokens pick experts by a given histogram: uniform, Zipf, one hot expert,
 * or one that was measured.
 *
 * A histogram here is the share of tokens that pick each expert, π_e: it sums to a, and no share is
 * above 1, since a token picks an expert at most once. Per token the experts are put in random order
 * side by side, each as long as its share, and those are picked in which u, u + 1, …, u + a − 1 fall,
 * u uniform in [0, 1): exactly a experts, each with probability π_e. (Gumbel noise on log shares
 * would flatten the histogram: a popular expert cannot be picked twice.)
 *
 * Source of the sampling: W. G. Madow, Annals of Mathematical Statistics 20, 1949 (systematic
 * sampling with unequal probabilities).
 *
 * @module
 */
import { uniforms } from "./init.ts";

/** How tokens spread over experts; an array is any measure of the experts' popularity. */
export type ImposedRouting = "uniform" | "zipf" | "hot" | number[];

/**
 * Share of the tokens that pick each expert.
 *
 * - `uniform`: a/N each
 * - `zipf`: in proportion to 1/(e + 1)
 * - `hot`: expert 0 by every token, the others evenly (at a = 1 by none)
 * - an array: in proportion to it
 *
 * Where a share would be above 1 it is 1, and the others are raised in proportion.
 *
 * @returns N shares in [0, 1] that sum to a
 * @throws {RangeError} for a > N, a negative or infinite weight, a wrong number of weights, or fewer
 * than a positive ones
 */
export function shareOfTokens(
  routing: ImposedRouting,
  experts: number,
  active: number,
): number[] {
  const name = `${experts}e${active}a`;
  if (active > experts) throw new RangeError(`Cannot route ${name}: it has only ${experts}`);
  const weights = Array.isArray(routing) ? routing : Array.from(
    { length: experts },
    (_, e) => routing === "zipf" ? 1 / (e + 1) : 1,
  );
  if (weights.length !== experts) {
    throw new RangeError(
      `Cannot route ${name}: the histogram has ${weights.length} experts, want ${experts}`,
    );
  }
  const bad = weights.find((w) => !(w >= 0 && Number.isFinite(w)));
  if (bad !== undefined) throw new RangeError(`Cannot route ${name}: ${bad} is no share of tokens`);
  const alive = weights.filter((w) => w > 0).length;
  if (alive < active) {
    throw new RangeError(`Cannot route ${name}: the histogram uses only ${alive} experts`);
  }
  const shares = new Array<number>(experts).fill(0);
  const full = new Set(routing === "hot" && active > 0 ? [0] : []);
  for (;;) {
    const rest = weights.reduce((sum, w, e) => full.has(e) ? sum : sum + w, 0);
    const scale = rest > 0 ? (active - full.size) / rest : 0;
    weights.forEach((w, e) => shares[e] = full.has(e) ? 1 : w * scale);
    const over = shares.flatMap((s, e) => s > 1 && !full.has(e) ? [e] : []);
    if (over.length === 0) return shares;
    for (const e of over) full.add(e);
  }
}

/**
 * Logits whose a largest are the experts each token picks.
 *
 * @param shares as {@link shareOfTokens} gives them @param stride floats from token to token, at least N
 * @returns (tokens, stride): picked experts in (0.5, 1.5), the others in (−1.5, −0.5), padding 0
 */
export function imposedLogits(
  shares: number[],
  active: number,
  tokens: number,
  stride: number,
  seed: number,
): Float32Array {
  const n = shares.length, draw = uniforms(`${seed}/routing`);
  const out = new Float32Array(tokens * stride);
  const order = Uint32Array.from({ length: n }, (_, e) => e);
  for (let t = 0; t < tokens; t++) {
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(draw() * (i + 1)), e = order[i];
      order[i] = order[j];
      order[j] = e;
    }
    let next = draw(), end = 0, picked = 0;
    for (const [place, e] of order.entries()) {
      end += shares[e];
      // rounding of the sums must cost no pick: the last experts make up for one
      const owed = active - picked >= n - place;
      const pick = picked < active && (end > next || owed);
      if (pick) {
        picked++;
        next++;
      }
      out[t * stride + e] = (pick ? 0.5 : -1.5) + draw();
    }
  }
  return out;
}
