// m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,  w = w (1 - lr wd) - lr mhat / (sqrt(vhat) + eps)
//   with g scaled by the clip scale; lr = lr factor of this step * lr of the tensor.
//   p, g, m, v (R, n4) vec4. rates, vec4, one after the other: (R) (scale, norm, 0, 0); (R) (lr factor,
//   1/(1-b1^t), 1/(1-b2^t), 0); (R) (b1, 1-b1, b2, 1-b2); (R, tensors) (lr, wd, eps, 0); then which
//   tensor 16 vec4 are of, four such blocks a vec4. They are one tensor so that a shader binds no more
//   than every adapter can. A workgroup takes 64 * per_lane vec4 in a row, its lanes side by side.

@compute @workgroup_size(64)
fn adamw(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let z = group.z;
  let scale = load_rates(z).x;
  let now = load_rates(dims.replicas + z);
  let b = load_rates(2u * dims.replicas + z);
  let rows = 3u * dims.replicas;
  let blocks = rows + dims.replicas * dims.tensors;
  for (var k = 0u; k < dims.per_lane; k++) {
    let at = (group.x * dims.per_lane + k) * 64u + lane;
    if (at >= dims.n4) { return; }
    let i = z * dims.n4 + at;
    let tensor = u32(load_rates(blocks + at / 64u)[(at / 16u) & 3u]);
    let hp = load_rates(rows + z * dims.tensors + tensor);
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
