/** Small configurations of our own with the public field names of each family, and how they read. */

/** Sizes under the names that most families use. */
export const SIZES = {
  hidden_size: 96,
  num_hidden_layers: 6,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  vocab_size: 1000,
};
/** Experts as Mixtral names them. */
export const MIXTRAL = { num_local_experts: 8, num_experts_per_tok: 2, intermediate_size: 40 };
const QWEN = { num_experts: 12, num_experts_per_tok: 3, moe_intermediate_size: 20 };
/** Experts and low-rank attention as DeepSeek names them. */
export const DEEPSEEK = {
  n_routed_experts: 16,
  num_experts_per_tok: 4,
  moe_intermediate_size: 20,
  intermediate_size: 200,
  n_shared_experts: 2,
  first_k_dense_replace: 1,
  moe_layer_freq: 1,
  v_head_dim: 32,
  qk_nope_head_dim: 32,
  qk_rope_head_dim: 16,
  kv_lora_rank: 24,
  q_lora_rank: null,
};

/** A file and what it reads as. */
export interface Case {
  type: string;
  fields: Record<string, unknown>;
  /** layers and text of each kind */
  kinds: [layers: string, text: string][];
  notCovered?: RegExp[];
  notes?: RegExp[];
}

const NO_QK_NORM = /leave the rows qNorm and kNorm out/;
const END = "d=96,L=6";
const HEADS = "kv=2,vocab=1000"; // dh = 96 / 6 = 16, the default

