/**
 * What a transfer needs besides the table: knobs no row is about, each a sentence with its source, and
 * warnings of targets at which a rule's reasons run out. docs/rule.md, "Beside the table".
 */

import { type Configuration, labelOf } from "./configuration.ts";
import { gatesOf, routerWithoutGradient } from "./gates.ts";
import type { HyperParameters, Rule, RuleOptions, Transfer } from "./rule.ts";
import { withDefaults } from "./table.ts";

/** One sentence. */
export interface Beside {
  /** What it is about. */
  topic: string;
  /** The sentence, without a full stop. */
  text: string;
  /** [authors], [ours] or an arXiv number. */
  source: string;
  /** Whether the numbers may be wrong there. */
  warning: boolean;
}

/** A transfer and all it was made from. */
export interface Transferred {
  /** The rule. */
  rule: Rule;
  /** The reference. */
  from: Configuration;
  /** The target. */
  to: Configuration;
  /** The reference's hyperparameters. */
  hps: HyperParameters;
  /** The rule's options. */
  options?: RuleOptions;
  /** What the rule gave. */
  transfer: Transfer;
}

/**
 * Attention's scale at a target, as the models here have it.
 *
 * @param to the target
 * @returns 1/sqrt(dh)
 */
export function attentionScale(to: Configuration): number {
  return 1 / Math.sqrt(to.headWidth);
}

/**
 * Everything to know besides the rows.
 *
 * @param t a transfer
 * @returns sentences by topic; warnings among them
 */
export function besideOf(t: Transferred): Beside[] {
  return [...warnings(t), ...schedules(t), ...heads(t), ...tables(t)];
}

const said = (topic: string, text: string, source: string): Beside => ({
  topic,
  text,
  source,
  warning: false,
});
const warned = (topic: string, text: string, source = "[ours]"): Beside => ({
  topic,
  text,
  source,
  warning: true,
});
const short = (x: number) => String(Number(x.toPrecision(3)));

/** beta1 below which a moment averages over fewer than two steps. */
const LEAST_BETA1 = 0.5;

function warnings({ rule, from, to, hps, transfer }: Transferred): Beside[] {
  const all: Beside[] = [];
  if (transfer.beta1 < LEAST_BETA1 && transfer.beta1 < hps.beta1) {
    // rho_B / rho_D at which beta1 is the least
    const most = (1 - LEAST_BETA1) / (1 - hps.beta1);
    const batch = Math.floor(most * from.batchTokens! * (to.tokens ?? 1) / (from.tokens ?? 1));
    all.push(warned(
      "beta1",
      `beta1 falls from ${short(hps.beta1)} to ${short(transfer.beta1)}, an average over ` +
        `${
          short(1 / (1 - transfer.beta1))
        } steps: hardly any momentum, and too few steps for what ` +
        `the batch rule is derived from [ours]; B of at most ${batch} keeps beta1 at ` +
        `${LEAST_BETA1} or above`,
    ));
  }
  const { used, chosen } = gatesOf(to, rule);
  if (to.ffn.kind === "moe" && !chosen) {
    const text = routerWithoutGradient(to.ffn, used);
    if (text !== null) all.push(warned("router", text));
  }
  if (to.tied && !from.tied) {
    all.push(warned(
      "tied",
      "the target's embedding is its final projection too, and the reference's is not: what was " +
        "tuned for one end is carried to both",
    ));
  }
  if (to.tied && apart({ rule, transfer })) {
    all.push(warned(
      "tied",
      `${rule.id} has one lr for the embedding, another for the final projection and no multiplier ` +
        "of logits: one table cannot follow both, and here has the embedding's row; use a rule or an " +
        "unembedding that multiplies logits",
    ));
  }
  return all;
}

/** Whether a rule has another rate for the final projection than for the embedding, and nothing on logits. */
function apart({ rule, transfer }: Pick<Transferred, "rule" | "transfer">): boolean {
  const { embed, unembed } = rule.laws().rows;
  const { rho_d: one = 0 } = embed.lr.exponents, { rho_d: other = 0 } = unembed.lr.exponents;
  return one !== other && transfer.multiplierNotes.logits.formula === "1";
}

function schedules({ from, to, hps, options }: Transferred): Beside[] {
  const { decay } = withDefaults(options);
  const known = [from, to].every((c) => c.batchTokens !== null && c.tokens !== null);
  const times = known ? (to.tokens! / to.batchTokens!) / (from.tokens! / from.batchTokens!) : null;
  return [
    decay === "coupled"
      ? said(
        "decay",
        "wd is AdamW's, applied as lr * wd; for an optimizer that applies wd alone: --decay independent",
        "[authors]",
      )
      : said("decay", "wd is applied without lr, so that it takes lr's factors too", "[ours]"),
    said(
      "warm-up, decay",
      "the same shares of the run" +
        (times === null ? "" : `, steps * ${short(times)} = rho_D / rho_B`) +
        "; the suites warm up over 10% and decay over the last 20% (WSD)",
      "WSD [authors]; shares [ours]",
    ),
    said(
      "clipping",
      "the reference's threshold of the global norm, 1 in the suites: no source scales it, and Adam " +
        "divides a gradient's size out; look whether as many steps are clipped",
      "[ours]",
    ),
    said(
      "readout",
      hps.unembedInitStd === 0
        ? "it starts at 0, which no factor changes: outputs start at 0 at every size"
        : "it may start at 0 (--unembed-init-std 0), as in the suites: then outputs start at 0 at every size",
      "2203.03466",
    ),
  ];
}

function heads({ from, to }: Transferred): Beside[] {
  const rho = to.headWidth / from.headWidth;
  if (rho === 1) return [];
  return [said(
    "attentionScale",
    `dh changes by ${
      short(rho)
    }: at 1/sqrt(dh) the logits of queries and keys that training aligns ` +
      `grow by ${
        short(Math.sqrt(rho))
      }, unless the gains of qNorm and kNorm hold them; muP's 1/dh ` +
      `keeps them, which is ${short(1 / Math.sqrt(from.headWidth * rho * rho))} here`,
    "2203.03466",
  )];
}

function tables({ rule, from, to, transfer }: Transferred): Beside[] {
  const all: Beside[] = [];
  if (to.tied && !apart({ rule, transfer })) {
    const scaled = transfer.multiplierNotes.logits.formula !== "1";
    all.push(said(
      "tied",
      "one table has the embedding's row" +
        (scaled
          ? ", and logits / rho_d does at the other end what that of a final projection would"
          : ", as under this rule both ends have"),
      scaled ? "2203.03466" : "[ours]",
    ));
  }
  if (from.vocab !== undefined && to.vocab !== undefined && from.vocab !== to.vocab) {
    all.push(said(
      "vocabulary",
      `it changes from ${from.vocab} to ${to.vocab}: no sum runs over it, and no row follows it`,
      "[ours]",
    ));
  }
  if (to.ffn.kind === "moe" && to.ffn.sharedWidth !== undefined && rule.id !== "complete-mue") {
    all.push(said(
      "shared experts",
      `those of ${labelOf(to)} are ${to.ffn.sharedWidth} wide and have the rows of experts of ` +
        `${to.ffn.expertWidth}: where the rule goes by rho_h, put theirs in`,
      "[ours]",
    ));
  }
  return all;
}
