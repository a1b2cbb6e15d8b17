// bias += rate * sign(mean load - load), load = tokens that picked the expert, mean = tokens * a/N.
//   counts, bias, next (R, experts). One lane per expert; the comparison is of whole numbers.
//   Source: DeepSeek-AI 2024, arXiv 2412.19437, section 2.1.2; Wang et al. 2024, arXiv 2408.15664.

@compute @workgroup_size(64)
fn update_bias(@builtin(global_invocation_id) id: vec3<u32>) {
  let e = lane_of(id);
  if (e >= dims.experts) { return; }
  let at = id.z * dims.experts + e;
  let load = load_counts(at) * dims.experts;
  let mean = dims.tokens * dims.picks;
  let b = load_bias(at);
  store_next(at, select(select(b, b - dims.rate, load > mean), b + dims.rate, load < mean));
}
