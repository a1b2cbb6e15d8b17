// bits[block, e]: which of 32 consecutive tokens selected expert e (the mask, transposed)
//   mask (R, rows32, words), bits (R, blocks, experts). One lane per (block, expert).

@compute @workgroup_size(64)
fn ballot(@builtin(global_invocation_id) id: vec3<u32>) {
  let block = lane_of(id) / dims.experts;
  let e = lane_of(id) % dims.experts;
  if (block >= dims.blocks) { return; }
  let words = (dims.experts + 31u) / 32u;
  let at = (id.z * dims.blocks + block) * 32u * words + e / 32u;
  var word = 0u;
  // tokens past the last have no mask
  let count = min(32u, dims.tokens - block * 32u);
  for (var i = 0u; i < count; i++) {
    word |= ((load_mask(at + i * words) >> (e & 31u)) & 1u) << i;
  }
  store_bits((id.z * dims.blocks + block) * dims.experts + e, word);
}
