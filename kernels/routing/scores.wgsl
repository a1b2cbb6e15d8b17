// What experts are picked by: score = sigmoid(logit), or the softmax of all logits (SOFTMAX), plus
// the expert's bias (BIAS).
//   logits, scores (R, rows, n4) vec4, bias (R, experts). One lane per token; columns past the last
//   expert hold anything.

#include "logit"

@compute @workgroup_size(64)
fn scores(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.n4;
  #if SOFTMAX
  var peak = -3e38;
  for (var e = 0u; e < dims.experts; e++) { peak = max(peak, logit(at, e)); }
  var sum = 0.0;
  for (var e = 0u; e < dims.experts; e++) { sum += exp(logit(at, e) - peak); }
  #end if SOFTMAX
  for (var c = 0u; c < dims.n4; c++) {
    var score = vec4<f32>(0.0);
    for (var i = 0u; i < min(4u, dims.experts - c * 4u); i++) {
      let e = c * 4u + i;
      var s = exp(logit(at, e) - peak) / sum;     #if SOFTMAX
      var s = 1.0 / (1.0 + exp(-logit(at, e)));   #if !SOFTMAX
      s += load_bias(id.z * dims.experts + e);    #if BIAS
      score[i] = s;
    }
    store_scores(at + c, score);
  }
}
