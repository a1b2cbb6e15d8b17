/** `deno task rule --format torch`: a transfer as a Python file to import, param groups for `torch.optim.AdamW`. */

import { visible } from "../reports/words/lines.ts";
import { formatConfiguration } from "../rule/configuration.ts";
import type { TensorKind } from "../rule/rule.ts";
import type { Side } from "./rule_models.ts";
import { KNOBS } from "../rule/table.ts";
import type { Answer } from "./rule_table.ts";

/**
 * Names of parameters by tensor kind, first match first: those of Hugging Face's classes of the families that
 * `--to config.json` reads, and those of docs/torch_rule.py. A fused q, k, v or gate and up has one row, since the
 * rows of its parts are equal.
 */
const PATTERNS: readonly [pattern: string, kind: TensorKind][] = [
  [String.raw`(^|\.)(q_norm|q_layernorm|qnorm)$`, "qNorm"],
  [String.raw`(^|\.)(k_norm|k_layernorm|knorm)$`, "kNorm"],
  [String.raw`(^|\.)(input_layernorm|norm_1|attn\.norm)$`, "attnNorm"],
  [
    String
      .raw`(^|\.)(post_attention_layernorm|(pre|post)_feedforward_layernorm|pre_ff_layernorm|norm_2|ffn\.norm)$`,
    "ffnNorm",
  ],
  [String.raw`^((model|transformer|language_model)\.)*(norm|norm_f|final_layernorm)$`, "norm"],
  [String.raw`(^|\.)(embed_tokens|wte|embed)$`, "embed"],
  [String.raw`(^|\.)(lm_head|unembed)$`, "unembed"],
  [String.raw`(^|\.)(q_proj|wq|qkv_proj|Wqkv)$`, "wq"],
  [String.raw`(^|\.)(k_proj|wk)$`, "wk"],
  [String.raw`(^|\.)(v_proj|wv)$`, "wv"],
  [String.raw`(^|\.)(o_proj|attn\.out_proj|wo)$`, "wo"],
  [String.raw`(^|\.)(mlp|feed_forward|block_sparse_moe)\.gate$`, "wrouter"],
  [String.raw`(^|\.)(router|router\.layer|wrouter)$`, "wrouter"],
  [String.raw`(^|\.)(gate_proj|gate_up_proj|input_linear|w1|wgate)$`, "wgate"],
  [String.raw`(^|\.)(up_proj|w3|v1|wup)$`, "wup"],
  [String.raw`(^|\.)(down_proj|output_linear|w2|wdown)$`, "wdown"],
];

const FUNCTIONS = String.raw`

def kind_of(name):
    """The kind of layers a parameter is of, by the first number in its name."""
    layer = re.search(r"(^|\.)(\d+)(\.|$)", name)
    for kind in KINDS:
        if kind["layers"] is None or layer is None or int(layer[2]) in kind["layers"]:
            return kind
    raise KeyError(f"Cannot place {name}: no table is for its layer")


def row_of(name):
    """lr, weight_decay, eps and init_std of a parameter, by its name."""
    plain = name.removesuffix(".weight")
    for pattern, tensor in PATTERNS:
        if re.search(pattern, plain) and tensor in kind_of(name)["rows"]:
            return kind_of(name)["rows"][tensor]
    raise KeyError(f"Cannot place {name}: no row of the rule is about it; add its pattern to PATTERNS")


def param_groups(named_parameters):
    """Groups for torch.optim.AdamW(..., betas=BETAS); their lr are the peaks of the schedule."""
    groups = {}
    for name, parameter in named_parameters:
        row = row_of(name)
        key = (row["lr"], row["weight_decay"], row["eps"])
        group = dict(params=[], lr=key[0], weight_decay=key[1], eps=key[2])
        groups.setdefault(key, group)["params"].append(parameter)
    return list(groups.values())


def init_(named_parameters, generator=None):
    """Starts every parameter as the rule says: normal, gains of norms at 1."""
    for name, parameter in named_parameters:
        std = row_of(name)["init_std"]
        if std is None:
            parameter.data.fill_(1)
        else:
            # on the host, so that one generator serves every device
            drawn = parameter.data.new_empty(parameter.shape, device="cpu")
            parameter.data.copy_(drawn.normal_(0, 1, generator=generator) * std)
`;

const PYTHON: Record<typeof KNOBS[number], string> = {
  initStd: "init_std",
  lr: "lr",
  weightDecay: "weight_decay",
  eps: "eps",
};

/** A text as a line of a comment, whatever it holds. */
const comment = (text: string) => `# ${visible(text.replaceAll(/\s+/g, " "))}`;

/**
 * The file.
 *
 * @param answers one per kind of layers, of one rule
 * @param layers of each; null for all
 * @param sides what was asked, for what is not covered
 */
export function torchText(answers: Answer[], layers: (number[] | null)[], sides: Side[]): string {
  const [{ rule, from, transfer }] = answers;
  const files = sides.flatMap(({ file }) => file === null ? [] : [file.model]);
  const said = [
    ...files.flatMap((m) => m.notCovered.map((text) => `not covered by the rule: ${text}`)),
    ...files.flatMap((m) => m.notes.map((text) => `note: ${text}`)),
    ...answers.flatMap((a) => a.transfer.warnings.map((text) => `warning: ${text}`)),
    ...answers[0].beside.map(({ topic, text, source }) => `${topic}: ${text} (${source})`),
  ];
  return [
    `"""Param groups for torch.optim.AdamW, as the transfer rule ${rule.id} has them.`,
    "",
    "    import hp as RULE  # this file, saved as hp.py",
    "    RULE.init_(model.named_parameters())",
    "    optimizer = torch.optim.AdamW(RULE.param_groups(model.named_parameters()), betas=RULE.BETAS)",
    "",
    'YOUR MODEL must itself multiply by RULE.KINDS[i]["multipliers"], or these rates are not the rule\'s: residual',
    "(every branch), outputMultiplier (what the FFN or MoE gives), routeScale (the routed sum) and logits.",
    "PATTERNS say which parameter has which row.",
    '"""',
    comment(`from ${formatConfiguration(from)}`),
    ...answers.map(({ to }) => comment(`to   ${formatConfiguration(to)}`)),
    ...[...new Set(said)].map(comment),
    "import re",
    "",
    `BETAS = (${transfer.beta1}, ${transfer.beta2})`,
    "",
    "PATTERNS = [",
    ...PATTERNS.map(([pattern, kind]) => `    (r"${pattern}", "${kind}"),`),
    "]",
    "",
    "KINDS = [",
    ...answers.flatMap((answer, i) => kindLines(answer, layers[i])),
    "]",
    FUNCTIONS,
  ].join("\n").trimEnd();
}

function kindLines({ transfer }: Answer, layers: number[] | null): string[] {
  const multipliers = Object.entries(transfer.multipliers).map(([name, x]) => `"${name}": ${x}`);
  return [
    "    {",
    `        "layers": ${layers === null ? "None" : `{${layers.join(", ")}}`},`,
    `        "multipliers": {${multipliers.join(", ")}},`,
    '        "rows": {',
    ...transfer.rows.map((row) => {
      const gain = /[nN]orm$/.test(row.tensor);
      const cells = KNOBS.map((knob) =>
        `"${PYTHON[knob]}": ${gain && knob === "initStd" ? "None" : row[knob]}`
      );
      return `            "${row.tensor}": {${cells.join(", ")}},  # lr ${row.formulas.lr}`;
    }),
    "        },",
    "    },",
  ];
}
