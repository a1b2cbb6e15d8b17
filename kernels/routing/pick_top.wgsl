// The `ACTIVE` experts of the largest scores of a token, ties to the lower index:
//   ACTIVE/SEGMENTS of each segment of consecutive experts, or (LIMIT) all of the LIMIT groups whose
//   two best scores have the largest sums.
//   scores (R, rows, n4) vec4, ids (R, rows*ACTIVE), mask (R, rows32, words): a bit per expert.
//   One lane per token. A pick is the largest entry after the last one in (value, -index) order.

fn score(at: u32, e: u32) -> f32 { return load_scores(at + e / 4u)[e % 4u]; }

@compute @workgroup_size(64)
fn pick_top(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let at = (id.z * dims.rows + t) * dims.n4;
  let mask = (id.z * dims.rows32 + t) * ((dims.experts + 31u) / 32u);
  var slot = (id.z * dims.rows + t) * ${ACTIVE}u;
  #if LIMIT
  let size = dims.experts / ${GROUPS}u;
  var sums: array<f32, ${GROUPS}>;
  for (var g = 0u; g < ${GROUPS}u; g++) {
    var first = -3e38;
    var second = -3e38;
    for (var e = g * size; e < (g + 1u) * size; e++) {
      let s = score(at, e);
      second = max(second, min(first, s));
      first = max(first, s);
    }
    sums[g] = first + select(second, 0.0, size == 1u);
  }
  // the last of the LIMIT best groups: those not after it are open
  var least = 3e38;
  var last = 0u;
  for (var m = 0u; m < ${LIMIT}u; m++) {
    var best = -3.1e38;
    var pick = 0u;
    for (var g = 0u; g < ${GROUPS}u; g++) {
      let after = sums[g] < least || (sums[g] == least && g > last);
      if (after && sums[g] > best) {
        best = sums[g];
        pick = g;
      }
    }
    least = best;
    last = pick;
  }
  #end if LIMIT
  var word = 0u;
  for (var segment = 0u; segment < ${SEGMENTS}u; segment++) {
    let first = segment * dims.experts / ${SEGMENTS}u;
    let end = (segment + 1u) * dims.experts / ${SEGMENTS}u;
    var value = 3e38;
    var index = first;
    for (var j = 0u; j < ${ACTIVE / SEGMENTS}u; j++) {
      var best = -3.1e38;
      var pick = first;
      for (var e = first; e < end; e++) {
        #if LIMIT
        let total = sums[e / size];
        if (total < least || (total == least && e / size > last)) { continue; }
        #end if LIMIT
        let s = score(at, e);
        let after = s < value || (s == value && e > index);
        if (after && s > best) {
          best = s;
          pick = e;
        }
      }
      store_ids(slot, pick);
      slot++;
      value = best;
      index = pick;
    }
    // everything up to the last pick is selected
    for (var e = first; e < end; e++) {
      let s = score(at, e);
      var picked = s > value || (s == value && e <= index);
      #if LIMIT
      let total = sums[e / size];
      picked = picked && !(total < least || (total == least && e / size > last));
      #end if LIMIT
      if (picked) { word |= 1u << (e & 31u); }
      if ((e & 31u) == 31u || e + 1u == dims.experts) {
        store_mask(mask + e / 32u, word);
        word = 0u;
      }
    }
  }
}
