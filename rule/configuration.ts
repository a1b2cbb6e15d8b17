/**
 * Model configurations: what a rule transfers between, and the text that names them.
 *
 *     dense:d=128,L=4,H=128        128e8a4g1s:d=1024,L=24,h=128,B=65536,D=6553600000
 *
 * An MoE may name another router than the paper's (rule/router.ts):
 * `16e4a:d=64,L=2,h=16,gate=softmax-all,cf=1.25,bias=0.001`. Models of others may have heads, KV heads,
 * a vocabulary and embeddings of their own (rule/anatomy.ts):
 * `128e8a:d=2048,L=48,h=768,dh=128,heads=32,kv=4,vocab=151936,B=4M,D=1T`.
 *
 * Checked by hand here and not by zod, so that the command line starts fast.
 */

import {
  type Anatomy,
  ANATOMY_KEYS,
  attentionWidth,
  checkAnatomy,
  formatAnatomy,
  headWidthBy,
  readAnatomy,
} from "./anatomy.ts";
import { checkNumber, numberOf } from "./numbers.ts";
import {
  checkRouterChoice,
  formatRouterChoice,
  readRouterChoice,
  ROUTER_KEYS,
  type RouterChoice,
} from "./router.ts";

/** A dense SwiGLU FFN of hidden width H. */
export interface DenseFfn {
  /** Tells the two kinds apart. */
  kind: "dense";
  /** H, its hidden width. */
  hidden: number;
}

/** A mixture of SwiGLU experts, `N e a a`, optionally in G groups and with s shared experts. */
export interface MoeFfn extends RouterChoice {
  /** Tells the two kinds apart. */
  kind: "moe";
  /** N, routed experts per block. */
  experts: number;
  /** a, routed experts each token activates. */
  active: number;
  /** h, hidden width of one expert. */
  expertWidth: number;
  /** s, shared experts (always on, of the same width h). */
  shared: number;
  /** G, routing groups: a token picks a/G experts in each, unless `limit` says how many it may use. */
  groups: number;
  /** `hs=`: hidden width of one shared expert; h when absent, and never given where it is that. */
  sharedWidth?: number;
}

/** One model and, when known, how long it trains. Sizes are whole numbers. */
export interface Configuration extends Anatomy {
  /** d, backbone width. */
  width: number;
  /** L, transformer blocks. */
  depth: number;
  /** The feed-forward part of every block. */
  ffn: DenseFfn | MoeFfn;
  /** B, tokens per step; null where no batch correction is wanted. */
  batchTokens: number | null;
  /** D, total tokens; null where no duration correction is wanted. */
  tokens: number | null;
  /** Width of one attention head; even, because RoPE turns pairs. */
  headWidth: number;
}

/** The rho's: target over reference, all dimensionless. */
export interface Ratios {
  /** rho_d = d/d*. */
  width: number;
  /** rho_L = L/L*. */
  depth: number;
  /** rho_H = (H_act/d)/(H*_act/d*). */
  activeWidth: number;
  /** rho_B = B/B*; 1 when either is null. */
  batch: number;
  /** rho_D = D/D*; 1 when either is null. */
  tokens: number;
}

const EXAMPLE = "dense:d=128,L=4,H=128 or 16e4a:d=64,L=2,h=16";
const DENSE_KEYS = ["d", "L", "H", "B", "D", "dh", ...ANATOMY_KEYS];
const MOE_KEYS = [
  ...["d", "L", "h", "B", "D", "dh", "shared", "groups"],
  ...ROUTER_KEYS,
  ...["hs", ...ANATOMY_KEYS],
];

