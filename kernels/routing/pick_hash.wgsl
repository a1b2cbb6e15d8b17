// Experts by the token's id alone: the `ACTIVE` largest of the N hashes of (id, expert, layer), ties
// to the lower index; every gate is 1/ACTIVE.
//   tokens (R, rows), ids, gate (R, rows*ACTIVE), mask (R, rows32, words): a bit per expert.
//   Hash: pcg3d.wgsl. One lane per token. Source of the idea: Roller et al. 2021, arXiv 2106.04426.

#include "pcg3d"

@compute @workgroup_size(64)
fn pick_hash(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let token = load_tokens(id.z * dims.rows + t);
  let slot = (id.z * dims.rows + t) * ${ACTIVE}u;
  let mask = (id.z * dims.rows32 + t) * ((dims.experts + 31u) / 32u);
  // 1 … 2^31, so that there is a number below all and one above all
  var value = 0xffffffffu;
  var index = 0u;
  for (var j = 0u; j < ${ACTIVE}u; j++) {
    var best = 0u;
    var pick = 0u;
    for (var e = 0u; e < dims.experts; e++) {
      let h = (pcg3d(vec3<u32>(token, e, dims.layer)).x >> 1u) + 1u;
      let after = h < value || (h == value && e > index);
      if (after && h > best) {
        best = h;
        pick = e;
      }
    }
    store_ids(slot + j, pick);
    store_gate(slot + j, 1.0 / ${ACTIVE}.0);
    value = best;
    index = pick;
  }
  var word = 0u;
  for (var e = 0u; e < dims.experts; e++) {
    let h = (pcg3d(vec3<u32>(token, e, dims.layer)).x >> 1u) + 1u;
    if (h > value || (h == value && e <= index)) { word |= 1u << (e & 31u); }
    if ((e & 31u) == 31u || e + 1u == dims.experts) {
      store_mask(mask + e / 32u, word);
      word = 0u;
    }
  }
}
