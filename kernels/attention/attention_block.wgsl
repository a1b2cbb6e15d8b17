// o = softmax(q k^T / sqrt(dh)) v, streamed over keys; lse = log-sum-exp of each row:
// attention.wgsl for GPUs
//   qk (R, rows, 2*hd4) vec4 = [q | k], qkv holds v at 2*hd4, o (R, rows, hd4), lse (R, rows, heads).
//   One workgroup per (sequence, head) and BLOCK query rows, one lane per row; q and o in registers,
//   TILE keys and values at a time in shared memory. Keys ascend. DV = vec4 count of a padded head.
//   Lanes past the sequence's end keep step at the barriers and store nothing. CAUSAL: a query sees no
//   later key; otherwise all of its sequence.

var<workgroup> k_tile: array<vec4<f32>, ${TILE * DV}>;
var<workgroup> v_tile: array<vec4<f32>, ${TILE * DV}>;

@compute @workgroup_size(${BLOCK})
fn attention_block(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let head = group.x % dims.heads;
  let t0 = group.z * dims.rows + (group.x / dims.heads) * dims.seq;   // first row of the sequence
  let i = group.y * ${BLOCK}u + lane;
  let q_at = (t0 + i) * 2u * dims.hd4 + head * ${DV}u;
  let k_at = t0 * 2u * dims.hd4 + dims.hd4 + head * ${DV}u;
  let v_at = t0 * 3u * dims.hd4 + 2u * dims.hd4 + head * ${DV}u;
  #for v in 0..DV
  let q${v} = load_qk(q_at + ${v}u) * dims.scale;
  var o${v} = vec4<f32>(0.0);
  #end for v
  var m = -1e30;
  var l = 0.0;
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
      s_ = fma(q${v}, k_tile[j * ${DV}u + ${v}u], s_);   #for v in 1..DV
      let hidden = first + j > i;   #if CAUSAL
      let s = select(s_.x + s_.y + s_.z + s_.w, -1e30, hidden);   #if CAUSAL
      let s = s_.x + s_.y + s_.z + s_.w;   #if !CAUSAL
      let n = max(m, s);
      let f = exp(m - n);
      let p = select(exp(s - n), 0.0, hidden);   #if CAUSAL
      let p = exp(s - n);   #if !CAUSAL
      m = n;
      l = l * f + p;
      o${v} = fma(v_tile[j * ${DV}u + ${v}u], vec4<f32>(p), o${v} * f);   #for v in 0..DV
    }
    workgroupBarrier();
  }
  if (i < dims.seq) {
    store_o((t0 + i) * dims.hd4 + head * ${DV}u + ${v}u, o${v} / l);   #for v in 0..DV
    store_lse((t0 + i) * dims.heads + head, m + log(l));
  }
}
