// Gradient of qk_norm_rope.wgsl: dqk -> dqkv (its q and k parts) and product = dy * xhat, whose
// sums over tokens and heads are the gains' gradients.
//   dqk, product (R, rows, 2*hd4), qkv, dqkv (R, rows, 3*hd4). One lane per (token, q or k, head).

@compute @workgroup_size(64)
fn qk_norm_rope_backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id) / (2u * dims.heads);
  let part = lane_of(id) % (2u * dims.heads);
  if (t >= dims.tokens) { return; }
  let x_at = (id.z * dims.rows + t) * 3u * dims.hd4 + part * ${DV}u;
  let y_at = (id.z * dims.rows + t) * 2u * dims.hd4 + part * ${DV}u;
  let gain_at = id.z * dims.p_replica + select(dims.knorm_base, dims.qnorm_base, part < dims.heads);
  let table = (t % dims.seq) * ${2 * RV}u;
  #for v in 0..DV
  let x${v} = load_qkv(x_at + ${v}u);
  let d${v} = load_dqk(y_at + ${v}u);
  #end for v
  var squares = vec4<f32>(0.0);
  squares = fma(x${v}, x${v}, squares);   #for v in 0..DV
  let rstd = 1.0 / sqrt((squares.x + squares.y + squares.z + squares.w) / ${DH}.0 + 1e-5);
  #for v in 0..RV
  let cos${v} = load_rope(table + ${v}u);
  let sin${v} = load_rope(table + ${RV + v}u);
  #end for v
  // rotate back
  var dy${v} = vec4<f32>(0.0);   #for v in 0..DV
  #for i in 0..DH / 2
  dy${i / 4}[${i % 4}] = d${i / 4}[${i % 4}] * cos${i / 4}[${i % 4}] + d${(i + DH / 2) / 4}[${(i + DH / 2) % 4}] * sin${i / 4}[${i % 4}];
  dy${(i + DH / 2) / 4}[${(i + DH / 2) % 4}] = d${(i + DH / 2) / 4}[${(i + DH / 2) % 4}] * cos${i / 4}[${i % 4}] - d${i / 4}[${i % 4}] * sin${i / 4}[${i % 4}];
  #end for i
  // norm
  var dots = vec4<f32>(0.0);
  #for v in 0..DV
  let gain${v} = load_p(gain_at + ${v}u);
  let product${v} = dy${v} * x${v} * rstd;
  store_product(y_at + ${v}u, product${v});
  dots = fma(product${v}, gain${v}, dots);
  #end for v
  let mean = (dots.x + dots.y + dots.z + dots.w) / ${DH}.0;
  store_dqkv(x_at + ${v}u, rstd * (gain${v} * dy${v} - x${v} * rstd * mean));   #for v in 0..DV
}
