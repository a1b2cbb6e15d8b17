// y = x * rstd * gain,  rstd = 1 / sqrt(mean(x^2) + 1e-5)
//   x, y (R, rows, d4) vec4, rstd (R, rows), p: parameters holding the gain. One lane per row;
//   sums ascend over columns. Padded columns are zero and do not count in the mean (inv_d = 1/d).

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
  let gain = id.z * dims.p_replica + dims.gain_base;
  for (var c = 0u; c < dims.d4; c++) {
    store_y(at + c, load_x(at + c) * rstd * load_p(gain + c));
  }
  store_rstd(id.z * dims.rows + t, rstd);
}