/**
 * Reads a configuration: `dense` or a name such as `64e8a`, `128e8a1s`, `128e8a4g1s`, then
 * `:key=value,…` with the keys d, L, H (dense) or h (MoE), and optionally B, D, dh, shared, hs,
 * groups, gate, router, limit, cf, bias, heads, kv, vocab, and the word `tied`. Numbers may end in K, M, B or T,
 * thousands to 10^12.
 *
 * @param text the configuration, e.g. `16e4a:d=64,L=2,h=16`
 * @param defaults the reference: gives d, L, B and D where `text` leaves them out, H to a dense
 *   target, and its H (or h) to an MoE target's h. dh is 16 if that divides d and d if not, unless
 *   the reference chose another head width that divides d
 * @returns the checked configuration
 * @throws {TypeError} if the text does not follow the grammar
 * @throws {RangeError} if a key is unknown, missing or given twice, or a size is impossible
 */
export function parseConfiguration(text: string, defaults?: Configuration): Configuration {
  const colon = text.indexOf(":");
  const name = (colon < 0 ? text : text.slice(0, colon)).trim();
  if (name === "") {
    throw new TypeError(`Cannot read "${text}": a configuration looks like ${EXAMPLE}`);
  }
  const moe = /^(\d+)e(\d+)a(?:(\d+)g)?(?:(\d+)s)?$/.exec(name);
  if (!moe && name !== "dense") {
    throw new TypeError(`Cannot read ${name}: a configuration looks like ${EXAMPLE}`);
  }
  const words = new Map<string, string>();
  const given = readKeys(colon < 0 ? "" : text.slice(colon + 1), name, moe !== null, words);
  for (const [key, inName] of [["groups", moe?.[3]], ["shared", moe?.[4]]] as const) {
    if (inName === undefined) continue;
    if (given.has(key)) throw new RangeError(`Cannot use ${key}= in ${name}: the name says it`);
    given.set(key, Number(inName));
  }
  const size = (key: string, fallback: number | undefined): number => {
    const value = given.get(key) ?? fallback;
    if (value === undefined) throw new RangeError(`Cannot read ${text}: ${key} is missing`);
    return value;
  };
  const width = size("d", defaults?.width);
  const own = defaults?.ffn;
  const ffn: Configuration["ffn"] = moe
    ? {
      kind: "moe",
      experts: Number(moe[1]),
      active: Number(moe[2]),
      expertWidth: size("h", own && (own.kind === "dense" ? own.hidden : own.expertWidth)),
      shared: size("shared", 0),
      groups: size("groups", 1),
      ...readRouterChoice(words),
    }
    : { kind: "dense", hidden: size("H", own?.kind === "dense" ? own.hidden : undefined) };
  const sharedWidth = given.get("hs");
  if (ffn.kind === "moe" && sharedWidth !== undefined && sharedWidth !== ffn.expertWidth) {
    ffn.sharedWidth = sharedWidth;
  }
  const heads = given.get("heads");
  const headWidth = given.get("dh") ??
    (heads === undefined ? inheritedHeadWidth(width, defaults) : headWidthBy(width, heads));
  return checkConfiguration({
    width,
    depth: size("L", defaults?.depth),
    ffn,
    batchTokens: given.get("B") ?? defaults?.batchTokens ?? null,
    tokens: given.get("D") ?? defaults?.tokens ?? null,
    headWidth,
    ...readAnatomy(given, { width, headWidth }),
  });
}

