// partial[chunk, c] = sum over the chunk's rows of what the gain's gradient is the sum of, rows
// ascending: dy * x * rstd (NORM), or x where the product was stored (column_reduce.wgsl adds the chunks)
//   dy, x (R, rows, width4) vec4, rstd (R, rows). One lane per (chunk, vec4 column).

@compute @workgroup_size(64)
fn gain_sum(@builtin(global_invocation_id) id: vec3<u32>) {
  let chunk = lane_of(id) / dims.width4;
  let c = lane_of(id) % dims.width4;
  if (chunk >= dims.chunks) { return; }
  let first = chunk * dims.chunk_rows;
  let last = min(first + dims.chunk_rows, dims.tokens);
  let row0 = id.z * dims.rows;
  var sum = vec4<f32>(0.0);
  for (var r = first; r < last; r++) {
    let at = (row0 + r) * dims.width4 + c;
    sum += load_dy(at) * load_x(at) * load_rstd(row0 + r);   #if NORM
    sum += load_x(at);                                       #if !NORM
  }
  store_partial(id.z * dims.partial_replica + dims.partial_base + chunk * dims.width4 + c, sum);
}
