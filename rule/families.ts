/**
 * Families of models whose Hugging Face `config.json` can be read: the names of their fields, and what
 * of them no row of a rule is about. Names and defaults are those of the public model classes.
 */

import type { Fields } from "./fields.ts";
import type { MoeFfn } from "./configuration.ts";

/** Where a family has its sizes; names that are left out are those most families use. */
export interface Names {
  /** d. */
  width: string;
  /** L. */
  depth: string;
  /** Query heads. */
  heads: string;
  /** Heads of keys and values. */
  kv: string;
  /** dh, what the output projection takes of a head. */
  headWidth: string;
  /** H of layers without experts. */
  hidden: string;
}

/** The experts of a family. */
export interface Experts {
  /** Field of N. */
  experts: string;
  /** Field of a. */
  active: string;
  /** Field of h. */
  width: string;
  /** What weighs the active experts; undefined where no gate of ours is it. */
  gate(f: Fields): MoeFfn["gate"];
  /** Width of all shared experts together; absent: none. */
  shared?(f: Fields): number | undefined;
  /** Groups and group limit; absent: none. */
  groups?(f: Fields): { groups: number; limit: number } | undefined;
  /** Whether a layer has experts; absent: each has. */
  in?(f: Fields, layer: number): boolean;
}

/** A family. */
export interface Family {
  /** Its values of `model_type`. */
  types: string[];
  /** Names of fields that are its own. */
  names?: Partial<Names>;
  /** Its experts; absent: dense. */
  moe?: Experts;
  /** `tie_word_embeddings` where the file does not say. */
  tied?: boolean;
  /** Whether queries and keys are normalized, as in the models here. */
  qkNorm?(f: Fields): boolean;
  /** What no rule is about. */
  notCovered?(f: Fields): (string | false | undefined)[];
  /** What the file sets and the table sets too, or what to do with a row. */
  notes?(f: Fields): (string | false | undefined)[];
}

const bySoftmax = (f: Fields, normalized: boolean): MoeFfn["gate"] =>
  f.flag("norm_topk_prob", normalized) ? "softmax" : "softmax-all";

/** Softmax over the selected logits, or over all and then normalized over the selected: the same. */
const softmax = () => "softmax" as const;

const qwenLayers = (f: Fields, layer: number) =>
  !(f.numbers("mlp_only_layers") ?? []).includes(layer) &&
  (layer + 1) % (f.optionalSize("decoder_sparse_step") ?? 1) === 0;

const deepseek = (scoring: string, normalized: boolean): Experts => ({
  experts: "n_routed_experts",
  active: "num_experts_per_tok",
  width: "moe_intermediate_size",
  gate: (f) =>
    f.word("scoring_func", scoring) === "softmax"
      ? bySoftmax(f, normalized)
      : f.flag("norm_topk_prob", normalized)
      ? "sigmoid"
      : "sigmoid-raw",
  shared: (f) => (f.optionalSize("n_shared_experts") ?? 0) * f.size("moe_intermediate_size"),
  groups: (f) => {
    const groups = f.optionalSize("n_group") ?? 1;
    return f.word("topk_method") === "greedy"
      ? undefined
      : { groups, limit: f.optionalSize("topk_group") ?? groups };
  },
  in: (f, layer) =>
    layer >= (f.optionalSize("first_k_dense_replace") ?? 0) &&
    layer % (f.optionalSize("moe_layer_freq") ?? 1) === 0,
});

const lowRank = (f: Fields) =>
  `MLA's low-rank projections (kv_lora_rank ${f.number("kv_lora_rank", 0)}, q_lora_rank ` +
  `${
    f.value("q_lora_rank") ?? "none"
  }) and the norms between them: wq, wk, wv are the rows of full ` +
  "matrices; wo holds";

const latentScale = (f: Fields) => {
  const width = f.number("qk_nope_head_dim", 0) + f.number("qk_rope_head_dim", 0);
  return `its attentionScale is 1/sqrt(${width}), of qk_nope_head_dim + qk_rope_head_dim, not the row's of dh = v_head_dim`;
};

const scaled = (f: Fields) => {
  const factor = f.number("routed_scaling_factor", 1);
  return factor !== 1 &&
    `the file weighs the routed sum by routed_scaling_factor = ${factor}; routeScale stands in its place`;
};

