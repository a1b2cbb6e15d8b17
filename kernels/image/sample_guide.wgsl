// k = v, or (GUIDED) k = none + guidance (v - none): towards what the class adds to a velocity, and past it
//   v: velocities by class, none: those of no class, k: (R, rows, p4) vec4. One lane per (patch, vec4).
//   Source: classifier-free guidance, arXiv 2207.12598.

@compute @workgroup_size(64)
fn sample_guide(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = lane_of(id);
  if (number >= dims.tokens * dims.p4) { return; }
  let at = id.z * dims.rows * dims.p4 + number;
  let v = load_v(at);
  let none = load_none(at);                              #if GUIDED
  store_k(at, none + dims.guidance * (v - none));        #if GUIDED
  store_k(at, v);                                        #if !GUIDED
}
