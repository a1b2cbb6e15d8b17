// z = r + gate * y
//   r, y, z (R, rows, d4) vec4; m (R, m_rows, m4): a row for each sequence, gate d4 columns of it.
//   One lane per (token, vec4 column).

@compute @workgroup_size(64)
fn gated_add(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.d4 + c;
  let gate = load_m((id.z * dims.m_rows + t / dims.seq) * dims.m4 + dims.gate + c);
  store_z(at, load_r(at) + gate * load_y(at));
}
