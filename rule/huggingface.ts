/**
 * A Hugging Face `config.json` as the configurations a rule reads: one per kind of layer, and in words
 * what of the model no rule is about.
 */

import { checkConfiguration, type Configuration, type MoeFfn } from "./configuration.ts";
import { headsOf } from "./anatomy.ts";
import { type Experts, FAMILIES, type Family, type Names } from "./families.ts";
import { Fields } from "./fields.ts";

/** Layers of one kind. */
export interface LayerKind {
  /** Its layers, from 0. */
  layers: number[];
  /** The whole model with all layers of this kind: L is the model's. */
  configuration: Configuration;
}

/** What a file says. */
export interface HuggingFaceModel {
  /** `model_type`, of the text model where there are several. */
  modelType: string;
  /** Kinds of layers, by their first. */
  kinds: LayerKind[];
  /** What no rule is about, in words without a full stop. */
  notCovered: string[];
  /** What the file sets that the table sets too, and rows the model does not have. */
  notes: string[];
}

const NAMES: Names = {
  width: "hidden_size",
  depth: "num_hidden_layers",
  heads: "num_attention_heads",
  kv: "num_key_value_heads",
  headWidth: "head_dim",
  hidden: "intermediate_size",
};

/** The values of `model_type` that can be read. */
export const MODEL_TYPES: readonly string[] = FAMILIES.flatMap(({ types }) => types);

/**
 * Reads a parsed `config.json`.
 *
 * @param config what the file holds
 * @param name of the file, for messages
 * @param trained B and D, which no such file says
 * @returns the kinds of layers and what is not covered
 * @throws {TypeError} if it is no such configuration, or a field is of the wrong kind
 * @throws {RangeError} if its family is not known, fields are missing, or sizes are impossible
 */
export function readHuggingFace(
  config: unknown,
  name = "config.json",
  trained: Partial<Pick<Configuration, "batchTokens" | "tokens">> = {},
): HuggingFaceModel {
  const refuse = (why: string) => new RangeError(`Cannot read ${name}: ${why}`);
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new TypeError(`Cannot read ${name}: not a JSON object`);
  }
  const outer = new Fields(config, name), text = outer.value("text_config");
  const several = typeof text === "object" && text !== null && !Array.isArray(text);
  const f = several ? new Fields(text, name) : outer;
  const modelType = f.word("model_type", outer.word("model_type"));
  if (modelType === "") throw refuse("it has no model_type");
  const family = FAMILIES.find(({ types }) => types.includes(modelType));
  if (family === undefined) {
    throw refuse(`model_type ${modelType} is none of ${MODEL_TYPES.join(", ")}`);
  }
  const names = { ...NAMES, ...family.names }, depth = f.size(names.depth);
  const tied = f.flag(
    "tie_word_embeddings",
    outer.flag("tie_word_embeddings", family.tied ?? false),
  );
  const model = sizesOf(f, names, tied);
  const sparse = (layer: number) => family.moe !== undefined && (family.moe.in?.(f, layer) ?? true);
  if (depth > MOST_LAYERS) throw refuse(`${names.depth} is ${depth}, at most ${MOST_LAYERS}`);
  const layers = Array.from({ length: depth }, (_, layer) => layer);
  const of = [layers.filter((l) => !sparse(l)), layers.filter(sparse)];
  const ffns = [
    () => ({ kind: "dense" as const, hidden: f.size(names.hidden) }),
    () => moeOf(f, family.moe!),
  ].map((make, i) => of[i].length > 0 ? make() : null);
  if (f.missing.length > 0) {
    throw refuse(`${modelType} needs ${[...new Set(f.missing)].join(", ")}, missing here`);
  }
  if (model.headWidth % 1 !== 0) {
    throw refuse(
      `${names.heads} does not divide ${names.width}, and there is no ${names.headWidth}`,
    );
  }
  const B = trained.batchTokens ?? null, D = trained.tokens ?? null;
  const kinds = ffns.flatMap((ffn, i): LayerKind[] => {
    if (ffn === null) return [];
    const configuration = { ...model, depth, ffn, batchTokens: B, tokens: D };
    return [{ layers: of[i], configuration: checked(configuration, refuse) }];
  }).sort((a, b) => a.layers[0] - b.layers[0]);
  const said = (texts: (string | false | undefined)[]) =>
    texts.filter((t) => typeof t === "string");
  return {
    modelType,
    kinds,
    notCovered: said([
      ...family.notCovered?.(f) ?? [],
      ...common(f),
      several && "all but the text model (only text_config is read)",
    ]),
    notes: said([...family.notes?.(f) ?? [], noQkNorm(f, family)]),
  };
}