const clipped = (f: Fields, path: string) =>
  f.value(path) !== undefined && `${path.split(".").at(-1)}, a clip of q, k and v`;

const biases = (f: Fields, path: string, of: string, otherwise = false) =>
  f.flag(path, otherwise) && `biases of ${of} (${path}): no row is a bias's`;

const GRANITE = ["embedding_multiplier", "residual_multiplier", "attention_multiplier"];

const graniteNotes = (f: Fields) => {
  const own = [...GRANITE, "logits_scaling"].filter((name) => f.value(name) !== undefined);
  return own.length > 0 &&
    `the file sets ${
        own.map((name) => `${name} = ${f.number(name, 1)}`).join(", ")
      }: the table's ` +
      "multipliers are factors on what the reference has there, not on these";
};

const gemma = (f: Fields) => [
  f.value("final_logit_softcapping") !== undefined && "soft caps of logits",
  f.value("attn_logit_softcapping") !== undefined && "soft caps of attention",
];

const gemmaNotes = (f: Fields) => [
  "it multiplies the embedding by sqrt(d): the embedding's row is for a model that does not; keep the " +
  "reference's multiplier",
  f.value("query_pre_attn_scalar") !== undefined &&
  `its attentionScale is 1/sqrt(${
    f.number("query_pre_attn_scalar", 1)
  }), of query_pre_attn_scalar, not the row's`,
];

