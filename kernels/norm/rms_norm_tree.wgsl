// y = x * rstd * gain,  rstd = 1 / sqrt(mean(x^2) + 1e-5): rms_norm.wgsl for GPUs
// MODULATED: y = x * rstd * (1 + scale) + shift, m as there
//   x, y (R, rows, d4) vec4, rstd (R, rows), p: parameters holding the gain. One workgroup of LANES
//   per row, rows folded into the grid's x and y. A lane sums columns lane, lane + LANES, …
//   ascending, then the lanes' sums meet in a tree (tree.wgsl, tree_subgroups.wgsl).

#include "tree"

@compute @workgroup_size(${LANES})
fn rms_norm_tree(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let t = group.y * ${FOLD}u + group.x;
  if (t >= dims.tokens) { return; }            // the whole workgroup
  let at = (group.z * dims.rows + t) * dims.d4;
  var squares = vec4<f32>(0.0);
  for (var c = lane; c < dims.d4; c += ${LANES}u) {
    let x = load_x(at + c);
    squares = fma(x, x, squares);
  }
  let sum = tree_sum(lane, squares.x + squares.y + squares.z + squares.w);
  let rstd = 1.0 / sqrt(sum * dims.inv_d + 1e-5);
  let gain = group.z * dims.p_replica + dims.gain_base;                  #if !MODULATED
  let m = (group.z * dims.m_rows + t / dims.seq) * dims.m4;              #if MODULATED
  for (var c = lane; c < dims.d4; c += ${LANES}u) {
    store_y(at + c, load_x(at + c) * rstd * load_p(gain + c));           #if !MODULATED
    store_y(at + c, load_x(at + c) * rstd * (1.0 + load_m(m + dims.scale + c)) + load_m(m + dims.shift + c));   #if MODULATED
  }
  if (lane == 0u) { store_rstd(group.z * dims.rows + t, rstd); }
}
