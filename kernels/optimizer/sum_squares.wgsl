// partial[chunk] = sum of g^2 over `chunk` consecutive vec4 of the gradient. One lane per chunk.

@compute @workgroup_size(64)
fn sum_squares(@builtin(global_invocation_id) id: vec3<u32>) {
  if (lane_of(id) >= dims.chunks) { return; }
  let first = lane_of(id) * dims.chunk;
  let last = min(first + dims.chunk, dims.n4);
  var sum = vec4<f32>(0.0);
  for (var i = first; i < last; i++) {
    let g = load_g(id.z * dims.n4 + i);
    sum = fma(g, g, sum);
  }
  store_partial(id.z * dims.chunks + lane_of(id), sum.x + sum.y + sum.z + sum.w);
}
