/** Top-k routing with groups, gates, balance and z-loss in float64, and the logits' gradient. */
import { logSumExp, softmax } from "./loss.ts";
import { sigmoid } from "./swiglu.ts";

/** Sizes and gate of a router. */
export interface RouterShape {
  experts: number;
  active: number;
  groups: number;
  gate: "sigmoid" | "softmax" | "softmax-all" | "sigmoid-raw";
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

/** Gradient of {@link routerObjective} by the logits of token t. */
export function routerBackward(
  logits: number[],
  dgate: number[],
  load: number[],
  tokens: number,
  r: RouterShape,
  coefficients: { balance: number; z: number },
): number[] {
  const ids = select(logits, r), out = logits.map(() => 0);
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
