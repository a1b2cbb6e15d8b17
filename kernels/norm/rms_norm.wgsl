// y = x * rstd * gain,  rstd = 1 / sqrt(mean(x^2) + 1e-5)
// MODULATED: y = x * rstd * (1 + scale) + shift
//   x, y (R, rows, d4) vec4, rstd (R, rows), p: parameters holding the gain. One lane per row;
//   sums ascend over columns. Padded columns are zero and do not count in the mean (inv_d = 1/d).
//   m (R, m_rows, m4): a row for each sequence, shift and scale d4 columns of it.

@compute @workgroup_size(64)
fn rms_norm(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.d4;
  var squares = vec4<f32>(0.0);
  for (var c = 0u; c < dims.d4; c++) {
    let x = load_x(at + c);
    squares = fma(x, x, squares);
  }
  let rstd = 1.0 / sqrt((squares.x + squares.y + squares.z + squares.w) * dims.inv_d + 1e-5);
  let gain = id.z * dims.p_replica + dims.gain_base;                     #if !MODULATED
  let m = (id.z * dims.m_rows + t / dims.seq) * dims.m4;                 #if MODULATED
  for (var c = 0u; c < dims.d4; c++) {
    store_y(at + c, load_x(at + c) * rstd * load_p(gain + c));           #if !MODULATED
    store_y(at + c, load_x(at + c) * rstd * (1.0 + load_m(m + dims.scale + c)) + load_m(m + dims.shift + c));   #if MODULATED
  }
  store_rstd(id.z * dims.rows + t, rstd);
}
