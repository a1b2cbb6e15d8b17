// q, k = rope(rms_norm(q) * qnorm), rope(rms_norm(k) * knorm), per head
//   qkv (R, rows, 3*hd4) vec4 = [q | k | v], qk (R, rows, 2*hd4), rope (T, 2*RV) = [cos | sin] of
//   t * base^(-2i/dh); pairs (i, i + dh/2). One lane per (token, q or k, head); DH is the head's
//   width, DV its padded vec4 count, RV the vec4 count of DH/2.

@compute @workgroup_size(64)
fn qk_norm_rope(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id) / (2u * dims.heads);
  let part = lane_of(id) % (2u * dims.heads);          // q heads, then k heads
  if (t >= dims.tokens) { return; }
  let x_at = (id.z * dims.rows + t) * 3u * dims.hd4 + part * ${DV}u;
  let y_at = (id.z * dims.rows + t) * 2u * dims.hd4 + part * ${DV}u;
  let gain_at = id.z * dims.p_replica + select(dims.knorm_base, dims.qnorm_base, part < dims.heads);
  let table = (t % dims.seq) * ${2 * RV}u;
  #for v in 0..DV
  let x${v} = load_qkv(x_at + ${v}u);
  let y${v} = x${v} * load_p(gain_at + ${v}u);
  #end for v
  var squares = vec4<f32>(0.0);
  squares = fma(x${v}, x${v}, squares);   #for v in 0..DV
  let rstd = 1.0 / sqrt((squares.x + squares.y + squares.z + squares.w) / ${DH}.0 + 1e-5);
  #for v in 0..RV
  let cos${v} = load_rope(table + ${v}u);
  let sin${v} = load_rope(table + ${RV + v}u);
  #end for v
  var out${v} = vec4<f32>(0.0);   #for v in 0..DV
  #for i in 0..DH / 2
  out${i / 4}[${i % 4}] = rstd * (y${i / 4}[${i % 4}] * cos${i / 4}[${i % 4}] - y${(i + DH / 2) / 4}[${(i + DH / 2) % 4}] * sin${i / 4}[${i % 4}]);
  out${(i + DH / 2) / 4}[${(i + DH / 2) % 4}] = rstd * (y${i / 4}[${i % 4}] * sin${i / 4}[${i % 4}] + y${(i + DH / 2) / 4}[${(i + DH / 2) % 4}] * cos${i / 4}[${i % 4}]);
  #end for i
  store_qk(y_at + ${v}u, out${v});   #for v in 0..DV
}
