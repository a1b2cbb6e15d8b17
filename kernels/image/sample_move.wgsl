// y = x, x + h k1 or x + h (k1 + k2) / 2 by SLOPES = 0, 1, 2, with h = times[step + 1] - times[step]
//   x, k1, k2, y (R, rows, p4) vec4, times (steps + 1) f32, state (R) u32: the step; LAST: next = step + 1.
//   Euler's step has one slope; Heun's has two, the second taken at x + h k1. One lane per (patch, vec4).

@compute @workgroup_size(64)
fn sample_move(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = lane_of(id);
  if (number >= dims.tokens * dims.p4) { return; }
  let at = id.z * dims.rows * dims.p4 + number;
  let step = load_state(id.z);
  let h = load_times(step + 1u) - load_times(step);                            #if SLOPES
  store_y(at, load_x(at));                                                     #if SLOPES == 0
  store_y(at, fma(vec4<f32>(h), load_k1(at), load_x(at)));                     #if SLOPES == 1
  store_y(at, fma(vec4<f32>(0.5 * h), load_k1(at) + load_k2(at), load_x(at))); #if SLOPES == 2
  if (number == 0u) { store_next(id.z, step + 1u); }                           #if LAST
}
