// loss[t] = logsumexp(l) - l[target],  dlogits = (softmax(l) - onehot(target)) / tokens * multiplier:
// cross_entropy.wgsl for GPUs
//   logits (R, rows, v4) vec4, targets (R, rows) u32. One workgroup of LANES per row, rows folded
//   into the grid's x and y. A lane goes over columns lane, lane + LANES, … ascending, then the
//   lanes' results meet in a tree (tree.wgsl, tree_subgroups.wgsl). Padded columns get 0.

#include "tree"

@compute @workgroup_size(${LANES})
fn cross_entropy_tree(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let t = group.y * ${FOLD}u + group.x;
  if (t >= dims.tokens) { return; }            // the whole workgroup
  let row = group.z * dims.rows + t;
  let at = row * dims.v4;
  let target_id = load_targets(row);
  var top = vec4<f32>(-3e38);
  for (var c = lane; c < dims.v4; c += ${LANES}u) {
    let real = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(dims.vocab);
    top = max(top, select(vec4<f32>(-3e38), load_logits(at + c), real));
  }
  let peak = tree_max(lane, max(max(top.x, top.y), max(top.z, top.w)));
  var sums = vec4<f32>(0.0);
  for (var c = lane; c < dims.v4; c += ${LANES}u) {
    let real = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(dims.vocab);
    sums += select(vec4<f32>(0.0), exp(load_logits(at + c) - peak), real);
  }
  let sum = tree_sum(lane, sums.x + sums.y + sums.z + sums.w);
  if (lane == 0u) {
    let chosen = load_logits(at + target_id / 4u);
    store_loss(row, peak + log(sum) - chosen[target_id % 4u]);
  }
  #if GRADIENT
  let scale = load_scales(group.z * dims.scale_stride + dims.scale_slot) * dims.inv_tokens;
  for (var c = lane; c < dims.v4; c += ${LANES}u) {
    let column = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let p = exp(load_logits(at + c) - peak) / sum;
    let d = p - select(vec4<f32>(0.0), vec4<f32>(1.0), column == vec4<u32>(target_id));
    store_dlogits(at + c, select(vec4<f32>(0.0), d * scale, column < vec4<u32>(dims.vocab)));
  }
  #end if GRADIENT
}
