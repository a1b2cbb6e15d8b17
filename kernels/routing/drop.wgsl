// Keeps the first `capacity` picks of every expert, in token order.
//   bits, kept (R, blocks, experts): see ballot.wgsl; counts (R, experts): picks before dropping.
//   One lane per expert.

@compute @workgroup_size(64)
fn drop(@builtin(global_invocation_id) id: vec3<u32>) {
  let e = lane_of(id);
  if (e >= dims.experts) { return; }
  var count = 0u;
  for (var block = 0u; block < dims.blocks; block++) {
    let at = (id.z * dims.blocks + block) * dims.experts + e;
    var word = load_bits(at);
    let mine = countOneBits(word);
    let room = dims.capacity - min(count, dims.capacity);
    // the highest bit is the latest token
    for (var left = mine; left > room; left--) { word ^= 1u << firstLeadingBit(word); }
    store_kept(at, word);
    count += mine;
  }
  store_counts(id.z * dims.experts + e, count);
}
