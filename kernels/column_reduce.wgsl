// g[c] = sum over chunks of partial[chunk, c], chunks ascending. One lane per vec4 column.

@compute @workgroup_size(8)
fn column_reduce(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  if (c >= dims.d4) { return; }
  var sum = vec4<f32>(0.0);
  for (var chunk = 0u; chunk < dims.chunks; chunk++) {
    sum += load_partial((id.z * dims.chunks + chunk) * dims.d4 + c);
  }
  store_g(id.z * dims.g_replica + dims.g_base + c, sum);
}
