/**
 * From a rule's table to its numbers. A table holds one monomial per tensor kind and knob, e.g.
 * `{ q: 1, rho_d: -1 }` for eta·q/rho_d: value and printed formula come from the same exponents,
 * and a product of powers of ratios is 1 at the reference and composes, whatever the table says.
 */

import {
  activeWidth,
  attentionRatio,
  checkConfiguration,
  type Configuration,
  formatConfiguration,
  ratios,
} from "./configuration.ts";
import { note } from "./formula.ts";
import { gatesOf, gateSum } from "./gates.ts";
import { lawsFor, routerNotes } from "./route_scale.ts";
import { byFanIn, completed, independent, NORMS, tensorsOf } from "./tensors.ts";
import {
  type Exponents,
  type Factors,
  type HyperParameters,
  type Knob,
  type Law,
  type Quantity,
  type Row,
  type RowLaw,
  type Rule,
  type RuleOptions,
  TASK_KINDS,
  type TensorKind,
  type TextKind,
  type TextTable,
} from "./rule.ts";

export { HIDDEN, NORMS, tensorsOf } from "./tensors.ts";

/** Knobs, in the order of the printed table. */
export const KNOBS: readonly Knob[] = ["initStd", "lr", "weightDecay", "eps"];

/**
 * A law.
 *
 * @param exponents the monomial, e.g. `{ q: 1, rho_d: -1 }`
 * @param source where it is from
 */
export function law(exponents: Exponents, source: string): Law {
  return { exponents, source };
}

/**
 * The same laws for several tensor kinds.
 *
 * @param tensors the tensor kinds
 * @param laws their common laws
 * @returns one entry per tensor kind
 */
export function each<K extends TextKind>(
  tensors: readonly K[],
  laws: RowLaw,
): Record<K, RowLaw> {
  return Object.fromEntries(tensors.map((t) => [t, laws])) as Record<K, RowLaw>;
}

/**
 * Makes a rule of a table.
 *
 * @param identity id, title, source and, where it is not the paper's, the gate of the rule
 * @param text the rule's laws of a language model under the given options (all filled in)
 * @returns the rule
 */
export function defineRule(
  identity: Pick<Rule, "id" | "title" | "source" | "gate">,
  text: (options: Required<RuleOptions>) => TextTable,
): Rule {
  const table = (options: Required<RuleOptions>) => {
    const whole = completed(text(options));
    return options.decay === "independent" ? independent(whole) : whole;
  };
  const factorsOf: Rule["factors"] = (from, to, options) => {
    const all = withDefaults(options);
    const { rows, multipliers, oneMinusBeta } = byFanIn(table(all), from, to);
    const x = quantities(checkConfiguration(from), checkConfiguration(to), all);
    return {
      rows: mapValues(
        rows,
        (laws, tensor) =>
          mapValues(laws, (l, knob) => fixedOnNorms(tensor, knob) ? 1 : power(l.exponents, x)),
      ),
      multipliers: mapValues(multipliers, (l) => power(l.exponents, x)),
      oneMinusBeta: power(oneMinusBeta.exponents, x),
    };
  };
  const rule: Rule = {
    ...identity,
    laws: (options) => table(withDefaults(options)),
    factors: factorsOf,
    transfer(from, to, hps, options) {
      checkHyperParameters(hps);
      const factors = factorsOf(from, to, options);
      const laws = lawsFor(rule.laws(options), to, rule);
      const { rows, multipliers, oneMinusBeta } = byFanIn(laws, from, to);
      const logitStd = routerLogitStd(to, hps.initStd, factors);
      const route = power(multipliers.routeScale.exponents, routeQuantities(to, rule, logitStd));
      checkBetas(hps, factors.oneMinusBeta, from, to);
      return {
        rule: identity.id,
        rows: tensorsOf(to, options?.task).map((t) => row(t, rows[t], factors.rows[t], hps)),
        multipliers: { ...factors.multipliers, routeScale: route },
        multiplierNotes: {
          ...mapValues(multipliers, (l) => note("", l)),
          beta1: note("1 - (1 - beta1)", oneMinusBeta),
          beta2: note("1 - (1 - beta2)", oneMinusBeta),
        },
        beta1: scaleBeta(hps.beta1, factors.oneMinusBeta),
        beta2: scaleBeta(hps.beta2, factors.oneMinusBeta),
        warnings: routerNotes(from, to, rule, logitStd),
      };
    },
  };
  return rule;
}

/**
 * Standard deviation of a target's router logits before training: a normalized input of width d and
 * the rule's init of the router, sigma_router · sqrt(d).
 *
 * @param to the target
 * @param initStd sigma at the reference
 * @param factors the rule's factors from the reference to the target
 * @returns the deviation; 0 when dense
 */
