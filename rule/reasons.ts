/**
 * Why each law of each rule is what it is, in our words: one sentence or two per power of a ratio,
 * keyed by rule, group of tensors and knob. No numbers: `rule/explain.ts` puts them in.
 */

import type { Knob, Multipliers, Quantity, RuleOptions, RuleTask, TensorKind } from "./rule.ts";
import { withDefaults } from "./table.ts";

/** Tensors that every rule treats for the same reasons. */
export type Group = "embed" | "attention" | "norms" | "router" | "experts" | "wdown" | "unembed";

/** What a reason is given for: a knob of a group, a multiplier, or the moments' decay. */
export type Subject = `${Group}.${Knob}` | keyof Multipliers | "oneMinusBeta";

/** A reason per quantity of a law; `always` is said whatever the law holds. */
export type Reasons = Partial<Record<Quantity | "always", string>>;

const FAN_IN = "An output sums d independent products, so it starts with size sqrt(d) * sigma; " +
  "sigma / sqrt(rho_d) keeps that.";
const DOWN_FAN_IN = "An expert's output sums over its own h hidden units (H when dense); sigma / " +
  "sqrt(rho_h) keeps that one sum's size, however many experts are then added up.";
const STEP = "An Adam step moves every weight by about eta, in step with its input, so that an " +
  "output moves by d * eta; eta / rho_d keeps that.";
const DOWN_STEP =
  "W_down sums over h hidden units (H when dense), all moved in step: an expert's " +
  "output moves by h * eta, and eta / rho_h keeps that.";
const GRADIENT = "The loss's gradient is spread over d coordinates of the stream, so a hidden " +
  "matrix has gradients of size 1 / d; eps follows, to keep its share of Adam's denominator.";
const DEPTH_STEP = "L branches at 1 / rho_L^alpha, each moved by eta, move the stream by " +
  "rho_L^(1 - alpha) * eta; rho_L^(alpha - 1) undoes that (nothing at alpha = 1).";
const DEPTH_GRADIENT = "A branch's gradient carries its residual multiplier rho_L^-alpha; eps " +
  "follows it.";
const RESIDUAL = "L branches add up in the stream, and what they learn adds up in step; at 1 / " +
  "rho_L^alpha the sum neither grows nor fades with depth.";
const DECAY = "AdamW takes eta * lambda off the weights at each step; lambda grows by what eta " +
  "was divided by, so that this stays.";

/** What the final projection gives: one of it, several, and whose. */
const OUTPUT: Record<RuleTask, { one: string; many: string; whose: string }> = {
  language: { one: "logit", many: "logits", whose: "logits'" },
  diffusion: { one: "velocity", many: "velocities", whose: "velocity's" },
};

const readoutStart = ({ task }: Required<RuleOptions>) =>
  "Training aligns the final projection with the stream, a sum of size d * sigma; sigma / rho_d " +
  `keeps it, and the random ${OUTPUT[task].many} of the start fade as 1 / sqrt(rho_d).`;
const aligned = ({ task }: Required<RuleOptions>) =>
  `A ${OUTPUT[task].one} sums d products that training aligns, so it grows with d; the ` +
  "multiplier 1 / rho_d keeps it.";
const outputGradient = ({ task }: Required<RuleOptions>) =>
  `The gradient carries the ${OUTPUT[task].whose} multiplier 1 / rho_d; eps follows it.`;

type ReasonTable = Partial<Record<Subject, Reasons>>;

/** The same reasons for every hidden matrix but those of `without`. */
function hidden(knob: Knob, reasons: Reasons, without: Group[] = []): ReasonTable {
  const groups: Group[] = ["attention", "router", "experts", "wdown"];
  return Object.fromEntries(
    groups.filter((group) => !without.includes(group))
      .map((group) => [`${group}.${knob}`, reasons]),
  );
}

/** Merges reasons subject by subject; later ones add to and replace earlier ones. */
function merged(...tables: ReasonTable[]): ReasonTable {
  const all: ReasonTable = {};
  for (const table of tables) {
    for (const [subject, reasons] of Object.entries(table) as [Subject, Reasons][]) {
      all[subject] = { ...all[subject], ...reasons };
    }
  }
  return all;
}

