// partial[chunk, c] = sum over the chunk's rows of x[row, c], rows ascending
//   row r lies at (r / inner) * outer_stride + (r mod inner) * inner_stride: heads of a token are
//   rows too. One lane per (chunk, vec4 column); chunk_rows rows each.

@compute @workgroup_size(64)
fn column_sum(@builtin(global_invocation_id) id: vec3<u32>) {
  let chunk = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (chunk >= dims.chunks) { return; }
  let last = min((chunk + 1u) * dims.chunk_rows, dims.rows);
  let x0 = id.z * dims.x_replica + dims.x_base + c;
  var sum = vec4<f32>(0.0);
  for (var r = chunk * dims.chunk_rows; r < last; r++) {
    sum += load_x(x0 + (r / dims.inner) * dims.outer_stride + (r % dims.inner) * dims.inner_stride);
  }
  store_partial((id.z * dims.chunks + chunk) * dims.d4 + c, sum);
}
