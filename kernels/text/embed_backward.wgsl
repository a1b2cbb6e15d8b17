// dembed[v] = sum of dx[t] over the positions t that hold v, in ascending order
//   first, order: see token_index.wgsl. One lane per (entry, vec4 column); every entry is written.

@compute @workgroup_size(64)
fn embed_backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let v = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (v >= dims.vocab) { return; }
  let f0 = id.z * (dims.vocab + 1u) + v;
  let last = load_first(f0 + 1u);
  var sum = vec4<f32>(0.0);
  for (var i = load_first(f0); i < last; i++) {
    let t = load_order(id.z * dims.rows + i);
    sum += load_dx((id.z * dims.rows + t) * dims.d4 + c);
  }
  store_g(id.z * dims.p_replica + dims.embed_base + v * dims.d4 + c, sum);
}