/** q on every tensor, 1/q on eps, and the moments' decay. */
function batchReasons(): ReasonTable {
  const groups: Group[] = [
    "embed",
    "attention",
    "norms",
    "router",
    "experts",
    "wdown",
    "unembed",
  ];
  const reasons: Record<"lr" | "weightDecay" | "eps", Reasons> = {
    lr: {
      q: "q = sqrt(rho_B) / rho_D^p, p = 1/2 unless the duration exponent is set, keeps the " +
        "horizon eta^2 * T of the random walk that training is (T = D / B steps); at fixed tokens " +
        "it keeps the noise eta / sqrt(B) too.",
    },
    weightDecay: {
      q: "All of training decays the weights by T * eta * lambda. T goes by rho_D / rho_B and eta " +
        "by q; another q on lambda makes the product q^2 * rho_D / rho_B = 1 (at p = 1/2).",
    },
    eps: {
      q: "Gradients are mostly batch noise, of size 1 / sqrt(B), and eps keeps its share of Adam's " +
        "denominator. That a longer run takes the same 1 / q is the authors' choice.",
    },
  };
  return merged(
    ...groups.map((group): ReasonTable =>
      Object.fromEntries(
        Object.entries(reasons)
          .filter(([knob]) => group !== "norms" || knob !== "weightDecay")
          .map(([knob, why]) => [`${group}.${knob}`, why]),
      )
    ),
    {
      oneMinusBeta: {
        rho_B: "The moments average over 1 / (1 - beta) steps. A larger batch takes fewer steps " +
          "for the same tokens, so the average takes fewer too.",
        rho_D: "More tokens take more steps, T = D / B, and the average stays the same share of " +
          "the run.",
      },
    },
  );
}

const BRIDGE_2 = "a and N do not appear (Bridge II): from a to a' of N an expert's batch and its " +
  "whole training both change by a' / a, so its own q is 1. Its noise does move, by sqrt(a / " +
  "a'): bounded, and why optima are asked to stay within a tolerance, not in place.";

function completeMue(options: Required<RuleOptions>): ReasonTable {
  const authors = options.unembedding === "authors", { one, many, whose } = OUTPUT[options.task];
  return merged(
    batchReasons(),
    hidden("initStd", { rho_d: FAN_IN }),
    hidden("lr", { rho_d: STEP, rho_L: DEPTH_STEP }),
    hidden("weightDecay", { rho_d: DECAY }),
    hidden("eps", { rho_d: GRADIENT, rho_L: DEPTH_GRADIENT }),
    {
      "experts.lr": { always: BRIDGE_2 },
      "wdown.initStd": {
        rho_H:
          "Bridge I: side by side, the active experts are one dense FFN of width H_act, whose " +
          "output starts with size A * sqrt(H_act) * sigma. H_act goes by rho_H * rho_d and A by 1 " +
          "/ rho_H, so sigma must make up for sqrt(rho_H).",
        rho_d:
          "A * sqrt(H_act) goes by sqrt(rho_d / rho_H): this is its part in rho_d, as in every " +
          "sum over a width.",
      },
      "wdown.lr": {
        rho_d:
          "A step moves the block's output by A * H_act * eta. A * H_act goes by rho_d alone, " +
          "since rho_H cancels (Bridge I); eta / rho_d keeps the move.",
        always: BRIDGE_2,
      },
      "wdown.eps": { rho_H: "Its gradient carries A = 1 / rho_H too; eps follows it." },
      "unembed.initStd": {
        rho_d: authors
          ? `${FAN_IN} The authors start it as every 2-D matrix; the ${whose} multiplier then lets ` +
            `a wider model start with smaller ${many}.`
          : readoutStart(options),
      },
      "unembed.lr": {
        rho_d: authors
          ? `The authors treat it as every 2-D matrix. With the ${whose} own multiplier 1 / rho_d a ` +
            `step moves a ${one} by 1 / rho_d of the reference's: more careful than muP asks [ours].`
          : STEP,
      },
      residual: { rho_L: RESIDUAL },
      outputMultiplier: {
        rho_H: "W_down sums over H_act hidden units that learn in step: the output moves by A * " +
          "H_act * eta. A = 1 / rho_H takes the expansion H_act / d out of it, so that eta needs " +
          "no rule of its own for a, h, shared experts or groups (Bridge I).",
      },
      routeScale: {
        a: "R = a gives each active expert weight 1 where the gates of a token sum to 1, about 1 / a " +
          "each, so that a Dense MoE at even gates is the dense FFN made of its experts (Bridge I). " +
          "Not a ratio: it belongs to the block.",
        S: "These gates do not sum to 1, as the authors' do, but to S at the router's init; 1 / S " +
          "makes up for it [ours].",
      },
      logits: { rho_d: aligned(options) },
    },
  );
}

