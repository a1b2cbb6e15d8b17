// loss[t] = logsumexp(l) - l[target],  dlogits = (softmax(l) - onehot(target)) / tokens * multiplier
//   logits (R, rows, v4) vec4, already times the logits multiplier; dlogits is the gradient of the
//   product before it. targets (R, rows) u32. One lane per row; padded columns get 0.

@compute @workgroup_size(64)
fn cross_entropy(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let row = id.z * dims.rows + t;
  let at = row * dims.v4;
  let target_id = load_targets(row);
  var top = vec4<f32>(-3e38);
  for (var c = 0u; c < dims.v4; c++) {
    let real = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(dims.vocab);
    top = max(top, select(vec4<f32>(-3e38), load_logits(at + c), real));
  }
  let peak = max(max(top.x, top.y), max(top.z, top.w));
  var sums = vec4<f32>(0.0);
  var chosen = 0.0;
  for (var c = 0u; c < dims.v4; c++) {
    let column = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let l = load_logits(at + c);
    sums += select(vec4<f32>(0.0), exp(l - peak), column < vec4<u32>(dims.vocab));
    let hit = select(vec4<f32>(0.0), l, column == vec4<u32>(target_id));
    chosen += hit.x + hit.y + hit.z + hit.w;
  }
  let sum = sums.x + sums.y + sums.z + sums.w;
  store_loss(row, peak + log(sum) - chosen);
  #if GRADIENT
  let scale = load_scales(id.z * dims.scale_stride + dims.scale_slot) * dims.inv_tokens;
  for (var c = 0u; c < dims.v4; c++) {
    let column = vec4<u32>(c * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    let p = exp(load_logits(at + c) - peak) / sum;
    let d = p - select(vec4<f32>(0.0), vec4<f32>(1.0), column == vec4<u32>(target_id));
    store_dlogits(at + c, select(vec4<f32>(0.0), d * scale, column < vec4<u32>(dims.vocab)));
  }
  #end if GRADIENT
}
