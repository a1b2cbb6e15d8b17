// Positions of each vocabulary entry in the batch, ascending: order[first[v] .. first[v + 1]].
//   tokens (R, rows) u32, first (R, vocab + 1) u32, order (R, rows) u32. One lane per 4 entries v, so
//   that a token is read for four; entry vocab writes only the end. Makes the embedding gradient a
//   sum in a fixed order.

@compute @workgroup_size(8)
fn token_index(@builtin(global_invocation_id) id: vec3<u32>) {
  let v0 = lane_of(id) * 4u;
  if (v0 > dims.vocab) { return; }
  let v = vec4<u32>(v0) + vec4<u32>(0u, 1u, 2u, 3u);
  let t0 = id.z * dims.rows;
  // how many tokens come before: all smaller entries
  var at = vec4<u32>(0u);
  for (var t = 0u; t < dims.tokens; t++) {
    at += select(vec4<u32>(0u), vec4<u32>(1u), vec4<u32>(load_tokens(t0 + t)) < v);
  }
  #for i in 0..4
  if (v0 + ${i}u <= dims.vocab) { store_first(id.z * (dims.vocab + 1u) + v0 + ${i}u, at[${i}]); }
  #end for i
  // 32 tokens at a time as bits, since a store costs as much where no lane stores
  for (var block = 0u; block < dims.tokens; block += 32u) {
    let count = min(32u, dims.tokens - block);
    var bits = vec4<u32>(0u);
    for (var t = 0u; t < count; t++) {
      bits |= select(vec4<u32>(0u), vec4<u32>(1u << t), vec4<u32>(load_tokens(t0 + block + t)) == v);
    }
    #for i in 0..4
    while (bits[${i}] != 0u) {
      store_order(t0 + at[${i}], block + firstTrailingBit(bits[${i}]));
      bits[${i}] &= bits[${i}] - 1u;
      at[${i}]++;
    }
    #end for i
  }
}