function standard(): ReasonTable {
  return merged(hidden("initStd", { rho_d: FAN_IN }, ["wdown"]), {
    "wdown.initStd": { rho_h: DOWN_FAN_IN },
    "unembed.initStd": { rho_d: FAN_IN },
    "experts.lr": { always: "One learning rate for all tensors and sizes: what muP corrects." },
  });
}

function mup(options: Required<RuleOptions>): ReasonTable {
  const authors = options.unembedding === "authors";
  return merged(
    hidden("initStd", { rho_d: FAN_IN }, ["wdown"]),
    hidden("lr", { rho_d: STEP }),
    hidden("weightDecay", { rho_d: DECAY }),
    hidden("eps", { rho_d: GRADIENT }),
    {
      "wdown.initStd": { rho_h: DOWN_FAN_IN },
      "wdown.lr": {
        rho_d: "Megatron-LM scales every hidden matrix by the model's width, W_down too: right " +
          "while h / d stays, blind to a change of h alone.",
      },
      "unembed.initStd": { rho_d: authors ? FAN_IN : readoutStart(options) },
      "unembed.lr": { rho_d: authors ? `As every 2-D matrix. ${STEP}` : STEP },
      "unembed.eps": { rho_d: outputGradient(options) },
      logits: { rho_d: aligned(options) },
    },
  );
}

function moeDmft(options: Required<RuleOptions>): ReasonTable {
  return merged(
    hidden("initStd", { rho_d: FAN_IN }, ["router", "wdown"]),
    hidden("lr", { rho_d: STEP, rho_L: DEPTH_STEP }, ["wdown"]),
    hidden("weightDecay", { rho_d: DECAY }, ["wdown"]),
    hidden("eps", { rho_d: GRADIENT, rho_L: DEPTH_GRADIENT }, ["experts", "wdown"]),
    {
      "embed.eps": {
        rho_d:
          "A row's gradient is the stream's, spread over d coordinates; eps follows its size 1 / d.",
      },
      "experts.eps": {
        rho_h:
          "A hidden unit hears the stream's gradient, 1 / d a coordinate, through d entries of " +
          "W_down of size 1 / h: 1 / h; eps follows.",
        rho_L: DEPTH_GRADIENT,
      },
      "router.initStd": {
        rho_d: "Router logits start at 1 / sqrt(d) of what fan-in gives, so that in wide models " +
          "every gate starts at sigmoid(0) = 1/2 and what is learned decides the routes.",
      },
      "wdown.initStd": {
        rho_h:
          "Hidden units enter as a mean, (h/d)^-1: what training aligns, h * sigma, keeps its " +
          "size, while the random start fades as experts widen; under fan-in it would not.",
        rho_d: "What is left of (h/d)^-1 and fan-in's 1 / sqrt(d) once rho_h is taken out.",
      },
      "wdown.lr": { rho_h: DOWN_STEP, rho_L: DEPTH_STEP },
      "wdown.weightDecay": { rho_h: DECAY },
      "wdown.eps": {
        rho_h:
          "As others print the paper's table, d / h^2; where h / d stays it is the 1 / d of the " +
          "stream's gradient. We have no derivation of the two powers of h.",
        rho_d: "What is left of d / h^2 once rho_h is taken out.",
        rho_L: DEPTH_GRADIENT,
      },
      "unembed.initStd": { rho_d: readoutStart(options) },
      "unembed.lr": { rho_d: STEP },
      residual: { rho_L: RESIDUAL },
      routeScale: {
        a: "The routed sum is a mean over the a active experts of raw sigmoid gates: what they " +
          "learn adds up in step, so the sum grows with a and 1 / a keeps it. The random start " +
          "fades as 1 / sqrt(a): one reason why a/N must stay. Not a ratio: it belongs to the block.",
      },
    },
  );
}

