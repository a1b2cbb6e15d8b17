/** One SwiGLU layer, dense or MoE, and its gradients in float64, expert by expert over its tokens. */
import {
  addScaled,
  dot,
  type Matrix,
  matrix,
  times,
  timesTransposed,
  transposedTimes,
} from "./matrix.ts";
import { gates, kept, pick, type PickedBy, routerBackward, type RouterShape } from "./routing.ts";
import { swiglu, swigluBackward } from "./swiglu.ts";

/** Weights of one expert: gate and up (h, d), down (d, h). */
export interface Expert {
  gate: Matrix;
  up: Matrix;
  down: Matrix;
}

/** y = FFN(x), and what the backward pass needs. */
export function expertForward(
  x: Matrix,
  w: Expert,
): { y: Matrix; g: Matrix; u: Matrix; h: Matrix } {
  const g = timesTransposed(x, w.gate), u = timesTransposed(x, w.up);
  const h = g.map((row, t) => row.map((v, i) => swiglu(v, u[t][i])));
  return { y: timesTransposed(h, w.down), g, u, h };
}

/** Gradients of {@link expertForward} for a gradient dy of y. */
export function expertBackward(x: Matrix, w: Expert, dy: Matrix): { dx: Matrix; dw: Expert } {
  const { g, u, h } = expertForward(x, w), dh = times(dy, w.down);
  const slopes = g.map((row, t) => row.map((v, i) => swigluBackward(v, u[t][i], dh[t][i])));
  const dg = slopes.map((row) => row.map((s) => s.dg)),
    du = slopes.map((row) => row.map((s) => s.du));
  return {
    dx: addScaled(times(dg, w.gate), 1, times(du, w.up)),
    dw: {
      gate: transposedTimes(dg, x),
      up: transposedTimes(du, x),
      down: transposedTimes(dy, h),
    },
  };
}

/** What an MoE layer gives. */
export interface MoeResult {
  /** (tokens, d) Σ gate · expert(x) */
  y: Matrix;
  dx: Matrix;
  dw: Expert[];
  /** (tokens, N) */
  dlogits: Matrix;
  /** (N, d) */
  drouter: Matrix;
  /** tokens that picked each expert, served or not */
  counts: number[];
}

/**
 * An MoE layer whose experts are picked by `picked` (tokens, N), while the router's weights get the
 * gradient of these logits through dlogits = drouter of x.
 */
export function moe(
  x: Matrix,
  experts: Expert[],
  router: Matrix,
  picked: Matrix,
  dy: Matrix,
  r: RouterShape,
  by: PickedBy = {},
): MoeResult {
  const d = x[0].length, ids = pick(picked, r, by), serves = kept(ids, r), hash = r.pick === "hash";
  const gate = picked.map((row, t) =>
    hash ? ids[t].map(() => 1 / r.active) : gates(row, ids[t], r.gate)
  );
  const zero = () => matrix(x.length, d, () => 0);
  const y = zero(), dx = zero(), dgate = ids.map((row) => row.map(() => 0)), dw: Expert[] = [];
  const counts = experts.map(() => 0);
  experts.forEach((w, e) => {
    const all = ids.flatMap((row, t) => row.includes(e) ? [t] : []);
    const tokens = all.filter((t) => serves[t][ids[t].indexOf(e)]);
    counts[e] = all.length;
    const mine = tokens.map((t) => x[t]), slot = tokens.map((t) => ids[t].indexOf(e));
    if (tokens.length === 0) {
      const none = (m: Matrix) => m.map((row) => row.map(() => 0));
      dw.push({ gate: none(w.gate), up: none(w.up), down: none(w.down) });
      return;
    }
    const out = expertForward(mine, w).y;
    const back = expertBackward(
      mine,
      w,
      tokens.map((t, i) => dy[t].map((v) => v * gate[t][slot[i]])),
    );
    dw.push(back.dw);
    tokens.forEach((t, i) => {
      dgate[t][slot[i]] = dot(dy[t], out[i]);
      for (let j = 0; j < d; j++) {
        y[t][j] += gate[t][slot[i]] * out[i][j];
        dx[t][j] += back.dx[i][j];
      }
    });
  });
  const load = counts.map((c) => c / x.length);
  const dlogits = picked.map((row, t) =>
    hash
      ? row.map(() => 0)
      : routerBackward(row, dgate[t], load, x.length, r, { balance: 0, z: 0 }, ids[t])
  );
  return {
    y,
    dx: addScaled(dx, 1, times(dlogits, router)),
    dw,
    dlogits,
    drouter: transposedTimes(dlogits, x),
    counts,
  };
}
