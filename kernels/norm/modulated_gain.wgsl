// Where a modulation scales a norm (MODULATED), the gain its gradient reads: 1 + scale.

fn load_p(i: u32) -> vec4<f32> { return 1.0 + load_m(i); }   #if MODULATED
