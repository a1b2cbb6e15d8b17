// stats = (entropy of the gates, largest |logit|, dropped picks, tokens no expert serves) of a block.
//   entropy: sum over tokens of -sum q ln q, q = a token's gates over their sum; 0 without a gate.
//   logits (R, rows, n4) vec4; ids, gate, place (R, rows*per_token); stats (R) vec4.
//   One workgroup per replica; lane i adds tokens i, i + 64, …; then a tree.

#include "none"
var<workgroup> parts: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn router_stats(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  var mine = vec4<f32>(0.0);
  for (var t = lane; t < dims.tokens; t += 64u) {
    let row = group.z * dims.rows + t;
    for (var e = 0u; e < dims.experts; e++) {
      mine.y = max(mine.y, abs(load_logits(row * dims.n4 + e / 4u)[e % 4u]));
    }
    var sum = 0.0;
    var terms = 0.0;
    var served = 0u;
    for (var j = 0u; j < dims.per_token; j++) {
      let slot = row * dims.per_token + j;
      if (load_ids(slot) == NONE) { continue; }
      let g = load_gate(slot);
      sum += g;
      if (g > 0.0) { terms += g * log(g); }
      if (load_place(slot) == NONE) { mine.z += 1.0; } else { served++; }
    }
    if (sum > 0.0) { mine.x += log(sum) - terms / sum; }
    if (served == 0u) { mine.w += 1.0; }
  }
  parts[lane] = mine;
  for (var half = 32u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      let a = parts[lane];
      let b = parts[lane + half];
      parts[lane] = vec4<f32>(a.x + b.x, max(a.y, b.y), a.z + b.z, a.w + b.w);
    }
  }
  if (lane == 0u) { store_stats(group.z, parts[0]); }
}
