// dk_j = sum_i ds_ij q_i / sqrt(dh),  dv_j = sum_i p_ij do_i  (ds, p: attention_block_backward_q.wgsl):
// attention_backward_kv.wgsl for GPUs
//   One workgroup per (sequence, head) and BLOCK keys, one lane per key; k, v and their gradients in
//   registers, TILE queries at a time in shared memory, ascending (CAUSAL: from the block's first
//   key).
//   DK: the k half of dqk is written; DVALUE: the v part of dqkv. Wide heads run once for each,
//   since both at once need more registers than a lane has.

var<workgroup> q_tile: array<vec4<f32>, ${TILE * DV}>;
var<workgroup> g_tile: array<vec4<f32>, ${TILE * DV}>;
var<workgroup> lse_tile: array<f32, ${TILE}>;
var<workgroup> d_tile: array<f32, ${TILE}>;   #if DK

@compute @workgroup_size(${BLOCK})
fn attention_block_backward_kv(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let head = group.x % dims.heads;
  let t0 = group.z * dims.rows + (group.x / dims.heads) * dims.seq;
  let j = group.y * ${BLOCK}u + lane;                                 // the key
  let k_at = (t0 + j) * 2u * dims.hd4 + dims.hd4 + head * ${DV}u;
  let v_at = (t0 + j) * 3u * dims.hd4 + 2u * dims.hd4 + head * ${DV}u;
  #for v in 0..DV
  let k${v} = load_qk(k_at + ${v}u) * dims.scale;
  #if DK
  let v${v} = load_qkv(v_at + ${v}u);
  var dk${v} = vec4<f32>(0.0);
  #end if DK
  var dv${v} = vec4<f32>(0.0);   #if DVALUE
  #end for v
  for (var first = group.y * ${BLOCK}u; first < dims.seq; first += ${TILE}u) {   #if CAUSAL
  for (var first = 0u; first < dims.seq; first += ${TILE}u) {   #if !CAUSAL
    // share the next queries; those past the end are not used
    for (var e = lane; e < ${TILE * DV}u; e += ${BLOCK}u) {
      let row = t0 + first + e / ${DV}u;
      q_tile[e] = load_qk(row * 2u * dims.hd4 + head * ${DV}u + e % ${DV}u);
      g_tile[e] = load_dout(row * dims.hd4 + head * ${DV}u + e % ${DV}u);
    }
    if (lane < ${TILE}u) {
      lse_tile[lane] = load_lse((t0 + first + lane) * dims.heads + head);
      d_tile[lane] = load_d((t0 + first + lane) * dims.heads + head);   #if DK
    }
    workgroupBarrier();
    let count = min(${TILE}u, dims.seq - first);
    for (var i = 0u; i < count; i++) {
      var s_ = q_tile[i * ${DV}u] * k0;
      s_ = fma(q_tile[i * ${DV}u + ${v}u], k${v}, s_);   #for v in 1..DV
      let p = select(exp(s_.x + s_.y + s_.z + s_.w - lse_tile[i]), 0.0, j > first + i);   #if CAUSAL
      let p = exp(s_.x + s_.y + s_.z + s_.w - lse_tile[i]);   #if !CAUSAL
      #if DK
      var t_ = g_tile[i * ${DV}u] * v0;
      t_ = fma(g_tile[i * ${DV}u + ${v}u], v${v}, t_);   #for v in 1..DV
      let ds = vec4<f32>(p * (t_.x + t_.y + t_.z + t_.w - d_tile[i]));
      dk${v} = fma(q_tile[i * ${DV}u + ${v}u], ds, dk${v});   #for v in 0..DV
      #end if DK
      #if DVALUE
      dv${v} = fma(g_tile[i * ${DV}u + ${v}u], vec4<f32>(p), dv${v});   #for v in 0..DV
      #end if DVALUE
    }
    workgroupBarrier();
  }
  if (j < dims.seq) {
    #for v in 0..DV
    store_dqk(k_at + ${v}u, dk${v} * dims.scale);   #if DK
    store_dqkv(v_at + ${v}u, dv${v});               #if DVALUE
    #end for v
  }
}
