// Each expert picks the `capacity` tokens of the largest scores, ties to the earlier token.
//   scores (R, rows, n4) vec4; ids (R, rows*experts): slot e of a token is expert e, or NONE where
//   the expert did not pick it; mask (R, rows32, words): a bit per expert.
//   One lane per (token, 32 experts); a token is picked when fewer than `capacity` come before it.
//   Tokens of the whole batch are compared, those later in the sequence too: a choice looks ahead.
//   Source of the idea: Zhou et al. 2022, arXiv 2202.09368.

#include "none"

fn score(token: u32, e: u32, n4: u32) -> f32 { return load_scores(token * n4 + e / 4u)[e % 4u]; }

@compute @workgroup_size(64)
fn pick_tokens(@builtin(global_invocation_id) id: vec3<u32>) {
  let words = (dims.experts + 31u) / 32u;
  let t = lane_of(id) / words;
  let w = lane_of(id) % words;
  if (t >= dims.tokens) { return; }
  let first = id.z * dims.rows;
  var word = 0u;
  for (var e = w * 32u; e < min((w + 1u) * 32u, dims.experts); e++) {
    let mine = score(first + t, e, dims.n4);
    var before = 0u;
    for (var q = 0u; q < dims.tokens; q++) {
      let s = score(first + q, e, dims.n4);
      before += select(0u, 1u, s > mine || (s == mine && q < t));
    }
    let picked = before < dims.capacity;
    if (picked) { word |= 1u << (e & 31u); }
    store_ids((first + t) * dims.experts + e, select(NONE, e, picked));
  }
  store_mask((id.z * dims.rows32 + t) * words + w, word);
}
