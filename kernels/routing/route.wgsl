// Selects the `ACTIVE` largest logits of a token, ACTIVE/GROUPS in each group of consecutive
// experts, ties to the lower index, and gives each its gate.
//   logits (R, rows, n4) vec4, ids, gate (R, rows*ACTIVE), mask (R, rows32, words): a bit per expert.
//   gate = sigmoid / sum of the selected's sigmoids; RAW: sigmoid;
//   SOFTMAX: softmax of the selected logits; SOFTMAX && ALL: softmax of all logits.
//   One lane per token. A pick is the largest entry after the last one in (value, -index) order.

#include "logit"

@compute @workgroup_size(64)
fn route(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.n4;
  let slot = (id.z * dims.rows + t) * ${ACTIVE}u;
  let words = (dims.experts + 31u) / 32u;
  let mask = (id.z * dims.rows32 + t) * words;
  var word = 0u;
  var peak = 0.0;
  var sum = 0.0;
  #for g in 0..GROUPS
  let first${g} = ${g}u * dims.experts / ${GROUPS}u;
  let end${g} = ${g + 1}u * dims.experts / ${GROUPS}u;
  var value${g} = 3e38;
  var index${g} = first${g};
  #for j in 0..ACTIVE / GROUPS
  var best${g}_${j} = -3.1e38;
  var pick${g}_${j} = first${g};
  for (var e = first${g}; e < end${g}; e++) {
    let l = logit(at, e);
    let after = l < value${g} || (l == value${g} && e > index${g});
    if (after && l > best${g}_${j}) {
      best${g}_${j} = l;
      pick${g}_${j} = e;
    }
  }
  value${g} = best${g}_${j};
  index${g} = pick${g}_${j};
  #end for j
  // everything up to the last pick is selected
  for (var e = first${g}; e < end${g}; e++) {
    let l = logit(at, e);
    if (l > value${g} || (l == value${g} && e <= index${g})) { word |= 1u << (e & 31u); }
    if ((e & 31u) == 31u || e + 1u == dims.experts) {
      store_mask(mask + e / 32u, word);
      word = 0u;
    }
  }
  #end for g
  #if SOFTMAX
  peak = best0_0;
  peak = max(peak, best${g}_0);   #for g in 1..GROUPS
  #end if SOFTMAX
  #for g in 0..GROUPS, j in 0..ACTIVE / GROUPS
  let w${g}_${j} = exp(best${g}_${j} - peak);           #if SOFTMAX
  let w${g}_${j} = 1.0 / (1.0 + exp(-best${g}_${j}));   #if !SOFTMAX
  sum += w${g}_${j};                                    #if !ALL && !RAW
  #end for g
  for (var e = 0u; e < dims.experts; e++) { sum += exp(logit(at, e) - peak); }   #if ALL
  sum = 1.0;                                                                     #if RAW
  #for g in 0..GROUPS, j in 0..ACTIVE / GROUPS
  store_ids(slot + ${g * (ACTIVE / GROUPS) + j}u, pick${g}_${j});
  store_gate(slot + ${g * (ACTIVE / GROUPS) + j}u, w${g}_${j} / sum);
  #end for g
}
