// dshift = sum of dy,  dscale = sum of dy * x * rstd, over the tokens of a sequence in ascending order
//   dy, x (R, rows, d4) vec4, rstd (R, rows); dm (R, m_rows, m4): a row for each sequence, of which
//   the columns of shift and scale are written. One lane per (sequence, vec4 column).

@compute @workgroup_size(64)
fn modulation_sums(@builtin(global_invocation_id) id: vec3<u32>) {
  let s = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (s >= dims.tokens / dims.seq) { return; }
  var shift = vec4<f32>(0.0);
  var scale = vec4<f32>(0.0);
  for (var t = 0u; t < dims.seq; t++) {
    let row = id.z * dims.rows + s * dims.seq + t;
    let dy = load_dy(row * dims.d4 + c);
    shift += dy;
    scale += dy * load_x(row * dims.d4 + c) * load_rstd(row);
  }
  let m = (id.z * dims.m_rows + s) * dims.m4 + c;
  store_dm(m + dims.shift, shift);
  store_dm(m + dims.scale, scale);
}
