// dy = gate * dz,  dgate = sum of dz * y over the tokens of a sequence in ascending order
//   y, dz, dy (R, rows, d4) vec4; m, dm (R, m_rows, m4): a row for each sequence, gate d4 columns of
//   it. One lane per (sequence, vec4 column).

@compute @workgroup_size(64)
fn gated_add_backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let s = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (s >= dims.tokens / dims.seq) { return; }
  let m = (id.z * dims.m_rows + s) * dims.m4 + dims.gate + c;
  let gate = load_m(m);
  var sum = vec4<f32>(0.0);
  for (var t = 0u; t < dims.seq; t++) {
    let at = (id.z * dims.rows + s * dims.seq + t) * dims.d4 + c;
    let dz = load_dz(at);
    sum += dz * load_y(at);
    store_dy(at, gate * dz);
  }
  store_dm(m, sum);
}
