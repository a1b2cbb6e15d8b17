/**
 * The part of a configuration that says how tokens pick experts, where it is not the paper's way:
 * the keys `gate`, `router`, `limit`, `cf` and `bias`. A rule looks at it for R alone (rule/gates.ts).
 */

import { checkNumber, numberOf } from "./numbers.ts";

/** Gates: sigmoid normalized over the selected (the paper's), and the peers'. */
export const GATE_NAMES = ["sigmoid", "softmax", "softmax-all", "sigmoid-raw"] as const;

/** Who picks: the token its best experts (the paper's), a hash of the token, each expert its tokens. */
export const ROUTER_NAMES = ["top", "hash", "expert-choice"] as const;

/** What differs from the paper's router; nothing that is absent does. */
export interface RouterChoice {
  /** `gate=`: what weighs the selected experts; the rule's or the paper's when absent. */
  gate?: typeof GATE_NAMES[number];
  /** `router=`: who picks; the token when absent. */
  pick?: typeof ROUTER_NAMES[number];
  /** `limit=`: a token picks among the experts of this many best groups. */
  limit?: number;
  /** `cf=`: capacity factor, picks past ceil(cf·tokens·a/N) of an expert are dropped; else none. */
  capacity?: number;
  /** `bias=`: rate of the bias that balances the load without a loss. */
  biasRate?: number;
}

/** Keys of the text, in the order they are written. */
export const ROUTER_KEYS = ["gate", "router", "limit", "cf", "bias"];

const FIELDS = {
  gate: "gate",
  router: "pick",
  limit: "limit",
  cf: "capacity",
  bias: "biasRate",
} as const;

/** The choice that the keys of a text name; numbers are checked by {@link checkRouterChoice}. */
export function readRouterChoice(words: Map<string, string>): RouterChoice {
  const choice: Record<string, string | number> = {};
  for (const key of ROUTER_KEYS) {
    const value = words.get(key);
    if (value === undefined || (key === "router" && value === "top")) continue;
    const word = key === "gate" || key === "router";
    choice[FIELDS[key as keyof typeof FIELDS]] = word ? value : numberOf(key, value);
  }
  return choice as RouterChoice;
}

/** The entries that {@link readRouterChoice} reads back. */
export function formatRouterChoice(choice: RouterChoice): string[] {
  return ROUTER_KEYS.flatMap((key) => {
    const value = choice[FIELDS[key as keyof typeof FIELDS]];
    return value === undefined ? [] : [`${key}=${value}`];
  });
}

/**
 * Checks a choice against the experts it routes to.
 *
 * @param name the configuration's, for the message
 * @throws {TypeError} if a number is none
 * @throws {RangeError} for an unknown gate or router, a number out of range, or parts that do not
 *   go together
 */
export function checkRouterChoice(
  name: string,
  sizes: { experts: number; active: number; groups: number },
  { gate, pick, limit, capacity, biasRate }: RouterChoice,
): void {
  const refuse = (entry: string, why: string): never => {
    throw new RangeError(`Cannot use ${entry} in ${name}: ${why}`);
  };
  for (const [key, value] of [["limit", limit], ["cf", capacity], ["bias", biasRate]] as const) {
    if (value === undefined) continue;
    checkNumber(key, value);
    if (!(value > 0 && Number.isFinite(value))) {
      refuse(`${key}=${value}`, value > 0 ? "not finite" : "not above 0");
    }
  }
  if (gate !== undefined && !GATE_NAMES.includes(gate)) {
    refuse(`gate=${gate}`, `gates are ${GATE_NAMES.join(", ")}`);
  }
  if (pick !== undefined && !ROUTER_NAMES.includes(pick)) {
    refuse(`router=${pick}`, `routers are ${ROUTER_NAMES.join(", ")}`);
  }
  const { experts, active, groups } = sizes;
  if (limit !== undefined) {
    const entry = `limit=${limit}`;
    if (!Number.isSafeInteger(limit)) refuse(entry, "not a whole number");
    if (limit > groups) refuse(entry, groups === 1 ? "no groups" : `it has only ${groups} groups`);
    const within = limit * experts / groups;
    if (active > within) refuse(entry, `${limit} of its groups have only ${within} experts`);
  }
  if (pick === undefined || pick === "top") return;
  if (groups > 1) refuse(`router=${pick}`, "only tokens that pick know groups");
  if (biasRate !== undefined) refuse(`bias=${biasRate}`, `router=${pick} knows no bias`);
  if (pick === "hash" && gate !== undefined) refuse(`gate=${gate}`, "gates of a hash are 1/a");
  if (pick === "expert-choice" && capacity !== undefined) {
    refuse(`cf=${capacity}`, "an expert that chooses takes its share already");
  }
}
