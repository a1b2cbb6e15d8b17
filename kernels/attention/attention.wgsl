// o = softmax(q k^T / sqrt(dh)) v, streamed over keys; lse = log-sum-exp of each row
//   qk (R, rows, 2*hd4) vec4 = [q | k], qkv holds v at 2*hd4, o (R, rows, hd4), lse (R, rows, heads).
//   One lane per (sequence, head), QB query rows each: the lanes of a group share their loop bounds.
//   Keys ascend. DV = vec4 count of a padded head.
//   CAUSAL: a query sees no later key; otherwise all of its sequence.

@compute @workgroup_size(${LANES})
fn attention(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let pair = group.x * ${LANES}u + lane;
  if (pair >= dims.pairs) { return; }
  let head = pair % dims.heads;
  let t0 = group.z * dims.rows + (pair / dims.heads) * dims.seq;   // first row of the sequence
  let i0 = group.y * ${QB}u;
  let q_at = (t0 + i0) * 2u * dims.hd4 + head * ${DV}u;
  let k_at = t0 * 2u * dims.hd4 + dims.hd4 + head * ${DV}u;
  let v_at = t0 * 3u * dims.hd4 + 2u * dims.hd4 + head * ${DV}u;
  #for i in 0..QB
  #for v in 0..DV
  let q${i}_${v} = load_qk(q_at + ${i}u * 2u * dims.hd4 + ${v}u) * dims.scale;
  var o${i}_${v} = vec4<f32>(0.0);
  #end for v
  var m${i} = -1e30;
  var l${i} = 0.0;
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
    s${i}_ = fma(q${i}_${v}, k_${v}, s${i}_);   #for v in 1..DV
    let s${i} = select(s${i}_.x + s${i}_.y + s${i}_.z + s${i}_.w, -1e30, j > i0 + ${i}u);   #if CAUSAL
    let s${i} = s${i}_.x + s${i}_.y + s${i}_.z + s${i}_.w;   #if !CAUSAL
    let n${i} = max(m${i}, s${i});
    let f${i} = exp(m${i} - n${i});
    let p${i} = select(exp(s${i} - n${i}), 0.0, j > i0 + ${i}u);   #if CAUSAL
    let p${i} = exp(s${i} - n${i});   #if !CAUSAL
    m${i} = n${i};
    l${i} = l${i} * f${i} + p${i};
    o${i}_${v} = fma(v_${v}, vec4<f32>(p${i}), o${i}_${v} * f${i});   #for v in 0..DV
    #end for i
  }
  #for i in 0..QB
  if (i0 + ${i}u < dims.seq) {
    let at = t0 + i0 + ${i}u;
    store_o(at * dims.hd4 + head * ${DV}u + ${v}u, o${i}_${v} / l${i});   #for v in 0..DV
    store_lse(at * dims.heads + head, m${i} + log(l${i}));
  }
  #end for i
}
