/**
 * What a router is: how many experts, who picks whom, and what a pick weighs.
 *
 * @module
 */

/**
 * Weights of the selected experts: `sigmoid` normalized over the selected (the paper's), `softmax`
 * of the selected logits, `softmax-all` (of all logits, not renormalized), `sigmoid-raw` (as it is).
 */
export const GATES = ["sigmoid", "softmax", "softmax-all", "sigmoid-raw"] as const;
/** One of {@link GATES}. */
export type Gate = typeof GATES[number];

/**
 * Who picks: the token its best experts (`top`); nobody, a hash of the token's id does (`hash`,
 * gates 1/a); each expert its best tokens (`expert-choice`). An expert that chooses compares tokens
 * of the whole batch, later ones of the sequence included: such a model looks into the future.
 */
export const PICKS = ["top", "hash", "expert-choice"] as const;
/** One of {@link PICKS}. */
export type Pick = typeof PICKS[number];

/** How tokens pick experts. */
export interface Router {
  experts: number;
  /** experts per token; where experts choose, the mean */
  active: number;
  /** each token picks active/groups of every experts/groups consecutive experts, unless limited */
  groups: number;
  gate: Gate;
  /** `top` when absent */
  pick?: Pick;
  /** a token picks among the experts of its `limit` best groups, by the sum of their two best scores */
  limit?: number;
  /** an expert serves its first ceil(capacity tokens a/N) picks in token order; absent: all */
  capacity?: number;
  /**
   * what an expert's bias moves by after each training step, up where its load is below the mean
   * and down where above; it counts when experts are picked, not in their weights. Absent: no bias
   */
  biasRate?: number;
}

/** Template constants of a gate; none of them: sigmoid normalized over the selected. */
export function gateConstants(gate: Gate): { SOFTMAX: number; ALL: number; RAW: number } {
  return {
    SOFTMAX: +gate.startsWith("softmax"),
    ALL: +(gate === "softmax-all"),
    RAW: +(gate === "sigmoid-raw"),
  };
}

/** Slots of a token: one per pick, or one per expert where experts choose. */
export function slotsPerToken(r: Router): number {
  return r.pick === "expert-choice" ? r.experts : r.active;
}

/** Whether a slot may be empty: not picked, or dropped. */
export function isSparse(r: Router): boolean {
  return r.pick === "expert-choice" || r.capacity !== undefined;
}

/** Tokens an expert serves at most, of `tokens` in a step. */
export function capacityOf(r: Router, tokens: number): number {
  const share = (r.capacity ?? 1) * tokens * r.active / r.experts;
  // a share that is whole but for rounding is whole
  return Math.ceil(share - 1e-9 * share);
}

/**
 * Checks how a router's parts fit together.
 *
 * @throws {RangeError} naming the router and what was found
 */
export function checkRouter(r: Router): void {
  const { experts, active, groups, pick = "top", limit, capacity, biasRate } = r;
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot route ${experts}e${active}a${what}`);
  };
  if (active > experts || experts % groups || (limit === undefined && active % groups)) {
    refuse(` into ${groups} groups: both must divide, active <= experts`);
  }
  if (!GATES.includes(r.gate)) refuse(`: gate ${r.gate} is none of ${GATES.join(", ")}`);
  if (!PICKS.includes(pick)) refuse(`: router ${pick} is none of ${PICKS.join(", ")}`);
  if (limit !== undefined) {
    if (!Number.isInteger(limit) || limit < 1 || limit > groups) {
      refuse(`: limit ${limit} is not a whole number from 1 to its ${groups} groups`);
    }
    const within = limit * experts / groups;
    if (active > within) refuse(`: its ${limit} best groups have only ${within} experts`);
  }
  if (capacity !== undefined && !(capacity > 0 && Number.isFinite(capacity))) {
    refuse(`: capacity factor ${capacity} is not above 0`);
  }
  if (biasRate !== undefined && !(biasRate > 0 && Number.isFinite(biasRate))) {
    refuse(`: bias rate ${biasRate} is not above 0`);
  }
  if (pick === "top") return;
  if (groups > 1) refuse(` by ${pick} into ${groups} groups: only top picks know groups`);
  if (biasRate !== undefined) refuse(` by ${pick} with a bias: only top picks know one`);
  if (pick === "expert-choice" && capacity !== undefined) {
    refuse(" by expert-choice with a capacity: each expert takes its share already");
  }
}
