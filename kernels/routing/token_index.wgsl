// Positions of each vocabulary entry in the batch, ascending: order[first[v] .. first[v + 1]].
//   tokens (R, rows) u32, first (R, vocab + 1) u32, order (R, rows) u32. One lane per entry v;
//   entry vocab writes only the end. Makes the embedding gradient a sum in a fixed order.

@compute @workgroup_size(16)
fn token_index(@builtin(global_invocation_id) id: vec3<u32>) {
  let v = lane_of(id);
  if (v > dims.vocab) { return; }
  let t0 = id.z * dims.rows;
  // how many tokens come before: all smaller entries
  var at = 0u;
  for (var t = 0u; t < dims.tokens; t++) {
    at += select(0u, 1u, load_tokens(t0 + t) < v);
  }
  store_first(id.z * (dims.vocab + 1u) + v, at);
  for (var t = 0u; t < dims.tokens; t++) {
    if (load_tokens(t0 + t) == v) {
      store_order(t0 + at, t);
      at++;
    }
  }
}