/** Every family that can be read. */
export const FAMILIES: readonly Family[] = [
  {
    types: ["llama", "mistral"],
    notCovered: (f) => [
      biases(f, "attention_bias", "the attention"),
      biases(f, "mlp_bias", "the FFN"),
    ],
  },
  { types: ["qwen2"], notCovered: () => ["biases of q, k and v: no row is a bias's"] },
  {
    types: ["qwen3"],
    qkNorm: () => true,
    notCovered: (f) => [biases(f, "attention_bias", "the attention")],
  },
  { types: ["gemma", "gemma2"], tied: true, notCovered: gemma, notes: gemmaNotes },
  {
    types: ["gemma3", "gemma3_text"],
    tied: true,
    qkNorm: () => true,
    notCovered: gemma,
    notes: gemmaNotes,
  },
  { types: ["granite"], notes: (f) => [graniteNotes(f)] },
  {
    types: ["mixtral"],
    moe: {
      experts: "num_local_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: softmax,
    },
  },
  {
    types: ["qwen2_moe"],
    moe: {
      experts: "num_experts",
      active: "num_experts_per_tok",
      width: "moe_intermediate_size",
      gate: (f) => bySoftmax(f, false),
      shared: (f) => f.optionalSize("shared_expert_intermediate_size"),
      in: qwenLayers,
    },
    notCovered: (f) => [
      biases(f, "qkv_bias", "q, k and v", true),
      f.optionalSize("shared_expert_intermediate_size") !== undefined &&
      "the shared expert's own sigmoid gate (shared_expert_gate): R = 1 there is for none",
    ],
  },
  {
    types: ["qwen3_moe"],
    qkNorm: () => true,
    moe: {
      experts: "num_experts",
      active: "num_experts_per_tok",
      width: "moe_intermediate_size",
      gate: (f) => bySoftmax(f, false),
      in: qwenLayers,
    },
    notCovered: (f) => [biases(f, "attention_bias", "the attention")],
  },
  {
    types: ["deepseek_v2"],
    names: { headWidth: "v_head_dim" },
    moe: deepseek("softmax", false),
    notCovered: (f) => [lowRank(f)],
    notes: (f) => [latentScale(f), scaled(f)],
  },
  {
    types: ["deepseek_v3"],
    names: { headWidth: "v_head_dim" },
    moe: deepseek("sigmoid", true),
    notCovered: (f) => [
      lowRank(f),
      "the bias that corrects the choice of experts (its rate is not in the file): no row is a bias's, " +
      "and it weighs nothing",
      f.optionalSize("num_nextn_predict_layers") !== undefined &&
      `${
        f.value("num_nextn_predict_layers")
      } layer to predict further tokens (num_nextn_predict_layers)`,
    ],
    notes: (f) => [latentScale(f), scaled(f)],
  },
  {
    types: ["olmoe"],
    qkNorm: () => true,
    moe: {
      experts: "num_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: (f) => bySoftmax(f, false),
    },
    notCovered: (f) => [
      clipped(f, "clip_qkv"),
      biases(f, "attention_bias", "the attention"),
    ],
  },
  {
    types: ["dbrx"],
    names: { width: "d_model", depth: "n_layers", heads: "n_heads", kv: "attn_config.kv_n_heads" },
    moe: {
      experts: "ffn_config.moe_num_experts",
      active: "ffn_config.moe_top_k",
      width: "ffn_config.ffn_hidden_size",
      // normalized by the norm of this order unless the file says null: 1 is the sum
      gate: (f) => dbrxNorm(f) === null ? "softmax-all" : dbrxNorm(f) === 1 ? "softmax" : undefined,
    },
    notCovered: (f) => [
      clipped(f, "attn_config.clip_qkv"),
      ![1, null].includes(dbrxNorm(f)) &&
      `gates normalized by another norm than their sum (moe_normalize_expert_weights ${
        dbrxNorm(f)
      }): R is that of gates that sum to 1`,
    ],
  },
  {
    types: ["phimoe"],
    moe: {
      experts: "num_local_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: () => undefined,
    },
    notCovered: (f) => [
      "SparseMixer's gates, each a softmax of its own over the experts near the best: R is that of " +
      "gates that sum to 1",
      biases(f, "attention_bias", "the attention"),
      biases(f, "lm_head_bias", "the final projection"),
    ],
  },
  {
    types: ["granitemoe", "granitemoeshared"],
    moe: {
      experts: "num_local_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: softmax,
      shared: (f) => f.optionalSize("shared_intermediate_size"),
    },
    notCovered: (f) => [biases(f, "attention_bias", "the attention")],
    notes: (f) => [graniteNotes(f)],
  },
  {
    types: ["jamba"],
    moe: {
      experts: "num_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: () => "softmax-all",
      in: (f, layer) =>
        (layer - f.number("expert_layer_offset", 1)) %
            (f.optionalSize("expert_layer_period") ?? 2) === 0,
    },
    notCovered: (f) => {
      const depth = f.size("num_hidden_layers"), period = f.optionalSize("attn_layer_period") ?? 8;
      const attention = Array.from({ length: depth }, (_, l) => l)
        .filter((l) => (l - f.number("attn_layer_offset", 4)) % period === 0);
      return [
        `the Mamba mixers of ${
          depth - attention.length
        } of ${depth} layers: rows of the attention ` +
        `are for layers ${attention.join(", ") || "(none)"} alone`,
      ];
    },
  },
  {
    types: ["gpt_oss"],
    moe: {
      experts: "num_local_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: softmax,
    },
    notCovered: (f) => [
      "attention sinks, a logit of its own for each head: no row is theirs",
      "biases of the attention, the router and the experts: no row is a bias's",
      `its own SwiGLU, clamped at swiglu_limit ${f.number("swiglu_limit", 7)} and with up + 1`,
    ],
  },
  {
    types: ["llama4", "llama4_text"],
    names: { hidden: "intermediate_size_mlp" },
    // a norm of queries and keys without gains
    moe: {
      experts: "num_local_experts",
      active: "num_experts_per_tok",
      width: "intermediate_size",
      gate: () => "sigmoid-raw",
      shared: (f) => f.size("intermediate_size"),
      in: (f, layer) =>
        f.numbers("moe_layers")?.includes(layer) ??
          (layer + 1) % (f.optionalSize("interleave_moe_layer_step") ?? 1) === 0,
    },
    notCovered: (f) => [
      "gates on the input of an expert instead of its output, through the SwiGLU: R is for outputs",
      biases(f, "attention_bias", "the attention"),
      f.value("no_rope_layers") !== undefined && "layers without positions (no_rope_layers)",
      f.value("attention_chunk_size") !== undefined && "attention in chunks (attention_chunk_size)",
    ],
  },
];

function dbrxNorm(f: Fields): number | null {
  // null is kept: it is a choice, and missing is 1
  const config = f.value("ffn_config") as Record<string, unknown> | undefined;
  if (config?.["moe_normalize_expert_weights"] === null) return null;
  return f.number("ffn_config.moe_normalize_expert_weights", 1);
}