/** Depth beyond which layers are not listed one by one. */
const MOST_LAYERS = 100_000;

/** Width, heads and vocabulary; fractions where heads do not divide. */
function sizesOf(f: Fields, names: Names, tied: boolean) {
  const width = f.size(names.width), heads = f.size(names.heads);
  const headWidth = f.optionalSize(names.headWidth) ?? width / heads;
  const kv = f.optionalSize(names.kv) ?? heads, vocab = f.size("vocab_size");
  return {
    width,
    headWidth,
    ...(heads * headWidth === width ? {} : { heads }),
    ...(kv === heads ? {} : { kvHeads: kv }),
    vocab,
    ...(tied ? { tied: true as const } : {}),
  };
}

function moeOf(f: Fields, moe: Experts): MoeFfn {
  const expertWidth = f.size(moe.width), gate = moe.gate(f), together = moe.shared?.(f) ?? 0;
  const whole = together % expertWidth === 0;
  const { groups, limit } = moe.groups?.(f) ?? { groups: 1, limit: 1 };
  // a token that may use every group picks as if there were none
  const grouped = limit < groups;
  return {
    kind: "moe",
    experts: f.size(moe.experts),
    active: f.size(moe.active),
    expertWidth,
    shared: whole ? together / expertWidth : 1,
    ...(whole ? {} : { sharedWidth: together }),
    groups: grouped ? groups : 1,
    ...(gate === undefined ? {} : { gate }),
    ...(grouped ? { limit } : {}),
  };
}

function checked(c: Configuration, refuse: (why: string) => RangeError): Configuration {
  try {
    return checkConfiguration(c);
  } catch (error) {
    throw refuse((error as Error).message.replace(/^C/, "c"));
  }
}

/** What any family may have. */
function common(f: Fields): (string | false)[] {
  const act = f.word(
    "hidden_activation",
    f.word("hidden_act", f.word("ffn_config.ffn_act_fn.name")),
  );
  const window = f.value("sliding_window") !== undefined && f.value("use_sliding_window") !== false;
  return [
    !["", "silu", "swish"].includes(act) &&
    `the activation ${act}: the rules are made for SwiGLU, whose powers of widths a gated FFN shares [ours]`,
    window && `windows of the attention (sliding_window ${f.number("sliding_window", 0)})`,
  ];
}

function noQkNorm(f: Fields, family: Family): string | false {
  return !family.qkNorm?.(f) &&
    "queries and keys have no norms with gains: leave the rows qNorm and kNorm out";
}

/**
 * The layers of a kind, short: `0-2`, `1-59 by 2`, `0 3 4 9`.
 *
 * @param layers in rising order
 */
export function layerText(layers: readonly number[]): string {
  const [first, second] = layers, last = layers[layers.length - 1];
  const step = second - first;
  if (layers.length > 2 && layers.every((l, i) => l === first + i * step)) {
    return step === 1 ? `${first}-${last}` : `${first}-${last} by ${step}`;
  }
  const runs: number[][] = [];
  for (const layer of layers) {
    const run = runs[runs.length - 1];
    if (run !== undefined && layer === run[run.length - 1] + 1) run.push(layer);
    else runs.push([layer]);
  }
  return runs.map((run) => run.length > 1 ? `${run[0]}-${run[run.length - 1]}` : run[0]).join(" ");
}

/**
 * The heads of a kind in words.
 *
 * @param c its configuration
 * @returns e.g. `32 heads of 128, 4 of keys and values`
 */
export function headsText(c: Configuration): string {
  const heads = headsOf(c);
  return `${heads} heads of ${c.headWidth}, ${c.kvHeads ?? heads} of keys and values`;
}