/** Numbers by key; what the router's keys say goes into `words`. */
function readKeys(
  text: string,
  name: string,
  moe: boolean,
  words: Map<string, string>,
): Map<string, number> {
  const given = new Map<string, number>();
  for (const entry of text === "" ? [] : text.split(",")) {
    const [key, value, ...rest] = entry.trim() === "tied"
      ? ["tied", "1"]
      : entry.split("=").map((part) => part.trim());
    if (!key || !value || rest.length > 0) {
      throw new TypeError(`Cannot read "${entry}" in ${name}: write key=value, e.g. d=128`);
    }
    if (moe && key === "H") {
      throw new RangeError(`Cannot use H=${value} in ${name}: an MoE takes h, one expert's width`);
    }
    if (!moe && key === "h") {
      throw new RangeError(`Cannot use h=${value} in dense: a dense FFN takes H, its hidden width`);
    }
    if (key === "tied" && entry.trim() !== "tied") {
      throw new TypeError(`Cannot read "${entry}" in ${name}: tied is a word without a value`);
    }
    const known = moe ? MOE_KEYS : DENSE_KEYS;
    if (!known.includes(key)) {
      throw new RangeError(`Cannot use ${entry.trim()} in ${name}: keys are ${known.join(", ")}`);
    }
    if (given.has(key) || words.has(key)) {
      throw new RangeError(`Cannot use ${key}=${value}: ${key} is given twice`);
    }
    if (ROUTER_KEYS.includes(key)) {
      words.set(key, value);
      continue;
    }
    given.set(key, numberOf(key, value));
  }
  return given;
}

function defaultHeadWidth(width: number): number {
  return width % 16 === 0 ? 16 : width;
}

function inheritedHeadWidth(width: number, reference?: Configuration): number {
  const chosen = reference !== undefined &&
    reference.headWidth !== defaultHeadWidth(reference.width) &&
    width % reference.headWidth === 0;
  return chosen ? reference.headWidth : defaultHeadWidth(width);
}

/**
 * Checks every size of a configuration and how they fit together.
 *
 * @param c the configuration to check
 * @returns `c` itself
 * @throws {TypeError} if a size is not a number
 * @throws {RangeError} if a size is not a positive whole number (shared: not negative), if a is 0
 *   or above N, N above 2^20, if groups do not divide N and a, if the router cannot be, or if heads do not fit d
 */
export function checkConfiguration(c: Configuration): Configuration {
  const sizes: [string, number | null][] = [["d", c.width], ["L", c.depth]];
  if (c.ffn.kind === "dense") sizes.push(["H", c.ffn.hidden]);
  else sizes.push(["h", c.ffn.expertWidth], ["groups", c.ffn.groups]);
  if (c.batchTokens !== null) sizes.push(["B", c.batchTokens]);
  if (c.tokens !== null) sizes.push(["D", c.tokens]);
  sizes.push(["dh", c.headWidth]);
  for (const [key, value] of sizes) {
    checkNumber(key, value);
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`Cannot use ${key}=${value}: not a positive whole number`);
    }
  }
  if (c.ffn.kind === "moe") checkRouting(c.ffn);
  checkAnatomy(c);
  return c;
}

/** Most experts: the sum of their gates is made expert by expert, in seconds for so many. */
const MOST_EXPERTS = 2 ** 20;

function checkRouting(ffn: MoeFfn): void {
  const { experts, active, shared, groups, limit } = ffn;
  const name = `${experts}e${active}a`;
  for (const [what, value, least] of [["experts", experts, 1], ["active", active, 1]] as const) {
    checkNumber(what, value);
    if (value < least) {
      throw new RangeError(
        `Cannot route ${name}: ${what} is ${value}, at least ${least} is needed`,
      );
    }
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`Cannot route ${name}: ${what} is ${value}, not a whole number`);
    }
    if (value > MOST_EXPERTS) {
      throw new RangeError(`Cannot route ${name}: ${what} is ${value}, at most ${MOST_EXPERTS}`);
    }
  }
  checkNumber("shared", shared);
  if (!Number.isSafeInteger(shared) || shared < 0) {
    throw new RangeError(`Cannot use shared=${shared}: not a whole number, 0 or more`);
  }
  if (ffn.sharedWidth !== undefined) {
    checkNumber("hs", ffn.sharedWidth);
    if (shared === 0) {
      throw new RangeError(`Cannot use hs=${ffn.sharedWidth} in ${name}: it has no shared expert`);
    }
    if (!Number.isSafeInteger(ffn.sharedWidth) || ffn.sharedWidth <= 0) {
      throw new RangeError(`Cannot use hs=${ffn.sharedWidth}: not a positive whole number`);
    }
  }
  if (active > experts) {
    throw new RangeError(`Cannot activate ${active} experts in ${name}: it has only ${experts}`);
  }
  for (const [what, count] of [["experts", experts], ["active experts", active]] as const) {
    if (count % groups !== 0 && (limit === undefined || what === "experts")) {
      throw new RangeError(
        `Cannot route ${name} into ${groups} groups: ${count} ${what} do not divide by ${groups}`,
      );
    }
  }
  checkRouterChoice(name, ffn, ffn);
}

