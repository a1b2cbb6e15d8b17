// x[t] = embed[token[t]]
//   tokens (R, rows) u32, p: parameters, x (R, rows, d4) vec4. One lane per (token, vec4 column).

@compute @workgroup_size(64)
fn embed(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (t >= dims.tokens) { return; }
  let token = load_tokens(id.z * dims.rows + t);
  store_x((id.z * dims.rows + t) * dims.d4 + c,
    load_p(id.z * dims.p_replica + dims.embed_base + token * dims.d4 + c));
}
