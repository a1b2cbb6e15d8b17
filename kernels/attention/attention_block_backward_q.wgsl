// dq_i = sum_j ds_ij k_j / sqrt(dh),  ds_ij = p_ij (do_i.v_j - D_i),  D_i = do_i.o_i,
// p_ij = exp(q_i.k_j / sqrt(dh) - lse_i): attention_backward_q.wgsl for GPUs
//   layout, CAUSAL and split of work as in attention_block.wgsl; dqk (R, rows, 2*hd4): this kernel
//   writes its q half, and D for attention_block_backward_kv.wgsl. Keys ascend.

var<workgroup> k_tile: array<vec4<f32>, ${TILE * DV}>;
var<workgroup> v_tile: array<vec4<f32>, ${TILE * DV}>;

@compute @workgroup_size(${BLOCK})
fn attention_block_backward_q(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let head = group.x % dims.heads;
  let t0 = group.z * dims.rows + (group.x / dims.heads) * dims.seq;
  let i = group.y * ${BLOCK}u + lane;
  let q_at = (t0 + i) * 2u * dims.hd4 + head * ${DV}u;
  let o_at = (t0 + i) * dims.hd4 + head * ${DV}u;
  let k_at = t0 * 2u * dims.hd4 + dims.hd4 + head * ${DV}u;
  let v_at = t0 * 3u * dims.hd4 + 2u * dims.hd4 + head * ${DV}u;
  var d_ = vec4<f32>(0.0);
  #for v in 0..DV
  let q${v} = load_qk(q_at + ${v}u) * dims.scale;
  let g${v} = load_dout(o_at + ${v}u);
  d_ = fma(g${v}, load_o(o_at + ${v}u), d_);
  var a${v} = vec4<f32>(0.0);
  #end for v
  let d = d_.x + d_.y + d_.z + d_.w;
  let lse = load_lse((t0 + i) * dims.heads + head);
  let last = min((group.y + 1u) * ${BLOCK}u, dims.seq);   #if CAUSAL
  let last = dims.seq;   #if !CAUSAL
  for (var first = 0u; first < last; first += ${TILE}u) {
    // share the next keys and values; those past the end are not used
    for (var e = lane; e < ${TILE * DV}u; e += ${BLOCK}u) {
      let j = first + e / ${DV}u;
      k_tile[e] = load_qk(k_at + j * 2u * dims.hd4 + e % ${DV}u);
      v_tile[e] = load_qkv(v_at + j * 3u * dims.hd4 + e % ${DV}u);
    }
    workgroupBarrier();
    let count = min(${TILE}u, last - first);
    for (var j = 0u; j < count; j++) {
      var s_ = q0 * k_tile[j * ${DV}u];
      var t_ = g0 * v_tile[j * ${DV}u];
      #for v in 1..DV
      s_ = fma(q${v}, k_tile[j * ${DV}u + ${v}u], s_);
      t_ = fma(g${v}, v_tile[j * ${DV}u + ${v}u], t_);
      #end for v
      let p = select(exp(s_.x + s_.y + s_.z + s_.w - lse), 0.0, first + j > i);   #if CAUSAL
      let p = exp(s_.x + s_.y + s_.z + s_.w - lse);   #if !CAUSAL
      let ds = vec4<f32>(p * (t_.x + t_.y + t_.z + t_.w - d));
      a${v} = fma(k_tile[j * ${DV}u + ${v}u], ds, a${v});   #for v in 0..DV
    }
    workgroupBarrier();
  }
  if (i < dims.seq) {
    store_dqk(q_at + ${v}u, a${v} * dims.scale);   #for v in 0..DV
    store_d((t0 + i) * dims.heads + head, d);
  }
}