/** Each family, some twice. */
export const CASES: Case[] = [
  {
    type: "llama",
    fields: { ...SIZES, intermediate_size: 256, hidden_act: "silu", attention_bias: false },
    kinds: [["0-5", `dense:${END},H=256,${HEADS}`]],
    notes: [NO_QK_NORM],
  },
  {
    type: "qwen2",
    fields: {
      ...SIZES,
      intermediate_size: 256,
      tie_word_embeddings: true,
      sliding_window: 64,
      use_sliding_window: false,
    },
    kinds: [["0-5", `dense:${END},H=256,${HEADS},tied`]],
    notCovered: [/^biases of q, k and v/],
    notes: [NO_QK_NORM],
  },
  {
    // heads of their own: 6 * 32 = 192, twice d
    type: "qwen3",
    fields: { ...SIZES, intermediate_size: 256, head_dim: 32, num_key_value_heads: 6 },
    kinds: [["0-5", `dense:${END},H=256,dh=32,heads=6,vocab=1000`]],
  },
  {
    type: "gemma2",
    fields: {
      ...SIZES,
      intermediate_size: 256,
      head_dim: 32,
      hidden_activation: "gelu_pytorch_tanh",
      attn_logit_softcapping: 50,
      final_logit_softcapping: null,
      query_pre_attn_scalar: 64,
      sliding_window: 128,
    },
    kinds: [["0-5", `dense:${END},H=256,dh=32,heads=6,${HEADS},tied`]],
    notCovered: [/^soft caps of attention$/, /^the activation gelu/, /sliding_window 128/],
    notes: [/multiplies the embedding by sqrt\(d\)/, /Scale is 1\/sqrt\(64\)/, NO_QK_NORM],
  },
  {
    type: "mixtral",
    fields: { ...SIZES, ...MIXTRAL, sliding_window: null, head_dim: null },
    kinds: [["0-5", `8e2a:${END},h=40,gate=softmax,${HEADS}`]],
    notes: [NO_QK_NORM],
  },
  {
    // 3 of 4 layers by the step, less the one that is named
    type: "qwen2_moe",
    fields: {
      ...SIZES,
      ...QWEN,
      intermediate_size: 256,
      decoder_sparse_step: 2,
      mlp_only_layers: [3],
      shared_expert_intermediate_size: 80,
      norm_topk_prob: false,
    },
    kinds: [
      ["0 2-4", `dense:${END},H=256,${HEADS}`],
      ["1 5", `12e3a4s:${END},h=20,gate=softmax-all,${HEADS}`],
    ],
    notCovered: [/qkv_bias/, /shared_expert_gate/],
    notes: [NO_QK_NORM],
  },
  {
    type: "qwen2_moe",
    fields: { ...SIZES, ...QWEN, shared_expert_intermediate_size: 50, qkv_bias: false },
    kinds: [["0-5", `12e3a1s:${END},h=20,hs=50,gate=softmax-all,${HEADS}`]],
    notCovered: [/shared_expert_gate/],
    notes: [NO_QK_NORM],
  },
  {
    type: "qwen3_moe",
    fields: { ...SIZES, ...QWEN, head_dim: 32, norm_topk_prob: true, mlp_only_layers: [] },
    kinds: [["0-5", `12e3a:${END},h=20,dh=32,gate=softmax,heads=6,${HEADS}`]],
  },
  {
    // limited to 2 of 4 groups; 6 * 32 = 192
    type: "deepseek_v2",
    fields: {
      ...SIZES,
      ...DEEPSEEK,
      num_key_value_heads: 6,
      n_group: 4,
      topk_group: 2,
      topk_method: "group_limited_greedy",
      routed_scaling_factor: 16,
      q_lora_rank: 40,
    },
    kinds: [
      ["0", `dense:${END},H=200,dh=32,heads=6,vocab=1000`],
      ["1-5", `16e4a4g2s:${END},h=20,dh=32,gate=softmax-all,limit=2,heads=6,vocab=1000`],
    ],
    notCovered: [/kv_lora_rank 24, q_lora_rank 40/],
    notes: [/1\/sqrt\(48\)/, /routed_scaling_factor = 16; routeScale/, NO_QK_NORM],
  },
  {
    // greedy: n_group means nothing
    type: "deepseek_v2",
    fields: { ...SIZES, ...DEEPSEEK, n_group: 4, topk_group: 2, topk_method: "greedy" },
    kinds: [
      ["0", `dense:${END},H=200,dh=32,heads=6,kv=2,vocab=1000`],
      ["1-5", `16e4a2s:${END},h=20,dh=32,gate=softmax-all,heads=6,kv=2,vocab=1000`],
    ],
    notCovered: [/q_lora_rank none/],
    notes: [/1\/sqrt\(48\)/, NO_QK_NORM],
  },
  {
    type: "deepseek_v3",
    fields: {
      ...SIZES,
      ...DEEPSEEK,
      first_k_dense_replace: 3,
      moe_layer_freq: 2,
      n_group: 4,
      topk_group: 4,
      routed_scaling_factor: 2.5,
      num_nextn_predict_layers: 1,
    },
    kinds: [
      ["0-3 5", `dense:${END},H=200,dh=32,heads=6,kv=2,vocab=1000`],
      ["4", `16e4a2s:${END},h=20,dh=32,gate=sigmoid,heads=6,kv=2,vocab=1000`],
    ],
    notCovered: [/MLA/, /corrects the choice of experts/, /num_nextn_predict_layers/],
    notes: [/1\/sqrt\(48\)/, /routed_scaling_factor = 2.5/, NO_QK_NORM],
  },
  {
    type: "olmoe",
    fields: {
      ...SIZES,
      num_experts: 16,
      num_experts_per_tok: 4,
      intermediate_size: 24,
      clip_qkv: 8,
    },
    kinds: [["0-5", `16e4a:${END},h=24,gate=softmax-all,${HEADS}`]],
    notCovered: [/^clip_qkv/],
  },
  {
    type: "dbrx",
    fields: {
      d_model: 96,
      n_layers: 6,
      n_heads: 6,
      vocab_size: 1000,
      attn_config: { kv_n_heads: 2, clip_qkv: 8 },
      ffn_config: { ffn_hidden_size: 40, moe_num_experts: 16, moe_top_k: 4 },
    },
    kinds: [["0-5", `16e4a:${END},h=40,gate=softmax,${HEADS}`]],
    notCovered: [/^clip_qkv/],
    notes: [NO_QK_NORM],
  },
  {
    type: "dbrx",
    fields: {
      d_model: 96,
      n_layers: 6,
      n_heads: 6,
      vocab_size: 1000,
      ffn_config: {
        ffn_hidden_size: 40,
        moe_num_experts: 16,
        moe_top_k: 4,
        moe_normalize_expert_weights: null,
      },
    },
    kinds: [["0-5", `16e4a:${END},h=40,gate=softmax-all,vocab=1000`]],
    notes: [NO_QK_NORM],
  },
  {
    type: "phimoe",
    fields: { ...SIZES, ...MIXTRAL, attention_bias: true, lm_head_bias: true },
    kinds: [["0-5", `8e2a:${END},h=40,${HEADS}`]],
    notCovered: [/SparseMixer/, /attention_bias/, /lm_head_bias/],
    notes: [NO_QK_NORM],
  },
  {
    type: "granitemoe",
    fields: {
      ...SIZES,
      ...MIXTRAL,
      tie_word_embeddings: true,
      embedding_multiplier: 12,
      residual_multiplier: 0.22,
      attention_multiplier: 0.015625,
      logits_scaling: 6,
    },
    kinds: [["0-5", `8e2a:${END},h=40,gate=softmax,${HEADS},tied`]],
    notes: [/embedding_multiplier = 12, residual_multiplier = 0.22/, NO_QK_NORM],
  },
  {
    type: "granitemoeshared",
    fields: { ...SIZES, ...MIXTRAL, shared_intermediate_size: 100 },
    kinds: [["0-5", `8e2a1s:${END},h=40,hs=100,gate=softmax,${HEADS}`]],
    notes: [NO_QK_NORM],
  },
  {
    type: "jamba",
    fields: {
      ...SIZES,
      num_experts: 4,
      num_experts_per_tok: 2,
      intermediate_size: 200,
      expert_layer_period: 2,
      expert_layer_offset: 1,
      attn_layer_period: 4,
      attn_layer_offset: 2,
    },
    kinds: [
      ["0-4 by 2", `dense:${END},H=200,${HEADS}`],
      ["1-5 by 2", `4e2a:${END},h=200,gate=softmax-all,${HEADS}`],
    ],
    notCovered: [/Mamba mixers of 5 of 6 layers: .* layers 2 alone/],
    notes: [NO_QK_NORM],
  },
  {
    type: "gpt_oss",
    fields: { ...SIZES, ...MIXTRAL, head_dim: 32, hidden_act: "silu", sliding_window: 128 },
    kinds: [["0-5", `8e2a:${END},h=40,dh=32,gate=softmax,heads=6,${HEADS}`]],
    notCovered: [/sinks/, /biases of the attention, the router/, /swiglu_limit 7/, /128/],
    notes: [NO_QK_NORM],
  },
  {
    type: "llama4_text",
    fields: {
      ...SIZES,
      ...MIXTRAL,
      num_experts_per_tok: 1,
      intermediate_size_mlp: 80,
      interleave_moe_layer_step: 3,
    },
    kinds: [
      ["0-1 3-4", `dense:${END},H=80,${HEADS}`],
      ["2 5", `8e1a1s:${END},h=40,gate=sigmoid-raw,${HEADS}`],
    ],
    notCovered: [/gates on the input of an expert/],
    notes: [NO_QK_NORM],
  },
];
