/**
 * A suite with another router in every MoE model it trains: `deno task bench capacity --router
 * gate=softmax-all`.
 *
 * @module
 */
import { parseConfiguration } from "../rule/configuration.ts";
import { ROUTER_KEYS } from "../rule/router.ts";
import type { ProfileName } from "../lab/suite.ts";
import type { AnySuite } from "./registry.ts";

/** Gives what a text leaves out, when it is checked. */
const ANY = parseConfiguration("dense:d=16,L=1,H=16");

const MOE = /^\d+e\d+a(\d+g)?(\d+s)?(:|$)/;

/** Adds the keys to every MoE configuration in a profile, wherever it stands. */
function withKeys(value: unknown, keys: string): unknown {
  if (typeof value === "string") {
    if (!MOE.test(value)) return value;
    const text = `${value}${value.includes(":") ? "," : ":"}${keys}`;
    parseConfiguration(text, ANY);
    return text;
  }
  if (Array.isArray(value)) return value.map((v) => withKeys(v, keys));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withKeys(v, keys)]));
  }
  return value;
}

/**
 * The suite with another router.
 *
 * @param keys entries of a configuration, e.g. `gate=softmax-all,cf=1.25`
 * @param profile the one that is run: its models are checked
 * @throws {RangeError} for a suite that routes by its own means, and for keys a model cannot have
 */
export function withRouter(suite: AnySuite, keys: string, profile: ProfileName): AnySuite {
  const stray = keys.split(",").find((entry) => !ROUTER_KEYS.includes(entry.split("=")[0]));
  if (stray !== undefined) {
    throw new RangeError(
      `Cannot use --router ${keys}: ${stray} is none of ${
        ROUTER_KEYS.join("=, ")
      }= (docs/routers.md)`,
    );
  }
  const probe = suite.id === "coordinate-check";
  if (probe && keys.includes("expert-choice")) {
    throw new RangeError(
      `Cannot run ${suite.id} with --router ${keys}: its probe reads a picks per token`,
    );
  }
  if (suite.kind === "latency" || suite.id === "bridges") {
    throw new RangeError(`Cannot run ${suite.id} with --router: its routing is part of its claim`);
  }
  const own = suite.profiles[profile];
  let routed: unknown;
  try {
    routed = withKeys(own, keys);
  } catch (error) {
    throw new RangeError(`Cannot run ${suite.id}, profile ${profile}: ${(error as Error).message}`);
  }
  if (JSON.stringify(routed) === JSON.stringify(own)) {
    throw new RangeError(`Cannot run ${suite.id} with --router: it trains no MoE`);
  }
  const options = `--router ${keys}`, title = `${suite.title} (${keys})`;
  const heldFixed = `${suite.heldFixed}; router of every MoE: ${keys}, not the paper's`;
  return {
    ...suite,
    title,
    options,
    heldFixed,
    profiles: { ...suite.profiles, [profile]: routed },
  } as AnySuite;
}