export function routerLogitStd(to: Configuration, initStd: number, factors: Factors): number {
  if (to.ffn.kind === "dense") return 0;
  return initStd * factors.rows.wrouter.initStd * Math.sqrt(to.width);
}

/**
 * What the law of R is evaluated at: R belongs to the target's block and is no ratio.
 *
 * @param to the target
 * @param rule the rule
 * @param logitStd standard deviation of the router's logits before training
 * @returns a and S of the target; all ratios 1
 */
export function routeQuantities(
  to: Configuration,
  rule: Pick<Rule, "gate">,
  logitStd: number,
): Record<Quantity, number> {
  return { ...UNIT, a: routed(to), S: gateSum(to, gatesOf(to, rule), logitStd) };
}

/**
 * q = sqrt(rho_B) / rho_D^p: what batch and duration do to eta and lambda ([authors] at p = 1/2).
 *
 * @param from the reference
 * @param to the target
 * @param durationExponent p
 * @returns q; 1 when neither batch nor tokens change
 */
export function batchDurationFactor(
  from: Configuration,
  to: Configuration,
  durationExponent = 0.5,
): number {
  const rho = ratios(from, to);
  return Math.sqrt(rho.batch) * rho.tokens ** -durationExponent;
}

const UNIT: Record<Quantity, number> = {
  rho_d: 1,
  rho_L: 1,
  rho_H: 1,
  rho_h: 1,
  rho_a: 1,
  rho_o: 1,
  rho_B: 1,
  rho_D: 1,
  q: 1,
  a: 1,
  S: 1,
};

/**
 * The value of everything a law may take powers of.
 *
 * @param from the reference
 * @param to the target
 * @param options the rule's options
 * @returns target over reference, S aside (1: it belongs to one block); exactly 1 everywhere when
 *   both are the same
 */
export function quantities(
  from: Configuration,
  to: Configuration,
  options?: RuleOptions,
): Record<Quantity, number> {
  const rho = ratios(from, to);
  return {
    rho_d: rho.width,
    rho_L: rho.depth,
    rho_H: rho.activeWidth,
    rho_h: downFanIn(to) / downFanIn(from),
    rho_a: activeShare(to) / activeShare(from),
    rho_o: attentionRatio(from, to),
    rho_B: rho.batch,
    rho_D: rho.tokens,
    q: batchDurationFactor(from, to, withDefaults(options).durationExponent),
    a: routed(to) / routed(from),
    S: 1,
  };
}

/**
 * a, the routed experts one token goes through.
 *
 * @param c the configuration
 * @returns a; 1 when dense
 */
export function routed(c: Configuration): number {
  return c.ffn.kind === "dense" ? 1 : c.ffn.active;
}

function activeShare(c: Configuration): number {
  return c.ffn.kind === "dense" ? 1 : c.ffn.active / c.ffn.experts;
}

function downFanIn(c: Configuration): number {
  return c.ffn.kind === "dense" ? activeWidth(c) : c.ffn.expertWidth;
}

/**
 * The value of a monomial.
 *
 * @param exponents the monomial
 * @param x the value of each quantity
 * @returns the product of the powers; 1 for no exponents
 */
export function power(exponents: Exponents, x: Record<Quantity, number>): number {
  let value = 1;
  for (const [name, e] of Object.entries(exponents)) value *= x[name as Quantity] ** e;
  return value;
}

/**
 * Whether a rule's law for a knob is overruled: gains start at 1 and do not decay.
 *
 * @param tensor the tensor kind
 * @param knob the knob
 * @returns true for init and decay of norms
 */
export function fixedOnNorms(tensor: TensorKind, knob: Knob): boolean {
  return (NORMS as readonly TensorKind[]).includes(tensor) &&
    (knob === "initStd" || knob === "weightDecay");
}

/**
 * Letter and value, at the reference, of what a law multiplies.
 *
 * @param t the tensor kind
 * @param hps the reference's hyperparameters
 * @returns one pair per knob, e.g. `["eta", 0.01]`
 */
export function basesOf(t: TensorKind, hps: HyperParameters): Record<Knob, [string, number]> {
  const own: Partial<Record<TensorKind, [string, number]>> = {
    embed: ["sigma_embed", hps.embedInitStd],
    class: ["sigma_class", hps.embedInitStd],
    patch: ["sigma_patch", hps.patchInitStd ?? hps.initStd],
    time1: ["sigma_time", hps.timeInitStd ?? hps.initStd],
    mod: ["sigma_mod", hps.modInitStd ?? 0],
    unembed: ["sigma_unembed", hps.unembedInitStd],
    velocity: ["sigma_velocity", hps.unembedInitStd],
  };
  return {
    initStd: own[t] ?? ["sigma", hps.initStd],
    lr: ["eta", hps.lr],
    weightDecay: ["lambda", hps.weightDecay],
    eps: ["eps", hps.eps],
  };
}

