// dz_out = dz_in + rstd * (gain*dy - xhat * mean(gain*dy*xhat)),  xhat = x * rstd
// rms_norm_backward.wgsl for GPUs
//   all (R, rows, d4) vec4; rstd (R, rows). One workgroup of LANES per row, rows folded into the
//   grid's x and y. A lane sums columns lane, lane + LANES, … ascending, then the lanes' sums meet
//   in a tree (tree.wgsl, tree_subgroups.wgsl). Without FIRST, dz_in is added.
//   MODULATED as there.

#include "tree"

#include "modulated_gain"

@compute @workgroup_size(${LANES})
fn rms_norm_backward_tree(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let t = group.y * ${FOLD}u + group.x;
  if (t >= dims.tokens) { return; }            // the whole workgroup
  let at = (group.z * dims.rows + t) * dims.d4;
  let gain = group.z * dims.p_replica + dims.gain_base;                                    #if !MODULATED
  let gain = (group.z * dims.m_rows + t / dims.seq) * dims.m4 + dims.scale;               #if MODULATED
  let rstd = load_rstd(group.z * dims.rows + t);
  var dots = vec4<f32>(0.0);
  for (var c = lane; c < dims.d4; c += ${LANES}u) {
    dots = fma(load_dy(at + c) * load_x(at + c) * rstd, load_p(gain + c), dots);
  }
  let mean = tree_sum(lane, dots.x + dots.y + dots.z + dots.w) * dims.inv_d;
  for (var c = lane; c < dims.d4; c += ${LANES}u) {
    let dx = rstd * (load_p(gain + c) * load_dy(at + c) - load_x(at + c) * rstd * mean);
    store_dz(at + c, dx);                        #if FIRST
    store_dz(at + c, load_dz_in(at + c) + dx);   #if !FIRST
  }
}
