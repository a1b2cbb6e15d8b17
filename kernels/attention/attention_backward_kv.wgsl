// dk_j = sum_i ds_ij q_i / sqrt(dh),  dv_j = sum_i p_ij do_i  (ds, p: attention_backward_q.wgsl)
//   One lane per (sequence, head), QB keys each; queries ascend from the first that sees them
//   (CAUSAL: the key's own).
//   dqk: this kernel writes its k half; dqkv (R, rows, 3*hd4): its v part.

@compute @workgroup_size(${LANES})
fn attention_backward_kv(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let pair = group.x * ${LANES}u + lane;
  if (pair >= dims.pairs) { return; }
  let head = pair % dims.heads;
  let t0 = group.z * dims.rows + (pair / dims.heads) * dims.seq;
  let i0 = group.y * ${QB}u;                                       // first key of this lane
  let k_at = (t0 + i0) * 2u * dims.hd4 + dims.hd4 + head * ${DV}u;
  let v_at = (t0 + i0) * 3u * dims.hd4 + 2u * dims.hd4 + head * ${DV}u;
  #for i in 0..QB, v in 0..DV
  let k${i}_${v} = load_qk(k_at + ${i}u * 2u * dims.hd4 + ${v}u) * dims.scale;
  let v${i}_${v} = load_qkv(v_at + ${i}u * 3u * dims.hd4 + ${v}u);
  var dk${i}_${v} = vec4<f32>(0.0);
  var dv${i}_${v} = vec4<f32>(0.0);
  #end for i
  for (var j = i0; j < dims.seq; j++) {   #if CAUSAL
  for (var j = 0u; j < dims.seq; j++) {   #if !CAUSAL
    let row = t0 + j;
    #for v in 0..DV
    let q_${v} = load_qk(row * 2u * dims.hd4 + head * ${DV}u + ${v}u);
    let g_${v} = load_dout(row * dims.hd4 + head * ${DV}u + ${v}u);
    #end for v
    let e = load_lse(row * dims.heads + head);
    let d = load_d(row * dims.heads + head);
    #for i in 0..QB
    var s${i}_ = q_0 * k${i}_0;
    var t${i}_ = g_0 * v${i}_0;
    #for v in 1..DV
    s${i}_ = fma(q_${v}, k${i}_${v}, s${i}_);
    t${i}_ = fma(g_${v}, v${i}_${v}, t${i}_);
    #end for v
    let p${i} = select(exp(s${i}_.x + s${i}_.y + s${i}_.z + s${i}_.w - e), 0.0, i0 + ${i}u > j);   #if CAUSAL
    let p${i} = exp(s${i}_.x + s${i}_.y + s${i}_.z + s${i}_.w - e);   #if !CAUSAL
    let ds${i} = p${i} * (t${i}_.x + t${i}_.y + t${i}_.z + t${i}_.w - d);
    #for v in 0..DV
    dk${i}_${v} = fma(q_${v}, vec4<f32>(ds${i}), dk${i}_${v});
    dv${i}_${v} = fma(g_${v}, vec4<f32>(p${i}), dv${i}_${v});
    #end for v
    #end for i
  }
  // one key at a time leaves; the loop keeps the code, and the time to compile it, small
  for (var i = 0u; i < dims.block; i++) {
    if (i0 + i < dims.seq) {
      #for v in 0..DV
      store_dqk(k_at + i * 2u * dims.hd4 + ${v}u, dk0_${v} * dims.scale);
      store_dqkv(v_at + i * 3u * dims.hd4 + ${v}u, dv0_${v});
      #end for v
    }
    #for i in 1..QB, v in 0..DV
    dk${i - 1}_${v} = dk${i}_${v};
    dv${i - 1}_${v} = dv${i}_${v};
    #end for i
  }
}
