// Logit of expert e, in a row of logits that begins at vec4 `at`.
//   A NaN counts as the smallest, so that a diverged token still selects distinct experts and every
//   score is a number.

fn logit(at: u32, e: u32) -> f32 {
  let l = load_logits(at + e / 4u)[e % 4u];
  return select(-3e38, clamp(l, -3e38, 2.9e38), l == l);
}
