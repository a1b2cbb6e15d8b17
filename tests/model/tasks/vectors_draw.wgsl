// a[t] = a vector drawn per (seed, step, t), y[t] = 2 mean of its sequence's a + a[t].yzwx / 2
//   vectors: P vec4; seeds, state (R) u32; a, y (R, rows) vec4. The target needs the whole sequence, what
//   stands before a token and after it.
//   EVALUATE: vector first + (step * tokens + t) % range, the same for every replica.
//   Generator: pcg3d (Jarzynski & Olano 2020, JCGT 9(3)). One lane per token; the mean adds in order.

#include "pcg3d"

@compute @workgroup_size(64)
fn vectors_draw(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let step = load_state(id.z);
  let t0 = t - t % dims.seq;
  var sum = vec4<f32>(0.0);
  var mine = vec4<f32>(0.0);
  for (var i = 0u; i < dims.seq; i++) {
    let at = dims.first + (step * dims.tokens + t0 + i) % dims.range;   #if EVALUATE
    let at = pcg3d(vec3<u32>(load_seeds(id.z), step, t0 + i)).x % dims.range;   #if !EVALUATE
    let v = load_vectors(at);
    sum += v;
    if (t0 + i == t) { mine = v; }
  }
  store_a(id.z * dims.rows + t, mine);
  store_y(id.z * dims.rows + t, 2.0 * sum / f32(dims.seq) + 0.5 * mine.yzwx);
}
