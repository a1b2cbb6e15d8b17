// g[target] = sum over heads, in each over chunks, of the partial sums of one column: every gain at once
//   table: 5 u32 a column = first partial, vec4 between chunks, heads, vec4 between heads, target.
//   partial (R, partial_replica) vec4, g (R, g_replica) vec4. One lane per column.

@compute @workgroup_size(8)
fn column_reduce(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= dims.columns) { return; }
  let row = id.x * 5u;
  let base = id.z * dims.partial_replica + load_table(row);
  let heads = load_table(row + 2u);
  var sum = vec4<f32>(0.0);
  for (var head = 0u; head < heads; head++) {
    let at = base + head * load_table(row + 3u);
    for (var chunk = 0u; chunk < dims.chunks; chunk++) {
      sum += load_partial(at + chunk * load_table(row + 1u));
    }
  }
  store_g(id.z * dims.g_replica + load_table(row + 4u), sum);
}