/**
 * Writes a configuration in full; {@link parseConfiguration} reads it back to an equal one.
 *
 * @param c the configuration
 * @returns e.g. `16e4a:d=64,L=2,h=16`; B and D only when known, dh only when not its
 *   default, gate, router, limit, cf, bias, hs, heads, kv, vocab and tied only when given
 */
export function formatConfiguration(c: Configuration): string {
  const keys = [`d=${c.width}`, `L=${c.depth}`];
  keys.push(c.ffn.kind === "dense" ? `H=${c.ffn.hidden}` : `h=${c.ffn.expertWidth}`);
  if (c.batchTokens !== null) keys.push(`B=${c.batchTokens}`);
  if (c.tokens !== null) keys.push(`D=${c.tokens}`);
  // with heads of its own a text without dh would be read as d / heads
  const dh = c.heads === undefined ? defaultHeadWidth(c.width) : c.width / c.heads;
  if (c.headWidth !== dh) keys.push(`dh=${c.headWidth}`);
  if (c.ffn.kind === "moe") {
    if (c.ffn.sharedWidth !== undefined) keys.push(`hs=${c.ffn.sharedWidth}`);
    keys.push(...formatRouterChoice(c.ffn));
  }
  keys.push(...formatAnatomy(c));
  return `${labelOf(c)}:${keys.join(",")}`;
}

/**
 * The paper's name of a configuration's FFN.
 *
 * @param c the configuration
 * @returns `dense`, `16e4a`, `128e8a1s` or `128e8a4g1s`
 */
export function labelOf(c: Configuration): string {
  if (c.ffn.kind === "dense") return "dense";
  const { experts, active, groups, shared } = c.ffn;
  return `${experts}e${active}a${groups > 1 ? `${groups}g` : ""}${shared > 0 ? `${shared}s` : ""}`;
}

/**
 * H_act, the hidden width one token passes through: H (dense), (a+s)·h (MoE and hybrid), or
 * a·h + s·hs where shared experts have a width of their own.
 *
 * @param c the configuration
 * @returns H_act, a whole number
 */
export function activeWidth(c: Configuration): number {
  if (c.ffn.kind === "dense") return c.ffn.hidden;
  const { active, shared, expertWidth: h, sharedWidth = h } = c.ffn;
  return active * h + shared * sharedWidth;
}

/**
 * rho_o, how heads·dh/d changes: the output projection's fan-in goes by rho_d·rho_o.
 *
 * @param from the reference
 * @param to the target
 * @returns exactly 1 where the heads of both add up to d
 */
export function attentionRatio(from: Configuration, to: Configuration): number {
  return (attentionWidth(to) / to.width) / (attentionWidth(from) / from.width);
}

/**
 * The ratios every rule is written in: rho_d, rho_L, rho_H, rho_B, rho_D.
 *
 * @param from the reference
 * @param to the target
 * @returns target over reference; exactly 1 everywhere when both are the same
 */
export function ratios(from: Configuration, to: Configuration): Ratios {
  const over = (a: number | null, b: number | null) => a === null || b === null ? 1 : a / b;
  return {
    width: to.width / from.width,
    depth: to.depth / from.depth,
    activeWidth: (activeWidth(to) / to.width) / (activeWidth(from) / from.width),
    batch: over(to.batchTokens, from.batchTokens),
    tokens: over(to.tokens, from.tokens),
  };
}
