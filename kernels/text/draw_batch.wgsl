// tokens, targets = `seq` bytes of the corpus from a start drawn per (seed, step, row), and the next
//   corpus: bytes, 4 a u32, little end first; seeds, state (R) u32; tokens, targets (R, rows) u32.
//   EVALUATE: start = first + (step * sequences + row) * spacing, the same for every replica.
//   Generator: pcg3d.wgsl; the remainder's bias is below range / 2^32. One lane per token.

#include "pcg3d"

#include "byte"

@compute @workgroup_size(64)
fn draw_batch(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let row = t / dims.seq;
  let step = load_state(id.z);
  let start = dims.first + (step * (dims.tokens / dims.seq) + row) * dims.spacing;         #if EVALUATE
  let start = dims.first + pcg3d(vec3<u32>(load_seeds(id.z), step, row)).x % dims.range;   #if !EVALUATE
  let at = start + t % dims.seq;
  store_tokens(id.z * dims.rows + t, byte(at));
  store_targets(id.z * dims.rows + t, byte(at + 1u));
}
