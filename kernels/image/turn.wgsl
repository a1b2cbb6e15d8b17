// turn: (cos, sin) of 2 pi x, 0 <= x < 1, to 1e-7 on every adapter: WGSL promises 5e-4 for its own, and
// nothing past pi. To the nearest quarter turn, then Taylor's series within pi / 4 of it.

fn turn(x: f32) -> vec2<f32> {
  let quarter = round(x * 4.0);
  let a = (x - quarter * 0.25) * 6.283185307179586;
  let b = a * a;
  let c = 1.0 + b * (-0.5 + b * (1.0 / 24.0 + b * (-1.0 / 720.0 + b / 40320.0)));
  let s = a * (1.0 + b * (-1.0 / 6.0 + b * (1.0 / 120.0 + b * (-1.0 / 5040.0 + b / 362880.0))));
  let k = u32(quarter) & 3u;
  let turned = select(vec2<f32>(c, s), vec2<f32>(-s, c), (k & 1u) == 1u);
  return select(turned, -turned, k >= 2u);
}
