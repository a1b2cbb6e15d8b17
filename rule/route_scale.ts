/** R where a target's router is not the one its rule is made for: the law, its source, and what to say. */

import type { Configuration } from "./configuration.ts";
import { type Gates, gatesOf, gateSum, sumsToOne } from "./gates.ts";
import type { Law, Rule, Table } from "./rule.ts";

/**
 * Whether a target routes in another way than the one a rule has its own gate for, so that no number
 * is that paper's. A rule without a gate of its own has none to miss: its R = a / S follows the gates.
 *
 * @param to the target
 * @param rule the rule
 * @returns e.g. true for `moe-dmft` to `16e4a:gate=softmax`
 */
export function isForeign(to: Configuration, rule: Pick<Rule, "gate">): boolean {
  const { used, assumed, chosen } = gatesOf(to, rule);
  return rule.gate !== undefined && (used !== assumed || chosen);
}

/**
 * A rule's laws for one target: S is left out of R where the gates sum to 1 and named [ours] where
 * they do not; under a foreign router every law is [ours].
 *
 * @param table the rule's laws
 * @param to the target
 * @param rule the rule
 * @returns the laws whose sources may be shown
 */
export function lawsFor(table: Table, to: Configuration, rule: Pick<Rule, "gate">): Table {
  const { S, ...plain } = table.multipliers.routeScale.exponents;
  const { source } = table.multipliers.routeScale;
  const routeScale: Law = S === undefined || sumsToOne(to, gatesOf(to, rule))
    ? { exponents: plain, source }
    : { exponents: { ...plain, S }, source: `${source}; S [ours]` };
  const laws = { ...table, multipliers: { ...table.multipliers, routeScale } };
  return isForeign(to, rule) ? ours(laws) : laws;
}

/** The same laws, none of them under another's name. */
function ours(table: Table): Table {
  const own = (law: Law): Law =>
    /^\D*$|^\[ours\]/.test(law.source) ? law : { ...law, source: `[ours] after ${law.source}` };
  const all = <K extends string>(laws: Record<K, Law>) =>
    Object.fromEntries(Object.entries<Law>(laws).map(([k, l]) => [k, own(l)])) as Record<K, Law>;
  const rows = Object.entries(table.rows).map(([tensor, laws]) => [tensor, all(laws)]);
  return {
    rows: Object.fromEntries(rows) as Table["rows"],
    multipliers: all(table.multipliers),
    oneMinusBeta: own(table.oneMinusBeta),
  };
}

/** Title and source of a rule, as they may be shown of a target. */
export function identityFor(
  to: Configuration,
  rule: Pick<Rule, "id" | "title" | "source" | "gate">,
): { title: string; source: string } {
  if (!isForeign(to, rule)) return { title: rule.title, source: rule.source };
  return {
    title: "its scaling under a router it is not made for: not that paper's rule",
    source: `[ours] after ${rule.source}`,
  };
}

const three = (x: number) => String(Number(x.toPrecision(3)));

/** What S is taken at. */
const at = (logitStd: number) =>
  logitStd === 0
    ? "at zero router logits"
    : `at router logits of std ${three(logitStd)}, as at init`;

/**
 * What must be said of R under a configuration's router: null where R follows from the rule, else a
 * sentence or two with the number, the assumption it holds under and how it drifts.
 *
 * @param configuration the target
 * @param rule the rule
 * @param logitStd standard deviation of a router logit at init, sigma_router · sqrt(d); 0 (zero
 *   logits) if left out
 * @returns text without a full stop, or null
 */
export function routeScaleNote(
  configuration: Configuration,
  rule: Pick<Rule, "id" | "source" | "gate" | "laws">,
  logitStd = 0,
): string | null {
  const { ffn } = configuration, gates = gatesOf(configuration, rule);
  if (ffn.kind === "dense") return null;
  const { exponents } = rule.laws().multipliers.routeScale, said: string[] = [];
  if (isForeign(configuration, rule)) {
    const found = gates.chosen ? "experts that choose" : nameOf(gates);
    said.push(
      `${rule.id} (${rule.source}) is made for tokens that pick, under gate=${gates.assumed}, and ` +
        `not for ${found}: nothing here is that paper's rule, R least of all`,
    );
  } else if (exponents.S !== undefined && !sumsToOne(configuration, gates)) {
    said.push(unitWeight(configuration, gates, logitStd));
  }
  if (exponents.a !== undefined && ffn.capacity! * ffn.active < ffn.experts) {
    said.push(
      `cf=${ffn.capacity} drops picks without a new normalization: R holds for those that are ` +
        "served, and what is dropped is missing from the routed sum",
    );
  }
  return said.length === 0 ? null : said.join(". ");
}

const nameOf = ({ used }: Gates) => used === "even" ? "router=hash" : `gate=${used}`;

/** R = a / S in numbers. */
function unitWeight(to: Configuration, gates: Gates, logitStd: number): string {
  const { active: a, experts: n } = to.ffn as { active: number; experts: number };
  const sum = gateSum(to, gates, logitStd);
  const number = `R = a / S = ${three(a / sum)} gives an active expert weight 1 on average`;
  const varies = `experts choose, and a token has k of them, a = ${a} only in the mean`;
  if (gates.used === "softmax-all" || gates.used === "sigmoid-raw") {
    const [zero, sure] = gates.used === "softmax-all" ? [`N = ${n}`, `a = ${a}`] : ["2", "1"];
    return `${nameOf(gates)} does not sum to 1 over the active experts: ${number} [ours], S = ` +
      `${three(sum)} being their sum ${
        at(logitStd)
      }; it would be ${zero} at zero logits and nears ` +
      `${sure} as the router grows sure, so it is right at the start and drifts with training` +
      (gates.chosen ? `; ${varies}` : "");
  }
  return `${varies}: the gates of a token sum to 1, so that each expert of it has weight R / k; ` +
    `${number} [ours], S = ${three(sum)} being the share of tokens that any expert picks if ` +
    "experts pick independently, which training changes";
}

/**
 * Everything a user must know of a transfer's routers.
 *
 * @param from the reference
 * @param to the target
 * @param rule the rule
 * @param logitStd standard deviation of a router logit at init
 * @returns no text where nothing is assumed
 */
export function routerNotes(
  from: Configuration,
  to: Configuration,
  rule: Rule,
  logitStd: number,
): string[] {
  const note = routeScaleNote(to, rule, logitStd);
  const notes = note === null ? [] : [note];
  if (from.ffn.kind === "moe" && to.ffn.kind === "moe") {
    const [own, other] = [from, to].map((c) => {
      const gates = gatesOf(c, rule);
      return gates.chosen ? `${nameOf(gates)},router=expert-choice` : nameOf(gates);
    });
    if (own !== other) {
      notes.push(
        `the reference was tuned under ${own} and the target has ${other}: a rule carries ` +
          "hyperparameters over sizes, not over routers, and keys are not taken over",
      );
    }
  }
  return notes;
}
