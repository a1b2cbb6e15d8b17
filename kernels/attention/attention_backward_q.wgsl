// dq_i = sum_j ds_ij k_j / sqrt(dh),  ds_ij = p_ij (do_i.v_j - D_i),  D_i = do_i.o_i,
// p_ij = exp(q_i.k_j / sqrt(dh) - lse_i). Also stores D for attention_backward_kv.wgsl.
//   layout and CAUSAL as in attention.wgsl; dqk (R, rows, 2*hd4): this kernel writes its q half.

@compute @workgroup_size(${LANES})
fn attention_backward_q(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let pair = group.x * ${LANES}u + lane;
  if (pair >= dims.pairs) { return; }
  let head = pair % dims.heads;
  let t0 = group.z * dims.rows + (pair / dims.heads) * dims.seq;
  let i0 = group.y * ${QB}u;
  let q_at = (t0 + i0) * 2u * dims.hd4 + head * ${DV}u;
  let o_at = (t0 + i0) * dims.hd4 + head * ${DV}u;
  let k_at = t0 * 2u * dims.hd4 + dims.hd4 + head * ${DV}u;
  let v_at = t0 * 3u * dims.hd4 + 2u * dims.hd4 + head * ${DV}u;
  #for i in 0..QB
  var d${i}_ = vec4<f32>(0.0);
  #for v in 0..DV
  let q${i}_${v} = load_qk(q_at + ${i}u * 2u * dims.hd4 + ${v}u) * dims.scale;
  let g${i}_${v} = load_dout(o_at + ${i}u * dims.hd4 + ${v}u);
  d${i}_ = fma(g${i}_${v}, load_o(o_at + ${i}u * dims.hd4 + ${v}u), d${i}_);
  var a${i}_${v} = vec4<f32>(0.0);
  #end for v
  var d${i} = d${i}_.x + d${i}_.y + d${i}_.z + d${i}_.w;
  let e${i} = load_lse((t0 + i0 + ${i}u) * dims.heads + head);
  #end for i
  let last = min(i0 + ${QB}u, dims.seq);   #if CAUSAL
  let last = dims.seq;   #if !CAUSAL
  for (var j = 0u; j < last; j++) {
    let kj = k_at + j * 2u * dims.hd4;
    let vj = v_at + j * 3u * dims.hd4;
    #for v in 0..DV
    let k_${v} = load_qk(kj + ${v}u);
    let v_${v} = load_qkv(vj + ${v}u);
    #end for v
    #for i in 0..QB
    var s${i}_ = q${i}_0 * k_0;
    var t${i}_ = g${i}_0 * v_0;
    #for v in 1..DV
    s${i}_ = fma(q${i}_${v}, k_${v}, s${i}_);
    t${i}_ = fma(g${i}_${v}, v_${v}, t${i}_);
    #end for v
    let p${i} = select(exp(s${i}_.x + s${i}_.y + s${i}_.z + s${i}_.w - e${i}), 0.0, j > i0 + ${i}u);   #if CAUSAL
    let p${i} = exp(s${i}_.x + s${i}_.y + s${i}_.z + s${i}_.w - e${i});   #if !CAUSAL
    let ds${i} = vec4<f32>(p${i} * (t${i}_.x + t${i}_.y + t${i}_.z + t${i}_.w - d${i}));
    a${i}_${v} = fma(k_${v}, ds${i}, a${i}_${v});   #for v in 0..DV
    #end for i
  }
  // one query at a time leaves; the loop keeps the code, and the time to compile it, small
  for (var i = 0u; i < dims.block; i++) {
    if (i0 + i < dims.seq) {
      store_dqk(q_at + i * 2u * dims.hd4 + ${v}u, a0_${v} * dims.scale);   #for v in 0..DV
      store_d((t0 + i0 + i) * dims.heads + head, d0);
    }
    #for i in 1..QB
    d${i - 1} = d${i};
    a${i - 1}_${v} = a${i}_${v};   #for v in 0..DV
    #end for i
  }
}
