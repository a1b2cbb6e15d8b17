/** The derivation of what a rule sets: its laws, the ratios put in, and a reason for each power. */

import type { Configuration } from "./configuration.ts";
import { byFanIn } from "./tensors.ts";
import { groupOf, reasonsFor, type Subject } from "./reasons.ts";
import type {
  HyperParameters,
  Knob,
  Law,
  Multipliers,
  Quantity,
  Row,
  Rule,
  RuleOptions,
} from "./rule.ts";
import { lawsFor, routeScaleNote } from "./route_scale.ts";
import {
  basesOf,
  fixedOnNorms,
  KNOBS,
  quantities,
  routeQuantities,
  routerLogitStd,
} from "./table.ts";

/** One power in a law, with its value and its reason. */
export interface Factor {
  /** What is taken a power of. */
  quantity: Quantity;
  /** The power. */
  exponent: number;
  /** The quantity's value between the two configurations. */
  value: number;
  /** Why this power. */
  why: string;
}

/** The derivation of one number a rule sets. */
export interface Explanation {
  /** What it is set on: tensors with the same law, or one multiplier or beta. */
  names: string[];
  /** The knob; null for multipliers and betas. */
  knob: Knob | null;
  /** Letter and value of what the law multiplies; an empty letter for a bare factor. */
  base: [letter: string, value: number];
  /** The powers; the value is the base times their product (betas: 1 minus that). */
  factors: Factor[];
  /** What the rule sets. */
  value: number;
  /** What is said besides the factors; null for nothing. */
  remark: string | null;
  /** [authors], [paper], [ours] or an arXiv number. */
  source: string;
}

/** Why wo has a power that the other matrices do not, under any rule. */
const OWN_HEADS =
  "W_o sums over heads * dh inputs, which is not d here: its fan-in goes by rho_d * " +
  "rho_o, and what a rule takes of the one it takes of the other [ours].";

/** Why norms have no law for these. */
const FIXED: Partial<Record<Knob, string>> = {
  initStd: "A gain starts at 1 in every model, not at a random draw.",
  weightDecay: "A gain is not decayed: decay would pull it to 0, not to where it starts.",
};

/**
 * The derivation of everything a rule sets: multipliers, betas, then tensors by group.
 *
 * @param rule the rule
 * @param from the reference
 * @param to the target
 * @param hps the reference's hyperparameters
 * @param options the rule's options
 * @returns one explanation per multiplier and beta, and per knob of tensors with equal rows
 * @throws {RangeError} as `Rule.transfer`
 * @throws {Error} if a law has no reason in `rule/reasons.ts`
 */
export function explain(
  rule: Rule,
  from: Configuration,
  to: Configuration,
  hps: HyperParameters,
  options?: RuleOptions,
): Explanation[] {
  const transfer = rule.transfer(from, to, hps, options);
  const laws = byFanIn(lawsFor(rule.laws(options), to, rule), from, to);
  const x = quantities(from, to, options);
  const logitStd = routerLogitStd(to, hps.initStd, rule.factors(from, to, options));
  const assumed = routeScaleNote(to, rule, logitStd);
  const explanation = (subject: Subject, { exponents, source }: Law, values = x) => {
    const reasons = reasonsFor(rule.id, subject, options);
    const powers = Object.entries(exponents) as [Quantity, number][];
    const factors = powers.filter(([, e]) => e !== 0).map(([quantity, exponent]): Factor => {
      const why = quantity === "rho_o" ? OWN_HEADS : reasons[quantity];
      if (why === undefined) {
        throw new Error(`Cannot explain ${quantity} of ${subject} in ${rule.id}: no reason`);
      }
      return { quantity, exponent, value: values[quantity], why };
    });
    return { factors, remark: reasons.always ?? null, source };
  };
  const multipliers = (Object.keys(laws.multipliers) as (keyof Multipliers)[]).map((name) => ({
    names: [name],
    knob: null,
    base: ["", 1] as [string, number],
    ...(name === "routeScale"
      ? {
        ...explanation(name, laws.multipliers[name], routeQuantities(to, rule, logitStd)),
        remark: assumed === null ? null : `${assumed}.`,
      }
      : explanation(name, laws.multipliers[name])),
    value: transfer.multipliers[name],
  }));
  const betas = (["beta1", "beta2"] as const).map((name) => ({
    names: [name],
    knob: null,
    base: [`1 - ${name}`, 1 - hps[name]] as [string, number],
    ...explanation("oneMinusBeta", laws.oneMinusBeta),
    value: transfer[name],
  }));
  const alike = new Map<string, Row[]>(); // by hand: Node 20 has no Map.groupBy
  for (const row of transfer.rows) {
    const key = JSON.stringify({ ...row, tensor: groupOf(row.tensor) });
    alike.set(key, [...alike.get(key) ?? [], row]);
  }
  const rows = [...alike.values()].flatMap((group) => {
    const row = group[0];
    const names = group.map((r) => r.tensor);
    return KNOBS.map((knob) => {
      const base = basesOf(names[0], hps)[knob];
      const fixed = fixedOnNorms(names[0], knob);
      return {
        names,
        knob,
        base: fixed ? ["", 0] as [string, number] : base,
        ...(fixed
          ? { factors: [], remark: FIXED[knob] ?? null, source: row.sources[knob] }
          : explanation(`${groupOf(row.tensor)}.${knob}`, laws.rows[names[0]][knob])),
        value: row[knob],
      };
    });
  });
  return [...multipliers, ...betas, ...rows];
}
