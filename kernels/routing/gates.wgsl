// Gates of experts that were picked by something else than the largest logits; see route.wgsl for
// the four kinds. An empty slot has gate 0.
//   logits (R, rows, n4) vec4, ids, gate (R, rows*per_token). One lane per token.

#include "none"

#include "logit"

@compute @workgroup_size(64)
fn gates(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.n4;
  let slot = (id.z * dims.rows + t) * dims.per_token;
  var peak = -3e38;
  var sum = 0.0;
  #if ALL
  for (var e = 0u; e < dims.experts; e++) { peak = max(peak, logit(at, e)); }
  for (var e = 0u; e < dims.experts; e++) { sum += exp(logit(at, e) - peak); }
  #else
  for (var j = 0u; j < dims.per_token; j++) {
    let e = load_ids(slot + j);
    if (e != NONE) { peak = max(peak, logit(at, e)); }
  }
  for (var j = 0u; j < dims.per_token; j++) {
    let e = load_ids(slot + j);
    if (e == NONE) { continue; }
    sum += exp(logit(at, e) - peak);           #if SOFTMAX
    sum += 1.0 / (1.0 + exp(-logit(at, e)));   #if !SOFTMAX
  }
  #end if ALL
  sum = 1.0;   #if RAW
  for (var j = 0u; j < dims.per_token; j++) {
    let e = load_ids(slot + j);
    var w = 0.0;
    if (e != NONE) {
      w = exp(logit(at, e) - peak) / sum;           #if SOFTMAX
      w = 1.0 / (1.0 + exp(-logit(at, e))) / sum;   #if !SOFTMAX
    }
    store_gate(slot + j, w);
  }
}
