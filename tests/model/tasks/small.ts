/** Sizes of models small enough for finite differences, with odd ones among them. */
export const SMALL = {
  width: 20,
  depth: 2,
  headWidth: 10,
  ffn: { kind: "dense", hidden: 13 },
} as const;

/** The FFN of an MoE model beside it. */
export const SMALL_MOE = {
  kind: "moe",
  experts: 5,
  active: 2,
  expertWidth: 7,
  shared: 1,
  groups: 1,
  gate: "sigmoid",
} as const;