function moeMup(options: Required<RuleOptions>): ReasonTable {
  return merged(
    hidden("initStd", { rho_d: FAN_IN }, ["router", "wdown"]),
    hidden("lr", { rho_d: STEP }, ["wdown"]),
    hidden("weightDecay", { rho_d: DECAY }, ["wdown"]),
    hidden("eps", { rho_d: GRADIENT }, ["router"]),
    {
      "router.initStd": {
        rho_d:
          "An output weight: its N logits do not widen with d. Training aligns them with the " +
          "stream, a sum of size d * sigma; sigma / rho_d keeps that.",
      },
      "router.lr": { rho_d: STEP },
      "router.eps": { always: "Its gradient, unlike a hidden matrix's, does not shrink with d." },
      "wdown.initStd": { rho_h: DOWN_FAN_IN },
      "wdown.lr": { rho_h: DOWN_STEP },
      "wdown.weightDecay": { rho_h: DECAY },
      "unembed.initStd": { rho_d: readoutStart(options) },
      "unembed.lr": { rho_d: STEP },
    },
  );
}

const REASONS: Record<string, (options: Required<RuleOptions>) => ReasonTable> = {
  "complete-mue": completeMue,
  standard,
  mup,
  "moe-dmft": moeDmft,
  "moe-mup": moeMup,
  "embedding-lr-only": () =>
    merged(standard(), {
      "embed.lr": {
        rho_d:
          "In muP the embedding's rate stands by a factor of d above the hidden matrices'. SP " +
          "has one rate, which is the embedding's bottleneck as d grows; rho_d lifts it alone.",
      },
    }),
  "sqrt-sparsity": (options) => {
    const rho_a =
      "An expert sees a / N of the batch, so the square-root rule of batch size seems " +
      "to ask for sqrt(rho_a). It forgets that the expert's whole training shrinks by the same " +
      "share, so that q = 1: this control should move the optimum.";
    return merged(completeMue(options), {
      "experts.lr": { rho_a, always: undefined },
      "wdown.lr": { rho_a, always: undefined },
    });
  },
};

/**
 * The group of a tensor.
 *
 * @param tensor the tensor kind
 * @returns the group whose reasons it shares
 */
export function groupOf(tensor: TensorKind): Group {
  if (/[nN]orm$/.test(tensor)) return "norms";
  if (tensor === "patch" || tensor === "time1" || tensor === "class") return "embed";
  if (tensor === "velocity") return "unembed";
  if (tensor === "wrouter") return "router";
  if (tensor === "wgate" || tensor === "wup") return "experts";
  return tensor === "embed" || tensor === "wdown" || tensor === "unembed" ? tensor : "attention";
}

/**
 * The reasons of a rule for one subject.
 *
 * @param id the rule
 * @param subject what is asked about
 * @param options the rule's options
 * @returns a reason per quantity; empty where nothing is said
 */
export function reasonsFor(id: string, subject: Subject, options?: RuleOptions): Reasons {
  const all = withDefaults(options), table = REASONS[id]?.(all) ?? {}, own = table[subject] ?? {};
  const decays = subject.endsWith(".weightDecay") && !subject.startsWith("norms.");
  if (all.decay === "coupled" || !decays) return own;
  const lr = table[subject.replace("weightDecay", "lr") as Subject] ?? {};
  const joined: Reasons = {};
  for (const name of Object.keys({ ...lr, ...own }) as (keyof Reasons)[]) {
    const both = [lr[name] && `as lr, which no longer multiplies wd: ${lr[name]}`, own[name]];
    joined[name] = both.filter((reason) => reason !== undefined).join(" And as wd under AdamW: ");
  }
  return joined;
}
