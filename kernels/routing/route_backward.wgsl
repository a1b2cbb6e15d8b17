// Gradient of the router logits: task loss through the gates, balance loss, z-loss.
//   sigmoid: dw_j = (dgate_j - sum_k dgate_k gate_k) / sum of selected sigmoids
//            dlogit = (dw + (c_i - sum_k c_k share_k) / sum of all sigmoids) * s (1 - s)
//   RAW:     the first term is dgate_j s (1 - s): gates are sigmoids as they are
//   softmax: dlogit = gate (dgate - sum) over the selected + share (c - sum c share) over all
//   ALL:     gates are shares: dlogit = share (dgate - sum + c - sum c share), dgate = 0 elsewhere
//   c_i = balance * load_i * N/a / tokens, load_i = counts_i / tokens (no gradient through it);
//   z-loss: + z_coef * 2 * logsumexp * softmax_i / tokens
//   aux (layers, R, rows) vec4: aux[t] = (balance, z, 0, 0), this token's part of the two losses before their coefficients.
//   logits, dlogits (R, rows, n4) vec4; one lane per token. SPARSE: a slot may be empty (id NONE).
//   UNIFORM: gates are constants and nobody reads the logits: no gradient, no losses.

#if SPARSE
#include "none"
#end if SPARSE

@compute @workgroup_size(64)
fn route_backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.n4;
  #if UNIFORM
  for (var c = 0u; c < dims.n4; c++) { store_dlogits(at + c, vec4<f32>(0.0)); }
  store_aux(dims.aux_base + id.z * dims.rows + t, vec4<f32>(0.0));
  #else
  let slot = (id.z * dims.rows + t) * dims.per_token;
  let inv_tokens = 1.0 / f32(dims.tokens);
  let weight = f32(dims.experts) / f32(dims.picks) * inv_tokens * inv_tokens;
  var peak = -3e38;
  for (var e = 0u; e < dims.experts; e++) { peak = max(peak, load_logits(at + e / 4u)[e % 4u]); }
  // sums over all experts: exp for the z-loss, scores and weighted scores for the balance loss
  var exps = 0.0;
  var scores = 0.0;
  var weighted = 0.0;
  for (var e = 0u; e < dims.experts; e++) {
    let l = load_logits(at + e / 4u)[e % 4u];
    let x = exp(l - peak);
    let score = x;                       #if SOFTMAX
    let score = 1.0 / (1.0 + exp(-l));   #if !SOFTMAX
    exps += x;
    scores += score;
    weighted += f32(load_counts(id.z * dims.experts + e)) * weight * score;
  }
  let balance = weighted / scores;
  let lse = peak + log(exps);
  // sums over the selected
  var dots = 0.0;
  var selected = 0.0;
  for (var j = 0u; j < dims.per_token; j++) {
    let e = load_ids(slot + j);
    if (e == NONE) { continue; }   #if SPARSE
    dots = fma(load_dgate(slot + j), load_gate(slot + j), dots);
    selected += 1.0 / (1.0 + exp(-load_logits(at + e / 4u)[e % 4u]));
  }
  for (var c = 0u; c < dims.n4; c++) {
    let l = load_logits(at + c);
    var d = vec4<f32>(0.0);
    for (var j = 0u; j < dims.per_token; j++) {
      let hit = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(load_ids(slot + j));
      #if ALL || RAW
      let g = load_dgate(slot + j);
      #else
      let g = load_gate(slot + j) * (load_dgate(slot + j) - dots);   #if SOFTMAX
      let g = (load_dgate(slot + j) - dots) / selected;              #if !SOFTMAX
      #end if ALL || RAW
      d += select(vec4<f32>(0.0), vec4<f32>(g), hit);
    }
    let e0 = id.z * dims.experts + c * 4u;
    let load = vec4<f32>(vec4<u32>(load_counts(e0), load_counts(e0 + 1u), load_counts(e0 + 2u), load_counts(e0 + 3u)));
    let p = exp(l - peak);
    let push = dims.balance * (load * weight - balance);
    #if SOFTMAX
    d = (d - dots) * p / scores;   #if ALL
    d += push * p / scores;
    #else
    let s = 1.0 / (1.0 + exp(-l));
    d = (d + push / scores) * s * (1.0 - s);
    #end if SOFTMAX
    d += dims.z_coef * 2.0 * lse * inv_tokens * p / exps;
    let real = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(dims.experts);
    store_dlogits(at + c, select(vec4<f32>(0.0), d, real));
  }
  store_aux(dims.aux_base + id.z * dims.rows + t, vec4<f32>(balance, lse * lse * inv_tokens, 0.0, 0.0));
  #end if UNIFORM
}
