// tokens, targets = `seq` bytes of the corpus from a start drawn per (seed, step, row), and the next
//   corpus: bytes, 4 a u32, little end first; seeds, state (R) u32; tokens, targets (R, rows) u32.
//   EVALUATE: start = first + (step * sequences + row) * spacing, the same for every replica.
//   Generator: pcg3d, a permutation of three counters (Jarzynski & Olano 2020, JCGT 9(3)); the
//   remainder's bias is below range / 2^32. One lane per token.

fn pcg3d(seed: vec3<u32>) -> vec3<u32> {
  var v = seed * 1664525u + 1013904223u;
  v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
  v ^= v >> vec3<u32>(16u);
  v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
  return v;
}

fn byte(at: u32) -> u32 { return (load_corpus(at / 4u) >> (8u * (at & 3u))) & 255u; }

@compute @workgroup_size(64)
fn draw_batch(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let row = t / dims.seq;
  let step = load_state(id.z);
#if EVALUATE
  let start = dims.first + (step * (dims.tokens / dims.seq) + row) * dims.spacing;
#else
  let start = dims.first + pcg3d(vec3<u32>(load_seeds(id.z), step, row)).x % dims.range;
#end
  let at = start + t % dims.seq;
  store_tokens(id.z * dims.rows + t, byte(at));
  store_targets(id.z * dims.rows + t, byte(at + 1u));
}
