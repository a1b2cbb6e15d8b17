// m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,  w = w (1 - lr wd) - lr mhat / (sqrt(vhat) + eps)
//   with g scaled by the clip scale; lr = schedule[step] * lr of the tensor.
//   p, g, m, v (R, n4) vec4; hp (R, tensors) vec4 = (lr, wd, eps, 0); tensor_of: 16 vec4 a block;
//   betas (R) vec4 = (b1, 1-b1, b2, 1-b2); schedule (R, steps) vec4 = (lr factor, 1/(1-b1^t),
//   1/(1-b2^t), 0); state (R) u32: the step. A workgroup takes 64 * per_lane vec4 in a row, its
//   lanes side by side.

@compute @workgroup_size(64)
fn adamw(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let z = group.z;
  let b = load_betas(z);
  let now = load_schedule(z * dims.steps + load_state(z));
  let scale = load_clip(z).x;
  for (var k = 0u; k < dims.per_lane; k++) {
    let at = (group.x * dims.per_lane + k) * 64u + lane;
    if (at >= dims.n4) { return; }
    let i = z * dims.n4 + at;
    let hp = load_hp(z * dims.tensors + load_tensor_of(at / 16u));
    let g = load_g(i) * scale;
    let m = b.x * load_m(i) + b.y * g;
    let v = b.z * load_v(i) + b.w * g * g;
    let lr = hp.x * now.x;
    let w = load_p(i);
    store_p_out(i, w * (1.0 - lr * hp.y) - lr * (m * now.y) / (sqrt(v * now.z) + hp.z));
    store_m_out(i, m);
    store_v_out(i, v);
  }
}