function row(t: TensorKind, laws: RowLaw, by: Record<Knob, number>, hps: HyperParameters): Row {
  const cells = mapValues(
    basesOf(t, hps),
    ([letter, value], knob) =>
      fixedOnNorms(t, knob)
        ? { value: 0, formula: "0", source: knob === "initStd" ? "gain starts at 1" : "no decay" }
        : { value: value * by[knob], ...note(letter, laws[knob]) },
  );
  return {
    tensor: t,
    ...mapValues(cells, (c) => c.value),
    formulas: mapValues(cells, (c) => c.formula),
    sources: mapValues(cells, (c) => c.source),
  };
}

function scaleBeta(beta: number, factor: number): number {
  return Math.max(0, beta + (1 - beta) * (1 - factor));
}

/** A beta leaves [0, 1) when the target takes too few steps for the reference's averaging. */
function checkBetas(
  hps: HyperParameters,
  factor: number,
  from: Configuration,
  to: Configuration,
): void {
  const name = hps.beta1 <= hps.beta2 ? "beta1" : "beta2";
  const excess = (1 - hps[name]) * factor;
  if (excess <= 1 + 1e-9) return;
  const byBatch = from.batchTokens !== null && to.batchTokens !== null;
  const nearest = byBatch
    ? { ...from, batchTokens: Math.ceil(Number((from.batchTokens! * excess).toPrecision(12))) }
    : { ...from, tokens: Math.floor(Number((from.tokens! / excess).toPrecision(12))) };
  throw new RangeError(
    `Cannot transfer to ${formatConfiguration(to)}: 1 - ${name} = ` +
      `${Number((1 - hps[name]).toPrecision(6))} times ${Number(factor.toPrecision(6))} is above ` +
      `1; the nearest reference that would do is ${formatConfiguration(nearest)}`,
  );
}

function checkHyperParameters(hps: HyperParameters): void {
  for (const [name, value] of Object.entries(hps)) {
    const beta = name === "beta1" || name === "beta2";
    const least = name === "lr" ? "positive number" : "number, 0 or more";
    const bad = !Number.isFinite(value) || value < 0 || (name === "lr" && value === 0);
    if (beta && (bad || value >= 1)) {
      throw new RangeError(`Cannot use ${name}=${value}: not in [0, 1)`);
    }
    if (bad) throw new RangeError(`Cannot use ${name}=${value}: not a ${least}`);
  }
}

/**
 * Fills in and checks a rule's options.
 *
 * @param options what is given
 * @returns all of them, the authors' choice where nothing is given
 * @throws {RangeError} on an impossible option
 */
export function withDefaults(options: RuleOptions = {}): Required<RuleOptions> {
  const all: Required<RuleOptions> = {
    task: options.task ?? "language",
    unembedding: options.unembedding ?? "authors",
    decoupledDecay: options.decoupledDecay ?? false,
    decay: options.decay ?? "coupled",
    depthAlpha: options.depthAlpha ?? 1,
    durationExponent: options.durationExponent ?? 0.5,
  };
  if (!Object.hasOwn(TASK_KINDS, all.task)) {
    const known = Object.keys(TASK_KINDS).join(", ");
    throw new RangeError(`Cannot use task=${all.task}: the tasks are ${known}`);
  }
  if (all.unembedding !== "authors" && all.unembedding !== "completed-p") {
    throw new RangeError(`Cannot use unembedding=${all.unembedding}: not authors or completed-p`);
  }
  if (all.decay !== "coupled" && all.decay !== "independent") {
    throw new RangeError(`Cannot use decay=${all.decay}: not coupled or independent`);
  }
  for (const name of ["depthAlpha", "durationExponent"] as const) {
    if (!Number.isFinite(all[name]) || all[name] < 0) {
      throw new RangeError(`Cannot use ${name}=${all[name]}: not a number, 0 or more`);
    }
  }
  return all;
}

function mapValues<K extends string, V, W>(
  record: Record<K, V>,
  f: (value: V, key: K) => W,
): Record<K, W> {
  const entries = Object.entries(record) as [K, V][];
  return Object.fromEntries(entries.map(([k, v]) => [k, f(v, k)])) as Record<K, W>;
}
