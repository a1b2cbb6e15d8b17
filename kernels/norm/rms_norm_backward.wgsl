// dz_out = dz_in + rstd * (gain*dy - xhat * mean(gain*dy*xhat)),  xhat = x * rstd
//   all (R, rows, d4) vec4; rstd (R, rows). One lane per row. Without FIRST, dz_in is added.
//   MODULATED: the gain is 1 + scale, d4 columns of m (R, m_rows, m4), a row for each sequence.

#include "modulated_gain"

@compute @workgroup_size(64)
fn rms_norm_backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.d4;
  let gain = id.z * dims.p_replica + dims.gain_base;                                    #if !MODULATED
  let gain = (id.z * dims.m_rows + t / dims.seq) * dims.m4 + dims.scale;               #if MODULATED
  let rstd = load_rstd(id.z * dims.rows + t);
  var dots = vec4<f32>(0.0);
  for (var c = 0u; c < dims.d4; c++) {
    dots = fma(load_dy(at + c) * load_x(at + c) * rstd, load_p(gain + c), dots);
  }
  let mean = (dots.x + dots.y + dots.z + dots.w) * dims.inv_d;
  for (var c = 0u; c < dims.d4; c++) {
    let dx = rstd * (load_p(gain + c) * load_dy(at + c) - load_x(at + c) * rstd * mean);
    store_dz(at + c, dx);                        #if FIRST
    store_dz(at + c, load_dz_in(at + c) + dx);   #if !FIRST
  }
}
