/** Routers of every kind, gates, balance and z-loss in float64, and the logits' gradient. */
import { pcg3d } from "./draw.ts";
import { logSumExp, softmax } from "./loss.ts";
import { sigmoid } from "./swiglu.ts";

/** Sizes and gate of a router. */
export interface RouterShape {
  experts: number;
  active: number;
  groups: number;
  gate: "sigmoid" | "softmax" | "softmax-all" | "sigmoid-raw";
  pick?: "top" | "hash" | "expert-choice";
  limit?: number;
  capacity?: number;
}

/** What a router picks by besides the logits. */
export interface PickedBy {
  bias?: number[];
  tokens?: number[];
  layer?: number;
}

/** The a/G largest logits in each of G groups of consecutive experts; ties to the lower index. */
export function select(logits: number[], { experts, active, groups }: RouterShape): number[] {
  const size = experts / groups;
  return Array.from(
    { length: groups },
    (_, g) =>
      Array.from({ length: size }, (_, i) => g * size + i)
        .sort((a, b) => logits[b] - logits[a] || a - b)
        .slice(0, active / groups),
  ).flat();
}

/** What experts are picked by when it is not the logits alone. */
export function scores(logits: number[], gate: RouterShape["gate"], bias?: number[]): number[] {
  const plain = gate.startsWith("softmax") ? softmax(logits) : logits.map(sigmoid);
  return plain.map((s, e) => s + (bias?.[e] ?? 0));
}

/** Places of `values` from the largest to the smallest, ties to the lower place. */
const descending = (values: number[]) =>
  values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);

/** Experts of every token: in the order picked, or ascending where experts choose. */
export function pick(logits: number[][], r: RouterShape, by: PickedBy = {}): number[][] {
  const { experts, active, groups, limit } = r, tokens = logits.length;
  if (r.pick === "hash") {
    return by.tokens!.map((v) =>
      descending(Array.from({ length: experts }, (_, e) => pcg3d(v, e, by.layer ?? 0)[0] >>> 1))
        .slice(0, active)
    );
  }
  const all = logits.map((row) => scores(row, r.gate, by.bias));
  if (r.pick === "expert-choice") {
    const most = Math.ceil(tokens * active / experts);
    const chosen = Array.from(
      { length: experts },
      (_, e) => new Set(descending(all.map((row) => row[e])).slice(0, most)),
    );
    return all.map((_, t) => chosen.flatMap((set, e) => set.has(t) ? [e] : []));
  }
  if (limit === undefined) {
    return by.bias ? all.map((s) => select(s, r)) : logits.map((l) => select(l, r));
  }
  const size = experts / groups;
  return all.map((s) => {
    const sums = Array.from({ length: groups }, (_, g) => {
      const mine = s.slice(g * size, (g + 1) * size).toSorted((a, b) => b - a);
      return mine[0] + (mine[1] ?? 0);
    });
    const open = descending(sums).slice(0, limit);
    return descending(s).filter((e) => open.includes(Math.floor(e / size))).slice(0, active);
  });
}

/** Which picks an expert serves: its first in token order, up to its capacity. */
export function kept(ids: number[][], r: RouterShape): boolean[][] {
  const most = r.capacity === undefined
    ? Infinity
    : Math.ceil(r.capacity * ids.length * r.active / r.experts);
  const served = new Array<number>(r.experts).fill(0);
  return ids.map((row) => row.map((e) => served[e]++ < most));
}

/**
 * Gate of each selected expert: sigmoids over their sum, softmax of the selected logits, softmax of
 * all logits, or sigmoids.
 */
export function gates(logits: number[], ids: number[], gate: RouterShape["gate"]): number[] {
  const chosen = ids.map((e) => logits[e]);
  if (gate === "softmax") return softmax(chosen);
  if (gate === "softmax-all") return ids.map((e) => softmax(logits)[e]);
  const scores = chosen.map(sigmoid), sum = scores.reduce((a, b) => a + b, 0);
  return gate === "sigmoid-raw" ? scores : scores.map((s) => s / sum);
}

/** share_i of one token: what the balance loss averages over tokens. */
export function shares(logits: number[], gate: RouterShape["gate"]): number[] {
  if (gate.startsWith("softmax")) return softmax(logits);
  const scores = logits.map(sigmoid), sum = scores.reduce((a, b) => a + b, 0);
  return scores.map((s) => s / sum);
}

/** Tokens that selected each expert. */
export function counts(ids: number[][], experts: number): number[] {
  return Array.from({ length: experts }, (_, e) => ids.filter((row) => row.includes(e)).length);
}

/** Σ_i load_i N/a mean_token share_i, with load_i = counts_i / tokens held constant. */
export function balanceLoss(logits: number[][], load: number[], r: RouterShape): number {
  const tokens = logits.length, share = logits.map((row) => shares(row, r.gate));
  return load.reduce(
    (sum, l, i) =>
      sum + l * r.experts / r.active * share.reduce((a, row) => a + row[i], 0) / tokens,
    0,
  );
}

/** mean_token logsumexp(logits)². */
export function zLoss(logits: number[][]): number {
  return logits.reduce((sum, row) => sum + logSumExp(row) ** 2, 0) / logits.length;
}

/** What the router's logits are trained on: Σ dgate·gate + balance and z-loss. */
export function routerObjective(
  logits: number[][],
  dgate: number[][],
  load: number[],
  r: RouterShape,
  coefficients: { balance: number; z: number },
): number {
  const task = logits.reduce((sum, row, t) => {
    const ids = select(row, r), g = gates(row, ids, r.gate);
    return sum + g.reduce((s, x, j) => s + x * dgate[t][j], 0);
  }, 0);
  return task + coefficients.balance * balanceLoss(logits, load, r) +
    coefficients.z * zLoss(logits);
}

/**
 * Gradient of {@link routerObjective} by the logits of token t.
 *
 * @param ids experts of the token, and dgate 0 for those that do not serve it
 */
export function routerBackward(
  logits: number[],
  dgate: number[],
  load: number[],
  tokens: number,
  r: RouterShape,
  coefficients: { balance: number; z: number },
  ids: number[] = select(logits, r),
): number[] {
  const out = logits.map(() => 0);
  // normalized scores n_i = w_i / Σ w: dn_i/dl_j = n_i (δ_ij − n_j) w'_j / w_j,
  // with w'/w = 1 for exp and 1 − sigmoid for sigmoid
  const slope = (l: number) => r.gate.startsWith("softmax") ? 1 : 1 - sigmoid(l);
  const through = (members: number[], n: number[], dn: number[]) => {
    const mean = n.reduce((sum, x, i) => sum + x * dn[i], 0);
    members.forEach((e, i) => out[e] += n[i] * (dn[i] - mean) * slope(logits[e]));
  };
  if (r.gate === "softmax-all") {
    const dn = logits.map((_, e) => ids.includes(e) ? dgate[ids.indexOf(e)] : 0);
    through(logits.map((_, e) => e), softmax(logits), dn);
  } else if (r.gate === "sigmoid-raw") {
    ids.forEach((e, j) => out[e] += dgate[j] * sigmoid(logits[e]) * (1 - sigmoid(logits[e])));
  } else through(ids, gates(logits, ids, r.gate), dgate);
  const push = load.map((l) => coefficients.balance * l * r.experts / r.active / tokens);
  through(logits.map((_, e) => e), shares(logits, r.gate), push);
  const lse = logSumExp(logits);
  softmax(logits).forEach((p, e) => out[e] += coefficients.z * 2 * lse * p / tokens);
  return out;
}
